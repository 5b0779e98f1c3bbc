"""`manage.py verify_ledger`: whether anybody has changed the book of record."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import msgspec
import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from ledger.domain.rows import TABLES
from ledger.verification import MAX_FINDINGS, Report, ShardReport, verify

CHANGED, CANNOT_TELL = 1, 2
PROGRESS_EVERY_S: Final = 2.0
MAX_SHOWN: Final = 50
HASH_DIGITS: Final = 64


def head(text: str) -> str:
    """Read a hash, as this command prints it."""
    if len(text) != HASH_DIGITS or not all(digit in "0123456789abcdef" for digit in text):
        raise ArgumentTypeError(
            f"must be a hash as printed here: {HASH_DIGITS} digits, 0-9 and a-f"
        )
    return text


class Command(BaseCommand):
    help = f"""Find every row of the ledger that was edited, removed or inserted.

The ledger writer seals what it adds: each of its transactions is a batch, whose manifest
has a digest of every row, and whose hash covers the manifest and the hash of the batch
before. This command goes along that chain, on every shard, and compares each row with its
manifest. It changes nothing, needs little memory, and may run beside everything else: what
is written meanwhile is left to the next time.

  edited    a row that is not what was written; shown as it is now
  removed   a row that was written and is not there
  inserted  a row that was never written; shown as it is
  forged    a batch that is not what its hash says: its rows are unproven
  broken    a batch that does not follow from the one before
  cut       batches that are missing

Who may change everything could make a whole new chain. So keep the head that is printed
at the end somewhere else (paper will do), and give it again: --head tells whether the
chain still contains it, and with it everything up to that moment.

Exit status: 0 nothing was changed, 1 something was, 2 it cannot be told.
At most {MAX_FINDINGS:,} findings are kept; beyond that they are only counted.

  manage.py verify_ledger
  manage.py verify_ledger --head 5f1c…
  manage.py verify_ledger --json"""

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument(
            "--head",
            type=head,
            action="append",
            default=[],
            metavar="HASH",
            help="a head from an earlier run, which must be in a chain; may be repeated",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        began = time.perf_counter()
        try:
            connection.ensure_connection()
            report = verify(connection.connection, heads=options["head"], progress=self._progress())
        except (psycopg.Error, Error) as error:
            _cannot_tell(f"The ledger cannot be read: {error}")
        seconds = time.perf_counter() - began
        if options["json"]:
            self.stdout.write(json.dumps(as_json(report, seconds)))
        else:
            self._print(report, seconds)
        if not report.is_intact:
            raise CommandError("The ledger was changed.", returncode=CHANGED)

    def _progress(self) -> Any:
        """Return what tells now and then how far the way has come."""
        told = time.monotonic()

        def tell(shard: ShardReport) -> None:
            nonlocal told
            if time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                self.stderr.write(
                    f"shard {shard.shard}: event {shard.reached:,} of {shard.last_sequence:,}, "
                    f"{shard.rows.total():,} rows …"
                )

        return tell

    def _print(self, report: Report, seconds: float) -> None:
        rows = sum(shard.rows.total() for shard in report.shards)
        for shard in report.shards:
            self.stdout.write("\n".join(lines_about(shard)))
        self.stdout.write(f"{rows:,} rows compared in {seconds:.1f} s")
        for finding in report.findings[:MAX_SHOWN]:
            self.stdout.write(f"shard {finding.shard}, {finding.table}: {finding.sentence}")
        if hidden := report.found.total() - len(report.findings[:MAX_SHOWN]):
            self.stdout.write(f"{hidden:,} more")
        for missing in report.heads_missing:
            self.stdout.write(f"no chain contains the head {missing}")
        counts = ", ".join(f"{count:,} {change}" for change, count in report.found.items())
        if report.is_intact:
            self.stdout.write("Nothing was edited, removed or inserted.")
        else:
            self.stdout.write(counts or "The rows are as the chain says, but it is another chain.")


def lines_about(shard: ShardReport) -> Iterator[str]:
    """Yield what is printed about a shard."""
    yield f"shard {shard.shard}: events {shard.first_sequence:,} to {shard.last_sequence:,}"
    yield from (f"  {table:<16}{shard.rows[table]:>14,} rows" for table in TABLES)
    yield f"  {'batches':<16}{shard.batches:>14,}"
    if shard.unproven:
        yield f"  {shard.unproven:,} rows are older than the chain: nothing proves them"
    yield f"  head {shard.head}"


def as_json(report: Report, seconds: float) -> dict[str, Any]:
    """Return the report for machines."""
    return {
        "intact": report.is_intact,
        "shards": msgspec.to_builtins(report.shards),
        "found": msgspec.to_builtins(report.found),
        "findings": msgspec.to_builtins(report.findings),
        "headsMissing": report.heads_missing,
        "seconds": round(seconds, 3),
    }


def _cannot_tell(reason: str) -> NoReturn:
    raise CommandError(reason, returncode=CANNOT_TELL)
