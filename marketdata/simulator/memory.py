"""What the crowd remembers between steps, in the bus Redis. For `step`.

The bus may lose it all: then the crowd believes in the last price.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final, cast

import msgspec
from django.conf import settings
from redis import Redis
from redis.exceptions import LockNotOwnedError
from redis.typing import EncodableT, FieldT

from marketdata.simulator.domain.fair_price import Belief
from matching.connection import open_sync

BELIEFS_KEY: Final = "v1:simulator:beliefs"
STEP_LOCK: Final = "v1:simulator:step"
STEP_LOCK_S: Final = 10
"""Longer than the longest step (`step.MAX_STEP_S`)."""

log = logging.getLogger(__name__)

_belief_decoder = msgspec.json.Decoder(Belief)


def read_beliefs() -> dict[str, Belief]:
    """Return symbol → what the crowd there believed after its last step."""
    rows = cast("dict[bytes, bytes]", _bus().hgetall(BELIEFS_KEY))
    return {symbol.decode(): _belief_decoder.decode(row) for symbol, row in rows.items()}


def write_beliefs(beliefs: Mapping[str, Belief]) -> None:
    if beliefs:
        rows: dict[FieldT, EncodableT] = {
            symbol: msgspec.json.encode(belief) for symbol, belief in beliefs.items()
        }
        _bus().hset(BELIEFS_KEY, mapping=rows)


def forget_beliefs(symbols: Collection[str]) -> None:
    if symbols:
        _bus().hdel(BELIEFS_KEY, *symbols)


@contextmanager
def single_flight() -> Iterator[bool]:
    """Yield whether this is the only step under way; where it is not, leave it be."""
    lock = _bus().lock(STEP_LOCK, timeout=STEP_LOCK_S, blocking=False)
    if not lock.acquire():
        yield False
        return
    try:
        yield True
    finally:
        try:
            lock.release()
        except LockNotOwnedError:
            log.warning("A step took longer than its lock of %d s.", STEP_LOCK_S)


@cache
def _bus() -> Redis:
    return open_sync(settings.REDIS_BUS_URL)
