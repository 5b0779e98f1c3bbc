"""Markets in Django admin: every change goes through the engine."""

from collections.abc import Mapping

import pytest
from django.test import Client

from accounts.models import User
from marketdata import listing
from marketdata.domain.markets import Market
from marketdata.models import MarketListing
from matching.domain.values import MarketStatus

LIST = "/admin/marketdata/marketlisting/"
NEW = {
    "symbol": "DOT-USD",
    "tick_size": "0.001",
    "lot_size": "0.01",
    "min_qty": "0.01",
    "max_qty": "100000",
    "max_price": "",
    "min_notional": "1",
    "price_band_pct": "50",
    "maker_fee_bps": "5",
    "taker_fee_bps": "10",
    "simulated": "on",
}


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def page(staff: Client, path: str, data: Mapping[str, object] | None = None) -> str:
    """Return the page that a form leads to, or that is simply there."""
    response = staff.get(path) if data is None else staff.post(path, data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_markets_are_listed_with_their_status(staff: Client, btc: Market) -> None:
    shown = page(staff, LIST)
    assert "BTC-USD" in shown
    assert "TRADING" in shown


def test_pause_and_resume_are_actions(staff: Client, btc: Market) -> None:
    row = MarketListing.objects.get().pk
    for action, status in (("pause", MarketStatus.PAUSED), ("resume", MarketStatus.TRADING)):
        page(staff, LIST, {"action": action, "_selected_action": [row]})
        assert listing.get("BTC-USD").status is status


def test_adding_a_market_lists_it_with_what_follows_from_its_terms(
    staff: Client, matching: None
) -> None:
    page(staff, f"{LIST}add/", NEW)
    market = listing.get("DOT-USD")
    assert (market.base, market.base_decimals) == ("DOT", 7)
    assert market.max_price > 0


def test_terms_that_cannot_be_kept_are_shown_at_their_field(staff: Client, matching: None) -> None:
    shown = page(staff, f"{LIST}add/", NEW | {"tick_size": "0.0000001"})
    assert "Tick times lot must be a whole number of USD units" in shown
    assert not MarketListing.objects.exists()


@pytest.mark.parametrize("text", ["1e-999999999", "1e999999999", "1e-5", "NaN", "9" * 40])
@pytest.mark.parametrize("field", ["tick_size", "lot_size", "min_notional", "price_band_pct"])
def test_a_figure_that_is_no_plain_number_is_shown_at_its_field(
    staff: Client, matching: None, field: str, text: str
) -> None:
    response = staff.post(f"{LIST}add/", NEW | {field: text})
    assert list(response.context["adminform"].form.errors) == [field]
    assert not MarketListing.objects.exists()


def test_a_market_whose_largest_order_is_too_large_names_a_field(
    staff: Client, matching: None
) -> None:
    response = staff.post(f"{LIST}add/", NEW | {"max_qty": "9" * 15})
    assert list(response.context["adminform"].form.errors) == ["max_qty"]


def test_steps_are_read_only_once_listed(staff: Client, btc: Market) -> None:
    row = MarketListing.objects.get().pk
    shown = page(staff, f"{LIST}{row}/change/")
    assert 'name="taker_fee_bps"' in shown
    assert 'name="tick_size"' not in shown


def test_fees_change_through_the_form(staff: Client, btc: Market) -> None:
    row = MarketListing.objects.get().pk
    terms = {name: value for name, value in NEW.items() if name not in {"symbol", "tick_size"}}
    page(
        staff,
        f"{LIST}{row}/change/",
        terms | {"min_qty": "0.0001", "max_qty": "500", "taker_fee_bps": "2.5"},
    )
    assert str(listing.get("BTC-USD").taker_fee_bps) == "2.5"


def test_a_market_cannot_be_deleted(staff: Client, btc: Market) -> None:
    row = MarketListing.objects.get().pk
    assert staff.post(f"{LIST}{row}/delete/", {"post": "yes"}).status_code == 403
    assert MarketListing.objects.exists()


def test_a_refusal_of_the_engine_is_a_message(staff: Client, btc: Market, matching: None) -> None:
    MarketListing.objects.all().delete()
    shown = page(staff, f"{LIST}add/", NEW | {"symbol": "BTC-USD"})
    assert "of a listed market cannot change" in shown
    assert not MarketListing.objects.exists()
