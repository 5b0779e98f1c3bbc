"""Creates the first users of a fresh stack. Called by the one-command stack at its first start."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.funds import opening_deposit_ensure
from accounts.models import User
from accounts.services import user_register
from matching.domain.errors import ExchangeError

STAFF = "admin"
TRADER = "demo"


class Command(BaseCommand):
    help = """Create the staff user `admin` and the trader `demo`, where they are missing.

The passwords come from a JSON file: {"admin": "...", "demo": "..."}. A user who exists keeps the
password he has; an opening deposit that was never confirmed is made. Running it again is safe."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument(
            "--credentials", type=Path, required=True, metavar="FILE", help="the JSON file"
        )

    def handle(self, *_args: Any, credentials: Path, **_options: Any) -> None:
        passwords = _read(credentials)
        for username in (STAFF, TRADER):
            self._ensure(username, passwords[username])

    def _ensure(self, username: str, password: str) -> None:
        user = User.objects.filter(username__iexact=username).first()
        if user is not None:
            self.stdout.write(f"{username}: exists.")
        else:
            try:
                user = user_register(
                    username=username, password=password, is_staff=username == STAFF
                )
            except ExchangeError as error:
                raise CommandError(f"{username}: {error}") from None
            self.stdout.write(f"{username}: created.")
        if not opening_deposit_ensure(user):
            self.stderr.write(
                f"{username}: matching did not confirm the opening deposit; "
                "it follows at the next log-in."
            )


def _read(file: Path) -> dict[str, str]:
    try:
        passwords = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise CommandError(f"Cannot read the credentials in {file}: {error}") from None
    if not isinstance(passwords, dict) or not all(
        isinstance(passwords.get(name), str) for name in (STAFF, TRADER)
    ):
        raise CommandError(f'{file} must hold {{"{STAFF}": "...", "{TRADER}": "..."}}.')
    return passwords
