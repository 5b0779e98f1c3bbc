"""Reads of a shard's facts what its state is made of. Used by `ledger.rebuild`.

Each reads all facts of a kind, which takes a while where there are many.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from django.db import connection

from ledger.models import Funding, Notice, Trade
from matching.domain.commands import DefineMarket, SetLimits
from matching.domain.errors import ErrorCode
from matching.domain.events import FundsMoved, OrderPlaced, OrderRejected
from matching.domain.events import Trade as TradeEvent
from matching.domain.ids import MAX_SHARDS
from matching.domain.state import OpenOrder
from matching.domain.timestamps import from_datetime, to_datetime
from matching.domain.values import (
    EndReason,
    Lots,
    MarketStatus,
    OrderType,
    Sequence,
    Side,
    Ticks,
    TimeInForce,
    Units,
)

ROWS_PER_FETCH: Final = 10_000

# An order is open that came to rest and has not ended; what it traded since, it traded as maker.
_OPEN_ORDERS: Final = """
WITH open AS MATERIALIZED (
    SELECT * FROM order_opened AS opened
     WHERE shard = %(shard)s AND NOT EXISTS (
        SELECT FROM order_history AS ended WHERE ended.order_id = opened.order_id
     )
), made AS (
    SELECT open.order_id, sum(trade.qty_lots)::bigint AS lots,
           sum(trade.quote_units)::bigint AS units
      FROM trade_ledger AS trade
      JOIN open ON open.order_id = CASE trade.maker_side
           WHEN 'BUY' THEN trade.buy_order_id ELSE trade.sell_order_id END
     WHERE trade.shard = %(shard)s AND trade.event_id > (SELECT min(event_id) FROM open)
     GROUP BY open.order_id
)
SELECT open.order_id, user_id, symbol, side, post_only, price_ticks, qty_lots,
       qty_lots - filled_lots - coalesce(lots, 0), filled_units + coalesce(units, 0),
       client_order_id, opened_at
  FROM open LEFT JOIN made USING (order_id)
"""
# A book changes where an order comes to rest, a resting one trades, or is canceled.
_BOOK_CHANGES: Final = """
SELECT symbol, sum(changes)::bigint FROM (
    SELECT symbol, count(*) AS changes FROM order_opened WHERE shard = %(shard)s GROUP BY symbol
    UNION ALL
    SELECT symbol, count(*) FROM trade_ledger WHERE shard = %(shard)s GROUP BY symbol
    UNION ALL
    SELECT symbol, count(*) FROM order_history
     WHERE shard = %(shard)s AND end_reason IN ('USER', 'RESET') GROUP BY symbol
) AS counted GROUP BY symbol
"""
# The first answer to an order was that it rests, or how it ended at once.
_NAMED_ORDERS: Final = """
SELECT order_id, sequence, opened_at, user_id, symbol, side, 'LIMIT', 'GTC', post_only,
       price_ticks, qty_lots, client_order_id, filled_lots, filled_units,
       qty_lots - filled_lots, 0, '', ''
  FROM order_opened AS opened
 WHERE shard = %(shard)s AND client_order_id <> '' AND (opened_at >= %(since)s OR NOT EXISTS (
    SELECT FROM order_history AS ended WHERE ended.order_id = opened.order_id
 ))
UNION ALL
SELECT order_id, sequence, ended_at, user_id, symbol, side, type, time_in_force, post_only,
       price_ticks, qty_lots, client_order_id, filled_lots, filled_units,
       0, canceled_lots, end_reason, reject_reason
  FROM order_history AS ended
 WHERE shard = %(shard)s AND client_order_id <> '' AND ended_at >= %(since)s AND NOT EXISTS (
    SELECT FROM order_opened AS opened WHERE opened.order_id = ended.order_id
 )
 ORDER BY order_id
"""
_LAST_NUMBERS: Final = """
SELECT coalesce((SELECT max(trade_id) FROM trade_ledger WHERE shard = %(shard)s), 0),
       coalesce(greatest((SELECT max(order_id) FROM order_opened WHERE shard = %(shard)s),
                         (SELECT max(order_id) FROM order_history WHERE shard = %(shard)s)), 0),
       greatest((SELECT max(executed_at) FROM trade_ledger WHERE shard = %(shard)s),
                (SELECT max(opened_at) FROM order_opened WHERE shard = %(shard)s),
                (SELECT max(ended_at) FROM order_history WHERE shard = %(shard)s),
                (SELECT max(moved_at) FROM funding WHERE shard = %(shard)s),
                (SELECT max(noted_at) FROM ledger_notice WHERE shard = %(shard)s))
"""


def open_orders(shard: int) -> list[OpenOrder]:
    """Return the orders that are open, in the order they came."""
    found = [
        OpenOrder(
            order_id=order_id,
            user_id=user_id,
            symbol=symbol,
            side=Side(side),
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            post_only=post_only,
            price_ticks=Ticks(price),
            qty_lots=Lots(qty),
            remaining_lots=Lots(remaining),
            filled_units=Units(filled_units),
            client_order_id=client_order_id,
            ts_us=from_datetime(opened_at),
        )
        for (
            order_id, user_id, symbol, side, post_only, price, qty, remaining, filled_units,
            client_order_id, opened_at,
        ) in _rows(_OPEN_ORDERS, shard)
    ]  # fmt: skip
    return sorted(found, key=lambda order: order.order_id)


def book_changes(shard: int) -> dict[str, int]:
    """Return symbol → how often its book has changed."""
    return dict(_rows(_BOOK_CHANGES, shard))


def last_numbers(shard: int) -> tuple[int, int, int]:
    """Return the numbers of the last trade and the last order, and the time of the last fact."""
    ((trade_id, order_id, moment),) = _rows(_LAST_NUMBERS, shard)
    return trade_id // MAX_SHARDS, order_id // MAX_SHARDS, from_datetime(moment)


def last_price(shard: int, symbol: str) -> int:
    """Return the price of a market's last trade (0: it has had none)."""
    trades = Trade.objects.filter(shard=shard, symbol=symbol).order_by("-executed_at", "-event_id")
    return trades.values_list("price_ticks", flat=True).first() or 0


