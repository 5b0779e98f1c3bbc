"""Paper deposits and withdrawals by staff: the admin endpoint and `manage.py fund_account`."""

import uuid

from accounts.funds import MAX_REFERENCE_LENGTH, funds_move
from accounts.models import User
from accounts.rest.wire import Body, check_printable, invalid
from marketdata import listing
from matching import runtime
from matching.domain import decimals
from matching.domain.timestamps import rfc3339
from matching.domain.values import MAX_AMOUNT, Units


class FundsMovedBody(Body, frozen=True, kw_only=True):
    """A movement of funds that took effect, once for its reference."""

    username: str
    asset: str
    amount: str
    reference: str
    ts: str


def account_fund(
    *, username: str, asset: str, amount: str, reference: str | None = None
) -> FundsMovedBody:
    """Deposit decimal text of an asset with a user; a negative amount takes away.

    The same reference again is answered as the first time, without moving anything. Raises
    ExchangeError: INVALID_REQUEST, INSUFFICIENT_FUNDS, CONFLICT, UNAVAILABLE, UNKNOWN_OUTCOME.
    """
    user = _user(username)
    places = listing.asset_decimals(asset)
    moved = runtime.run_blocking(
        funds_move(
            user_id=user.pk,
            asset=asset,
            amount=_units(amount, places),
            reference=_reference(reference),
        )
    )
    return FundsMovedBody(
        username=user.username,
        asset=moved.asset,
        amount=decimals.from_units(moved.amount, places),
        reference=moved.reference,
        ts=rfc3339(moved.ts_us),
    )


def _user(username: str) -> User:
    user = None if "\0" in username else User.objects.filter(username__iexact=username).first()
    if user is None:
        raise invalid("username", f"There is no user {username[:64]!r}.")
    return user


def _units(amount: str, places: int) -> Units:
    try:
        units = decimals.to_units(amount, places)
    except ValueError as reason:
        raise invalid("amount", str(reason)) from None
    if not 0 < abs(units) <= MAX_AMOUNT:
        raise invalid("amount", "The amount must not be zero, nor above 2^53-1 smallest units.")
    return Units(units)


def _reference(reference: str | None) -> str:
    if reference is None:
        return f"staff:{uuid.uuid4()}"
    check_printable("reference", reference, most=MAX_REFERENCE_LENGTH)
    # Without the prefix a reference could take the place of somebody's opening deposit.
    return f"staff:{reference}"
