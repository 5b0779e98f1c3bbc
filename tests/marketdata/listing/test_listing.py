"""Listing on real servers: the engine and Postgres agree, and readers see it soon."""

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, transaction
from redis import Redis

from marketdata import listing
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from marketdata.models import MarketListing
from matching import runtime
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.state import MarketState
from matching.domain.values import MarketStatus
from tests.polling import wait_until

ETH = SEEDS[1]


def engine_state(symbol: str) -> MarketState | None:
    async def read() -> MarketState | None:
        return await runtime.state().market(symbol)

    return runtime.run_blocking(read())


def refusal_of(act: Callable[[], object]) -> ExchangeError:
    with pytest.raises(ExchangeError) as refused:
        act()
    return refused.value


def test_a_listed_market_is_known_to_engine_and_readers(btc: Market) -> None:
    assert btc == SEEDS[0]
    assert [market.symbol for market in listing.all()] == ["BTC-USD"]
    state = engine_state("BTC-USD")
    assert state is not None
    assert state.status is MarketStatus.TRADING


def test_an_unknown_symbol_is_refused(btc: Market) -> None:
    error = refusal_of(lambda: listing.get("DOG-USD"))
    assert error.code is ErrorCode.UNKNOWN_SYMBOL


def test_listing_again_changes_nothing(btc: Market) -> None:
    listing.define(btc)
    assert listing.get("BTC-USD") == btc


def test_creating_a_listed_market_is_a_conflict(btc: Market) -> None:
    error = refusal_of(lambda: listing.create(btc))
    assert error.code is ErrorCode.CONFLICT


def test_filters_and_fees_may_change(btc: Market) -> None:
    listing.define(replace(btc, taker_fee_bps=Decimal("2.5"), min_notional=Decimal(5)))
    assert listing.get("BTC-USD").taker_fee_bps == Decimal("2.5")


def test_steps_of_a_listed_market_may_not_change(btc: Market) -> None:
    coarser = replace(btc, lot_size=Decimal("0.001"), min_qty=Decimal("0.001"))
    error = refusal_of(lambda: listing.define(coarser))
    assert error.code is ErrorCode.CONFLICT
    assert listing.get("BTC-USD") == btc


def test_terms_that_cannot_be_kept_reach_neither_engine_nor_postgres(
    db: None, matching: None
) -> None:
    wrong = replace(ETH, tick_size=Decimal("0.0000001"))
    error = refusal_of(lambda: listing.define(wrong))
    assert error.code is ErrorCode.INVALID_REQUEST
    assert error.details["field"] == "tickSize"
    assert engine_state("ETH-USD") is None
    assert not MarketListing.objects.exists()


def test_pause_and_resume_reach_the_engine(btc: Market) -> None:
    for status in (MarketStatus.PAUSED, MarketStatus.PAUSED, MarketStatus.TRADING):
        listing.set_status("BTC-USD", status)
        state = engine_state("BTC-USD")
        assert state is not None
        assert state.status is status
        assert listing.get("BTC-USD").status is status


def test_a_change_of_terms_leaves_a_pause_as_it_is(btc: Market) -> None:
    listing.set_status("BTC-USD", MarketStatus.PAUSED)
    listing.define(replace(btc, taker_fee_bps=Decimal(1)))
    assert listing.get("BTC-USD").status is MarketStatus.PAUSED


def test_an_unlisted_market_cannot_be_paused(btc: Market) -> None:
    error = refusal_of(lambda: listing.set_status("DOG-USD", MarketStatus.PAUSED))
    assert error.code is ErrorCode.UNKNOWN_SYMBOL


def test_an_engine_that_lost_everything_is_told_again(btc: Market, hot: Redis) -> None:
    listing.set_status("BTC-USD", MarketStatus.PAUSED)
    hot.flushall()
    listing.tell_engine(listing.get("BTC-USD"))
    state = engine_state("BTC-USD")
    assert state is not None
    assert state.status is MarketStatus.PAUSED


def test_assets_have_the_decimals_of_their_market(btc: Market) -> None:
    assert listing.asset_decimals("USD") == 6
    assert listing.asset_decimals("BTC") == 8
    assert refusal_of(lambda: listing.asset_decimals("XXX")).code is ErrorCode.INVALID_REQUEST


def test_readers_are_served_while_postgres_is_away(btc: Market) -> None:
    listing.forget()
    with connection.execute_wrapper(_away):
        assert listing.get("BTC-USD") == btc


@pytest.mark.django_db(transaction=True)
def test_orders_do_not_wait_for_a_slow_postgres(
    btc: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FRESH_FOR_S", 0.0)
    assert runtime.run_blocking(listing.get_async("BTC-USD")) == btc
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE markets IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert runtime.run_blocking(listing.get_async("BTC-USD")) == btc
        assert time.monotonic() - began < 0.5


@pytest.mark.django_db(transaction=True)
def test_event_loops_see_a_change_soon(btc: Market) -> None:
    changed = replace(btc, taker_fee_bps=Decimal(7))
    assert runtime.run_blocking(listing.get_async("BTC-USD")) == btc
    MarketListing.objects.update(taker_fee_bps=changed.taker_fee_bps)
    wait_until(
        lambda: runtime.run_blocking(listing.get_async("BTC-USD")) == changed,
        "the copy is read anew",
        deadline_s=3.0,
    )


def _away(*_args: object) -> None:
    raise OperationalError("the server closed the connection unexpectedly")
