"""Users' statements as people read them. For `manage.py statement` and the users' admin page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from django.conf import settings

from accounts.models import User
from accounts.rest.wire import invalid
from ledger.statement import BEGINNING, END_OF_TIME, Line, Statement, checkpoints_now, statement
from ledger.wallet_as_of import wallet_as_of
from marketdata import listing
from matching.connection import open_sync
from matching.domain import decimals
from matching.domain.timestamps import from_datetime, rfc3339

COMPARE_TRIES: Final = 3


class Agreement(StrEnum):
    """What a statement that reaches to now says of the wallet in the hot Redis."""

    EQUAL = "equal"
    DIFFERENT = "different"
    BEHIND = "not caught up"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES: Final = {
    Agreement.EQUAL: "The wallet holds the same, to the last unit.",
    Agreement.DIFFERENT: "The wallet holds something else: manage.py reconcile looks closer.",
    Agreement.BEHIND: "The ledger has not caught up with the wallet yet; ask again.",
}


class Row(NamedTuple):
    """A line of a statement, in text; amounts and balances are decimals."""

    time: str = ""
    event: str = ""
    kind: str = ""
    market: str = ""
    asset: str = ""
    amount: str = ""
    balance: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStatement:
    """A statement of a user; `agreement` is None for a period that is over."""

    user: User
    statement: Statement
    agreement: Agreement | None

    def opening(self) -> list[Row]:
        return self._balances("opening", self.statement.opening, self.statement.begin)

    def postings(self) -> Iterator[Row]:
        """Yield every posting, oldest first."""
        return (_row(line) for line in self.statement.lines())

    def closing(self) -> list[Row]:
        return self._balances("closing", self.statement.closing, self.statement.end)

    def rows(self) -> Iterator[Row]:
        """Yield all of it in order."""
        yield from self.opening()
        yield from self.postings()
        yield from self.closing()

    def _balances(self, kind: str, balances: Mapping[str, int], at: datetime) -> list[Row]:
        """Return a balance of each asset that there was, the same ones at both ends."""
        time = "" if at in {BEGINNING, END_OF_TIME} else rfc3339(from_datetime(at))
        return [
            Row(time=time, kind=kind, asset=asset, balance=_text(balances.get(asset, 0), asset))
            for asset in sorted(self.statement.closing)
        ]


def user_statement(
    user: User, *, begin: datetime | None = None, end: datetime | None = None, asset: str = ""
) -> UserStatement:
    """Return a user's statement of [begin, end), each open where it is None.

    Raises ExchangeError INVALID_REQUEST (no market has the asset, no such period), RedisError.
    """
    if begin and end and begin > end:
        raise invalid("from", "This is after to.")
    if asset:
        listing.asset_decimals(asset)
    reaches_now = end is None or end > datetime.now(UTC)
    if reaches_now:
        held, checkpoints = _wallet_at_checkpoints(user)
    else:
        held, checkpoints = None, checkpoints_now()
    made = statement(
        user.pk,
        checkpoints=checkpoints,
        begin=begin or BEGINNING,
        end=end or END_OF_TIME,
        asset=asset,
    )
    agreement = _agreement(made, held) if reaches_now else None
    return UserStatement(user=user, statement=made, agreement=agreement)


def _wallet_at_checkpoints(user: User) -> tuple[Mapping[str, int] | None, list[int]]:
    """Return what the wallet held at the ledger's checkpoints, None if untold; and these."""
    with open_sync(settings.REDIS_HOT_URL) as hot:
        for _ in range(COMPARE_TRIES):
            checkpoints = checkpoints_now()
            held = wallet_as_of(hot, user.pk, checkpoints)
            if held is not None:
                break
    return held, checkpoints


def _agreement(made: Statement, held: Mapping[str, int] | None) -> Agreement:
    if held is None:
        return Agreement.BEHIND
    assets = {made.asset} if made.asset else held.keys() | made.closing.keys()
    same = all(held.get(asset, 0) == made.closing.get(asset, 0) for asset in assets)
    return Agreement.EQUAL if same else Agreement.DIFFERENT


def _row(line: Line) -> Row:
    return Row(
        time=rfc3339(from_datetime(line.at)),
        event=str(line.sequence),
        kind=line.kind,
        market=line.symbol,
        asset=line.asset,
        amount=_text(line.units, line.asset),
        balance=_text(line.balance, line.asset),
        reference=line.reference,
    )


def _text(units: int, asset: str) -> str:
    return decimals.from_units(units, listing.asset_decimals(asset))
