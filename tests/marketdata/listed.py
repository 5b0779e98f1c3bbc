"""A listed market for tests that run no engine: BTC-USD, cents and ten-thousandths."""

from marketdata import listing
from marketdata.models import MarketListing
from tests.exchange.markets import BTC_USD


def list_quietly() -> None:
    """Put BTC-USD into Postgres without telling an engine."""
    fields = [field.name for field in MarketListing._meta.concrete_fields]
    known = {name: getattr(BTC_USD, name) for name in fields if hasattr(BTC_USD, name)}
    MarketListing.objects.create(**known)
    listing.forget()
