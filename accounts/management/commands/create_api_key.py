"""Makes an API key from the command line: for programs, load tests, course accounts."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from datetime import timedelta
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.messages import new_api_key_body
from accounts.models import User
from accounts.scopes import KEY_SCOPES
from accounts.services import MAX_KEY_DAYS, api_key_create
from matching.domain.errors import ExchangeError


class Command(BaseCommand):
    help = """Create an API key for a user and print it. The secret is shown this once only.

  manage.py create_api_key demo --name "my bot" --scopes read,trade --expires-in-days 30

Programs send what is printed as `X-API-Key: <id>.<secret>`."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument(
            "--scopes",
            default=",".join(sorted(KEY_SCOPES)),
            help="comma-separated; default: %(default)s",
        )
        parser.add_argument(
            "--expires-in-days", type=int, metavar="DAYS", help="default: it does not expire"
        )
        parser.add_argument("--json", action="store_true", help="print the key as one JSON object")

    def handle(
        self,
        *_args: Any,
        username: str,
        name: str,
        scopes: str,
        expires_in_days: int | None,
        json: bool,
        **_options: Any,
    ) -> None:
        user = User.objects.filter(username__iexact=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {username!r}.")
        if expires_in_days is not None and not 1 <= expires_in_days <= MAX_KEY_DAYS:
            raise CommandError(f"--expires-in-days must be from 1 to {MAX_KEY_DAYS}.")
        lifetime = expires_in_days and timedelta(days=expires_in_days)
        try:
            key, secret = api_key_create(
                user=user,
                name=name,
                scopes=[scope.strip() for scope in scopes.split(",")],
                expires_at=timezone.now() + lifetime if lifetime else None,
            )
        except ExchangeError as error:
            raise CommandError(str(error)) from None
        body = new_api_key_body(key, secret)
        self.stdout.write(msgspec.json.encode(body).decode() if json else body.key)
