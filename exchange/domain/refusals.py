"""What the front door says when it refuses: a sentence for every code of trading. Pure."""

from typing import Any, Final

from marketdata.domain.markets import Market
from matching.domain import decimals
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import CommandRefused

_REFUSED: Final = "Matching refused this; nothing changed."
_COMMAND_SENTENCES: Final = {
    ErrorCode.INVALID_REQUEST: "Matching cannot read this; nothing changed.",
    ErrorCode.UNAVAILABLE: "Matching could not carry this out; nothing changed. Try again.",
}


def order_refused(reason: ErrorCode, market: Market, **details: Any) -> ExchangeError:
    """Return the refusal of an order for `reason`, in the terms of its market."""
    return ExchangeError(reason, _sentence(reason, market), **details)


def refused(event: CommandRefused) -> ExchangeError:
    """Return the refusal of a command that was no order, or could not be read.

    What the engine says of it is a word for programmers; it goes into the details.
    """
    details = {"detail": event.detail} if event.detail else {}
    return ExchangeError(event.reason, _COMMAND_SENTENCES.get(event.reason, _REFUSED), **details)


def unknown_order() -> ExchangeError:
    """Return the refusal for an order that is not there, or not the caller's."""
    return ExchangeError(ErrorCode.UNKNOWN_ORDER, "You have no such order.")


def ledger_behind() -> ExchangeError:
    """Return the refusal for what is not there, where the ledger may just not have it yet."""
    return ExchangeError(
        ErrorCode.UNAVAILABLE, "The ledger is behind and may not have all of it yet; ask again."
    )


def ledger_away() -> ExchangeError:
    """Return the refusal for what only the ledger can say, while it cannot be reached."""
    return ExchangeError(ErrorCode.UNAVAILABLE, "The ledger cannot be reached now; ask again.")


def _sentence(reason: ErrorCode, market: Market) -> str:
    sentences = {
        ErrorCode.INVALID_PRICE: f"A price in {market.symbol} goes up to "
        f"{decimals.plain(market.max_price)}.",
        ErrorCode.INVALID_QTY: f"A quantity in {market.symbol} is from "
        f"{decimals.plain(market.min_qty)} to {decimals.plain(market.max_qty)}.",
        ErrorCode.NOTIONAL_TOO_SMALL: f"An order in {market.symbol} must be worth at least "
        f"{decimals.plain(market.min_notional)} {market.quote}.",
        ErrorCode.PRICE_OUT_OF_BAND: f"The price is more than "
        f"{decimals.plain(market.price_band_pct)} % away from the last price.",
        ErrorCode.INSUFFICIENT_FUNDS: "The order needs more than the wallet has available.",
        ErrorCode.WOULD_TRADE: "The order is post-only, but would trade at once.",
        ErrorCode.CANNOT_FILL: "The order cannot be filled whole at once.",
        ErrorCode.TOO_MANY_OPEN_ORDERS: f"You have too many open orders in {market.symbol}.",
        ErrorCode.POSITION_LIMIT: f"The order would take you above your limit of {market.base}.",
        ErrorCode.SYMBOL_PAUSED: f"{market.symbol} is paused: it takes cancels only.",
        ErrorCode.UNKNOWN_SYMBOL: f"No market is called {market.symbol}.",
        ErrorCode.DUPLICATE_CLIENT_ORDER_ID: "You used this clientOrderId for another order.",
    }
    return sentences.get(reason, _REFUSED)
