"""The processes that a crash run kills: both Valkeys and a matching worker, as the stack has them.

Used by `run.py`. A killed part starts again on the data that it left.
"""

import asyncio
import contextlib
import os
import platform
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Self

from kalency.stack.config import SERVER_URLS, StackConfig
from kalency.stack.layout import PROJECT_DIR, Layout
from kalency.stack.service import Service, with_orphan_signal
from kalency.stack.services import plan

START_DEADLINE_S = 60.0
POLL_S = 0.005
# How long one look for an aimed moment may keep the event loop, and how often it is repeated.
LOOK_S = 0.02
LOOKS_MAX = 50
LOOK_PAUSE_S = 0.005
FDATASYNC = {"x86_64": "75", "aarch64": "83"}.get(platform.machine(), "none")


class Victim(StrEnum):
    """A part, by its name in the stack."""

    WORKER = "matching-0"
    HOT = "valkey-hot"
    BUS = "valkey-bus"


class Moment(StrEnum):
    """When a kill landed: what the hot server was doing, or that the victim was on its way up."""

    COMPUTING = "computing"  # mostly within a function call
    SYNCING = "syncing"  # the batch is written, but its fsync not done and nothing answered
    WAITING = "waiting"  # between two calls: acks are on their way, or there is nothing to do
    STARTING = "own start"  # the hot server loads its log for most of it


class Part:
    """One process, started and killed many times."""

    def __init__(self, service: Service, layout: Layout) -> None:
        self._service = service
        self._layout = layout
        self._log = layout.log_file(service.name)
        self._log_start = 0
        self._child: subprocess.Popen[bytes] | None = None

    def launch(self, environment: dict[str, str]) -> None:
        command = with_orphan_signal(self._service.command, signal.SIGKILL)
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._child = subprocess.Popen(
                command,
                cwd=PROJECT_DIR,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def wait_ready(self) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while not await self._is_ready():
            assert self._child is not None, "the part was launched"
            assert self._child.poll() is None, f"{self._service.name} ended: {self._said()}"
            assert time.monotonic() < deadline, f"{self._service.name} not ready: {self._said()}"
            await asyncio.sleep(POLL_S)

    def kill(self) -> None:
        """Kill it without a word, with what it forked."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def bury(self) -> None:
        """Wait until a killed process is gone, its files and its port with it."""
        if self._child is not None:
            self._child.wait()
            self._child = None

    def system_call(self) -> str:
        """Return the number of the system call in which the main thread waits, or `running`."""
        assert self._child is not None, "the part was launched"
        return Path(f"/proc/{self._child.pid}/syscall").read_text().split()[0]

    async def _is_ready(self) -> bool:
        ready = self._service.ready
        return f"{ready}\n" in self._said() if isinstance(ready, str) else await ready()

    def _said(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")


class Parts:
    """All three, in a data directory of their own; a context manager that kills what is left.

    `kills` counts the blows by victim and moment.
    """

    def __init__(self, directory: Path) -> None:
        layout = Layout(directory)
        layout.make()
        config = StackConfig(layout=layout, port=1, shards=1, outside=frozenset({"DATABASE_URL"}))
        services = [part for stage in plan(config) for part in stage if isinstance(part, Service)]
        self._parts = {Victim(s.name): Part(s, layout) for s in services if s.name in set(Victim)}
        # As in the stack, the worker finds its servers by the data directory.
        self._environment = {
            name: value
            for name, value in config.child_environment().items()
            if name not in set(SERVER_URLS) - {"DATABASE_URL"}
        } | {"MATCHING_KEEP_COMMANDS": "all"}
        self.hot_url, self.bus_url = (
            (layout.secrets / name).read_text().strip()
            for name in ("redis_hot_url", "redis_bus_url")
        )
        self._start_s: dict[Victim, float] = {}
        self.kills: Counter[tuple[Victim, Moment]] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._kill(tuple(Victim))

    async def start(self, victims: Collection[Victim] = tuple(Victim)) -> None:
        """Start parts together; return once all serve."""
        await asyncio.gather(*[self._start(victim) for victim in victims])

    async def start_and_kill(self, victim: Victim, *, share: float) -> None:
        """Start a part and kill it on the way: after that share of the time its last start took."""
        self._parts[victim].launch(self._environment)
        await asyncio.sleep(share * self._start_s[victim])
        self._kill([victim])
        self.kills[victim, Moment.STARTING] += 1

    async def strike(self, victims: Collection[Victim], *, aim: Moment | None) -> None:
        """Kill all `victims` at once: when the hot server is seen at `aim`, or right now.

        Where the server is never seen at that, they are killed all the same.
        """
        for _ in range(LOOKS_MAX if aim else 0):
            if self._seen(aim):
                break
            await asyncio.sleep(LOOK_PAUSE_S)
        moment = self._moment()
        self._kill(victims)
        self.kills.update((victim, moment) for victim in victims)

    async def _start(self, victim: Victim) -> None:
        started = time.monotonic()
        self._parts[victim].launch(self._environment)
        await self._parts[victim].wait_ready()
        self._start_s[victim] = time.monotonic() - started

    def _kill(self, victims: Collection[Victim]) -> None:
        parts = [self._parts[victim] for victim in victims]
        for part in parts:
            part.kill()
        for part in parts:
            part.bury()

    def _seen(self, aim: Moment | None) -> bool:
        # Without a turn of the event loop between the look and the blow: they are 10 µs apart.
        end = time.monotonic() + LOOK_S
        while time.monotonic() < end:
            if self._moment() == aim:
                return True
        return False

    def _moment(self) -> Moment:
        call = self._parts[Victim.HOT].system_call()
        return {FDATASYNC: Moment.SYNCING, "running": Moment.COMPUTING}.get(call, Moment.WAITING)
