-- References of funds and resets, which share one space: what each was first used for.
-- Key: references, a hash of reference → packed terms and first answer.
-- Emits: refused (CONFLICT).

local events = require("events")
local keys = require("keys")
local msgpack = require("msgpack")

local references = {}

local function first_use(batch, reference)
    local use = batch.references[reference]
    if use == nil then
        local packed = redis.call("HGET", keys.references(batch.prefix), reference)
        use = packed and cmsgpack.unpack(packed)
        batch.references[reference] = use
    end
    return use
end

-- Answers a command whose reference was used before, and tells whether it did: with the first
-- answer where it asks the same (`terms` is equal text), else with a conflict.
function references.answer_again(batch, user_id, kind, reference, terms)
    local use = first_use(batch, reference)
    if not use then
        return false
    elseif use.terms == terms then
        batch.earlier_answer = use.answer
    else
        events.refused(batch, user_id, kind, "CONFLICT", "reference was used before")
    end
    return true
end

-- Remembers the last event of the command at hand as the answer to its reference.
function references.remember(batch, reference, terms)
    local last = #batch.events
    local use = { terms = terms, answer = msgpack.array(batch.events, last, last) }
    batch.references[reference] = use
    batch.new_references[#batch.new_references + 1] = { reference, cmsgpack.pack(use) }
end

function references.write(batch)
    for _, use in ipairs(batch.new_references) do
        redis.call("HSET", keys.references(batch.prefix), use[1], use[2])
    end
end

return references
