-- Balances: loaded once a batch, changed in memory, written at the commit.
-- Key: wallet:{userId}, a hash of `<asset>.available` and `<asset>.reserved`.
-- Emits nothing.

local keys = require("keys")
local writes = require("writes")

local wallets = {
    FEE_ACCOUNT = 0, -- the user id that collects fees; no person has it
}

-- The balance of `user_id` in `asset`, as this batch has made it so far.
function wallets.balance(batch, user_id, asset)
    local wallet = batch.wallets[user_id]
    if not wallet then
        wallet = {}
        batch.wallets[user_id] = wallet
    end
    local balance = wallet[asset]
    if not balance then
        local row = redis.call(
            "HMGET", keys.wallet(batch.prefix, user_id), asset .. ".available", asset .. ".reserved"
        )
        balance = { available = tonumber(row[1] or 0), reserved = tonumber(row[2] or 0) }
        wallet[asset] = balance
    end
    return balance
end

-- What `lots` of an order hold in reserve while it rests: the balance and the amount. A buy holds
-- its price in the quote asset, a sell its quantity in the base asset, neither anything for fees.
function wallets.held(batch, market, order, lots)
    if order.side == "BUY" then
        local amount = order.price * lots * market.tick_lot_units
        return wallets.balance(batch, order.user, market.quote), amount
    end
    return wallets.balance(batch, order.user, market.base), lots * market.lot_units
end

local function change(balance, available, reserved)
    balance.available = balance.available + available
    balance.reserved = balance.reserved + reserved
    -- Every rule was checked before this; a negative balance would be a bug, and fails the batch
    -- while nothing is written yet.
    assert(balance.available >= 0 and balance.reserved >= 0, "a balance would become negative")
    balance.changed = true
end

-- Puts `amount` into the available part (takes it out where negative).
function wallets.credit(balance, amount)
    change(balance, amount, 0)
end

-- Moves `amount` from available to reserved.
function wallets.reserve(balance, amount)
    change(balance, -amount, amount)
end

-- Moves `amount` from reserved back to available.
function wallets.release(balance, amount)
    change(balance, amount, -amount)
end

-- Takes `amount` out of the reserved part: it goes to the other side of a trade.
function wallets.spend_reserved(balance, amount)
    change(balance, 0, -amount)
end

function wallets.write(batch)
    for user_id, wallet in pairs(batch.wallets) do
        local fields = {}
        for asset, balance in pairs(wallet) do
            if balance.changed then
                local count = #fields
                fields[count + 1] = asset .. ".available"
                fields[count + 2] = balance.available
                fields[count + 3] = asset .. ".reserved"
                fields[count + 4] = balance.reserved
            end
        end
        if #fields > 0 then
            writes.variadic("HSET", keys.wallet(batch.prefix, user_id), fields)
        end
    end
end

return wallets
