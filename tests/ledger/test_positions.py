"""The average cost method: a worked example, its rounding, and what holds for any history."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.positions import (
    Change,
    Filled,
    Holding,
    Holdings,
    Moved,
    Price,
    add_up,
    fold,
    half_even,
)
from matching.domain.values import Side


def bought(base_units: int, quote_units: int, fee: int = 0) -> Filled:
    return Filled(Side.BUY, "BTC", "USD", base_units, quote_units, fee)


def sold(base_units: int, quote_units: int, fee: int = 0) -> Filled:
    return Filled(Side.SELL, "BTC", "USD", base_units, quote_units, fee)


def moved(units: int, *, asset: str = "BTC", price: Price | None = None) -> Moved:
    return Moved(asset, units, price)


def folded(changes: Iterable[Change]) -> Holdings:
    holdings: Holdings = {}
    fold(holdings, changes)
    return holdings


EXAMPLE: list[tuple[Change, int, Holding]] = [
    # What happens, what USD there is afterwards, and BTC as (units, cost, realised).
    (moved(10_000, asset="USD"), 10_000, Holding(0, 0, 0)),
    # No trade yet, so no price: it costs nothing.
    (moved(100), 10_000, Holding(100, 0, 0)),
    # 200 for 1,000 at 5 each; 2 of them are the fee, so 198 come in and cost all of the 1,000.
    (bought(200, 1_000, fee=2), 9_000, Holding(298, 1_000, 0)),
    # Half of what is held, so half of the cost: 500. It brings 894 - 9 = 885, and 885 - 500 = 385.
    (sold(149, 894, fee=9), 9_885, Holding(149, 500, 385)),
    # At the last price, 894 for 149, which is 6 each: 51 x 6 = 306.
    (moved(51, price=Price(894, 149)), 9_885, Holding(200, 806, 385)),
    # A quarter of what is held takes a quarter of 806: 201.5, to the even 202. Nothing is realised.
    (moved(-50), 9_885, Holding(150, 604, 385)),
    (bought(50, 350), 9_535, Holding(200, 954, 385)),
    # The last units take the last of the cost: 999 - 954 = 45 more.
    (sold(200, 1_000, fee=1), 10_534, Holding(0, 0, 430)),
]


def test_a_worked_example_adds_up_by_hand() -> None:
    holdings: Holdings = {}
    for change, usd, btc in EXAMPLE:
        fold(holdings, [change])
        assert (holdings["USD"].units, holdings.get("BTC", Holding())) == (usd, btc), change


def test_unrealised_is_worth_less_cost() -> None:
    held = Holding(units=200, cost=954, realised=385)
    assert held.unrealised(Price(7, 1)) == 446  # 200 x 7 = 1,400, less 954
    assert held.unrealised(Price(9, 2)) == -54  # 200 x 4.5 = 900, less 954
    assert Holding(units=100).unrealised(None) == 0


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [(1, 2, 0), (3, 2, 2), (5, 2, 2), (5, 3, 2), (4, 3, 1), (-1, 2, 0), (-3, 2, -2), (-5, 3, -2)],
)
def test_halves_go_to_the_even(numerator: int, denominator: int, quotient: int) -> None:
    assert half_even(numerator, denominator) == quotient


def test_figures_far_beyond_a_float_stay_exact() -> None:
    most = 2**53 - 1
    holdings = folded([bought(most, most), sold(1, 3)])
    assert holdings["BTC"] == Holding(most - 1, most - 1, 2)


def test_holdings_of_shards_add_up() -> None:
    parts: list[Holdings] = [{"BTC": Holding(1, 2, 3)}, {"BTC": Holding(10, 20, 30)}]
    assert add_up(parts) == {"BTC": Holding(11, 22, 33)}


amounts = st.integers(1, 10**6)
prices = st.builds(Price, amounts, amounts)
histories = st.lists(
    st.one_of(
        st.builds(bought, st.integers(10, 10**6), amounts, st.integers(0, 9)),
        st.builds(sold, amounts, st.integers(10, 10**6), st.integers(0, 9)),
        st.builds(moved, st.integers(-(10**6), 10**6).filter(bool), price=prices),
    ),
    max_size=40,
)


@given(histories)
def test_gains_are_what_came_in_less_what_went_out(history: list[Change]) -> None:
    """Realised + unrealised = worth at the end + money out - money in, whatever happened."""
    holdings: Holdings = {}
    paid_in = 0
    for change in history:
        btc = holdings.get("BTC", Holding())
        taken = change.base_units if isinstance(change, Filled) else -change.units
        buys = isinstance(change, Filled) and change.side is Side.BUY
        if not buys and taken > btc.units:
            continue  # matching lets nobody give what is not there
        fold(holdings, [change])
        if isinstance(change, Moved):
            paid_in += holdings["BTC"].cost - btc.cost
        assert holdings["BTC"].cost >= 0
        assert holdings["BTC"].units > 0 or holdings["BTC"].cost == 0
    btc, usd = holdings.get("BTC", Holding()), holdings.get("USD", Holding())
    mark = Price(3, 7)
    assert btc.realised + btc.unrealised(mark) == mark.worth(btc.units) + usd.units - paid_in
