"""List the markets of a fresh exchange, and tell the engine again what is listed.

Run by the stack at every start: what is there already stays as it is, and an engine that lost its
markets gets them back.
"""

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from marketdata import listing
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from matching.domain.decimals import plain
from matching.domain.errors import ExchangeError


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON array")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            rows = seed()
        except ExchangeError as problem:
            raise CommandError(f"{problem.code}: {problem.message}") from None
        if options["json"]:
            self.stdout.write(msgspec.json.encode(rows).decode())
        else:
            self._table(rows)

    def _table(self, rows: list[dict[str, str]]) -> None:
        widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
        for row in [{name: name for name in widths}, *rows]:
            line = "  ".join(row[name].ljust(width) for name, width in widths.items())
            self.stdout.write(line.rstrip())


def seed() -> list[dict[str, str]]:
    """Bring Postgres and the engine to the same listing; return a row for each market."""
    listed = {market.symbol for market in listing.all()}
    for market in SEEDS:
        if market.symbol not in listed:
            listing.define(market)
    listing.forget()
    rows = []
    for market in listing.all():
        listing.tell_engine(market)
        rows.append(_row(market, "kept" if market.symbol in listed else "listed"))
    return rows


def _row(market: Market, outcome: str) -> dict[str, str]:
    return {
        "symbol": market.symbol,
        "outcome": outcome,
        "status": market.status,
        "tick": plain(market.tick_size),
        "lot": plain(market.lot_size),
        "maxPrice": plain(market.max_price),
        "baseDecimals": str(market.base_decimals),
    }
