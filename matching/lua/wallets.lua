-- Wallets: amounts and limits of a user, loaded when first met, changed in memory, written at the
-- commit.
-- Key: wallet:{userId}, a hash of `<asset>.available` and `<asset>.reserved`; beside them
-- `<asset>.incoming`, what the user's resting buys would bring, and `<symbol>.orders`, how many
-- orders of the user rest there.
-- In memory the amounts stand by field, not by user: some long arrays instead of a table for
-- everybody, because Lua's collector goes through all of them again and again.
-- Emits nothing.

local keys = require("keys")
local limits = require("limits")
local writes = require("writes")

local wallets = {
    FEE_ACCOUNT = 0, -- the user id that collects fees; no person has it (domain/values.py)
}

-- The field of that name, of all wallets.
function wallets.field(batch, name)
    local field = batch.memory.fields[name]
    if not field then
        field = { name = name, amounts = {} } -- user id → amount, where loaded
        batch.memory.fields[name] = field
    end
    return field
end

local function load(batch, wallet, fields)
    local names = {}
    for index, field in ipairs(fields) do
        names[index] = field.name
    end
    local row = redis.call("HMGET", wallet.key, unpack(names))
    for index, field in ipairs(fields) do
        if not field.amounts[wallet.user] then
            field.amounts[wallet.user] = tonumber(row[index] or 0)
        end
    end
    batch.memory.amount_count = batch.memory.amount_count + #fields
end

local function open(batch, user_id)
    local wallet = {
        user = user_id,
        key = keys.wallet(batch.prefix, user_id),
        orders_key = keys.open_orders(batch.prefix, user_id),
        limits = limits.load(batch, user_id),
        call = 0, -- the last one that used it
        changed = {}, -- the first `changed_count`: fields to write, some more than once
        changed_count = 0,
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
    if not terms.orders.amounts[user_id] then
        load(batch, wallet, terms.wallet_fields)
    end
    return wallet
end

-- The wallet of `user_id`, with the balance in one asset loaded, and that balance's fields.
function wallets.get_asset(batch, user_id, asset)
    local wallet = wallets.of_user(batch, user_id)
    local available = wallets.field(batch, asset .. ".available")
    local reserved = wallets.field(batch, asset .. ".reserved")
    if not available.amounts[user_id] then
        load(batch, wallet, { available, reserved })
    end
    return wallet, available, reserved
end

-- The assets that the user's wallet has ever had, each marked true.
function wallets.assets(batch, user_id)
    local wallet = wallets.of_user(batch, user_id)
    local assets = {}
    local function mark(name)
        local asset = name:match("^(.+)%.available$")
        if asset then
            assets[asset] = true
        end
    end
    for _, name in ipairs(redis.call("HKEYS", wallet.key)) do
        mark(name)
    end
    for index = 1, wallet.changed_count do
        mark(wallet.changed[index].name)
    end
    return assets
end

-- Adds `amount` to a field (takes it off where negative).
function wallets.add(wallet, field, amount)
    local user, amounts = wallet.user, field.amounts
    local sum = amounts[user] + amount
    if sum < 0 then
        -- Every rule was checked before this; a negative amount would be a bug, and fails the
        -- batch while nothing is written yet.
        error("an amount in a wallet would become negative")
    end
    amounts[user] = sum
    local count = wallet.changed_count + 1
    wallet.changed[count] = field
    wallet.changed_count = count
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

-- Writes one wallet. `row` and `writers`, which wallet wrote a field last, serve one after another.
local function write_one(wallet, row, writers)
    local user, changed, count = wallet.user, wallet.changed, 0
    for index = 1, wallet.changed_count do
        local field = changed[index]
        if writers[field] ~= wallet then
            writers[field] = wallet
            row[count + 1] = field.name
            row[count + 2] = field.amounts[user]
            count = count + 2
        end
    end
    writes.variadic("HSET", wallet.key, row, count)
    wallet.changed_count = 0
end

function wallets.write(batch)
    local row, writers = {}, {}
    for _, wallet in ipairs(batch.wallets) do
        write_one(wallet, row, writers)
    end
end

return wallets
