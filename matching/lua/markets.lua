-- Markets: terms, status, last price and book update id; loaded once a batch.
-- Key: market:{symbol}, a hash.
-- Emits nothing.

local keys = require("keys")

-- The terms of a market in the order of the DefineMarket command.
local TEXTS = { "symbol", "base", "quote" }
local COUNTS = {
    "lot_units", "tick_lot_units", "min_qty", "max_qty", "max_price", "min_notional",
    "price_band_bps", "maker_fee_ppm", "taker_fee_ppm",
}

local markets = { TEXTS = TEXTS, COUNTS = COUNTS }

local function load(prefix, symbol)
    local row = redis.call("HGETALL", keys.market(prefix, symbol))
    if #row == 0 then
        return false
    end
    local market = {}
    for index = 1, #row, 2 do
        market[row[index]] = row[index + 1]
    end
    for _, name in ipairs(COUNTS) do
        market[name] = tonumber(market[name])
    end
    market.last_price = tonumber(market.last_price)
    market.update_id = tonumber(market.update_id)
    return market
end

-- The market of `symbol`, or false where none is listed.
function markets.get(batch, symbol)
    local market = batch.markets[symbol]
    if market == nil then
        market = load(batch.prefix, symbol)
        batch.markets[symbol] = market
    end
    return market
end

-- Lists a new market, with an empty book and no last price.
function markets.add(batch, market)
    market.status = "TRADING"
    market.last_price = 0
    market.update_id = 0
    market.redefined = true
    batch.markets[market.symbol] = market
end

-- Counts one more change of the market's book and returns its number.
function markets.next_update_id(market)
    market.update_id = market.update_id + 1
    market.changed = true
    return market.update_id
end

local function write_terms(key, market)
    local fields = {}
    for _, names in ipairs({ TEXTS, COUNTS }) do
        for _, name in ipairs(names) do
            fields[#fields + 1] = name
            fields[#fields + 1] = market[name]
        end
    end
    redis.call("HSET", key, unpack(fields))
end

function markets.write(batch)
    for symbol, market in pairs(batch.markets) do
        local key = keys.market(batch.prefix, symbol)
        if market and market.redefined then
            write_terms(key, market)
        end
        if market and (market.redefined or market.changed) then
            redis.call(
                "HSET", key, "status", market.status,
                "last_price", market.last_price, "update_id", market.update_id
            )
        end
    end
end

return markets
