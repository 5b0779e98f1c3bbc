"""The worker's self-check: what it finds broken is logged and halted, once; nothing else is."""

from collections.abc import Callable
from itertools import count
from typing import cast

import pytest
from redis import Redis

from kalency.stack.addresses import Address
from matching import keys, library
from matching.domain.commands import MoveFunds, SetMarketStatus
from matching.domain.events import MarketStatusChanged, OrderPlaced, OrderRejected
from matching.domain.values import MarketStatus, Side, Units
from matching.invariants import Round
from matching.self_check import SelfCheck
from tests.matching.shard import ALICE, BOB, SHARD, Shard, buy, no_limits, with_terms
from tests.polling import wait_until
from tests.running_worker import running_worker

pytestmark = pytest.mark.damage

BTC, ETH = "BTC-USD", "ETH-USD"
BID_LEVELS = keys.levels(SHARD, BTC, Side.BUY)
READS = ("scan", "fcall_ro")
WRONG_LEVEL = "Level BTC-USD bids at 90 is 4 lots, its orders have 3 left."
WRONG_SUPPLY = "Supply of USD is 3000000000001, the wallets hold 3000000000000."


@pytest.fixture
def markets(funded: Shard) -> Shard:
    """BTC-USD and ETH-USD with a bid each."""
    funded.apply(with_terms(ETH))
    funded.apply(buy(ALICE, 90, 3), buy(ALICE, 90, 3, symbol=ETH))
    return funded


@pytest.fixture
def check(markets: Shard) -> SelfCheck:
    """One that takes all the time it wants."""
    return SelfCheck(markets.hot, SHARD, share=1.0)


def damage_level(hot: Redis) -> None:
    hot.hincrby(BID_LEVELS, "90", 1)
    # The function would go on with the total that it remembers.
    hot.function_load(library.compose(), replace=True)


def go_round(check: SelfCheck, shard: Shard, *, rounds: int = 1) -> None:
    """Let the self-check go all the way round, and apply what it asks for."""
    last = check.rounds + rounds

    def is_round() -> bool:
        check.go_on()
        shard.match()
        return check.rounds >= last

    wait_until(is_round, "the self-check comes round", poll_s=0)


def looks(hot: Redis, check: SelfCheck) -> int:
    """Return how many slices were looked at in one go."""
    before = reads(hot)
    check.go_on()
    return reads(hot) - before


def reads(hot: Redis) -> int:
    return sum(calls(hot, name) for name in READS)


def calls(hot: Redis, name: str) -> int:
    return int(hot.info("commandstats").get(f"cmdstat_{name}", {"calls": 0})["calls"])


def go_on_until_called(check: SelfCheck, hot: Redis, name: str) -> None:
    """Let the self-check go on until it has called this command of the server once more."""
    before = calls(hot, name)

    def is_called() -> bool:
        check.go_on()
        return calls(hot, name) > before

    wait_until(is_called, f"the self-check calls {name}", poll_s=0)


def deposit(user: int) -> MoveFunds:
    return MoveFunds(user_id=user, asset="USD", amount=Units(1), reference=f"test:{user}")


def always_due(shard: Shard) -> SelfCheck:
    """Return one that looks at a slice whenever it is called."""
    return SelfCheck(shard.hot, SHARD, clock=lambda: 0.0)


def halts(shard: Shard) -> list[tuple[str, str]]:
    """Return market and reason of each halt so far."""
    return [
        (event.symbol, event.reason)
        for event in shard.events()
        if isinstance(event, MarketStatusChanged) and event.status is MarketStatus.HALTED
    ]


def test_a_clean_shard_is_left_alone(check: SelfCheck, markets: Shard) -> None:
    before = markets.events()
    go_round(check, markets, rounds=3)
    assert markets.events() == before


