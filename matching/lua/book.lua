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

local FIRST_PAGE = 2 -- orders read at first: most incoming orders meet none
local MAX_PAGE = 64 -- pages double up to this

local MEMBER = "%016d:%d"
local MEMBER_PATTERN = "^(%d+):(%d+)$"
local SIGNS = { BUY = -1, SELL = 1 }

local book = {}

-- An empty list in place of one that was used.
local function emptied(list)
    return list[1] and {} or list
end

-- Makes a side ready for the next batch, and gives back what a long walk through it took.
local function empty(side)
    side.members, side.scores = emptied(side.members), emptied(side.scores)
    side.read_all = false
    side.next_page = FIRST_PAGE
    side.orders = next(side.orders) and {} or side.orders
    side.added, side.removed = emptied(side.added), emptied(side.removed)
    side.changed_prices = emptied(side.changed_prices)
    side.first_read, side.first_added = 1, 1
end

-- The side of a market's book where orders of side `word` (BUY or SELL) rest.
function book.side(batch, market, word)
    local side = market[word]
    if not side then
        side = {
            key = keys.book(batch.prefix, market.symbol, word),
            levels_key = keys.levels(batch.prefix, market.symbol, word),
            sign = SIGNS[word],
            read_all = false,
            next_page = FIRST_PAGE,
            members = {}, -- read from Redis, in priority
            scores = {}, -- theirs
            orders = {}, -- place among the members → order, of those that were looked at
            added = {}, -- the batch's own orders, in priority
            removed = {}, -- members to take off at the commit
            first_read = 1, -- all members before have ended
            first_added = 1, -- likewise
            -- No order's score is below; kept between calls, so that most new orders need not look.
            bound = -math.huge,
            totals = {}, -- price → lots, as far as known
            known = 0, -- how many of them
            changed_prices = {}, -- those that the batch changed, some more than once
        }
        market[word] = side
    end
    if side.call ~= batch.call then
        side.call = batch.call
        batch.sides[#batch.sides + 1] = side
    end
    return side
end

local function member(order)
    return MEMBER:format(order.id, order.user)
end

local function read_page(side)
    local count, page = #side.members, side.next_page
    local found = redis.call("ZRANGE", side.key, count, count + page - 1, "WITHSCORES")
    for index = 1, #found, 2 do
        count = count + 1
        side.members[count] = found[index]
        side.scores[count] = tonumber(found[index + 1])
    end
    side.read_all = #found < 2 * page
    side.next_page = math.min(2 * page, MAX_PAGE)
end

local function score_at(side, index)
    if index > #side.members and not side.read_all then
        read_page(side)
    end
    return side.scores[index]
end

local function order_at(batch, side, index)
    local order = side.orders[index]
    if not order then
        local id, user = side.members[index]:match(MEMBER_PATTERN)
        order = orders.get(batch, tonumber(user), tonumber(id))
        assert(order, "the book holds an order that is not open")
        side.orders[index] = order
    end
    return order
end

-- The first resting order at or behind position (`index`, `added_index`) whose score does not pass
-- `limit` (nil: no limit), and the position behind it; nil where there is none.
-- At equal prices what Redis holds came before what the batch added.
function book.next(batch, side, index, added_index, limit)
    while true do
        local score, added = score_at(side, index), side.added[added_index]
        local added_score = added and added.price * side.sign
        local order
        if score and (not added or score <= added_score) then
            if limit and score > limit then
                return nil
            end
            order = order_at(batch, side, index)
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
function book.first(side)
    while side.orders[side.first_read] and side.orders[side.first_read].ended do
        side.first_read = side.first_read + 1
    end
    while side.added[side.first_added] and side.added[side.first_added].ended do
        side.first_added = side.first_added + 1
    end
    return side.first_read, side.first_added
end

-- Notes that a look from the side's first position, as `book.first` returned it, found nothing that
-- an order could meet.
function book.note_bound(side, index, added_index)
    local added = side.added[added_index]
    local added_score = added and added.price * side.sign or math.huge
    side.bound = math.min(side.scores[index] or math.huge, added_score)
end

-- Where among the added orders one of this score belongs: behind those of its price or better.
local function place_among(side, score)
    local low, high = side.first_added, #side.added + 1
    while low < high do
        local middle = math.floor((low + high) / 2)
        if side.added[middle].price * side.sign > score then
            high = middle
        else
            low = middle + 1
        end
    end
    return low
end

-- Rests an order, and returns the level's new total.
function book.add(side, order)
    local score = order.price * side.sign
    table.insert(side.added, place_among(side, score), order)
    side.bound = math.min(side.bound, score)
    return levels.add(side, order.price, order.remaining)
end

-- Takes `lots` of a resting order off, and the order too where nothing remains; returns the level's
-- new total.
function book.take(batch, side, order, lots)
    order.remaining = order.remaining - lots
    orders.touch(batch, order)
    if order.remaining == 0 then
        order.ended = true
        if not order.is_new then
            side.removed[#side.removed + 1] = member(order)
        end
    end
    return levels.add(side, order.price, -lots)
end

function book.write(batch)
    local writers = {} -- of level totals
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
        levels.write(side, writers)
        empty(side)
    end
end

return book
