"""`manage.py bench_matching`: how fast the matching function is on this machine."""

import json
import os
import tempfile
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from redis import Redis

from kalency.benchmark_targets import Line, check
from kalency.stack.addresses import new_valkey_address
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.valkey import valkey_service
from matching.benchmark import Figures, Load, run

HEADINGS = (
    "batch", "open orders", "markets", "orders/s", "events/s", "p50 ms", "p99 ms", "bytes/order",
)  # fmt: skip


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("must be a whole number from 1 on")
    return int(text)


class Command(BaseCommand):
    help = (
        "Measure the matching function alone: the acceptance gate's mix of orders (45 % resting "
        "limit orders, 15 % crossing IOC orders, 40 % cancels) against books of open orders, on "
        "a Valkey server of its own, which is thrown away afterwards. Nothing of a running stack "
        "is touched. Each line is the median of the rounds; p50 and p99 are times of one call, "
        "which applies one batch. With --targets it runs the settings that the targets are "
        "stated for, prints each target beside what came out, and exits with 1 where one is "
        "missed. Quiet machines give steady figures: stop everything else first."
    )

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--batch", type=positive, nargs="+", default=[1, 200, 500], help="orders a call"
        )
        parser.add_argument(
            "--depth", type=int, default=100_000, help="open orders to begin with, in all markets"
        )
        parser.add_argument("--symbols", type=positive, default=20, help="markets")
        parser.add_argument("--users", type=positive, default=1_000, help="traders")
        parser.add_argument("--orders", type=positive, default=40_000, help="orders a round")
        parser.add_argument("--rounds", type=positive, default=5, help="rounds, for the median")
        parser.add_argument("--seed", type=int, default=1, help="seed of the order flow")
        parser.add_argument(
            "--aof",
            choices=("always", "everysec", "off"),
            default="always",
            help="when the server syncs its log; Kalency runs with always",
        )
        parser.add_argument("--targets", action="store_true", help="check the targets instead")
        parser.add_argument("--json", action="store_true", help="print figures for machines")

    def handle(self, *_args: Any, **options: Any) -> None:
        with server(options["aof"]) as hot:
            if options["targets"]:
                self._check_targets(hot, options)
            else:
                self._measure(hot, options)

    def _measure(self, hot: Redis, options: dict[str, Any]) -> None:
        results = []
        for batch in options["batch"]:
            load = Load(
                batch=batch,
                depth=options["depth"],
                symbols=options["symbols"],
                users=options["users"],
                orders=options["orders"],
                rounds=options["rounds"],
                seed=options["seed"],
            )
            results.append((load, run(hot, load, self._progress)))
        if options["json"]:
            rows = [{"load": asdict(load), "figures": asdict(figures)} for load, figures in results]
            self.stdout.write(json.dumps({"conditions": conditions(hot), "runs": rows}))
            return
        self.stdout.write("".join(f"{heading:>13}" for heading in HEADINGS))
        for load, figures in results:
            self.stdout.write("".join(f"{cell:>13}" for cell in cells(load, figures)))
        self.stdout.write(conditions(hot))

    def _check_targets(self, hot: Redis, options: dict[str, Any]) -> None:
        lines = check(
            lambda load: run(hot, load, self._progress),
            rounds=options["rounds"],
            orders=options["orders"],
        )
        if options["json"]:
            self.stdout.write(
                json.dumps({"conditions": conditions(hot), "targets": [asdict(x) for x in lines]})
            )
        else:
            self._print_targets(lines)
            self.stdout.write(conditions(hot))
        if not all(line.is_met for line in lines):
            raise SystemExit(1)

    def _print_targets(self, lines: list[Line]) -> None:
        self.stdout.write(f"{'what':<62}{'target':>12}{'figure':>12}")
        for line in lines:
            verdict = "met" if line.is_met else "missed"
            self.stdout.write(f"{line.what:<62}{line.target:>12}{line.figure:>12}  {verdict}")

    def _progress(self, text: str) -> None:
        self.stderr.write(f"{text} …")


def cells(load: Load, figures: Figures) -> tuple[str, ...]:
    return (
        f"{load.batch}",
        f"{load.depth:,}",
        f"{load.symbols}",
        f"{figures.orders_per_s:,.0f}",
        f"{figures.events_per_s:,.0f}",
        f"{figures.call_p50_ms:.2f}",
        f"{figures.call_p99_ms:.2f}",
        f"{figures.bytes_per_open_order:,.0f}",
    )


def conditions(hot: Redis) -> str:
    """Return what the figures depend on beside the load."""
    server, memory = hot.info("server"), hot.info("memory")
    load_1, _, _ = os.getloadavg()
    return (
        f"{os.cpu_count()} cores, load average {load_1:.1f}, "
        f"{server.get('server_name', 'redis')} {server.get('valkey_version', '')} "
        f"with {memory['mem_allocator']}, "
        f"appendonly {hot.config_get('appendonly')['appendonly']}, "
        f"appendfsync {hot.config_get('appendfsync')['appendfsync']}"
    )


@contextmanager
def server(aof: str) -> Iterator[Redis]:
    """Start a Valkey configured as the stack's hot one, but for when it syncs its log."""
    with tempfile.TemporaryDirectory(prefix="kalency-bench-") as directory:
        layout = Layout(Path(directory))
        layout.make()
        address = new_valkey_address()
        service = valkey_service(
            "valkey-hot",
            address=address,
            directory=layout.valkey("valkey-hot"),
            durable=aof != "off",
        )
        with running(service, layout), Redis.from_url(address.url) as hot:
            if aof == "everysec":
                hot.config_set("appendfsync", "everysec")
            yield hot
