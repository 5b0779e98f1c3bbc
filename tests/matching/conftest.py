"""A shard with one market, one with people who can pay, and a client of it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from kalency.stack.addresses import Address, new_valkey_address
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.valkey import valkey_service
from matching.client import MatchingClient
from matching.connection import open_async
from tests.matching.shard import ALICE, BOB, BTC_USD, CAROL, Shard
from tests.matching.soundness import assert_sound

PLENTY = 10**12


@pytest.fixture
def shard(hot: Redis, request: pytest.FixtureRequest) -> Iterator[Shard]:
    """BTC-USD is listed; nobody has anything. What must always hold does when the test is over."""
    shard = Shard(hot)
    shard.apply(BTC_USD)
    yield shard
    if not request.node.get_closest_marker("damage"):
        assert_sound(hot)


@pytest.fixture
def funded(shard: Shard) -> Shard:
    """Alice, Bob and Carol have plenty of both assets."""
    for user in (ALICE, BOB, CAROL):
        shard.deposit(user, "BTC", PLENTY)
        shard.deposit(user, "USD", PLENTY)
    return shard


@pytest.fixture
def restarting(tmp_path: Path) -> Iterator[tuple[Shard, Callable[[], None]]]:
    """A shard like `shard` on a durable server of its own, and what restarts that server."""
    layout, address = Layout(tmp_path), new_valkey_address()
    layout.make()
    service = valkey_service(
        "valkey-hot", address=address, directory=layout.valkey("valkey-hot"), durable=True
    )
    with ExitStack() as server:

        def restart() -> None:
            server.close()
            server.enter_context(running(service, layout))

        restart()
        with Redis.from_url(address.url) as hot:
            shard = Shard(hot)
            shard.apply(BTC_USD)
            yield shard, restart
            assert_sound(hot)


@pytest.fixture
async def client(
    hot: Redis, bus: Redis, hot_server: Address, bus_server: Address
) -> AsyncIterator[MatchingClient]:
    """A client with a short patience. Nothing matches unless the test asks for `matching`."""
    client = MatchingClient(
        hot=open_async(hot_server.url), bus=open_async(bus_server.url), shards=1, ack_timeout_s=2
    )
    await client.start()
    yield client
    await client.close()
