"""Markets turn decimal text into integers and back, and refuse what they could not keep."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.market_rules import InvalidMarket, new_market
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from matching.domain.values import MAX_AMOUNT

TERMS: dict[str, Any] = {
    "symbol": "BTC-USD",
    "tick_size": Decimal("0.01"),
    "lot_size": Decimal("0.0001"),
    "min_qty": Decimal("0.0001"),
    "max_qty": Decimal(500),
    "min_notional": Decimal(1),
    "price_band_pct": Decimal(50),
    "maker_fee_bps": Decimal(5),
    "taker_fee_bps": Decimal(10),
    "simulated": True,
}
BPS = 10_000
BTC = new_market(**TERMS)

seeds = st.sampled_from(SEEDS)
amounts = st.integers(min_value=1, max_value=MAX_AMOUNT)


@given(market=seeds, steps=amounts)
def test_prices_and_quantities_survive_the_way_through_text(market: Market, steps: int) -> None:
    assert market.ticks(market.price_text(steps)) == steps
    assert market.lots(market.qty_text(steps)) == steps


@given(market=seeds, units=st.integers(min_value=-MAX_AMOUNT, max_value=MAX_AMOUNT))
def test_amounts_are_shown_with_all_decimals_of_their_asset(market: Market, units: int) -> None:
    assert Decimal(market.quote_text(units)) * 10**market.quote_decimals == units
    assert Decimal(market.base_text(units)) * 10**market.base_decimals == units


@pytest.mark.parametrize(
    "text", ["", "abc", "NaN", "1e3", "0x1", "1,5", " 1", "-1", "0", "0.00", "0.001", "9" * 19]
)
def test_a_price_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        BTC.ticks(text)


@pytest.mark.parametrize("text", ["-1", "0", "0.00001", "9" * 19, "--1", "\u0661"])
def test_a_quantity_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        BTC.lots(text)


def test_prices_show_the_decimals_of_the_tick() -> None:
    assert BTC.price_text(6_423_150) == "64231.50"
    assert BTC.qty_text(150) == "0.0150"


@pytest.mark.parametrize("market", SEEDS, ids=lambda market: market.symbol)
def test_the_engine_gets_scales_that_are_exact(market: Market) -> None:
    terms = market.definition()
    assert Decimal(terms.lot_units) == market.lot_size * 10**market.base_decimals
    tick_lot = market.tick_size * market.lot_size * 10**market.quote_decimals
    assert Decimal(terms.tick_lot_units) == tick_lot
    largest = terms.max_price_ticks * terms.max_qty_lots * terms.tick_lot_units
    assert largest <= MAX_AMOUNT
    assert terms.max_qty_lots * terms.lot_units * 1_000 <= MAX_AMOUNT


def test_terms_become_the_engines_integers() -> None:
    terms = BTC.definition()
    assert terms.price_band_bps == 5_000
    assert terms.maker_fee_ppm == 500
    assert terms.taker_fee_ppm == 1_000
    assert terms.min_notional_units == 1_000_000


def test_an_asset_of_large_quantities_has_fewer_decimals() -> None:
    assert BTC.base_decimals == 8
    huge = new_market(
        **TERMS
        | {
            "lot_size": Decimal(1000),
            "min_qty": Decimal(1000),
            "max_qty": Decimal(10**10),
            "symbol": "SHIB-USD",
            "tick_size": Decimal("0.00000001"),
        }
    )
    assert huge.base_decimals == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symbol", "btc-usd"),
        ("symbol", "BTCUSD"),
        ("symbol", "BTC-EUR"),
        ("symbol", "USD-USD"),
        ("tick_size", Decimal(0)),
        ("tick_size", Decimal(-1)),
        ("tick_size", Decimal("NaN")),
        ("tick_size", Decimal("Infinity")),
        ("tick_size", Decimal("0.001")),
        ("lot_size", Decimal("1E-13")),
        ("lot_size", Decimal("0.000000001")),
        ("min_qty", Decimal("0.00015")),
        ("min_qty", Decimal(501)),
        ("max_qty", Decimal("1E+30")),
        ("max_price", Decimal(10**9)),
        ("min_notional", Decimal(-1)),
        ("min_notional", Decimal("0.0000001")),
        ("min_notional", Decimal(10**11)),
        ("price_band_pct", Decimal(101)),
        ("maker_fee_bps", Decimal(-1)),
        ("taker_fee_bps", Decimal("0.001")),
        ("taker_fee_bps", Decimal(1001)),
    ],
)
def test_terms_that_cannot_be_kept_are_refused_by_field(field: str, value: Any) -> None:
    with pytest.raises(InvalidMarket, match=r"\.$") as refused:
        new_market(**TERMS | {field: value})
    assert refused.value.field == field


plausible = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.sampled_from([1, 2, 5, 25, 999]),
    st.integers(min_value=-13, max_value=13),
)
steps = plausible | st.decimals(allow_nan=True, allow_infinity=True)


@given(tick=steps, lot=steps, least=steps, most=steps)
def test_whatever_is_asked_a_market_is_exact_or_refused(
    tick: Decimal, lot: Decimal, least: Decimal, most: Decimal
) -> None:
    asked = {"tick_size": tick, "lot_size": lot, "min_qty": least, "max_qty": most}
    try:
        market = new_market(**TERMS | asked)
    except InvalidMarket:
        return
    terms = market.definition()
    assert terms.tick_lot_units >= 1
    assert terms.lot_units >= 1
    assert terms.max_price_ticks * terms.max_qty_lots * terms.tick_lot_units <= MAX_AMOUNT
    assert terms.max_price_ticks * BPS <= MAX_AMOUNT
