"""Starts the stages of the stack in order, keeps the services alive and stops them in reverse.

Called by `kalency.stack.__main__`. Existing supervisors were tried first: none of them has
readiness before the next start, restart with back-off, a stop order and no orphans together.
"""

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Coroutine, Mapping, Sequence

from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.logs import LineLog
from kalency.stack.process import NotReadyError, Process, how_it_ended, start_process
from kalency.stack.service import Service, Stage, Step

FIRST_START_TRIES = 3
BACKOFF_FIRST_S = 0.2
BACKOFF_MOST_S = 10.0
# A process that lived this long was healthy: its next death starts again at the first delay.
STEADY_S = 20.0
OWN_NAME = "stack"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Backoff:
    """The delay before a restart: doubled with every early death, up to a bound."""

    def __init__(self) -> None:
        self._next_s = BACKOFF_FIRST_S

    def delay_after(self, uptime_s: float) -> float:
        if uptime_s >= STEADY_S:
            self._next_s = BACKOFF_FIRST_S
        delay_s = self._next_s
        self._next_s = min(delay_s * 2, BACKOFF_MOST_S)
        return delay_s


class Supervisor:
    """Runs one stack. Use `start` and `watch` in one task, then `stop`, whatever happened."""

    def __init__(self, *, environment: Mapping[str, str], layout: Layout, log: LineLog) -> None:
        self._environment = environment
        self._layout = layout
        self._log = log
        self._processes: dict[str, Process | None] = {}
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, stages: Sequence[Stage]) -> None:
        """Bring up stage after stage; the members of one stage start together.

        Raises:
            StackError: a step failed, or a service did not get ready.
        """
        for stage in stages:
            try:
                async with asyncio.TaskGroup() as group:
                    for program in stage:
                        # Its place in the stop order is the plan's, not that of the fastest start.
                        self._processes[program.name] = None
                        group.create_task(self._bring_up(program))
            except ExceptionGroup as failures:
                raise failures.exceptions[0] from None

    async def watch(self) -> None:
        """Run for as long as the services are kept; only a bug in here ends it."""
        await asyncio.gather(*self._keepers)

    async def stop(self) -> None:
        """Stop every process, the last started first."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for process in reversed(self._processes.values()):
            if process is not None:
                await process.stop()

    async def _bring_up(self, program: Service | Step) -> None:
        try:
            if isinstance(program, Step):
                await self._run_step(program)
            else:
                backoff = Backoff()
                process = await self._start(program, backoff, tries=FIRST_START_TRIES)
                self._keepers.append(asyncio.create_task(self._keep(program, process, backoff)))
        except NotReadyError as error:
            file = self._layout.log_file(program.name)
            raise StackError(f"{program.name} {error}; {file} says why.") from error

    async def _run_step(self, step: Step) -> None:
        process = await self._launch(step)
        code = await process.wait()
        if code != 0:
            raise NotReadyError(how_it_ended(code))

    async def _keep(self, service: Service, process: Process, backoff: Backoff) -> None:
        while True:
            how = how_it_ended(await process.wait())
            delay_s = backoff.delay_after(process.uptime_s)
            self._say(f"{service.name} {how}; restarting in {delay_s:.1f} s")
            await asyncio.sleep(delay_s)
            process = await self._start(service, backoff, tries=None)

    async def _start(self, service: Service, backoff: Backoff, *, tries: int | None) -> Process:
        """Start the service until it is ready, at most `tries` times (None: for as long as asked).

        A service that once ran is restarted without a bound on the number, only on the rate: what
        it waits for, such as room on the disk, may take hours to come back.
        """
        for attempt in itertools.count(1):
            try:
                process = await self._launch_until_ready(service)
            except NotReadyError as error:
                if attempt == tries:
                    raise
                delay_s = backoff.delay_after(0)
                self._say(f"{service.name} {error}; trying again in {delay_s:.1f} s")
                await asyncio.sleep(delay_s)
            else:
                self._say(f"{service.name} is ready after {process.uptime_s:.1f} s")
                return process
        raise AssertionError("the count has no end")

    async def _launch_until_ready(self, service: Service) -> Process:
        process = await self._launch(service)
        try:
            await process.wait_ready()
        except NotReadyError:
            await process.stop()
            raise
        return process

    async def _launch(self, program: Service | Step) -> Process:
        process = await start_process(
            program, environment=self._environment, layout=self._layout, log=self._log
        )
        self._processes[program.name] = process
        return process

    def _say(self, line: str) -> None:
        self._log.write(OWN_NAME, line)


async def run_until_stopped(supervisor: Supervisor, serve: Coroutine[None, None, None]) -> None:
    """Run `serve` until it fails or a person asks for the end, then stop every process."""
    stop_wanted = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop_wanted.set)
    serving = asyncio.create_task(serve)
    stopping = asyncio.create_task(stop_wanted.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    serving.cancel()
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    finally:
        await supervisor.stop()
