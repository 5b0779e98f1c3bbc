-- Variadic writes in pieces, since Lua can pass only so many arguments at once.

local MAX_ARGUMENTS = 2000 -- even, so that pairs stay together; Lua's C stack takes 8,000

local writes = {}

-- Calls `command key value…` with the first `count` of `values` (nil: all), in as few calls as fit.
-- No values, no call.
function writes.variadic(command, key, values, count)
    count = count or #values
    if count == 0 then
        return nil
    elseif count <= MAX_ARGUMENTS then
        return redis.call(command, key, unpack(values, 1, count))
    end
    for first = 1, count, MAX_ARGUMENTS do
        local last = count
        if last >= first + MAX_ARGUMENTS then
            last = first + MAX_ARGUMENTS - 1
        end
        redis.call(command, key, unpack(values, first, last))
    end
    return nil
end

return writes
