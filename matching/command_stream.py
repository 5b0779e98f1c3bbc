"""Adds commands to the shards' streams. Used by the client, which must know "not sent" for sure."""

import logging
from collections.abc import Callable, Sequence

from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, OutOfMemoryError, RedisError, ResponseError

from matching import keys
from matching.codec import encode_command_entry
from matching.domain.commands import AnyCommand
from matching.domain.errors import ErrorCode, ExchangeError

log = logging.getLogger(__name__)


class NoMemoryLeft(Exception):  # noqa: N818 - a fact about the server
    """The server has no memory left and takes nothing but what frees some; nothing was added."""


class CommandStream:
    """One gateway's way into the command streams."""

    def __init__(self, hot: Redis, *, gateway: str, clock_us: Callable[[], int]) -> None:
        self._hot = hot
        self._gateway = gateway
        self._clock_us = clock_us

    async def append(
        self, shard: int, commands: Sequence[AnyCommand], *, beyond_limit: bool = False
    ) -> None:
        """Add one entry; `beyond_limit` where it frees memory, and the server has none left.

        Raises NoMemoryLeft, and ExchangeError: UNAVAILABLE (not added), UNKNOWN_OUTCOME.
        """
        fields = encode_command_entry(
            gateway=self._gateway, ts_us=self._clock_us(), commands=commands
        )
        pairs = [part for pair in fields.items() for part in pair]
        if beyond_limit:
            await self._ask(shard, "FCALL", "append_commands", 1, keys.prefix(shard), *pairs)
        else:
            await self._ask(shard, "XADD", keys.commands(shard), "*", *pairs)

    async def _ask(self, shard: int, *request: str | int | bytes) -> None:
        """Make a request. A connection is taken first: what fails before was never sent."""
        pool = self._hot.connection_pool
        try:
            connection = await pool.get_connection()  # type: ignore[no-untyped-call]
        except (RedisError, OSError):
            raise unavailable() from None
        try:
            await connection.send_command(*request)
            await connection.read_response()
        except OutOfMemoryError:
            raise NoMemoryLeft from None
        except (ResponseError, BusyLoadingError) as error:
            # An answer, even that of a server that still loads its log: it took nothing in.
            log.warning("Hot Redis refused commands of shard %d: %s", shard, error)
            raise unavailable() from None
        except (RedisError, OSError):
            raise unknown_outcome() from None
        finally:
            await pool.release(connection)


def unavailable() -> ExchangeError:
    """Return what a caller is told whose command was not sent."""
    return ExchangeError(
        ErrorCode.UNAVAILABLE, "Matching cannot be reached; nothing was sent. Try again."
    )


def unknown_outcome() -> ExchangeError:
    """Return what a caller is told whose command was sent, and not answered."""
    return ExchangeError(
        ErrorCode.UNKNOWN_OUTCOME,
        "The request was sent, but no answer came in time: it may or may not have taken effect. "
        "Look the order up by its clientOrderId, or among the open orders, before trying again.",
    )
