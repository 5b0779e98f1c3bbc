"""The trading messages of the contract, for REST and WebSocket alike. Pure; camelCase on the wire.

An order's form checks itself: a `NewOrder` that exists makes sense, whichever front door built it.
Whether its market takes it is for `exchange.domain.scaling` and the engine.
"""

import re
from typing import Annotated, Any, Final

import msgspec

from accounts.rest.wire import Body, Form, invalid
from matching.domain.errors import ExchangeError
from matching.domain.values import Liquidity, OrderStatus, OrderType, Side, TimeInForce

MAX_BATCH: Final = 500

Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
DecimalText = Annotated[str, msgspec.Meta(max_length=40)]
ClientOrderId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_PRINTABLE: Final = re.compile(r"[\x20-\x7e]+", re.ASCII)


class NewOrder(Form, frozen=True, kw_only=True):
    """PlaceOrder. Building one raises ExchangeError (INVALID_REQUEST) for terms that clash."""

    symbol: Symbol
    side: Side
    type: OrderType
    qty: DecimalText
    price: DecimalText | None = None
    time_in_force: TimeInForce | None = None
    post_only: bool = False
    client_order_id: ClientOrderId | None = None

    def __post_init__(self) -> None:
        _check_number("qty", self.qty)
        if self.client_order_id is not None:
            _check_client_order_id(self.client_order_id)
        if self.type is OrderType.MARKET:
            _check_market_order(self)
        else:
            _check_limit_order(self)


class SymbolQuery(Form, frozen=True, kw_only=True):
    """Orders of one market; without `symbol`, of every market."""

    symbol: str = ""


class ClientOrderQuery(Form, frozen=True, kw_only=True):
    """The order with this id of the caller's own."""

    client_order_id: ClientOrderId

    def __post_init__(self) -> None:
        _check_client_order_id(self.client_order_id)


class CancelItem(Form, frozen=True, kw_only=True, tag_field="op", tag="cancel"):
    """One cancel of a batch."""

    order_id: str


class PlaceItem(NewOrder, frozen=True, kw_only=True, tag_field="op", tag="place"):
    """One order of a batch."""


BatchItem = PlaceItem | CancelItem


class BatchForm(Form, frozen=True, kw_only=True):
    """Places and cancels; each is read by itself, so that a malformed one stops nobody else."""

    orders: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


class Fill(Body, frozen=True, kw_only=True):
    """One order's half of a trade."""

    trade_id: str
    price: str
    qty: str
    fee: str
    fee_asset: str
    liquidity: Liquidity


class OwnFill(Fill, frozen=True, kw_only=True):
    """A fill by itself, as a list of fills shows it."""

    order_id: str
    symbol: str
    side: Side
    ts: str


class OrderAck(Body, frozen=True, kw_only=True):
    """What became of an order.

    `fills` and `fees` are those of the call that is answered, or all of an ended order looked up.
    """

    order_id: str
    client_order_id: str | None
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: str | None
    qty: str
    status: OrderStatus
    filled_qty: str
    remaining_qty: str
    canceled_qty: str
    avg_price: str | None
    fees: dict[str, str]
    fills: list[Fill]
    reject_reason: str | None
    ts: str


class BalanceBody(Body, frozen=True, kw_only=True):
    asset: str
    available: str
    reserved: str
    total: str


class PositionBody(Body, frozen=True, kw_only=True):
    """What a user holds of a market's base asset, by the average cost method.

    `mark_price` is null before the first trade, `average_entry_price` without a position; both PnLs
    are null, too, while the ledger has not caught up.
    """

    symbol: str
    position: str
    average_entry_price: str | None
    mark_price: str | None
    unrealised_pnl: str | None
    realised_pnl: str | None


class WalletBody(Body, frozen=True, kw_only=True):
    balances: list[BalanceBody]
    positions: list[PositionBody]
    equity_usd: str


class ErrorBody(Body, frozen=True, kw_only=True):
    code: str
    message: str
    details: dict[str, Any]


class ErrorEnvelope(Body, frozen=True, kw_only=True):
    """Every refusal looks like this, over REST and WebSocket."""

    error: ErrorBody


class BatchBody(Body, frozen=True, kw_only=True):
    results: list[OrderAck | ErrorEnvelope]


def error_envelope(error: ExchangeError) -> ErrorEnvelope:
    return ErrorEnvelope(
        error=ErrorBody(code=error.code, message=error.message, details=error.details)
    )


def _check_number(field: str, text: str) -> None:
    if not _NUMBER.fullmatch(text):
        raise invalid(field, 'Give a plain decimal number as text, such as "1.25".')


def _check_client_order_id(text: str) -> None:
    if not _PRINTABLE.fullmatch(text):
        raise invalid("clientOrderId", "Use printable ASCII characters.")


def _check_limit_order(order: NewOrder) -> None:
    if order.price is None:
        raise invalid("price", "A limit order needs a price.")
    _check_number("price", order.price)
    if order.post_only and order.time_in_force not in {None, TimeInForce.GTC}:
        raise invalid("postOnly", "Only a GTC order can be post-only.")


def _check_market_order(order: NewOrder) -> None:
    if order.price is not None:
        raise invalid("price", "A market order takes no price.")
    if order.time_in_force not in {None, TimeInForce.IOC}:
        raise invalid("timeInForce", "A market order never rests: leave this out, or say IOC.")
    if order.post_only:
        raise invalid("postOnly", "A market order cannot be post-only.")
