-- Wallets: amounts and limits of a user, loaded when first met, changed in memory, written at the
-- commit.
-- Key: wallet:{userId}, a hash of `<asset>.available` and `<asset>.reserved`; beside them
-- `<asset>.incoming`, what the user's resting buys would bring, and `<symbol>.orders`, how many
-- orders of the user rest there.
-- Emits nothing.

local keys = require("keys")
local limits = require("limits")
local writes = require("writes")

local wallets = {
    FEE_ACCOUNT = 0, -- the user id that collects fees; no person has it (domain/values.py)
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

local function open(batch, user_id)
    local wallet = {
        key = keys.wallet(batch.prefix, user_id),
        orders_key = keys.open_orders(batch.prefix, user_id),
        amounts = {}, -- field → amount
        changed = {}, -- names of fields to write
        limits = limits.load(batch, user_id),
        call = 0, -- the last one that used it
    }
    batch.memory.wallets[user_id] = wallet
    batch.memory.wallet_count = batch.memory.wallet_count + 1
    return wallet
end

-- The wallet of `user_id`, with no amounts loaded but those that were needed before.
function wallets.of_user(batch, user_id)
    local wallet = batch.memory.wallets[user_id] or open(batch, user_id)
    if wallet.call ~= batch.call then
        wallet.call = batch.call
        batch.wallets[#batch.wallets + 1] = wallet
    end
    return wallet
end

-- The wallet of `user_id`, with everything loaded that trading on these terms touches.
function wallets.get(batch, user_id, terms)
    local wallet = wallets.of_user(batch, user_id)
    if not wallet.amounts[terms.orders_field] then
        load(wallet, terms.wallet_fields)
    end
    return wallet
end

-- The wallet of `user_id`, with the balance in one asset loaded.
function wallets.get_asset(batch, user_id, asset)
    local wallet = wallets.of_user(batch, user_id)
    if not wallet.amounts[asset .. ".available"] then
        load(wallet, { asset .. ".available", asset .. ".reserved" })
    end
    return wallet
end

-- The assets that the user's wallet has ever had, each marked true.
function wallets.assets(batch, user_id)
    local wallet = wallets.of_user(batch, user_id)
    local assets = {}
    local function mark(field)
        local asset = field:match("^(.+)%.available$")
        if asset then
            assets[asset] = true
        end
    end
    for _, field in ipairs(redis.call("HKEYS", wallet.key)) do
        mark(field)
    end
    for field in pairs(wallet.amounts) do
        mark(field)
    end
    return assets
end

-- Adds `amount` to a field (takes it off where negative).
function wallets.add(wallet, field, amount)
    local amounts = wallet.amounts
    local sum = amounts[field] + amount
    if sum < 0 then
        -- Every rule was checked before this; a negative amount would be a bug, and fails the
        -- batch while nothing is written yet.
        error("an amount in a wallet would become negative")
    end
    amounts[field] = sum
    wallet.changed[field] = true
end

-- The field that an order of this side pays from, and what `lots` of it hold in reserve while they
-- rest: a buy its price in the quote asset, a sell its quantity in the base asset, neither
-- anything for fees.
function wallets.needed(terms, order, lots)
    if order.side == "BUY" then
        return terms.quote_available, order.price * lots * terms.tick_lot_units
    end
    return terms.base_available, lots * terms.lot_units
end

-- Sets aside what `lots` of a resting order hold; gives it back where `lots` is negative.
function wallets.reserve(wallet, terms, order, lots)
    local available, amount = wallets.needed(terms, order, lots)
    wallets.add(wallet, available, -amount)
    if order.side == "BUY" then
        wallets.add(wallet, terms.quote_reserved, amount)
        wallets.add(wallet, terms.base_incoming, lots * terms.lot_units)
    else
        wallets.add(wallet, terms.base_reserved, amount)
    end
end

function wallets.write(batch)
    local row = {}
    for _, wallet in ipairs(batch.wallets) do
        local amounts, changed, count = wallet.amounts, wallet.changed, 0
        for field in pairs(changed) do
            row[count + 1] = field
            row[count + 2] = amounts[field]
            count = count + 2
            changed[field] = nil -- and not a new table, which would have to grow again
        end
        writes.variadic("HSET", wallet.key, row, count)
    end
end

return wallets
