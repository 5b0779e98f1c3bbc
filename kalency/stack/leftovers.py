"""Ends what a stack that was killed may have left behind. Called before anything is started.

The kernel tells every child when its supervisor dies, so there is mostly nothing to do but to
wait for PostgreSQL's shutdown.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from kalency.stack.layout import Layout

LEAVE_BY_THEMSELVES_S = 30.0
GONE_AFTER_KILL_S = 5.0
POLL_S = 0.05


def end_leftovers(layout: Layout) -> None:
    """Wait for the processes of an earlier stack on this data directory, then insist."""
    pids = {pid for file in layout.run.glob("*.pid") if _belongs(pid := _read(file), layout)}
    for pid in _still_there(pids, LEAVE_BY_THEMSELVES_S):
        if _belongs(pid, layout):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    _still_there(pids, GONE_AFTER_KILL_S)
    for file in layout.run.glob("*.pid"):
        file.unlink(missing_ok=True)
    _drop_foreign_postmaster(layout)


def _drop_foreign_postmaster(layout: Layout) -> None:
    """Remove a stale `postmaster.pid` whose number another program has been given since.

    PostgreSQL clears the file of a dead server itself, but takes any living process of that
    number for a server and refuses to start.
    """
    file = layout.postgres / "postmaster.pid"
    pid = _read(file)
    if pid and is_alive(pid) and not _belongs(pid, layout):
        file.unlink()


def _still_there(pids: set[int], wait_s: float) -> set[int]:
    deadline = time.monotonic() + wait_s
    while (left := {pid for pid in pids if is_alive(pid)}) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return left


def is_alive(pid: int) -> bool:
    """Tell whether a process still holds files and ports; one that waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _read(pid_file: Path) -> int:
    """Return the number in the first line, or 0 where there is none."""
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def _belongs(pid: int, layout: Layout) -> bool:
    """Tell whether a process is alive and was started for this data directory."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(f"KALENCY_DATA_DIR={layout.root}") in environment
