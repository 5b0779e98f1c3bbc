-- Applies one command: checks its form, then hands it to its operation.
-- Emits what the operation emits; or refused (INVALID_REQUEST) for a command that cannot be read.

local cancel = require("cancel")
local events = require("events")
local forms = require("forms")
local funds = require("funds")
local market_commands = require("market_commands")
local numbers = require("numbers")
local place = require("place")
local reset = require("reset")
local set_limits = require("set_limits")

local OPERATIONS = {
    place = place,
    cancel = cancel.one,
    ["cancel-all"] = cancel.all,
    funds = funds.move,
    ["define-market"] = market_commands.define,
    ["market-status"] = market_commands.set_status,
    limits = set_limits,
    reset = reset,
}

local apply = {}

-- Applies `command`; false (and a refusal) where it could not be read.
function apply.command(batch, command)
    local kind = command[1]
    local operation = OPERATIONS[kind]
    if not operation then
        events.refused(batch, 0, "unreadable", "INVALID_REQUEST", "no such command")
        return false
    end
    local bad_field = forms[kind](command)
    if bad_field then
        local user_id = numbers.is_count(command[3]) and command[3] or 0
        events.refused(batch, user_id, kind, "INVALID_REQUEST", bad_field)
        return false
    end
    operation(batch, command)
    return true
end

-- Answers `command` without trying it.
function apply.refuse(batch, command)
    local kind = OPERATIONS[command[1]] and command[1] or "unreadable"
    local user_id = numbers.is_count(command[3]) and command[3] or 0
    events.refused(batch, user_id, kind, "UNAVAILABLE", "the command could not be carried out")
end

return apply
