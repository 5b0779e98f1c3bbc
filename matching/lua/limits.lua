-- A user's own risk limits; they stay with the user's wallet (wallets.lua).
-- Key: limits:{userId}, a hash of `open_orders`, `orders_per_second` and `<asset>.cap`; absent
-- where the defaults stand.
-- Emits nothing.

local keys = require("keys")

local limits = {}

-- The limits of `user_id`: `open_orders` in a market (0: the default), and `caps` by asset.
function limits.load(batch, user_id)
    local row = redis.call("HGETALL", keys.limits(batch.prefix, user_id))
    local found = { open_orders = 0, caps = {} }
    for index = 1, #row, 2 do
        local field, value = row[index], tonumber(row[index + 1])
        local asset = field:match("^(.+)%.cap$")
        if asset then
            found.caps[asset] = value
        elseif field == "open_orders" then
            found.open_orders = value
        end
    end
    return found
end

-- Replaces all limits of `user_id` by the time of the commit, and returns them.
function limits.replace(batch, user_id, open_orders, caps, orders_per_second)
    local row = { "open_orders", open_orders, "orders_per_second", orders_per_second }
    local found = { open_orders = open_orders, caps = {} }
    for _, cap in ipairs(caps) do
        found.caps[cap[1]] = cap[2]
        row[#row + 1] = cap[1] .. ".cap"
        row[#row + 1] = cap[2]
    end
    batch.limits[keys.limits(batch.prefix, user_id)] = row
    return found
end

function limits.write(batch)
    for key, row in pairs(batch.limits) do
        redis.call("DEL", key)
        redis.call("HSET", key, unpack(row))
    end
end

return limits
