"""Who trades with whom, at which price, and what stays on the book."""

from collections.abc import Sequence

from matching.domain.events import OrderCanceled, OrderFilled, OrderPlaced, Trade
from matching.domain.values import EndReason, TimeInForce
from tests.matching.shard import (
    ALICE,
    BOB,
    CAROL,
    Shard,
    buy,
    cancel,
    cancel_all,
    market_buy,
    market_sell,
    no_limits,
    sell,
    with_terms,
)


def trades(events: Sequence[object]) -> list[tuple[int, int, int]]:
    """Return `(maker user, price, lots)` of each trade."""
    return [
        (event.maker_user_id, event.price_ticks, event.qty_lots)
        for event in events
        if isinstance(event, Trade)
    ]


def test_orders_that_do_not_cross_rest_on_both_sides(funded: Shard) -> None:
    funded.apply(sell(ALICE, 102, 5), sell(ALICE, 101, 4), buy(BOB, 99, 3), buy(BOB, 98, 2))
    assert funded.ladder() == ["| 102 | 5", "| 101 | 4", "3 | 99 |", "2 | 98 |"]


def test_best_price_trades_first(funded: Shard) -> None:
    funded.apply(sell(ALICE, 102, 5), sell(BOB, 101, 5))
    events = funded.apply(buy(CAROL, 102, 6))[0]
    assert trades(events) == [(BOB, 101, 5), (ALICE, 102, 1)]


def test_first_come_trades_first_at_equal_prices(funded: Shard) -> None:
    funded.apply(sell(ALICE, 101, 5), sell(BOB, 101, 5))
    events = funded.apply(buy(CAROL, 101, 7))[0]
    assert trades(events) == [(ALICE, 101, 5), (BOB, 101, 2)]


def test_first_come_trades_first_among_bids(funded: Shard) -> None:
    funded.apply(buy(ALICE, 99, 5), buy(BOB, 99, 5), buy(BOB, 98, 5))
    events = funded.apply(sell(CAROL, 98, 11))[0]
    assert trades(events) == [(ALICE, 99, 5), (BOB, 99, 5), (BOB, 98, 1)]


def test_priority_holds_between_stored_orders_and_those_of_the_same_batch(funded: Shard) -> None:
    funded.apply(sell(ALICE, 101, 1))
    answers = funded.apply(sell(BOB, 101, 1), sell(BOB, 100, 1), buy(CAROL, 101, 3))
    assert trades(answers[-1]) == [(BOB, 100, 1), (ALICE, 101, 1), (BOB, 101, 1)]


