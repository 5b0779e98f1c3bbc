"""A shard to test on: a real server, the real function library, one call per batch.

BTC-USD here has a tick of 0.01 USD and a lot of 0.0001 BTC, so that one tick times one lot is one
unit (10^-6 USD) and a lot is 10,000 units of BTC.
"""

import itertools
from collections.abc import Sequence
from typing import Any, cast

import msgspec
from redis import Redis

from matching import keys, library
from matching.codec import decode_acks, encode_command_entry
from matching.domain.commands import (
    AnyCommand,
    CancelAllOrders,
    CancelOrder,
    DefineMarket,
    MoveFunds,
    PlaceOrder,
    SetLimits,
)
from matching.domain.events import AnyEvent, OrderPlaced
from matching.domain.values import MAX_LIMIT, Lots, OrderType, Side, Ticks, TimeInForce, Units
from matching.event_log import EventReader
from matching.function import Mode, match_commands
from matching.worker import CLIENT_ORDER_WINDOW_S, US_PER_S

SHARD = 0
GATEWAY = "test"
WINDOW_US = CLIENT_ORDER_WINDOW_S * US_PER_S
LOT_UNITS = 10_000

BTC_USD = DefineMarket(
    symbol="BTC-USD",
    base="BTC",
    quote="USD",
    lot_units=LOT_UNITS,
    tick_lot_units=1,
    min_qty_lots=Lots(1),
    max_qty_lots=Lots(1_000_000),
    max_price_ticks=Ticks(9_000_000_000),
    min_notional_units=Units(0),
    price_band_bps=0,
    maker_fee_ppm=0,
    taker_fee_ppm=0,
)

ALICE, BOB, CAROL = 1, 2, 3


def with_terms(symbol: str, **changes: Any) -> DefineMarket:
    """A market like BTC-USD with another name; `changes` override any other field."""
    base, _, quote = symbol.partition("-")
    names: dict[str, Any] = {"symbol": symbol, "base": base, "quote": quote}
    return msgspec.structs.replace(BTC_USD, **names | changes)


def buy(user: int, price: int, qty: int, **terms: Any) -> PlaceOrder:
    """A limit buy; `terms` override any field."""
    return limit(Side.BUY, user, price, qty, **terms)


def sell(user: int, price: int, qty: int, **terms: Any) -> PlaceOrder:
    """A limit sell; `terms` override any field."""
    return limit(Side.SELL, user, price, qty, **terms)


def market_buy(user: int, qty: int, **terms: Any) -> PlaceOrder:
    return buy(user, 0, qty, **_MARKET, **terms)


def market_sell(user: int, qty: int, **terms: Any) -> PlaceOrder:
    return sell(user, 0, qty, **_MARKET, **terms)


def cancel(user: int, order_id: int) -> CancelOrder:
    return CancelOrder(user_id=user, order_id=order_id)


def cancel_all(user: int, symbol: str = "") -> CancelAllOrders:
    return CancelAllOrders(user_id=user, symbol=symbol)


def no_limits(user: int) -> SetLimits:
    """Let a user have as many open orders as can be."""
    return SetLimits(user_id=user, max_open_orders=MAX_LIMIT, position_caps=(), orders_per_second=0)


_MARKET = {"type": OrderType.MARKET, "time_in_force": TimeInForce.IOC}


def limit(side: Side, user: int, price: int, qty: int, **terms: Any) -> PlaceOrder:
    """A limit order of either side; `terms` override any field."""
    fields: dict[str, Any] = {
        "user_id": user,
        "symbol": "BTC-USD",
        "side": side,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "post_only": False,
        "price_ticks": Ticks(price),
        "qty_lots": Lots(qty),
    }
    return PlaceOrder(**fields | terms)


class Shard:
    """Sends commands to one shard and reads what became of them."""

    def __init__(self, hot: Redis) -> None:
        self.hot = hot
        self.now_us = 1_700_000_000_000_000
        self._references = itertools.count(1)
        self._request_ids = itertools.count(1)
        library.load(hot)

    def send(self, commands: Sequence[Any], *, entry_id: str = "*") -> None:
        """Append one stream entry of commands, each given the next request id."""
        numbered = [_numbered(command, next(self._request_ids)) for command in commands]
        fields = encode_command_entry(gateway=GATEWAY, ts_us=self.now_us, commands=numbered)
        self.hot.xadd(keys.commands(SHARD), cast("Any", fields), id=entry_id)

    def match(
        self,
        *,
        max_commands: int = 500,
        mode: Mode = "apply",
        window_us: int = WINDOW_US,
    ) -> list[list[AnyEvent]]:
        """Call the function once; return the events of each command it answered."""
        reply = match_commands(
            self.hot, shard=SHARD, window_us=window_us, max_commands=max_commands, mode=mode
        )
        return [events for acks in reply.acks.values() for _, events in decode_acks(acks)]

    def apply(self, *commands: Any) -> list[list[AnyEvent]]:
        """Send commands as one entry and apply them as one batch."""
        self.send(commands)
        return self.match()

    def place(self, order: PlaceOrder) -> OrderPlaced:
        """Place an order that must be taken in; return what became of it."""
        event = self.apply(order)[0][-1]
        assert isinstance(event, OrderPlaced), event
        return event

    def forget(self) -> None:
        """Have the function read everything anew, after something was changed behind its back."""
        self.hot.function_flush()
        library.load(self.hot)

    def deposit(self, user: int, asset: str, amount: int) -> None:
        reference = f"test:{next(self._references)}"
        self.apply(MoveFunds(user_id=user, asset=asset, amount=Units(amount), reference=reference))

    def events(self) -> list[AnyEvent]:
        """Return every event so far; fails on a hole."""
        return EventReader(SHARD, max_entries=1_000_000).read(self.hot, after=0, block_ms=1)

    def wallet(self, user: int) -> dict[str, int]:
        """Return a wallet's non-zero balances, `{"USD.available": …}`."""
        row = cast("dict[bytes, bytes]", self.hot.hgetall(keys.wallet(SHARD, user)))
        amounts = {name.decode(): int(value) for name, value in row.items()}
        return {
            name: amount
            for name, amount in amounts.items()
            if amount and name.endswith((".available", ".reserved"))
        }

    def ladder(self, symbol: str = "BTC-USD") -> list[str]:
        """Return the book as lines of `bid | price | ask` in lots and ticks, highest first."""
        reply = cast(
            "list[Any]",
            self.hot.fcall_ro("book_depth", 1, keys.prefix(SHARD), symbol, "100"),
        )
        bids, asks = (list(zip(flat[::2], flat[1::2], strict=True)) for flat in reply[1:])
        lines = [f"| {price} | {lots}" for price, lots in reversed(asks)]
        return lines + [f"{lots} | {price} |" for price, lots in bids]


def _numbered(command: Any, request_id: int) -> Any:
    if isinstance(command, AnyCommand):
        return type(command)(
            **{
                name: getattr(command, name)
                for name in command.__struct_fields__
                if name != "request_id"
            },
            request_id=request_id,
        )
    return command
