-- Key names under a shard's prefix, the same as matching/keys.py spells them.

local BOOK_SIDES = { BUY = "bids", SELL = "asks" }

local keys = {}

function keys.commands(prefix)
    return prefix .. "commands"
end

function keys.dead_commands(prefix)
    return prefix .. "commands:dead"
end

function keys.events(prefix)
    return prefix .. "events"
end

function keys.cursor(prefix)
    return prefix .. "cursor"
end

function keys.sequence(prefix)
    return prefix .. "sequence"
end

function keys.supply(prefix)
    return prefix .. "supply"
end

function keys.references(prefix)
    return prefix .. "references"
end

function keys.market(prefix, symbol)
    return prefix .. "market:" .. symbol
end

function keys.book(prefix, symbol, side)
    return prefix .. "book:" .. symbol .. ":" .. BOOK_SIDES[side]
end

function keys.levels(prefix, symbol, side)
    return prefix .. "levels:" .. symbol .. ":" .. BOOK_SIDES[side]
end

function keys.open_orders(prefix, user_id)
    return string.format("%sorders:%d", prefix, user_id)
end

function keys.wallet(prefix, user_id)
    return string.format("%swallet:%d", prefix, user_id)
end

function keys.limits(prefix, user_id)
    return string.format("%slimits:%d", prefix, user_id)
end

function keys.client_order(prefix, user_id, client_order_id)
    return string.format("%sclient-order:%d:%s", prefix, user_id, client_order_id)
end

return keys
