"""`manage.py bench_matching`: how fast the matching function is on this machine."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from redis import Redis

from kalency.stack.addresses import new_valkey_address
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.valkey import valkey_service
from matching.benchmark import Figures, Load, run

HEADINGS = ("batch", "orders/s", "events/s", "p50 ms", "p99 ms", "open orders", "bytes/order")


class Command(BaseCommand):
    help = (
        "Measure the matching function alone: the acceptance gate's mix of orders (45 % resting "
        "limit orders, 15 % crossing IOC orders, 40 % cancels) against a book of open orders, on "
        "a Valkey server of its own that syncs its log before every answer. Nothing of a running "
        "stack is touched. Each line is the median of the rounds; p50 and p99 are times of one "
        "call, which applies one batch."
    )

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--orders", type=int, default=40_000, help="orders a round")
        parser.add_argument("--batch", type=int, nargs="+", default=[1, 200], help="orders a call")
        parser.add_argument("--depth", type=int, default=100_000, help="open orders to begin with")
        parser.add_argument("--symbols", type=int, default=20, help="markets")
        parser.add_argument("--users", type=int, default=1_000, help="traders")
        parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median")
        parser.add_argument("--seed", type=int, default=1, help="seed of the order flow")
        parser.add_argument("--no-aof", action="store_true", help="keep nothing on disk")
        parser.add_argument("--json", action="store_true", help="print figures for machines")

    def handle(self, *_args: Any, **options: Any) -> None:
        with tempfile.TemporaryDirectory(prefix="kalency-bench-") as directory:
            layout = Layout(Path(directory))
            layout.make()
            address = new_valkey_address()
            service = valkey_service(
                "valkey-hot",
                address=address,
                directory=layout.valkey("valkey-hot"),
                durable=not options["no_aof"],
            )
            with running(service, layout), Redis.from_url(address.url) as hot:
                lines = [self._measure(hot, batch, options) for batch in options["batch"]]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(line) for line in lines]))
        else:
            self._print_table(lines)

    def _measure(self, hot: Redis, batch: int, options: dict[str, Any]) -> Figures:
        rounds = []
        for number in range(1, options["rounds"] + 1):
            load = Load(
                orders=options["orders"],
                batch=batch,
                symbols=options["symbols"],
                users=options["users"],
                depth=options["depth"],
                seed=options["seed"],
            )
            self.stderr.write(f"batch {batch}: round {number} of {options['rounds']} …")
            rounds.append(run(hot, load))
        return median_of(rounds)

    def _print_table(self, lines: list[Figures]) -> None:
        self.stdout.write("".join(f"{heading:>13}" for heading in HEADINGS))
        for line in lines:
            cells = (
                f"{line.batch}",
                f"{line.orders_per_s:,.0f}",
                f"{line.events_per_s:,.0f}",
                f"{line.call_p50_ms:.2f}",
                f"{line.call_p99_ms:.2f}",
                f"{line.open_orders:,}",
                f"{line.bytes_per_open_order:,.0f}",
            )
            self.stdout.write("".join(f"{cell:>13}" for cell in cells))


def median_of(rounds: list[Figures]) -> Figures:
    """Return the median of each figure by itself."""
    values = [asdict(figures) for figures in rounds]
    return Figures(**{name: median(row[name] for row in values) for name in values[0]})
