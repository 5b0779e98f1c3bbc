-- What a call of match_commands leaves to the next: the wallets, markets with their level totals,
-- and open orders it had in hand, so that they need not be read and parsed again.
--
-- It is only used where the shard stands exactly where the call that left it put it: the cursor and
-- the last event are in the stamp. Another server, a restored or an emptied one has no memory of
-- this shard, or one with another stamp. A call that fails leaves none, since its tables hold what
-- was never written.
-- No KEYS, no ARGV; emits nothing.

-- Lua's collector goes through a table in one go, and growing one is one go as well: small bounds
-- keep that well below a millisecond.
local MAX_WALLETS = 10000
local MAX_AMOUNTS = 1000000 -- of all fields together; each is a table of its own, by user
local MAX_ORDERS = 1500

local kept = {} -- a shard's prefix → its memory

local memory = {}

-- The memory of the shard as it stands at `stamp`, empty where there is none. Taking it leaves
-- none behind: `keep` is the last thing a call does.
function memory.take(prefix, stamp)
    local found = kept[prefix]
    kept[prefix] = nil
    if found and found.stamp == stamp then
        found.call = found.call + 1
        return found
    end
    return {
        call = 1, -- the number of the call that has it
        wallets = {}, -- user id → wallet
        wallet_count = 0,
        fields = {}, -- name → that field of all wallets
        amount_count = 0, -- in the fields
        orders = {}, -- order id → order
        order_count = 0,
        markets = {}, -- symbol → market
    }
end

local function forget_wallets(taken)
    taken.wallets, taken.wallet_count = {}, 0
    for _, field in pairs(taken.fields) do
        field.amounts = {}
    end
    taken.amount_count = 0
end

-- Keeps what was taken, now that everything in it is written.
function memory.keep(prefix, stamp, taken)
    if taken.wallet_count > MAX_WALLETS or taken.amount_count > MAX_AMOUNTS then
        forget_wallets(taken)
    end
    if taken.order_count > MAX_ORDERS then
        taken.orders, taken.order_count = {}, 0
    end
    taken.stamp = stamp
    kept[prefix] = taken
end

return memory
