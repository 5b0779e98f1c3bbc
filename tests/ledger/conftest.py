"""What the ledger's tests share: a shard's events, and the writer in this process or its own."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.db import connection
from redis import Redis

from kalency.stack.addresses import Address
from ledger.models import Checkpoint
from ledger.writer import ShardWriter
from matching import keys
from matching.event_log import last_sequence
from matching.state import balances_of
from tests.command_process import CommandProcess
from tests.event_script import EventScript
from tests.matching.shard import ALICE, BOB, SHARD, Shard, buy, sell, with_terms
from tests.polling import wait_until


@pytest.fixture
def script(hot: Redis) -> EventScript:
    return EventScript(hot)


class WriterThread:
    """A writer of shard 0 in a thread; keeps the error that ended it."""

    def __init__(self, hot_url: str, database: Mapping[str, Any] | None = None) -> None:
        self.error: Exception | None = None
        self._stop = threading.Event()
        self.writer = ShardWriter(
            shard=0,
            hot_url=hot_url,
            database=database or connection.settings_dict,
            stop=self._stop,
        )
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.writer.run()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def stop(self) -> None:
        self._stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def start_writer(
    transactional_db: None, hot_server: Address
) -> Iterator[Callable[[], WriterThread]]:
    """Start writers in threads; those still running stop after the test."""
    started: list[WriterThread] = []

    def start() -> WriterThread:
        started.append(WriterThread(hot_server.url))
        return started[-1]

    yield start
    for writer in started:
        writer.stop()


@pytest.fixture
def start_process(transactional_db: None) -> Iterator[Callable[[], CommandProcess]]:
    """Start `run_ledger_writer` as its own process; those still running are killed."""
    started: list[CommandProcess] = []

    def start() -> CommandProcess:
        started.append(CommandProcess("run_ledger_writer"))
        return started[-1]

    yield start
    for process in started:
        process.forget()


@pytest.fixture
def traded(hot: Redis, start_writer: Callable[[], WriterThread]) -> Shard:
    """Alice has sold Bob three times 2 lots at 100, with fees; the ledger has it all."""
    shard = Shard(hot)
    shard.apply(with_terms("BTC-USD", maker_fee_ppm=1_000, taker_fee_ppm=2_000))
    shard.deposit(ALICE, "BTC", 10**9)
    shard.deposit(BOB, "USD", 10**9)
    shard.place(sell(ALICE, 100, 9))
    for _ in range(3):
        shard.place(buy(BOB, 100, 2))
    start_writer()
    reach_the_log(hot)
    return shard


def reach_the_log(hot: Redis) -> None:
    wait_until(
        lambda: Checkpoint.objects.filter(sequence=last_sequence(hot, shard=SHARD)).exists(),
        "the ledger is level with the log",
    )


def wallet_totals(hot: Redis, user_id: int) -> dict[str, int]:
    """Return what a user's wallet holds of each asset, where it is not nothing."""
    fields: Any = hot.hgetall(keys.wallet(SHARD, user_id))
    balances = balances_of({name.decode(): int(value) for name, value in fields.items()})
    return {asset: int(balance.total) for asset, balance in balances.items() if balance.total}
