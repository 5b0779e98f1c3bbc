"""A management command as a process of its own, on the test's servers: to be stopped and killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.polling import wait_until


class CommandProcess:
    """A running `manage.py <command>`; its log is kept for the test to read."""

    def __init__(self, command: str) -> None:
        with tempfile.NamedTemporaryFile(prefix=f"{command}-", delete=False) as log:
            self._log = Path(log.name)
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", command],
                cwd=settings.BASE_DIR,
                env=os.environ | {"DATABASE_URL": _test_database_url()},
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_ready(self) -> None:
        wait_until(lambda: " ready\n" in self.log, "the process is ready")

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

    def forget(self) -> None:
        """Kill it where it still runs, and remove its log."""
        self.kill()
        self._log.unlink()


def _test_database_url() -> str:
    database = connection.settings_dict
    user, password = (quote(str(database[name]), safe="") for name in ("USER", "PASSWORD"))
    return f"postgres://{user}:{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
