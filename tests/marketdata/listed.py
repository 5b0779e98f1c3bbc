"""A listed market for tests that run no engine: BTC-USD, cents and ten-thousandths."""

from marketdata import listing
from marketdata.models import MarketListing
from matching import runtime
from matching.domain.commands import SetMarketStatus
from matching.domain.values import MarketStatus
from tests.exchange.markets import BTC_USD


def list_quietly() -> None:
    """Put BTC-USD into Postgres without telling an engine."""
    fields = [field.name for field in MarketListing._meta.concrete_fields]
    known = {name: getattr(BTC_USD, name) for name in fields if hasattr(BTC_USD, name)}
    MarketListing.objects.create(**known)
    listing.forget()


def halt(symbol: str) -> None:
    """Stop a market as the matching worker does, past the listing."""

    async def submit() -> None:
        client = await runtime.client()
        command = SetMarketStatus(symbol=symbol, status=MarketStatus.HALTED, reason="a test")
        await client.submit(command)

    runtime.run_blocking(submit())
