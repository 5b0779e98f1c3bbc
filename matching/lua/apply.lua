-- Applies one command: checks the form of every field, then hands it to its operation.
-- Emits what the operation emits; or refused (INVALID_REQUEST) for a command that cannot be read.

local cancel = require("cancel")
local events = require("events")
local funds = require("funds")
local limits = require("limits")
local market_commands = require("market_commands")
local numbers = require("numbers")
local place = require("place")
local reset = require("reset")

local is_count = numbers.is_count

local MAX_TEXT = 64
local MAX_REASON = 200
local MAX_ASSETS = 64
local MAX_LIMIT = 1000000

-- Printable ASCII only: whatever enters an event must be readable by everyone downstream.
local function is_printable(value, max_length)
    return type(value) == "string" and #value <= max_length and not value:find("[^\32-\126]")
end

local function is_text(value)
    return value == "" or is_printable(value, MAX_TEXT)
end

local function is_reason(value)
    return is_printable(value, MAX_REASON)
end

local function is_name(value)
    return type(value) == "string" and #value <= MAX_TEXT and value:find("^[A-Z0-9%-]+$") ~= nil
end

local function is_name_or_empty(value)
    return value == "" or is_name(value)
end

local function is_asset(value)
    return type(value) == "string" and #value <= MAX_TEXT and value:find("^[A-Z0-9]+$") ~= nil
end

local function is_reference(value)
    return is_text(value) and value ~= ""
end

local function is_boolean(value)
    return type(value) == "boolean"
end

local function is_user(value)
    return value ~= 0 and is_count(value)
end

local function is_limit(value)
    return is_count(value) and value <= MAX_LIMIT
end

-- An array of that many elements, and nothing else beside them: events repeat what it says.
local function is_array(value, length)
    if type(value) ~= "table" then
        return false
    end
    local count = 0
    for _ in pairs(value) do
        count = count + 1
    end
    return count == length and #value == length
end

-- A list of {asset, count}, no asset twice.
local function is_asset_list(value)
    if type(value) ~= "table" or #value > MAX_ASSETS or not is_array(value, #value) then
        return false
    end
    local seen = {}
    for _, pair in ipairs(value) do
        if not is_array(pair, 2) or not is_asset(pair[1]) or seen[pair[1]]
            or not is_count(pair[2]) then
            return false
        end
        seen[pair[1]] = true
    end
    return true
end

local function one_of(words)
    return function(value)
        return words[value] == true
    end
end

-- For each kind: its operation, and name and check of each field from place 3 on.
local KINDS = {
    place = {
        operation = place,
        fields = {
            { "user_id", is_user },
            { "symbol", is_name },
            { "side", one_of({ BUY = true, SELL = true }) },
            { "type", one_of({ LIMIT = true, MARKET = true }) },
            { "time_in_force", one_of({ GTC = true, IOC = true, FOK = true }) },
            { "post_only", is_boolean },
            { "price_ticks", is_count },
            { "qty_lots", is_count },
            { "client_order_id", is_text },
        },
    },
    cancel = {
        operation = cancel.one,
        fields = { { "user_id", is_user }, { "order_id", is_count } },
    },
    ["cancel-all"] = {
        operation = cancel.all,
        fields = { { "user_id", is_user }, { "symbol", is_name_or_empty } },
    },
    funds = {
        operation = funds.move,
        fields = {
            { "user_id", is_user },
            { "asset", is_asset },
            { "amount", numbers.is_integer },
            { "reference", is_reference },
        },
    },
    ["define-market"] = {
        operation = market_commands.define,
        fields = {
            { "symbol", is_name },
            { "base", is_asset },
            { "quote", is_asset },
            { "lot_units", is_count },
            { "tick_lot_units", is_count },
            { "min_qty_lots", is_count },
            { "max_qty_lots", is_count },
            { "max_price_ticks", is_count },
            { "min_notional_units", is_count },
            { "price_band_bps", is_count },
            { "maker_fee_ppm", is_count },
            { "taker_fee_ppm", is_count },
        },
    },
    ["market-status"] = {
        operation = market_commands.set_status,
        fields = {
            { "symbol", is_name },
            { "status", one_of({ TRADING = true, PAUSED = true, HALTED = true }) },
            { "reason", is_reason },
        },
    },
    limits = {
        operation = limits.set,
        fields = {
            { "user_id", is_user },
            { "max_open_orders", is_limit },
            { "position_caps", is_asset_list },
            { "orders_per_second", is_limit },
        },
    },
    reset = {
        operation = reset,
        fields = {
            { "user_id", is_user },
            { "balances", is_asset_list },
            { "reference", is_reference },
        },
    },
}

local function first_bad_field(fields, command)
    for index = 1, #fields do
        local field = fields[index]
        if not field[2](command[index + 2]) then
            return field[1]
        end
    end
    return nil
end

local apply = {}

-- Applies `command`; false (and a refusal) where it could not be read.
function apply.command(batch, command)
    local kind = KINDS[command[1]]
    if not kind then
        events.refused(batch, 0, "unreadable", "INVALID_REQUEST", "no such command")
        return false
    end
    local bad_field = first_bad_field(kind.fields, command)
    if bad_field then
        local user_id = is_user(command[3]) and command[3] or 0
        events.refused(batch, user_id, command[1], "INVALID_REQUEST", bad_field)
        return false
    end
    kind.operation(batch, command)
    return true
end

-- Answers `command` without trying it.
function apply.refuse(batch, command)
    local kind = KINDS[command[1]] and command[1] or "unreadable"
    events.refused(batch, 0, kind, "UNAVAILABLE", "the command could not be carried out")
end

return apply
