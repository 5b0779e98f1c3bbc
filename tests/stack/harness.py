"""What the tests of the stack share: a supervisor in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from kalency.stack.layout import PROJECT_DIR, Layout
from tests.polling import DEADLINE_S, wait_until


class Supervised:
    """The real supervisor over one of the plans of `supervised.py`."""

    def __init__(self, data_dir: Path, plan: str) -> None:
        self.layout = Layout(data_dir)
        self._output = data_dir / f"{plan}.output"
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.stack.supervised", str(data_dir), plan],
                cwd=PROJECT_DIR,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def journal(self) -> list[str]:
        return (self.layout.root / "journal").read_text().splitlines()

    def wait_up(self) -> None:
        wait_until(lambda: "all are up" in self.output or self._process.poll() is not None, "up")
        assert self._process.poll() is None, self.output

    def pid(self, name: str) -> int:
        return int(self.layout.pid_file(name).read_text())

    def pids(self) -> list[int]:
        return [self.pid(file.stem) for file in self.layout.run.glob("*.pid")]

    def kill(self, name: str) -> int:
        """Kill one service; return its process id."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_replaced(self, name: str, old_pid: int) -> None:
        """Wait until the service runs again under another process id."""
        file = self.layout.pid_file(name)
        wait_until(lambda: file.exists() and self.pid(name) != old_pid, f"{name} is back")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(DEADLINE_S)

    def end(self) -> None:
        """Stop it if it still runs: the end of every test."""
        if self._process.poll() is None:
            self._process.terminate()
            self.wait()
