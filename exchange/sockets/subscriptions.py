"""Reads the channel names of a frame: which channels exist, and on which markets."""

from collections.abc import Iterable

from marketdata import listing
from marketdata.feed.names import PublicName, parse
from matching.domain.errors import ErrorCode, ExchangeError


async def read_channels(texts: Iterable[str]) -> list[PublicName]:
    """Return the channels that `texts` name, each once.

    Raises ExchangeError: INVALID_REQUEST for a channel of no known kind, UNKNOWN_SYMBOL.
    """
    return [await _read(text) for text in dict.fromkeys(texts)]


async def _read(text: str) -> PublicName:
    name = parse(text)
    if name is None:
        raise ExchangeError(
            ErrorCode.INVALID_REQUEST, f"{text[:40]!r} is not a known channel.", field="channels"
        )
    await listing.get_async(name.symbol)
    return name
