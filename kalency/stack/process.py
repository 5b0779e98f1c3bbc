"""One child process: its start, its log lines, its pid file and its end.

Called by the supervisor only. Every child leads a session of its own, so that Ctrl-C in the
terminal reaches the supervisor alone and the children end in its order.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping

from kalency.stack.layout import PROJECT_DIR, Layout
from kalency.stack.logs import LineLog
from kalency.stack.service import Service, Step, with_orphan_signal

READY_DEADLINE_S = 120.0
POLL_S = 0.05
LINE_BYTES_MAX = 1_048_576
LAST_LINES_S = 1.0


class NotReadyError(Exception):
    """Why a process cannot serve, as the end of a sentence that starts with its name."""


class Process:
    """A running service or step."""

    def __init__(
        self,
        program: Service | Step,
        child: asyncio.subprocess.Process,
        *,
        layout: Layout,
        log: LineLog,
    ) -> None:
        self._program = program
        self._child = child
        self._log = log
        self._pid_file = layout.pid_file(program.name)
        self._started = time.monotonic()
        self._ended: float | None = None
        self._said_ready = False
        self._write_pid_file()
        self._end = asyncio.create_task(self._run_to_end())

    @property
    def uptime_s(self) -> float:
        return (self._ended or time.monotonic()) - self._started

    async def wait(self) -> int:
        """Wait for the end; return the exit code, or minus the number of the fatal signal."""
        return await asyncio.shield(self._end)

    async def wait_ready(self) -> None:
        """Wait until the service serves.

        Raises:
            NotReadyError: it ended, or stayed silent past the deadline.
        """
        try:
            async with asyncio.timeout(READY_DEADLINE_S):
                while not await self._is_ready():
                    if self._end.done():
                        raise NotReadyError(how_it_ended(self._end.result()))
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise NotReadyError(f"was not ready after {READY_DEADLINE_S:.0f} s") from None

    async def stop(self) -> None:
        """Ask the process to end, insist after its grace, and wait until it is gone."""
        if self._end.done():
            return
        if isinstance(self._program, Service):
            with contextlib.suppress(TimeoutError, ProcessLookupError):
                self._child.send_signal(self._program.stop_signal)
                async with asyncio.timeout(self._program.stop_grace_s):
                    await self.wait()
        self._kill_group()
        await self.wait()

    async def _is_ready(self) -> bool:
        if self._end.done() or isinstance(self._program, Step):
            return False
        ready = self._program.ready
        return self._said_ready if isinstance(ready, str) else await ready()

    async def _run_to_end(self) -> int:
        lines = asyncio.create_task(self._pass_lines_on())
        code = await self._child.wait()
        self._ended = time.monotonic()
        self._kill_group()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(lines, LAST_LINES_S)
        self._pid_file.unlink(missing_ok=True)
        return code

    async def _pass_lines_on(self) -> None:
        stream = self._child.stdout
        assert stream is not None, "every child is started with a pipe"
        service = self._program if isinstance(self._program, Service) else None
        ready = service.ready if service else None
        only_logged = service.only_logged if service else None
        while True:
            try:
                raw = await stream.readline()
            except ValueError:
                self._log.write(self._program.name, f"(over {LINE_BYTES_MAX} bytes in one line)")
                continue
            if not raw:
                return
            line = raw.decode(errors="replace").rstrip()
            shown = only_logged is None or only_logged not in line
            self._log.write(self._program.name, line, on_terminal=shown)
            if isinstance(ready, str) and line.endswith(ready):
                self._said_ready = True

    def _kill_group(self) -> None:
        """End what the process may have left behind, such as the children of a worker pool."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def _write_pid_file(self) -> None:
        unfinished = self._pid_file.with_suffix(".new")
        unfinished.write_text(f"{self._child.pid}\n")
        unfinished.replace(self._pid_file)


async def start_process(
    program: Service | Step, *, environment: Mapping[str, str], layout: Layout, log: LineLog
) -> Process:
    """Start the program.

    Raises:
        NotReadyError: the machine refuses to start it.
    """
    if isinstance(program, Service):
        command = (*program.run_as, *with_orphan_signal(program.command, program.orphan_signal))
    else:
        command = with_orphan_signal(program.command, signal.SIGKILL)
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LINE_BYTES_MAX,
            env=environment,
            cwd=PROJECT_DIR,
            start_new_session=True,
        )
    except OSError as error:
        raise NotReadyError(f"could not be started: {error}") from error
    try:
        return Process(program, child, layout=layout, log=log)
    except OSError as error:
        # A full disk has no room for its pid file, without which nobody could find it.
        os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
        raise NotReadyError(f"could not be started: {error}") from error


def how_it_ended(code: int) -> str:
    """Say in words how a process ended."""
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
