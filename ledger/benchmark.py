"""Measures the ledger on servers of its own. Used by `manage.py bench_ledger`."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles
from threading import Event, Thread
from typing import Any, Final

import psycopg
from redis import Redis

from ledger import selectors
from ledger.benchmark_events import START_US, SYMBOLS, USERS, EventMaker
from ledger.domain.history import HistoryPage
from ledger.domain.rows import TABLES
from ledger.verification import verify
from ledger.writer import ShardWriter, spare_the_collector
from matching import keys
from matching.domain.ids import MAX_SHARDS
from matching.domain.timestamps import to_datetime

SHARD: Final = 0
POLL_S: Final = 0.02
DEADLINE_S: Final = 3_600.0
ROWS_PER_PIECE: Final = 1_000_000
FILLS: Final = 100
TIMES_ASKED: Final = 300
RARE_USER: Final = USERS + 1
RARE_TRADES: Final = 200
"""So many trades the rare trader has, spread over all of them."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class WriterFigures:
    """What it took to write a log; CPU is that of all threads and processes."""

    load: str
    trades_before: int
    events: int
    seconds: float
    writer_cpu_s: float
    server_cpu_s: float


@dataclass(frozen=True, slots=True)
class VerifyFigures:
    """What it took to compare every row with its manifest."""

    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FillsFigures:
    """How long a trader waits for the last fills, in milliseconds; at first nothing is warm."""

    trades: int
    who: str
    first_ms: float
    p50_ms: float
    p99_ms: float


