"""A user's statement: what there was, every posting in order, what there is. Synchronous.

Made of the facts alone, whatever else adds them up, as of the ledger's checkpoints. It only grows,
so a statement that is read line by line is as whole as one that is read at a blow.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection

from ledger.models import Checkpoint
from matching.domain.timestamps import to_datetime

LINES_PER_READ: Final = 2_000

BEGINNING: Final = to_datetime(0)
END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)

_OF_THE_ACCOUNT: Final = """
  FROM ledger_postings
 WHERE account = %(account)s AND at >= %(begin)s AND at < %(end)s
   AND sequence <= (%(checkpoints)s::bigint[])[shard + 1]
   AND (%(asset)s = '' OR asset = %(asset)s)
"""
_SUMS: Final = f"SELECT asset, sum(units)::bigint, count(*) {_OF_THE_ACCOUNT} GROUP BY asset"
_LINES: Final = f"""
SELECT at, event_id, leg, sequence, kind, symbol, asset, units, reference {_OF_THE_ACCOUNT}
   AND (at, event_id, leg) > (%(after_at)s, %(after_event)s, %(after_leg)s)
 ORDER BY at, event_id, leg LIMIT %(limit)s
"""


class Line(NamedTuple):
    """One posting; `balance` is what the account has of the asset after it."""

    at: datetime
    event_id: int
    leg: int
    sequence: int
    kind: str
    symbol: str
    asset: str
    units: int
    reference: str
    balance: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An account within [begin, end), of one asset or (empty) of all; balances by asset."""

    account: int
    asset: str
    begin: datetime
    end: datetime
    checkpoints: Sequence[int]
    """The last event of each shard that the statement may hold."""
    opening: Mapping[str, int]
    closing: Mapping[str, int]
    count: int
    """How many lines there are."""

    def lines(self) -> Iterator[Line]:
        """Yield every posting, oldest first, with the balance after it."""
        balances = Counter(self.opening)
        parameters = _parameters(self.account, self.asset, self.checkpoints)
        parameters |= {"begin": self.begin, "end": self.end, "limit": LINES_PER_READ}
        place = (BEGINNING, 0, 0)
        while True:
            after = zip(("after_at", "after_event", "after_leg"), place, strict=True)
            rows = _rows(_LINES, parameters | dict(after))
            for line in (Line(*row) for row in rows):
                balances[line.asset] += line.units
                yield line._replace(balance=balances[line.asset])
            if len(rows) < LINES_PER_READ:
                return
            place = rows[-1][:3]


def checkpoints_now() -> list[int]:
    """Return the last event in the ledger of each shard, in the order of the shards."""
    known = dict(Checkpoint.objects.values_list("shard", "sequence"))
    return [known.get(shard, 0) for shard in range(settings.MATCHING_SHARDS)]


def statement(
    account: int,
    *,
    checkpoints: Sequence[int],
    begin: datetime = BEGINNING,
    end: datetime = END_OF_TIME,
    asset: str = "",
) -> Statement:
    """Return an account's statement; its lines are read as they are asked for."""
    parameters = _parameters(account, asset, checkpoints)
    before = _rows(_SUMS, parameters | {"begin": BEGINNING, "end": begin})
    within = _rows(_SUMS, parameters | {"begin": begin, "end": end})
    opening = Counter({name: units for name, units, _ in before})
    closing = opening.copy()
    for name, units, _ in within:
        closing[name] += units
    return Statement(
        account=account,
        asset=asset,
        begin=begin,
        end=end,
        checkpoints=checkpoints,
        opening=opening,
        closing=closing,
        count=sum(count for *_, count in within),
    )


def _parameters(account: int, asset: str, checkpoints: Sequence[int]) -> dict[str, Any]:
    return {"account": account, "asset": asset, "checkpoints": list(checkpoints)}


def _rows(query: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
