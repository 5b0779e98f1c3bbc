"""Sums over a market that does not stand still, made of pieces. Pure.

Used by `invariant_sums`, `account_totals`, and what holds the ledger against wallets.

A piece was read at one moment, which is the sequence of the last event then. Whatever changes a
balance or a resting order afterwards is an event; so the pieces that are there are carried on,
event by event, to the moment of the next piece before it is added. When the last piece is in, the
sum is exact as of that moment.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from matching.domain.events import AnyEvent, FundsMoved, OrderCanceled, OrderPlaced, Trade
from matching.domain.values import FEE_ACCOUNT, Side


class MovingBalances:
    """What the wallets of `users` hold of each asset, as far as they were added."""

    def __init__(self, users: Iterable[int]) -> None:
        self.units: Counter[str] = Counter()
        self._not_added = set(users)

    def add(self, users: Iterable[int], sums: Iterable[tuple[str, int | float]]) -> None:
        """Add a piece: all that these users have."""
        self._not_added.difference_update(users)
        for asset, units in sums:
            self.units[asset] += int(units)

    def follow(self, events: Iterable[AnyEvent]) -> None:
        """Carry the pieces on. A user who is not among `users` comes into being with an event."""
        for event in events:
            for user_id, asset, units in balance_changes(event):
                if user_id not in self._not_added:
                    self.units[asset] += units


Account = tuple[int, str]
"""A user, the fee account among them, and an asset."""


class MovingAccounts:
    """What each of the accounts of `users` holds, as far as their wallets were added."""

    def __init__(self, users: Iterable[int]) -> None:
        self.units: Counter[Account] = Counter()
        self._not_added = set(users)

    def add(self, user_id: int, balances: Iterable[tuple[str, int | float]]) -> None:
        """Add all that a user has."""
        self._not_added.discard(user_id)
        for asset, units in balances:
            self.units[user_id, asset] += int(units)

    def follow(self, events: Iterable[AnyEvent]) -> None:
        """Carry the accounts on. One who is not among `users` comes into being with an event."""
        for event in events:
            for user_id, asset, units in balance_changes(event):
                if user_id not in self._not_added:
                    self.units[user_id, asset] += units


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTotals:
    """What a shard's wallets hold, available and reserved, as of the event `sequence`."""

    sequence: int
    trades: int
    """How many trades there were."""
    units: Mapping[Account, int]
    supply: Mapping[str, int]
    """Asset → all deposits less all withdrawals."""


def balance_changes(event: AnyEvent) -> Iterator[tuple[int, str, int]]:
    """Yield user, asset and units for each change of what wallets hold, available and reserved."""
    match event:
        case FundsMoved():
            yield event.user_id, event.asset, event.amount
        case Trade():
            yield from _trade_changes(event)
        case _:
            pass


def _trade_changes(trade: Trade) -> Iterator[tuple[int, str, int]]:
    base, _, quote = trade.symbol.partition("-")
    taker, maker = trade.taker_user_id, trade.maker_user_id
    buyer, seller = (taker, maker) if trade.taker_side is Side.BUY else (maker, taker)
    fees = {taker: trade.taker_fee_units, maker: trade.maker_fee_units}
    yield buyer, base, trade.base_units - fees[buyer]
    yield buyer, quote, -trade.quote_units
    yield seller, base, -trade.base_units
    yield seller, quote, trade.quote_units - fees[seller]
    yield FEE_ACCOUNT, base, fees[buyer]
    yield FEE_ACCOUNT, quote, fees[seller]


class RestingOrder(msgspec.Struct, frozen=True, array_like=True):
    """Of an order on a book, what sums are made of. Its figures are whole, unless it is broken."""

    symbol: str
    side: Side
    price_ticks: int | float
    remaining_lots: int | float


class MovingOrders:
    """The resting orders for which `belongs` holds, as far as they were added."""

    def __init__(self, belongs: Callable[[OrderPlaced], bool]) -> None:
        self.orders: dict[int, RestingOrder] = {}
        self._belongs = belongs

    def add(self, orders: Iterable[tuple[int, RestingOrder]]) -> None:
        """Add a piece. An order may come more than once."""
        self.orders.update(orders)

    def follow(self, events: Iterable[AnyEvent]) -> None:
        """Carry the pieces on."""
        for event in events:
            match event:
                case OrderPlaced() if event.resting_lots and self._belongs(event):
                    self.orders[event.order_id] = RestingOrder(
                        event.symbol, event.side, event.price_ticks, event.resting_lots
                    )
                case Trade() if event.maker_order_id in self.orders:
                    self._leave(event.maker_order_id, event.maker_remaining_lots)
                case OrderCanceled():
                    self.orders.pop(event.order_id, None)
                case _:
                    pass

    def _leave(self, order_id: int, lots: int) -> None:
        if lots:
            self.orders[order_id] = msgspec.structs.replace(
                self.orders[order_id], remaining_lots=lots
            )
        else:
            del self.orders[order_id]
