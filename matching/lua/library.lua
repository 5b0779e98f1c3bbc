-- The functions of the library. matching/library.py puts this file last.

redis.register_function({ function_name = "match_commands", callback = require("batch") })
redis.register_function({
    function_name = "book_depth",
    callback = require("depth"),
    flags = { "no-writes" },
})
