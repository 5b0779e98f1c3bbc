-- Command limits: gives a user limits in place of all that were set before. The order rate is only
-- kept: the gateways limit it.
-- Emits: limits.

local events = require("events")
local limits = require("limits")
local wallets = require("wallets")

return function(batch, command)
    local user_id, open_orders, caps, rate = command[3], command[4], command[5], command[6]
    local wallet = wallets.of_user(batch, user_id)
    wallet.limits = limits.replace(batch, user_id, open_orders, caps, rate)
    events.limits(batch, user_id, open_orders, caps, rate)
end
