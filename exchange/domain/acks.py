"""Turns what the engine and the ledger say of an order into the contract's OrderAck. Pure.

Integers become decimal text with the market's scales here and nowhere else in the front door.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from msgspec.structs import asdict

from exchange.messages import Fill, OrderAck, OwnFill
from ledger.domain.fills import NO_FILLS, LedgerFill, OrderFills
from ledger.domain.orders import EndedOrder
from marketdata.domain.markets import Market
from matching.domain.events import OrderCanceled, OrderPlaced, OrderRejected, Trade
from matching.domain.state import OpenOrder
from matching.domain.timestamps import rfc3339
from matching.domain.values import (
    EndReason,
    Liquidity,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)

_WANTED_ENDS = {EndReason.NONE, EndReason.USER, EndReason.RESET}


class OrderTerms(Protocol):
    """What every event and record of an order says of it."""

    @property
    def order_id(self) -> int: ...
    @property
    def client_order_id(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def type(self) -> OrderType: ...
    @property
    def time_in_force(self) -> TimeInForce: ...
    @property
    def price_ticks(self) -> int: ...
    @property
    def qty_lots(self) -> int: ...


def placed_ack(placed: OrderPlaced, trades: Sequence[Trade], market: Market) -> OrderAck:
    """Return the ack of an order the engine took in; `trades` are those it made at once."""
    if placed.resting_lots:
        status = OrderStatus.PARTIALLY_FILLED if placed.filled_lots else OrderStatus.ACCEPTED
    else:
        status = OrderStatus.CANCELED if placed.canceled_lots else OrderStatus.FILLED
    return _ack(
        placed,
        market,
        status=status,
        filled_lots=placed.filled_lots,
        filled_units=placed.filled_units,
        remaining_lots=placed.resting_lots,
        canceled_lots=placed.canceled_lots,
        reason=placed.end_reason,
        ts_us=placed.ts_us,
        fills=[_taker_fill(placed.side, trade, market) for trade in trades],
        fee_units=sum(trade.taker_fee_units for trade in trades),
    )


def rejected_ack(rejected: OrderRejected, market: Market) -> OrderAck:
    """Return the ack of an order the engine saw and refused whole."""
    return _ack(
        rejected, market, status=OrderStatus.REJECTED, reason=rejected.reason, ts_us=rejected.ts_us
    )


def canceled_ack(canceled: OrderCanceled, market: Market) -> OrderAck:
    """Return the ack of a cancel: what had been filled stays filled."""
    return _ack(
        canceled,
        market,
        status=OrderStatus.CANCELED,
        filled_lots=canceled.filled_lots,
        filled_units=canceled.filled_units,
        canceled_lots=canceled.canceled_lots,
        reason=canceled.end_reason,
        ts_us=canceled.ts_us,
    )


def open_ack(order: OpenOrder, market: Market) -> OrderAck:
    """Return an order that rests, as it stands."""
    return _ack(
        order,
        market,
        status=order.status,
        filled_lots=order.filled_lots,
        filled_units=order.filled_units,
        remaining_lots=order.remaining_lots,
        ts_us=order.ts_us,
    )


def ended_ack(order: EndedOrder, market: Market, traded: OrderFills = NO_FILLS) -> OrderAck:
    """Return an order that has ended, as the ledger keeps it, with the fills that are given."""
    return _ack(
        order,
        market,
        status=order.status,
        filled_lots=order.filled_lots,
        filled_units=order.filled_units,
        canceled_lots=order.canceled_lots,
        reason=order.reason,
        ts_us=order.ended_us,
        fills=[_recorded_fill(fill, market) for fill in traded.fills],
        fee_units=traded.fee_units,
    )


def own_fill(fill: LedgerFill, market: Market) -> OwnFill:
    """Return a fill as a list of fills shows it."""
    return OwnFill(
        **asdict(_recorded_fill(fill, market)),
        order_id=str(fill.order_id),
        symbol=fill.symbol,
        side=fill.side,
        ts=rfc3339(fill.ts_us),
    )


def average_price(*, filled_units: int, filled_lots: int, market: Market) -> str | None:
    """Return the average price of fills, half-even to the quote's decimals; None without fills."""
    if not filled_lots:
        return None
    base_units = filled_lots * market.lot_units
    # Fractions round half to even, and exactly: a Decimal division would round twice.
    return market.quote_text(round(Fraction(filled_units * 10**market.base_decimals, base_units)))


def _ack(
    order: OrderTerms,
    market: Market,
    *,
    status: OrderStatus,
    ts_us: int,
    filled_lots: int = 0,
    filled_units: int = 0,
    remaining_lots: int = 0,
    canceled_lots: int = 0,
    reason: str = "",
    fills: Sequence[Fill] = (),
    fee_units: int = 0,
) -> OrderAck:
    return OrderAck(
        order_id=str(order.order_id),
        client_order_id=order.client_order_id or None,
        symbol=market.symbol,
        side=order.side,
        type=order.type,
        time_in_force=order.time_in_force,
        price=market.price_text(order.price_ticks) if order.type is OrderType.LIMIT else None,
        qty=market.qty_text(order.qty_lots),
        status=status,
        filled_qty=market.qty_text(filled_lots),
        remaining_qty=market.qty_text(remaining_lots),
        canceled_qty=market.qty_text(canceled_lots),
        avg_price=average_price(filled_units=filled_units, filled_lots=filled_lots, market=market),
        fees=dict([_fee(order.side, fee_units, market)]) if fills else {},
        fills=list(fills),
        # What the user asked for is no refusal; everything else that ended the order is named.
        reject_reason=None if reason in _WANTED_ENDS else reason,
        ts=rfc3339(ts_us),
    )


def _taker_fill(side: Side, trade: Trade, market: Market) -> Fill:
    asset, fee = _fee(side, trade.taker_fee_units, market)
    return Fill(
        trade_id=str(trade.trade_id),
        price=market.price_text(trade.price_ticks),
        qty=market.qty_text(trade.qty_lots),
        fee=fee,
        fee_asset=asset,
        liquidity=Liquidity.TAKER,
    )


def _recorded_fill(fill: LedgerFill, market: Market) -> Fill:
    asset, fee = _fee(fill.side, fill.fee_units, market)
    return Fill(
        trade_id=str(fill.trade_id),
        price=market.price_text(fill.price_ticks),
        qty=market.qty_text(fill.qty_lots),
        fee=fee,
        fee_asset=asset,
        liquidity=fill.liquidity,
    )


def _fee(side: Side, units: int, market: Market) -> tuple[str, str]:
    """Return asset and text of a fee, which comes out of what the side receives."""
    if side is Side.BUY:
        return market.base, market.base_text(units)
    return market.quote, market.quote_text(units)
