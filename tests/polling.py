"""Waits for something to become true, rather than for a while."""

import asyncio
import time
from collections.abc import Callable

DEADLINE_S = 30.0
POLL_S = 0.02


def wait_until(
    what: Callable[[], object],
    why: str,
    *,
    deadline_s: float = DEADLINE_S,
    poll_s: float = POLL_S,
) -> None:
    """Poll until `what` is true; fail after the deadline, saying `why` that was expected."""
    end = time.monotonic() + deadline_s
    while not what():
        assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {why}"
        time.sleep(poll_s)


async def until(what: Callable[[], object], why: str, *, deadline_s: float = DEADLINE_S) -> None:
    """Do the same on an event loop, which goes on meanwhile."""
    end = time.monotonic() + deadline_s
    while not what():
        assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {why}"
        await asyncio.sleep(POLL_S)
