"""Deposits and withdrawals, each at most once for its reference."""

from matching.domain import events
from matching.domain.commands import MoveFunds, ResetAccount
from matching.domain.errors import ErrorCode
from matching.domain.values import MAX_AMOUNT
from tests.reference import forms
from tests.reference.state import Events, Receipt, State, terms_of


def move(state: State, command: MoveFunds) -> None:
    """Deposit, or withdraw what is available."""
    user_id, asset, amount = command.user_id, command.asset, command.amount
    if answered_before(state, command):
        return None
    if state.wallets[user_id, asset].available + amount < 0:
        return state.refuse(user_id, "funds", ErrorCode.INSUFFICIENT_FUNDS)
    if state.supply[asset] + amount > MAX_AMOUNT:
        detail = "supply would overflow"
        return state.refuse(user_id, "funds", ErrorCode.INVALID_REQUEST, detail)
    credit(state, user_id, asset, amount, command.reference)
    state.receipts[command.reference] = receipt(command, state.answer)
    return None


def credit(state: State, user_id: int, asset: str, amount: int, reference: str) -> None:
    """Bring money into the world (take it out where negative)."""
    state.wallets[user_id, asset].available += amount
    state.supply[asset] += amount
    state.emit(events.FundsMoved, user_id=user_id, asset=asset, amount=amount, reference=reference)


def answered_before(state: State, command: MoveFunds | ResetAccount) -> bool:
    """Answer a command whose reference was used: as then, or with a conflict if it asks else."""
    receipt = state.receipts.get(command.reference)
    if receipt is None:
        return False
    if receipt.terms == _bound(command):
        state.answer = receipt.answer
    else:
        kind, detail = forms.kind(command), "reference was used before"
        state.refuse(command.user_id, kind, ErrorCode.CONFLICT, detail)
    return True


def receipt(command: MoveFunds | ResetAccount, answer: Events) -> Receipt:
    """Bind the command's reference to its terms."""
    return Receipt(_bound(command), answer)


def _bound(command: MoveFunds | ResetAccount) -> tuple[object, ...]:
    terms = terms_of(command)
    if isinstance(command, ResetAccount):
        terms["balances"] = sorted(
            command.balances
        )  # The order in which they are named is no term.
    return (type(command), *terms.values())
