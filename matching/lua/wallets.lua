-- Wallets: amounts loaded once a batch, changed in memory, written at the commit.
-- Key: wallet:{userId}, a hash of `<asset>.available` and `<asset>.reserved`; beside them
-- `<asset>.incoming`, what the user's resting buys would bring.
-- Emits nothing.

local keys = require("keys")
local writes = require("writes")

local wallets = {
    FEE_ACCOUNT = 0, -- the user id that collects fees; no person has it
}

local function load(wallet, fields)
    local row = redis.call("HMGET", wallet.key, unpack(fields))
    local amounts = wallet.amounts
    for index, field in ipairs(fields) do
        if not amounts[field] then
            amounts[field] = tonumber(row[index] or 0)
        end
    end
end

local function of_user(batch, user_id)
    local wallet = batch.wallets[user_id]
    if not wallet then
        wallet = { key = keys.wallet(batch.prefix, user_id), amounts = {}, changed = {} }
        batch.wallets[user_id] = wallet
    end
    return wallet
end

-- The wallet of `user_id`, with everything loaded that trading on these terms touches.
function wallets.get(batch, user_id, terms)
    local wallet = of_user(batch, user_id)
    local amounts = wallet.amounts
    if not (amounts[terms.base_incoming] and amounts[terms.quote_available]) then
        load(wallet, terms.wallet_fields)
    end
    return wallet
end

-- The wallet of `user_id`, with one asset loaded.
function wallets.get_asset(batch, user_id, asset)
    local wallet = of_user(batch, user_id)
    if not wallet.amounts[asset .. ".available"] then
        load(wallet, { asset .. ".available", asset .. ".reserved" })
    end
    return wallet
end

-- Adds `amount` to a field (takes it off where negative).
function wallets.add(wallet, field, amount)
    local sum = wallet.amounts[field] + amount
    -- Every rule was checked before this; a negative amount would be a bug, and fails the batch
    -- while nothing is written yet.
    assert(sum >= 0, "an amount in a wallet would become negative")
    wallet.amounts[field] = sum
    wallet.changed[field] = true
end

-- The field that an order of this side pays from, and what `lots` of it hold in reserve while they
-- rest: a buy its price in the quote asset, a sell its quantity in the base asset, neither
-- anything for fees.
function wallets.held(terms, order, lots)
    if order.side == "BUY" then
        return terms.quote_available, order.price * lots * terms.tick_lot_units
    end
    return terms.base_available, lots * terms.lot_units
end

-- Sets aside what `lots` of a resting order hold; gives it back where `lots` is negative.
function wallets.reserve(wallet, terms, order, lots)
    local available, amount = wallets.held(terms, order, lots)
    wallets.add(wallet, available, -amount)
    if order.side == "BUY" then
        wallets.add(wallet, terms.quote_reserved, amount)
        wallets.add(wallet, terms.base_incoming, lots * terms.lot_units)
    else
        wallets.add(wallet, terms.base_reserved, amount)
    end
end

function wallets.write(batch)
    for _, wallet in pairs(batch.wallets) do
        local row = {}
        for field in pairs(wallet.changed) do
            row[#row + 1] = field
            row[#row + 1] = wallet.amounts[field]
        end
        writes.variadic("HSET", wallet.key, row)
    end
end

return wallets
