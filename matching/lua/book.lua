-- One side of a book as the batch sees it: what Redis holds, read page by page, and what the batch
-- has added. Nothing is written before the commit, so ranks in Redis stay valid while paging.
-- Key: book:{symbol}:bids|asks, a sorted set. Score: the price, negative for bids, so that
-- ascending is best first; member: `{order id}:{user id}`, the order id padded, so that at equal
-- prices first come stands first.
-- Emits nothing.

local keys = require("keys")
local levels = require("levels")
local orders = require("orders")
local writes = require("writes")

local FIRST_PAGE = 4 -- orders read at first: most incoming orders meet one or none
local MAX_PAGE = 64 -- pages double up to this

local MEMBER = "%016d:%d"
local MEMBER_PATTERN = "^(%d+):(%d+)$"
local SIGNS = { BUY = -1, SELL = 1 }

local book = {}

-- The side of a market's book where orders of side `word` (BUY or SELL) rest.
function book.side(batch, market, word)
    local side = market[word]
    if not side then
        side = {
            key = keys.book(batch.prefix, market.symbol, word),
            levels_key = keys.levels(batch.prefix, market.symbol, word),
            sign = SIGNS[word],
            rows = {}, -- orders read from Redis, in priority: id, user and score
            read_all = false,
            next_page = FIRST_PAGE,
            added = {}, -- the batch's own orders, in priority
            removed = {}, -- members to take off at the commit
            totals = {}, -- price → lots, where the batch looked
            first_row = 1, -- everything before has ended
            first_added = 1,
        }
        market[word] = side
        batch.sides[#batch.sides + 1] = side
    end
    return side
end

local function member(order)
    return MEMBER:format(order.id, order.user)
end

local function read_page(side)
    local count, page = #side.rows, side.next_page
    local found = redis.call("ZRANGE", side.key, count, count + page - 1, "WITHSCORES")
    for index = 1, #found, 2 do
        local id, user = found[index]:match(MEMBER_PATTERN)
        count = count + 1
        side.rows[count] =
            { id = tonumber(id), user = tonumber(user), score = tonumber(found[index + 1]) }
    end
    side.read_all = #found < 2 * page
    side.next_page = math.min(2 * page, MAX_PAGE)
end

local function row_at(side, index)
    if index > #side.rows and not side.read_all then
        read_page(side)
    end
    return side.rows[index]
end

-- The first resting order at or behind position (`index`, `added_index`) whose score does not pass
-- `limit` (nil: no limit), and the position behind it; nil where there is none.
-- At equal prices what Redis holds came before what the batch added.
function book.next(batch, side, index, added_index, limit)
    while true do
        local row, added = row_at(side, index), side.added[added_index]
        local added_score = added and added.price * side.sign
        local order
        if row and (not added or row.score <= added_score) then
            if limit and row.score > limit then
                return nil
            end
            order = orders.get(batch, row.user, row.id)
            assert(order, "the book holds an order that is not open")
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
    while side.rows[side.first_row] do
        local order = batch.orders[side.rows[side.first_row].id]
        if not (order and order.ended) then
            break
        end
        side.first_row = side.first_row + 1
    end
    while side.added[side.first_added] and side.added[side.first_added].ended do
        side.first_added = side.first_added + 1
    end
    return side.first_row, side.first_added
end

-- Rests an order behind all orders of its price or better, and returns the level's new total.
function book.add(side, order)
    local score = order.price * side.sign
    local position = #side.added + 1
    while position > side.first_added and side.added[position - 1].price * side.sign > score do
        position = position - 1
    end
    table.insert(side.added, position, order)
    return levels.add(side, order.price, order.remaining)
end

-- Takes `lots` of a resting order off, and the order too where nothing remains; returns the level's
-- new total.
function book.take(side, order, lots)
    order.remaining = order.remaining - lots
    order.changed = true
    if order.remaining == 0 then
        orders.close(order)
        if not order.is_new then
            side.removed[#side.removed + 1] = member(order)
        end
    end
    return levels.add(side, order.price, -lots)
end

function book.write(batch)
    for _, side in ipairs(batch.sides) do
        writes.variadic("ZREM", side.key, side.removed)
        local added = {}
        for _, order in ipairs(side.added) do
            if not order.ended then
                added[#added + 1] = order.price * side.sign
                added[#added + 1] = member(order)
            end
        end
        writes.variadic("ZADD", side.key, added)
        levels.write(side)
    end
end

return book
