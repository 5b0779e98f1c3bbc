-- Variadic writes in pieces, since Lua can pass only so many arguments at once.

local MAX_ARGUMENTS = 2000 -- even, so that pairs stay together; Lua's C stack takes 8,000

local writes = {}

-- Calls `command key value…` with all `values`, in as few calls as fit. No values, no call.
function writes.variadic(command, key, values)
    for first = 1, #values, MAX_ARGUMENTS do
        local last = math.min(first + MAX_ARGUMENTS - 1, #values)
        redis.call(command, key, unpack(values, first, last))
    end
end

-- Calls `command key…` with all `names`, in as few calls as fit.
function writes.each_key(command, names)
    for first = 1, #names, MAX_ARGUMENTS do
        local last = math.min(first + MAX_ARGUMENTS - 1, #names)
        redis.call(command, unpack(names, first, last))
    end
end

return writes
