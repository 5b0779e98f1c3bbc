"""The crowd on real servers: alive from the first step, solvent, and gone when it is told to go."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from pytest_django.fixtures import Settings
from redis import Redis

from accounts.funds import funds_move
from accounts.models import User, username_validator
from marketdata import listing
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from marketdata.models import MarketListing
from marketdata.simulator import agents, control, memory, step, tasks
from matching import keys, runtime
from matching.domain.commands import PlaceOrder
from matching.domain.events import FundsMoved, OrderRejected, Trade
from matching.domain.state import Balance, BookDepth
from matching.domain.values import Lots, MarketStatus, OrderType, Side, Ticks, TimeInForce, Units
from matching.event_log import EventReader
from tests.polling import wait_until

pytestmark = pytest.mark.usefixtures("bus")


@pytest.fixture
def markets(db: None, matching: None) -> list[Market]:
    for market in SEEDS:
        listing.define(market)
    return listing.all()


def book(symbol: str) -> BookDepth:
    async def read() -> BookDepth:
        return await runtime.state().book(symbol, depth=100)

    return runtime.run_blocking(read())


def wallet(user_id: int) -> dict[str, Balance]:
    async def read() -> dict[str, Balance]:
        return await runtime.state().wallet(user_id)

    return runtime.run_blocking(read())


def trades(hot: Redis) -> list[Trade]:
    return [event for event in events(hot) if isinstance(event, Trade)]


def events(hot: Redis) -> list[object]:
    found: list[object] = []
    after = 0
    while batch := EventReader(shard=0).read(hot, after=after, block_ms=0):
        found += batch
        after = batch[-1].sequence
    return found


def test_the_first_step_brings_every_market_to_life(markets: list[Market], hot: Redis) -> None:
    step.run()
    for market in markets:
        depth = book(market.symbol)
        assert len(depth.bids) >= 10, market.symbol
        assert len(depth.asks) >= 10, market.symbol
        assert depth.bids[0][0] < depth.asks[0][0]
    assert {trade.symbol for trade in trades(hot)} == {market.symbol for market in markets}


def test_books_stay_deep_and_nothing_is_refused_over_many_steps(
    markets: list[Market], hot: Redis
) -> None:
    control.set_profile("wild")
    for _ in range(8):
        step.run()
    for market in markets:
        depth = book(market.symbol)
        assert len(depth.bids) >= 10, market.symbol
        assert len(depth.asks) >= 10, market.symbol
    refused = [event for event in events(hot) if isinstance(event, OrderRejected)]
    assert refused == []


def test_agents_are_users_whom_nobody_can_be(btc: Market) -> None:
    step.run()
    maker = User.objects.get(username="sim-maker:btc-usd")
    assert not maker.has_usable_password()
    with pytest.raises(ValidationError):
        username_validator(maker.username)


def test_money_comes_by_deposits_once(btc: Market, hot: Redis) -> None:
    step.run()
    step.run()
    deposits = [event for event in events(hot) if isinstance(event, FundsMoved)]
    assert len(deposits) == 4
    assert all(deposit.amount > 0 for deposit in deposits)
    assert all(deposit.reference.startswith("sim:") for deposit in deposits)


def test_an_agent_is_refilled_before_it_runs_out(
    btc: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    step.run()
    taker = agents.of(btc).taker
    had = wallet(taker)["USD"].available
    gone = Units(-had * 9 // 10)
    runtime.run_blocking(funds_move(user_id=taker, asset="USD", amount=gone, reference="test:gone"))
    monkeypatch.setattr(agents, "REFILL_EVERY_US", 1)
    step.run()
    assert wallet(taker)["USD"].available > had // 2


def test_a_stopped_crowd_takes_its_orders_back(markets: list[Market]) -> None:
    step.run()
    control.stop()
    step.run()
    assert all(book(market.symbol).bids == [] for market in markets)
    assert all(book(market.symbol).asks == [] for market in markets)
    assert all(
        wallet(user)["USD"].reserved == 0 for m in markets for user in agents.ids_of(m.symbol)
    )


def test_a_started_crowd_comes_back_at_the_last_price(btc: Market, hot: Redis) -> None:
    step.run()
    control.stop()
    step.run()
    last = trades(hot)[-1].price_ticks
    control.start()
    step.run()
    depth = book("BTC-USD")
    assert depth.bids[0][0] == pytest.approx(last, rel=0.002)
    assert depth.asks[0][0] == pytest.approx(last, rel=0.002)


def test_a_lost_bus_costs_the_crowd_only_its_memory(btc: Market, hot: Redis, bus: Redis) -> None:
    for _ in range(3):
        step.run()
    last = trades(hot)[-1].price_ticks
    bus.flushall()
    step.run()
    depth = book("BTC-USD")
    assert depth.bids[0][0] == pytest.approx(last, rel=0.002)
    assert len(depth.bids) >= 10


def test_a_stack_without_simulator_takes_an_old_crowd_off_the_books(
    btc: Market, bus: Redis, settings: Settings
) -> None:
    step.run()
    bus.flushall()
    settings.SIMULATOR_ENABLED = False
    step.run()
    assert book("BTC-USD").bids == []
    control.start()
    step.run()
    assert book("BTC-USD").bids
    tasks.rest_unless_enabled()
    step.run()
    assert book("BTC-USD").bids == []


def test_a_paused_market_is_left_alone_and_taken_up_again(btc: Market, hot: Redis) -> None:
    step.run()
    listing.set_status("BTC-USD", MarketStatus.PAUSED)
    seen = len(events(hot))
    step.run()
    assert len(events(hot)) == seen
    listing.set_status("BTC-USD", MarketStatus.TRADING)
    step.run()
    assert len(events(hot)) > seen + 1


def test_a_market_that_is_not_simulated_belongs_to_its_users(btc: Market) -> None:
    step.run()
    listing.define(replace(btc, simulated=False))
    step.run()
    assert book("BTC-USD").bids == []
    assert control.state().profiles == {}


def test_only_one_step_runs_at_a_time(btc: Market, hot: Redis) -> None:
    with memory.single_flight() as alone:
        assert alone
        step.run()
    assert trades(hot) == []


def test_a_step_without_a_matching_worker_is_given_up(
    db: None, hot: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seed = SEEDS[0]
    MarketListing.objects.create(**MarketListing.row_of(seed))
    hot.hset(keys.market(0, seed.symbol), "status", seed.status)
    monkeypatch.setattr(step, "MAX_STEP_S", 0.3)
    step.run()
    assert "sat a step out on 1 of 1 markets" in caplog.text
    assert memory.read_beliefs() == {}


def test_a_users_order_is_filled_when_the_price_comes_through(btc: Market, hot: Redis) -> None:
    step.run()
    user = 1_000_000
    runtime.run_blocking(
        funds_move(user_id=user, asset="USD", amount=Units(10**12), reference="test:user")
    )
    runtime.run_blocking(place_bid(user, book("BTC-USD").bids[0][0] + 1))
    control.set_profile("crash")

    def bought_after_a_step() -> bool:
        step.run()
        return any(trade.maker_user_id == user for trade in trades(hot))

    wait_until(bought_after_a_step, "a falling price reaches the best bid")


def test_the_same_seed_and_orders_make_the_same_market(btc: Market, hot: Redis, bus: Redis) -> None:
    def play() -> list[tuple[int, int, str]]:
        for _ in range(4):
            step.run()
        return [(trade.price_ticks, trade.qty_lots, trade.taker_side) for trade in trades(hot)]

    first = play()
    hot.flushall()
    bus.flushall()
    listing.tell_engine(btc)
    assert play() == first


async def place_bid(user_id: int, price_ticks: int) -> None:
    client = await runtime.client()
    await client.submit(
        PlaceOrder(
            user_id=user_id,
            symbol="BTC-USD",
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            post_only=False,
            price_ticks=Ticks(price_ticks),
            qty_lots=Lots(100),
        )
    )
