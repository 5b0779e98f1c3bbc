-- One slice of a check: what it has looked at, what it found broken, and the markets it met.
-- Everything is read from Redis anew: what match_commands remembers between its calls may differ
-- from what is stored, and would then hide it.
-- Key: market:{symbol}, see markets.lua.

local keys = require("keys")

local MAX_FINDINGS = 20 -- told of one slice; the others are only counted
local TERMS = "base=(%S+) quote=(%S+) lot_units=(%d+) tick_lot_units=(%d+)"

local check_slice = {}

function check_slice.new(prefix)
    return {
        prefix = prefix,
        looked_at = {}, -- check → how many things
        broken = {}, -- check → how many of them
        findings = {}, -- {check, symbol, subject, what is wrong with it}
        markets = {}, -- symbol → the terms that sums need
    }
end

local function add(counts, check, number)
    counts[check] = (counts[check] or 0) + number
end

-- Notes that `number` things were looked at for the invariant `check`.
function check_slice.count(slice, check, number)
    add(slice.looked_at, check, number)
end

-- Damaged keys may hold anything; what is told of them is printable text.
function check_slice.printable(text)
    return (tostring(text):gsub("[^\32-\126]", "?"))
end

-- Notes that `subject` breaks the invariant `check`. `symbol` is the market it is about, empty
-- where it is about the whole shard; `format` and its values say what is wrong.
function check_slice.find(slice, check, symbol, subject, format, ...)
    add(slice.broken, check, 1)
    if #slice.findings < MAX_FINDINGS then
        local printable = check_slice.printable
        slice.findings[#slice.findings + 1] =
            { check, printable(symbol), printable(subject), printable(format:format(...)) }
    end
end

-- The terms of a listed market, or nil.
function check_slice.market(slice, symbol)
    local market = slice.markets[symbol]
    if market == nil then
        local line = redis.call("HGET", keys.market(slice.prefix, symbol), "terms") or ""
        local base, quote, lot_units, tick_lot_units = line:match(TERMS)
        market = base and {
            lot_units = tonumber(lot_units),
            tick_lot_units = tonumber(tick_lot_units),
            base_reserved = base .. ".reserved",
            quote_reserved = quote .. ".reserved",
            base_incoming = base .. ".incoming",
            orders = symbol .. ".orders",
            books = {
                BUY = keys.book(slice.prefix, symbol, "BUY"),
                SELL = keys.book(slice.prefix, symbol, "SELL"),
            },
        }
        slice.markets[symbol] = market or false
    end
    return market or nil
end

local function pairs_of(counts)
    local list = {}
    for check, number in pairs(counts) do
        list[#list + 1] = { check, number }
    end
    return list
end

-- The packed reply: what was looked at and what is broken, as lists of {check, number}, the
-- findings, and the slice's own answer.
function check_slice.pack(slice, answer)
    return cmsgpack.pack({
        pairs_of(slice.looked_at), pairs_of(slice.broken), slice.findings, answer,
    })
end

return check_slice
