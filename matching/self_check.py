"""The worker's self-check: round and round through its shard, and what is broken is halted.

The worker lets it look at a slice between two batches, so seldom that it takes no more than a small
share of the time. A market found broken is halted by a command in the shard's own stream: ordered,
replayable, and an event that says why. Staff may let it trade again; the next round halts it again
where it is still broken.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, cast

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from matching import keys
from matching.codec import encode_command_entry
from matching.domain.commands import SetMarketStatus
from matching.domain.invariants import Step, Violation
from matching.domain.values import MAX_REASON_LENGTH, MarketStatus
from matching.invariant_slices import CannotLook, looking
from matching.invariants import Round, ServerRestarted

SHARE: Final = 0.02
"""Of the worker's time."""
PAUSE_AFTER_FAULT_S: Final = 60.0
MAX_TOLD: Final = 100
"""Violations logged of one round."""
GATEWAY: Final = "self-check"

log = logging.getLogger(__name__)


class SelfCheck:
    """Looks after one shard, for as long as its worker calls `go_on`."""

    def __init__(
        self,
        hot: Redis,
        shard: int,
        *,
        share: float = SHARE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hot = hot
        self._shard = shard
        self._share = share
        self._clock = clock
        self.rounds = 0
        """How often it has been all the way through."""
        self._due = clock()
        self._known: set[tuple[str, str]] = set()
        """What was broken in the last round, by check and subject: it is not told again."""
        self.begin_round()

    def begin_round(self) -> None:
        """Begin anew, such as after an outage: a scan does not go on where it was after it."""
        self._round = Round(self._hot, self._shard)
        self._steps: Iterator[Step] = self._round.steps()
        self._in_a_sum = False
        self._found: set[tuple[str, str]] = set()
        self._told = 0
        self._halted: set[str] = set()

    def go_on(self) -> None:
        """Look at the next slice if it is time to; where something is broken, log it and halt.

        Raises RedisError or OSError where the server is away.
        """
        began = self._clock()
        if began < self._due and not self._in_a_sum:
            return
        try:
            self._take_step()
        except ResponseError as fault:
            # Such as a function that is not loaded. Matching goes on as far as it can.
            log.error("Shard %d: the self-check cannot look: %s", self._shard, fault)
            self.begin_round()
            self._due = began + PAUSE_AFTER_FAULT_S
        except ServerRestarted:
            self.begin_round()
        except (RedisError, OSError):
            self.begin_round()
            raise
        # Slices of one sum follow each other closely, and are paid for afterwards.
        self._due = max(self._due, began) + (self._clock() - began) / self._share

    def _take_step(self) -> None:
        step = next(self._steps, None)
        if step is None:
            if self._told > MAX_TOLD:
                log.critical("Shard %d is broken in %d places", self._shard, len(self._found))
            self.rounds += 1
            self._known = self._found
            self.begin_round()
            return
        self._in_a_sum = step.in_a_sum
        if step.unjudged:
            log.warning("Shard %d: %s", self._shard, step.unjudged)
        for violation in step.violations:
            self._tell(violation)
        self._halt(step.violations)

    def _tell(self, violation: Violation) -> None:
        name = (violation.check, violation.subject)
        if name not in self._known and name not in self._found:
            self._told += 1
            if self._told <= MAX_TOLD:
                log.critical("Shard %d is broken: %s", self._shard, violation.sentence)
        self._found.add(name)

    def _halt(self, violations: Sequence[Violation]) -> None:
        """Ask for a halt of the markets concerned, at most once a round and not while halted."""
        commands = []
        for violation in violations:
            for symbol in self._concerned(violation):
                if symbol not in self._halted and self._status(symbol) != MarketStatus.HALTED:
                    reason = violation.sentence[:MAX_REASON_LENGTH]
                    commands.append(
                        SetMarketStatus(symbol=symbol, status=MarketStatus.HALTED, reason=reason)
                    )
                self._halted.add(symbol)
        if commands:
            self._append(commands)

    def _concerned(self, violation: Violation) -> Sequence[str]:
        """Return the market that a violation is about; all of the shard where it is about none."""
        is_listed = violation.symbol and self._status(violation.symbol)
        return [violation.symbol] if is_listed else self._round.symbols

    def _status(self, symbol: str) -> str:
        """Return a market's status; empty where it is not listed, or too damaged to tell."""
        try:
            with looking():
                row = self._hot.hget(keys.market(self._shard, symbol), "status")
        except CannotLook:
            return ""
        return cast("bytes", row or b"").decode(errors="replace")

    def _append(self, commands: Sequence[SetMarketStatus]) -> None:
        fields = encode_command_entry(
            gateway=GATEWAY, ts_us=time.time_ns() // 1_000, commands=commands
        )
        pairs = [part for pair in fields.items() for part in pair]
        # Even where no memory is left: a halt must not wait for room.
        self._hot.fcall("append_commands", 1, keys.prefix(self._shard), *pairs)
