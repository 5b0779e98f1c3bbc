"""What waits to be sent to one socket, with a bound. The consumer owns it; the hub pushes to it.

A socket that does not keep up first skips what may be skipped (it gets a snapshot once there is
room again); where that does not help it is too slow, and its owner closes it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from exchange.sockets.limits import CONFLATE_ABOVE_CHARS, MAX_WAITING_CHARS, SEND_PATIENCE_S


class Outbox:
    """The queue of one socket. Only `run` waits; everything else returns at once."""

    def __init__(
        self,
        *,
        send: Callable[[str], Awaitable[None]],
        snapshot_of: Callable[[str], str],
        too_slow: Callable[[], None],
    ) -> None:
        """`snapshot_of` gives a channel's snapshot, `too_slow` is called when nothing helps."""
        self._send = send
        self._snapshot_of = snapshot_of
        self._too_slow = too_slow
        self._waiting: deque[str] = deque()
        self._chars = 0
        self._skipped: set[str] = set()
        self._something = asyncio.Event()
        self._sending_since: float | None = None

    def put(self, text: str) -> None:
        """Queue a frame that must arrive."""
        if self._chars > MAX_WAITING_CHARS or self._is_stuck():
            self._too_slow()
            return
        self._append(text)

    def push(self, channel: str, text: str, *, skippable: bool) -> None:
        """Queue a channel's push, or skip it where that is allowed and the socket is behind."""
        if not skippable:
            self.put(text)
        elif self._chars > CONFLATE_ABOVE_CHARS or channel in self._skipped:
            self._skipped.add(channel)
            if self._is_stuck():
                self._too_slow()
        else:
            self._append(text)

    def forget(self, channel: str) -> None:
        """Owe a channel no snapshot any more."""
        self._skipped.discard(channel)

    async def run(self) -> None:
        """Send what waits until cancelled, or until the socket is gone."""
        while True:
            while self._waiting:
                text = self._waiting.popleft()
                self._sending_since = time.monotonic()
                await self._send(text)
                self._sending_since = None
                self._chars -= len(text)
                self._make_up()
            self._something.clear()
            await self._something.wait()

    def _append(self, text: str) -> None:
        self._waiting.append(text)
        self._chars += len(text)
        self._something.set()

    def _make_up(self) -> None:
        """Send snapshots of what was skipped, as far as there is room."""
        while self._skipped and self._chars <= CONFLATE_ABOVE_CHARS // 2:
            # A channel without a snapshot is reading its state, and pushes one when it has it.
            if text := self._snapshot_of(self._skipped.pop()):
                self._append(text)

    def _is_stuck(self) -> bool:
        since = self._sending_since
        return since is not None and time.monotonic() - since > SEND_PATIENCE_S
