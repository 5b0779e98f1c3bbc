"""Measures the matching function alone: the gate's mix of orders, one call after another.

Used by `manage.py bench_matching`. Only the calls are timed; making commands and reading acks is
not.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any, Final, cast

from redis import Redis

from matching import keys, library
from matching.codec import encode_command_entry
from matching.domain.commands import AnyCommand
from matching.function import match_commands
from matching.gate_mix import GateMix

GATEWAY: Final = "bench"
COMMANDS_PER_FRAME: Final = 20
COMMANDS_PER_SEEDING_CALL: Final = 1_000
START_US: Final = 1_700_000_000_000_000
WINDOW_US: Final = 3_600_000_000
MIN_CALLS: Final = 200
"""Calls a round, at least: a 99th percentile needs as many."""


@dataclass(frozen=True, slots=True)
class Load:
    """What to run: `rounds` of `orders` in calls of `batch`, on books of `depth` open orders."""

    batch: int
    depth: int
    symbols: int = 20
    users: int = 1_000
    orders: int = 40_000
    rounds: int = 5
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out of a round, or the median of several; times in milliseconds per call."""

    orders_per_s: float
    events_per_s: float
    call_p50_ms: float
    call_p99_ms: float
    open_orders: float
    bytes_per_open_order: float


def run(hot: Redis, load: Load, progress: Callable[[str], None]) -> Figures:
    """Empty the server, seed its books and run the rounds; return the median of each figure."""
    hot.flushall()
    library.load(hot)
    mix = GateMix(symbols=load.symbols, users=load.users, seed=load.seed)
    _apply_untimed(hot, mix, list(mix.listing()))
    empty_bytes = _used_memory(hot)
    progress(f"seeding {load.depth:,} open orders")
    for size in _pieces(load.depth):
        _apply_untimed(hot, mix, [mix.resting() for _ in range(size)])
    order_bytes = (_used_memory(hot) - empty_bytes) / load.depth if load.depth else 0.0
    rounds = []
    for number in range(1, load.rounds + 1):
        progress(f"round {number} of {load.rounds}, {load.batch} orders a call")
        rounds.append(_round(hot, mix, load, order_bytes))
        _drop_streams(hot)
    return _median(rounds)


def _round(hot: Redis, mix: GateMix, load: Load, order_bytes: float) -> Figures:
    times_s: list[float] = []
    done, first_event = 0, _last_event(hot)
    while done < load.orders or len(times_s) < MIN_CALLS:
        commands = [mix.next() for _ in range(load.batch)]
        times_s.append(_apply(hot, mix, commands))
        done += len(commands)
    spent_s = sum(times_s)
    percentiles = quantiles(times_s, n=100)
    return Figures(
        orders_per_s=done / spent_s,
        events_per_s=(_last_event(hot) - first_event) / spent_s,
        call_p50_ms=percentiles[49] * 1e3,
        call_p99_ms=percentiles[98] * 1e3,
        open_orders=mix.open_orders,
        bytes_per_open_order=order_bytes,
    )


def _median(rounds: Sequence[Figures]) -> Figures:
    """Return the median of each figure by itself."""
    rows = [asdict(figures) for figures in rounds]
    return Figures(**{name: median(row[name] for row in rows) for name in rows[0]})


def _pieces(count: int) -> Iterator[int]:
    for start in range(0, count, COMMANDS_PER_SEEDING_CALL):
        yield min(COMMANDS_PER_SEEDING_CALL, count - start)


def _apply(hot: Redis, mix: GateMix, commands: list[AnyCommand]) -> float:
    """Send the commands in frames, apply them in one call and return the seconds it took."""
    pipe = hot.pipeline(transaction=False)
    for start in range(0, len(commands), COMMANDS_PER_FRAME):
        frame = commands[start : start + COMMANDS_PER_FRAME]
        fields = encode_command_entry(gateway=GATEWAY, ts_us=START_US, commands=frame)
        pipe.xadd(keys.commands(0), cast("Any", fields))
    pipe.execute()
    began = time.perf_counter()
    reply = match_commands(hot, shard=0, window_us=WINDOW_US, max_commands=len(commands))
    spent_s = time.perf_counter() - began
    assert reply.commands == len(commands), f"{reply.commands} of {len(commands)} were applied"
    mix.learn(reply.acks[GATEWAY])
    return spent_s


def _apply_untimed(hot: Redis, mix: GateMix, commands: list[AnyCommand]) -> None:
    for start in range(0, len(commands), COMMANDS_PER_SEEDING_CALL):
        _apply(hot, mix, commands[start : start + COMMANDS_PER_SEEDING_CALL])
    _drop_streams(hot)


def _drop_streams(hot: Redis) -> None:
    """Drop what was applied: it would count as memory of the open orders."""
    hot.xtrim(keys.commands(0), maxlen=0, approximate=False)
    hot.xtrim(keys.events(0), maxlen=0, approximate=False)


def _last_event(hot: Redis) -> int:
    return int(cast("bytes", hot.hget(keys.sequence(0), "event")))


def _used_memory(hot: Redis) -> int:
    return int(hot.info("memory")["used_memory"])