class Bench:
    """One ledger under measurement: a hot Valkey with a log, and a database of its own."""

    def __init__(
        self,
        hot: Redis,
        *,
        hot_url: str,
        database: Mapping[str, Any],
        owner_url: str,
        progress: Progress,
    ) -> None:
        """`database` is the entry of Django's DATABASES in use: migrated and empty."""
        spare_the_collector()
        self._maker = EventMaker(hot, seed=1)
        self._hot = hot
        self._hot_url = hot_url
        self._database = database
        self._progress = progress
        self._older_trades = 0
        self._connection = psycopg.connect(owner_url, autocommit=True)
        backend = self._connection.info.backend_pid
        self._server_pid = int(_stat(backend)[1])

    def close(self) -> None:
        self._connection.close()

    def write(self, load: str, mix: Mapping[str, int], count: int) -> WriterFigures:
        """Let a writer work off a log of `count` events, each of which makes a row.

        Making the log is not measured.
        """
        trades_before = self._older_trades + self._maker.trades
        self._progress(f"{load}: making {count:,} events")
        self._maker.append(count, mix)
        self._connection.execute("CHECKPOINT")
        self._progress(f"{load}: writing them")
        cpu_s, server_cpu_s = time.process_time(), self._server_cpu_s()
        figures = WriterFigures(
            load=load,
            trades_before=trades_before,
            events=count,
            seconds=self._run_writer(),
            writer_cpu_s=time.process_time() - cpu_s,
            server_cpu_s=self._server_cpu_s() - server_cpu_s,
        )
        self._hot.delete(keys.events(SHARD))
        return figures

    def _run_writer(self) -> float:
        """Run a writer to the end of the log; return the seconds until it was there."""
        stop = Event()
        writer = ShardWriter(shard=SHARD, hot_url=self._hot_url, database=self._database, stop=stop)
        thread = Thread(target=writer.run)
        began = time.monotonic()
        thread.start()
        while self._checkpoint() < self._maker.sequence:
            assert thread.is_alive(), "the writer's log says why it ended"
            assert time.monotonic() < began + DEADLINE_S, "the writer does not come to the end"
            time.sleep(POLL_S)
        seconds = time.monotonic() - began
        stop.set()
        thread.join()
        return seconds

    def verify(self) -> VerifyFigures:
        """Verify all that was written; it must be intact."""
        self._progress("verifying")
        began = time.perf_counter()
        report = verify(self._connection, heads=(), progress=lambda _shard: None)
        assert report.is_intact, report.findings[:3]
        rows = sum(shard.rows.total() for shard in report.shards)
        return VerifyFigures(rows, time.perf_counter() - began)

    def bytes_by_relation(self) -> dict[str, int]:
        """Return how large the trades are, index by index, and all manifests."""
        sizes = self._connection.execute(
            "SELECT 'trade_ledger', pg_table_size('trade_ledger')"
            " UNION ALL SELECT indexrelid::regclass::text, pg_relation_size(indexrelid)"
            " FROM pg_index WHERE indrelid = 'trade_ledger'::regclass"
            " UNION ALL SELECT 'ledger_batch', pg_total_relation_size('ledger_batch')"
        )
        return {str(name): int(size) for name, size in sizes}

    def total_bytes(self) -> int:
        """Return how large the whole ledger is."""
        tables = [*TABLES, "ledger_batch"]
        query = "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s::text[]) AS name"
        row = self._connection.execute(query, (tables,)).fetchone()
        return int(row[0]) if row else 0

    def add_older_trades(self, count: int) -> None:
        """Put `count` trades before all others: as rows only, made by Postgres."""
        for done in range(0, count, ROWS_PER_PIECE):
            self._progress(f"older trades: {done:,} of {count:,}")
            end = min(done + ROWS_PER_PIECE, count)
            values = {
                "from": done - count,
                "to": end - count - 1,
                "before": to_datetime(START_US),
                "rare": RARE_USER,
                "rare_every": max(count // RARE_TRADES, 1),
                "shards": MAX_SHARDS,
                "symbols": SYMBOLS,
                "users": USERS,
            }
            self._connection.execute(_OLDER_TRADES, values)
        self._older_trades += count
        self._progress("older trades: VACUUM ANALYZE")
        self._connection.execute("VACUUM ANALYZE trade_ledger")

    def fills(self) -> list[FillsFigures]:
        """Ask for the last fills of many traders, and of one who trades rarely."""
        chance = Random(1)  # noqa: S311 - a load, not a secret
        users = [chance.randint(1, USERS) for _ in range(TIMES_ASKED)]
        return [
            self._fills("any", users),
            self._fills("rare", [RARE_USER] * TIMES_ASKED),
        ]

    def _fills(self, who: str, users: list[int]) -> FillsFigures:
        times_ms = []
        for user_id in users:
            began = time.perf_counter()
            selectors.fills(HistoryPage(user_id=user_id, limit=FILLS))
            times_ms.append((time.perf_counter() - began) * 1_000)
        trades = self._older_trades + self._maker.trades
        return FillsFigures(
            trades, who, times_ms[0], median(times_ms), quantiles(times_ms, n=100)[-1]
        )

    def _checkpoint(self) -> int:
        query = "SELECT max(sequence) FROM ledger_consumer_offsets"
        row = self._connection.execute(query).fetchone()
        return int(row[0] or 0) if row else 0

    def _server_cpu_s(self) -> float:
        """Return the CPU time of Postgres: of its processes, and of those that have ended."""
        own = sum(int(ticks) for ticks in _stat(self._server_pid)[11:15])
        children = Path(f"/proc/{self._server_pid}/task/{self._server_pid}/children")
        pids = children.read_text().split()
        running = sum(int(ticks) for pid in pids for ticks in _stat(int(pid))[11:13])
        return (own + running) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return what the kernel says of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


_OLDER_TRADES: Final = """
    INSERT INTO trade_ledger (event_id, shard, sequence, trade_id, symbol, price_ticks, qty_lots,
        base_units, quote_units, taker_side, buy_order_id, sell_order_id, buyer_user_id,
        seller_user_id, buyer_fee_units, seller_fee_units, maker_side, executed_at)
    SELECT n * %(shards)s, 0, n, n, format('M%%s-USD', 100 + floor(random() * %(symbols)s)),
        100000, 15, 150000, 1500000, 'BUY', n, n,
        CASE WHEN n %% %(rare_every)s = 0 THEN %(rare)s ELSE 1 + floor(random() * %(users)s) END,
        1 + floor(random() * %(users)s), 300, 150, 'SELL',
        %(before)s + n * interval '1 millisecond'
    FROM generate_series(%(from)s::bigint, %(to)s) AS n
"""
