-- Function check: looks at one slice of a shard and says what is broken in it. Atomic with the
-- state and short: each slice has a bound, so that a running market can be checked without a stop.
-- matching/invariants.py goes from slice to slice.
--
-- KEYS: 1 the shard's prefix.  ARGV: 1 the kind of slice, then what that kind needs.
-- Returns: see check_slice.pack.
-- Writes and emits nothing.

local check_books = require("check_books")
local check_slice = require("check_slice")
local check_sums = require("check_sums")

local KINDS = {
    markets = require("check_markets"),
    book = check_books.book,
    levels = check_books.levels,
    users = require("check_users"),
    events = require("check_events"),
    ["balances-of"] = check_sums.balances_of,
    ["orders-of"] = check_sums.orders_of,
    ["orders-at"] = check_sums.orders_at,
}

return function(names, arguments)
    local slice = check_slice.new(names[1])
    return check_slice.pack(slice, KINDS[arguments[1]](slice, arguments))
end
