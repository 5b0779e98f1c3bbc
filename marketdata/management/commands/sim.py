"""Start, stop and steer the simulated crowd; takes effect within about a second.

Without the Celery worker and Beat the crowd does not trade, whatever is set here.
"""

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from marketdata.simulator import control
from marketdata.simulator.domain.moods import Profile
from matching.domain.errors import ExchangeError


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, meaning in (
            ("start", "let the crowd trade"),
            ("stop", "let the crowd withdraw its orders and rest"),
            ("status", "say what the crowd is told to do"),
            ("profile", "set how wild it is"),
        ):
            choice = verbs.add_parser(verb, help=meaning)
            choice.add_argument("--json", action="store_true", help="print one JSON object")
            if verb == "profile":
                choice.add_argument("profile", choices=[profile.value for profile in Profile])
                choice.add_argument("--symbol", help="one market; without it, every market")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            _obey(options)
            state = control.state()
        except ExchangeError as problem:
            raise CommandError(f"{problem.code}: {problem.message}") from None
        if options["json"]:
            self.stdout.write(msgspec.json.encode(state).decode())
            return
        self.stdout.write("The crowd is trading." if state.running else "The crowd is resting.")
        for symbol, profile in state.profiles.items():
            self.stdout.write(f"  {symbol:<12}{profile}")


def _obey(options: dict[str, Any]) -> None:
    match options["verb"]:
        case "start":
            control.start()
        case "stop":
            control.stop()
        case "profile":
            control.set_profile(options["profile"], options["symbol"])
