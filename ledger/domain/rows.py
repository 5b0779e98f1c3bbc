"""The rows of the book of record, and their canonical form. Pure.

The fields of a row stand in the order, and under the names, of its table's columns; a value is what
COPY's text format shows: a moment in UTC, a boolean as `t` or `f`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from matching.domain.ids import MAX_SHARDS


class TradeRow(NamedTuple):
    """One trade, as `trade_ledger` keeps it."""

    event_id: int
    shard: int
    sequence: int
    trade_id: int
    symbol: str
    price_ticks: int
    qty_lots: int
    base_units: int
    quote_units: int
    taker_side: str
    buy_order_id: int
    sell_order_id: int
    buyer_user_id: int
    seller_user_id: int
    buyer_fee_units: int
    seller_fee_units: int
    maker_side: str
    executed_at: str


class OrderRow(NamedTuple):
    """An ended order's terms and final state, as `order_history` keeps them."""

    order_id: int
    shard: int
    sequence: int
    user_id: int
    symbol: str
    side: str
    type: str
    time_in_force: str
    post_only: str
    price_ticks: int
    qty_lots: int
    client_order_id: str
    status: str
    filled_lots: int
    filled_units: int
    canceled_lots: int
    end_reason: str
    reject_reason: str
    ended_at: str


class FundingRow(NamedTuple):
    """A deposit or withdrawal, as `funding` keeps it."""

    event_id: int
    shard: int
    sequence: int
    user_id: int
    asset: str
    amount_units: int
    reference: str
    moved_at: str


class OpenedRow(NamedTuple):
    """An order that came to rest, as `order_opened` keeps it."""

    order_id: int
    shard: int
    sequence: int
    user_id: int
    symbol: str
    side: str
    post_only: str
    price_ticks: int
    qty_lots: int
    client_order_id: str
    filled_lots: int
    filled_units: int
    opened_at: str


class NoticeRow(NamedTuple):
    """What changed no balance and no order, as `ledger_notice` keeps it."""

    event_id: int
    shard: int
    sequence: int
    kind: str
    symbol: str
    user_id: int
    detail: str
    noted_at: str


AnyRow = TradeRow | OrderRow | FundingRow | OpenedRow | NoticeRow

TABLES: Final[dict[str, type[AnyRow]]] = {
    "trade_ledger": TradeRow,
    "order_history": OrderRow,
    "funding": FundingRow,
    "order_opened": OpenedRow,
    "ledger_notice": NoticeRow,
}


@dataclass(slots=True)
class Rows:
    """What a stretch of events adds to the book of record."""

    trades: list[TradeRow] = field(default_factory=list)
    orders: list[OrderRow] = field(default_factory=list)
    funding: list[FundingRow] = field(default_factory=list)
    opened: list[OpenedRow] = field(default_factory=list)
    notices: list[NoticeRow] = field(default_factory=list)

    def by_table(self) -> Iterator[tuple[str, Sequence[AnyRow]]]:
        """Yield each table with its rows, in the order of TABLES."""
        rows: Mapping[str, Sequence[AnyRow]] = {
            "trade_ledger": self.trades,
            "order_history": self.orders,
            "funding": self.funding,
            "order_opened": self.opened,
            "ledger_notice": self.notices,
        }
        for table in TABLES:
            yield table, rows[table]


def event_id(*, shard: int, sequence: int) -> int:
    """Return one number for an event of any shard; unique, and growing within a shard."""
    return sequence * MAX_SHARDS + shard


def lines_of(rows: Sequence[AnyRow]) -> list[bytes]:
    """Return each of the rows of one table as COPY reads and writes it, line end included."""
    if not rows:
        return []
    form = _FORMS[type(rows[0])]
    return [(form % row).encode() for row in rows]


_FORMS: Final = {row: "\t".join(["%s"] * len(row._fields)) + "\n" for row in TABLES.values()}
