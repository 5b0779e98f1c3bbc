-- Level totals: how many lots rest at each price of a side of a book.
-- Key: levels:{symbol}:bids|asks, a hash of price in ticks → lots; empty prices are absent.
-- Emits nothing: the events of orders and trades carry the totals.

local writes = require("writes")

local MAX_KNOWN = 10000 -- prices of a side whose totals are kept between calls

local levels = {}

-- Adds `lots` (takes them off where negative) at a price of `side` and returns the new total.
function levels.add(side, price, lots)
    local totals = side.totals
    local total = totals[price]
    if not total then
        total = tonumber(redis.call("HGET", side.levels_key, price) or 0)
        side.known = side.known + 1
    end
    total = total + lots
    if total < 0 then
        error("a level would become negative")
    end
    totals[price] = total
    side.changed_prices[#side.changed_prices + 1] = price
    return total
end

-- Writes the totals of one side. `writers`, which side wrote a price last, serves one side after
-- another.
function levels.write(side, writers)
    local totals, present, absent = side.totals, {}, nil
    for _, price in ipairs(side.changed_prices) do
        local is_first = writers[price] ~= side
        writers[price] = side
        if is_first and totals[price] > 0 then
            present[#present + 1] = price
            present[#present + 1] = totals[price]
        elseif is_first then
            absent = absent or {}
            absent[#absent + 1] = price
        end
    end
    writes.variadic("HSET", side.levels_key, present)
    if absent then
        writes.variadic("HDEL", side.levels_key, absent)
    end
    if side.known > MAX_KNOWN then
        side.totals, side.known = {}, 0
    end
end

return levels
