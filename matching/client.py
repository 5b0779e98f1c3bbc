"""Sends commands to the shards and returns what they caused. Used by gateway and simulator alike.

Commands submitted in one turn of the event loop leave as one stream entry, in the order they were
submitted; while one entry is on its way the next gathers. The answer to a command is the list of
events it caused.
"""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, RedisError, ResponseError

from matching import keys
from matching.codec import decode_acks, encode_command_entry
from matching.domain.commands import (
    AnyCommand,
    CancelOrder,
    DefineMarket,
    PlaceOrder,
    SetMarketStatus,
)
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import AnyEvent
from matching.domain.ids import shard_of_order

MAX_COMMANDS_PER_ENTRY: Final = 250
MAX_WAITING: Final = 100_000
ACK_TIMEOUT_S: Final = 5.0
RECONNECT_PAUSE_S: Final = 0.2

log = logging.getLogger(__name__)

Outcome = list[AnyEvent] | ExchangeError


@dataclass(slots=True, eq=False)
class Pending:
    """A command on its way; `answer` gets the events it caused."""

    command: AnyCommand
    answer: asyncio.Future[list[AnyEvent]]
    is_sent: bool = False

    def fail(self, error: ExchangeError) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


def wall_clock_us() -> int:
    """Return the time in microseconds since the epoch."""
    return time.time_ns() // 1_000


