"""The listing of markets: who reads it asks the selectors here, who changes it the services.

The engine is told first, then Postgres is written, and both steps may be repeated: whatever dies in
between, the same call again makes them agree. Reads come from a copy in the process, about a second
old at most (a few, on an event loop that was idle); while Postgres is away the last copy stands.
"""

import asyncio
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from channels.db import database_sync_to_async
from django.db import Error as PostgresError
from django.db import connection

from marketdata.domain.market_rules import InvalidMarket, check
from marketdata.domain.markets import Market
from marketdata.models import MarketListing
from matching import runtime
from matching.domain.commands import DefineMarket, SetMarketStatus
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import AnyEvent, CommandRefused
from matching.domain.state import MarketState
from matching.domain.values import QUOTE_ASSET, QUOTE_DECIMALS, MarketStatus

FRESH_FOR_S: Final = 1.0
STALE_FOR_S: Final = 5.0
"""On an event loop a copy may be this much older while it is read anew: orders do not wait."""

log = logging.getLogger(__name__)


@dataclass
class _Copy:
    """What this process knows of the listing, and since when."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    markets: dict[str, Market] | None = None
    fresh_until: float = 0.0
    reading: asyncio.Task[dict[str, Market]] | None = None


_copy = _Copy()


# Selectors


def get(symbol: str) -> Market:
    """Return a listed market. Raises ExchangeError UNKNOWN_SYMBOL."""
    return _known(_markets(), symbol)


async def get_async(symbol: str) -> Market:
    """The same from an event loop; touches Postgres only when the copy has aged."""
    return _known(await _markets_async(), symbol)


def all() -> list[Market]:  # noqa: A001 - reads as `listing.all()`
    """Return every listed market, by symbol."""
    return list(_markets().values())


async def all_async() -> list[Market]:
    """The same from an event loop."""
    return list((await _markets_async()).values())


def asset_decimals(asset: str) -> int:
    """Return how many decimals an asset has. Raises ExchangeError INVALID_REQUEST."""
    if asset == QUOTE_ASSET:
        return QUOTE_DECIMALS
    for market in _markets().values():
        if market.base == asset:
            return market.base_decimals
    raise ExchangeError(
        ErrorCode.INVALID_REQUEST, f"No market trades an asset {asset[:20]!r}.", field="asset"
    )


def forget() -> None:
    """Drop the copy: the next reader asks Postgres."""
    _copy.fresh_until = 0.0


# Services


def create(market: Market) -> None:
    """List a new market. Raises ExchangeError CONFLICT where its symbol is listed already."""
    if MarketListing.objects.filter(symbol=market.symbol).exists():
        raise ExchangeError(ErrorCode.CONFLICT, f"{market.symbol} is listed already.")
    define(market)


def define(market: Market) -> None:
    """List a market, or give a listed one new filters and fees; its status stays as it is.

    Raises ExchangeError: INVALID_REQUEST (terms that cannot be kept exactly, naming the field),
    CONFLICT (other assets or steps than it was listed with), or as `MatchingClient.submit`.
    """
    try:
        check(market)
    except InvalidMarket as problem:
        raise ExchangeError(
            ErrorCode.INVALID_REQUEST, str(problem), field=_camel(problem.field)
        ) from None
    _submit(market.definition())
    row = MarketListing.row_of(market)
    terms = {name: value for name, value in row.items() if name != "status"}
    MarketListing.objects.update_or_create(
        symbol=market.symbol, defaults=terms, create_defaults=row
    )
    forget()


def set_status(symbol: str, status: MarketStatus) -> None:
    """Pause a market or let it trade. Raises ExchangeError as `define`, and UNKNOWN_SYMBOL."""
    get(symbol)
    _submit(SetMarketStatus(symbol=symbol, status=status))
    MarketListing.objects.filter(symbol=symbol).update(status=status)
    forget()


def tell_engine(market: Market) -> None:
    """Send a listed market's terms and status again, for an engine that may have lost them.

    A market that matching has halted stays halted: only staff let it trade again.
    """
    _submit(market.definition())
    engine = runtime.run_blocking(_engine_state(market.symbol))
    if engine is None or engine.status is not MarketStatus.HALTED:
        _submit(SetMarketStatus(symbol=market.symbol, status=market.status))


async def _engine_state(symbol: str) -> MarketState | None:
    return await runtime.state().market(symbol)


def _submit(command: DefineMarket | SetMarketStatus) -> None:
    for event in runtime.run_blocking(_submit_async(command)):
        if isinstance(event, CommandRefused):
            detail = event.detail or "matching refuses this"
            raise ExchangeError(event.reason, f"{command.symbol}: {detail}.")


async def _submit_async(command: DefineMarket | SetMarketStatus) -> list[AnyEvent]:
    client = await runtime.client()
    return await client.submit(command)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _known(markets: dict[str, Market], symbol: str) -> Market:
    market = markets.get(symbol)
    if market is None:
        raise ExchangeError(ErrorCode.UNKNOWN_SYMBOL, f"No market is called {symbol[:30]!r}.")
    return market


def _markets() -> dict[str, Market]:
    """Return the copy, read anew by one thread at a time; the others take the old one meanwhile."""
    known = _copy.markets
    if known is not None and time.monotonic() < _copy.fresh_until:
        return known
    if not _copy.lock.acquire(blocking=known is None):
        assert known is not None, "a copy was there before the lock was tried"
        return known
    try:
        return _read_again()
    finally:
        _copy.lock.release()


async def _markets_async() -> dict[str, Market]:
    """Return the copy; one that has only just aged is read anew behind the caller's back."""
    known, stale_s = _copy.markets, time.monotonic() - _copy.fresh_until
    if known is None or stale_s > STALE_FOR_S:
        read: dict[str, Market] = await database_sync_to_async(_markets)()
        return read
    if stale_s >= 0 and (_copy.reading is None or _copy.reading.done()):
        _copy.reading = asyncio.create_task(database_sync_to_async(_markets)())
    return known


def _read_again() -> dict[str, Market]:
    """Read Postgres; where it is away, the old copy stands for another while."""
    try:
        markets = {row.symbol: row.to_domain() for row in MarketListing.objects.all()}
    except PostgresError as problem:
        connection.close_if_unusable_or_obsolete()
        if _copy.markets is None:
            raise ExchangeError(
                ErrorCode.UNAVAILABLE, "The listing of markets cannot be read now. Try again."
            ) from problem
        log.warning("Postgres cannot be read, the listing stands as it was: %s", problem)
        markets = _copy.markets
    _copy.markets = markets
    _copy.fresh_until = time.monotonic() + FRESH_FOR_S
    return markets
