"""Reads the engine's answer to a command: an ack, or the refusal every front door gives. Pure."""

from collections.abc import Sequence

from exchange.domain.acks import placed_ack, rejected_ack
from exchange.messages import OrderAck
from marketdata.domain.markets import Market
from matching.domain import decimals
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import AnyEvent, CommandRefused, OrderPlaced, OrderRejected, Trade


def order_outcome(events: Sequence[AnyEvent], market: Market) -> OrderAck:
    """Return the ack of an order that was taken in. Raises ExchangeError for one that was not."""
    trades: list[Trade] = []
    for event in events:
        match event:
            case Trade():
                trades.append(event)
            case OrderPlaced():
                return placed_ack(event, trades, market)
            case OrderRejected():
                raise _rejected(event, market)
            case CommandRefused():
                raise refused(event)
    raise AssertionError("matching answered an order with something else")


def refused(event: CommandRefused) -> ExchangeError:
    """Return the refusal of a command that was no order, or could not be read."""
    return ExchangeError(event.reason, event.detail or "Matching refused this.")


def _rejected(event: OrderRejected, market: Market) -> ExchangeError:
    # Where no order was made, its number is 0.
    details = {"order": rejected_ack(event, market)} if event.order_id else {}
    return ExchangeError(event.reason, _sentence(event.reason, market), **details)


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
        ErrorCode.LEDGER_BACKLOG: "The ledger is behind; new orders wait, cancels still work.",
    }
    return sentences.get(reason, "Matching refused the order.")
