-- One side of a book as the batch sees it: what Redis holds, read page by page, and what the batch
-- has added. Nothing is written before the commit, so ranks in Redis stay valid while paging.
-- Key: book:{symbol}:bids|asks, a sorted set. Score: the price, negative for bids, so that
-- ascending is best first; member: the padded order id, so that at equal prices first come stands
-- first.
-- Emits nothing.

local keys = require("keys")
local numbers = require("numbers")
local orders = require("orders")
local writes = require("writes")

local PAGE = 32 -- orders read at once; most incoming orders meet fewer

local SIGNS = { BUY = -1, SELL = 1 }

local book = {}

-- The side of `symbol`'s book where orders of `side` rest.
function book.side(batch, symbol, side)
    local key = keys.book(batch.prefix, symbol, side)
    local found = batch.sides[key]
    if not found then
        found = {
            key = key,
            sign = SIGNS[side],
            ids = {}, -- of the orders read from Redis, in priority
            scores = {}, -- theirs
            read_all = false,
            added = {}, -- the batch's own orders, in priority
            removed = {}, -- ids to take off at the commit
            first_read = 1, -- everything before has ended
            first_added = 1,
        }
        batch.sides[key] = found
    end
    return found
end

local function read_page(side)
    local count = #side.ids
    local rows = redis.call("ZRANGE", side.key, count, count + PAGE - 1, "WITHSCORES")
    for index = 1, #rows, 2 do
        count = count + 1
        side.ids[count] = tonumber(rows[index])
        side.scores[count] = tonumber(rows[index + 1])
    end
    side.read_all = #rows < 2 * PAGE
end

local function score_at(side, index)
    if index > #side.ids and not side.read_all then
        read_page(side)
    end
    return side.scores[index]
end

-- The first resting order at or behind position (`index`, `added_index`) whose score does not pass
-- `limit` (nil: no limit), and the position behind it; nil where there is none.
-- At equal prices what Redis holds came before what the batch added.
function book.next(batch, side, index, added_index, limit)
    while true do
        local score = score_at(side, index)
        local added = side.added[added_index]
        local added_score = added and added.price * side.sign
        local order
        if score and (not added or score <= added_score) then
            if limit and score > limit then
                return nil
            end
            order = orders.get(batch, side.ids[index])
            index = index + 1
        elseif added then
            if limit and added_score > limit then
                return nil
            end
            order = added
            added_index = added_index + 1
        else
            return nil
        end
        if not order.ended then
            return order, index, added_index
        end
    end
end

-- Moves the side's first position past orders that have ended, and returns it.
function book.first(batch, side)
    while side.ids[side.first_read] do
        local order = batch.orders[side.ids[side.first_read]]
        if not (order and order.ended) then
            break
        end
        side.first_read = side.first_read + 1
    end
    while side.added[side.first_added] and side.added[side.first_added].ended do
        side.first_added = side.first_added + 1
    end
    return side.first_read, side.first_added
end

-- Rests an order behind all orders of its price or better.
function book.add(side, order)
    local score = order.price * side.sign
    local position = #side.added + 1
    while position > side.first_added and side.added[position - 1].price * side.sign > score do
        position = position - 1
    end
    table.insert(side.added, position, order)
end

-- Takes an order off.
function book.remove(side, order)
    if not order.is_new then
        side.removed[#side.removed + 1] = numbers.padded(order.id)
    end
end

function book.write(batch)
    for _, side in pairs(batch.sides) do
        writes.variadic("ZREM", side.key, side.removed)
        local rows = {}
        for _, order in ipairs(side.added) do
            if not order.ended then
                rows[#rows + 1] = order.price * side.sign
                rows[#rows + 1] = numbers.padded(order.id)
            end
        end
        writes.variadic("ZADD", side.key, rows)
    end
end

return book
