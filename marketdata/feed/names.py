"""The names of public channels. Pure."""

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a public channel sends."""

    TRADES = "trades"
    BOOK = "book"


class PublicName(NamedTuple):
    """A public channel: `trades.BTC-USD`."""

    kind: Kind
    symbol: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.symbol}"


def parse(text: str) -> PublicName | None:
    """Return the channel that `text` names, or None where it is of no public kind."""
    kind, dot, symbol = text.partition(".")
    if not dot or not symbol or kind not in list(Kind):
        return None
    return PublicName(Kind(kind), symbol)
