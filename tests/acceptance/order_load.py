"""Traders who keep a running stack busy, whatever part of it is away."""

import threading
from collections import Counter, deque
from typing import Any, Final

from tests.acceptance.people import Person

ORDERS_PER_BATCH: Final = 20
CANCELS_PER_BATCH: Final = 8
TRADES_PER_BATCH: Final = 4
RESTING: Final = 150
"""Resting orders of one trader, below the limit of open orders."""
REFUSED_PAUSE_S: Final = 1.0

Item = dict[str, Any]


class Trader(threading.Thread):
    """Sends batch after batch: orders that rest far from the market, their cancels, and trades.

    A seller's orders for trades rest at the price where a buyer's IOC orders take them. Where new
    orders are refused it tries one again and again, and cancels an order each time.
    """

    def __init__(self, person: Person, side: str) -> None:
        super().__init__(name=f"trader-{person.username}")
        self.acknowledged: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.trade_ids: set[str] = set()
        self.error: Exception | None = None
        self._person = person
        self._side = side
        self._resting: deque[str] = deque()
        self._is_refused = False
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._stopping.wait(REFUSED_PAUSE_S if self._is_refused else 0):
                self._exchange(self._probe() if self._is_refused else self._batch())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def _exchange(self, items: list[Item]) -> None:
        answer = self._person.http.post("/orders/batch", json={"orders": items})
        assert answer.is_success, answer.text
        self._is_refused = False
        for item, result in zip(items, answer.json()["results"], strict=True):
            self._learn(item, result)

    def _batch(self) -> list[Item]:
        trades = [self._trade() for _ in range(TRADES_PER_BATCH)]
        cancels = self._cancels(CANCELS_PER_BATCH if len(self._resting) >= RESTING else 0)
        room = ORDERS_PER_BATCH - len(trades) - len(cancels)
        return [*trades, *cancels, *(self._far_away() for _ in range(room))]

    def _probe(self) -> list[Item]:
        return [*self._cancels(1), self._far_away()]

    def _cancels(self, most: int) -> list[Item]:
        count = min(most, len(self._resting))
        return [{"op": "cancel", "orderId": self._resting.popleft()} for _ in range(count)]

    def _trade(self) -> Item:
        if self._side == "SELL":
            return self._order("100.00", "0.0001")
        return self._order("100.00", "0.0002", timeInForce="IOC")

    def _far_away(self) -> Item:
        return self._order("110.00" if self._side == "SELL" else "90.00", "0.0002")

    def _order(self, price: str, qty: str, **terms: str) -> Item:
        order = {"symbol": "TEST-USD", "side": self._side, "type": "LIMIT"}
        return {"op": "place", **order, "price": price, "qty": qty, **terms}

    def _learn(self, item: Item, result: dict[str, Any]) -> None:
        if "error" in result:
            code = result["error"]["code"]
            self.refused[f"{item['op']} {code}"] += 1
            self._is_refused |= code == "LEDGER_BACKLOG"
            return
        self.acknowledged[item["op"]] += 1
        self.trade_ids.update(fill["tradeId"] for fill in result.get("fills", ()))
        if item["op"] == "place" and item["price"] != "100.00":
            self._resting.append(result["orderId"])
