-- Commands define-market and market-status.
-- Emits: market-defined, market-status; or refused.

local events = require("events")
local markets = require("markets")
local numbers = require("numbers")

local BPS = 10000
local PPM = 1000000
local FIRST_COUNT = 3 + #markets.TEXTS -- place of the first number in the command

-- What a listed market can never change: open orders and balances are counted in them.
local FIXED = { "base", "quote", "lot_units", "tick_lot_units" }

local market_commands = {}

local function from_command(command)
    local terms = {}
    for index, name in ipairs(markets.TEXTS) do
        terms[name] = command[2 + index]
    end
    for index, name in ipairs(markets.COUNTS) do
        terms[name] = command[FIRST_COUNT - 1 + index]
    end
    return terms
end

-- Why these terms cannot be listed, if so. With every product within 2^53-1 here, no order that
-- passes the filters can overflow.
local function fault(terms)
    if terms.symbol ~= terms.base .. "-" .. terms.quote then
        return "symbol is not base-quote"
    elseif terms.lot_units < 1 or terms.tick_lot_units < 1 then
        return "a lot or a tick is worth nothing"
    elseif terms.min_qty < 1 or terms.min_qty > terms.max_qty or terms.max_price < 1 then
        return "the bounds leave no quantity or no price"
    elseif not numbers.product(terms.max_price, terms.max_qty, terms.tick_lot_units) then
        return "the largest notional does not fit"
    elseif not numbers.product(terms.max_qty, terms.lot_units) then
        return "the largest quantity does not fit"
    elseif not numbers.product(terms.max_price, BPS) then
        return "the largest price does not fit"
    elseif terms.price_band_bps > BPS then
        return "the price band is over 100 percent"
    elseif terms.maker_fee_ppm > PPM or terms.taker_fee_ppm > PPM then
        return "a fee is over 100 percent"
    end
    return nil
end

local function refuse(batch, reason, detail)
    events.refused(batch, 0, "define-market", reason, detail)
end

function market_commands.define(batch, command)
    local terms = from_command(command)
    local wrong = fault(terms)
    if wrong then
        return refuse(batch, "INVALID_REQUEST", wrong)
    end
    local listed = markets.get(batch, terms.symbol)
    if not listed then
        markets.add(batch, terms)
        return events.market_defined(batch, terms)
    end
    for _, name in ipairs(FIXED) do
        if listed.terms[name] ~= terms[name] then
            return refuse(batch, "CONFLICT", name .. " of a listed market cannot change")
        end
    end
    markets.redefine(batch, listed, terms)
    return events.market_defined(batch, terms)
end

function market_commands.set_status(batch, command)
    local market = markets.get(batch, command[3])
    if not market then
        return events.refused(batch, 0, "market-status", "UNKNOWN_SYMBOL", "")
    end
    markets.set_status(market, command[4])
    return events.market_status(batch, market, command[5])
end

return market_commands
