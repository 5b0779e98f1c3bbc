-- Slice "events": whether the shard's log goes on without a hole or a repetition.
-- Key: events, a stream; an entry's id is the sequence of its last event.
-- ARGV: 2 the sequence behind which to go on (0: from the oldest event that is held; the log's end
--   is looked at, too).
-- Answers: the sequence of the last event looked at, and that of the shard's last.

local check_slice = require("check_slice")
local keys = require("keys")
local numbers = require("numbers")

local PAGE = 8 -- entries read at once: one can hold thousands of events
local MAX_ENTRIES = 64
local MAX_EVENTS = 5000 -- after which no further page is read
local SEQUENCE = 2 -- the place of an event's sequence

-- How many events an entry holds and the sequence of the first, unpacking no other; nil where they
-- are no MessagePack array of events.
local function read_header(packed)
    local head, first, second, third, fourth = packed:byte(1, 5)
    local count, size
    if head and head >= 0x90 and head <= 0x9f then
        count, size = head - 0x90, 1
    elseif head == 0xdc and second then
        count, size = first * 256 + second, 3
    elseif head == 0xdd and fourth then
        count, size = ((first * 256 + second) * 256 + third) * 256 + fourth, 5
    end
    if not count or count == 0 then
        return nil
    end
    local readable, _, event = pcall(cmsgpack.unpack_one, packed, size)
    if not readable or type(event) ~= "table" or not numbers.is_count(event[SEQUENCE]) then
        return nil
    end
    return count, event[SEQUENCE]
end

local function find(slice, sequence, what, ...)
    check_slice.find(slice, "events", "", "event " .. numbers.text(sequence), what, ...)
end

-- What came before the oldest entry was trimmed: that one may begin with any sequence.
local function is_oldest(slice, id)
    return redis.call("XRANGE", keys.events(slice.prefix), "-", "+", "COUNT", 1)[1][1] == id
end

-- Checks an entry that should go on where `before` ended; returns the sequence of its last event.
local function check_entry(slice, id, fields, before)
    local last = tonumber(id:match("^%d+"))
    local count, first = read_header(fields[2] or "")
    if not count then
        find(slice, last, "ends an entry that cannot be read")
        return last
    end
    if first ~= before + 1 and not is_oldest(slice, id) then
        find(slice, first, "comes next after event %d", before)
    end
    if first + count - 1 ~= last then
        find(slice, last, "ends an entry of %d events that begins with %d", count, first)
    end
    check_slice.count(slice, "events", count)
    return last
end

local function check_end(slice, last)
    local log = keys.events(slice.prefix)
    -- Trimmed to nothing it would still be there.
    if last > 0 and redis.call("EXISTS", log) == 0 then
        find(slice, last, "is the shard's last, there is no log")
    end
    local newest = redis.call("XREVRANGE", log, "+", "-", "COUNT", 1)[1]
    local held = newest and tonumber(newest[1]:match("^%d+"))
    if held and held ~= last then
        find(slice, last, "is the shard's last, the log ends with %d", held)
    end
end

return function(slice, arguments)
    local from, before = tonumber(arguments[2]), tonumber(arguments[2])
    local last = tonumber(redis.call("HGET", keys.sequence(slice.prefix), "event") or 0)
    if before == 0 then
        check_end(slice, last)
    end
    local entries = 0
    repeat
        local rows = redis.call(
            "XRANGE", keys.events(slice.prefix), numbers.text(before + 1), "+", "COUNT", PAGE
        )
        for _, row in ipairs(rows) do
            before = check_entry(slice, row[1], row[2], before)
        end
        entries = entries + #rows
    until #rows < PAGE or entries >= MAX_ENTRIES or before - from >= MAX_EVENTS
    return { before, last }
end
