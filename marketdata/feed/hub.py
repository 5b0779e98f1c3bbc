"""One per web process: receives the feed's messages once and hands them to the local sockets.

`exchange.sockets` asks `running_hub()` for it and subscribes; nothing here knows what a socket is
but that it takes ready text.
"""

import asyncio
import logging
import time
from typing import Final
from weakref import WeakKeyDictionary

import msgspec
from redis.exceptions import RedisError

from marketdata.feed.bus import FeedReceiver
from marketdata.feed.channels import BookChannel, PublicChannel, Subscriber, TradesChannel
from marketdata.feed.frames import FeedMessage
from marketdata.feed.names import Kind, PublicName
from matching.async_tasks import cancel_tasks
from matching.client import wall_clock_us

SILENCE_S: Final = 5.0
WATCH_EVERY_S: Final = 1.0
JOIN_PAUSE_S: Final = 1.0

log = logging.getLogger(__name__)

_CHANNELS: Final[dict[Kind, type[PublicChannel]]] = {
    Kind.TRADES: TradesChannel,
    Kind.BOOK: BookChannel,
}


class Hub:
    """The public channels that somebody on this event loop listens to."""

    def __init__(self) -> None:
        self._receiver = FeedReceiver()
        self._channels: dict[str, PublicChannel] = {}
        self._heard_at = time.monotonic()
        self._silent = False
        self._tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._watch())]

    def subscribe(self, name: PublicName, subscriber: Subscriber) -> None:
        """Send `subscriber` a snapshot of a listed market's channel, then its updates."""
        channel = self._channels.get(str(name))
        if channel is None:
            channel = _CHANNELS[name.kind](name, clock_us=wall_clock_us)
            self._channels[channel.name] = channel
        channel.join(subscriber)

    def unsubscribe(self, name: PublicName, subscriber: Subscriber) -> None:
        """Send `subscriber` nothing more; a channel that nobody hears is forgotten."""
        channel = self._channels.get(str(name))
        if channel is None:
            return
        channel.subscribers.discard(subscriber)
        if not channel.subscribers:
            channel.close()
            del self._channels[channel.name]

    def snapshot(self, name: str) -> str:
        """Return a channel's snapshot; empty while there is none."""
        channel = self._channels.get(name)
        return channel.snapshot() if channel else ""

    async def close(self) -> None:
        """Stop receiving."""
        for channel in self._channels.values():
            channel.close()
        await cancel_tasks(self._tasks)

    async def _receive(self) -> None:
        await self._join()
        while True:
            try:
                message = await self._receiver.receive()
            except msgspec.DecodeError as error:
                log.error("A message of the feed cannot be read and is lost: %s", error)
                continue
            self._heard_at = time.monotonic()
            try:
                self._hand_on(message)
            except msgspec.DecodeError as error:
                log.error("A push of the feed cannot be read and is lost: %s", error)

    async def _join(self) -> None:
        while True:
            try:
                await self._receiver.join()
            except (RedisError, OSError) as error:
                log.warning("The bus is away, trying again: %s", error)
                await asyncio.sleep(JOIN_PAUSE_S)
            else:
                return

    def _hand_on(self, message: FeedMessage) -> None:
        for frame in message.frames:
            if channel := self._channels.get(frame.channel):
                channel.receive(frame)
        for name, seq in message.heads.items():
            if channel := self._channels.get(name):
                channel.check_head(seq)

    async def _watch(self) -> None:
        """Say when the feed falls silent, and when it is back; heads then show what was missed."""
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            silent = time.monotonic() - self._heard_at > SILENCE_S
            if silent != self._silent:
                log.warning("The market feed is %s.", "silent" if silent else "back")
            self._silent = silent


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def running_hub() -> Hub:
    """Return the running loop's hub, started on first use."""
    loop = asyncio.get_running_loop()
    found = _hubs.get(loop)
    if found is None:
        found = _hubs[loop] = Hub()
    return found
