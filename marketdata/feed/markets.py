"""The listed markets as the feed needs them: their scales, which never change."""

import logging

from marketdata import listing
from marketdata.domain.markets import Market
from matching.domain.errors import ErrorCode, ExchangeError

log = logging.getLogger(__name__)


class KnownMarkets:
    """Remembers markets, so that neither the listing nor Postgres is asked for every push."""

    def __init__(self) -> None:
        self._known: dict[str, Market] = {}
        self._unlisted: set[str] = set()

    async def get(self, symbol: str) -> Market | None:
        """Return a market; None, said once, where it is not listed.

        Raises ExchangeError UNAVAILABLE where the listing cannot be read.
        """
        market = self._known.get(symbol) or await self._listed(symbol)
        if market is not None:
            self._known[symbol] = market
        elif symbol not in self._unlisted:
            self._unlisted.add(symbol)
            log.warning("%s is not listed; what happens there is not shown.", symbol)
        return market

    async def _listed(self, symbol: str) -> Market | None:
        if symbol not in self._unlisted:
            # A market that was listed a moment ago may trade before this process has heard of it.
            listing.forget()
        try:
            return await listing.get_async(symbol)
        except ExchangeError as error:
            if error.code is ErrorCode.UNKNOWN_SYMBOL:
                return None
            raise
