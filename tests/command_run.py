"""Runs a management command in this process, for what it says and how it ends."""

import json
from io import StringIO
from typing import Any, cast

from django.core.management import call_command
from django.core.management.base import CommandError


class CommandRun:
    """What a command said, and its exit status; why, where it failed."""

    def __init__(self, command: str, **options: Any) -> None:
        out = StringIO()
        self.status, self.reason = 0, ""
        try:
            call_command(command, stdout=out, stderr=StringIO(), **options)
        except CommandError as error:
            self.status, self.reason = error.returncode, str(error)
        self.said = out.getvalue()

    @property
    def figures(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.said))
