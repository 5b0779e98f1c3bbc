"""What must always hold: found broken and named, wherever it is, and never where it is not."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from redis import Redis

from matching import keys
from matching.domain.invariants import Report
from matching.domain.values import Side
from matching.invariants import Round, ServerRestarted, check_shard
from tests.matching.shard import ALICE, BOB, CAROL, SHARD, Shard, buy, cancel_all, sell

pytestmark = pytest.mark.damage

Tamper = Callable[[Redis], object]

BTC = "BTC-USD"
BIDS, ASKS = keys.book(SHARD, BTC, Side.BUY), keys.book(SHARD, BTC, Side.SELL)
BID_LEVELS, ASK_LEVELS = keys.levels(SHARD, BTC, Side.BUY), keys.levels(SHARD, BTC, Side.SELL)
EVENTS = keys.events(SHARD)
MARKET = keys.market(SHARD, BTC)
OFFER, BID = 64, 192  # order ids
BID_MEMBER = f"{BID:016}:{BOB}"
NO_AMOUNT = ", which is no whole number from 0 to 2^53-1."


@pytest.fixture
def traded(funded: Shard) -> Shard:
    """Alice offers 5 lots at 100 of which Bob takes 2; Bob bids for 3 at 90, Carol for 4."""
    funded.place(sell(ALICE, 100, 5, client_order_id="one"))
    funded.place(buy(BOB, 100, 2))
    funded.place(buy(BOB, 90, 3))
    funded.place(buy(CAROL, 90, 4))
    return funded


def sentences(hot: Redis) -> list[str]:
    """Return what is wrong, each after its check's name."""
    report = check_shard(hot, SHARD)
    assert report.unjudged == []
    return sorted(f"{violation.check}: {violation.sentence}" for violation in report.violations)


def test_a_shard_without_anything_is_clean(hot: Redis) -> None:
    assert sentences(Shard(hot).hot) == []


def test_a_shard_that_traded_is_clean_and_was_looked_at(traded: Shard) -> None:
    report = check_shard(traded.hot, SHARD)
    assert report.violations == []
    assert report.is_clean
    assert dict(report.looked_at) == {
        "markets": 1,
        "wallets": 4,
        "supply": 2,
        "reserved": 4,
        "orders": 3,
        "books": 3,
        "levels": 2,
        "events": len(traded.events()),
    }


def test_a_wallet_of_nobody_is_passed_over(traded: Shard) -> None:
    traded.hot.hset(f"{keys.prefix(SHARD)}wallet:²", "USD.available", 0)
    assert sentences(traded.hot) == []


def test_across_a_restart_of_the_server_nothing_is_told(
    restarting: tuple[Shard, Callable[[], None]],
) -> None:
    shard, restart = restarting
    steps = Round(shard.hot, SHARD).steps()
    next(steps)
    restart()
    with pytest.raises(ServerRestarted):
        list(steps)


def change_order(hot: Redis, user: int, order_id: int, before: str, after: str) -> None:
    key = keys.open_orders(SHARD, user)
    line = cast("bytes", hot.hget(key, str(order_id))).decode()
    assert before in line
    hot.hset(key, str(order_id), line.replace(before, after))


def wallet_change(user: int, field: str, by: int) -> Tamper:
    return lambda hot: hot.hincrby(keys.wallet(SHARD, user), field, by)


def wallet_text(field: str, text: str) -> Tamper:
    return lambda hot: hot.hset(keys.wallet(SHARD, BOB), field, text)


def order_change(user: int, order_id: int, before: str, after: str) -> Tamper:
    return lambda hot: change_order(hot, user, order_id, before, after)


def market_text(field: str, text: str) -> Tamper:
    return lambda hot: hot.hset(MARKET, field, text)


def drop_event(hot: Redis, place: int) -> None:
    entries = cast("list[Any]", hot.xrange(EVENTS))
    hot.xdel(EVENTS, entries[place][0])


def unpad(hot: Redis) -> None:
    hot.zrem(BIDS, BID_MEMBER)
    hot.zadd(BIDS, {f"{BID}:{BOB}": -90})


def cross(hot: Redis) -> None:
    """Let Alice's offer stand at Bob's bid, in every respect."""
    change_order(hot, ALICE, OFFER, "price=100", "price=90")
    hot.zadd(ASKS, {f"{OFFER:016}:{ALICE}": 90})
    hot.delete(ASK_LEVELS)
    hot.hset(ASK_LEVELS, "90", 3)


