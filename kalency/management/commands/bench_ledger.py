"""`manage.py bench_ledger`: how fast the book of record is on this machine."""

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from redis import Redis

from kalency.environment import postgres
from kalency.management.commands.bench_matching import positive
from kalency.stack.addresses import application_of, new_postgres_address, new_valkey_address
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.postgres import postgres_service
from kalency.stack.roles import keep_application_role
from kalency.stack.valkey import valkey_service
from ledger.benchmark import Bench, FillsFigures, VerifyFigures, WriterFigures
from ledger.benchmark_events import GATE_MIX, TRADES

MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What came out; `megabytes` are those of a million trades, by table and index.

    `mixed_megabytes` are those of a million events of the gate's mix, all together.
    """

    writer: list[WriterFigures]
    verify: VerifyFigures
    fills: list[FillsFigures]
    megabytes: dict[str, float]
    mixed_megabytes: float


class Command(BaseCommand):
    help = (
        "Measure the ledger alone, on a Valkey and a PostgreSQL of its own, set up as the stack's "
        "and thrown away afterwards. Nothing of a running stack is touched. It writes logs of "
        "events, of the acceptance gate's mix and of trades only, with the real indexes and the "
        "hash chain; verifies them; puts --rows older trades underneath, asks for the last 100 "
        "fills of traders, and writes once more on top of them. 50 million rows take 20 GB of "
        "disk and a quarter of an hour. Quiet machines give steady figures: stop everything else "
        "first."
    )

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--events", type=positive, default=MILLION, help="events of a log")
        parser.add_argument("--rounds", type=positive, default=3, help="logs of each kind")
        parser.add_argument("--rows", type=positive, default=MILLION, help="older trades")
        parser.add_argument("--json", action="store_true", help="print figures for machines")

    def handle(self, *_args: Any, **options: Any) -> None:
        with (
            tempfile.TemporaryDirectory(prefix="kalency-bench-") as directory,
            _bench(Path(directory), self._progress) as bench,
        ):
            figures = _measure(bench, **{n: options[n] for n in ("events", "rounds", "rows")})
        if options["json"]:
            self.stdout.write(json.dumps(asdict(figures)))
        else:
            self._print(figures)

    def _print(self, figures: Figures) -> None:
        self.stdout.write(
            table(
                ("load", "older trades", "rows/s", "writer CPU s", "Postgres CPU s"),
                [_writer_cells(figure) for figure in figures.writer],
            )
        )
        self.stdout.write("CPU seconds are those of a million events.\n\n")
        verified = figures.verify
        self.stdout.write(
            f"verify: {verified.rows:,} rows in {verified.seconds:.1f} s, "
            f"{verified.seconds / verified.rows * MILLION:.1f} s a million\n\n"
        )
        sizes = [(name, f"{size:.0f}") for name, size in figures.megabytes.items()]
        total = ("together", f"{sum(figures.megabytes.values()):.0f}")
        self.stdout.write(table(("a million trades", "MB"), [*sizes, total]))
        self.stdout.write(f"a million events of the gate mix: {figures.mixed_megabytes:.0f} MB\n\n")
        self.stdout.write(
            table(
                ("last 100 fills of", "trades", "first ms", "p50 ms", "p99 ms"),
                [_fills_cells(figure) for figure in figures.fills],
            )
        )
        self.stdout.write(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")

    def _progress(self, text: str) -> None:
        self.stderr.write(f"{text} …")


def _measure(bench: Bench, *, events: int, rounds: int, rows: int) -> Figures:
    empty = bench.total_bytes()
    mixed = [bench.write("gate mix", GATE_MIX, events) for _ in range(rounds)]
    mixed_bytes = bench.total_bytes() - empty
    before = bench.bytes_by_relation()
    trades = [bench.write("trades", TRADES, events) for _ in range(rounds)]
    after = bench.bytes_by_relation()
    verified = bench.verify()
    bench.add_older_trades(rows)
    fills = bench.fills()
    on_top = [bench.write("trades", TRADES, events) for _ in range(rounds)]
    return Figures(
        writer=mixed + trades + on_top,
        verify=verified,
        fills=fills,
        megabytes={name: (after[name] - before[name]) / (events * rounds) for name in after},
        mixed_megabytes=mixed_bytes / (events * rounds),
    )


def _writer_cells(figure: WriterFigures) -> tuple[str, ...]:
    millions = figure.events / MILLION
    return (
        figure.load,
        f"{figure.trades_before:,}",
        f"{figure.events / figure.seconds:,.0f}",
        f"{figure.writer_cpu_s / millions:.1f}",
        f"{figure.server_cpu_s / millions:.1f}",
    )


def _fills_cells(figure: FillsFigures) -> tuple[str, ...]:
    times = (figure.first_ms, figure.p50_ms, figure.p99_ms)
    return (f"{figure.who} trader", f"{figure.trades:,}", *(f"{time:.1f}" for time in times))


def table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows under their headings, the first column to the left."""
    widths = [max(map(len, column)) + 2 for column in zip(headings, *rows, strict=True)]
    return "\n".join(
        row[0].ljust(widths[0])
        + "".join(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))
        for row in (headings, *rows)
    )


@contextmanager
def _bench(directory: Path, progress: Any) -> Iterator[Bench]:
    """Start both servers with the stack's roles, and point Django at the migrated database."""
    layout = Layout(directory)
    layout.make()
    layout.root.chmod(0o711)  # PostgreSQL may have to run as somebody else, who must get in.
    hot_address, owner = new_valkey_address(), new_postgres_address()
    application = application_of(owner)
    valkey = valkey_service(
        "valkey-hot", address=hot_address, directory=layout.valkey("valkey-hot"), durable=True
    )
    with running(valkey, layout), running(postgres_service(layout, address=owner), layout):
        keep_application_role(owner, application)
        _migrate(owner.url, application.url, directory)
        database = postgres(application.url)
        with _pointed_at(database), Redis.from_url(hot_address.url) as hot:
            bench = Bench(
                hot,
                hot_url=hot_address.url,
                database=database,
                owner_url=owner.url,
                progress=progress,
            )
            yield bench
            bench.close()


def _migrate(owner_url: str, application_url: str, directory: Path) -> None:
    """Migrate in a process of its own, which knows of no other database."""
    environment = os.environ | {
        "DATABASE_ADMIN_URL": owner_url,
        "DATABASE_URL": application_url,
        "KALENCY_DATA_DIR": str(directory),
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
    )


@contextmanager
def _pointed_at(database: dict[str, Any]) -> Iterator[None]:
    configured = connection.settings_dict
    connection.close()
    connection.settings_dict = configured | database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = configured
