"""A shard with one market, and one with people who can pay."""

import pytest
from redis import Redis

from tests.matching.shard import ALICE, BOB, BTC_USD, CAROL, Shard

PLENTY = 10**12


@pytest.fixture
def shard(hot: Redis) -> Shard:
    """BTC-USD is listed; nobody has anything."""
    shard = Shard(hot)
    shard.apply(BTC_USD)
    return shard


@pytest.fixture
def funded(shard: Shard) -> Shard:
    """Alice, Bob and Carol have plenty of both assets."""
    for user in (ALICE, BOB, CAROL):
        shard.deposit(user, "BTC", PLENTY)
        shard.deposit(user, "USD", PLENTY)
    return shard
