"""What a market's crowd does in one step, all decided at once. Pure.

`plan_step` turns what is known (the engine's last price, the maker's quotes, the taker's money, the
belief of the step before) into orders; `marketdata.simulator.play` only carries them out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from marketdata.domain.markets import Market
from marketdata.simulator.domain import fair_price, maker, taker
from marketdata.simulator.domain.characters import Character, character_of
from marketdata.simulator.domain.fair_price import BPS, Belief
from marketdata.simulator.domain.ladder import Ladder, round_gap
from marketdata.simulator.domain.maker import Quote, Requote
from marketdata.simulator.domain.moods import Profile
from marketdata.simulator.domain.sizes import sizes_at
from marketdata.simulator.domain.taker import Flow, Take
from matching.domain.values import Ticks, Units

SPAN_S: Final = 0.8
"""How long the takers of a step are spread over: steps, a second apart, must not overlap."""
BAND_SHARE: Final = 0.9
"""The crowd uses this share of the price band, which moves while an order travels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the crowd of a market knows when a step begins. `last_price_ticks`: None before trades.

    `taker_base` and `taker_quote` are what the taker owns.
    """

    market: Market
    profile: Profile
    before: Belief | None
    last_price_ticks: Ticks | None
    quotes: Sequence[Quote]
    taker_base: Units
    taker_quote: Units


@dataclass(frozen=True, slots=True)
class StepPlan:
    """The step's orders, and what the crowd believes now."""

    belief: Belief
    fair_ticks: Ticks
    requote: Requote
    takes: list[Take]


def plan_step(here: Situation, *, seed: int) -> StepPlan:
    """Return the plan; all chance comes from the seed, the symbol and the market's step number."""
    character = character_of(here.market)
    before = here.before or _first_belief(here, character)
    rng = Random(f"{seed}:{here.market.symbol}:{before.step}")  # noqa: S311 - chance, not a secret
    belief = fair_price.advance(
        before,
        character=character,
        profile=here.profile,
        last_price=_last_price(here),
        rng=rng,
    )
    ladder = _ladder(here, belief, character)
    sizes = sizes_at(ladder.fair_ticks, market=here.market, character=character)
    requote = maker.requote(here.quotes, ladder=ladder, sizes=sizes, rng=rng)
    flow = _flow(here, belief, character, ladder.fair_ticks)
    takes = taker.takes(flow, span_s=SPAN_S, ladder=ladder, sizes=sizes, rng=rng)
    if here.last_price_ticks is None and not takes:
        # A market that never traded gets its first trade at once, so that it has a price.
        takes = [taker.one_take(flow, 0.0, ladder=ladder, sizes=sizes, rng=rng)]
    return StepPlan(belief, ladder.fair_ticks, requote, takes)


def _first_belief(here: Situation, character: Character) -> Belief:
    price = _last_price(here)
    return fair_price.first_belief(character.start_price if price is None else price, here.profile)


def _last_price(here: Situation) -> float | None:
    if here.last_price_ticks is None:
        return None
    return float(here.last_price_ticks * here.market.tick_size)


def _ladder(here: Situation, belief: Belief, character: Character) -> Ladder:
    lowest, highest = _bounds(here)
    exact = belief.price / float(here.market.tick_size)
    spread = exact / BPS * belief.mood.spread
    return Ladder(
        symbol=here.market.symbol,
        fair_ticks=Ticks(max(lowest, min(highest, round(exact)))),
        half_spread_ticks=max(1, int(spread * character.half_spread_bps)),
        gap_ticks=round_gap(spread * character.gap_bps),
        lowest_ticks=lowest,
        highest_ticks=highest,
    )


def _bounds(here: Situation) -> tuple[Ticks, Ticks]:
    """Return the lowest and highest price of the crowd: inside the market's bounds and its band."""
    terms = here.market.definition()
    last, band = here.last_price_ticks, terms.price_band_bps / BPS * BAND_SHARE
    if last is None or not band:
        return Ticks(1), terms.max_price_ticks
    lowest = max(1, int(last * (1 - band)) + 1)
    return Ticks(lowest), Ticks(min(terms.max_price_ticks, max(lowest, int(last * (1 + band)))))


def _flow(here: Situation, belief: Belief, character: Character, fair_ticks: Ticks) -> Flow:
    market, mood = here.market, belief.mood
    base_worth = here.taker_base // market.lot_units * fair_ticks * market.tick_lot_units
    return Flow(
        # A second's takers come within the span.
        per_second=character.takes_per_second * mood.activity / SPAN_S,
        buy_share=taker.buy_share(
            lean=mood.lean, quote_units=here.taker_quote, base_worth_units=base_worth
        ),
    )
