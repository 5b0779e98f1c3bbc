-- The functions of the library. matching/library.py puts this file last.
--
-- Those with `allow-oom` go on where the server has no memory left. What was taken in is matched
-- even then: else cancels, which make room, would wait behind it for good.

redis.register_function({
    function_name = "match_commands",
    callback = require("batch"),
    flags = { "allow-oom" },
})
redis.register_function({
    function_name = "append_commands",
    callback = require("append"),
    flags = { "allow-oom" },
})
redis.register_function({
    function_name = "book_depth",
    callback = require("depth"),
    flags = { "no-writes" },
})
redis.register_function({
    function_name = "check",
    callback = require("check"),
    flags = { "no-writes" },
})
