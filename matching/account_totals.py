"""Reads what every account of a shard holds, as of one event, while the market runs.

Used by the ledger's reconcile, which holds it against the postings up to the same event. Wallets
are read one after the other, each at a moment of its own, and carried on by the events to the
common one (see `matching.domain.moving_sums`).
"""

from typing import Any, Final, cast

from redis import Redis

from matching import keys
from matching.domain.moving_sums import AccountTotals, MovingAccounts
from matching.event_log import last_sequence
from matching.hash_scan import scan_hashes
from matching.invariant_slices import BalancesPiece, Slices
from matching.invariant_sums import EventTail
from matching.invariants import ServerRestarted, server_run

KEYS_PER_SCAN: Final = 500
WALLETS_PER_TRIP: Final = 50


def read_account_totals(hot: Redis, shard: int) -> AccountTotals:
    """Read a shard's accounts.

    Raises CannotLook where a wallet cannot be read, CannotAddUp where events of the meantime are
    missing, and ServerRestarted.
    """
    run = server_run(hot)
    slices = Slices(hot, shard)
    # From before the scan: who comes during it and is not found has come with an event.
    tail = EventTail(slices, after=last_sequence(hot, shard=shard))
    users = _users_with_a_wallet(hot, shard)
    accounts, waiting = MovingAccounts(users), sorted(users)
    for first in range(0, len(waiting), WALLETS_PER_TRIP):
        some = waiting[first : first + WALLETS_PER_TRIP]
        pieces = slices.look_at_each("balances-of", BalancesPiece, some)
        for user_id, piece in zip(some, pieces, strict=True):
            accounts.follow(tail.up_to(piece.sequence))
            accounts.add(user_id, piece.units)
    numbers, supply = _figures(hot, shard)
    sequence = numbers.get("event", 0)
    accounts.follow(tail.up_to(sequence))
    if server_run(hot) != run:
        raise ServerRestarted("the server restarted meanwhile")
    return AccountTotals(
        sequence=sequence, trades=numbers.get("trade", 0), units=accounts.units, supply=supply
    )


def _users_with_a_wallet(hot: Redis, shard: int) -> set[int]:
    return {
        int(rest)
        for names in scan_hashes(hot, shard, count=KEYS_PER_SCAN)
        for kind, rest in names
        if kind == "wallet" and rest.isascii() and rest.isdecimal()
    }


def _figures(hot: Redis, shard: int) -> tuple[dict[str, int], dict[str, int]]:
    """Return the shard's last numbers and its supply, both as of one moment."""
    pipe = hot.pipeline(transaction=True)
    pipe.hgetall(keys.sequence(shard))
    pipe.hgetall(keys.supply(shard))
    rows = cast("list[dict[Any, Any]]", pipe.execute())
    numbers, supply = ({name.decode(): int(value) for name, value in row.items()} for row in rows)
    return numbers, supply