def test_a_broken_market_is_halted_and_the_others_trade_on(
    check: SelfCheck, markets: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    damage_level(markets.hot)
    go_round(check, markets)
    assert halts(markets) == [(BTC, WRONG_LEVEL)]
    assert f"Shard 0 is broken: {WRONG_LEVEL}" in caplog.messages
    (refused,), (placed,) = markets.apply(buy(BOB, 90, 1), buy(BOB, 90, 1, symbol=ETH))
    assert isinstance(refused, OrderRejected)
    assert isinstance(placed, OrderPlaced)


def test_what_is_about_no_market_halts_them_all(check: SelfCheck, markets: Shard) -> None:
    markets.hot.hincrby(keys.supply(SHARD), "USD", 1)
    go_round(check, markets)
    assert halts(markets) == [(BTC, WRONG_SUPPLY), (ETH, WRONG_SUPPLY)]


def test_a_market_is_halted_even_where_no_memory_is_left(check: SelfCheck, markets: Shard) -> None:
    damage_level(markets.hot)
    markets.hot.config_set("maxmemory", 1)
    try:
        go_round(check, markets)
    finally:
        markets.hot.config_set("maxmemory", 0)
    assert halts(markets) == [(BTC, WRONG_LEVEL)]


def test_a_halt_is_asked_for_and_told_once(
    check: SelfCheck, markets: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    damage_level(markets.hot)
    go_round(check, markets, rounds=3)
    assert len(halts(markets)) == 1
    assert len(caplog.messages) == 1


def test_a_market_that_is_resumed_is_halted_again_while_it_is_broken(
    check: SelfCheck, markets: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    damage_level(markets.hot)
    go_round(check, markets)
    resume = SetMarketStatus(symbol=BTC, status=MarketStatus.TRADING)
    markets.apply(resume)
    go_round(check, markets)
    assert len(halts(markets)) == 2
    assert len(caplog.messages) == 1
    markets.hot.hincrby(BID_LEVELS, "90", -1)
    markets.apply(resume)
    go_round(check, markets)
    assert len(halts(markets)) == 2


def test_what_was_mended_and_breaks_again_is_told_again(
    check: SelfCheck, markets: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    for change in (1, -1, 1):
        markets.hot.hincrby(keys.supply(SHARD), "USD", change)
        go_round(check, markets)
    assert caplog.messages == [f"Shard 0 is broken: {WRONG_SUPPLY}"] * 2


def test_a_long_reason_is_cut(check: SelfCheck, markets: Shard) -> None:
    order = markets.place(buy(BOB, 80, 1, client_order_id="x" * 64))
    open_orders, name = keys.open_orders(SHARD, BOB), str(order.order_id)
    line = cast("bytes", markets.hot.hget(open_orders, name))
    markets.hot.hset(open_orders, name, line.replace(b"price=80", b"price=eighty"))
    markets.hot.zrem(keys.book(SHARD, BTC, Side.BUY), f"{order.order_id:016}:{BOB}")
    markets.hot.hdel(BID_LEVELS, "80")
    go_round(check, markets)
    assert [(symbol, len(reason)) for symbol, reason in halts(markets)] == [(BTC, 200), (ETH, 200)]


def test_behind_a_key_that_cannot_be_looked_at_all_is_looked_at(
    check: SelfCheck, markets: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    orders = keys.open_orders(SHARD, 77)
    markets.hot.hset(keys.wallet(SHARD, 77), "USD.available", 5)
    markets.hot.set(orders, "text")
    go_round(check, markets)
    assert [symbol for symbol, _ in halts(markets)] == [BTC, ETH]
    damaged, supply = caplog.messages
    assert damaged.startswith("Shard 0 is broken: User 77 cannot be looked at: WRONGTYPE")
    assert supply.startswith("Shard 0 is broken: Supply of USD is")


def test_a_book_that_cannot_be_looked_at_halts_its_market(check: SelfCheck, markets: Shard) -> None:
    markets.hot.delete(BID_LEVELS)
    markets.hot.set(BID_LEVELS, "text")
    go_round(check, markets)
    ((symbol, reason),) = halts(markets)
    assert (symbol, "cannot be looked at: WRONGTYPE" in reason) == (BTC, True)


def test_a_function_that_is_not_loaded_halts_nobody(
    markets: Shard, caplog: pytest.LogCaptureFixture
) -> None:
    clock = count()
    check = SelfCheck(markets.hot, SHARD, share=1.0, clock=lambda: float(next(clock)))
    markets.hot.function_flush()

    def is_told() -> bool:
        check.go_on()
        return bool(caplog.messages)

    wait_until(is_told, "the self-check says so")
    assert "the self-check cannot look: Function not found" in caplog.text
    markets.forget()
    go_round(check, markets)
    assert halts(markets) == []


def test_a_restart_of_the_server_among_the_orders_of_a_user_halts_nobody(
    restarting: tuple[Shard, Callable[[], None]], caplog: pytest.LogCaptureFixture
) -> None:
    shard, restart = restarting
    shard.deposit(ALICE, "USD", 10**12)
    shard.apply(no_limits(ALICE))
    for first in (1, 501):
        shard.apply(*[buy(ALICE, price, 1) for price in range(first, first + 500)])
    steps = list(Round(shard.hot, SHARD).steps())
    sum_begins = [step.in_a_sum for step in steps].index(True)
    check = always_due(shard)
    for _ in range(sum_begins + 2):
        check.go_on()
    restart()
    go_round(check, shard)
    assert (caplog.messages, halts(shard)) == ([], [])


def test_a_restart_of_the_server_while_users_are_found_halts_nobody(
    restarting: tuple[Shard, Callable[[], None]], caplog: pytest.LogCaptureFixture
) -> None:
    shard, restart = restarting
    for first in (1, 501, 1001):
        shard.apply(*[deposit(user) for user in range(first, first + 500)])
    check = always_due(shard)
    go_on_until_called(check, shard.hot, "fcall_ro")  # all users are found
    # Who comes in the middle of a round makes the sum look for all users once more.
    shard.apply(deposit(2_000))
    go_on_until_called(check, shard.hot, "scan")
    restart()
    go_round(check, shard)
    assert (caplog.messages, halts(shard)) == ([], [])


def test_slices_come_as_seldom_as_their_share_asks(markets: Shard) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.001
        return now

    check = SelfCheck(markets.hot, SHARD, share=0.01, clock=clock)
    calls = [looks(markets.hot, check) for _ in range(1_000)]
    assert 9 <= sum(calls) <= 11


def test_a_worker_halts_what_is_broken(
    markets: Shard, hot_server: Address, bus_server: Address
) -> None:
    damage_level(markets.hot)
    with running_worker(hot_server, bus_server):
        wait_until(lambda: halts(markets), "the market is halted")
    assert halts(markets) == [(BTC, WRONG_LEVEL)]
