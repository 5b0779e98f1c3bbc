"""Under pressure a shard refuses new orders, and nothing else; what it took in it matches."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError

from matching import keys
from matching.codec import encode_command_entry
from matching.domain.events import OrderCanceled, OrderPlaced
from tests.matching.shard import ALICE, SHARD, Shard, buy, cancel

ROOM_BYTES = 4_000_000
JUNK_BYTES = 10_000


@pytest.fixture
def limited(hot: Redis) -> Iterator[Redis]:
    """The matching store may take a few megabytes more than it does now."""
    hot.config_set("maxmemory", hot.info("memory")["used_memory"] + ROOM_BYTES)
    yield hot
    hot.config_set("maxmemory", 0)


def fill(hot: Redis) -> None:
    """Use up the server's memory, to the last small key."""
    size, number = JUNK_BYTES, 0
    while size:
        try:
            hot.set(f"junk:{number}", b"x" * size)
            number += 1
        except OutOfMemoryError:
            size //= 2


def test_with_no_memory_left_what_was_taken_in_is_matched(funded: Shard, limited: Redis) -> None:
    first = funded.place(buy(ALICE, 90, 1))
    funded.send([buy(ALICE, 91, 1), cancel(ALICE, first.order_id)])
    fill(limited)
    (placed,), (canceled,) = funded.match()
    assert isinstance(placed, OrderPlaced)
    assert isinstance(canceled, OrderCanceled)
    assert funded.ladder() == ["1 | 91 |"]


def test_with_no_memory_left_a_cancel_can_still_be_sent(funded: Shard, limited: Redis) -> None:
    order = funded.place(buy(ALICE, 90, 1))
    fill(limited)
    with pytest.raises(OutOfMemoryError):
        funded.send([cancel(ALICE, order.order_id)])
    fields = encode_command_entry(
        gateway="test", ts_us=funded.now_us, commands=[cancel(ALICE, order.order_id)]
    )
    pairs = [part for pair in fields.items() for part in pair]
    limited.fcall("append_commands", 1, keys.prefix(SHARD), *pairs)
    funded.match()
    assert isinstance(funded.events()[-1], OrderCanceled)
