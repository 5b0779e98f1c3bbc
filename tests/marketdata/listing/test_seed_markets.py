"""`manage.py seed_markets`: a fresh exchange lists its markets, a later start keeps them."""

import json
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from redis import Redis

from marketdata import listing
from marketdata.domain.seeds import SEEDS
from matching import keys
from matching.domain.values import MarketStatus
from tests.marketdata.listed import halt

pytestmark = pytest.mark.usefixtures("db", "matching")


def seed(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_markets", *arguments, stdout=out)
    return out.getvalue()


def test_a_fresh_exchange_lists_at_least_eight_markets() -> None:
    table = seed()
    symbols = {market.symbol for market in listing.all()}
    assert len(symbols) >= 8
    assert {"BTC-USD", "ETH-USD"} <= symbols
    assert all(symbol in table for symbol in symbols)


def test_what_staff_changed_survives_the_next_start() -> None:
    seed()
    changed = replace(listing.get("BTC-USD"), taker_fee_bps=Decimal(3))
    listing.define(changed)
    listing.set_status("BTC-USD", MarketStatus.PAUSED)
    rows = json.loads(seed("--json"))
    assert {row["outcome"] for row in rows} == {"kept"}
    assert listing.get("BTC-USD") == replace(changed, status=MarketStatus.PAUSED)


def test_an_engine_without_its_markets_gets_them_back(hot: Redis) -> None:
    seed()
    listing.set_status("ETH-USD", MarketStatus.PAUSED)
    hot.flushall()
    seed()
    assert all(hot.exists(keys.market(0, market.symbol)) for market in SEEDS)
    assert hot.hget(keys.market(0, "ETH-USD"), "status") == b"PAUSED"


def test_a_halted_market_is_not_opened_by_a_start(hot: Redis) -> None:
    seed()
    halt("ETH-USD")
    seed()
    assert hot.hget(keys.market(0, "ETH-USD"), "status") == b"HALTED"
    listing.set_status("ETH-USD", MarketStatus.TRADING)
    assert hot.hget(keys.market(0, "ETH-USD"), "status") == b"TRADING"
