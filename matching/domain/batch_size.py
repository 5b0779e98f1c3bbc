"""How many commands one call of the matching function may take. Pure; used by `matching.pacing`.

While a call runs the server serves nobody else, so calls are to be short; but each has its fixed
cost, a sync of the server's log among it, so under load they are to be no shorter than that. When
little comes in, a batch is what has come, whatever the size allows.
"""

from dataclasses import dataclass
from typing import Final

TARGET_US: Final = 3_000
"""Of the server's time, for a call under load: it is the mean, and calls vary."""
LEAST: Final = 50
"""One full entry (`matching.client.MAX_COMMANDS_PER_ENTRY`); fewer commands would cost throughput,
and where the machine is short of time not even make calls shorter."""
MOST: Final = 1_000
FIRST: Final = 100
MAX_GROWTH: Final = 2.0
FULL: Final = 0.8
"""Calls that take less than this share of the size say nothing about a larger one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Calls that had something to apply, what they applied, and the server's time for them."""

    calls: int = 0
    entries: int = 0
    commands: int = 0
    server_us: int = 0

    def __add__(self, more: "Work") -> "Work":
        return Work(
            calls=self.calls + more.calls,
            entries=self.entries + more.entries,
            commands=self.commands + more.commands,
            server_us=self.server_us + more.server_us,
        )

    def __sub__(self, earlier: "Work") -> "Work":
        return Work(
            calls=self.calls - earlier.calls,
            entries=self.entries - earlier.entries,
            commands=self.commands - earlier.commands,
            server_us=self.server_us - earlier.server_us,
        )


def next_batch_size(size: int, work: Work) -> int:
    """Return the size after a while in which `work` was done with calls of `size`.

    An entry is never split: with the least size, a call still takes a whole one.
    """
    if not work.calls or not work.server_us:
        return size
    taken = work.commands / work.calls
    growth = TARGET_US * work.calls / work.server_us
    if growth < 1:
        # Calls take more than the size where entries do not fit it, and less where few came in.
        return max(LEAST, round(min(size, taken) * growth))
    if taken >= FULL * size:
        return min(MOST, round(size * min(growth, MAX_GROWTH)))
    return size
