"""What staff is told of everything that must always hold, as the ledger's reconcile finds it."""

from typing import Any

from accounts.rest.wire import Body
from ledger import reconcile_runs
from marketdata import listing
from matching import runtime
from matching.domain import decimals
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.values import FEE_ACCOUNT, QUOTE_ASSET, Units
from matching.invariants import ServerRestarted


class ReconcileBody(Body, frozen=True, kw_only=True):
    """What holds now; a check's figures say how much was looked at, and how much is broken."""

    clean: bool
    checks: list[dict[str, Any]]
    fee_account: dict[str, str]
    ledger_lag: int


def reconcile_now() -> ReconcileBody:
    """Check everything now. Raises ExchangeError UNAVAILABLE where the matching store restarts."""
    try:
        outcome = reconcile_runs.run()
    except ServerRestarted:
        raise ExchangeError(
            ErrorCode.UNAVAILABLE, "The matching store restarted meanwhile; ask again."
        ) from None
    return ReconcileBody(
        clean=outcome.is_clean,
        checks=outcome.checks(),
        fee_account=_fee_account(),
        ledger_lag=outcome.ledger_lag,
    )


def _fee_account() -> dict[str, str]:
    held = {QUOTE_ASSET: Units(0)} | runtime.run_blocking(_fees_held())
    return {
        asset: decimals.from_units(units, listing.asset_decimals(asset))
        for asset, units in held.items()
    }


async def _fees_held() -> dict[str, Units]:
    wallet = await runtime.state().wallet(FEE_ACCOUNT)
    return {asset: balance.total for asset, balance in wallet.items()}
