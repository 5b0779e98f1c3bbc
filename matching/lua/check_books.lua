-- Slices "book" and "levels": the orders and the level totals of one side of a market.
-- Keys: book:{symbol}:bids|asks, see book.lua; levels:{symbol}:bids|asks, see levels.lua.

local check_orders = require("check_orders")
local check_slice = require("check_slice")
local keys = require("keys")
local numbers = require("numbers")

local MAX_ORDERS = 100 -- of one slice; a level with more of them is not added up here
local MAX_LEVELS = 250 -- of one slice, roughly: HSCAN takes it as a hint

local check_books = {}

local function side_of(slice, symbol, side)
    return {
        symbol = symbol,
        side = side,
        sign = check_orders.SIGNS[side],
        name = symbol .. " " .. check_orders.SIDES[side],
        key = keys.book(slice.prefix, symbol, side),
        levels_key = keys.levels(slice.prefix, symbol, side),
    }
end

check_books.side_of = side_of

-- What is wrong with a member at `price` that stands for `order` (nil: for none), if anything.
local function fault(side, price, member, order)
    if not order then
        return "stands there at %d, but is not open", price
    elseif order.symbol ~= side.symbol or order.side ~= side.side or order.price ~= price then
        return "stands there at %d, but is open in %s %s at %d",
            price, order.symbol, check_orders.SIDES[order.side], order.price
    elseif member ~= check_orders.member(order.user, order.id) then
        return "stands there as %s, out of its place in time", member
    end
    return nil
end

-- Checks one member of a book at `price`; returns id and remaining lots of its order (0: none).
function check_books.check_member(slice, side, price, member)
    local id, user = member:match("^(%d+):(%d+)$")
    id, user = tonumber(id), tonumber(user)
    local line = id and redis.call("HGET", keys.open_orders(slice.prefix, user), numbers.text(id))
    local order = line and check_orders.parse(user, id, line)
    local what, first, second, third, fourth = fault(side, price, member, order)
    if what then
        check_slice.find(
            slice, "books", side.symbol, string.format("entry %s of book %s", member, side.name),
            what, first, second, third, fourth
        )
    end
    return id or 0, order and order.remaining or 0
end

local function check_level(slice, side, price, members)
    local lots = 0
    for _, member in ipairs(members) do
        local _, remaining = check_books.check_member(slice, side, price, member)
        lots = lots + remaining
    end
    local total = redis.call("HGET", side.levels_key, numbers.text(price)) or "0"
    if tonumber(total) ~= lots then
        check_slice.find(
            slice, "levels", side.symbol, string.format("level %s at %d", side.name, price),
            "is %s lots, its orders have %d left", total, lots
        )
    end
    check_slice.count(slice, "books", #members)
    check_slice.count(slice, "levels", 1)
end

-- The next members of a side behind score `after` (empty: the best ones), as levels in their order:
-- each a list of members, with its `score`. The last one may have more members than are read.
local function read_levels(side, after)
    local offset = after == "" and 0 or redis.call("ZCOUNT", side.key, "-inf", after)
    local rows = redis.call("ZRANGE", side.key, offset, offset + MAX_ORDERS - 1, "WITHSCORES")
    local found, level = {}, nil
    for index = 1, #rows, 2 do
        local score = tonumber(rows[index + 1])
        if not level or level.score ~= score then
            level = { score = score }
            found[#found + 1] = level
        end
        level[#level + 1] = rows[index]
    end
    return found, #rows < 2 * MAX_ORDERS
end

-- ARGV: 2 symbol, 3 side, 4 the score behind which to go on (empty: from the best).
-- Answers: the score behind which the next slice goes on (empty: this was the last), and that of a
--   level with too many orders to look at at once (empty: none), which was left out.
function check_books.book(slice, arguments)
    local side = side_of(slice, arguments[2], arguments[3])
    local found, is_end = read_levels(side, arguments[4])
    local last = is_end and #found or #found - 1
    for index = 1, last do
        local level = found[index]
        check_level(slice, side, level.score * side.sign, level)
    end
    if is_end then
        return { "", "" }
    elseif last == 0 then
        local score = numbers.text(found[1].score)
        return { score, score }
    end
    return { numbers.text(found[last].score), "" }
end

-- ARGV: 2 symbol, 3 side, 4 the cursor of HSCAN ("0": from the beginning).
-- Answers: the cursor of the next slice ("0": this was the last).
function check_books.levels(slice, arguments)
    local side = side_of(slice, arguments[2], arguments[3])
    local reply = redis.call("HSCAN", side.levels_key, arguments[4], "COUNT", MAX_LEVELS)
    local row = reply[2]
    for index = 1, #row, 2 do
        local score = (tonumber(row[index]) or 0) * side.sign
        if redis.call("ZCOUNT", side.key, score, score) == 0 then
            check_slice.find(
                slice, "levels", side.symbol,
                string.format("level %s at %s", side.name, row[index]),
                "is %s lots, and no order stands there", row[index + 1]
            )
        end
    end
    return { reply[1] }
end

return check_books
