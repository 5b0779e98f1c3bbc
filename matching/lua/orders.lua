-- Open orders: loaded when first met, changed in memory, written at the commit.
-- Keys: order:{orderId}, a hash; orders:open:{userId}, a sorted set of the user's open order ids.
-- Emits nothing.

local keys = require("keys")
local writes = require("writes")

local orders = {}

local function load(prefix, order_id)
    local row = redis.call(
        "HMGET", keys.order(prefix, order_id), "user", "symbol", "side", "type", "time_in_force",
        "post_only", "price", "qty", "remaining", "filled_units", "client_order_id", "ts"
    )
    if not row[1] then
        return false
    end
    return {
        id = order_id,
        user = tonumber(row[1]),
        symbol = row[2],
        side = row[3],
        type = row[4],
        time_in_force = row[5],
        post_only = row[6] == "1",
        price = tonumber(row[7]),
        qty = tonumber(row[8]),
        remaining = tonumber(row[9]),
        filled_units = tonumber(row[10]),
        client_order_id = row[11],
        ts = tonumber(row[12]),
    }
end

-- The open order of that id (open when the batch began, or rested by it), or false.
-- One that has ended in this batch is still returned, marked `ended`.
function orders.get(batch, order_id)
    local order = batch.orders[order_id]
    if order == nil then
        order = load(batch.prefix, order_id)
        batch.orders[order_id] = order
    end
    return order
end

-- Makes a new order an open one.
function orders.open(batch, order)
    order.is_new = true
    order.changed = true
    batch.orders[order.id] = order
    local opened = batch.opened[order.user]
    if not opened then
        opened = {}
        batch.opened[order.user] = opened
    end
    opened[#opened + 1] = order
end

-- Ends an open order: it leaves the book and the index at the commit.
function orders.close(order)
    order.ended = true
    order.changed = true
end

-- All open orders of a user, in the order they came.
function orders.open_of(batch, user_id)
    local found = {}
    local stored = redis.call("ZRANGE", keys.open_orders(batch.prefix, user_id), 0, -1)
    for _, member in ipairs(stored) do
        local order = orders.get(batch, tonumber(member))
        if not order.ended then
            found[#found + 1] = order
        end
    end
    for _, order in ipairs(batch.opened[user_id] or {}) do
        if not order.ended then
            found[#found + 1] = order
        end
    end
    return found
end

local function write_new(key, order)
    redis.call(
        "HSET", key, "user", order.user, "symbol", order.symbol, "side", order.side,
        "type", order.type, "time_in_force", order.time_in_force,
        "post_only", order.post_only and "1" or "0", "price", order.price, "qty", order.qty,
        "remaining", order.remaining, "filled_units", order.filled_units,
        "client_order_id", order.client_order_id, "ts", order.ts
    )
end

local function append(lists, name, ...)
    local list = lists[name]
    if not list then
        list = {}
        lists[name] = list
    end
    for index = 1, select("#", ...) do
        list[#list + 1] = (select(index, ...))
    end
end

function orders.write(batch)
    local ended, opened_of, ended_of = {}, {}, {}
    for order_id, order in pairs(batch.orders) do
        if order and order.changed then
            local key = keys.order(batch.prefix, order_id)
            if order.is_new and not order.ended then
                write_new(key, order)
                append(opened_of, order.user, order_id, order_id)
            elseif order.ended and not order.is_new then
                ended[#ended + 1] = key
                append(ended_of, order.user, order_id)
            elseif not order.ended then
                redis.call(
                    "HSET", key, "remaining", order.remaining, "filled_units", order.filled_units
                )
            end
        end
    end
    writes.each_key("DEL", ended)
    for user_id, ids in pairs(ended_of) do
        writes.variadic("ZREM", keys.open_orders(batch.prefix, user_id), ids)
    end
    for user_id, ids in pairs(opened_of) do
        writes.variadic("ZADD", keys.open_orders(batch.prefix, user_id), ids)
    end
end

return orders
