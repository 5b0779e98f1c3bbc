-- Command funds: deposit or withdraw, at most once for each reference.
-- Keys: supply, a hash of asset → all that is in wallets; references, a hash of reference → packed
-- terms and first answer.
-- Emits: funds; or refused.

local events = require("events")
local keys = require("keys")
local msgpack = require("msgpack")
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

local function first_use(batch, reference)
    local use = batch.references[reference]
    if use == nil then
        local packed = redis.call("HGET", keys.references(batch.prefix), reference)
        use = packed and cmsgpack.unpack(packed)
        batch.references[reference] = use
    end
    return use
end

-- Answers a repeated reference: with the first answer where it asks the same, else with a conflict.
local function answer_again(batch, use, user_id, asset, amount)
    if use.user == user_id and use.asset == asset and use.amount == amount then
        batch.earlier_answer = use.answer
    else
        events.refused(batch, user_id, "funds", "CONFLICT", "reference was used before")
    end
end

function funds.move(batch, command)
    local user_id, asset, amount, reference = command[3], command[4], command[5], command[6]
    local use = first_use(batch, reference)
    if use then
        return answer_again(batch, use, user_id, asset, amount)
    end
    local wallet, available = wallets.get_asset(batch, user_id, asset), asset .. ".available"
    if wallet.amounts[available] + amount < 0 then
        return events.refused(batch, user_id, "funds", "INSUFFICIENT_FUNDS", "")
    end
    -- Supply bounds every wallet, so no later credit can overflow.
    local supply = supply_of(batch, asset) + amount
    if supply > numbers.MAX_AMOUNT then
        return events.refused(batch, user_id, "funds", "INVALID_REQUEST", "supply would overflow")
    end
    batch.supply[asset] = supply
    wallets.add(wallet, available, amount)
    events.funds(batch, user_id, asset, amount, reference)
    use = {
        user = user_id,
        asset = asset,
        amount = amount,
        answer = msgpack.array(batch.events, batch.first_event, #batch.events),
    }
    batch.references[reference] = use
    batch.new_references[#batch.new_references + 1] = {
        name = reference, packed = cmsgpack.pack(use),
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
