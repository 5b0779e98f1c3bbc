"""Postgres is away while people trade: matching goes on, and the ledger misses nothing.

`--outage-s 300 --outage-backlog 1200000 -s` is the long form; it prints how it went.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import httpx
import psycopg
import pytest
from redis import Redis

from kalency.stack.layout import PROJECT_DIR
from matching import keys
from matching.backlog import events_waiting, oldest_event_s
from tests.acceptance.order_load import Trader
from tests.acceptance.people import Person
from tests.polling import wait_until
from tests.running_stack import RunningStack

pytestmark = pytest.mark.acceptance

LEDGER = "ledger"
SIDES = ("SELL", "BUY") * 2
SAMPLES = 30
FUNDS = {"TEST": "100000", "USD": "10000000"}
RECOVERY_S = 120.0
LEVEL_S = 1.0
"""With no older event waiting, the ledger follows again."""


class Sample(NamedTuple):
    """The state of things at a moment; counts since the start."""

    at_s: float
    counts: Counter[str]
    waiting: int
    behind_s: float
    memory_mb: float


class Watch:
    """Looks at the stack again and again, and prints what changed."""

    def __init__(self, hot: Redis, traders: list[Trader]) -> None:
        self._hot, self._traders = hot, traders
        self._began = time.monotonic()
        self._last = self.look()
        _print("     s  orders/s cancels/s refused/s    waiting  behind s  hot MB")

    def look(self) -> Sample:
        counts: Counter[str] = Counter()
        for trader in self._traders:
            assert trader.error is None, trader.error
            counts.update(trader.acknowledged)
            counts["refused"] += sum(trader.refused.values())
        return Sample(
            time.monotonic() - self._began,
            counts,
            events_waiting(self._hot, shard=0, consumers=(LEDGER,)),
            oldest_event_s(self._hot, shard=0, consumer=LEDGER),
            self._hot.info("memory")["used_memory"] / 2**20,
        )

    def until(
        self, what: Callable[[Sample], bool], phase: str, *, every_s: float, deadline_s: float
    ) -> Sample:
        """Watch until `what` is true of a sample, which is returned."""
        _print(f"-- {phase}")
        end = time.monotonic() + deadline_s
        while True:
            time.sleep(every_s)
            sample = self.look()
            self._tell(sample)
            if what(sample):
                return sample
            assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {phase}"

    def _tell(self, sample: Sample) -> None:
        spent_s = sample.at_s - self._last.at_s
        place, cancel, refused = (
            (sample.counts[name] - self._last.counts[name]) / spent_s
            for name in ("place", "cancel", "refused")
        )
        _print(
            f"{sample.at_s:6.0f} {place:9,.0f} {cancel:9,.0f} {refused:9,.0f} "
            f"{sample.waiting:10,} {sample.behind_s:9.1f} {sample.memory_mb:7.0f}"
        )
        self._last = sample


@pytest.fixture
def outage_s(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--outage-s"))


@pytest.fixture
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningStack]:
    """A stack whose ledger may be only so many events behind."""
    bound = str(request.config.getoption("--outage-backlog"))
    directory = tmp_path_factory.mktemp("outage")
    with RunningStack(directory, KALENCY_LEDGER_BACKLOG=bound) as running:
        running.wait_ready()
        yield running


@pytest.fixture
def hot(stack: RunningStack) -> Iterator[Redis]:
    with Redis.from_url(secret(stack, "redis_hot_url")) as client:
        yield client


@pytest.fixture
def traders(stack: RunningStack) -> Iterator[list[Trader]]:
    """Sellers and buyers on a market that is theirs."""
    with contextlib.ExitStack() as leaving:
        admin = leaving.enter_context(Person.admin(stack))
        admin.list_quiet_market()
        people = [leaving.enter_context(Person.new(stack)) for _ in SIDES]
        for person in people:
            for asset, amount in FUNDS.items():
                admin.give(person.username, asset, amount)
        traders = [Trader(person, side) for person, side in zip(people, SIDES, strict=True)]
        for trader in traders:
            leaving.callback(trader.stop)
            trader.start()
        yield traders


def test_an_outage_of_postgres_loses_nothing(
    stack: RunningStack, hot: Redis, traders: list[Trader], outage_s: float
) -> None:
    watch = Watch(hot, traders)
    step_s = max(0.5, outage_s / SAMPLES)
    watch.until(
        lambda now: now.at_s >= outage_s / 10, "Postgres serves", every_s=step_s, deadline_s=60
    )
    with postgres_away(stack):
        end_s = watch.look().at_s + outage_s
        watch.until(
            lambda now: now.at_s >= end_s and now.counts["refused"] > 0,
            "Postgres is away",
            every_s=step_s,
            deadline_s=outage_s + RECOVERY_S,
        )
        check_what_is_refused(stack, watch)
    waiting = watch.look().waiting
    wait_until(lambda: answers(stack), "Postgres serves again", deadline_s=RECOVERY_S)
    began = watch.look()
    level = watch.until(
        lambda now: now.behind_s < LEVEL_S,
        "Postgres is back",
        every_s=1,
        deadline_s=outage_s + RECOVERY_S,
    )
    _print(f"-- {waiting:,} events are in the ledger {level.at_s - began.at_s:.0f} s later")
    watch.until(
        lambda now: now.counts["place"] > began.counts["place"],
        "orders are taken again",
        every_s=1,
        deadline_s=RECOVERY_S,
    )
    for trader in traders:
        trader.stop()
    check_ledger(stack, hot, traders)


@contextlib.contextmanager
def postgres_away(stack: RunningStack) -> Iterator[None]:
    """Kill PostgreSQL, and keep the stack from starting it again for as long as the block runs."""
    home, hidden = stack.layout.postgres, stack.layout.root / "postgres.away"
    home.rename(hidden)
    os.kill(stack.pid("postgres"), signal.SIGKILL)
    try:
        yield
    finally:
        hidden.rename(home)


def answers(stack: RunningStack) -> bool:
    try:
        with psycopg.connect(secret(stack, "database_url")) as connection:
            return connection.execute("SELECT true").fetchone() == (True,)
    except psycopg.OperationalError:
        return False


def check_what_is_refused(stack: RunningStack, watch: Watch) -> None:
    """Past the bound new orders are refused, cancels are taken, and the stack says what is away."""
    first = watch.look()
    wait_until(
        lambda: watch.look().counts["cancel"] > first.counts["cancel"], "cancels are acknowledged"
    )
    assert watch.look().counts["place"] == first.counts["place"]
    answer = httpx.get(f"{stack.base_url}/readyz")
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.json()["parts"]["postgres"] is False


def check_ledger(stack: RunningStack, hot: Redis, traders: list[Trader]) -> None:
    """Every trade that was made is in the ledger once, and all adds up."""
    wait_until(
        lambda: events_waiting(hot, shard=0, consumers=(LEDGER,)) == 0,
        "all is written",
        deadline_s=RECOVERY_S,
    )
    made = int(cast("bytes", hot.hget(keys.sequence(0), "trade")))
    with psycopg.connect(secret(stack, "database_url")) as ledger:
        written = [row[0] for row in ledger.execute("SELECT trade_id FROM trade_ledger")]
    assert len(written) == len(set(written)) == made
    told = set[str]().union(*(trader.trade_ids for trader in traders))
    assert told <= {str(trade_id) for trade_id in written}
    refused = sum((trader.refused for trader in traders), Counter[str]())
    _print(f"-- {made:,} trades made, {len(written):,} in the ledger; refused: {dict(refused)}")
    assert set(refused) == {"place LEDGER_BACKLOG"}
    for command in ("reconcile", "verify_ledger"):
        _print(manage(stack, command))


def manage(stack: RunningStack, command: str) -> str:
    """Run a management command beside the stack; it must find nothing wrong."""
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=PROJECT_DIR,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def secret(stack: RunningStack, name: str) -> str:
    return (stack.layout.secrets / name).read_text().strip()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
