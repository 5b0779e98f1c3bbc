"""One step of the crowd: where it plays, and where it takes its orders back. Called by the task."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from redis.exceptions import RedisError

from marketdata import listing
from marketdata.simulator import agents, instructions, memory
from marketdata.simulator.domain.fair_price import Belief
from marketdata.simulator.play import Play
from matching import runtime
from matching.domain.commands import CancelAllOrders
from matching.domain.errors import ExchangeError

STAGGER_S: Final = 0.1
"""Markets begin one after another within this time."""
MAX_STEP_S: Final = 6.0
"""A step that takes longer is given up: longer than one wait for an ack, less than the lock."""

log = logging.getLogger(__name__)


def run() -> None:
    """Play one step, or withdraw a crowd that was stopped; do nothing while another step runs."""
    with memory.single_flight() as alone:
        if not alone:
            return
        told = instructions.read()
        if told.running:
            _play(told)
        elif not told.withdrawn:
            _withdraw(market.symbol for market in listing.all())
            instructions.set_withdrawn()


def _play(told: instructions.Instructions) -> None:
    beliefs = memory.read_beliefs()
    simulated = [market for market in listing.all() if market.simulated]
    _withdraw(beliefs.keys() - {market.symbol for market in simulated})
    plays = [
        Play(
            market=market,
            agents=agents.of(market),
            profile=told.profile_of(market.symbol),
            before=beliefs.get(market.symbol),
        )
        for market in simulated
    ]
    memory.write_beliefs(runtime.run_blocking(_play_all(plays)))


async def _play_all(plays: Sequence[Play]) -> dict[str, Belief]:
    """Play all markets side by side; return symbol → belief of those that could be played."""
    outcomes = await asyncio.gather(
        *(_play_one(play, STAGGER_S * rank / len(plays)) for rank, play in enumerate(plays))
    )
    troubles = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if troubles:
        log.warning(
            "The crowd sat a step out on %d of %d markets: %r",
            len(troubles),
            len(plays),
            troubles[0],
        )
    return {
        play.market.symbol: outcome
        for play, outcome in zip(plays, outcomes, strict=True)
        if isinstance(outcome, Belief)
    }


async def _play_one(play: Play, delay_s: float) -> Belief | Exception | None:
    """Play one market; return what the crowd believes there now, or what kept it from playing."""
    await asyncio.sleep(delay_s)
    try:
        async with asyncio.timeout(MAX_STEP_S):
            return await play.run(await runtime.client(), runtime.state())
    except (ExchangeError, RedisError, OSError) as trouble:
        return trouble


def _withdraw(symbols: Iterable[str]) -> None:
    """Take the crowd's orders off markets it leaves, and forget what it believed there."""
    left = list(symbols)
    for symbol in left:
        runtime.run_blocking(_cancel_all(symbol, agents.ids_of(symbol)))
    memory.forget_beliefs(left)


async def _cancel_all(symbol: str, user_ids: Sequence[int]) -> None:
    client = await runtime.client()
    shard = runtime.shard_of(symbol)
    for user_id in user_ids:
        await client.submit(CancelAllOrders(user_id=user_id, symbol=symbol), shard=shard)
