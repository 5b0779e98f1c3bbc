"""A book's changes as the feed gathers them, and a whole book as a hub keeps it. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from matching.domain.events import BookEvent, Trade
from matching.domain.values import Side

TextLevel = tuple[str, str]
"""Price and total quantity, as decimal text."""


class BookChanges:
    """What has happened to one book since its last push: each level's newest total."""

    __slots__ = ("asks", "bids", "first_update_id", "last_update_id")

    def __init__(self, first_update_id: int) -> None:
        self.first_update_id = first_update_id
        self.last_update_id = first_update_id
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def add(self, event: BookEvent) -> None:
        """Take in a change that follows the ones before."""
        side = event.side if not isinstance(event, Trade) else _maker_side(event)
        levels = self.bids if side is Side.BUY else self.asks
        levels[event.price_ticks] = event.level_lots
        self.last_update_id = event.update_id


def _maker_side(trade: Trade) -> Side:
    return Side.SELL if trade.taker_side is Side.BUY else Side.BUY


class TextBook:
    """A whole book in the words of its pushes."""

    def __init__(
        self, last_update_id: int, *, bids: Iterable[TextLevel], asks: Iterable[TextLevel]
    ) -> None:
        self.last_update_id = last_update_id
        self._bids = dict(bids)
        self._asks = dict(asks)

    def apply(
        self, last_update_id: int, *, bids: Sequence[TextLevel], asks: Sequence[TextLevel]
    ) -> None:
        """Take in an update; levels are absolute and "0" removes."""
        _set_levels(self._bids, bids)
        _set_levels(self._asks, asks)
        self.last_update_id = last_update_id

    def bids(self) -> list[TextLevel]:
        """Return the bids, best first."""
        return sorted(self._bids.items(), key=_price, reverse=True)

    def asks(self) -> list[TextLevel]:
        """Return the asks, best first."""
        return sorted(self._asks.items(), key=_price)


def _set_levels(levels: dict[str, str], changes: Sequence[TextLevel]) -> None:
    for price, qty in changes:
        if qty == "0":
            levels.pop(price, None)
        else:
            levels[price] = qty


def _price(level: TextLevel) -> Decimal:
    return Decimal(level[0])
