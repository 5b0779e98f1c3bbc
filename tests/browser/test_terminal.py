"""The main journey on the page: see the market, log in, place, watch, cancel."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.running_stack import RunningStack

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

LEVELS_AT_LEAST = 10


def log_in(page: Page, stack: RunningStack) -> None:
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill(stack.credentials["demo"])
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("button", name="Buy", exact=True)).to_be_visible()


def best_bid(page: Page, symbol: str) -> float:
    """Return the best bid by asking the API as the page does."""
    book = page.request.get(f"/v1/markets/{symbol}/book?depth=1").json()
    return float(book["bids"][0][0])


def test_a_visitor_sees_a_market_that_lives(page: Page) -> None:
    book = page.get_by_role("region", name="Order book")
    expect(book.get_by_role("row").nth(2 * LEVELS_AT_LEAST)).to_be_attached(timeout=15_000)
    trades = page.get_by_role("region", name="Trades")
    expect(trades).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    before = trades.inner_text()
    expect(trades).not_to_have_text(before, use_inner_text=True, timeout=30_000)


def test_an_order_rests_and_is_canceled(page: Page, stack: RunningStack) -> None:
    log_in(page, stack)
    price = f"{best_bid(page, 'BTC-USD') * 0.95:.2f}"
    page.get_by_role("tab", name="Limit").or_(page.get_by_role("radio", name="Limit")).first.click()
    page.get_by_label("Price", exact=True).fill(price)
    page.get_by_label("Quantity", exact=True).fill("0.01")
    page.get_by_role("button", name="Buy", exact=True).click()

    orders = page.get_by_role("region", name="Open orders")
    row = orders.get_by_role("row").filter(has_text="BTC-USD")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Cancel", exact=True).click()
    expect(row).to_have_count(0)


def test_a_market_order_changes_the_balances(page: Page, stack: RunningStack) -> None:
    log_in(page, stack)
    balances = page.get_by_role("region", name="Balances")
    expect(balances).to_contain_text("USD")
    before = balances.inner_text()
    page.get_by_role("tab", name="Market").or_(
        page.get_by_role("radio", name="Market")
    ).first.click()
    page.get_by_label("Quantity", exact=True).fill("0.01")
    page.get_by_role("button", name="Buy", exact=True).click()
    expect(balances).to_contain_text("BTC")
    expect(balances).not_to_have_text(before)


def test_a_refusal_is_said_in_an_alert(page: Page, stack: RunningStack) -> None:
    log_in(page, stack)
    page.get_by_label("Price", exact=True).fill(f"{best_bid(page, 'BTC-USD'):.2f}")
    page.get_by_label("Quantity", exact=True).fill("400")
    page.get_by_role("button", name="Buy", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text(re.compile("available|funds", re.I))


def test_a_wrong_password_is_said_in_an_alert(page: Page) -> None:
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert").first).to_contain_text("wrong")
