"""The rules of matching in plain Python over lists: slow, and meant to be obviously right.

Takes commands one at a time and returns the events each causes. What it knows lies open: wallets,
open orders (one list, in the order they came), markets, supply. Source: contracts.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from matching.domain import events
from matching.domain.commands import (
    AnyCommand,
    CancelAllOrders,
    CancelOrder,
    DefineMarket,
    MoveFunds,
    PlaceOrder,
    SetMarketStatus,
)
from matching.domain.errors import ErrorCode
from matching.domain.ids import order_id
from matching.domain.values import (
    FEE_ACCOUNT,
    MAX_AMOUNT,
    EndReason,
    MarketStatus,
    OrderType,
    Side,
    TimeInForce,
)

WINDOW_US = 3_600_000_000
# Refused with these, an order was seen and is on record; refused otherwise, none exists.
ON_RECORD = {
    ErrorCode.SYMBOL_PAUSED,
    ErrorCode.INSUFFICIENT_FUNDS,
    ErrorCode.WOULD_TRADE,
    ErrorCode.CANNOT_FILL,
}
Events = list[events.AnyEvent]


@dataclass
class Market:
    """A listed market and what changes of it."""

    terms: DefineMarket
    status: MarketStatus = MarketStatus.TRADING
    last_price: int = 0
    update_id: int = 0


@dataclass
class Order:
    """An order and what is left of it."""

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


@dataclass
class Memory:
    """The first answer to a client order id."""

    ts_us: int
    order: Order
    answer: Events


@dataclass
class ReferenceEngine:
    """One shard."""

    markets: dict[str, Market] = field(default_factory=dict)
    wallets: defaultdict[tuple[int, str], Balance] = field(
        default_factory=lambda: defaultdict(Balance)
    )
    orders: list[Order] = field(default_factory=list)
    supply: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    references: dict[str, Events] = field(default_factory=dict)
    memories: dict[tuple[int, str], Memory] = field(default_factory=dict)
    now_us: int = 0
    sequence: int = 0
    trades: int = 0
    order_numbers: int = 0
    answer: Events = field(default_factory=list)

    def apply(self, command: AnyCommand, now_us: int) -> Events:
        """Apply one command at `now_us`; return its events."""
        self.now_us = max(self.now_us, now_us)
        self.answer = []
        match command:
            case PlaceOrder():
                self._place(command)
            case CancelOrder():
                self._cancel(command)
            case CancelAllOrders():
                for order in list(self.orders):
                    if order.terms.user_id == command.user_id and command.symbol in {
                        "",
                        order.terms.symbol,
                    }:
                        self._take_off(order)
            case MoveFunds():
                self._move_funds(command)
            case DefineMarket():
                self._define(command)
            case SetMarketStatus():
                self._set_status(command)
        return self.answer

    def book(self, symbol: str, side: Side) -> list[Order]:
        """Return the resting orders of a side: best price first, then first come."""
        resting = [o for o in self.orders if (o.terms.symbol, o.terms.side) == (symbol, side)]
        sign = -1 if side is Side.BUY else 1
        return sorted(resting, key=lambda order: sign * order.terms.price_ticks)

    def levels(self, symbol: str, side: Side) -> dict[int, int]:
        """Return price → total lots resting there."""
        totals: defaultdict[int, int] = defaultdict(int)
        for order in self.book(symbol, side):
            totals[order.terms.price_ticks] += order.remaining
        return dict(totals)

    # Orders

    def _place(self, terms: PlaceOrder) -> None:
        order = Order(terms, self.now_us, remaining=terms.qty_lots)
        if terms.symbol not in self.markets:
            return self._reject(order, ErrorCode.UNKNOWN_SYMBOL)
        memory = self._remembered(terms)
        if memory and _same_terms(memory.order.terms, terms):
            self.answer = memory.answer
            return None
        makers, met_own = self._makers(order)
        reason = (
            self._refused_by_market(terms)
            or (ErrorCode.DUPLICATE_CLIENT_ORDER_ID if memory else None)
            or self._refused_by_rules(order, makers, met_own)
        )
        if reason:
            self._reject(order, reason)
        else:
            order.id = self._next_order_id()
            for maker in makers:
                self._trade(order, maker)
            self._settle_remainder(order, met_own)
        if order.id and not memory:
            self._remember(order)
        return None

    def _refused_by_market(self, terms: PlaceOrder) -> ErrorCode | None:
        market = self.markets[terms.symbol]
        limits = market.terms
        if market.status is MarketStatus.PAUSED:
            return ErrorCode.SYMBOL_PAUSED
        is_limit = terms.type is OrderType.LIMIT
        if is_limit and not 1 <= terms.price_ticks <= limits.max_price_ticks:
            return ErrorCode.INVALID_PRICE
        if not limits.min_qty_lots <= terms.qty_lots <= limits.max_qty_lots:
            return ErrorCode.INVALID_QTY
        notional = terms.price_ticks * terms.qty_lots * limits.tick_lot_units
        if is_limit and notional < limits.min_notional_units:
            return ErrorCode.NOTIONAL_TOO_SMALL
        if is_limit and limits.price_band_bps and market.last_price:
            away = abs(terms.price_ticks - market.last_price)
            if away * 10_000 > market.last_price * limits.price_band_bps:
                return ErrorCode.PRICE_OUT_OF_BAND
        return None

    def _makers(self, taker: Order) -> tuple[list[Order], bool]:
        """Return the orders that `taker` would meet, and whether its own user's stopped it."""
        terms = taker.terms
        crosses: Callable[[int], bool] = lambda price: (  # noqa: E731 - a rule in one line
            terms.type is OrderType.MARKET
            or (
                price <= terms.price_ticks if terms.side is Side.BUY else price >= terms.price_ticks
            )
        )
        other = Side.SELL if terms.side is Side.BUY else Side.BUY
        makers: list[Order] = []
        wanted: int = terms.qty_lots
        for maker in self.book(terms.symbol, other):
            if wanted <= 0 or not crosses(maker.terms.price_ticks):
                break
            if maker.terms.user_id == terms.user_id:
                return makers, True
            makers.append(maker)
            wanted -= maker.remaining
        return makers, False

    def _refused_by_rules(
        self, order: Order, makers: list[Order], met_own: bool
    ) -> ErrorCode | None:
        terms = order.terms
        market = self.markets[terms.symbol].terms
        reachable = list(_lots_from(makers, terms.qty_lots))
        if terms.side is Side.SELL:
            asset, needed = market.base, terms.qty_lots * market.lot_units
        elif terms.type is OrderType.MARKET:
            cost = sum(m.terms.price_ticks * lots for m, lots in reachable)
            asset, needed = market.quote, cost * market.tick_lot_units
        else:
            asset = market.quote
            needed = terms.price_ticks * terms.qty_lots * market.tick_lot_units
        if needed > self.wallets[terms.user_id, asset].available:
            return ErrorCode.INSUFFICIENT_FUNDS
        if terms.post_only and (makers or met_own):
            return ErrorCode.WOULD_TRADE
        fillable = sum(lots for _, lots in reachable)
        if terms.time_in_force is TimeInForce.FOK and fillable < terms.qty_lots:
            return ErrorCode.CANNOT_FILL
        return None

    def _trade(self, taker: Order, maker: Order) -> None:
        market = self.markets[taker.terms.symbol]
        terms = market.terms
        lots = min(taker.remaining, maker.remaining)
        price = maker.terms.price_ticks
        base, quote = lots * terms.lot_units, price * lots * terms.tick_lot_units
        taker_buys = taker.terms.side is Side.BUY
        taker_fee = _fee(base if taker_buys else quote, terms.taker_fee_ppm)
        maker_fee = _fee(quote if taker_buys else base, terms.maker_fee_ppm)
        paid, received = (quote, base) if taker_buys else (base, quote)
        pays, receives = (terms.quote, terms.base) if taker_buys else (terms.base, terms.quote)
        taker_user, maker_user = taker.terms.user_id, maker.terms.user_id
        self.wallets[taker_user, pays].available -= paid
        self.wallets[taker_user, receives].available += received - taker_fee
        self.wallets[maker_user, receives].reserved -= received
        self.wallets[maker_user, pays].available += paid - maker_fee
        self.wallets[FEE_ACCOUNT, receives].available += taker_fee
        self.wallets[FEE_ACCOUNT, pays].available += maker_fee
        for order in (taker, maker):
            order.remaining -= lots
            order.filled_units += quote
        market.last_price = price
        market.update_id += 1
        self.trades += 1
        if not maker.remaining:
            self.orders.remove(maker)
        self._emit(
            events.Trade,
            trade_id=order_id(self.trades, 0),
            symbol=terms.symbol,
            price_ticks=price,
            qty_lots=lots,
            base_units=base,
            quote_units=quote,
            taker_side=taker.terms.side,
            taker_order_id=taker.id,
            maker_order_id=maker.id,
            taker_user_id=taker_user,
            maker_user_id=maker_user,
            taker_fee_units=taker_fee,
            maker_fee_units=maker_fee,
            maker_remaining_lots=maker.remaining,
            level_lots=self._level(maker),
            update_id=market.update_id,
        )
        if not maker.remaining:
            self._emit(events.OrderFilled, **_terms(maker), filled_units=maker.filled_units)

    def _settle_remainder(self, order: Order, met_own: bool) -> None:
        terms, market = order.terms, self.markets[order.terms.symbol]
        reason, resting = EndReason.NONE, 0
        filled = order.filled
        if order.remaining and met_own:
            reason = EndReason.SELF_TRADE
        elif order.remaining and terms.type is OrderType.MARKET:
            reason = EndReason.NO_LIQUIDITY
        elif order.remaining and terms.time_in_force is not TimeInForce.GTC:
            reason = EndReason.IOC_REMAINDER
        elif order.remaining:
            resting = order.remaining
            self._reserve(order, resting)
            self.orders.append(order)
            market.update_id += 1
        self._emit(
            events.OrderPlaced,
            **_terms(order),
            filled_lots=filled,
            filled_units=order.filled_units,
            resting_lots=resting,
            canceled_lots=order.remaining - resting,
            end_reason=reason,
            level_lots=self._level(order) if resting else 0,
            update_id=market.update_id if resting else 0,
        )

    def _cancel(self, command: CancelOrder) -> None:
        for order in self.orders:
            if (order.id, order.terms.user_id) == (command.order_id, command.user_id):
                return self._take_off(order)
        return self._refuse(command.user_id, "cancel", ErrorCode.UNKNOWN_ORDER, "")

    def _take_off(self, order: Order) -> None:
        market = self.markets[order.terms.symbol]
        lots = order.remaining
        self._reserve(order, -lots)
        self.orders.remove(order)
        market.update_id += 1
        self._emit(
            events.OrderCanceled,
            **_terms(order),
            filled_lots=order.filled,
            filled_units=order.filled_units,
            canceled_lots=lots,
            end_reason=EndReason.USER,
            level_lots=self._level(order),
            update_id=market.update_id,
        )

    def _reserve(self, order: Order, lots: int) -> None:
        terms, market = order.terms, self.markets[order.terms.symbol].terms
        if terms.side is Side.BUY:
            asset, amount = market.quote, terms.price_ticks * lots * market.tick_lot_units
        else:
            asset, amount = market.base, lots * market.lot_units
        self.wallets[terms.user_id, asset].available -= amount
        self.wallets[terms.user_id, asset].reserved += amount

    def _level(self, order: Order) -> int:
        """Return how many lots rest at the order's price on its side."""
        levels = self.levels(order.terms.symbol, order.terms.side)
        return levels.get(order.terms.price_ticks, 0)

    def _reject(self, order: Order, reason: ErrorCode) -> None:
        if reason in ON_RECORD:
            order.id = self._next_order_id()
        self._emit(events.OrderRejected, **_terms(order), reason=reason)

    # Client order ids

    def _remembered(self, terms: PlaceOrder) -> Memory | None:
        memory = self.memories.get((terms.user_id, terms.client_order_id))
        if not terms.client_order_id or memory is None:
            return None
        is_fresh = self.now_us - memory.ts_us < WINDOW_US
        return memory if is_fresh or memory.order in self.orders else None

    def _remember(self, order: Order) -> None:
        if order.terms.client_order_id:
            who = (order.terms.user_id, order.terms.client_order_id)
            self.memories[who] = Memory(self.now_us, order, self.answer)

    # Funds and markets

    def _move_funds(self, command: MoveFunds) -> None:
        user, asset, amount = command.user_id, command.asset, command.amount
        answer = self.references.get(command.reference)
        if answer:
            (first,) = answer
            assert isinstance(first, events.FundsMoved)
            if (first.user_id, first.asset, first.amount) == (user, asset, amount):
                self.answer = answer
                return None
            return self._refuse(user, "funds", ErrorCode.CONFLICT, "reference was used before")
        if self.wallets[user, asset].available + amount < 0:
            return self._refuse(user, "funds", ErrorCode.INSUFFICIENT_FUNDS, "")
        if self.supply[asset] + amount > MAX_AMOUNT:
            return self._refuse(user, "funds", ErrorCode.INVALID_REQUEST, "supply would overflow")
        self.wallets[user, asset].available += amount
        self.supply[asset] += amount
        self._emit(
            events.FundsMoved,
            user_id=user,
            asset=asset,
            amount=amount,
            reference=command.reference,
        )
        self.references[command.reference] = self.answer
        return None

    def _define(self, command: DefineMarket) -> None:
        market = self.markets.setdefault(command.symbol, Market(command))
        market.terms = command
        terms = {name: getattr(command, name) for name in command.__struct_fields__[1:]}
        self._emit(events.MarketDefined, **terms)

    def _set_status(self, command: SetMarketStatus) -> None:
        market = self.markets.get(command.symbol)
        if market is None:
            return self._refuse(0, "market-status", ErrorCode.UNKNOWN_SYMBOL, "")
        market.status = command.status
        self._emit(events.MarketStatusChanged, symbol=command.symbol, status=command.status)
        return None

    # Numbers

    def _emit(self, event_type: type[events.Event], **fields: Any) -> None:
        self.sequence += 1
        event = event_type(sequence=self.sequence, ts_us=self.now_us, **fields)  # type: ignore[arg-type]
        self.answer.append(event)  # type: ignore[arg-type]

    def _refuse(self, user: int, kind: str, reason: ErrorCode, detail: str) -> None:
        self._emit(events.CommandRefused, user_id=user, kind=kind, reason=reason, detail=detail)

    def _next_order_id(self) -> int:
        self.order_numbers += 1
        return order_id(self.order_numbers, 0)


def _terms(order: Order) -> dict[str, Any]:
    names = order.terms.__struct_fields__[1:]
    return {"order_id": order.id} | {name: getattr(order.terms, name) for name in names}


def _same_terms(first: PlaceOrder, second: PlaceOrder) -> bool:
    names = first.__struct_fields__[1:]
    return all(getattr(first, name) == getattr(second, name) for name in names)


def _lots_from(makers: list[Order], wanted: int) -> Iterator[tuple[Order, int]]:
    """Yield how many lots each maker would give."""
    for maker in makers:
        lots = min(maker.remaining, wanted)
        wanted -= lots
        yield maker, lots


def _fee(amount: int, rate_ppm: int) -> int:
    """Return the fee on an amount, rounded up to the smallest unit."""
    return -(-amount * rate_ppm // 1_000_000)
