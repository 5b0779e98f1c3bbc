"""The way from the feed to every web process: one group of the channel layer, which may lose.

What is lost shows as a gap in a channel's seq, or against the heads that follow every second.
"""

import asyncio
import logging
from typing import Any, Final, cast

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from marketdata.feed.frames import FeedMessage, Frame, pack, unpack

GROUP: Final = "marketdata"
MESSAGE_TYPE: Final = "market.feed"
MAX_FRAMES_PER_MESSAGE: Final = 50
PUBLISH_TIMEOUT_S: Final = 2.0

log = logging.getLogger(__name__)


class FeedPublisher:
    """The feed's end."""

    def __init__(self) -> None:
        self._layer = _layer()
        self._away = False

    async def frames(self, frames: list[Frame]) -> None:
        """Publish pushes; those that the bus does not take are lost."""
        for start in range(0, len(frames), MAX_FRAMES_PER_MESSAGE):
            await self._send(FeedMessage(frames=frames[start : start + MAX_FRAMES_PER_MESSAGE]))

    async def heads(self, heads: dict[str, int]) -> None:
        """Publish where channels stand; also the sign that the feed is alive."""
        await self._send(FeedMessage(heads=heads))

    async def _send(self, message: FeedMessage) -> None:
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self._layer.group_send(GROUP, {"type": MESSAGE_TYPE, "body": pack(message)})
        except (RedisError, OSError, TimeoutError) as error:
            if not self._away:
                log.warning("The bus is away, pushes are lost until it is back: %s", error)
            self._away = True
            return
        if self._away:
            log.warning("The bus is back; hubs catch up by themselves.")
        self._away = False


class FeedReceiver:
    """A web process's end."""

    def __init__(self) -> None:
        self._layer = _layer()
        self._channel = ""

    async def join(self) -> None:
        """Enter the group. Raises RedisError or OSError where the bus is away."""
        self._channel = self._channel or await self._layer.new_channel()
        await self._layer.group_add(GROUP, self._channel)

    async def receive(self) -> FeedMessage:
        """Return the next message."""
        message = await self._layer.receive(self._channel)
        return unpack(cast("bytes", message["body"]))


def _layer() -> Any:
    layer = get_channel_layer()
    assert layer is not None, "CHANNEL_LAYERS is set"
    return layer
