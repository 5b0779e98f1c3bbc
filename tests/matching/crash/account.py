"""Wallets and open orders recomputed from the event log alone, to compare with what Redis holds.

Used by `run.py` only. Rules: docs/api.md, "Matching rules".
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from matching.domain.events import (
    AnyEvent,
    FundsMoved,
    MarketDefined,
    OrderCanceled,
    OrderFilled,
    OrderPlaced,
    Trade,
)
from matching.domain.values import FEE_ACCOUNT, Side
from matching.state import HotState

DEPTH = 1_000


@dataclass
class OpenOrder:
    """An order that rests, as it was placed, and what is left of it."""

    placed: OrderPlaced
    remaining: int


@dataclass
class Account:
    """What the log adds up to. One market, one shard."""

    available: defaultdict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    reserved: defaultdict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    deposits: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    open: dict[int, OpenOrder] = field(default_factory=dict)
    market: MarketDefined | None = None

    def apply(self, event: AnyEvent) -> None:
        """Book one event. Raises AssertionError where it contradicts those before."""
        match event:
            case MarketDefined():
                self.market = event
            case FundsMoved():
                self.available[event.user_id, event.asset] += event.amount
                self.deposits[event.asset] += event.amount
            case OrderPlaced() if event.resting_lots:
                self.open[event.order_id] = OpenOrder(event, event.resting_lots)
                self._reserve(event, event.resting_lots)
            case Trade():
                self._trade(event)
            case OrderFilled():
                assert self.open.pop(event.order_id).remaining == 0, event
            case OrderCanceled():
                order = self.open.pop(event.order_id)
                assert order.remaining == event.canceled_lots, event
                self._reserve(order.placed, -order.remaining)

    async def differences(self, state: HotState, users: Iterable[int]) -> list[str]:
        """Return a sentence for each thing that Redis holds otherwise."""
        found: list[str] = []
        totals: defaultdict[str, int] = defaultdict(int)
        for user_id in [FEE_ACCOUNT, *users]:
            for asset, balance in (await state.wallet(user_id)).items():
                totals[asset] += balance.total
                mine = self.available[user_id, asset], self.reserved[user_id, asset]
                if mine != (balance.available, balance.reserved):
                    found.append(f"user {user_id}, {asset}: {balance}, by the log {mine}")
        if totals != self.deposits:
            found.append(f"wallets add up to {dict(totals)}, deposits to {dict(self.deposits)}")
        return found + await self._differences_of_orders(state, users)

    async def _differences_of_orders(self, state: HotState, users: Iterable[int]) -> list[str]:
        held = {
            order.order_id: order.remaining_lots
            for user_id in users
            for order in await state.open_orders(user_id)
        }
        mine = {order_id: order.remaining for order_id, order in self.open.items()}
        found = [
            f"order {order_id}: {held.get(order_id)} lots are open, by the log {mine.get(order_id)}"
            for order_id in sorted(held.keys() | mine.keys())
            if held.get(order_id) != mine.get(order_id)
        ]
        assert self.market is not None, "the market was defined first"
        book = await state.book(self.market.symbol, depth=DEPTH)
        for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
            if dict(levels) != self._levels(side):
                found.append(f"{side} book {levels}, by the log {self._levels(side)}")
        return found

    def _levels(self, side: Side) -> dict[int, int]:
        levels: defaultdict[int, int] = defaultdict(int)
        for order in self.open.values():
            if order.placed.side is side:
                levels[order.placed.price_ticks] += order.remaining
        return dict(levels)

    def _reserve(self, order: OrderPlaced, lots: int) -> None:
        assert self.market is not None, "the market was defined first"
        asset, amount = self.market.base, lots * self.market.lot_units
        if order.side is Side.BUY:
            asset = self.market.quote
            amount = order.price_ticks * lots * self.market.tick_lot_units
        self.available[order.user_id, asset] -= amount
        self.reserved[order.user_id, asset] += amount

    def _trade(self, trade: Trade) -> None:
        assert self.market is not None, "the market was defined first"
        maker = self.open[trade.maker_order_id]
        maker.remaining -= trade.qty_lots
        assert maker.remaining == trade.maker_remaining_lots, trade
        base, quote = (self.market.base, trade.base_units), (self.market.quote, trade.quote_units)
        # What the taker gives, and what it gets.
        (gives, given), (gets, got) = (
            (quote, base) if trade.taker_side is Side.BUY else (base, quote)
        )
        taker, maker_user = trade.taker_user_id, trade.maker_user_id
        self.available[taker, gives] -= given
        self.available[taker, gets] += got - trade.taker_fee_units
        self.reserved[maker_user, gets] -= got
        self.available[maker_user, gives] += given - trade.maker_fee_units
        self.available[FEE_ACCOUNT, gets] += trade.taker_fee_units
        self.available[FEE_ACCOUNT, gives] += trade.maker_fee_units
