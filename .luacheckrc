-- The matching library runs inside Valkey: Lua 5.1 with the server's own globals.
std = "lua51"
read_globals = { "redis", "server", "cmsgpack", "cjson", "bit" }
max_line_length = 100
