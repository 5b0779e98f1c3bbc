-- Events: arrays in the order of matching/domain/events.py, numbered as they happen.
-- Each is packed once, for the shard's log and for the answer of the command that caused it.

local events = {}

-- Appends an event; `event[1]` is its kind, places 2 and 3 become sequence and time.
local function emit(batch, event)
    local sequence = batch.numbers.event + 1
    batch.numbers.event = sequence
    event[2] = sequence
    event[3] = batch.now
    batch.events[#batch.events + 1] = cmsgpack.pack(event)
end

-- `end_reason` is empty for an order that rests or is filled; the level and the update id are 0 for
-- one that does not rest.
function events.placed(batch, order, filled, canceled, end_reason, level_lots, update_id)
    emit(batch, {
        "placed", 0, 0, order.id, order.user, order.symbol, order.side, order.type,
        order.time_in_force, order.post_only, order.price, order.qty, order.client_order_id,
        filled, order.filled_units, order.remaining, canceled, end_reason, level_lots, update_id,
    })
end

function events.rejected(batch, order, reason)
    emit(batch, {
        "rejected", 0, 0, order.id, order.user, order.symbol, order.side, order.type,
        order.time_in_force, order.post_only, order.price, order.qty, order.client_order_id, reason,
    })
end

function events.trade(batch, trade)
    local taker, maker = trade.taker, trade.maker
    emit(batch, {
        "trade", 0, 0, trade.id, maker.symbol, maker.price, trade.lots, trade.base_units,
        trade.quote_units, taker.side, taker.id, maker.id, taker.user, maker.user,
        trade.taker_fee, trade.maker_fee, maker.remaining, trade.level_lots, trade.update_id,
    })
end

function events.filled(batch, order)
    emit(batch, {
        "filled", 0, 0, order.id, order.user, order.symbol, order.side, order.type,
        order.time_in_force, order.post_only, order.price, order.qty, order.client_order_id,
        order.filled_units,
    })
end

function events.canceled(batch, order, lots, end_reason, level_lots, update_id)
    emit(batch, {
        "canceled", 0, 0, order.id, order.user, order.symbol, order.side, order.type,
        order.time_in_force, order.post_only, order.price, order.qty, order.client_order_id,
        order.qty - lots, order.filled_units, lots, end_reason, level_lots, update_id,
    })
end

function events.funds(batch, user_id, asset, amount, reference)
    emit(batch, { "funds", 0, 0, user_id, asset, amount, reference })
end

function events.market_defined(batch, terms)
    emit(batch, {
        "market-defined", 0, 0, terms.symbol, terms.base, terms.quote, terms.lot_units,
        terms.tick_lot_units, terms.min_qty, terms.max_qty, terms.max_price, terms.min_notional,
        terms.price_band_bps, terms.maker_fee_ppm, terms.taker_fee_ppm,
    })
end

function events.market_status(batch, market, reason)
    emit(batch, { "market-status", 0, 0, market.symbol, market.status, reason })
end

function events.limits(batch, user_id, open_orders, caps, orders_per_second)
    emit(batch, { "limits", 0, 0, user_id, open_orders, caps, orders_per_second })
end

function events.reset(batch, user_id, reference)
    emit(batch, { "reset", 0, 0, user_id, reference })
end

function events.refused(batch, user_id, kind, reason, detail)
    emit(batch, { "refused", 0, 0, user_id, kind, reason, detail })
end

return events
