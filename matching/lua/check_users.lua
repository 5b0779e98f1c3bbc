-- Slice "users": the wallets and open orders of some users.
-- ARGV: 2, … user ids.
-- Answers: how many of them were looked at, and those among them with too many open orders to look
--   at in one slice, of whom only the wallet's amounts were.

local check_orders = require("check_orders")
local check_slice = require("check_slice")
local keys = require("keys")
local numbers = require("numbers")

local MAX_WORK = 150 -- of one slice, in the time that an order takes
local WALLET_WORK = 2 -- of a wallet
local FIELD_WORK = 0.1 -- of each of its fields

-- The amounts that follow from the open orders.
local DERIVED = { reserved = true, incoming = true, orders = true }

local function add(needs, field, amount)
    needs[field] = (needs[field] or 0) + amount
end

local function add_needs(needs, order, market)
    local base_units = order.remaining * market.lot_units
    if order.side == "BUY" then
        add(needs, market.quote_reserved, order.price * order.remaining * market.tick_lot_units)
        add(needs, market.base_incoming, base_units)
    else
        add(needs, market.base_reserved, base_units)
    end
    add(needs, market.orders, 1)
end

-- Checks the user's open orders; returns what they need, by field of the wallet.
local function check_open_orders(slice, user)
    local row = redis.call("HGETALL", keys.open_orders(slice.prefix, user))
    local needs = {}
    for index = 1, #row, 2 do
        local order = check_orders.check(slice, user, row[index], row[index + 1])
        if order then
            add_needs(needs, order, check_slice.market(slice, order.symbol))
        end
    end
    check_slice.count(slice, "orders", #row / 2)
    return needs
end

local function check_amount(slice, user, field, text)
    if not numbers.is_count(tonumber(text)) then
        check_slice.find(
            slice, "wallets", "", string.format("wallet of user %d, %s", user, field),
            "is %s, which is no whole number from 0 to 2^53-1", text
        )
    end
end

local function check_need(slice, user, field, text, need)
    if tonumber(text) ~= need then
        local symbol = field:match("^(.+)%.orders$") or ""
        check_slice.find(
            slice, "reserved", symbol, string.format("wallet of user %d, %s", user, field),
            "is %s, the open orders make it %d", text, need
        )
    end
end

-- Checks a wallet's amounts, and against `needs` where they are given; returns the work it was.
local function check_wallet(slice, user, needs)
    local row = redis.call("HGETALL", keys.wallet(slice.prefix, user))
    for index = 1, #row, 2 do
        local field, text = row[index], row[index + 1]
        local part = field:match("%.(%a+)$")
        check_amount(slice, user, field, text)
        if needs and DERIVED[part] then
            check_need(slice, user, field, text, needs[field] or 0)
            needs[field] = nil
        end
    end
    if needs then
        for field, need in pairs(needs) do
            check_need(slice, user, field, "0", need)
        end
        check_slice.count(slice, "reserved", 1)
    end
    check_slice.count(slice, "wallets", 1)
    return WALLET_WORK + #row / 2 * FIELD_WORK
end

return function(slice, arguments)
    local done, crowded, work = 0, {}, 0
    for index = 2, #arguments do
        local user = tonumber(arguments[index])
        local count = redis.call("HLEN", keys.open_orders(slice.prefix, user))
        if count > MAX_WORK then
            crowded[#crowded + 1] = user
            work = work + check_wallet(slice, user)
        elseif done > 0 and work + count > MAX_WORK then
            break
        else
            work = work + count + check_wallet(slice, user, check_open_orders(slice, user))
        end
        done = done + 1
    end
    return { done, crowded }
end
