-- Command place: checks an order, matches it, rests or cancels what is left.
-- Emits: trade and filled (see match.lua), then placed; or rejected.
-- The checks stand in the order in which docs/api.md lets them answer.

local book = require("book")
local client_orders = require("client_orders")
local events = require("events")
local ids = require("ids")
local markets = require("markets")
local match = require("match")
local numbers = require("numbers")
local orders = require("orders")
local wallets = require("wallets")

local BPS = 10000
-- Of a user in a market, where the user has no limit of their own; as in domain/values.py.
local MAX_OPEN_ORDERS = 200

-- Refused with these, an order was seen and is on record; refused otherwise, none exists.
local ON_RECORD = {
    SYMBOL_PAUSED = true, TOO_MANY_OPEN_ORDERS = true, POSITION_LIMIT = true,
    INSUFFICIENT_FUNDS = true, WOULD_TRADE = true, CANNOT_FILL = true,
}

local function reject(batch, order, reason)
    if ON_RECORD[reason] then
        order.id = ids.next(batch, "order")
    end
    events.rejected(batch, order, reason)
end

-- Keeps the answer to an order that exists, unless its client order id stands for another one.
local function remember(batch, order, earlier_answer)
    if order.id > 0 and order.client_order_id ~= "" and not earlier_answer then
        client_orders.remember(batch, order)
    end
end

local function is_out_of_band(market, price)
    local distance = math.abs(price - market.last_price)
    return market.last_price > 0
        and market.terms.price_band_bps > 0
        and distance * BPS > market.last_price * market.terms.price_band_bps
end

-- The first filter of the market that the order fails, if any.
local function failed_filter(market, order)
    if market.status ~= "TRADING" then
        return "SYMBOL_PAUSED"
    end
    local terms, is_limit = market.terms, order.type == "LIMIT"
    if is_limit and (order.price < 1 or order.price > terms.max_price) then
        return "INVALID_PRICE"
    end
    if order.qty < terms.min_qty or order.qty > terms.max_qty then
        return "INVALID_QTY"
    end
    if is_limit and order.price * order.qty * terms.tick_lot_units < terms.min_notional then
        return "NOTIONAL_TOO_SMALL"
    end
    if is_limit and is_out_of_band(market, order.price) then
        return "PRICE_OUT_OF_BAND"
    end
    return nil
end

-- Whether the user has as many orders open here as may be; only orders that can rest count.
local function has_too_many_open(market, order, wallet)
    local limit = wallet.limits.open_orders
    if limit == 0 then
        limit = MAX_OPEN_ORDERS
    end
    local can_rest = order.type == "LIMIT" and order.time_in_force == "GTC"
    return can_rest and market.terms.orders.amounts[order.user] >= limit
end

-- Whether a buy could bring more than the user may have, resting buys included.
local function exceeds_cap(market, order, wallet)
    local terms, user = market.terms, order.user
    if order.side == "SELL" then
        return false
    end
    -- Without a cap of their own nobody may have more than there can be, so that no sum of what is
    -- on order passes it either.
    local cap = wallet.limits.caps[terms.base] or numbers.MAX_AMOUNT
    local held = terms.base_available.amounts[user] + terms.base_reserved.amounts[user]
    return held + terms.base_incoming.amounts[user] + order.qty * terms.lot_units > cap
end

-- Whether the user can pay for the whole order. What a market buy costs only its plan tells.
local function can_pay(market, order)
    if order.type == "MARKET" and order.side == "BUY" then
        return true
    end
    local field, amount = wallets.needed(market.terms, order, order.qty)
    return amount <= field.amounts[order.user]
end

-- The first rule that the order breaks whatever the book holds, if any.
local function broken_rule(market, order, wallet)
    if has_too_many_open(market, order, wallet) then
        return "TOO_MANY_OPEN_ORDERS"
    elseif exceeds_cap(market, order, wallet) then
        return "POSITION_LIMIT"
    elseif not can_pay(market, order) then
        return "INSUFFICIENT_FUNDS"
    end
    return nil
end

-- The first rule that the order breaks by what it would meet, if any.
local function broken_by_plan(order, plan)
    if plan.exceeds_budget then
        return "INSUFFICIENT_FUNDS"
    elseif order.post_only and (plan.filled > 0 or plan.met_own) then
        return "WOULD_TRADE"
    elseif order.time_in_force == "FOK" and plan.filled < order.qty then
        return "CANNOT_FILL"
    end
    return nil
end

local function end_reason(order, plan)
    if plan.met_own then
        return "SELF_TRADE"
    elseif order.type == "MARKET" then
        return "NO_LIQUIDITY"
    elseif order.time_in_force ~= "GTC" then
        return "IOC_REMAINDER"
    end
    return ""
end

-- Rests the remainder: reserves what it needs and puts it on the book. Returns the level's new
-- total and the book's update id.
local function rest(batch, market, order, wallet)
    wallets.reserve(wallet, market.terms, order, order.remaining)
    wallets.add(wallet, market.terms.orders, 1)
    orders.open(batch, order)
    local level_lots = book.add(book.side(batch, market, order.side), order)
    return level_lots, markets.next_update_id(market)
end

local function take_in(batch, market, order, wallet, plan)
    order.id = ids.next(batch, "order")
    match.execute(batch, market, order, plan)
    if order.remaining == 0 then
        return events.placed(batch, order, plan.filled, 0, "", 0, 0)
    end
    local reason = end_reason(order, plan)
    if reason == "" then
        return events.placed(batch, order, plan.filled, 0, "", rest(batch, market, order, wallet))
    end
    local canceled = order.remaining
    order.remaining = 0
    return events.placed(batch, order, plan.filled, canceled, reason, 0, 0)
end

local function from_command(batch, command)
    return {
        id = 0,
        user = command[3],
        symbol = command[4],
        side = command[5],
        type = command[6],
        time_in_force = command[7],
        post_only = command[8],
        price = command[9],
        qty = command[10],
        client_order_id = command[11],
        remaining = command[10],
        filled_units = 0,
        ts = batch.now,
    }
end

-- Takes the order in, or rejects it with the first rule it breaks.
local function answer_anew(batch, market, order, is_duplicate)
    local filter = failed_filter(market, order)
    if filter or is_duplicate then
        return reject(batch, order, filter or "DUPLICATE_CLIENT_ORDER_ID")
    end
    -- Before the plan, which goes through the book: a refusal must not cost more than an order.
    local wallet = wallets.get(batch, order.user, market.terms)
    local rule = broken_rule(market, order, wallet)
    if rule then
        return reject(batch, order, rule)
    end
    local budget = market.terms.quote_available.amounts[order.user]
    local plan = match.plan(batch, market, order, budget)
    rule = broken_by_plan(order, plan)
    if rule then
        return reject(batch, order, rule)
    end
    return take_in(batch, market, order, wallet, plan)
end

return function(batch, command)
    local order = from_command(batch, command)
    local market = markets.get(batch, order.symbol)
    if not market then
        return reject(batch, order, "UNKNOWN_SYMBOL")
    end
    local earlier, is_same = nil, false
    if order.client_order_id ~= "" then
        earlier, is_same = client_orders.find(batch, order)
    end
    -- The same order again is no new order: no rule may keep it from its first answer.
    if is_same then
        if not client_orders.answer_again(batch, earlier) then
            reject(batch, order, "UNAVAILABLE")
        end
        return nil
    end
    answer_anew(batch, market, order, earlier ~= nil)
    return remember(batch, order, earlier)
end
