"""Paper money: deposits and withdrawals, and every user's opening deposit.

All of it is a command in the shard's stream, so it is ordered, replayable and in the ledger (D5).
"""

import logging
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from matching import runtime
from matching.domain import decimals
from matching.domain.commands import MoveFunds
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.events import CommandRefused, FundsMoved
from matching.domain.values import QUOTE_ASSET, QUOTE_DECIMALS, Units

log = logging.getLogger(__name__)

MAX_REFERENCE_LENGTH: Final = 64

_REFUSALS: Final = {
    ErrorCode.INSUFFICIENT_FUNDS: "The wallet has less available than that.",
    ErrorCode.CONFLICT: "This reference was used before, for something else.",
    ErrorCode.INVALID_REQUEST: "The amount does not fit: no asset's supply may pass 2^53-1 units.",
}


async def funds_move(*, user_id: int, asset: str, amount: Units, reference: str) -> FundsMoved:
    """Deposit (`amount` > 0) or withdraw (< 0) at most once for each `reference`.

    The same movement again is answered as the first time. Raises ExchangeError:
    INSUFFICIENT_FUNDS, CONFLICT, INVALID_REQUEST, UNAVAILABLE, UNKNOWN_OUTCOME.
    """
    client = await runtime.client()
    command = MoveFunds(user_id=user_id, asset=asset, amount=amount, reference=reference)
    for event in await client.submit(command):
        match event:
            case FundsMoved():
                return event
            case CommandRefused(reason=reason, detail=detail):
                sentence = _REFUSALS.get(reason, "Matching refused this; nothing was moved.")
                raise ExchangeError(reason, sentence, **({"detail": detail} if detail else {}))
    raise AssertionError("matching answered a movement of funds with something else")


def opening_deposit_ensure(user: User) -> bool:
    """Make the opening deposit unless it was confirmed before; return whether it is confirmed now.

    Safe to call again: the reference keeps the deposit from being made twice. Where matching does
    not confirm it, the next log-in tries again.
    """
    if user.opening_deposit_confirmed_at is not None:
        return True
    amount = Units(decimals.to_units(settings.OPENING_BALANCE_USD, QUOTE_DECIMALS))
    try:
        runtime.run_blocking(
            funds_move(
                user_id=user.pk, asset=QUOTE_ASSET, amount=amount, reference=f"opening:{user.pk}"
            )
        )
    except ExchangeError as error:
        # A conflict means it was made, when the setting had another value.
        if error.code is not ErrorCode.CONFLICT:
            log.warning("Opening deposit of user %d is not confirmed: %s", user.pk, error)
            return False
    user.opening_deposit_confirmed_at = timezone.now()
    user.save(update_fields=["opening_deposit_confirmed_at"])
    return True
