"""Users' holdings, as far as the ledger has them. Synchronous; called for `GET /v1/wallet`.

They are the fold of all that ever happened to a user (`ledger.domain.positions`), carried on from
where an earlier call has left it (`position_snapshot`): who asks now and then has little to read,
however long the history. The snapshots are no facts and may be deleted: they are made again.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from ledger.domain.positions import Change, Filled, Holding, Holdings, Moved, Price, fold
from ledger.domain.rows import event_id
from ledger.models import Checkpoint, PositionSnapshot
from matching.domain.ids import MAX_SHARDS
from matching.domain.timestamps import to_datetime
from matching.domain.values import QUOTE_ASSET, Side

ROWS_PER_BATCH: Final = 5_000
BATCHES_PER_CALL: Final = 20
"""A longer history is folded by several calls, each of about a second."""
ROWS_WORTH_SAVING: Final = 200
"""So many are as soon folded again as saved."""

# Each part is a scan of one index that ends after the limit.
_NEXT: Final = """
(SELECT executed_at, event_id, 'BUY', symbol, base_units, quote_units, buyer_fee_units
   FROM trade_ledger
  WHERE buyer_user_id = %(user)s AND shard = %(shard)s
    AND (executed_at, event_id) > (%(at)s, %(after)s) AND event_id <= %(upto)s
  ORDER BY executed_at, event_id LIMIT %(limit)s)
UNION ALL
(SELECT executed_at, event_id, 'SELL', symbol, base_units, quote_units, seller_fee_units
   FROM trade_ledger
  WHERE seller_user_id = %(user)s AND shard = %(shard)s
    AND (executed_at, event_id) > (%(at)s, %(after)s) AND event_id <= %(upto)s
  ORDER BY executed_at, event_id LIMIT %(limit)s)
UNION ALL
(SELECT moved_at, moved.event_id, '', asset,
        coalesce(last.base_units, 0), coalesce(last.quote_units, 0), amount_units
   FROM funding AS moved LEFT JOIN LATERAL (
        SELECT base_units, quote_units FROM trade_ledger
         WHERE symbol = moved.asset || '-' || %(quote)s AND moved.amount_units > 0
           AND (executed_at, event_id) < (moved.moved_at, moved.event_id)
         ORDER BY executed_at DESC, event_id DESC LIMIT 1
   ) AS last ON true
  WHERE user_id = %(user)s AND moved.shard = %(shard)s
    AND (moved_at, moved.event_id) > (%(at)s, %(after)s) AND moved.event_id <= %(upto)s
  ORDER BY moved_at, moved.event_id LIMIT %(limit)s)
ORDER BY 1, 2 LIMIT %(limit)s
"""
# Of two calls at once the one that has come further wins: both fold the same.
_SAVE: Final = """
INSERT INTO position_snapshot (shard, user_id, at, event_id, holdings)
VALUES (%(shard)s, %(user)s, %(at)s, %(after)s, %(holdings)s)
ON CONFLICT (shard, user_id) DO UPDATE
   SET at = excluded.at, event_id = excluded.event_id, holdings = excluded.holdings
 WHERE position_snapshot.event_id < excluded.event_id
"""


@dataclass(frozen=True, slots=True)
class HoldingsAsOf:
    """A user's holdings on a shard after the event `sequence` of it."""

    holdings: Holdings
    sequence: int


class _Row(NamedTuple):
    """A row of `_NEXT`. `units` is the fee of a fill, the amount of a movement of funds.

    That has no side, and both its other figures make the last price (0: there is none).
    """

    at: datetime
    event_id: int
    side: str
    name: str
    base_units: int
    quote_units: int
    units: int

    @property
    def change(self) -> Change:
        if not self.side:
            price = Price(self.quote_units, self.base_units) if self.base_units else None
            return Moved(self.name, self.units, price)
        base, _, quote = self.name.partition("-")
        return Filled(Side(self.side), base, quote, self.base_units, self.quote_units, self.units)


@dataclass(slots=True)
class _Fold:
    """A user's holdings on a shard, and the place of the last change that is in them."""

    shard: int
    user_id: int
    at: datetime
    event_id: int
    holdings: Holdings

    @classmethod
    def saved(cls, shard: int, user_id: int) -> "_Fold":
        """Return it as it was left, or from the beginning."""
        found = PositionSnapshot.objects.filter(shard=shard, user_id=user_id).first()
        if found is None:
            return cls(shard, user_id, to_datetime(0), 0, {})
        holdings = {asset: Holding(*figures) for asset, figures in found.holdings.items()}
        return cls(shard, user_id, found.at, found.event_id, holdings)

    def carry_on(self, *, upto: int) -> int:
        """Fold the next batch of changes, up to an event id; return how many there were."""
        parameters = self._key | {"upto": upto, "quote": QUOTE_ASSET, "limit": ROWS_PER_BATCH}
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, parameters)
            rows = [_Row(*row) for row in cursor.fetchall()]
        fold(self.holdings, (row.change for row in rows))
        if rows:
            self.at, self.event_id = rows[-1].at, rows[-1].event_id
        return len(rows)

    def save(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SAVE, self._key | {"holdings": json.dumps(self.holdings)})

    @property
    def _key(self) -> dict[str, Any]:
        return {"shard": self.shard, "user": self.user_id, "at": self.at, "after": self.event_id}


def holdings_of(user_id: int, *, shard: int) -> HoldingsAsOf:
    """Return what a user holds on a shard as of the ledger's last event.

    As of an earlier one where more than a call can fold has happened since the last: ask again.
    """
    sequence = Checkpoint.of(shard)
    folded, rows = _Fold.saved(shard, user_id), 0
    for _ in range(BATCHES_PER_CALL):
        batch = folded.carry_on(upto=event_id(shard=shard, sequence=sequence))
        rows += batch
        if batch < ROWS_PER_BATCH:
            break
        folded.save()
    else:
        sequence = folded.event_id // MAX_SHARDS
    if rows >= ROWS_WORTH_SAVING:
        folded.save()
    return HoldingsAsOf(folded.holdings, sequence)
