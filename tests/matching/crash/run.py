"""One crash run: traders trade, parts die and come back, and each round all is compared.

Used by `test_crash_safety`.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Self

from redis import Redis
from redis.exceptions import ResponseError

from matching.client import MatchingClient
from matching.connection import READ_RETRIES, open_async, open_sync
from matching.domain.commands import AnyCommand, MoveFunds
from matching.domain.events import AnyEvent
from matching.domain.values import Units
from matching.history import read_history
from matching.replay import Outcome, replay
from matching.state import HotState
from tests.matching.crash.account import Account
from tests.matching.crash.audit import Audit
from tests.matching.crash.blows import Blow
from tests.matching.crash.follower import Follower
from tests.matching.crash.parts import Parts
from tests.matching.crash.traders import MARKET, Attempt, Trader
from tests.matching.shard import SHARD, WINDOW_US
from tests.polling import until

SHARDS = 1
GATEWAYS = 2
USERS = range(1, 25)
PLENTY = Units(10**14)
ACK_TIMEOUT_S = 1.0
SETTLE_S = 60.0
RETRY_PAUSE_S = 0.05
# The load goes on after a restart until so many commands are answered again.
ANSWERS_AFTER = 200
# Another cut than the worker's.
REPLAY_BATCH = 333


class CrashRun:
    """Traders on servers that die, and the books kept of both; a context manager."""

    def __init__(self, parts: Parts, *, seed: int) -> None:
        self.parts = parts
        self.audit = Audit()
        self.account = Account()
        self._clients = [self._new_client() for _ in range(GATEWAYS)]
        self._hot = open_async(parts.hot_url, retries=READ_RETRIES)
        self._state = HotState(self._hot, shards=SHARDS)
        self._follower = Follower(self._hot)
        self._references = (f"run-{number}" for number in itertools.count(1))
        self._traders = list(self._new_traders(seed))
        self._own_attempts: list[Attempt] = []

    async def __aenter__(self) -> Self:
        await self.parts.start()
        for client in self._clients:
            await client.start()
        self._following = asyncio.create_task(self._follower.follow())
        await self._insist(self._clients[0], MARKET)
        for user_id, asset in itertools.product(USERS, (MARKET.base, MARKET.quote)):
            await self._insist(self._clients[0], self._deposit(user_id, asset, PLENTY))
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._following.cancel()
        for client in self._clients:
            await client.close()
        await self._hot.aclose()

    async def round(self, blow: Blow) -> None:
        """Let the blow fall while all trade, bring the parts up again, and compare."""
        async with asyncio.TaskGroup() as trading:
            for trader in self._traders:
                trading.create_task(trader.trade())
            await asyncio.sleep(blow.after_s)
            await self._strike(blow)
            await self._answers_flow()
            for trader in self._traders:
                trader.stop()
        await self._compare()

    async def check_log_again(self) -> None:
        """Read the whole log once more: it must be what was read while servers died."""
        again = Follower(self._hot)
        while await again.read():
            again.take()
        if (again.position, again.digest) != (self._follower.position, self._follower.digest):
            self.audit.findings.append("the log is not what was read of it before")

    async def check_against_commands(self, empty: Redis) -> None:
        """Make the shard again from its commands: they alone must lead to where it is."""
        outcome = await asyncio.to_thread(self._replay, empty)
        self.audit.findings += [str(difference) for difference in outcome.differences]

    def _replay(self, empty: Redis) -> Outcome:
        with open_sync(self.parts.hot_url) as hot:
            history = read_history(hot, SHARD)
            return replay(hot, empty, history, window_us=WINDOW_US, batch=REPLAY_BATCH)

    async def _strike(self, blow: Blow) -> None:
        if blow.is_rewriting:
            with contextlib.suppress(ResponseError):  # it is at it already
                await self._hot.bgrewriteaof()
        await self.parts.strike(blow.victims, aim=blow.aim)
        await asyncio.sleep(blow.down_s)
        await asyncio.gather(
            *[self.parts.start_and_kill(victim, share=s) for victim, s in blow.cut_short.items()]
        )
        await self.parts.start(blow.victims)

    async def _answers_flow(self) -> None:
        goal = self._answers() + ANSWERS_AFTER
        await until(lambda: self._answers() >= goal, "commands are answered again")

    def _answers(self) -> int:
        return sum(trader.answers for trader in self._traders)

    async def _compare(self) -> None:
        attempts, log = await self._settled()
        self.audit.check(attempts, log)
        if self.audit.findings:
            return
        for event in log:
            self.account.apply(event)
        self.audit.findings += await self.account.differences(self._state, USERS)
        for trader in self._traders:
            # As after any lost answer: look among the open orders.
            open_orders = await self._state.open_orders(trader.user_id)
            trader.own_orders = [order.order_id for order in open_orders]

    async def _settled(self) -> tuple[Sequence[Attempt], Sequence[AnyEvent]]:
        """Return what was submitted and what happened since the last call, both to the end.

        A client sends in order and the shard applies in order: once something new is answered,
        everything sent before has taken effect, or never will.
        """
        last = 0
        for client in self._clients:
            answer = await self._insist(client, self._deposit(USERS[0], MARKET.quote, Units(1)))
            last = max(last, answer[-1].sequence)
        await until(
            lambda: self._follower.position >= last or self._following.done(), "all is read"
        )
        if self._following.done():
            self._following.result()
        attempts, self._own_attempts = self._own_attempts, []
        for trader in self._traders:
            attempts += trader.take_attempts()
        return attempts, self._follower.take()

    async def _insist(self, client: MatchingClient, command: AnyCommand) -> list[AnyEvent]:
        """Submit a command again and again until it is answered."""
        async with asyncio.timeout(SETTLE_S):
            while True:
                attempt = Attempt(command, *await client.submit_all([command]))
                self._own_attempts.append(attempt)
                if attempt.answer:
                    return attempt.answer
                await asyncio.sleep(RETRY_PAUSE_S)

    def _deposit(self, user_id: int, asset: str, amount: Units) -> MoveFunds:
        reference = next(self._references)
        return MoveFunds(user_id=user_id, asset=asset, amount=amount, reference=reference)

    def _new_client(self) -> MatchingClient:
        return MatchingClient(
            hot=open_async(self.parts.hot_url),
            bus=open_async(self.parts.bus_url),
            shards=SHARDS,
            ack_timeout_s=ACK_TIMEOUT_S,
        )

    def _new_traders(self, seed: int) -> Iterator[Trader]:
        numbers = itertools.count(1)
        for user_id, client in zip(USERS, itertools.cycle(self._clients)):
            rng = random.Random(f"{seed}-{user_id}")
            yield Trader(client, user_id=user_id, numbers=numbers, rng=rng)