# What is done by hand, and all that is wrong then.
TAMPERED: dict[str, tuple[Tamper, list[str]]] = {
    "a unit too much": (
        wallet_change(BOB, "USD.available", 1),
        ["supply: Supply of USD is 3000000000000, the wallets hold 3000000000001."],
    ),
    "a unit lost": (
        wallet_change(BOB, "USD.available", -1),
        ["supply: Supply of USD is 3000000000000, the wallets hold 2999999999999."],
    ),
    "a negative amount": (
        wallet_text("ETH.available", "-3"),
        [
            f"wallets: Wallet of user 2, ETH.available is -3{NO_AMOUNT}",
            "supply: Supply of ETH is 0, the wallets hold -3.",
        ],
    ),
    "half a unit": (
        wallet_text("ETH.incoming", "0.5"),
        [
            f"wallets: Wallet of user 2, ETH.incoming is 0.5{NO_AMOUNT}",
            "reserved: Wallet of user 2, ETH.incoming is 0.5, the open orders make it 0.",
        ],
    ),
    "an amount that is too large": (
        wallet_text("ETH.available", "9007199254740992"),
        [
            f"wallets: Wallet of user 2, ETH.available is 9007199254740992{NO_AMOUNT}",
            "supply: Supply of ETH is 0, the wallets hold 9007199254740992.",
        ],
    ),
    "an amount that is none": (
        wallet_text("ETH.available", "\xff"),
        [f"wallets: Wallet of user 2, ETH.available is ??{NO_AMOUNT}"],
    ),
    "too much reserved": (
        wallet_change(BOB, "USD.reserved", 1),
        [
            "reserved: Wallet of user 2, USD.reserved is 271, the open orders make it 270.",
            "supply: Supply of USD is 3000000000000, the wallets hold 3000000000001.",
        ],
    ),
    "too much on order": (
        wallet_change(BOB, "BTC.incoming", 1),
        ["reserved: Wallet of user 2, BTC.incoming is 30001, the open orders make it 30000."],
    ),
    "an order counted twice": (
        wallet_change(BOB, "BTC-USD.orders", 1),
        ["reserved: Wallet of user 2, BTC-USD.orders is 2, the open orders make it 1."],
    ),
    "a wallet lost": (
        lambda hot: hot.delete(keys.wallet(SHARD, CAROL)),
        [
            "reserved: Wallet of user 3, BTC-USD.orders is 0, the open orders make it 1.",
            "reserved: Wallet of user 3, BTC.incoming is 0, the open orders make it 40000.",
            "reserved: Wallet of user 3, USD.reserved is 0, the open orders make it 360.",
            "supply: Supply of BTC is 3000000000000, the wallets hold 2000000000000.",
            "supply: Supply of USD is 3000000000000, the wallets hold 2000000000000.",
        ],
    ),
    "an order lost": (
        lambda hot: hot.hdel(keys.open_orders(SHARD, BOB), str(BID)),
        [
            f"books: Entry {BID_MEMBER} of book BTC-USD bids stands there at 90, but is not open.",
            "levels: Level BTC-USD bids at 90 is 7 lots, its orders have 4 left.",
            "reserved: Wallet of user 2, BTC-USD.orders is 1, the open orders make it 0.",
            "reserved: Wallet of user 2, BTC.incoming is 30000, the open orders make it 0.",
            "reserved: Wallet of user 2, USD.reserved is 270, the open orders make it 0.",
        ],
    ),
    "an order with nothing left": (
        order_change(BOB, BID, "remaining=3", "remaining=0"),
        [
            "levels: Level BTC-USD bids at 90 is 7 lots, its orders have 4 left.",
            "orders: Order 192 of user 2 has 0 lots left of 3.",
            "reserved: Wallet of user 2, BTC.incoming is 30000, the open orders make it 0.",
            "reserved: Wallet of user 2, USD.reserved is 270, the open orders make it 0.",
        ],
    ),
    "an order with more left than there was": (
        order_change(BOB, BID, "remaining=3", "remaining=4"),
        [
            "levels: Level BTC-USD bids at 90 is 7 lots, its orders have 8 left.",
            "orders: Order 192 of user 2 has 4 lots left of 3.",
            "reserved: Wallet of user 2, BTC.incoming is 30000, the open orders make it 40000.",
            "reserved: Wallet of user 2, USD.reserved is 270, the open orders make it 360.",
        ],
    ),
    "an order without a price": (
        order_change(BOB, BID, "price=90", "price=0"),
        [
            f"books: Entry {BID_MEMBER} of book BTC-USD bids stands there at 90, but is open in "
            "BTC-USD bids at 0.",
            "orders: Order 192 of user 2 is for 3 lots at 0, which is out of bounds.",
            "orders: Order 192 of user 2 is open at 0, but at 90 in the book BTC-USD bids.",
            "reserved: Wallet of user 2, USD.reserved is 270, the open orders make it 0.",
        ],
    ),
    "a sell below its limit": (
        order_change(ALICE, OFFER, "filled_units=200", "filled_units=199"),
        ["orders: Order 64 of user 1 traded 2 lots for 199, at its limit they are worth 200."],
    ),
    "fills of an order that never traded": (
        order_change(BOB, BID, "filled_units=0", "filled_units=7"),
        ["orders: Order 192 of user 2 traded 0 lots for 7, at its limit they are worth 0."],
    ),
    "an order in another book": (
        order_change(BOB, BID, "side=BUY", "side=SELL"),
        [
            f"books: Entry {BID_MEMBER} of book BTC-USD bids stands there at 90, but is open in "
            "BTC-USD asks at 90.",
            "orders: Order 192 of user 2 is open at 90, but not in the book BTC-USD asks.",
            "reserved: Wallet of user 2, BTC.incoming is 30000, the open orders make it 0.",
            "reserved: Wallet of user 2, BTC.reserved is 0, the open orders make it 30000.",
            "reserved: Wallet of user 2, USD.reserved is 270, the open orders make it 0.",
        ],
    ),
    "an entry moved": (
        lambda hot: hot.zadd(BIDS, {BID_MEMBER: -89}),
        [
            f"books: Entry {BID_MEMBER} of book BTC-USD bids stands there at 89, but is open in "
            "BTC-USD bids at 90.",
            "levels: Level BTC-USD bids at 89 is 0 lots, its orders have 3 left.",
            "levels: Level BTC-USD bids at 90 is 7 lots, its orders have 4 left.",
            "orders: Order 192 of user 2 is open at 90, but at 89 in the book BTC-USD bids.",
        ],
    ),
    "an entry lost": (
        lambda hot: hot.zrem(BIDS, BID_MEMBER),
        [
            "levels: Level BTC-USD bids at 90 is 7 lots, its orders have 4 left.",
            "orders: Order 192 of user 2 is open at 90, but not in the book BTC-USD bids.",
        ],
    ),
    "an entry that lost its turn": (
        unpad,
        [
            "books: Entry 192:2 of book BTC-USD bids stands there as 192:2, out of its place in "
            "time.",
            "orders: Order 192 of user 2 is open at 90, but not in the book BTC-USD bids.",
        ],
    ),
    "an entry that is none": (
        lambda hot: hot.zadd(BIDS, {"junk": -80}),
        ["books: Entry junk of book BTC-USD bids stands there at 80, but is not open."],
    ),
    "a total too high": (
        lambda hot: hot.hincrby(BID_LEVELS, "90", 1),
        ["levels: Level BTC-USD bids at 90 is 8 lots, its orders have 7 left."],
    ),
    "a level of nobody": (
        lambda hot: hot.hset(ASK_LEVELS, "101", 1),
        ["levels: Level BTC-USD asks at 101 is 1 lots, and no order stands there."],
    ),
    "levels lost": (
        lambda hot: hot.delete(ASK_LEVELS),
        ["levels: Level BTC-USD asks at 100 is 0 lots, its orders have 3 left."],
    ),
    "a crossed book": (
        cross,
        ["books: Book BTC-USD is crossed: its best bid is 90, its best ask 90."],
    ),
    "a supply too low": (
        lambda hot: hot.hincrby(keys.supply(SHARD), "BTC", -1),
        ["supply: Supply of BTC is 2999999999999, the wallets hold 3000000000000."],
    ),
    "a supply lost": (
        lambda hot: hot.hdel(keys.supply(SHARD), "BTC"),
        ["supply: Supply of BTC is 0, the wallets hold 3000000000000."],
    ),
    "an event lost": (
        lambda hot: drop_event(hot, 3),
        ["events: Event 5 comes next after event 3."],
    ),
    "the last event lost": (
        lambda hot: drop_event(hot, -1),
        ["events: Event 12 is the shard's last, the log ends with 11."],
    ),
    "the log lost": (
        lambda hot: hot.delete(EVENTS),
        ["events: Event 12 is the shard's last, there is no log."],
    ),
    "an event that was never logged": (
        lambda hot: hot.hincrby(keys.sequence(SHARD), "event", 1),
        ["events: Event 13 is the shard's last, the log ends with 12."],
    ),
    "events that cannot be read": (
        lambda hot: hot.xadd(EVENTS, {"events": b"\xc1"}, id="13-0"),
        [
            "events: Event 12 is the shard's last, the log ends with 13.",
            "events: Event 13 ends an entry that cannot be read.",
        ],
    ),
    "a status that is none": (
        market_text("status", "OPEN"),
        ["markets: Market BTC-USD, status is OPEN, which is none."],
    ),
    "a last price that is none": (
        market_text("last_price", "-1"),
        [f"markets: Market BTC-USD, last_price is -1{NO_AMOUNT}"],
    ),
    "a market without a count of its changes": (
        lambda hot: hot.hdel(MARKET, "update_id"),
        [f"markets: Market BTC-USD, update_id is absent{NO_AMOUNT}"],
    ),
}


