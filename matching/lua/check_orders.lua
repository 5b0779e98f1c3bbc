-- Open orders as the check reads them: each by itself, and against the book it must stand in.
-- Keys: orders:{userId}, see orders.lua; book:{symbol}:bids|asks, see book.lua.

local check_slice = require("check_slice")
local numbers = require("numbers")

local LINE = "^symbol=(%S+) side=(%S+) price=(%d+) qty=(%d+) remaining=(%d+) filled_units=(%d+) "
local MEMBER = "%016d:%d"
local SIGNS = { BUY = -1, SELL = 1 }
local SIDES = { BUY = "bids", SELL = "asks" }

local check_orders = { SIGNS = SIGNS, SIDES = SIDES }

-- How the order is called in a finding.
local function name_of(user, id)
    return string.format("order %s of user %s", id, user)
end

-- How a book holds an order; nil where the ids are no numbers.
function check_orders.member(user, id)
    user, id = tonumber(user), tonumber(id)
    return user and id and MEMBER:format(id, user)
end

-- The order on a line, or nil where it cannot be read.
function check_orders.parse(user, id, line)
    local symbol, side, price, qty, remaining, filled_units = line:match(LINE)
    if not symbol or not SIGNS[side] or not tonumber(id) then
        return nil
    end
    return {
        id = id,
        user = user,
        symbol = symbol,
        side = side,
        price = tonumber(price),
        qty = tonumber(qty),
        remaining = tonumber(remaining),
        filled_units = tonumber(filled_units),
    }
end

-- What is wrong with the order's own figures, if anything.
local function fault(order, market)
    local filled = order.qty - order.remaining
    local at_limit = numbers.product(order.price, order.qty, market.tick_lot_units)
    if order.price < 1 or not at_limit or not numbers.product(order.qty, market.lot_units) then
        return "is for %d lots at %d, which is out of bounds", order.qty, order.price
    elseif order.remaining < 1 or filled < 0 then
        return "has %d lots left of %d", order.remaining, order.qty
    end
    at_limit = order.price * filled * market.tick_lot_units
    local is_worse = order.side == "BUY" and order.filled_units > at_limit
        or order.side == "SELL" and order.filled_units < at_limit
    if is_worse or (filled == 0 and order.filled_units > 0) then
        return "traded %d lots for %d, at its limit they are worth %d",
            filled, order.filled_units, at_limit
    end
    return nil
end

local function check_place(slice, order, market)
    local member = check_orders.member(order.user, order.id) or ""
    local score = redis.call("ZSCORE", market.books[order.side], member)
    if score and tonumber(score) == order.price * SIGNS[order.side] then
        return
    end
    local name, side = name_of(order.user, order.id), SIDES[order.side]
    if not score then
        check_slice.find(
            slice, "orders", order.symbol, name, "is open at %d, but not in the book %s %s",
            order.price, order.symbol, side
        )
    else
        check_slice.find(
            slice, "orders", order.symbol, name, "is open at %d, but at %s in the book %s %s",
            order.price, (score:gsub("^%-", "")), order.symbol, side
        )
    end
end

-- Checks one open order; returns it, or nil where it cannot be read or its market is not listed.
function check_orders.check(slice, user, id, line)
    local order = check_orders.parse(user, id, line)
    if not order then
        check_slice.find(slice, "orders", "", name_of(user, id), "cannot be read: %s", line)
        return nil
    end
    local market = check_slice.market(slice, order.symbol)
    if not market then
        check_slice.find(
            slice, "orders", order.symbol, name_of(user, id), "is in %s, which is not listed",
            order.symbol
        )
        return nil
    end
    local what, first, second, third = fault(order, market)
    if what then
        check_slice.find(
            slice, "orders", order.symbol, name_of(user, id), what, first, second, third
        )
    end
    check_place(slice, order, market)
    return order
end

return check_orders
