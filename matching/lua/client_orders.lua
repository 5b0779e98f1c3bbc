-- The first answer to each clientOrderId, so that a repeated order is answered, not placed again.
-- Key: client-order:{userId}:{clientOrderId}, a packed record; valid for a window, and always
-- while its order is open. Validity goes by the commands' time; the key's own expiry only tidies
-- up later.
-- Emits nothing: a repeated answer is the old events, not new ones.

local keys = require("keys")
local msgpack = require("msgpack")
local orders = require("orders")

local LEAST_GRACE_MS = 3600 * 1000
local MAX_REPEATED_BYTES = 500000 -- in an entry, beyond its first
local TERMS = { "symbol", "side", "type", "time_in_force", "post_only", "price", "qty" }

local client_orders = {}

local function load(batch, key)
    local record = batch.client_orders[key]
    if record == nil then
        local packed = redis.call("GET", key)
        record = packed and cmsgpack.unpack(packed)
        batch.client_orders[key] = record
    end
    return record
end

local function is_valid(batch, user_id, record)
    if batch.now - record.ts < batch.client_order_window_us then
        return true
    end
    local order = orders.get(batch, user_id, record.order_id)
    return order and not order.ended
end

-- The remembered answer to an order with the same clientOrderId, and whether its terms were the
-- same; nil where there is none.
function client_orders.find(batch, order)
    local record = load(batch, keys.client_order(batch.prefix, order.user, order.client_order_id))
    if not record or not is_valid(batch, order.user, record) then
        return nil
    end
    for index, name in ipairs(TERMS) do
        if record.terms[index] ~= order[name] then
            return record.answer, false
        end
    end
    return record.answer, true
end

-- Answers the command at hand with a remembered answer, and tells whether it did. What one entry
-- may repeat is bounded: an answer can be as long as a sweep of the whole book.
function client_orders.answer_again(batch, answer)
    local bytes = batch.repeated_bytes + #answer
    if bytes > MAX_REPEATED_BYTES and batch.repeated_bytes > 0 then
        return false
    end
    batch.repeated_bytes = bytes
    batch.earlier_answer = answer
    return true
end

-- Remembers the events of the command at hand as the answer to `order`.
function client_orders.remember(batch, order)
    local terms = {}
    for index, name in ipairs(TERMS) do
        terms[index] = order[name]
    end
    local key = keys.client_order(batch.prefix, order.user, order.client_order_id)
    local answer = msgpack.array(batch.events, batch.first_event, #batch.events)
    local record = { ts = batch.now, order_id = order.id, terms = terms, answer = answer }
    batch.client_orders[key] = record
    batch.remembered[key] = { order = order, packed = cmsgpack.pack(record) }
end

-- Beyond the window long enough that the commands' time, not the server's, decides, even about a
-- command that waited.
local function tidy_ms(batch)
    local window_ms = math.ceil(batch.client_order_window_us / 1000)
    return window_ms + math.max(window_ms, LEAST_GRACE_MS)
end

function client_orders.write(batch)
    for key, remembered in pairs(batch.remembered) do
        local order = remembered.order
        if order.is_new and not order.ended then
            redis.call("SET", key, remembered.packed)
        else
            redis.call("SET", key, remembered.packed, "PX", tidy_ms(batch))
        end
    end
    for _, order in ipairs(batch.changed_orders) do
        if order.ended and not order.is_new and order.client_order_id ~= "" then
            local key = keys.client_order(batch.prefix, order.user, order.client_order_id)
            if not batch.remembered[key] then
                redis.call("PEXPIRE", key, tidy_ms(batch))
            end
        end
    end
end

return client_orders
