"""What a user can ask about the past: ended orders and fills, newest first, page by page.

Both come from the ledger. The first page waits until it has caught up with the engine, so that what
a user has seen happen is on it; those after it are older than what is already shown.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, Protocol, TypeVar

import msgspec

from accounts.rest.period import PeriodQuery
from accounts.rest.wire import Page, invalid
from exchange import ledger_access
from exchange.domain.acks import ended_ack, own_fill
from exchange.domain.refusals import ledger_behind
from exchange.messages import OrderAck, OwnFill
from ledger import selectors as ledger
from ledger.domain.fills import LedgerFill
from ledger.domain.history import Cursor, HistoryPage
from ledger.domain.orders import EndedOrder
from marketdata import listing
from matching.domain.timestamps import in_utc

MAX_PAGE: Final = 500

# As long as their columns can be.
_CURSOR: Final = re.compile(r"([0-9]{1,16})-([0-9]{1,18})", re.ASCII)


class HistoryQuery(PeriodQuery, frozen=True, kw_only=True):
    """Of one market, or of all; `cursor` is the `nextCursor` of the page before."""

    symbol: str = ""
    cursor: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)] = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cursor is not None and not _CURSOR.fullmatch(self.cursor):
            raise invalid("cursor", "Give the nextCursor of the page before.")

    @property
    def before(self) -> Cursor | None:
        match = _CURSOR.fullmatch(self.cursor or "")
        return Cursor(int(match[1]), int(match[2])) if match else None


class HasCursor(Protocol):
    """What stands somewhere in a history."""

    @property
    def cursor(self) -> Cursor: ...


Fact = TypeVar("Fact", bound=HasCursor)
Shown = TypeVar("Shown")


async def orders_ended(*, user_id: int, query: HistoryQuery) -> Page[OrderAck]:
    """Return a user's ended orders, without their fills.

    Raises ExchangeError: UNKNOWN_SYMBOL, UNAVAILABLE (the ledger is away, or too far behind).
    """

    async def shown(order: EndedOrder) -> OrderAck:
        return ended_ack(order, await listing.get_async(order.symbol))

    return await _page(ledger.ended_orders, shown, user_id, query)


async def fills(*, user_id: int, query: HistoryQuery) -> Page[OwnFill]:
    """Return a user's fills. Raises ExchangeError as `orders_ended`."""

    async def shown(fill: LedgerFill) -> OwnFill:
        return own_fill(fill, await listing.get_async(fill.symbol))

    return await _page(ledger.fills, shown, user_id, query)


async def _page(
    find: Callable[[HistoryPage], Sequence[Fact]],
    show: Callable[[Fact], Awaitable[Shown]],
    user_id: int,
    query: HistoryQuery,
) -> Page[Shown]:
    if query.symbol:
        await listing.get_async(query.symbol)
    if query.before is None and not await ledger_access.catch_up_with_all():
        raise ledger_behind()
    found = await ledger_access.ask(find, _asked_of_ledger(user_id, query))
    facts = found[: query.limit]
    more = len(found) > query.limit
    return Page(
        items=[await show(fact) for fact in facts],
        next_cursor="{}-{}".format(*facts[-1].cursor) if more else None,
    )


def _asked_of_ledger(user_id: int, query: HistoryQuery) -> HistoryPage:
    """Return the page to ask for: one more than is shown tells whether there is more."""
    return HistoryPage(
        user_id=user_id,
        limit=query.limit + 1,
        symbol=query.symbol,
        begin=query.begin and in_utc(query.begin),
        end=query.end and in_utc(query.end),
        before=query.before,
    )
