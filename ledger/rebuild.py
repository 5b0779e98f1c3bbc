"""Makes a shard's state again from Postgres alone, as of the ledger's checkpoint.

For `manage.py rebuild_shard`, which writes it where hot Redis was lost with its disk.
`writing_stopped` keeps the ledger's writer from adding facts meanwhile.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from django.db import connection

from ledger import balances, shard_facts
from ledger.domain.agreement import OUTSIDE
from ledger.models import Checkpoint
from ledger.store import LedgerStore
from matching.domain.moving_sums import Account
from matching.domain.state import Balance, OpenOrder
from matching.domain.values import Side, Units
from matching.restore import FirstAnswer, FirstUse, ShardPast, keep_answer_ms
from matching.snapshot import BookSide, MarketSnapshot, ShardSnapshot

WAIT_FOR_WRITER_S: Final = 10.0
POLL_S: Final = 0.1
OF_A_RESET: Final = ""
"""The terms of a reset are not in the ledger; so no repetition of it has the same."""


class CannotRebuild(Exception):  # noqa: N818 - a fact about the ledger
    """Why a shard cannot be made from the ledger."""


@contextlib.contextmanager
def writing_stopped(shard: int) -> Iterator[None]:
    """Keep the ledger's writer waiting. Raises CannotRebuild where it does not let go."""
    store = LedgerStore(connection.settings_dict, shard=shard)
    try:
        deadline = time.monotonic() + WAIT_FOR_WRITER_S
        while not store.try_lock():
            if time.monotonic() > deadline:
                raise CannotRebuild(
                    f"The ledger writer of shard {shard} is at work, so the shard does not seem "
                    "lost; if it is, stop the writer first."
                )
            time.sleep(POLL_S)
        yield
    finally:
        store.close()


def checkpoint_of(shard: int) -> int:
    """Return the last event that the ledger has. Raises CannotRebuild where it has none."""
    checkpoint = Checkpoint.of(shard)
    if not checkpoint:
        raise CannotRebuild(f"The ledger has no event of shard {shard}.")
    return checkpoint


def past_of(shard: int, *, window_us: int) -> ShardPast:
    """Return what the ledger makes a shard; `window_us` is that of client order ids.

    Raises CannotRebuild.
    """
    last_event = checkpoint_of(shard)
    posted = balances.added_up_again(shard, last_event).units
    orders = {order.order_id: order for order in shard_facts.open_orders(shard)}
    markets = _markets(shard)
    last_trade, last_order, ts_us = shard_facts.last_numbers(shard)
    state = ShardSnapshot(
        wallets=_wallets(posted, _reserved(orders.values(), markets)),
        orders=orders,
        books=_books(orders.values()),
        levels=_levels(orders.values()),
        markets=markets,
        limits=shard_facts.limits(shard),
        supply={asset: -units for (user, asset), units in posted.items() if user == OUTSIDE},
        last_event=last_event,
        last_trade=last_trade,
        last_order=last_order,
        ts_us=ts_us,
    )
    return ShardPast(state, _references(shard), _answers(shard, state, window_us))


def _markets(shard: int) -> dict[str, MarketSnapshot]:
    changes = shard_facts.book_changes(shard)
    return {
        symbol: MarketSnapshot(
            terms=terms,
            status=status,
            last_price_ticks=shard_facts.last_price(shard, symbol),
            update_id=changes.get(symbol, 0),
        )
        for symbol, (terms, status) in shard_facts.markets(shard).items()
    }


def _reserved(
    orders: Iterable[OpenOrder], markets: Mapping[str, MarketSnapshot]
) -> Counter[Account]:
    """Return what open orders hold in reserve. Raises CannotRebuild for an impossible order."""
    reserved = Counter[Account]()
    for order in orders:
        if not 0 < order.remaining_lots <= order.qty_lots or order.symbol not in markets:
            raise CannotRebuild(f"The ledger's facts about order {order.order_id} do not fit.")
        terms = markets[order.symbol].terms
        if order.side is Side.BUY:
            units = order.price_ticks * order.remaining_lots * terms.tick_lot_units
            reserved[order.user_id, terms.quote] += units
        else:
            reserved[order.user_id, terms.base] += order.remaining_lots * terms.lot_units
    return reserved


def _wallets(
    posted: Mapping[Account, int], reserved: Counter[Account]
) -> dict[int, dict[str, Balance]]:
    """Return what everybody has. Raises CannotRebuild where orders reserve more than that."""
    wallets: dict[int, dict[str, Balance]] = {}
    for account in posted.keys() | reserved.keys():
        user_id, asset = account
        available = posted.get(account, 0) - reserved[account]
        if user_id == OUTSIDE:
            continue
        if available < 0:
            raise CannotRebuild(
                f"User {user_id} has {posted.get(account, 0)} of {asset} in the ledger, but open "
                f"orders reserve {reserved[account]}; see what manage.py verify_ledger finds."
            )
        balance = Balance(available=Units(available), reserved=Units(reserved[account]))
        wallets.setdefault(user_id, {})[asset] = balance
    return wallets


def _books(orders: Iterable[OpenOrder]) -> dict[BookSide, list[int]]:
    """Return the orders of each side, best price first, then first come."""
    books: dict[BookSide, list[OpenOrder]] = {}
    for order in orders:
        books.setdefault((order.symbol, order.side), []).append(order)
    return {
        (symbol, side): [
            order.order_id
            for order in sorted(
                found,
                key=lambda order: (
                    -order.price_ticks if order.side is Side.BUY else order.price_ticks,
                    order.order_id,
                ),
            )
        ]
        for (symbol, side), found in books.items()
    }


def _levels(orders: Iterable[OpenOrder]) -> dict[BookSide, Counter[int]]:
    levels: dict[BookSide, Counter[int]] = {}
    for order in orders:
        side = levels.setdefault((order.symbol, order.side), Counter())
        side[order.price_ticks] += order.remaining_lots
    return levels


def _answers(shard: int, state: ShardSnapshot, window_us: int) -> list[FirstAnswer]:
    """Return the answers that orders which are sent again are to get."""
    tidy_ms = keep_answer_ms(window_us)
    return [
        FirstAnswer(event, keep_ms=0 if event.order_id in state.orders else tidy_ms)
        for event in shard_facts.first_answers(shard, since_us=state.ts_us - window_us)
    ]


def _references(shard: int) -> list[FirstUse]:
    """Return what each reference was used for: repeated, it must not take effect again."""
    resets = shard_facts.resets(shard)
    uses = [
        FirstUse(
            reference=moved.reference,
            terms=f"funds {moved.user_id} {moved.asset} {moved.amount}",
            answer=[moved],
        )
        for moved in shard_facts.movements(shard)
        if moved.reference not in resets
    ]
    return uses + [FirstUse(reference, OF_A_RESET, []) for reference in sorted(resets)]
