-- Function match_commands: applies the next commands of a shard and commits them all at once.
--
-- Everything is computed in tables first; only then is anything written. Redis keeps the writes a
-- script made before it failed, so a function that can fail only before its first write makes the
-- batch atomic: book, orders, wallets, events and cursor move together or not at all.
--
-- KEYS: 1 the shard's prefix (`v1:{s0}:`), by which a cluster routes the call.
-- ARGV: 1 commands after which no further entry is begun, 2 the window of client order ids in
--   microseconds, 3 "refuse" to answer the next entry's commands unapplied (the way past an entry
--   on which the function fails by itself), else "apply".
-- Returns: entries applied, commands applied, sequence of the last event, then for each gateway its
--   id and its packed acks, `[[request_id, events], …]`.

local apply = require("apply")
local book = require("book")
local client_orders = require("client_orders")
local collector = require("collector")
local events = require("events")
local keys = require("keys")
local limits = require("limits")
local markets = require("markets")
local memory = require("memory")
local msgpack = require("msgpack")
local numbers = require("numbers")
local orders = require("orders")
local references = require("references")
local supply = require("supply")
local wallets = require("wallets")

local PAGE = 16 -- stream entries read at once
local MAX_COMMANDS_PER_ENTRY = 1000
-- A call begins no further entry after these, which bounds its time but for a single command that
-- cancels very many orders.
local MAX_EVENTS = 5000
local MAX_REPLY_BYTES = 1000000 -- of answers given before
local MAX_ENTRIES = 1000
local MAX_DEAD = 10000 -- unreadable commands kept, roughly
local MAX_CLOCK_SKEW_US = 1000000 -- a gateway's clock may be this far ahead of the server's
local ACK_HEADER = "\146" -- MessagePack: an array of two
local MAX_WINDOW_US = 30 * 24 * 3600 * 1000000

-- Where the shard stands, as text.
local function stamp(batch)
    return batch.cursor .. " " .. numbers.text(batch.numbers.event)
end

local function begin(prefix, client_order_window_us)
    local stored = redis.call("HMGET", keys.sequence(prefix), "event", "trade", "order", "ts")
    local batch = {
        prefix = prefix,
        shard = tonumber(prefix:match("{s(%d+)}")),
        client_order_window_us = client_order_window_us,
        cursor = redis.call("GET", keys.cursor(prefix)) or "0-0",
        numbers = {
            event = tonumber(stored[1] or 0),
            trade = tonumber(stored[2] or 0),
            order = tonumber(stored[3] or 0),
        },
        now = tonumber(stored[4] or 0),
        entries = 0,
        commands = 0,
        wallets = {}, -- those in use
        markets = {}, -- those in use
        sides = {}, -- of books, those in use
        added_orders = {}, -- those that the memory did not have
        changed_orders = {},
        limits = {}, -- limits key → fields
        supply = {}, -- asset → {units, changed}
        references = {}, -- reference → its first use
        new_references = {}, -- {reference, packed first use}, of this batch
        client_orders = {}, -- client order key → record
        remembered = {}, -- client order key → {order, packed record}, of this batch
        events = {}, -- packed
        first_event = 1, -- of the command at hand
        earlier_answer = nil, -- packed events that answer the command at hand instead
        repeated_bytes = 0, -- of earlier answers, for the entry at hand
        reply_bytes = 0, -- the same for all entries
        acks = {}, -- gateway → {count, pieces of packed acks, place of the last piece}
        dead = {}, -- {reason, packed}
    }
    batch.memory = memory.take(prefix, stamp(batch))
    batch.call = batch.memory.call
    return batch
end

