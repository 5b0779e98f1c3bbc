"""Matches a shard for a while, in a thread of the test's own process."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from redis.exceptions import OutOfMemoryError

from kalency.stack.addresses import Address
from matching import keys
from matching.codec import encode_command_entry
from matching.connection import open_sync
from matching.worker import MatchingWorker

SHARD = 0


@contextlib.contextmanager
def running_worker(hot_server: Address, bus_server: Address, **options: Any) -> Iterator[None]:
    """Run a real worker of shard 0 until the block ends; `options` are those of MatchingWorker."""
    worker = MatchingWorker(
        hot=open_sync(hot_server.url), bus=open_sync(bus_server.url), shard=SHARD, **options
    )
    thread = threading.Thread(target=worker.run, name="matching-worker")
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        _wake(hot_server)
        thread.join()


def _wake(hot_server: Address) -> None:
    """End the worker's idle wait by an empty entry, so that no test pays for it."""
    entry: Any = encode_command_entry(gateway="", ts_us=0, commands=[])
    with open_sync(hot_server.url) as hot, contextlib.suppress(OutOfMemoryError):
        hot.xadd(keys.commands(SHARD), entry)
