"""`manage.py run_ledger_writer` as a process of its own, to be killed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings

from tests.polling import wait_until


class WriterProcess:
    """The writer on the test database; its log is kept for the test to read."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        with tempfile.NamedTemporaryFile(prefix="ledger-writer-", delete=False) as log:
            self._log = Path(log.name)
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "run_ledger_writer"],
                cwd=settings.BASE_DIR,
                env=os.environ | {"DATABASE_URL": _url(database)},
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_ready(self) -> None:
        wait_until(lambda: " ready\n" in self.log, "the writer is ready")

    def kill(self) -> None:
        """Kill it like a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; return its exit status."""
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        return self._process.wait(20)


def _url(database: Mapping[str, Any]) -> str:
    user, password = (quote(str(database[name]), safe="") for name in ("USER", "PASSWORD"))
    return f"postgres://{user}:{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
