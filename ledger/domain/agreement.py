"""What must hold between a shard's wallets and the ledger, and what comparing them came to. Pure.

Both sides are as of the same event, so whatever differs is broken. Used by `ledger.reconcile`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from matching.domain.ids import MAX_SHARDS
from matching.domain.invariants import Check, Step, Violation
from matching.domain.moving_sums import Account, AccountTotals
from matching.domain.values import FEE_ACCOUNT

OUTSIDE: Final = -1
"""The account of the world outside: what it has put in, with a minus."""

CHECKS: Final = {
    "accounts": Check(
        "accounts", "What a user holds of an asset is what the ledger's postings make it."
    ),
    "fees": Check("assets", "What the fee account holds is what the fees of all trades come to."),
    "deposits": Check("assets", "The supply is the ledger's deposits less its withdrawals."),
    "postings": Check(
        "assets",
        "Debits equal credits: the balances of the ledger, those of the fee account and of the "
        "world outside among them, add up to nothing.",
    ),
    "trades": Check("trades", "The ledger has each trade of the shard exactly once."),
    "carried": Check(
        "accounts",
        "The balances carried forward are what all postings come to. Looked at with --full, and "
        "while there are few postings.",
    ),
    "ledger": Check(
        "behind",
        "The ledger is at an event that the log has had, and has no row beyond. So many events it "
        "has still to read.",
    ),
}

Key = TypeVar("Key", str, Account)
Gap = tuple[int, int]
"""Two trades that follow each other in the ledger, but not in number."""


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """What the postings of a shard come to as of one event, and how many trades there are."""

    trades: int
    units: Mapping[Account, int]
    carried: Mapping[Account, int] | None = None
    """What had been carried forward, where `units` was added up again from all postings."""


def compare(shard: AccountTotals, ledger: LedgerTotals) -> Iterator[Step]:
    """Hold a shard's wallets and supply against the postings; yield a step for each check."""
    held, posted = shard.units, ledger.units
    yield _judge(
        "accounts",
        _account_name,
        (_only(held, _is_user), _only(posted, _is_user)),
        "is {} in the wallet, the ledger's postings make it {}",
    )
    yield _judge(
        "fees",
        lambda asset: f"fee account, {asset}",
        (_of(held, FEE_ACCOUNT), _of(posted, FEE_ACCOUNT)),
        "is {} in the wallet, the fees in the ledger come to {}",
    )
    put_in = {asset: -units for asset, units in _of(posted, OUTSIDE).items()}
    yield _judge(
        "deposits",
        lambda asset: f"supply of {asset}",
        (shard.supply, put_in),
        "is {}, the ledger's deposits less withdrawals are {}",
    )
    sums = Counter[str]()
    for (_, asset), units in posted.items():
        sums[asset] += units
    yield _judge(
        "postings",
        lambda asset: f"postings of {asset}",
        (sums, dict.fromkeys(sums, 0)),
        "add up to {}, which should be {}",
    )
    if ledger.carried is not None:
        yield _judge(
            "carried",
            lambda account: f"carried {_account_name(account)}",
            (ledger.carried, posted),
            "is {}, all postings make it {}",
        )


def compare_trades(made: int, ledger: LedgerTotals, gaps: Sequence[Gap]) -> Step:
    """Hold the number of trades that a shard made against the ledger's; `gaps` says where."""
    wrong = (
        []
        if made == ledger.trades
        else [
            Violation(
                "trades", "", "trades", f"are {ledger.trades} in the ledger, the shard made {made}"
            )
        ]
    )
    wrong += [Violation("trades", "", *_told(gap)) for gap in gaps]
    return Step.judged("trades", ledger.trades, wrong)


def _told(gap: Gap) -> tuple[str, str]:
    before, after = gap
    if after == before:
        return f"trade {after}", "is in the ledger twice"
    first, last = before + MAX_SHARDS, after - MAX_SHARDS
    if last < first:
        return f"trade {after}", "is in the ledger, but no trade of the shard"
    if first == last:
        return f"trade {first}", "is missing in the ledger"
    return f"trades {first} to {last}", "are missing in the ledger"


def _judge(
    check: str,
    name: Callable[[Key], str],
    tables: tuple[Mapping[Key, int], Mapping[Key, int]],
    what: str,
) -> Step:
    """Return the step that held two tables against each other; `what` takes both figures."""
    left, right = tables
    subjects = sorted(left.keys() | right.keys())
    pairs = [(subject, left.get(subject, 0), right.get(subject, 0)) for subject in subjects]
    wrong = [
        Violation(check, "", name(subject), what.format(one, other))
        for subject, one, other in pairs
        if one != other
    ]
    return Step.judged(check, len(subjects), wrong)


def _is_user(user_id: int) -> bool:
    return user_id not in {FEE_ACCOUNT, OUTSIDE}


def _only(units: Mapping[Account, int], belongs: Callable[[int], bool]) -> dict[Account, int]:
    return {account: amount for account, amount in units.items() if belongs(account[0])}


def _of(units: Mapping[Account, int], user_id: int) -> dict[str, int]:
    return {asset: amount for (user, asset), amount in units.items() if user == user_id}


def _account_name(account: Account) -> str:
    return f"account of user {account[0]}, {account[1]}"
