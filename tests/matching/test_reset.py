"""Resetting an account: everything canceled, every balance set, once for each reference."""

import pytest

from matching.domain.commands import MoveFunds, ResetAccount
from matching.domain.errors import ErrorCode
from matching.domain.events import (
    AccountReset,
    AnyEvent,
    CommandRefused,
    FundsMoved,
    OrderCanceled,
    OrderPlaced,
)
from matching.domain.values import FEE_ACCOUNT, MAX_AMOUNT, EndReason, Units
from matching.snapshot import digest
from matching.snapshot_reader import read
from tests.matching.shard import (
    ALICE,
    BOB,
    LOT_UNITS,
    SHARD,
    Shard,
    buy,
    cancel,
    no_limits,
    sell,
    with_terms,
)


def reset(user: int, reference: str = "again", **balances: int) -> ResetAccount:
    opening = tuple((asset, Units(units)) for asset, units in balances.items())
    return ResetAccount(user_id=user, balances=opening, reference=reference)


def refusal(answer: list[AnyEvent]) -> tuple[ErrorCode, str]:
    (event,) = answer
    assert isinstance(event, CommandRefused)
    assert event.kind == "reset"
    return event.reason, event.detail


def test_orders_are_canceled_then_balances_set_then_the_reset_is_said(funded: Shard) -> None:
    funded.apply(with_terms("ETH-USD"))
    first = funded.place(sell(ALICE, 120, 3))
    second = funded.place(buy(ALICE, 90, 5, symbol="ETH-USD"))
    funded.place(sell(BOB, 110, 1))
    (answer,) = funded.apply(reset(ALICE, USD=500, AAA=7))
    canceled, funds = answer[:2], answer[2:-1]
    assert [(e.order_id, e.end_reason) for e in canceled if isinstance(e, OrderCanceled)] == [
        (first.order_id, EndReason.RESET),
        (second.order_id, EndReason.RESET),
    ]
    assert [(e.asset, e.amount, e.reference) for e in funds if isinstance(e, FundsMoved)] == [
        ("AAA", 7, "again"),
        ("BTC", -(10**12), "again"),
        ("USD", 500 - 10**12, "again"),
    ]
    assert isinstance(answer[-1], AccountReset)
    assert (answer[-1].user_id, answer[-1].reference) == (ALICE, "again")
    assert funded.wallet(ALICE) == {"AAA.available": 7, "USD.available": 500}
    assert funded.ladder() == ["| 110 | 1"]


def test_an_asset_that_is_right_already_is_left_alone(funded: Shard) -> None:
    funded.place(buy(ALICE, 90, 5))
    (answer,) = funded.apply(reset(ALICE, USD=10**12, BTC=10**12, ETH=0))
    assert [type(event) for event in answer] == [OrderCanceled, AccountReset]


def test_an_account_that_was_never_used_gets_its_balance(shard: Shard) -> None:
    shard.apply(reset(ALICE, USD=500))
    assert shard.wallet(ALICE) == {"USD.available": 500}


def test_supply_changes_by_what_the_account_gains_or_loses(funded: Shard) -> None:
    funded.apply(with_terms("BTC-USD", taker_fee_ppm=10_000))
    funded.apply(sell(BOB, 100, 50), buy(ALICE, 100, 20), reset(ALICE, USD=3))
    supply = read(funded.hot, SHARD).supply
    for asset in ("BTC", "USD"):
        held = [funded.wallet(user) for user in (FEE_ACCOUNT, 1, 2, 3)]
        parts = (f"{asset}.available", f"{asset}.reserved")
        assert sum(wallet.get(part, 0) for wallet in held for part in parts) == supply[asset]


def test_the_same_reset_again_is_answered_and_does_nothing(funded: Shard) -> None:
    funded.place(buy(ALICE, 90, 5))
    (first,) = funded.apply(reset(ALICE, USD=500))
    funded.deposit(ALICE, "USD", 100)
    funded.place(buy(ALICE, 90, 5))
    before = digest(read(funded.hot, SHARD))
    assert funded.apply(reset(ALICE, USD=500)) == [first[-1:]]
    assert digest(read(funded.hot, SHARD)) == before


