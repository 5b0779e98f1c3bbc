-- Level totals: how many lots rest at each price of a side of a book.
-- Key: levels:{symbol}:bids|asks, a hash of price in ticks → lots; empty prices are absent.
-- Emits nothing: the events of orders and trades carry the totals.

local writes = require("writes")

local levels = {}

-- Adds `lots` (takes them off where negative) at a price of `side` and returns the new total.
function levels.add(side, price, lots)
    local totals = side.totals
    local total = totals[price] or tonumber(redis.call("HGET", side.levels_key, price) or 0)
    total = total + lots
    assert(total >= 0, "a level would become negative")
    totals[price] = total
    return total
end

-- Writes the totals of one side.
function levels.write(side)
    local present, absent = {}, {}
    for price, total in pairs(side.totals) do
        if total > 0 then
            present[#present + 1] = price
            present[#present + 1] = total
        else
            absent[#absent + 1] = price
        end
    end
    writes.variadic("HSET", side.levels_key, present)
    writes.variadic("HDEL", side.levels_key, absent)
end

return levels
