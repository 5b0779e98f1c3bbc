-- Command reset: cancels all of a user's orders and sets the wallet to the opening balance, at most
-- once for each reference.
-- Emits: canceled for each order (RESET), funds for each asset that changes, reset; or refused.

local cancel = require("cancel")
local events = require("events")
local funds = require("funds")
local references = require("references")

-- The command's terms as text, the same for the same balances in any order.
local function terms_of(user_id, balances)
    local parts = {}
    for index, balance in ipairs(balances) do
        parts[index] = string.format("%s %d", balance[1], balance[2])
    end
    table.sort(parts)
    return string.format("reset %d %s", user_id, table.concat(parts, " "))
end

return function(batch, command)
    local user_id, balances, reference = command[3], command[4], command[5]
    local terms = terms_of(user_id, balances)
    if references.answer_again(batch, user_id, "reset", reference, terms) then
        return nil
    end
    local changes = funds.changes_to(batch, user_id, balances)
    if not changes then
        return events.refused(batch, user_id, "reset", "INVALID_REQUEST", "supply would overflow")
    end
    cancel.all_of(batch, user_id, "", "RESET")
    for _, change in ipairs(changes) do
        funds.change(batch, user_id, change[1], change[2], reference)
    end
    events.reset(batch, user_id, reference)
    return references.remember(batch, reference, terms)
end
