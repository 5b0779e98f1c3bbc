"""All that a shard knows: markets, wallets, open orders, what was promised; nothing derived."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from matching.domain import events
from matching.domain.commands import AnyCommand, DefineMarket, PlaceOrder, SetLimits
from matching.domain.errors import ErrorCode
from matching.domain.ids import order_id
from matching.domain.values import MarketStatus, Side

Events = list[events.AnyEvent]


@dataclass
class Market:
    """A listed market and what changes of it; `last_price` is 0 before the first trade."""

    terms: DefineMarket
    status: MarketStatus = MarketStatus.TRADING
    last_price: int = 0
    update_id: int = 0


@dataclass(eq=False)
class Order:
    """An order and what is left of it; its id is 0 as long as it does not exist."""

    terms: PlaceOrder
    ts_us: int
    id: int = 0
    remaining: int = 0
    filled_units: int = 0

    @property
    def filled(self) -> int:
        return self.terms.qty_lots - self.remaining


@dataclass
class Balance:
    available: int = 0
    reserved: int = 0

    @property
    def total(self) -> int:
        return self.available + self.reserved


@dataclass
class Memory:
    """The first answer to an order with a client order id."""

    ts_us: int
    order: Order
    answer: Events


@dataclass
class Receipt:
    """Who used a reference, for what, and the answer that a repetition gets."""

    terms: tuple[Any, ...]
    answer: Events


@dataclass
class State:
    """One shard, between two commands or inside one."""

    shard: int = 0
    markets: dict[str, Market] = field(default_factory=dict)
    wallets: defaultdict[tuple[int, str], Balance] = field(
        default_factory=lambda: defaultdict(Balance)
    )
    resting: defaultdict[tuple[str, Side], list[Order]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """Symbol and side → open orders, in the order they came."""
    supply: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    limits: dict[int, SetLimits] = field(default_factory=dict)
    memories: dict[tuple[int, str], Memory] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    now_us: int = 0
    last_event: int = 0
    last_trade: int = 0
    last_order: int = 0
    answer: Events = field(default_factory=list)
    """Events of the command at hand."""

    def book(self, symbol: str, side: Side) -> list[Order]:
        """Return the resting orders of a side: best price first, then first come."""
        sign = -1 if side is Side.BUY else 1
        # Python's sort keeps the order of equals.
        return sorted(self.resting[symbol, side], key=lambda order: sign * order.terms.price_ticks)

    def level(self, symbol: str, side: Side, price: int) -> int:
        """Return how many lots rest at a price."""
        at_price = [o for o in self.resting[symbol, side] if o.terms.price_ticks == price]
        return sum(order.remaining for order in at_price)

    def open_orders(self, user_id: int) -> list[Order]:
        """Return a user's open orders, in the order they came."""
        found = [o for side in self.resting.values() for o in side if o.terms.user_id == user_id]
        return sorted(found, key=lambda order: order.id)

    def is_open(self, order: Order) -> bool:
        return order in self.resting[order.terms.symbol, order.terms.side]

    def next_order_id(self) -> int:
        self.last_order += 1
        return order_id(self.last_order, self.shard)

    def next_trade_id(self) -> int:
        self.last_trade += 1
        return order_id(self.last_trade, self.shard)

    def emit(self, event_type: type[events.Event], **fields: Any) -> None:
        """Number an event, stamp it with the shard's time, and make it part of the answer."""
        self.last_event += 1
        event = event_type(sequence=self.last_event, ts_us=self.now_us, **fields)  # type: ignore[arg-type]
        self.answer.append(event)  # type: ignore[arg-type]

    def refuse(self, user_id: int, kind: str, reason: ErrorCode, detail: str = "") -> None:
        self.emit(events.CommandRefused, user_id=user_id, kind=kind, reason=reason, detail=detail)


def terms_of(command: AnyCommand) -> dict[str, Any]:
    """Return what a command says, without the sender's number for it."""
    names = [name for name in command.__struct_fields__ if name != "request_id"]
    return {name: getattr(command, name) for name in names}
