-- When Lua's collector works: not during a call of match_commands, and behind it in proportion to
-- what the call took. Left to itself it works in the middle of calls, and either seldom (then Lua
-- makes its table of all strings anew, in one go, which takes three times as long as the rest of
-- the call) or in steps of a kilobyte (then each goes through one table at least, however large).
-- No KEYS, no ARGV; emits nothing.

local COLLECTED_PER_TAKEN = 2
local STEP_KB = 16
local STEP_MULTIPLIER = 100 * STEP_KB -- in percent of a kilobyte
-- For the functions that only read, which take little.
local USUAL_PAUSE = 100
local USUAL_STEP_MULTIPLIER = 200

local collector = {}

local begun_kb = 0

-- Stops the collector. A call that fails leaves it so; the next one goes on from there.
function collector.hold()
    collectgarbage("stop")
    begun_kb = collectgarbage("count")
end

-- Collects, and lets the collector go.
function collector.work()
    local taken_kb = collectgarbage("count") - begun_kb
    collectgarbage("setpause", USUAL_PAUSE)
    collectgarbage("setstepmul", STEP_MULTIPLIER)
    collectgarbage("step", math.ceil(taken_kb * COLLECTED_PER_TAKEN / STEP_KB))
    collectgarbage("setstepmul", USUAL_STEP_MULTIPLIER)
    collectgarbage("restart")
end

return collector