@pytest.mark.parametrize(("tamper", "wrong"), TAMPERED.values(), ids=TAMPERED.keys())
def test_what_was_done_by_hand_is_found_and_named(
    traded: Shard, tamper: Tamper, wrong: list[str]
) -> None:
    tamper(traded.hot)
    assert sentences(traded.hot) == sorted(wrong)


def test_what_is_left_of_a_market_that_was_lost_is_named(traded: Shard) -> None:
    traded.hot.delete(MARKET)
    assert "orders: Order 64 of user 1 is in BTC-USD, which is not listed." in sentences(traded.hot)


def test_an_order_that_cannot_be_read_is_named(traded: Shard) -> None:
    change_order(traded.hot, BOB, BID, "price=90", "price=ninety")
    found = sentences(traded.hot)
    assert any(s.startswith("orders: Order 192 of user 2 cannot be read: symbol") for s in found)


def test_events_that_were_trimmed_are_not_missed(traded: Shard) -> None:
    traded.hot.xtrim(EVENTS, maxlen=3, approximate=False)
    assert sentences(traded.hot) == []
    traded.hot.xtrim(EVENTS, maxlen=0, approximate=False)
    assert sentences(traded.hot) == []


def test_a_log_of_many_entries_is_looked_through(funded: Shard) -> None:
    for _ in range(150):
        funded.apply(buy(ALICE, 90, 1), cancel_all(ALICE))
    assert sentences(funded.hot) == []
    drop_event(funded.hot, 120)
    assert sentences(funded.hot) == ["events: Event 236 comes next after event 233."]


