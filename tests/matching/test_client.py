"""The client and the worker together: answers find their way back, in order, or say why not."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import BusyLoadingError, RedisError

from kalency.stack.addresses import Address, new_valkey_address
from kalency.stack.layout import Layout
from kalency.stack.valkey import valkey_service
from matching import keys
from matching.client import MatchingClient
from matching.connection import open_async, open_sync
from matching.domain.commands import MoveFunds
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import FundsMoved, OrderCanceled, OrderPlaced
from matching.domain.values import Units
from matching.state import HotState
from tests.matching.crash.parts import Part
from tests.matching.shard import ALICE, BTC_USD, SHARD, buy, cancel_all, no_limits, sell
from tests.polling import wait_until


@pytest.fixture
def loading_server(tmp_path: Path) -> Iterator[Address]:
    """A matching store that has begun to load a log, which will take it some seconds."""
    layout = Layout(tmp_path)
    layout.make()
    address = new_valkey_address()
    directory = layout.valkey("valkey-hot")
    service = valkey_service("valkey-hot", address=address, directory=directory, durable=True)
    log = directory / "appendonlydir"
    log.mkdir()
    (log / "appendonly.aof.manifest").write_text("file appendonly.aof.1.incr.aof seq 1 type i\n")
    (log / "appendonly.aof.1.incr.aof").write_bytes(
        b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n" * 10_000
    )
    slow = replace(service, command=(*service.command, "--key-load-delay", "200"))
    server = Part(slow, layout)
    server.launch(dict(os.environ))
    wait_until(lambda: is_loading(address), "the server loads its log")
    yield address
    server.kill()
    server.bury()


def is_loading(server: Address) -> bool:
    with open_sync(server.url) as client:
        try:
            client.ping()
        except BusyLoadingError:
            return True
        except RedisError:
            return False
    raise AssertionError("the log is loaded already")


def entries(hot: Redis) -> int:
    """Return how many command entries there are."""
    return int(hot.xlen(keys.commands(SHARD)))


def deposit(asset: str, amount: int, reference: str) -> MoveFunds:
    return MoveFunds(user_id=ALICE, asset=asset, amount=Units(amount), reference=reference)


@pytest.mark.usefixtures("matching")
async def test_the_answer_to_a_command_is_the_events_it_caused(client: MatchingClient) -> None:
    await client.submit(BTC_USD)
    (moved,) = await client.submit(deposit("USD", 1_000, "one"))
    assert isinstance(moved, FundsMoved)
    (placed,) = await client.submit(buy(ALICE, 100, 5))
    assert isinstance(placed, OrderPlaced)
    assert placed.resting_lots == 5


@pytest.mark.usefixtures("matching")
async def test_commands_take_effect_in_the_order_they_were_submitted(
    client: MatchingClient,
) -> None:
    await client.submit(BTC_USD)
    await client.submit(deposit("USD", 10**9, "one"))
    answers = await asyncio.gather(
        *[client.submit(buy(ALICE, 100, 1)) for _ in range(1_000)],
        client.submit(cancel_all(ALICE)),
    )
    placed, canceled = answers[:-1], answers[-1]
    ids = [event.order_id for (event,) in placed if isinstance(event, OrderPlaced)]
    assert ids == sorted(ids)
    assert [event.order_id for event in canceled if isinstance(event, OrderCanceled)] == ids


@pytest.mark.usefixtures("matching")
async def test_commands_of_one_turn_travel_in_few_entries(
    client: MatchingClient, hot: Redis
) -> None:
    await client.submit(BTC_USD)
    before = hot.xlen(keys.commands(SHARD))
    await client.submit_all([sell(ALICE, 100, 1)] * 1_000)
    assert int(hot.xlen(keys.commands(SHARD))) - int(before) == 20


async def test_without_a_worker_the_outcome_is_unknown(client: MatchingClient) -> None:
    with pytest.raises(ExchangeError) as caught:
        await client.submit(BTC_USD)
    assert caught.value.code == ErrorCode.UNKNOWN_OUTCOME


async def test_what_was_given_up_before_it_left_never_takes_effect(
    client: MatchingClient, hot: Redis
) -> None:
    hot.client_pause(4_000, all=True)
    first = asyncio.create_task(client.submit(BTC_USD))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(client.submit(deposit("USD", 1_000, "one")))
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    codes = [outcome.code for outcome in outcomes if isinstance(outcome, ExchangeError)]
    assert codes == [ErrorCode.UNKNOWN_OUTCOME, ErrorCode.UNAVAILABLE]
    await asyncio.to_thread(hot.client_unpause)
    await asyncio.to_thread(wait_until, lambda: entries(hot) == 1, "what was sent arrives")
    with pytest.raises(ExchangeError):
        await client.submit(BTC_USD)
    assert entries(hot) == 2


@pytest.mark.usefixtures("matching")
async def test_an_ack_that_cannot_be_read_does_no_harm(client: MatchingClient, bus: Redis) -> None:
    bus.publish(keys.acks(client.gateway), b"\xc1 not an ack")
    assert len(await client.submit(BTC_USD)) == 1


@pytest.mark.usefixtures("matching")
async def test_a_lost_library_is_loaded_again(client: MatchingClient, hot: Redis) -> None:
    hot.function_flush()
    assert len(await client.submit(BTC_USD)) == 1


@pytest.mark.usefixtures("matching")
async def test_many_reads_at_once_take_their_turn(
    client: MatchingClient, hot_server: Address
) -> None:
    await client.submit(deposit("USD", 1_000, "one"))
    state = HotState(open_async(hot_server.url), shards=1)
    wallets = await asyncio.gather(*[state.wallet(ALICE) for _ in range(500)])
    assert {wallet["USD"].total for wallet in wallets} == {1_000}


async def test_without_a_server_nothing_was_sent(bus_server: Address) -> None:
    nowhere = AsyncRedis.from_url("redis://127.0.0.1:1/0")
    client = MatchingClient(hot=nowhere, bus=open_async(bus_server.url), shards=1)
    await client.start()
    with pytest.raises(ExchangeError) as caught:
        await client.submit(BTC_USD)
    assert caught.value.code == ErrorCode.UNAVAILABLE
    await client.close()


async def test_while_the_server_loads_its_log_nothing_was_sent(
    loading_server: Address, bus_server: Address
) -> None:
    client = MatchingClient(
        hot=open_async(loading_server.url), bus=open_async(bus_server.url), shards=1
    )
    await client.start()
    with pytest.raises(ExchangeError) as caught:
        await client.submit(BTC_USD)
    assert caught.value.code == ErrorCode.UNAVAILABLE
    await client.close()


@pytest.mark.usefixtures("matching")
async def test_what_was_matched_can_be_read_back(
    client: MatchingClient, hot_server: Address
) -> None:
    state = HotState(open_async(hot_server.url), shards=1)
    await client.submit(BTC_USD)
    await client.submit(deposit("USD", 1_000, "one"))
    await client.submit(buy(ALICE, 100, 5, client_order_id="mine"))
    (order,) = await state.open_orders(ALICE)
    assert (order.client_order_id, order.remaining_lots) == ("mine", 5)
    assert await state.open_order(ALICE, order.order_id) == order
    assert await state.open_order(ALICE, order.order_id + 64) is None
    balance = (await state.wallet(ALICE))["USD"]
    assert (balance.available, balance.reserved, balance.total) == (500, 500, 1_000)
    book = await state.book("BTC-USD", depth=10)
    assert (book.last_update_id, book.bids, book.asks) == (1, [(100, 5)], [])
    market = await state.market("BTC-USD")
    assert market is not None
    assert market.last_price_ticks is None
    assert await state.market("ETH-USD") is None


@pytest.mark.usefixtures("matching")
async def test_the_depth_of_a_crowded_book_is_read_level_by_level(
    client: MatchingClient, hot_server: Address
) -> None:
    state = HotState(open_async(hot_server.url), shards=1)
    await client.submit(BTC_USD)
    await client.submit(deposit("BTC", 10**12, "one"))
    await client.submit(no_limits(ALICE))
    await client.submit_all([sell(ALICE, 100 + n % 3, 1) for n in range(900)])
    await client.submit_all([sell(ALICE, 200 + n, 2) for n in range(100)])
    book = await state.book("BTC-USD", depth=5)
    assert book.asks == [(100, 300), (101, 300), (102, 300), (200, 2), (201, 2)]
