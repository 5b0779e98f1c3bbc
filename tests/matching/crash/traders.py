"""The load of the crash run: traders that keep submitting, whatever dies, and note every answer.

Used by `run.py` only. The quantity of each order is its number, unlike any other's, so that it is
recognised in the log even without a clientOrderId.
"""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from matching.client import MatchingClient, Outcome
from matching.domain.commands import AnyCommand, CancelOrder, DefineMarket, MoveFunds, PlaceOrder
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import AnyEvent, OrderPlaced
from matching.domain.values import Lots, Ticks, TimeInForce, Units
from tests.matching.shard import BTC_USD, buy, sell

MARKET: DefineMarket = msgspec.structs.replace(
    BTC_USD,
    max_price_ticks=Ticks(1_000_000),
    max_qty_lots=Lots(1_000_000_000),
    maker_fee_ppm=1_000,
    taker_fee_ppm=2_000,
)
PRICE = 1_000
BUNDLES = (1, 1, 5, 20, 60)
OWN_ORDERS_MAX = 100
PAUSE_S = 0.05
# The share of commands without an answer that are sent again, where that is safe.
SEND_AGAIN = 0.7


@dataclass(frozen=True, slots=True)
class Attempt:
    """A command that was submitted once, and what came back."""

    command: AnyCommand
    outcome: Outcome

    @property
    def answer(self) -> list[AnyEvent]:
        """The events that acknowledge it; none where it was not acknowledged."""
        return self.outcome if isinstance(self.outcome, list) else []

    @property
    def is_unknown(self) -> bool:
        """Whether it may or may not have taken effect."""
        return _code(self.outcome) == ErrorCode.UNKNOWN_OUTCOME

    @property
    def is_unsent(self) -> bool:
        """Whether it surely has no effect: it never got as far as the stream."""
        return isinstance(self.outcome, ExchangeError) and not self.is_unknown


class Trader:
    """A program that trades for one user: careful with what it sends again."""

    def __init__(
        self, client: MatchingClient, *, user_id: int, numbers: Iterator[int], rng: random.Random
    ) -> None:
        """`numbers` is shared by all traders."""
        self.client = client
        self.user_id = user_id
        self.own_orders: list[int] = []
        self.answers = 0
        self._attempts: list[Attempt] = []
        self._numbers = numbers
        self._rng = rng
        self._again: list[AnyCommand] = []
        self._is_stopping = False

    async def trade(self) -> None:
        """Submit one bundle after the other until told to stop; leave nothing to be sent again."""
        self._is_stopping = False
        while self._again or not self._is_stopping:
            bundle, self._again = self._again, []
            if not self._is_stopping:
                bundle += [self._command() for _ in range(self._rng.choice(BUNDLES))]
            outcomes = await self.client.submit_all(bundle)
            attempts = [Attempt(*pair) for pair in zip(bundle, outcomes, strict=True)]
            self._attempts += attempts
            for attempt in attempts:
                self._consider(attempt)
            if any(attempt.is_unsent for attempt in attempts):
                await asyncio.sleep(PAUSE_S)

    def stop(self) -> None:
        """Let `trade` return as soon as every answer is there."""
        self._is_stopping = True

    def take_attempts(self) -> list[Attempt]:
        """Return what was submitted since the last call."""
        taken, self._attempts = self._attempts, []
        return taken

    def _command(self) -> AnyCommand:
        dice = self._rng.random()
        if len(self.own_orders) > OWN_ORDERS_MAX or (self.own_orders and dice < 0.35):
            at = self._rng.randrange(len(self.own_orders))
            return CancelOrder(user_id=self.user_id, order_id=self.own_orders.pop(at))
        if dice < 0.40:
            return self._deposit()
        return self._order(is_crossing=dice < 0.60)

    def _order(self, *, is_crossing: bool) -> PlaceOrder:
        """A limit order: one that takes what is there, or one that mostly rests."""
        number = next(self._numbers)
        make, towards = self._rng.choice(((buy, 1), (sell, -1)))
        away = 50 if is_crossing else self._rng.randrange(-40, 4)
        return make(
            self.user_id,
            PRICE + towards * away,
            number,
            time_in_force=TimeInForce.IOC if is_crossing else TimeInForce.GTC,
            client_order_id=f"order-{number}" if self._rng.random() < 0.6 else "",
        )

    def _deposit(self) -> MoveFunds:
        return MoveFunds(
            user_id=self.user_id,
            asset=self._rng.choice(("BTC", "USD")),
            amount=Units(self._rng.randrange(1, 1_000)),
            reference=f"deposit-{next(self._numbers)}",
        )

    def _consider(self, attempt: Attempt) -> None:
        """Remember what rests, and what to send again: never what might be done twice."""
        if attempt.answer:
            self.answers += 1
            placed = attempt.answer[-1]
            if isinstance(placed, OrderPlaced) and placed.resting_lots:
                self.own_orders.append(placed.order_id)
            return
        is_safe = is_keyed(attempt.command) or isinstance(attempt.command, CancelOrder)
        if (is_safe or attempt.is_unsent) and self._rng.random() < SEND_AGAIN:
            self._again.append(attempt.command)


def _code(outcome: Outcome) -> ErrorCode | None:
    return outcome.code if isinstance(outcome, ExchangeError) else None


def is_keyed(command: AnyCommand) -> bool:
    """Tell whether a command that is sent again gets its first answer again."""
    if isinstance(command, PlaceOrder):
        return command.client_order_id != ""
    return isinstance(command, MoveFunds)