def test_the_same_reset_again_in_the_same_batch_is_answered(funded: Shard) -> None:
    first, again = funded.apply(reset(ALICE, USD=500), reset(ALICE, USD=500))
    assert again == first[-1:]


@pytest.mark.parametrize(
    "other",
    [reset(BOB, USD=500), reset(ALICE, USD=501), reset(ALICE), reset(ALICE, USD=500, BTC=0)],
)
def test_a_reference_stands_for_one_reset(funded: Shard, other: ResetAccount) -> None:
    funded.apply(reset(ALICE, USD=500))
    before = [funded.wallet(user) for user in (ALICE, BOB)]
    assert refusal(funded.apply(other)[0]) == (ErrorCode.CONFLICT, "reference was used before")
    assert [funded.wallet(user) for user in (ALICE, BOB)] == before


def test_resets_and_funds_share_their_references(funded: Shard) -> None:
    deposit = MoveFunds(user_id=ALICE, asset="USD", amount=Units(500), reference="r")
    funded.apply(deposit, reset(ALICE, "s", USD=500))
    assert refusal(funded.apply(reset(ALICE, "r", USD=500))[0])[0] == ErrorCode.CONFLICT
    (event,) = funded.apply(
        MoveFunds(user_id=ALICE, asset="USD", amount=Units(500), reference="s")
    )[0]
    assert isinstance(event, CommandRefused)
    assert event.reason == ErrorCode.CONFLICT


def test_a_reset_past_the_supply_is_refused_whole(funded: Shard) -> None:
    funded.place(buy(ALICE, 90, 5))
    funded.deposit(BOB, "AAA", MAX_AMOUNT - 10)
    before = digest(read(funded.hot, SHARD))
    (answer,) = funded.apply(reset(ALICE, BTC=5, AAA=11))
    assert refusal(answer) == (ErrorCode.INVALID_REQUEST, "supply would overflow")
    state = read(funded.hot, SHARD)
    assert len(state.orders) == 1
    assert before != digest(state), "the refusal is an event"
    assert funded.apply(reset(ALICE, BTC=5, AAA=10))[0], "the reference is still free"
    assert funded.wallet(ALICE) == {"AAA.available": 10, "BTC.available": 5}


def test_what_the_account_gives_up_makes_room_in_the_supply(shard: Shard) -> None:
    shard.deposit(ALICE, "USD", MAX_AMOUNT)
    shard.place(buy(ALICE, 90, 5))
    shard.apply(reset(ALICE, USD=MAX_AMOUNT))
    assert shard.wallet(ALICE) == {"USD.available": MAX_AMOUNT}


def test_hundreds_of_orders_are_canceled_in_one_step(funded: Shard) -> None:
    funded.apply(no_limits(ALICE), *[buy(ALICE, 90, 1)] * 400, *[sell(ALICE, 110, 1)] * 400)
    (answer,) = funded.apply(reset(ALICE, USD=5))
    canceled = [event.order_id for event in answer if isinstance(event, OrderCanceled)]
    assert len(canceled) == 800
    assert canceled == sorted(canceled)
    assert funded.ladder() == []
    (again,) = funded.apply(reset(ALICE, USD=5))
    assert len(again) == 1


def test_a_reset_account_goes_on_trading(funded: Shard) -> None:
    order = funded.place(buy(ALICE, 90, 5))
    answers = funded.apply(
        reset(ALICE, USD=90), cancel(ALICE, order.order_id), buy(ALICE, 90, 1), sell(BOB, 90, 1)
    )
    assert isinstance(answers[1][0], CommandRefused)
    assert isinstance(answers[2][0], OrderPlaced)
    assert funded.wallet(ALICE) == {"BTC.available": LOT_UNITS}
