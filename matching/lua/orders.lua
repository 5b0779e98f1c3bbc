-- Open orders: loaded when first met, changed in memory, written at the commit.
-- Key: orders:{userId}, a hash of order id → one line of text. Only GTC limit orders rest, so the
-- line leaves type and time in force out.
-- Emits nothing.

local keys = require("keys")

local LINE = "symbol=%s side=%s price=%d qty=%d remaining=%d filled_units=%d post_only=%d ts=%d "
    .. "client_order_id=%s"
local LINE_PATTERN = "^symbol=(%S+) side=(%S+) price=(%d+) qty=(%d+) remaining=(%d+) "
    .. "filled_units=(%d+) post_only=(%d) ts=(%d+) client_order_id=(.*)$"

local orders = {}

local function from_line(order_id, user_id, line)
    local symbol, side, price, qty, remaining, filled_units, post_only, ts, client_order_id =
        line:match(LINE_PATTERN)
    return {
        id = order_id,
        user = user_id,
        symbol = symbol,
        side = side,
        type = "LIMIT",
        time_in_force = "GTC",
        post_only = post_only == "1",
        price = tonumber(price),
        qty = tonumber(qty),
        remaining = tonumber(remaining),
        filled_units = tonumber(filled_units),
        client_order_id = client_order_id,
        ts = tonumber(ts),
    }
end

local function to_line(order)
    return LINE:format(
        order.symbol, order.side, order.price, order.qty, order.remaining, order.filled_units,
        order.post_only and 1 or 0, order.ts, order.client_order_id
    )
end

local function add(batch, order)
    batch.memory.orders[order.id] = order
    batch.memory.order_count = batch.memory.order_count + 1
    batch.added_orders[#batch.added_orders + 1] = order
end

-- The order of that id that `user_id` had open when the batch began, or has opened in it; nil where
-- there is none. One that has ended in this batch is still returned, marked `ended`.
function orders.get(batch, user_id, order_id)
    local order = batch.memory.orders[order_id]
    if order then
        return order.user == user_id and order or nil
    end
    local line = redis.call("HGET", keys.open_orders(batch.prefix, user_id), order_id)
    if not line then
        return nil
    end
    order = from_line(order_id, user_id, line)
    add(batch, order)
    return order
end

-- Marks an order as one to write.
function orders.touch(batch, order)
    if not order.changed then
        order.changed = true
        batch.changed_orders[#batch.changed_orders + 1] = order
    end
end

-- Makes a new order an open one.
function orders.open(batch, order)
    order.is_new = true
    add(batch, order)
    orders.touch(batch, order)
end

-- All open orders of a user, in the order they came.
function orders.open_of(batch, user_id)
    local ids = redis.call("HKEYS", keys.open_orders(batch.prefix, user_id))
    for index, id in ipairs(ids) do
        ids[index] = tonumber(id)
    end
    table.sort(ids)
    local found = {}
    for _, id in ipairs(ids) do
        local order = orders.get(batch, user_id, id)
        if not order.ended then
            found[#found + 1] = order
        end
    end
    for _, order in ipairs(batch.added_orders) do
        if order.is_new and order.user == user_id and not order.ended then
            found[#found + 1] = order
        end
    end
    return found
end

local function write_one(batch, order)
    -- Nothing happens to an order without its user's wallet.
    local key = batch.memory.wallets[order.user].orders_key
    if not order.ended then
        redis.call("HSET", key, order.id, to_line(order))
    elseif not order.is_new then
        redis.call("HDEL", key, order.id)
    end
    order.changed, order.is_new = false, false
end

function orders.write(batch)
    for _, order in ipairs(batch.changed_orders) do
        write_one(batch, order)
        if order.ended then
            batch.memory.orders[order.id] = nil
            batch.memory.order_count = batch.memory.order_count - 1
        end
    end
end

return orders
