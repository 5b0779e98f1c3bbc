"""Makes event logs for `manage.py bench_ledger`, as the matching function would write them.

Only as regards kinds, sizes and spread: the amounts of one event have nothing to do with those of
another, which the ledger writer does not mind.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
from redis import Redis

from matching import keys
from matching.domain.events import AnyEvent, OrderCanceled, OrderFilled, OrderPlaced, Trade
from matching.domain.ids import order_id
from matching.domain.values import (
    EndReason,
    Lots,
    OrderType,
    Sequence,
    Side,
    Ticks,
    TimeInForce,
    Units,
)

SYMBOLS: Final = 20
USERS: Final = 1_000
EVENTS_PER_ENTRY: Final = 250  # What a call of 200 orders leaves.
START_US: Final = 1_700_000_000_000_000
EVENT_US: Final = 16

# Of 100 orders 45 come to rest, 15 are filled at once by 20 trades that end 5 orders, and 40 are
# canceled: 125 events.
GATE_MIX: Final = {"opened": 45, "ended": 15, "canceled": 40, "trade": 20, "filled": 5}
TRADES: Final = {"trade": 1}


class EventMaker:
    """Makes events in sequence and appends them to the log of shard 0."""

    def __init__(self, hot: Redis, *, seed: int) -> None:
        self.sequence = 0
        self.trades = 0
        self._hot = hot
        self._random = random.Random(seed)  # noqa: S311 - a load, not a secret
        self._orders = 0
        self._open: list[int] = []

    def append(self, count: int, mix: Mapping[str, int]) -> None:
        """Append `count` events, of the kinds in these proportions."""
        kinds, weights = list(mix), list(mix.values())
        makers: dict[str, Callable[[], AnyEvent]] = {
            "opened": self._opened,
            "ended": self._ended,
            "canceled": self._canceled,
            "trade": self._trade,
            "filled": self._filled,
        }
        for size in _pieces(count):
            chosen = self._random.choices(kinds, weights, k=size)
            self._write([makers[kind]() for kind in chosen])

    def _write(self, events: list[AnyEvent]) -> None:
        last = events[-1].sequence
        self._hot.hset(keys.sequence(0), "event", str(last))
        self._hot.xadd(keys.events(0), {"events": msgspec.msgpack.encode(events)}, id=f"{last}-0")

    def _opened(self) -> OrderPlaced:
        lots = self._lots(90)
        placed = self._placed(lots, resting_lots=lots, filled_lots=Lots(0))
        self._open.append(placed.order_id)
        return placed

    def _ended(self) -> OrderPlaced:
        lots = self._lots(30)
        return self._placed(lots, resting_lots=Lots(0), filled_lots=lots)

    def _placed(self, lots: Lots, **fields: Any) -> OrderPlaced:
        return OrderPlaced(
            **self._terms(lots),
            filled_units=Units(lots * 100_000 if fields["filled_lots"] else 0),
            canceled_lots=Lots(0),
            end_reason=EndReason.NONE,
            level_lots=Lots(0),
            update_id=1,
            **fields,
        )

    def _canceled(self) -> OrderCanceled:
        lots = self._lots(90)
        return OrderCanceled(
            **self._terms_of_open(lots),
            filled_lots=Lots(0),
            filled_units=Units(0),
            canceled_lots=lots,
            end_reason=EndReason.USER,
            level_lots=Lots(0),
            update_id=1,
        )

    def _filled(self) -> OrderFilled:
        lots = self._lots(90)
        return OrderFilled(**self._terms_of_open(lots), filled_units=Units(lots * 100_000))

    def _trade(self) -> Trade:
        self.trades += 1
        lots, price = self._lots(30), self._price()
        return Trade(
            **self._head(),
            trade_id=self.trades,
            symbol=self._symbol(),
            price_ticks=price,
            qty_lots=lots,
            base_units=Units(lots * 10_000),
            quote_units=Units(lots * price),
            taker_side=self._random.choice((Side.BUY, Side.SELL)),
            taker_order_id=self._order_id(),
            maker_order_id=self._order_id(),
            taker_user_id=self._user(),
            maker_user_id=self._user(),
            taker_fee_units=Units(lots * 20),
            maker_fee_units=Units(lots * 10),
            maker_remaining_lots=Lots(0),
            level_lots=Lots(0),
            update_id=1,
        )

    def _terms(self, lots: Lots) -> dict[str, Any]:
        return self._head() | {
            "order_id": self._order_id(),
            "user_id": self._user(),
            "symbol": self._symbol(),
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "post_only": False,
            "price_ticks": self._price(),
            "qty_lots": lots,
            "client_order_id": "",
        }

    def _terms_of_open(self, lots: Lots) -> dict[str, Any]:
        """Take an order that rests, any of them; a new one where none does."""
        terms = self._terms(lots)
        if self._open:
            place = self._random.randrange(len(self._open))
            self._open[place], last = self._open[-1], self._open[place]
            self._open.pop()
            terms["order_id"] = last
        return terms

    def _head(self) -> dict[str, Any]:
        self.sequence += 1
        ts_us = START_US + self.sequence // EVENTS_PER_ENTRY * EVENTS_PER_ENTRY * EVENT_US
        return {"sequence": Sequence(self.sequence), "ts_us": ts_us}

    def _order_id(self) -> int:
        self._orders += 1
        return order_id(self._orders, 0)

    def _user(self) -> int:
        return self._random.randint(1, USERS)

    def _symbol(self) -> str:
        return f"M{self._random.randrange(SYMBOLS):03}-USD"

    def _price(self) -> Ticks:
        return Ticks(self._random.randint(99_500, 100_500))

    def _lots(self, most: int) -> Lots:
        return Lots(self._random.randint(1, most))


def _pieces(count: int) -> Iterator[int]:
    while count > 0:
        yield min(count, EVENTS_PER_ENTRY)
        count -= EVENTS_PER_ENTRY
