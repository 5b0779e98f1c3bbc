-- Supply: all deposits minus all withdrawals of an asset. It bounds every wallet, so no credit can
-- overflow.
-- Key: supply, a hash of asset → units.
-- Emits nothing.

local keys = require("keys")
local numbers = require("numbers")

local supply = {}

local function get(batch, asset)
    local found = batch.supply[asset]
    if not found then
        local units = redis.call("HGET", keys.supply(batch.prefix), asset)
        found = { units = tonumber(units or 0), changed = false }
        batch.supply[asset] = found
    end
    return found
end

-- Whether `amount` more of an asset would pass 2^53-1.
function supply.would_overflow(batch, asset, amount)
    return get(batch, asset).units + amount > numbers.MAX_AMOUNT
end

function supply.add(batch, asset, amount)
    local found = get(batch, asset)
    found.units = found.units + amount
    found.changed = true
end

function supply.write(batch)
    for asset, found in pairs(batch.supply) do
        if found.changed then
            redis.call("HSET", keys.supply(batch.prefix), asset, found.units)
        end
    end
end

return supply