local function bury(batch, reason, packed)
    batch.dead[#batch.dead + 1] = { reason, packed }
end

-- An entry's gateway, time and commands, or nil and why it cannot be read.
local function read_entry(fields)
    local entry = {}
    for index = 1, #fields, 2 do
        entry[fields[index]] = fields[index + 1]
    end
    local ts = tonumber(entry.ts)
    local readable, commands = pcall(cmsgpack.unpack, entry.commands)
    local has_gateway = entry.gateway and entry.gateway:find("^[\32-\126]*$")
    if not has_gateway or not numbers.is_count(ts) then
        return nil, "no gateway or no time"
    elseif not readable or type(commands) ~= "table" then
        return nil, "commands are not a MessagePack array"
    end
    -- Not `#`, which may stop at a nil among the commands and pass over those behind it. A map's
    -- largest key may have a fraction.
    local count = table.maxn(commands)
    if count > MAX_COMMANDS_PER_ENTRY then
        return nil, "too many commands"
    elseif count % 1 > 0 or count == 0 and next(commands) ~= nil then
        return nil, "commands are a map"
    end
    return { gateway = entry.gateway, ts = ts, commands = commands, count = count }
end

local function acks_of(batch, gateway)
    local acks = batch.acks[gateway]
    if not acks then
        acks = { count = 0, pieces = {}, last = 0 }
        batch.acks[gateway] = acks
    end
    return acks
end

local function answer(batch, acks, request_id)
    local pieces, last = acks.pieces, acks.last + 3
    pieces[last - 2] = ACK_HEADER
    pieces[last - 1] = cmsgpack.pack(request_id)
    if batch.earlier_answer then
        pieces[last] = batch.earlier_answer
    else
        local packed, first = batch.events, batch.first_event
        pieces[last] = msgpack.array_header(#packed - first + 1)
        for index = first, #packed do
            last = last + 1
            pieces[last] = packed[index]
        end
    end
    acks.count, acks.last = acks.count + 1, last
end

local function apply_command(batch, acks, command, mode)
    batch.first_event = #batch.events + 1
    batch.earlier_answer = nil
    if type(command) ~= "table" then
        command = {}
    end
    if mode == "refuse" then
        apply.refuse(batch, command)
        bury(batch, "refused", cmsgpack.pack(command))
    elseif not apply.command(batch, command) then
        bury(batch, "unreadable", cmsgpack.pack(command))
    end
    if numbers.is_count(command[2]) then
        answer(batch, acks, command[2])
    end
end

-- The latest time that an entry may claim: entry ids begin with the server's milliseconds. A clock
-- that runs ahead would otherwise take the shard's time with it, for good.
local function latest_time(id)
    return tonumber(id:match("^%d+")) * 1000 + MAX_CLOCK_SKEW_US
end

local function apply_entry(batch, id, fields, mode)
    batch.cursor = id
    batch.entries = batch.entries + 1
    local entry, wrong = read_entry(fields)
    if not entry then
        events.refused(batch, 0, "unreadable", "INVALID_REQUEST", wrong)
        bury(batch, wrong, cmsgpack.pack(fields))
        return
    end
    batch.now = math.max(batch.now, math.min(entry.ts, latest_time(id)))
    batch.repeated_bytes = 0
    local acks, commands = acks_of(batch, entry.gateway), entry.commands
    for index = 1, entry.count do
        apply_command(batch, acks, commands[index], mode)
    end
    batch.commands = batch.commands + entry.count
    batch.reply_bytes = batch.reply_bytes + batch.repeated_bytes
end

-- Whether the call has done as much as one may.
local function is_full(batch, max_commands, max_entries)
    return batch.commands >= max_commands
        or batch.entries >= max_entries
        or #batch.events >= MAX_EVENTS
        or batch.reply_bytes >= MAX_REPLY_BYTES
end

local function apply_entries(batch, max_commands, mode)
    local max_entries = mode == "refuse" and 1 or MAX_ENTRIES
    while true do
        local rows = redis.call(
            "XRANGE", keys.commands(batch.prefix), "(" .. batch.cursor, "+", "COUNT", PAGE
        )
        for _, row in ipairs(rows) do
            apply_entry(batch, row[1], row[2], mode)
            if is_full(batch, max_commands, max_entries) then
                return
            end
        end
        if #rows < PAGE then
            return
        end
    end
end

local function write_events(batch, packed_events)
    if #batch.events > 0 then
        local id = numbers.text(batch.numbers.event) .. "-0"
        redis.call("XADD", keys.events(batch.prefix), id, "events", packed_events)
    end
end

-- Kept for people to look at: no reason to stop, whatever is wrong with the stream.
local function write_dead(batch)
    for _, dead in ipairs(batch.dead) do
        redis.pcall(
            "XADD", keys.dead_commands(batch.prefix), "MAXLEN", "~", MAX_DEAD, "*",
            "reason", dead[1], "command", dead[2]
        )
    end
end

-- What the worker gets; packed before the commit, because packing could fail.
local function reply_of(batch)
    local reply = { batch.entries, batch.commands, batch.numbers.event }
    for gateway, acks in pairs(batch.acks) do
        if acks.count > 0 then
            reply[#reply + 1] = gateway
            reply[#reply + 1] = msgpack.array_header(acks.count) .. table.concat(acks.pieces)
        end
    end
    return reply
end

-- Writes, and nothing else: values were checked and packed before. The events come first, because
-- their log takes each sequence once only: where a key is damaged, so that a later write fails, the
-- batch cannot be applied a second time.
local function commit(batch, packed_events)
    write_events(batch, packed_events)
    wallets.write(batch)
    limits.write(batch)
    supply.write(batch)
    references.write(batch)
    client_orders.write(batch)
    book.write(batch)
    orders.write(batch)
    markets.write(batch)
    redis.call(
        "HSET", keys.sequence(batch.prefix), "event", batch.numbers.event,
        "trade", batch.numbers.trade, "order", batch.numbers.order, "ts", batch.now
    )
    redis.call("SET", keys.cursor(batch.prefix), batch.cursor)
    write_dead(batch)
end

return function(names, arguments)
    local max_commands, window_us = tonumber(arguments[1]), tonumber(arguments[2])
    local mode = arguments[3]
    assert(window_us >= 1000 and window_us <= MAX_WINDOW_US, "the client order window is off")
    collector.hold()
    local batch = begin(names[1], window_us)
    apply_entries(batch, max_commands, mode)
    local reply, packed_events = reply_of(batch), msgpack.array(batch.events, 1, #batch.events)
    if batch.entries > 0 then
        commit(batch, packed_events)
    end
    memory.keep(batch.prefix, stamp(batch), batch.memory)
    collector.work()
    return reply
end
