"""Back to the opening balance: every order canceled, every asset set."""

from matching.domain import events
from matching.domain.commands import ResetAccount
from matching.domain.errors import ErrorCode
from matching.domain.values import MAX_AMOUNT, EndReason
from tests.reference import canceling, funds
from tests.reference.state import State


def reset(state: State, command: ResetAccount) -> None:
    """Reset an account, wholly or not at all."""
    user_id = command.user_id
    if funds.answered_before(state, command):
        return None
    targets = _targets(state, command)
    for asset, target in targets.items():
        if state.supply[asset] - state.wallets[user_id, asset].total + target > MAX_AMOUNT:
            detail = "supply would overflow"
            return state.refuse(user_id, "reset", ErrorCode.INVALID_REQUEST, detail)
    for order in state.open_orders(user_id):
        canceling.take_off(state, order, EndReason.RESET)
    for asset, target in sorted(targets.items()):
        missing = target - state.wallets[user_id, asset].available
        if missing:
            funds.credit(state, user_id, asset, missing, command.reference)
    state.emit(events.AccountReset, user_id=user_id, reference=command.reference)
    state.receipts[command.reference] = funds.receipt(command, state.answer[-1:])
    return None


def _targets(state: State, command: ResetAccount) -> dict[str, int]:
    """Return asset → what the user shall have of it: all that they hold, and all that is named."""
    held = {asset: 0 for user_id, asset in state.wallets if user_id == command.user_id}
    return held | dict(command.balances)