def test_a_sweep_passes_many_pages_of_the_book(funded: Shard) -> None:
    funded.apply(no_limits(ALICE), *[sell(ALICE, 100 + n // 3, 1) for n in range(300)])
    event = funded.place(buy(BOB, 1_000, 300))
    assert (event.filled_lots, event.resting_lots) == (300, 0)
    assert event.filled_units == sum(100 + n // 3 for n in range(300))
    assert funded.ladder() == []


def test_a_trade_happens_at_the_makers_price(funded: Shard) -> None:
    funded.apply(sell(ALICE, 100, 5))
    assert trades(funded.apply(buy(BOB, 120, 5))[0]) == [(ALICE, 100, 5)]


def test_the_remainder_of_a_limit_order_rests(funded: Shard) -> None:
    funded.apply(sell(ALICE, 100, 2))
    event = funded.place(buy(BOB, 100, 5))
    assert (event.filled_lots, event.resting_lots) == (2, 3)
    assert funded.ladder() == ["3 | 100 |"]


def test_a_partly_filled_maker_keeps_its_place(funded: Shard) -> None:
    funded.apply(sell(ALICE, 100, 5), sell(BOB, 100, 5))
    funded.apply(buy(CAROL, 100, 2))
    assert trades(funded.apply(buy(CAROL, 100, 4))[0]) == [(ALICE, 100, 3), (BOB, 100, 1)]


def test_a_maker_that_trades_to_its_end_is_reported_filled(funded: Shard) -> None:
    maker = funded.place(sell(ALICE, 100, 2))
    trade, filled, placed = funded.apply(buy(BOB, 100, 2))[0]
    assert isinstance(trade, Trade)
    assert isinstance(filled, OrderFilled)
    assert isinstance(placed, OrderPlaced)
    assert (filled.order_id, filled.filled_units) == (maker.order_id, 200)


def test_ioc_remainder_is_canceled(funded: Shard) -> None:
    funded.apply(sell(ALICE, 100, 2))
    event = funded.place(buy(BOB, 100, 5, time_in_force=TimeInForce.IOC))
    assert (event.filled_lots, event.canceled_lots) == (2, 3)
    assert event.end_reason == EndReason.IOC_REMAINDER
    assert funded.ladder() == []


def test_market_orders_walk_the_book_and_never_rest(funded: Shard) -> None:
    funded.apply(sell(ALICE, 100, 2), sell(ALICE, 105, 2))
    event = funded.place(market_buy(BOB, 5))
    assert (event.filled_lots, event.filled_units, event.canceled_lots) == (4, 410, 1)
    assert event.end_reason == EndReason.NO_LIQUIDITY


def test_a_market_order_on_an_empty_book_is_canceled(funded: Shard) -> None:
    event = funded.place(market_sell(ALICE, 3))
    assert (event.filled_lots, event.canceled_lots) == (0, 3)
    assert event.end_reason == EndReason.NO_LIQUIDITY


def test_fok_fills_whole(funded: Shard) -> None:
    funded.apply(sell(ALICE, 100, 2), sell(ALICE, 101, 2))
    event = funded.place(buy(BOB, 101, 4, time_in_force=TimeInForce.FOK))
    assert event.filled_lots == 4


def test_own_resting_order_stops_an_incoming_one(funded: Shard) -> None:
    funded.apply(sell(BOB, 100, 2), sell(ALICE, 101, 2), sell(BOB, 102, 2))
    event = funded.place(buy(ALICE, 102, 6))
    assert (event.filled_lots, event.canceled_lots) == (2, 4)
    assert event.end_reason == EndReason.SELF_TRADE
    assert funded.ladder() == ["| 102 | 2", "| 101 | 2"]


def test_cancel_takes_an_order_off_the_book(funded: Shard) -> None:
    order = funded.place(sell(ALICE, 100, 5))
    funded.apply(buy(BOB, 100, 2))
    (event,) = funded.apply(cancel(ALICE, order.order_id))[0]
    assert isinstance(event, OrderCanceled)
    assert (event.filled_lots, event.canceled_lots) == (2, 3)
    assert funded.ladder() == []


def test_an_order_can_be_placed_filled_and_canceled_in_one_batch(funded: Shard) -> None:
    number = funded.place(sell(ALICE, 200, 1)).order_id
    answers = funded.apply(
        sell(ALICE, 100, 3), buy(BOB, 100, 1), cancel(ALICE, number + 64), buy(BOB, 100, 1)
    )
    canceled = answers[2][0]
    assert isinstance(canceled, OrderCanceled)
    assert (canceled.filled_lots, canceled.canceled_lots) == (1, 2)
    assert funded.ladder() == ["| 200 | 1", "1 | 100 |"]


def test_cancel_all_takes_one_symbol_or_all(funded: Shard) -> None:
    funded.apply(with_terms("ETH-USD"), sell(ALICE, 100, 1), sell(ALICE, 101, 1), sell(BOB, 102, 1))
    assert funded.apply(cancel_all(ALICE, "ETH-USD")) == [[]]
    assert len(funded.apply(buy(ALICE, 50, 1), cancel_all(ALICE))[1]) == 3
    assert funded.ladder() == ["| 102 | 1"]


def test_level_totals_and_update_ids_travel_with_the_events(funded: Shard) -> None:
    first = funded.place(sell(ALICE, 100, 5))
    second = funded.place(sell(BOB, 100, 4))
    trade, placed = funded.apply(buy(CAROL, 100, 2))[0]
    assert isinstance(trade, Trade)
    assert isinstance(placed, OrderPlaced)
    assert [first.level_lots, second.level_lots, trade.level_lots] == [5, 9, 7]
    assert [first.update_id, second.update_id, trade.update_id] == [1, 2, 3]
    assert placed.update_id == 0
