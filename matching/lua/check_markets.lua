-- Slice "markets": some markets by themselves, and whether their books cross.
-- ARGV: 2, … symbols.
-- Answers: nothing.

local check_slice = require("check_slice")
local keys = require("keys")
local numbers = require("numbers")

local STATUSES = { TRADING = true, PAUSED = true, HALTED = true }

local function best_price(slice, symbol, side)
    local row = redis.call("ZRANGE", keys.book(slice.prefix, symbol, side), 0, 0, "WITHSCORES")
    return row[2] and math.abs(tonumber(row[2]))
end

local function check_top(slice, symbol)
    local bid, ask = best_price(slice, symbol, "BUY"), best_price(slice, symbol, "SELL")
    if bid and ask and bid >= ask then
        check_slice.find(
            slice, "books", symbol, "book " .. symbol,
            "is crossed: its best bid is %d, its best ask %d", bid, ask
        )
    end
end

local function check_fields(slice, symbol)
    local row =
        redis.call("HMGET", keys.market(slice.prefix, symbol), "status", "last_price", "update_id")
    for index, field in ipairs({ "last_price", "update_id" }) do
        if not numbers.is_count(tonumber(row[index + 1])) then
            check_slice.find(
                slice, "markets", symbol, string.format("market %s, %s", symbol, field),
                "is %s, which is no whole number from 0 to 2^53-1", row[index + 1] or "absent"
            )
        end
    end
    if not STATUSES[row[1]] then
        check_slice.find(
            slice, "markets", symbol, string.format("market %s, status", symbol),
            "is %s, which is none", row[1] or "absent"
        )
    end
    if not check_slice.market(slice, symbol) then
        check_slice.find(
            slice, "markets", symbol, string.format("market %s, terms", symbol), "cannot be read"
        )
    end
end

return function(slice, arguments)
    for index = 2, #arguments do
        check_fields(slice, arguments[index])
        check_top(slice, arguments[index])
    end
    check_slice.count(slice, "markets", #arguments - 1)
    return {}
end
