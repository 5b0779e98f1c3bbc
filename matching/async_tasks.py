"""Ends asyncio tasks for good. Used by whoever owns tasks that wait for Redis."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

CANCEL_AGAIN_S: Final = 0.1


async def cancel_tasks(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks; return when all have ended, however they did.

    Again and again: redis-py may swallow a cancellation, because up to Python 3.11 `wait_for` and
    `timeout` lose one that comes together with the result.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=CANCEL_AGAIN_S)
