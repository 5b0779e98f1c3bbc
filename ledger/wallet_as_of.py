"""What a wallet in the hot Redis held when the ledger's checkpoints were where they were.

So a statement can be held against the wallet while the market runs: what has happened since is
known, since every change of a balance is an event.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from redis import Redis

from matching.domain.moving_sums import balance_changes
from matching.invariant_slices import BalancesPiece, CannotLook, Slices
from matching.invariant_sums import CannotAddUp, EventTail

MAX_EVENTS_BEHIND: Final = 100_000
"""Past this the ledger is behind, and no moment to compare."""


def wallet_as_of(hot: Redis, user_id: int, checkpoints: Sequence[int]) -> Counter[str] | None:
    """Return what a user had of each asset, available and reserved, as of each shard's checkpoint.

    None where nobody can tell: the ledger is behind, or events since are no longer held. Ask right
    after the checkpoints were read: the log keeps little that the ledger has. Raises RedisError.
    """
    held: Counter[str] = Counter()
    for shard, checkpoint in enumerate(checkpoints):
        slices = Slices(hot, shard)
        try:
            _, now = slices.look("balances-of", BalancesPiece, user_id)
            if not 0 <= now.sequence - checkpoint <= MAX_EVENTS_BEHIND:
                return None
            since = EventTail(slices, after=checkpoint).up_to(now.sequence)
        except (CannotLook, CannotAddUp):
            return None
        for asset, units in now.units:
            held[asset] += int(units)
        for event in since:
            for changed, asset, units in balance_changes(event):
                if changed == user_id:
                    held[asset] -= units
    return held
