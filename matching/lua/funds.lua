-- Command funds: deposit or withdraw, at most once for each reference.
-- Emits: funds; or refused.

local events = require("events")
local numbers = require("numbers")
local references = require("references")
local supply = require("supply")
local wallets = require("wallets")

local OVERFLOW = "supply would overflow"

local funds = {}

-- Puts `amount` into the available part of a balance (takes it out where negative).
function funds.change(batch, user_id, asset, amount, reference)
    local wallet, available = wallets.get_asset(batch, user_id, asset)
    wallets.add(wallet, available, amount)
    supply.add(batch, asset, amount)
    events.funds(batch, user_id, asset, amount, reference)
end

function funds.move(batch, command)
    local user_id, asset, amount, reference = command[3], command[4], command[5], command[6]
    local terms = string.format("funds %d %s %d", user_id, asset, amount)
    if references.answer_again(batch, user_id, "funds", reference, terms) then
        return nil
    end
    local _, available = wallets.get_asset(batch, user_id, asset)
    if available.amounts[user_id] + amount < 0 then
        return events.refused(batch, user_id, "funds", "INSUFFICIENT_FUNDS", "")
    elseif supply.would_overflow(batch, asset, amount) then
        return events.refused(batch, user_id, "funds", "INVALID_REQUEST", OVERFLOW)
    end
    funds.change(batch, user_id, asset, amount, reference)
    return references.remember(batch, reference, terms)
end

-- The sum that a balance would be without open orders.
local function total(batch, user_id, asset)
    local _, available, reserved = wallets.get_asset(batch, user_id, asset)
    return available.amounts[user_id] + reserved.amounts[user_id]
end

-- What has to be added to each asset of the user, in the order of their names, so that with all
-- orders canceled `balances` is left: a list of {asset, amount}; nil where supply would overflow.
function funds.changes_to(batch, user_id, balances)
    local targets = {}
    for asset in pairs(wallets.assets(batch, user_id)) do
        targets[asset] = 0
    end
    for _, balance in ipairs(balances) do
        targets[balance[1]] = balance[2]
    end
    local changes = {}
    for asset, target in pairs(targets) do
        local amount = target - total(batch, user_id, asset)
        if not numbers.is_integer(amount) or supply.would_overflow(batch, asset, amount) then
            return nil
        end
        if amount ~= 0 then
            changes[#changes + 1] = { asset, amount }
        end
    end
    table.sort(changes, function(one, other) return one[1] < other[1] end)
    return changes
end

return funds
