-- Price-time matching: which resting orders an incoming order meets, and the trades with them.
-- Emits: trade, and filled for a maker that ends.
-- Rules: contracts.md, "Matching rules".

local book = require("book")
local events = require("events")
local ids = require("ids")
local levels = require("levels")
local markets = require("markets")
local numbers = require("numbers")
local orders = require("orders")
local wallets = require("wallets")

local OPPOSITE = { BUY = "SELL", SELL = "BUY" }

local match = {}

-- What `order` would meet now, best first, without changing anything: `makers` and the `lots` from
-- each, their sum `filled`, its price `quote_units`, and whether the user's own order stopped it.
function match.plan(batch, market, order)
    local side = book.side(batch, order.symbol, OPPOSITE[order.side])
    local limit = nil
    if order.type == "LIMIT" then
        limit = order.price * side.sign
    end
    local plan = { makers = {}, lots = {}, filled = 0, quote_units = 0, met_own = false }
    local index, added_index = book.first(batch, side)
    while plan.filled < order.qty do
        local maker
        maker, index, added_index = book.next(batch, side, index, added_index, limit)
        if not maker then
            break
        end
        if maker.user == order.user then
            plan.met_own = true
            break
        end
        local lots = math.min(maker.remaining, order.qty - plan.filled)
        plan.makers[#plan.makers + 1] = maker
        plan.lots[#plan.lots + 1] = lots
        plan.filled = plan.filled + lots
        plan.quote_units = plan.quote_units + maker.price * lots * market.tick_lot_units
    end
    return plan
end

-- Exchanges what the taker pays for what it receives, less the fees. The maker gives from what its
-- order reserved, the taker from what is available; the fees go to the fee account.
local function settle(batch, market, trade)
    local maker, taker = trade.maker.user, trade.taker.user
    local pays, paid = market.quote, trade.quote_units
    local receives, received = market.base, trade.base_units
    if trade.taker.side == "SELL" then
        pays, paid, receives, received = receives, received, pays, paid
    end
    trade.taker_fee = numbers.fee(received, market.taker_fee_ppm)
    trade.maker_fee = numbers.fee(paid, market.maker_fee_ppm)
    wallets.credit(wallets.balance(batch, taker, pays), -paid)
    wallets.credit(wallets.balance(batch, taker, receives), received - trade.taker_fee)
    wallets.spend_reserved(wallets.balance(batch, maker, receives), received)
    wallets.credit(wallets.balance(batch, maker, pays), paid - trade.maker_fee)
    wallets.credit(wallets.balance(batch, wallets.FEE_ACCOUNT, receives), trade.taker_fee)
    wallets.credit(wallets.balance(batch, wallets.FEE_ACCOUNT, pays), trade.maker_fee)
end

-- One trade at the maker's price.
local function execute_one(batch, market, taker, maker, lots)
    local quote_units = maker.price * lots * market.tick_lot_units
    local trade = {
        id = ids.next(batch, "trade"),
        symbol = market.symbol,
        price = maker.price,
        lots = lots,
        base_units = lots * market.lot_units,
        quote_units = quote_units,
        maker = maker,
        taker = taker,
    }
    settle(batch, market, trade)
    maker.remaining = maker.remaining - lots
    maker.filled_units = maker.filled_units + quote_units
    maker.changed = true
    taker.remaining = taker.remaining - lots
    taker.filled_units = taker.filled_units + quote_units
    market.last_price = maker.price
    trade.level_lots = levels.add(batch, market.symbol, maker.side, maker.price, -lots)
    trade.update_id = markets.next_update_id(market)
    events.trade(batch, trade)
    if maker.remaining == 0 then
        orders.close(maker)
        book.remove(book.side(batch, market.symbol, maker.side), maker)
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
