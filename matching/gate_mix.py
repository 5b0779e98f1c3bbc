"""The order flow of the acceptance gate, made from a seed. Used by `manage.py bench_matching`.

45 % limit orders that rest, 15 % IOC orders a third their size that trade at once, 40 % cancels of
the sender's own open orders.
"""

import random
from collections.abc import Iterator
from typing import Final

from matching.codec import decode_acks
from matching.domain.commands import (
    AnyCommand,
    CancelOrder,
    DefineMarket,
    MoveFunds,
    PlaceOrder,
    SetLimits,
)
from matching.domain.events import OrderFilled, OrderPlaced
from matching.domain.values import MAX_LIMIT, Lots, OrderType, Side, Ticks, TimeInForce, Units

MIDDLE_TICKS: Final = 100_000
SPREAD_TICKS: Final = 500
FUNDS: Final = 10**11


class GateMix:
    """Makes the gate's commands and keeps track of which orders are open."""

    def __init__(self, *, symbols: int, users: int, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a load, not a secret
        self._users = users
        self._symbols = [f"M{number:03}-USD" for number in range(symbols)]
        self._open: list[tuple[int, int]] = []
        self._place_of: dict[int, int] = {}
        self._request_id = 0

    @property
    def open_orders(self) -> int:
        return len(self._open)

    def listing(self) -> Iterator[AnyCommand]:
        """Markets, and for everybody funds and room for all their orders."""
        for symbol in self._symbols:
            base = symbol.partition("-")[0]
            yield _market(symbol, base)
            for user_id in range(1, self._users + 1):
                yield _deposit(user_id, base)
        for user_id in range(1, self._users + 1):
            yield _deposit(user_id, "USD")
            yield SetLimits(
                user_id=user_id, max_open_orders=MAX_LIMIT, position_caps=(), orders_per_second=0
            )

    def next(self) -> AnyCommand:
        """One command of the mix."""
        kind = self._random.random()
        if kind < 0.40 and self._open:
            return self._cancel()
        return self._crossing() if kind < 0.55 else self.resting()

    def resting(self) -> PlaceOrder:
        """A limit order on its own side of the middle."""
        side = self._random.choice((Side.BUY, Side.SELL))
        away = self._random.randint(1, SPREAD_TICKS)
        price = MIDDLE_TICKS - away if side is Side.BUY else MIDDLE_TICKS + away
        return self._place(side, price, self._random.randint(1, 90), TimeInForce.GTC)

    def learn(self, packed_acks: bytes) -> None:
        """Follow which orders opened and which makers ended."""
        for _, events in decode_acks(packed_acks):
            for event in events:
                if isinstance(event, OrderPlaced) and event.resting_lots:
                    self._place_of[event.order_id] = len(self._open)
                    self._open.append((event.order_id, event.user_id))
                elif isinstance(event, OrderFilled) and event.order_id in self._place_of:
                    self._forget(self._place_of[event.order_id])

    def _crossing(self) -> PlaceOrder:
        side = self._random.choice((Side.BUY, Side.SELL))
        reach = SPREAD_TICKS if side is Side.BUY else -SPREAD_TICKS
        lots = self._random.randint(1, 30)
        return self._place(side, MIDDLE_TICKS + reach, lots, TimeInForce.IOC)

    def _cancel(self) -> CancelOrder:
        order_id, user_id = self._forget(self._random.randrange(len(self._open)))
        return CancelOrder(request_id=self._next_id(), user_id=user_id, order_id=order_id)

    def _forget(self, place: int) -> tuple[int, int]:
        last = self._open.pop()
        if place == len(self._open):
            gone = last
        else:
            gone, self._open[place] = self._open[place], last
            self._place_of[last[0]] = place
        del self._place_of[gone[0]]
        return gone

    def _place(self, side: Side, price: int, lots: int, tif: TimeInForce) -> PlaceOrder:
        return PlaceOrder(
            request_id=self._next_id(),
            user_id=self._random.randint(1, self._users),
            symbol=self._random.choice(self._symbols),
            side=side,
            type=OrderType.LIMIT,
            time_in_force=tif,
            post_only=False,
            price_ticks=Ticks(price),
            qty_lots=Lots(lots),
        )

    def _next_id(self) -> int:
        self._request_id += 1
        return self._request_id


def _market(symbol: str, base: str) -> DefineMarket:
    return DefineMarket(
        request_id=0,
        symbol=symbol,
        base=base,
        quote="USD",
        lot_units=10_000,
        tick_lot_units=1,
        min_qty_lots=Lots(1),
        max_qty_lots=Lots(1_000_000),
        max_price_ticks=Ticks(1_000_000_000),
        min_notional_units=Units(0),
        price_band_bps=0,
        maker_fee_ppm=1_000,
        taker_fee_ppm=2_000,
    )


def _deposit(user_id: int, asset: str) -> MoveFunds:
    return MoveFunds(
        request_id=0,
        user_id=user_id,
        asset=asset,
        amount=Units(FUNDS),
        reference=f"bench:{asset}:{user_id}",
    )
