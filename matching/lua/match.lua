-- Price-time matching: which resting orders an incoming order meets, and the trades with them.
-- Emits: trade, and filled for a maker that ends.
-- Rules: docs/api.md, "Matching rules".

local book = require("book")
local events = require("events")
local ids = require("ids")
local markets = require("markets")
local numbers = require("numbers")
local wallets = require("wallets")

local OPPOSITE = { BUY = "SELL", SELL = "BUY" }
-- The plan of most orders; shared, so nobody may change it.
local MEETS_NOTHING = { makers = {}, lots = {}, filled = 0, quote_units = 0, met_own = false }

local match = {}

-- Whether a plan need not look further: the answer is clear.
local function is_settled(order, plan, budget)
    if order.type == "MARKET" and order.side == "BUY" then
        plan.exceeds_budget = plan.quote_units > budget
        return plan.exceeds_budget or plan.filled == order.qty
    end
    return plan.filled == order.qty or order.post_only
end

-- What `order` would meet now, best first, without changing anything: `makers` and the `lots` from
-- each, their sum `filled`, its price `quote_units`, whether the user's own order stopped it
-- (`met_own`), and whether a market buy costs more than `budget` (`exceeds_budget`). A plan that
-- will be refused is not gone through to its end.
function match.plan(batch, market, order, budget)
    local side = book.side(batch, market, OPPOSITE[order.side])
    local limit = order.type == "LIMIT" and order.price * side.sign or nil
    if limit and limit < side.bound then
        return MEETS_NOTHING
    end
    local first_row, first_added = book.first(side)
    local maker, row, added = book.next(batch, side, first_row, first_added, limit)
    if not maker then
        book.note_bound(side, first_row, first_added)
        return MEETS_NOTHING
    end
    local plan = { makers = {}, lots = {}, filled = 0, quote_units = 0, met_own = false }
    while maker do
        if maker.user == order.user then
            plan.met_own = true
            break
        end
        local lots = math.min(maker.remaining, order.qty - plan.filled)
        plan.makers[#plan.makers + 1] = maker
        plan.lots[#plan.lots + 1] = lots
        plan.filled = plan.filled + lots
        plan.quote_units = plan.quote_units + maker.price * lots * market.terms.tick_lot_units
        if is_settled(order, plan, budget) then
            break
        end
        maker, row, added = book.next(batch, side, row, added, limit)
    end
    return plan
end

-- The taker pays from what is available, the maker from what its order reserved; each gets what
-- the other pays, less its fee, which goes to the fee account.
local function settle(batch, terms, trade)
    local taker = wallets.get(batch, trade.taker.user, terms)
    local maker = wallets.get(batch, trade.maker.user, terms)
    local fee_account = wallets.get(batch, wallets.FEE_ACCOUNT, terms)
    local base, quote = trade.base_units, trade.quote_units
    local add = wallets.add
    if trade.taker.side == "BUY" then
        trade.taker_fee = numbers.fee(base, terms.taker_fee_ppm)
        trade.maker_fee = numbers.fee(quote, terms.maker_fee_ppm)
        add(taker, terms.quote_available, -quote)
        add(taker, terms.base_available, base - trade.taker_fee)
        add(maker, terms.base_reserved, -base)
        add(maker, terms.quote_available, quote - trade.maker_fee)
        add(fee_account, terms.base_available, trade.taker_fee)
        add(fee_account, terms.quote_available, trade.maker_fee)
    else
        trade.taker_fee = numbers.fee(quote, terms.taker_fee_ppm)
        trade.maker_fee = numbers.fee(base, terms.maker_fee_ppm)
        add(taker, terms.base_available, -base)
        add(taker, terms.quote_available, quote - trade.taker_fee)
        add(maker, terms.quote_reserved, -quote)
        add(maker, terms.base_incoming, -base)
        add(maker, terms.base_available, base - trade.maker_fee)
        add(fee_account, terms.quote_available, trade.taker_fee)
        add(fee_account, terms.base_available, trade.maker_fee)
    end
end

-- One trade at the maker's price.
local function execute_one(batch, market, taker, maker, lots)
    local terms = market.terms
    local quote_units = maker.price * lots * terms.tick_lot_units
    local trade = {
        id = ids.next(batch, "trade"),
        lots = lots,
        base_units = lots * terms.lot_units,
        quote_units = quote_units,
        maker = maker,
        taker = taker,
        maker_fee = 0,
        taker_fee = 0,
        level_lots = 0,
        update_id = 0,
    }
    settle(batch, terms, trade)
    maker.filled_units = maker.filled_units + quote_units
    taker.filled_units = taker.filled_units + quote_units
    taker.remaining = taker.remaining - lots
    trade.level_lots = book.take(batch, book.side(batch, market, maker.side), maker, lots)
    trade.update_id = markets.next_update_id(market)
    market.last_price = maker.price
    events.trade(batch, trade)
    if maker.ended then
        wallets.add(wallets.get(batch, maker.user, terms), terms.orders, -1)
        events.filled(batch, maker)
    end
end

-- Carries out a plan made for `order` in this same batch step.
function match.execute(batch, market, order, plan)
    for index, maker in ipairs(plan.makers) do
        execute_one(batch, market, order, maker, plan.lots[index])
    end
end

return match
