-- A user's own risk limits, and the command that sets them.
-- Key: limits:{userId}, a hash of `open_orders`, `orders_per_second` and `<asset>.cap`; absent
-- where the defaults stand.
-- Emits: limits.

local events = require("events")
local keys = require("keys")
local wallets = require("wallets")

local limits = {}

-- Command limits: replaces all that was set before. The rate is the gateways' business.
function limits.set(batch, command)
    local user_id, open_orders, caps, rate = command[3], command[4], command[5], command[6]
    local row = { "open_orders", open_orders, "orders_per_second", rate }
    local parsed = { open_orders = open_orders, caps = {} }
    for _, cap in ipairs(caps) do
        parsed.caps[cap[1]] = cap[2]
        row[#row + 1] = cap[1] .. ".cap"
        row[#row + 1] = cap[2]
    end
    wallets.of_user(batch, user_id).limits = parsed
    batch.limits[keys.limits(batch.prefix, user_id)] = row
    events.limits(batch, user_id, open_orders, caps, rate)
end

function limits.write(batch)
    for key, row in pairs(batch.limits) do
        redis.call("DEL", key)
        redis.call("HSET", key, unpack(row))
    end
end

return limits
