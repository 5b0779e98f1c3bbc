"""`manage.py statement`: what a user had, what came and went, and what there is."""

import csv
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from accounts.models import User
from exchange.statements import Agreement, Row, UserStatement, user_statement
from matching.domain.errors import ExchangeError
from matching.domain.timestamps import in_utc

DIFFERENT, CANNOT_TELL = 1, 2
TABLE: Final = "{:<27} {:>12} {:<10} {:<10} {:<6} {:>24} {:>24} {}"


def moment(text: str) -> datetime:
    """Return a moment; a date is its beginning, and what names no time zone is in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date, and no time as 2026-01-31T12:00") from None
    return in_utc(found) if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = """Print a user's statement: opening balances, every posting with the balance after it,
closing balances. Where it reaches to now, these are compared with the wallet in the hot Redis.

The period begins with --from and ends before --to; each may be left open.

Exit status: 0 all adds up, 1 the wallet holds something else, 2 the ledger has not caught up.

  manage.py statement demo
  manage.py statement demo --from 2026-01-01 --to 2026-02-01 --asset USD --csv"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("username")
        parser.add_argument("--from", type=moment, dest="begin", help="a date or a time, UTC")
        parser.add_argument("--to", type=moment, dest="end", help="the same; not included")
        parser.add_argument("--asset", default="", help="such as USD; default: all")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--csv", action="store_true", help="print comma-separated values")
        form.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username__iexact=username).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        period = {name: options[name] for name in ("begin", "end", "asset")}
        try:
            found = user_statement(user, **period)
        except (ExchangeError, RedisError) as error:
            raise CommandError(str(error)) from None
        if options["csv"]:
            self._print_csv(found)
        elif options["json"]:
            self._print_json(found)
        else:
            self._print_table(found)
        self._judge(found.agreement)

    def _print_csv(self, found: UserStatement) -> None:
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(found.rows())

    def _print_json(self, found: UserStatement) -> None:
        """Print line by line: there may be millions."""
        head = {"username": found.user.username, "userId": str(found.user.pk)}
        ends = {"opening": _balances(found.opening()), "closing": _balances(found.closing())}
        self.stdout.write(_json(head | ends | {"wallet": found.agreement})[:-1] + ',"postings":[')
        for index, row in enumerate(found.postings()):
            self.stdout.write((",\n" if index else "") + _json(row._asdict()), ending="")
        self.stdout.write("]}")

    def _print_table(self, found: UserStatement) -> None:
        self.stdout.write(f"Statement of {found.user.username}, user {found.user.pk}; UTC")
        self.stdout.write(TABLE.format(*Row._fields))
        for row in found.rows():
            self.stdout.write(TABLE.format(*row).rstrip())

    def _judge(self, agreement: Agreement | None) -> None:
        if agreement is Agreement.DIFFERENT:
            raise CommandError(agreement.sentence, returncode=DIFFERENT)
        if agreement is Agreement.BEHIND:
            raise CommandError(agreement.sentence, returncode=CANNOT_TELL)
        if agreement is not None:
            self.stderr.write(agreement.sentence, self.style.SUCCESS)


def _balances(rows: list[Row]) -> list[dict[str, str]]:
    return [{"asset": row.asset, "balance": row.balance} for row in rows]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
