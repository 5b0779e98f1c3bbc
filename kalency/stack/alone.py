"""Runs one embedded server by itself, synchronously, for tests and benchmarks."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Iterator

from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.service import Service, with_orphan_signal

READY_DEADLINE_S = 60.0
POLL_S = 0.02


@contextlib.contextmanager
def running(service: Service, layout: Layout) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends. Raises StackError where it does not get ready."""
    command = [*service.run_as, *with_orphan_signal(service.command, service.orphan_signal)]
    with layout.log_file(service.name).open("ab") as log:
        # A session of its own: Ctrl-C must reach it only after whoever uses it is done.
        child = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_ready(service, layout, child)
        yield child
    finally:
        child.send_signal(service.stop_signal)
        child.wait(service.stop_grace_s)


def _wait_ready(service: Service, layout: Layout, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_DEADLINE_S
    while not asyncio.run(_ask(service)):
        if child.poll() is not None or time.monotonic() > deadline:
            said = layout.log_file(service.name).read_text(errors="replace")
            raise StackError(f"{service.name} did not get ready: {said}")
        time.sleep(POLL_S)


async def _ask(service: Service) -> bool:
    assert not isinstance(service.ready, str), "a server is asked, it does not say so itself"
    return await service.ready()
