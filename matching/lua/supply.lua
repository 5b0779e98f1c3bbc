-- Supply: all deposits minus all withdrawals of an asset. It bounds every wallet, so no credit can
-- overflow.
-- Key: supply, a hash of asset → units.
-- Emits nothing.

local keys = require("keys")
local numbers = require("numbers")

local supply = {}

local function get(batch, asset)
    local units = batch.supply[asset]
    if not units then
        units = tonumber(redis.call("HGET", keys.supply(batch.prefix), asset) or 0)
        batch.supply[asset] = units
    end
    return units
end

-- Whether `amount` more of an asset would pass 2^53-1.
function supply.would_overflow(batch, asset, amount)
    return get(batch, asset) + amount > numbers.MAX_AMOUNT
end

function supply.add(batch, asset, amount)
    batch.supply[asset] = get(batch, asset) + amount
end

function supply.write(batch)
    for asset, units in pairs(batch.supply) do
        redis.call("HSET", keys.supply(batch.prefix), asset, units)
    end
end

return supply
