-- Markets: terms, status, last price and book update id; loaded when first met.
-- Key: market:{symbol}, a hash of `terms` (one line of text), `status`, `last_price`, `update_id`.
-- Emits nothing.

local keys = require("keys")
local wallets = require("wallets")

-- The terms of a market in the order of the DefineMarket command.
local TEXTS = { "symbol", "base", "quote" }
local COUNTS = {
    "lot_units", "tick_lot_units", "min_qty", "max_qty", "max_price", "min_notional",
    "price_band_bps", "maker_fee_ppm", "taker_fee_ppm",
}

local markets = { TEXTS = TEXTS, COUNTS = COUNTS }

local function to_line(terms)
    local parts = {}
    for _, name in ipairs(TEXTS) do
        parts[#parts + 1] = name .. "=" .. terms[name]
    end
    for _, name in ipairs(COUNTS) do
        parts[#parts + 1] = string.format("%s=%d", name, terms[name])
    end
    return table.concat(parts, " ")
end

-- Adds what follows from the terms: the fields of a wallet that trading here touches.
local function complete(batch, terms)
    local function field(owner, part)
        return wallets.field(batch, owner .. "." .. part)
    end
    terms.quote_available = field(terms.quote, "available")
    terms.quote_reserved = field(terms.quote, "reserved")
    terms.base_available = field(terms.base, "available")
    terms.base_reserved = field(terms.base, "reserved")
    terms.base_incoming = field(terms.base, "incoming")
    terms.orders = field(terms.symbol, "orders")
    terms.wallet_fields = {
        terms.quote_available, terms.quote_reserved, terms.base_available, terms.base_reserved,
        terms.base_incoming, terms.orders,
    }
    return terms
end

local function from_line(batch, line)
    local terms = {}
    for name, value in line:gmatch("(%S+)=(%S+)") do
        terms[name] = value
    end
    for _, name in ipairs(COUNTS) do
        terms[name] = tonumber(terms[name])
    end
    return complete(batch, terms)
end

local function load(batch, symbol)
    local key = keys.market(batch.prefix, symbol)
    local row = redis.call("HMGET", key, "terms", "status", "last_price", "update_id")
    if not row[1] then
        return nil
    end
    return {
        key = key,
        symbol = symbol,
        terms = from_line(batch, row[1]),
        status = row[2],
        last_price = tonumber(row[3]),
        update_id = tonumber(row[4]),
    }
end

local function use(batch, market)
    if market.call ~= batch.call then
        market.call = batch.call
        batch.markets[#batch.markets + 1] = market
    end
end

-- The market of `symbol`, or nil where none is listed.
function markets.get(batch, symbol)
    local market = batch.memory.markets[symbol]
    if not market then
        market = load(batch, symbol)
        if not market then
            return nil
        end
        batch.memory.markets[symbol] = market
    end
    use(batch, market)
    return market
end

-- Lists a new market, with an empty book and no last price.
function markets.add(batch, terms)
    local market = {
        key = keys.market(batch.prefix, terms.symbol),
        symbol = terms.symbol,
        terms = complete(batch, terms),
        status = "TRADING",
        last_price = 0,
        update_id = 0,
        redefined = true,
        changed = true,
    }
    batch.memory.markets[terms.symbol] = market
    use(batch, market)
end

-- Gives a listed market other filters and fees.
function markets.redefine(batch, market, terms)
    market.terms = complete(batch, terms)
    market.redefined = true
end

function markets.set_status(market, status)
    market.status = status
    market.changed = true
end

-- Counts one more change of the market's book and returns its number.
function markets.next_update_id(market)
    market.update_id = market.update_id + 1
    market.changed = true
    return market.update_id
end

function markets.write(batch)
    for _, market in ipairs(batch.markets) do
        if market.redefined then
            redis.call("HSET", market.key, "terms", to_line(market.terms))
        end
        if market.changed then
            redis.call(
                "HSET", market.key, "status", market.status,
                "last_price", market.last_price, "update_id", market.update_id
            )
        end
        market.redefined, market.changed = false, false
    end
end

return markets