class MatchingClient:
    """One event loop's door to matching."""

    def __init__(
        self,
        *,
        hot: Redis,
        bus: Redis,
        shards: int,
        clock: Callable[[], int] = wall_clock_us,
        ack_timeout_s: float = ACK_TIMEOUT_S,
    ) -> None:
        self.gateway = uuid.uuid4().hex[:16]
        self._hot = hot
        self._bus = bus
        self._shards = shards
        self._clock = clock
        self._ack_timeout_s = ack_timeout_s
        self._last_request_id = 0
        self._waiting: dict[int, Pending] = {}
        self._outboxes: list[deque[Pending]] = [deque() for _ in range(shards)]
        self._senders: list[asyncio.Task[None] | None] = [None] * shards
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def start(self) -> None:
        """Listen for acks; return once the subscription stands.

        Raises ExchangeError UNAVAILABLE where the bus cannot be reached.
        """
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        if not self._listening.is_set():
            try:
                await asyncio.wait_for(self._listening.wait(), self._ack_timeout_s)
            except TimeoutError:
                raise _unavailable() from None

    async def close(self) -> None:
        """Stop listening and sending. Commands on their way keep their effect."""
        tasks = [task for task in [self._listener, *self._senders] if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener = None
        await self._hot.aclose()
        await self._bus.aclose()

    async def submit(self, command: AnyCommand, *, shard: int | None = None) -> list[AnyEvent]:
        """Send one command; return the events it caused.

        `shard` is needed only where the command itself does not tell (funds, cancel all).
        Raises ExchangeError: UNAVAILABLE (not sent), UNKNOWN_OUTCOME (sent, no ack in time).
        """
        (outcome,) = await self._outcomes([self._post(command, shard)])
        if isinstance(outcome, ExchangeError):
            raise outcome
        return outcome

    async def submit_all(self, commands: Sequence[AnyCommand]) -> list[Outcome]:
        """Send commands to be applied in this order on each shard.

        Return for each the events it caused, or the ExchangeError that `submit` would raise.
        """
        return await self._outcomes([self._post(command, None) for command in commands])

    def shard_of(self, command: AnyCommand) -> int:
        """Return the shard that owns what `command` is about; shard 0 where it does not tell."""
        match command:
            case PlaceOrder() | DefineMarket() | SetMarketStatus():
                return keys.shard_of(command.symbol, self._shards)
            case CancelOrder():
                return shard_of_order(command.order_id) % self._shards
            case _:
                return 0

    def _post(self, command: AnyCommand, shard: int | None) -> Pending:
        if shard is None:
            shard = self.shard_of(command)
        self._last_request_id += 1
        request_id = self._last_request_id
        numbered = msgspec.structs.replace(command, request_id=request_id)
        pending = Pending(numbered, asyncio.get_running_loop().create_future())
        outbox = self._outboxes[shard]
        if max(len(self._waiting), len(outbox)) >= MAX_WAITING:
            pending.fail(_unavailable())
            return pending
        self._waiting[request_id] = pending
        outbox.append(pending)
        sender = self._senders[shard]
        if sender is None or sender.done():
            self._senders[shard] = asyncio.create_task(self._send(shard))
        return pending

    async def _outcomes(self, sent: Sequence[Pending]) -> list[Outcome]:
        """Wait for all answers together, no longer than the patience for one."""
        try:
            if sent:
                await asyncio.wait([p.answer for p in sent], timeout=self._ack_timeout_s)
            return [_outcome(pending) for pending in sent]
        finally:
            for pending in sent:
                self._waiting.pop(pending.command.request_id, None)
                pending.answer.cancel()

    async def _send(self, shard: int) -> None:
        outbox = self._outboxes[shard]
        while outbox:
            size = min(len(outbox), MAX_COMMANDS_PER_ENTRY)
            # Nobody waits any more for a command that is done; it must not take effect later.
            batch = [p for p in (outbox.popleft() for _ in range(size)) if not p.answer.done()]
            if not batch:
                continue
            for pending in batch:
                pending.is_sent = True
            try:
                await self._append(shard, [pending.command for pending in batch])
            except ExchangeError as error:
                for pending in batch:
                    pending.fail(error)

    async def _append(self, shard: int, commands: Sequence[AnyCommand]) -> None:
        """Add one stream entry. A connection is taken first, so that "never sent" can be told from
        "sent, answer lost"."""
        fields = encode_command_entry(gateway=self.gateway, ts_us=self._clock(), commands=commands)
        pool = self._hot.connection_pool
        try:
            connection = await pool.get_connection()  # type: ignore[no-untyped-call]
        except (RedisError, OSError):
            raise _unavailable() from None
        try:
            pairs = [part for pair in fields.items() for part in pair]
            await connection.send_command("XADD", keys.commands(shard), "*", *pairs)
            await connection.read_response()
        except (ResponseError, BusyLoadingError) as error:
            # An answer, even that of a server that still loads its log: it took nothing in.
            log.warning("Hot Redis refused commands of shard %d: %s", shard, error)
            raise _unavailable() from None
        except (RedisError, OSError):
            raise _unknown_outcome() from None
        finally:
            await pool.release(connection)

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except (RedisError, OSError) as error:
                if self._listening.is_set():
                    log.warning("Lost the ack channel, connecting again: %s", error)
            finally:
                self._listening.clear()
            await asyncio.sleep(RECONNECT_PAUSE_S)

    async def _listen_once(self) -> None:
        pubsub = self._bus.pubsub()
        try:
            await pubsub.subscribe(keys.acks(self.gateway))
            async for message in pubsub.listen():
                if message["type"] == "subscribe":
                    self._listening.set()
                elif message["type"] == "message":
                    self._resolve(message["data"])
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    def _resolve(self, message: bytes) -> None:
        try:
            acks = decode_acks(message)
        except msgspec.DecodeError:
            log.exception("An ack message cannot be read; is the worker of another version?")
            return
        for request_id, events in acks:
            pending = self._waiting.get(request_id)
            if pending is not None and not pending.answer.done():
                pending.answer.set_result(events)


def _outcome(pending: Pending) -> Outcome:
    if not pending.answer.done():
        return _unknown_outcome() if pending.is_sent else _unavailable()
    error = pending.answer.exception()
    if error is None:
        return pending.answer.result()
    assert isinstance(error, ExchangeError), "only the client itself fails an answer"
    return error


def _unavailable() -> ExchangeError:
    return ExchangeError(
        ErrorCode.UNAVAILABLE, "Matching cannot be reached; nothing was sent. Try again."
    )


def _unknown_outcome() -> ExchangeError:
    return ExchangeError(
        ErrorCode.UNKNOWN_OUTCOME,
        "The request was sent, but no answer came in time: it may or may not have taken effect. "
        "Look the order up by its clientOrderId, or among the open orders, before trying again.",
    )
