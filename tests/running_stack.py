"""Drives a whole one-command stack from outside, as a person at a terminal would."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx

from kalency.stack.addresses import choose_port
from kalency.stack.config import SERVER_URLS
from kalency.stack.layout import PROJECT_DIR, Layout

READY_DEADLINE_S = 180.0
STOP_DEADLINE_S = 90.0
POLL_S = 0.1


class RunningStack:
    """`python -m kalency.stack` on a data directory; a context manager that stops it."""

    def __init__(
        self,
        data_dir: Path,
        *,
        simulator: str = "off",
        port: int | None = None,
        **environment: str,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or choose_port()
        self.layout = Layout(data_dir)
        self._output = data_dir / "terminal.log"
        self.environment = stack_environment(data_dir, self.port, simulator) | environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> dict[str, str]:
        """The passwords of `admin` and `demo`."""
        found: dict[str, str] = json.loads(self.layout.credentials.read_text())
        return found

    @property
    def output(self) -> str:
        """All that the terminal showed so far."""
        return self._output.read_text(errors="replace")

    def pid(self, name: str) -> int:
        """Return the process id of one part, such as `matching-0`."""
        return int(self.layout.pid_file(name).read_text())

    def start(self) -> None:
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kalency.stack"],
                cwd=PROJECT_DIR,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_DEADLINE_S
        while not self._is_ready():
            assert self._process is not None, "the stack was started"
            assert self._process.poll() is None, self.output
            assert time.monotonic() < deadline, f"not ready:\n{self.output}"
            time.sleep(POLL_S)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop the stack and return its exit code."""
        assert self._process is not None, "the stack was started"
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(STOP_DEADLINE_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def stack_environment(data_dir: Path, port: int, simulator: str) -> dict[str, str]:
    """Return this process's environment without the test servers' addresses and secrets."""
    ours = {*SERVER_URLS, "SECRET_KEY", "KALENCY_HTTPS"}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return inherited | {
        "KALENCY_DATA_DIR": str(data_dir),
        "KALENCY_PORT": str(port),
        "KALENCY_SIM": simulator,
    }
