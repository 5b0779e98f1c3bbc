"""Sends commands to the shards and returns what they caused. Used by gateway and simulator alike.

Commands submitted in one turn of the event loop leave together, in few stream entries and in the
order they were submitted; while they are on their way the next gather. The answer to a command is
the list of events it caused. What a shard's worker says it does not take is refused here, unsent.
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
from redis.exceptions import RedisError

from matching import keys
from matching.async_tasks import cancel_tasks
from matching.codec import decode_acks
from matching.command_stream import CommandStream, Fate
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
from matching.domain.intake import HeardIntake, Intake, refusal

MAX_COMMANDS_PER_ENTRY: Final = 50
"""The function never splits an entry, so short calls take short entries: these are far below what
it takes (`matching/lua/batch.lua`)."""
MAX_COMMANDS_PER_TRIP: Final = 1_000
MAX_WAITING: Final = 100_000
"""Commands without an answer; new orders leave some of the room to others."""
MAX_WAITING_WITH_ORDERS: Final = 80_000
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

    @property
    def is_order(self) -> bool:
        return isinstance(self.command, PlaceOrder)

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
        self._stream = CommandStream(hot, gateway=self.gateway, clock_us=clock)
        self._ack_timeout_s = ack_timeout_s
        self._last_request_id = 0
        self._waiting: dict[int, Pending] = {}
        self._outboxes: list[deque[Pending]] = [deque() for _ in range(shards)]
        self._intakes = [HeardIntake(time.monotonic()) for _ in range(shards)]
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
        await cancel_tasks(tasks)
        self._listener = None
        await self._hot.aclose()
        await self._bus.aclose()

    async def submit(self, command: AnyCommand, *, shard: int | None = None) -> list[AnyEvent]:
        """Send one command; return the events it caused.

        `shard` is needed only where the command itself does not tell (funds, cancel all).
        Raises ExchangeError: UNAVAILABLE or LEDGER_BACKLOG (not sent), UNKNOWN_OUTCOME (sent, no
        ack in time).
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
        word = self._admit(pending, shard)
        if word is not Intake.OPEN:
            pending.fail(refusal(word))
            return pending
        self._waiting[request_id] = pending
        self._outboxes[shard].append(pending)
        sender = self._senders[shard]
        if sender is None or sender.done():
            self._senders[shard] = asyncio.create_task(self._send(shard))
        return pending

    def _admit(self, pending: Pending, shard: int) -> Intake:
        """Count a command in and return OPEN, or return why it must not be sent."""
        is_order = pending.is_order
        # Either may be the longer: what was sent is only waited for, and what nobody waits for any
        # more may still be in the outbox.
        waiting = max(len(self._waiting), len(self._outboxes[shard]))
        if waiting >= (MAX_WAITING_WITH_ORDERS if is_order else MAX_WAITING):
            return Intake.CROWDED
        return self._intakes[shard].admit(is_order=is_order, now_s=time.monotonic())

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
            size = min(len(outbox), MAX_COMMANDS_PER_TRIP)
            # Nobody waits any more for a command that is done; it must not take effect later.
            batch = [p for p in (outbox.popleft() for _ in range(size)) if not p.answer.done()]
            if batch:
                await self._deliver(shard, batch)

    async def _deliver(
        self, shard: int, batch: Sequence[Pending], *, beyond_limit: bool = False
    ) -> None:
        """Put commands into the stream; where the server has no memory left, all but new orders."""
        for pending in batch:
            pending.is_sent = True
        entries = [
            batch[first : first + MAX_COMMANDS_PER_ENTRY]
            for first in range(0, len(batch), MAX_COMMANDS_PER_ENTRY)
        ]
        commands = [[pending.command for pending in entry] for entry in entries]
        fates = await self._stream.append(shard, commands, beyond_limit=beyond_limit)
        turned_away: list[Pending] = []
        for entry, fate in zip(entries, fates, strict=True):
            if fate is Fate.NO_MEMORY:
                turned_away += entry
            elif fate is not Fate.ADDED:
                _fail(entry, _unknown_outcome() if fate is Fate.UNKNOWN else _unavailable())
        _fail([p for p in turned_away if p.is_order], refusal(Intake.MEMORY_SHORT))
        others = [p for p in turned_away if not p.is_order]
        if others:
            await self._deliver(shard, others, beyond_limit=True)

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
        intakes = {keys.intake(n).encode(): intake for n, intake in enumerate(self._intakes)}
        pubsub = self._bus.pubsub()
        try:
            await pubsub.subscribe(keys.acks(self.gateway), *intakes)
            async for message in pubsub.listen():
                intake = intakes.get(message["channel"])
                if message["type"] != "message":
                    self._begin(intake)
                elif intake is None:
                    self._resolve(message["data"])
                else:
                    _hear(intake, message["data"])
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    def _begin(self, intake: HeardIntake | None) -> None:
        """Note that one of the channels is listened to."""
        if intake is None:
            self._listening.set()
        else:
            intake.listen(time.monotonic())

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


def _hear(intake: HeardIntake, word: bytes) -> None:
    try:
        intake.hear(Intake(word.decode()), time.monotonic())
    except ValueError:
        log.warning("A worker says %r; is it of another version?", word)


def _outcome(pending: Pending) -> Outcome:
    if not pending.answer.done():
        return _unknown_outcome() if pending.is_sent else _unavailable()
    error = pending.answer.exception()
    if error is None:
        return pending.answer.result()
    assert isinstance(error, ExchangeError), "only the client itself fails an answer"
    return error


def _fail(batch: Sequence[Pending], error: ExchangeError) -> None:
    for pending in batch:
        pending.fail(error)


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
