"""Adds entries to the command streams, and tells what became of each. Used by the client."""

import logging
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, OutOfMemoryError, RedisError, ResponseError

from matching import keys
from matching.codec import encode_command_entry
from matching.domain.commands import AnyCommand

log = logging.getLogger(__name__)

Request = tuple[str | int | bytes, ...]


class Fate(Enum):
    """What became of an entry."""

    ADDED = auto()
    NOT_ADDED = auto()
    NO_MEMORY = auto()
    """Not added: the server has no memory left and takes nothing but what frees some."""
    UNKNOWN = auto()


class CommandStream:
    """One gateway's way into the command streams."""

    def __init__(self, hot: Redis, *, gateway: str, clock_us: Callable[[], int]) -> None:
        self._hot = hot
        self._gateway = gateway
        self._clock_us = clock_us

    async def append(
        self, shard: int, entries: Sequence[Sequence[AnyCommand]], *, beyond_limit: bool = False
    ) -> list[Fate]:
        """Add entries of commands, in this order and in one round trip; return the fate of each.

        `beyond_limit` is for commands that free memory, where the server has none left.
        """
        requests = [self._request(shard, commands, beyond_limit) for commands in entries]
        pool = self._hot.connection_pool
        try:
            # By itself and first: what fails before this was never sent.
            connection = await pool.get_connection()  # type: ignore[no-untyped-call]
        except (RedisError, OSError):
            return [Fate.NOT_ADDED] * len(requests)
        try:
            return await _ask(connection, requests)
        finally:
            await pool.release(connection)

    def _request(self, shard: int, commands: Sequence[AnyCommand], beyond_limit: bool) -> Request:
        fields = encode_command_entry(
            gateway=self._gateway, ts_us=self._clock_us(), commands=commands
        )
        pairs = [part for pair in fields.items() for part in pair]
        if beyond_limit:
            return ("FCALL", "append_commands", 1, keys.prefix(shard), *pairs)
        return ("XADD", keys.commands(shard), "*", *pairs)


async def _ask(connection: Any, requests: Sequence[Request]) -> list[Fate]:
    fates: list[Fate] = []
    try:
        await connection.send_packed_command(connection.pack_commands(requests))
        for _ in requests:
            fates.append(await _answer(connection))  # noqa: PERF401 - those before an error count
    except (RedisError, OSError):
        fates += [Fate.UNKNOWN] * (len(requests) - len(fates))
    return fates


async def _answer(connection: Any) -> Fate:
    try:
        await connection.read_response()
    except OutOfMemoryError:
        return Fate.NO_MEMORY
    except (ResponseError, BusyLoadingError) as error:
        # An answer, even that of a server that still loads its log: it took nothing in.
        log.warning("Hot Redis refused commands: %s", error)
        return Fate.NOT_ADDED
    return Fate.ADDED
