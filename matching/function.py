"""The matching function as Python sees it: one call, its reply, and the way past what it fails on.

Called by the worker, the replay, the benchmark and the tests; the function itself is
`matching/lua/batch.lua`.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast

from redis import Redis
from redis.exceptions import ResponseError

from matching import keys

Mode = Literal["apply", "refuse"]

_SCRIPT_FAULT: Final = "user_function"
"""A fault of a function itself names it; everything else is the server's trouble, and passes."""


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What one call did; `acks` maps gateway → packed acks."""

    entries: int
    commands: int
    last_event: int
    acks: dict[str, bytes]
    fault: "ScriptError | None" = None
    """Why the one entry of the call was refused instead of applied."""


class ScriptError(ResponseError):
    """The function failed on what it was to apply; the server is well."""


def match_commands(
    hot: Redis, *, shard: int, window_us: int, max_commands: int, mode: Mode = "apply"
) -> BatchReply:
    """Apply the next entries of a shard, at least one, until there are so many commands.

    `window_us` is that of client order ids. Mode "refuse" answers the commands unapplied. Raises
    ScriptError where the function fails on them: nothing was applied then.
    """
    arguments = (str(max_commands), str(window_us), mode)
    try:
        reply = hot.fcall("match_commands", 1, keys.prefix(shard), *arguments)
    except ResponseError as error:
        if is_of_script(error):
            raise ScriptError(str(error)) from error
        raise
    entries, commands, last_event, *acks = cast("list[Any]", reply)
    gateways = (gateway.decode() for gateway in acks[::2])
    return BatchReply(entries, commands, last_event, dict(zip(gateways, acks[1::2], strict=True)))


def match_or_refuse(hot: Redis, *, shard: int, window_us: int, max_commands: int) -> BatchReply:
    """Apply a batch; where it fails the next entry alone; where that fails too, refuse it.

    Raises ScriptError where not even that can be done.
    """
    for most in (max_commands, 1):
        try:
            return match_commands(hot, shard=shard, window_us=window_us, max_commands=most)
        except ScriptError as error:
            fault = error
    refused = match_commands(hot, shard=shard, window_us=window_us, max_commands=1, mode="refuse")
    return replace(refused, fault=fault)


def is_of_script(error: ResponseError) -> bool:
    """Tell whether a function failed, rather than the server."""
    return _SCRIPT_FAULT in str(error)
