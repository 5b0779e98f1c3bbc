-- Slices "balances-of", "orders-of", "orders-at": pieces of sums over more than a slice can look
-- at. Each says as of which event it was read; its reader carries the pieces on to one
-- moment, by the events between them (matching/domain/moving_sums.py).

local check_books = require("check_books")
local check_orders = require("check_orders")
local check_slice = require("check_slice")
local keys = require("keys")
local numbers = require("numbers")

local MAX_FIELDS = 1500 -- of wallets, after which no further wallet is begun
local MAX_ORDERS = 100 -- roughly, where HSCAN takes it as a hint

local check_sums = {}

local function sequence(slice)
    return tonumber(redis.call("HGET", keys.sequence(slice.prefix), "event") or 0)
end

local function rows_of(key)
    local flat, rows = redis.call("HGETALL", key), {}
    for index = 1, #flat, 2 do
        rows[#rows + 1] =
            { check_slice.printable(flat[index]), check_slice.printable(flat[index + 1]) }
    end
    return rows
end

local function asset_of(field)
    return field:match("^(.+)%.available$") or field:match("^(.+)%.reserved$") or false
end

-- ARGV: 2, … user ids.
-- Answers: the last event; how many of the users were looked at; what they have, available and
--   reserved, as a list of {asset, units}; the shard's supply as one of {asset, text}.
function check_sums.balances_of(slice, arguments)
    local done, fields, assets, sums = 0, 0, {}, {}
    while done < #arguments - 1 and fields < MAX_FIELDS do
        done = done + 1
        local row = redis.call("HGETALL", keys.wallet(slice.prefix, tonumber(arguments[done + 1])))
        for index = 1, #row, 2 do
            local asset = assets[row[index]]
            if asset == nil then
                asset = asset_of(row[index])
                assets[row[index]] = asset
            end
            if asset then
                sums[asset] = (sums[asset] or 0) + (tonumber(row[index + 1]) or 0)
            end
        end
        fields = fields + #row / 2
    end
    local list = {}
    for asset, sum in pairs(sums) do
        list[#list + 1] = { asset, sum }
    end
    return { sequence(slice), done, list, rows_of(keys.supply(slice.prefix)) }
end

-- Checks a page of a user's open orders, each by itself.
-- ARGV: 2 user id, 3 the cursor of HSCAN ("0": from the beginning).
-- Answers: the last event; the cursor of the next slice ("0": this was the last); the orders, as a
--   list of {id, {symbol, side, price, remaining}}; the wallet, as one of {field, text}.
function check_sums.orders_of(slice, arguments)
    local user, list = tonumber(arguments[2]), {}
    local key = keys.open_orders(slice.prefix, user)
    local reply = redis.call("HSCAN", key, arguments[3], "COUNT", MAX_ORDERS)
    local row = reply[2]
    for index = 1, #row, 2 do
        local order = check_orders.check(slice, user, row[index], row[index + 1])
        if order then
            list[#list + 1] = {
                tonumber(order.id), { order.symbol, order.side, order.price, order.remaining },
            }
        end
    end
    check_slice.count(slice, "orders", #row / 2)
    return { sequence(slice), reply[1], list, rows_of(keys.wallet(slice.prefix, user)) }
end

-- The rank of the first member at `score` whose order came after the order `id`, and that of the
-- first behind the level.
local function ranks(key, score, id)
    local low = redis.call("ZCOUNT", key, "-inf", "(" .. score)
    local stop = redis.call("ZCOUNT", key, "-inf", score)
    local high = stop
    while low < high do
        local middle = math.floor((low + high) / 2)
        local member = redis.call("ZRANGE", key, middle, middle)[1]
        if (tonumber(member:match("^%d+")) or 0) <= id then
            low = middle + 1
        else
            high = middle
        end
    end
    return low, stop
end

-- Checks a page of one level's orders.
-- ARGV: 2 symbol, 3 side, 4 the level's score, 5 the order id behind which to go on (0: the first).
-- Answers: the last event; the order id behind which the next slice goes on (0: this was the last);
--   the orders, as a list of {id, {symbol, side, price, remaining}}; the level's total as text.
function check_sums.orders_at(slice, arguments)
    local side = check_books.side_of(slice, arguments[2], arguments[3])
    local price = tonumber(arguments[4]) * side.sign
    local first, stop = ranks(side.key, arguments[4], tonumber(arguments[5]))
    local last = math.min(first + MAX_ORDERS, stop) - 1
    local members = first <= last and redis.call("ZRANGE", side.key, first, last) or {}
    local list = {}
    for index, member in ipairs(members) do
        local id, remaining = check_books.check_member(slice, side, price, member)
        list[index] = { id, { side.symbol, side.side, price, remaining } }
    end
    check_slice.count(slice, "books", #members)
    local is_end = last + 1 >= stop
    return {
        sequence(slice),
        is_end and 0 or list[#list][1],
        list,
        check_slice.printable(redis.call("HGET", side.levels_key, numbers.text(price)) or "0"),
    }
end

return check_sums
