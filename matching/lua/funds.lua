-- Command funds: deposit or withdraw, at most once for each reference.
-- Keys: supply, a hash of asset → all that is in wallets; references, a hash of reference → packed
-- first answer.
-- Emits: funds; or refused.

local events = require("events")
local keys = require("keys")
local numbers = require("numbers")
local wallets = require("wallets")

local funds = {}

local function supply_of(batch, asset)
    local supply = batch.supply[asset]
    if not supply then
        supply = tonumber(redis.call("HGET", keys.supply(batch.prefix), asset) or 0)
        batch.supply[asset] = supply
    end
    return supply
end

local function first_answer(batch, reference)
    local answer = batch.references[reference]
    if answer == nil then
        local packed = redis.call("HGET", keys.references(batch.prefix), reference)
        answer = packed and cmsgpack.unpack(packed)
        batch.references[reference] = answer
    end
    return answer
end

-- Answers a repeated reference: with the first answer where it asks the same, else with a conflict.
local function answer_again(batch, answer, user_id, asset, amount)
    local event = answer[1]
    if event[4] == user_id and event[5] == asset and event[6] == amount then
        batch.answer = answer
    else
        events.refused(batch, user_id, "funds", "CONFLICT", "reference was used before")
    end
end

function funds.move(batch, command)
    local user_id, asset, amount, reference = command[3], command[4], command[5], command[6]
    local answer = first_answer(batch, reference)
    if answer then
        return answer_again(batch, answer, user_id, asset, amount)
    end
    local balance = wallets.balance(batch, user_id, asset)
    if balance.available + amount < 0 then
        return events.refused(batch, user_id, "funds", "INSUFFICIENT_FUNDS", "")
    end
    -- Supply bounds every wallet, so no later credit can overflow.
    local supply = supply_of(batch, asset) + amount
    if supply > numbers.MAX_AMOUNT then
        return events.refused(batch, user_id, "funds", "INVALID_REQUEST", "supply would overflow")
    end
    batch.supply[asset] = supply
    wallets.credit(balance, amount)
    events.funds(batch, user_id, asset, amount, reference)
    batch.references[reference] = batch.answer
    batch.new_references[#batch.new_references + 1] = {
        name = reference, packed = cmsgpack.pack(batch.answer),
    }
    return nil
end

function funds.write(batch)
    for asset, supply in pairs(batch.supply) do
        redis.call("HSET", keys.supply(batch.prefix), asset, supply)
    end
    for _, reference in ipairs(batch.new_references) do
        redis.call("HSET", keys.references(batch.prefix), reference.name, reference.packed)
    end
end

return funds
