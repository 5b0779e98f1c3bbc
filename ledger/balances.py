"""The balances that the postings make, account by account, as of any event. Used by reconcile.

Adding up all postings takes as long as there are many; so the sums of the last time are kept
(`account_balance`), and moved to the event that is asked for by the postings in between, be it
later or earlier. They are no facts: `added_up_again` makes them from all postings.
"""

from typing import Any, Final, cast

from django.db import connection, transaction

from ledger.domain.agreement import Gap, LedgerTotals
from ledger.domain.rows import event_id
from ledger.models import AccountBalance, BalanceCheckpoint
from matching.domain.ids import MAX_SHARDS, order_id
from matching.domain.moving_sums import Account

MAX_GAPS: Final = 20

_MOVE: Final = """
INSERT INTO account_balance (shard, user_id, asset, units)
SELECT shard, account, asset, (%(sign)s * sum(units))::bigint FROM ledger_postings
 WHERE shard = %(shard)s AND event_id > %(low)s AND event_id <= %(high)s
 GROUP BY shard, account, asset
ON CONFLICT (shard, user_id, asset) DO UPDATE SET units = account_balance.units + excluded.units
"""
_COUNT: Final = """
SELECT count(*) FROM trade_ledger
 WHERE shard = %(shard)s AND event_id > %(low)s AND event_id <= %(high)s
"""
_GAPS: Final = """
WITH listed AS (
    SELECT trade_id FROM trade_ledger
     WHERE shard = %(shard)s AND event_id > %(low)s AND event_id <= %(high)s
    UNION ALL VALUES (%(first)s::bigint), (%(end)s)
), pairs AS (
    SELECT lag(trade_id) OVER (ORDER BY trade_id) AS before, trade_id AS after FROM listed
)
SELECT before, after FROM pairs WHERE after - before <> %(step)s ORDER BY after LIMIT %(most)s
"""
_BEYOND: Final = """
WITH checkpoint AS (
    SELECT shard, sequence * %(step)s + shard AS event_id FROM ledger_consumer_offsets
     WHERE shard = %(shard)s
)
SELECT sequence FROM trade_ledger
 WHERE shard = %(shard)s AND event_id > (SELECT event_id FROM checkpoint)
UNION ALL
SELECT sequence FROM funding
 WHERE shard = %(shard)s AND event_id > (SELECT event_id FROM checkpoint)
 LIMIT %(most)s
"""


def trades_carried(shard: int) -> int:
    """Return how many trades the carried balances are made of."""
    checkpoint = BalanceCheckpoint.objects.filter(shard=shard).first()
    return checkpoint.trades if checkpoint else 0


def carried_to(shard: int, sequence: int) -> LedgerTotals:
    """Move a shard's balances to an event that the ledger has, and return them."""
    with transaction.atomic():
        return _move(_locked(shard), sequence)


def added_up_again(shard: int, sequence: int) -> LedgerTotals:
    """Make a shard's balances again from all postings up to an event that the ledger has."""
    with transaction.atomic():
        checkpoint = _locked(shard)
        carried = _move(checkpoint, sequence)
        AccountBalance.objects.filter(shard=shard).delete()
        checkpoint.sequence, checkpoint.trades = 0, 0
        again = _move(checkpoint, sequence)
        return LedgerTotals(again.trades, again.units, carried.units)


def _locked(shard: int) -> BalanceCheckpoint:
    """Return the shard's checkpoint; others wait for the end of the transaction."""
    BalanceCheckpoint.objects.get_or_create(shard=shard)
    return BalanceCheckpoint.objects.select_for_update().get(shard=shard)


def _move(checkpoint: BalanceCheckpoint, sequence: int) -> LedgerTotals:
    shard, sign = checkpoint.shard, 1 if sequence >= checkpoint.sequence else -1
    span = _span(shard, *sorted((checkpoint.sequence, sequence)))
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, span | {"sign": sign})
        cursor.execute(_COUNT, span)
        (trades,) = cast("tuple[int]", cursor.fetchone())
    checkpoint.sequence = sequence
    checkpoint.trades += sign * trades
    checkpoint.save()
    return LedgerTotals(checkpoint.trades, _balances(shard))


def _span(shard: int, after: int, upto: int) -> dict[str, int]:
    """Return the parameters that stand for the events behind `after`, up to `upto`."""
    return {
        "shard": shard,
        "low": event_id(shard=shard, sequence=after),
        "high": event_id(shard=shard, sequence=upto),
    }


def _balances(shard: int) -> dict[Account, int]:
    rows: Any = AccountBalance.objects.filter(shard=shard).values_list("user_id", "asset", "units")
    return {(user_id, asset): units for user_id, asset, units in rows}


def gaps_between_trades(shard: int, sequence: int, *, trades: int) -> list[Gap]:
    """Return where the trades up to an event are not 1, 2, 3 … `trades`; the first ones."""
    span = _span(shard, 0, sequence) | {
        "first": order_id(0, shard),
        "end": order_id(trades + 1, shard),
        "step": MAX_SHARDS,
        "most": MAX_GAPS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, span)
        return cast("list[Gap]", cursor.fetchall())


def rows_beyond(shard: int) -> list[int]:
    """Return the sequences of rows that the ledger's checkpoint has not come to; the first ones."""
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND, {"shard": shard, "step": MAX_SHARDS, "most": MAX_GAPS})
        return [sequence for (sequence,) in cursor.fetchall()]
