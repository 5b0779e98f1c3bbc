"""Reads the engine's answer to a command: an ack, or the refusal every front door gives. Pure."""

from collections.abc import Sequence

from exchange.domain.acks import placed_ack, rejected_ack
from exchange.domain.refusals import order_refused, refused
from exchange.messages import OrderAck
from marketdata.domain.markets import Market
from matching.domain.errors import ExchangeError
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


def _rejected(event: OrderRejected, market: Market) -> ExchangeError:
    # Where no order was made, its number is 0.
    details = {"order": rejected_ack(event, market)} if event.order_id else {}
    return order_refused(event.reason, market, **details)
