-- Function book_depth: the best levels of both sides of a book, read at one moment.
-- KEYS: 1 the shard's prefix.  ARGV: 1 symbol, 2 levels a side (at most 5,000).
-- Returns: book update id, then for bids and for asks a flat list of price and lots, best first.
-- Writes and emits nothing.

local keys = require("keys")

local PAGE = 200 -- orders looked at in one go for the prices they have
local MAX_DEPTH = 5000 -- within what Lua can pass as arguments of one call

-- The best `depth` prices of a side, as scores of its sorted set.
local function best_scores(key, depth)
    local scores, offset = {}, 0
    while #scores < depth do
        local rows = redis.call("ZRANGE", key, offset, offset + PAGE - 1, "WITHSCORES")
        for index = 2, #rows, 2 do
            local score = tonumber(rows[index])
            if score ~= scores[#scores] and #scores < depth then
                scores[#scores + 1] = score
            end
        end
        if #rows < 2 * PAGE then
            break
        end
        -- Jump over what is left of a crowded level.
        offset = redis.call("ZCOUNT", key, "-inf", rows[#rows])
    end
    return scores
end

local function side_levels(prefix, symbol, side, depth)
    local prices = best_scores(keys.book(prefix, symbol, side), depth)
    if #prices == 0 then
        return {}
    end
    for index, score in ipairs(prices) do
        prices[index] = math.abs(score)
    end
    local totals = redis.call("HMGET", keys.levels(prefix, symbol, side), unpack(prices))
    local flat = {}
    for index, price in ipairs(prices) do
        flat[2 * index - 1] = price
        flat[2 * index] = tonumber(totals[index])
    end
    return flat
end

return function(names, arguments)
    local prefix, symbol = names[1], arguments[1]
    local depth = math.min(tonumber(arguments[2]), MAX_DEPTH)
    local update_id = redis.call("HGET", keys.market(prefix, symbol), "update_id")
    return {
        tonumber(update_id or 0),
        side_levels(prefix, symbol, "BUY", depth),
        side_levels(prefix, symbol, "SELL", depth),
    }
end
