-- Function append_commands: adds an entry to a shard's command stream even where the server has no
-- memory left. For commands that free memory, cancels above all; a plain XADD is refused there,
-- which keeps new orders out.
--
-- KEYS: 1 the shard's prefix (`v1:{s0}:`).
-- ARGV: the entry's fields and values, in turn.
-- Returns: the entry's id.

local keys = require("keys")

return function(names, arguments)
    return redis.call("XADD", keys.commands(names[1]), "*", unpack(arguments))
end
