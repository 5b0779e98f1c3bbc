"""Moves paper money from the command line, through the command stream like every other deposit."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from exchange.funding import account_fund
from matching.domain.errors import ExchangeError


class Command(BaseCommand):
    help = """Deposit paper money with a user; a negative amount takes it away.

  manage.py fund_account demo USD 5000
  manage.py fund_account demo BTC -0.25 --reference "course 7, week 2"

A reference makes a movement safe to repeat: the second time nothing moves. Matching must run."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("username")
        parser.add_argument("asset", help="such as USD or BTC")
        parser.add_argument("amount", help="decimal text, such as 0.25 or -100")
        parser.add_argument("--reference", help="at most one movement is made for each")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(
        self,
        *_args: Any,
        username: str,
        asset: str,
        amount: str,
        reference: str | None,
        json: bool,
        **_options: Any,
    ) -> None:
        try:
            moved = account_fund(username=username, asset=asset, amount=amount, reference=reference)
        except ExchangeError as error:
            raise CommandError(str(error)) from None
        if json:
            self.stdout.write(msgspec.json.encode(moved).decode())
            return
        self.stdout.write(f"{moved.username}: {moved.amount} {moved.asset} ({moved.reference})")
