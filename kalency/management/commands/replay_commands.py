"""`manage.py replay_commands`: whether a shard's commands lead to the state it is in."""

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis import Redis
from redis.exceptions import RedisError

from kalency.stack.addresses import new_valkey_address
from kalency.stack.alone import running
from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.valkey import valkey_service
from matching.connection import open_sync
from matching.history import CannotTell, History, read_history
from matching.replay import Outcome, replay
from matching.worker import US_PER_S

DIFFERENT, CANNOT_TELL = 1, 2
# Gateways refuse new orders where they do not hear the worker for 3 s: a shorter freeze is only
# felt as a pause.
FREEZE_S: Final = 2.5
PROGRESS_EVERY_S: Final = 5.0


class Command(BaseCommand):
    help = (
        "Make a shard again from its commands, on an empty Valkey server that is started for it "
        "and thrown away, and compare: every event that the shard still has byte by byte, and the "
        "hash of the state (wallets, open orders, books, markets, supply). The commands go through "
        "the function library of this version of Kalency, with the client order window that is "
        "set now, in batches of another size than the worker's. Needs every command since the "
        "first: a worker keeps them with MATCHING_KEEP_COMMANDS=all. The shard must stand still "
        "while its state is read, a second or two for 100,000 open orders: let nobody trade, or "
        "use --freeze. Exit status: 0 equal, 1 different, 2 it cannot be told. "
        "Examples: `manage.py replay_commands --freeze`; "
        "`manage.py replay_commands --url redis://127.0.0.1:6379/0 --json`."
    )

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shard", type=int, default=0, help="which shard (default: 0)")
        parser.add_argument(
            "--url", help="the server that holds the shard (default: REDIS_HOT_URL)"
        )
        parser.add_argument(
            "--into", metavar="URL", help="make it again on this server, which must be empty, and "
            "leave it there, commands and events included"
        )  # fmt: skip
        parser.add_argument(
            "--freeze", type=float, nargs="?", const=FREEZE_S, default=0.0, metavar="SECONDS",
            help="let everybody who writes to the shard's server wait while the state is read, "
            f"for at most so long (default: {FREEZE_S:g}); orders sent meanwhile come late, and "
            "after 3 s new ones are refused until it ends",
        )  # fmt: skip
        parser.add_argument(
            "--batch", type=int, default=1_000, help="commands a call (default: %(default)s)"
        )
        parser.add_argument("--json", action="store_true", help="print figures for machines")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with open_sync(options["url"] or settings.REDIS_HOT_URL) as source:
                history = read_history(source, options["shard"], freeze_s=options["freeze"])
                self._say_what_was_read(history, frozen=bool(options["freeze"]))
                outcome = self._replay(source, history, options)
        except CannotTell as reason:
            _cannot_tell(str(reason))
        except (RedisError, OSError, StackError) as error:
            _cannot_tell(f"A server does not do its part: {error}")
        self._report(history, outcome, as_json=options["json"])

    def _say_what_was_read(self, history: History, *, frozen: bool) -> None:
        self.stderr.write(
            f"Read {len(history.snapshot.orders):,} open orders and "
            f"{len(history.snapshot.wallets):,} wallets in {history.read_s:.2f} s"
            f"{', while writers waited' if frozen else ''}."
        )

    def _replay(self, source: Redis, history: History, options: dict[str, Any]) -> Outcome:
        with _empty_server(options["into"], source) as target:
            return replay(
                source,
                target,
                history,
                window_us=settings.CLIENT_ORDER_WINDOW_S * US_PER_S,
                batch=options["batch"],
                keep_streams=bool(options["into"]),
                progress=self._progress(history.entries),
            )

    def _progress(self, entries: int) -> Callable[[int], None]:
        """Return what says now and then how far it is."""
        said_at = time.monotonic()

        def say(done: int) -> None:
            nonlocal said_at
            if time.monotonic() - said_at >= PROGRESS_EVERY_S:
                said_at = time.monotonic()
                self.stderr.write(f"{done:,} of {entries:,} entries …")

        return say

    def _report(self, history: History, outcome: Outcome, *, as_json: bool) -> None:
        if as_json:
            figures = asdict(outcome) | {"equal": outcome.is_equal, "read_s": history.read_s}
            self.stdout.write(json.dumps(figures | {"refused_at_source": history.refused}))
        else:
            self._print_table(outcome)
        if outcome.is_equal:
            return
        if history.refused:
            _cannot_tell(
                f"The worker gave up commands because the function failed on them "
                f"({history.refused}). Where it does not fail again, the replay takes another way."
            )
        raise CommandError("The replay is different.", returncode=DIFFERENT)

    def _print_table(self, outcome: Outcome) -> None:
        rows = {
            "commands": f"{outcome.commands:,} in {outcome.entries:,} entries",
            "batches": f"{outcome.batches:,}, {outcome.refused:,} entries refused",
            "seconds": f"{outcome.seconds:.1f}",
            "commands/s": f"{outcome.commands / outcome.seconds:,.0f}",
            "events": f"{outcome.events:,}",
            "compared": f"{outcome.events_compared:,}, {outcome.events_different:,} different",
            "state, source": outcome.source_hash,
            "state, replay": outcome.replay_hash,
            "result": "equal" if outcome.is_equal else "different",
        }
        for name, value in rows.items():
            self.stdout.write(f"{name:<15}{value}")
        for difference in outcome.differences:
            self.stdout.write(
                f"{difference.name}: {difference.source or 'absent'} at the source, "
                f"{difference.replay or 'absent'} in the replay"
            )


@contextlib.contextmanager
def _empty_server(url: str | None, source: Redis) -> Iterator[Redis]:
    """The server at `url`, which must be empty and not the source; without one, a new one."""
    if url is None:
        with _own_server() as target:
            yield target
        return
    with open_sync(url) as target:
        if target.info("server")["run_id"] == source.info("server")["run_id"]:
            raise CannotTell("The server to make the shard again on is the one that holds it.")
        if target.dbsize():
            raise CannotTell("The server to make the shard again on is not empty.")
        yield target


@contextlib.contextmanager
def _own_server() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="kalency-replay-") as directory:
        layout = Layout(Path(directory))
        layout.make()
        address = new_valkey_address()
        service = valkey_service(
            "valkey-hot", address=address, directory=layout.valkey("valkey-hot"), durable=False
        )
        with running(service, layout), open_sync(address.url) as target:
            yield target


def _cannot_tell(reason: str) -> NoReturn:
    raise CommandError(reason, returncode=CANNOT_TELL)