# More than one slice can look at


@pytest.fixture
def crowded(funded: Shard) -> Shard:
    """Alice has 200 orders of a lot at 100, Bob 200 more."""
    for user in (ALICE, BOB):
        funded.apply(*[sell(user, 100, 1) for _ in range(200)])
    funded.apply(buy(CAROL, 100, 7))
    return funded


CROWDED: dict[str, tuple[Tamper, list[str]]] = {
    "nothing": (lambda _hot: None, []),
    "a total too high": (
        lambda hot: hot.hincrby(ASK_LEVELS, "100", 1),
        ["levels: Level BTC-USD asks at 100 is 394 lots, its orders have 393 left."],
    ),
    "too much reserved": (
        wallet_change(ALICE, "BTC.reserved", 5),
        [
            "reserved: Wallet of user 1, BTC.reserved is 1930005, the open orders make it 1930000.",
            "supply: Supply of BTC is 3000000000000, the wallets hold 3000000000005.",
        ],
    ),
    "orders that were not counted": (
        wallet_change(BOB, "BTC-USD.orders", -200),
        ["reserved: Wallet of user 2, BTC-USD.orders is 0, the open orders make it 200."],
    ),
    "an entry lost": (
        lambda hot: hot.zremrangebyrank(ASKS, 100, 100),
        [
            "levels: Level BTC-USD asks at 100 is 393 lots, its orders have 392 left.",
            "orders: Order 6912 of user 1 is open at 100, but not in the book BTC-USD asks.",
        ],
    ),
}


@pytest.mark.parametrize(("tamper", "wrong"), CROWDED.values(), ids=CROWDED.keys())
def test_sums_over_more_than_a_slice_are_exact(
    crowded: Shard, tamper: Tamper, wrong: list[str]
) -> None:
    tamper(crowded.hot)
    assert sentences(crowded.hot) == sorted(wrong)


def test_a_sum_whose_events_are_gone_is_not_judged(crowded: Shard) -> None:
    report = Report(SHARD)
    for step in Round(crowded.hot, SHARD).steps():
        report.add(step)
        if step.in_a_sum:
            crowded.apply(cancel_all(CAROL), buy(CAROL, 90, 1))
            crowded.hot.xtrim(EVENTS, maxlen=0, approximate=False)
    assert report.is_clean
    assert [sentence.partition(":")[0] for sentence in report.unjudged] == [
        "Level BTC-USD asks at 100 cannot be added up",
        "The wallet of user 1 cannot be added up",
        "The wallet of user 2 cannot be added up",
    ]
