"""What the matching function can be asked to do. Pure, immutable, in the order of the wire.

A command travels as a MessagePack array, `[kind, request_id, …]`, several to one stream entry (see
`matching.codec`); `matching/lua/forms.lua` and the operation's own file read the fields in the same
order. `request_id` is the sender's own number, by which it recognises the answer.
"""

import msgspec

from matching.domain.values import (
    AssetUnits,
    Lots,
    MarketStatus,
    OrderType,
    Side,
    Ticks,
    TimeInForce,
    Units,
)


class Command(msgspec.Struct, tag_field="tag", frozen=True, array_like=True, kw_only=True):
    """Shared by all commands: the sender's number for the request, set by the client."""

    request_id: int = 0


class PlaceOrder(Command, tag="place", frozen=True, array_like=True, kw_only=True):
    """Place an order. `price_ticks` is 0 for a market order; an absent client id is empty."""

    user_id: int
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    post_only: bool
    price_ticks: Ticks
    qty_lots: Lots
    client_order_id: str = ""


class CancelOrder(Command, tag="cancel", frozen=True, array_like=True, kw_only=True):
    """Cancel one open order of `user_id`."""

    user_id: int
    order_id: int


class CancelAllOrders(Command, tag="cancel-all", frozen=True, array_like=True, kw_only=True):
    """Cancel every open order of `user_id` in `symbol`, or everywhere where it is empty."""

    user_id: int
    symbol: str


class MoveFunds(Command, tag="funds", frozen=True, array_like=True, kw_only=True):
    """Deposit (`amount` > 0) or withdraw (< 0), at most once for each `reference`."""

    user_id: int
    asset: str
    amount: Units
    reference: str


class DefineMarket(Command, tag="define-market", frozen=True, array_like=True, kw_only=True):
    """List a market, or change what may change of a listed one (filters and fees).

    One tick times one lot is worth `tick_lot_units` of the quote asset; one lot is `lot_units` of
    the base asset. Fee rates are parts per million (1 basis point = 100), the band is in basis
    points around the last price (0: none).
    """

    symbol: str
    base: str
    quote: str
    lot_units: int
    tick_lot_units: int
    min_qty_lots: Lots
    max_qty_lots: Lots
    max_price_ticks: Ticks
    min_notional_units: Units
    price_band_bps: int
    maker_fee_ppm: int
    taker_fee_ppm: int


class SetMarketStatus(Command, tag="market-status", frozen=True, array_like=True, kw_only=True):
    """Pause or halt a market (cancels only), or let it trade; `reason` says why (may be empty)."""

    symbol: str
    status: MarketStatus
    reason: str = ""


class SetLimits(Command, tag="limits", frozen=True, array_like=True, kw_only=True):
    """Give a user risk limits of their own, in place of all they had on this shard.

    `max_open_orders` counts per symbol, 0 stands for the default. `position_caps` bounds what a
    buy may bring of an asset, held and on order; an asset that is not named has the cap that
    everybody has, 2^53-1: nobody can come to hold more.
    `orders_per_second` (0: the default) is only kept here: the gateway limits the rate. Orders that
    are open already stay.
    """

    user_id: int
    max_open_orders: int
    position_caps: tuple[AssetUnits, ...]
    orders_per_second: int


class ResetAccount(Command, tag="reset", frozen=True, array_like=True, kw_only=True):
    """Cancel every open order of a user and set the wallet to `balances`, all other assets to 0.

    At most once for each `reference`, of which funds and resets share one space.
    """

    user_id: int
    balances: tuple[AssetUnits, ...]
    reference: str


AnyCommand = (
    PlaceOrder
    | CancelOrder
    | CancelAllOrders
    | MoveFunds
    | DefineMarket
    | SetMarketStatus
    | SetLimits
    | ResetAccount
)
