-- Level totals: how many lots rest at each price of a side.
-- Key: levels:{symbol}:bids|asks, a hash of price in ticks → lots; empty prices are absent.
-- Emits nothing: the events of orders and trades carry the totals.

local keys = require("keys")
local writes = require("writes")

local levels = {}

-- Adds `lots` (or takes them off, where negative) at a price and returns the new total.
function levels.add(batch, symbol, side, price, lots)
    local key = keys.levels(batch.prefix, symbol, side)
    local totals = batch.levels[key]
    if not totals then
        totals = {}
        batch.levels[key] = totals
    end
    local total = totals[price] or tonumber(redis.call("HGET", key, price) or 0)
    total = total + lots
    assert(total >= 0, "a level would become negative")
    totals[price] = total
    return total
end

function levels.write(batch)
    for key, totals in pairs(batch.levels) do
        local present, absent = {}, {}
        for price, total in pairs(totals) do
            if total > 0 then
                present[#present + 1] = price
                present[#present + 1] = total
            else
                absent[#absent + 1] = price
            end
        end
        writes.variadic("HSET", key, present)
        writes.variadic("HDEL", key, absent)
    end
end

return levels
