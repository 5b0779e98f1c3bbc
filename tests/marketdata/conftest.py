"""Market data on real servers: a process that has just started, and listed markets."""

import pytest

from marketdata import listing, tickers
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from marketdata.simulator import agents


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    """Nothing of an earlier test's database is remembered."""
    listing.forget()
    agents.forget()
    tickers.forget()


@pytest.fixture
def btc(db: None, matching: None) -> Market:
    """BTC-USD, listed with the engine and in Postgres."""
    listing.define(SEEDS[0])
    return listing.get("BTC-USD")
