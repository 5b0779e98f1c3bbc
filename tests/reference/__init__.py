"""A naive matching engine: the readable specification that the Lua library is compared with.

Plain Python over lists and dicts, slow, and meant to be obviously right. Source: docs/api.md.
Read `engine` first (a command comes in, events go out), then `placing`; `state` is all it knows.
"""
