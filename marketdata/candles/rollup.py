"""Folds a shard's trades into candles, from its own checkpoint. Run by `marketdata.candles.tasks`.

Candles and checkpoint change in one transaction, which fails where the checkpoint has moved
meanwhile; so two roll-ups at once, or one that died, leave every trade folded in once.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Final, cast

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import LockError, WatchError

from marketdata import keys
from marketdata.candles import store
from marketdata.candles.domain import Bucket, Timeframe, fold
from marketdata.candles.store import BucketKey
from matching import keys as matching_keys
from matching.domain.events import AnyEvent, Trade
from matching.event_log import EventHole, EventReader, last_sequence, save_checkpoint

CONSUMER: Final = "candles"
MAX_ENTRIES_PER_READ: Final = 200
MAX_READS: Final = 200
"""How much one run may catch up; the next run goes on."""
LOCK_EXPIRES_S: Final = 10.0
IN_FLIGHT_US: Final = 1_000_000
"""How long a command may be on its way from a gateway's clock to the shard's stream."""

log = logging.getLogger(__name__)


def roll_up(hot: Redis, *, shard: int, clock_us: Callable[[], int]) -> bool:
    """Fold in what has happened since the last run; return False where another run is at it."""
    lock = hot.lock(
        keys.roll_up_lock(shard), timeout=LOCK_EXPIRES_S, blocking=False, thread_local=False
    )
    if not lock.acquire():
        return False
    try:
        for _ in range(MAX_READS):
            if not _fold_next(hot, shard=shard, clock_us=clock_us):
                break
    except WatchError:
        log.warning("Shard %d: another roll-up was faster; leaving it to that one.", shard)
    finally:
        _release(lock.release)
    return True


def _fold_next(hot: Redis, *, shard: int, clock_us: Callable[[], int]) -> bool:
    """Fold one read's events; return whether there may be more. Raises WatchError."""
    with hot.pipeline(transaction=True) as pipe:
        pipe.watch(keys.roll_up(shard))  # type: ignore[no-untyped-call]
        position = _position(hot, shard)
        as_of_us = _complete_until(hot, shard=shard, now_us=clock_us())  # before the read
        events = _read(hot, shard=shard, after=position)
        upto = events[-1].sequence if events else position
        buckets = folded(hot, events, shard=shard)
        pipe.multi()
        store.queue_write(pipe, buckets, shard=shard)
        _queue_progress(pipe, shard=shard, upto=upto, as_of_us=None if events else as_of_us)
        pipe.execute()
    return bool(events)


def _complete_until(hot: Redis, *, shard: int, now_us: int) -> int:
    """Return up to when the log holds every trade: nothing that comes later is older than this.

    A trade carries its command's time, and the engine's time only grows. While commands wait, that
    time alone is sure; while none do, only what gateways are just sending is still to come.
    """
    engine_us = int(cast("bytes", hot.hget(matching_keys.sequence(shard), "ts")) or 0)
    cursor = cast("bytes", hot.get(matching_keys.cursor(shard)) or b"0-0")
    waiting = hot.xrange(matching_keys.commands(shard), min=b"(" + cursor, count=1)
    return engine_us if waiting else max(engine_us, now_us - IN_FLIGHT_US)


def _queue_progress(pipe: Pipeline, *, shard: int, upto: int, as_of_us: int | None) -> None:
    """Queue the checkpoint and, once everything has been read, up to when candles are complete."""
    pipe.hset(keys.roll_up(shard), "sequence", str(upto))
    if as_of_us is not None:
        pipe.hset(keys.roll_up(shard), "as_of_us", str(as_of_us))
    save_checkpoint(pipe, shard=shard, consumer=CONSUMER, sequence=upto)


def _position(hot: Redis, shard: int) -> int:
    position = int(hot.hget(keys.roll_up(shard), "sequence") or 0)
    if position <= last_sequence(hot, shard=shard):
        return position
    log.critical("Shard %d: the event log lost data; candles go on with what it has.", shard)
    return 0


def _read(hot: Redis, *, shard: int, after: int) -> list[AnyEvent]:
    """Return what comes next; go on behind a hole, since candles may be rebuilt from the ledger."""
    reader = EventReader(shard, max_entries=MAX_ENTRIES_PER_READ)
    single = EventReader(shard, max_entries=1)
    try:
        return reader.read(hot, after=after, block_ms=0)
    except EventHole:
        pass  # Entry by entry, up to the hole and then across it.
    try:
        return single.read(hot, after=after, block_ms=0)
    except EventHole as hole:
        log.critical("%s Candles lack the trades in between.", hole)
        return single.read(hot, after=hole.found - 1, block_ms=0)


def folded(hot: Redis, events: Iterable[AnyEvent], *, shard: int) -> dict[BucketKey, Bucket]:
    """Return every bucket that `events` change, as it is after them."""
    trades = [event for event in events if isinstance(event, Trade)]
    if not trades:
        return {}
    buckets = store.load(hot, {key for trade in trades for key in _keys(trade)}, shard=shard)
    for trade in trades:
        for key in _keys(trade):
            buckets[key] = fold(buckets.get(key), trade)
    return buckets


def _keys(trade: Trade) -> list[BucketKey]:
    return [(trade.symbol, frame, frame.start_s(trade.ts_us)) for frame in Timeframe]


def _release(release: Callable[[], None]) -> None:
    try:
        release()
    except LockError:
        log.warning("A candle roll-up took longer than its lock lasts.")
