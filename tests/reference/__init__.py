"""A naive matching engine: the readable specification that the Lua library is compared with."""
