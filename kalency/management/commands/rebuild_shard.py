"""`manage.py rebuild_shard`: makes a shard of a lost hot Redis again, from Postgres alone."""

import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any, Final, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from redis import Redis
from redis.exceptions import RedisError, WatchError

from ledger import shard_facts
from ledger.rebuild import CannotRebuild, checkpoint_of, past_of, writing_stopped
from ledger.reconcile import reconcile
from ledger.writer import CONSUMER as LEDGER
from marketdata import rebuild as market_data
from marketdata.candles.store import RETENTION_S
from matching import library
from matching.domain.timestamps import rfc3339
from matching.event_log import last_sequence
from matching.restore import NotEmpty, ShardPast, restore
from matching.snapshot import digest
from matching.worker import US_PER_S

BROKEN, CANNOT = 1, 2
MAX_SHOWN: Final = 50
LONGEST_WRITE_S: Final = 600.0
"""One transaction writes a whole shard: a second for 100,000 open orders."""

NOT_KNOWN: Final = """
What the ledger cannot know, and is lost:
- Whatever was acknowledged after event {event} ({time}): orders, cancels, trades, deposits,
  resets, staff's changes. Each user's wallet and orders are as of then.
- The fills in the answer to an order that is sent again with its clientOrderId; its status and
  filled quantity are answered as the first time, and it is not placed again.
- What a reset asked for: one that is sent again is refused (CONFLICT).
- The commands and events up to here: `replay_commands` cannot judge this shard any more.
Start the web process, the feed and the simulator again: they remember what is gone."""


class Command(BaseCommand):
    help = """Make a shard again from Postgres alone, where hot Redis lost it with its disk.

Markets, limits, wallets, open orders, books, references, answers to clientOrderIds, candles and
latest trades become what they were as of the ledger's checkpoint. They are written at once: who
trades meanwhile meets the empty shard or the whole one. Then everything is reconciled.

A shard that is not empty is left alone. With --force all that it holds is dropped first, which is
what to do where the stack has come up on an empty server and has begun from the beginning: the
ledger writer has stopped then ("hot Redis lost data").

Exit status: 0 made again and sound, 1 made again and something is broken, 2 not made.

  manage.py rebuild_shard
  manage.py rebuild_shard --shard 0 --force"""

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("--shard", type=int, default=0, help="which shard (default: 0)")
        parser.add_argument(
            "--force", action="store_true", help="drop what the shard holds, and replace it"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        shard, force = options["shard"], options["force"]
        began = time.perf_counter()
        try:
            with Redis.from_url(settings.REDIS_HOT_URL, socket_timeout=LONGEST_WRITE_S) as hot:
                with writing_stopped(shard):
                    self._look_first(hot, shard, force=force)
                    past = past_of(shard, window_us=settings.CLIENT_ORDER_WINDOW_S * US_PER_S)
                    consumers = (LEDGER, *market_data.CONSUMERS)
                    restore(hot, shard, past, consumers=consumers, replace=force)
                    trades = _make_market_data(hot, shard, past)
                self._print(past, trades, time.perf_counter() - began)
                self._reconcile(hot)
        except (CannotRebuild, NotEmpty) as reason:
            _cannot(str(reason))
        except WatchError:
            _cannot(f"Shard {shard} began to trade meanwhile; nothing was written.")
        except (RedisError, OSError, OperationalError) as error:
            _cannot(f"A server does not do its part: {error}")

    def _look_first(self, hot: Redis, shard: int, *, force: bool) -> None:
        """Say what --force is about to drop. Raises NotEmpty without it."""
        last = last_sequence(hot, shard=shard)
        if not last:
            return
        written = checkpoint_of(shard)
        guess = "It seems to have begun anew" if last < written else "It does not seem lost at all"
        found = (
            f"Shard {shard} is not empty: its last event is {last:,}, "
            f"the ledger is at {written:,}. {guess}"
        )
        if not force:
            raise NotEmpty(f"{found}; --force drops it for what the ledger has.")
        self.stderr.write(f"WARNING: {found}. It is dropped for what the ledger has.")

    def _print(self, past: ShardPast, trades: int, seconds: float) -> None:
        state = past.state
        rows = {
            "as of event": state.last_event,
            "last trade, order": f"{state.last_trade:,}, {state.last_order:,}",
            "markets": len(state.markets),
            "wallets": len(state.wallets),
            "open orders": len(state.orders),
            "levels": sum(len(side) for side in state.levels.values()),
            "users' own limits": len(state.limits),
            "references": len(past.references),
            "clientOrderIds": len(past.answers),
            "trades in candles": trades,
            "seconds": f"{seconds:.1f}",
            "state hash": digest(state),
        }
        for name, value in rows.items():
            figure = f"{value:,}" if isinstance(value, int) else value
            self.stdout.write(f"{name:<19}{figure}")
        time_of_last = rfc3339(state.ts_us)
        self.stdout.write(NOT_KNOWN.format(event=f"{state.last_event:,}", time=time_of_last))

    def _reconcile(self, hot: Redis) -> None:
        library.load(hot)
        outcome = reconcile(hot, full=True)
        for report in outcome.reports:
            for violation in report.violations[:MAX_SHOWN]:
                self.stdout.write(f"Shard {report.shard}: {violation.sentence}")
        for sentence in outcome.unjudged:
            self.stdout.write(sentence)
        if not outcome.is_clean:
            raise CommandError("It was made again, but something is broken.", returncode=BROKEN)
        self.stdout.write("\nReconciled: all that must hold does.")


def _make_market_data(hot: Redis, shard: int, past: ShardPast) -> int:
    since_us = past.state.ts_us - RETENTION_S * US_PER_S
    trades = shard_facts.trades(shard, since_us=since_us)
    return market_data.make_again(hot, shard, trades, sequence=past.state.last_event)


def _cannot(reason: str) -> NoReturn:
    raise CommandError(reason, returncode=CANNOT)