def markets(shard: int) -> dict[str, tuple[DefineMarket, MarketStatus]]:
    """Return symbol → terms and status of every market."""
    terms = {
        symbol: DefineMarket(symbol=symbol, **detail)
        for symbol, _, detail in _notices(shard, "market-defined")
    }
    statuses = {
        symbol: MarketStatus(detail["status"])
        for symbol, _, detail in _notices(shard, "market-status")
    }
    return {symbol: (terms[symbol], statuses.get(symbol, MarketStatus.TRADING)) for symbol in terms}


def limits(shard: int) -> dict[int, SetLimits]:
    """Return user id → risk limits of the user's own."""
    return {
        user_id: SetLimits(
            user_id=user_id,
            max_open_orders=detail["max_open_orders"],
            position_caps=tuple((asset, Units(cap)) for asset, cap in detail["position_caps"]),
            orders_per_second=detail["orders_per_second"],
        )
        for _, user_id, detail in _notices(shard, "limits")
    }


def resets(shard: int) -> set[str]:
    """Return the references of all resets."""
    return {detail["reference"] for _, _, detail in _notices(shard, "reset")}


def movements(shard: int) -> list[FundsMoved]:
    """Return all deposits and withdrawals, those of resets among them."""
    rows = Funding.objects.filter(shard=shard).order_by("event_id")
    return [
        FundsMoved(
            sequence=Sequence(row.sequence),
            ts_us=from_datetime(row.moved_at),
            user_id=row.user_id,
            asset=row.asset,
            amount=Units(row.amount_units),
            reference=row.reference,
        )
        for row in rows.iterator(ROWS_PER_FETCH)
    ]


def trades(shard: int, *, since_us: int) -> Iterator[TradeEvent]:
    """Yield the trades since then, as the events they were but for what they changed of a book."""
    rows = Trade.objects.filter(shard=shard, executed_at__gte=to_datetime(since_us))
    for row in rows.order_by("event_id").iterator(ROWS_PER_FETCH):
        buyer = (row.buy_order_id, row.buyer_user_id, row.buyer_fee_units)
        seller = (row.sell_order_id, row.seller_user_id, row.seller_fee_units)
        taker_side = Side(row.taker_side)
        taker, maker = (buyer, seller) if taker_side is Side.BUY else (seller, buyer)
        yield TradeEvent(
            sequence=Sequence(row.sequence),
            ts_us=from_datetime(row.executed_at),
            trade_id=row.trade_id,
            symbol=row.symbol,
            price_ticks=Ticks(row.price_ticks),
            qty_lots=Lots(row.qty_lots),
            base_units=Units(row.base_units),
            quote_units=Units(row.quote_units),
            taker_side=taker_side,
            taker_order_id=taker[0],
            maker_order_id=maker[0],
            taker_user_id=taker[1],
            maker_user_id=maker[1],
            taker_fee_units=Units(taker[2]),
            maker_fee_units=Units(maker[2]),
            maker_remaining_lots=Lots(0),
            level_lots=Lots(0),
            update_id=0,
        )


def first_answers(shard: int, *, since_us: int) -> list[OrderPlaced | OrderRejected]:
    """Return the event that answered each order with a client order id, of which it is the last.

    Of those that are open, and of those placed since then. Of the book nothing is known.
    """
    rows = _rows(_NAMED_ORDERS, shard, since=to_datetime(since_us))
    found: dict[tuple[int, str], OrderPlaced | OrderRejected] = {}
    for row in rows:
        event = _first_answer(row)
        found[event.user_id, event.client_order_id] = event
    return list(found.values())


def _first_answer(row: Any) -> OrderPlaced | OrderRejected:
    *terms, filled_lots, filled_units, resting_lots, canceled_lots, end_reason, reject_reason = row
    fields = dict(zip(_ORDER_FIELDS, terms, strict=True))
    fields["ts_us"] = from_datetime(fields["ts_us"])
    fields |= {"side": Side(fields["side"]), "type": OrderType(fields["type"])}
    fields["time_in_force"] = TimeInForce(fields["time_in_force"])
    if reject_reason:
        return OrderRejected(**fields, reason=ErrorCode(reject_reason))
    return OrderPlaced(
        **fields,
        filled_lots=filled_lots,
        filled_units=filled_units,
        resting_lots=resting_lots,
        canceled_lots=canceled_lots,
        end_reason=EndReason(end_reason),
        level_lots=Lots(0),
        update_id=0,
    )


_ORDER_FIELDS: Final = (
    "order_id", "sequence", "ts_us", "user_id", "symbol", "side", "type", "time_in_force",
    "post_only", "price_ticks", "qty_lots", "client_order_id",
)  # fmt: skip


def _notices(shard: int, kind: str) -> list[tuple[str, int, dict[str, Any]]]:
    """Return symbol, user id and detail of each notice of a kind, in the order they came."""
    rows = Notice.objects.filter(shard=shard, kind=kind).order_by("event_id")
    return [
        (symbol, user_id, msgspec.json.decode(detail))
        for symbol, user_id, detail in rows.values_list("symbol", "user_id", "detail")
    ]


def _rows(query: str, shard: int, **parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"shard": shard} | parameters)
        return list(cursor.fetchall())
