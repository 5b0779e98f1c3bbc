-- Commands cancel and cancel-all: take open orders off the book and free what they reserved.
-- Emits: canceled for each; or refused (UNKNOWN_ORDER: not open, or somebody else's).

local book = require("book")
local events = require("events")
local markets = require("markets")
local orders = require("orders")
local wallets = require("wallets")

local cancel = {}

local function take_off(batch, order, end_reason)
    local market = markets.get(batch, order.symbol)
    local terms, lots = market.terms, order.remaining
    local wallet = wallets.get(batch, order.user, terms)
    wallets.reserve(wallet, terms, order, -lots)
    wallets.add(wallet, terms.orders, -1)
    local level_lots = book.take(batch, book.side(batch, market, order.side), order, lots)
    local update_id = markets.next_update_id(market)
    events.canceled(batch, order, lots, end_reason, level_lots, update_id)
end

function cancel.one(batch, command)
    local user_id, order_id = command[3], command[4]
    local order = orders.get(batch, user_id, order_id)
    if not order or order.ended then
        return events.refused(batch, user_id, "cancel", "UNKNOWN_ORDER", "")
    end
    return take_off(batch, order, "USER")
end

-- Cancels all open orders of a user, in `symbol` only unless it is empty.
function cancel.all_of(batch, user_id, symbol, end_reason)
    for _, order in ipairs(orders.open_of(batch, user_id)) do
        if symbol == "" or symbol == order.symbol then
            take_off(batch, order, end_reason)
        end
    end
end

function cancel.all(batch, command)
    local user_id, symbol = command[3], command[4]
    if symbol ~= "" then
        local market = markets.get(batch, symbol)
        if not market then
            return events.refused(batch, user_id, "cancel-all", "UNKNOWN_SYMBOL", "")
        end
        -- Else the user's orders in all other markets would be looked through.
        wallets.get(batch, user_id, market.terms)
        if market.terms.orders.amounts[user_id] == 0 then
            return nil
        end
    end
    return cancel.all_of(batch, user_id, symbol, "USER")
end

return cancel
