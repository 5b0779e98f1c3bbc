-- Ids of orders and trades: the number on the shard and the shard (matching/domain/ids.py).
-- Emits nothing; the numbers are written with the commit.

local numbers = require("numbers")

local MAX_AMOUNT = numbers.MAX_AMOUNT
local MAX_SHARDS = 64

local ids = {}

-- The next id of `kind`: "order" or "trade".
function ids.next(batch, kind)
    local number = batch.numbers[kind] + 1
    batch.numbers[kind] = number
    local id = number * MAX_SHARDS + batch.shard
    if id > MAX_AMOUNT then
        error("the ids of this shard are used up")
    end
    return id
end

return ids
