"""Asks the ledger from an event loop, and waits a moment where it has not caught up.

The ledger follows the engine by milliseconds; it stays behind for longer only after an outage.
"""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar, cast

from channels.db import database_sync_to_async

from accounts.postgres import POSTGRES_AWAY
from exchange.domain.refusals import ledger_away
from ledger.writer import CONSUMER as LEDGER
from matching import runtime

CATCH_UP_PAUSES_S: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)

Key = ParamSpec("Key")
Found = TypeVar("Found")


async def ask(find: Callable[Key, Found], *key: Key.args, **named: Key.kwargs) -> Found:
    """Return what a selector of the ledger finds. Raises ExchangeError UNAVAILABLE."""
    try:
        return cast("Found", await database_sync_to_async(find)(*key, **named))
    except POSTGRES_AWAY:
        # An item of a batch fails by itself: the others may have taken effect already.
        raise ledger_away() from None


async def catch_up(shard: int, sequence: int) -> bool:
    """Wait a moment for the ledger; return whether it has written the event `sequence`."""
    state = runtime.state()
    for pause in CATCH_UP_PAUSES_S:
        if await state.checkpoint(shard, LEDGER) >= sequence:
            return True
        await asyncio.sleep(pause)
    return await state.checkpoint(shard, LEDGER) >= sequence


async def catch_up_with_all() -> bool:
    """Wait a moment; return whether the ledger has written all that has happened by now."""
    state = runtime.state()
    lasts = [await state.last_sequence(shard) for shard in range(runtime.config().shards)]
    return all([await catch_up(shard, last) for shard, last in enumerate(lasts)])
