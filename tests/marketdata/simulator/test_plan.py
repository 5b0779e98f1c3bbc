"""What a market's crowd decides in one step."""

import itertools
import math
from collections.abc import Iterator

import msgspec
import pytest

from marketdata.domain.market_rules import new_market
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from marketdata.simulator.domain.characters import character_of
from marketdata.simulator.domain.fair_price import Belief
from marketdata.simulator.domain.moods import MOODS, Profile
from marketdata.simulator.domain.plan import SPAN_S, Situation, StepPlan, plan_step
from matching.domain.values import OrderType, Side, Ticks, Units

BTC = SEEDS[0]
UNKNOWN = new_market(
    symbol="NEW-USD",
    tick_size=BTC.tick_size,
    lot_size=BTC.lot_size,
    min_qty=BTC.min_qty,
    max_qty=BTC.max_qty,
    min_notional=BTC.min_notional,
    price_band_pct=BTC.price_band_pct,
    maker_fee_bps=BTC.maker_fee_bps,
    taker_fee_bps=BTC.taker_fee_bps,
    simulated=True,
)
every_market = pytest.mark.parametrize("market", [*SEEDS, UNKNOWN], ids=lambda m: m.symbol)


def situation(
    market: Market,
    *,
    before: Belief | None = None,
    last: int | None = None,
    profile: Profile = Profile.NORMAL,
) -> Situation:
    return Situation(
        market=market,
        profile=profile,
        before=before,
        last_price_ticks=None if last is None else Ticks(last),
        quotes=[],
        taker_base=Units(0),
        taker_quote=Units(0),
    )


def alone(market: Market, steps: int, *, profile: Profile, seed: int = 1) -> Iterator[StepPlan]:
    """Plan one step after another, each trade at the fair price."""
    before, last = None, None
    for _ in range(steps):
        plan = plan_step(situation(market, before=before, last=last, profile=profile), seed=seed)
        yield plan
        before, last = plan.belief, plan.fair_ticks


@every_market
def test_a_fresh_market_gets_a_ladder_and_a_trade_in_its_first_step(market: Market) -> None:
    plan = plan_step(situation(market), seed=1)
    sides = [new.side for new in plan.requote.places]
    assert sides.count(Side.BUY) >= 10
    assert sides.count(Side.SELL) >= 10
    assert plan.takes


@every_market
def test_a_fresh_market_begins_near_the_price_it_is_known_for(market: Market) -> None:
    plan = plan_step(situation(market), seed=1)
    start = character_of(market).start_price
    assert float(plan.fair_ticks * market.tick_size) == pytest.approx(start, rel=0.01)


@every_market
def test_every_order_passes_the_markets_filters(market: Market) -> None:
    terms = market.definition()
    for plan in alone(market, 120, profile=Profile.WILD):
        orders = [(new.price_ticks, new.qty_lots) for new in plan.requote.places]
        orders += [(take.price_ticks or plan.fair_ticks, take.qty_lots) for take in plan.takes]
        for price_ticks, qty_lots in orders:
            assert terms.min_qty_lots <= qty_lots <= terms.max_qty_lots
            assert 1 <= price_ticks <= terms.max_price_ticks
            assert price_ticks * qty_lots * terms.tick_lot_units >= terms.min_notional_units


def test_the_same_seed_plans_the_same_and_another_does_not() -> None:
    first = list(alone(BTC, 30, profile=Profile.NORMAL))
    assert first == list(alone(BTC, 30, profile=Profile.NORMAL))
    assert first != list(alone(BTC, 30, profile=Profile.NORMAL, seed=2))


def test_without_a_belief_the_crowd_takes_up_the_last_price() -> None:
    plan = plan_step(situation(BTC, last=5_000_000), seed=1)
    assert plan.fair_ticks == pytest.approx(5_000_000, rel=0.01)


def test_a_users_trade_moves_what_the_crowd_believes() -> None:
    belief = plan_step(situation(BTC, last=6_400_000), seed=1).belief
    same = plan_step(situation(BTC, before=belief, last=6_400_000), seed=1)
    moved = plan_step(situation(BTC, before=belief, last=6_500_000), seed=1)
    assert moved.fair_ticks > same.fair_ticks


def test_takers_come_within_the_step_and_in_order() -> None:
    for plan in alone(BTC, 200, profile=Profile.WILD):
        offsets = [take.offset_s for take in plan.takes]
        assert offsets == sorted(offsets)
        assert all(0 <= offset < SPAN_S for offset in offsets)
        assert all(
            (take.price_ticks == 0) == (take.type is OrderType.MARKET) for take in plan.takes
        )


def test_sizes_of_takers_have_a_heavy_tail() -> None:
    plans = alone(BTC, 1_000, profile=Profile.NORMAL)
    sizes = sorted(take.qty_lots for plan in plans for take in plan.takes)
    median, largest = sizes[len(sizes) // 2], sizes[-1]
    assert largest > 15 * median


def spread_of(profile: Profile, *, steps: int = 600) -> float:
    """Return the deviation of log returns a step."""
    prices = [plan.belief.log_price for plan in alone(BTC, steps, profile=profile)]
    returns = [later - earlier for earlier, later in itertools.pairwise(prices)]
    mean = sum(returns) / len(returns)
    return math.sqrt(sum((value - mean) ** 2 for value in returns) / len(returns))


def test_profiles_order_the_volatility() -> None:
    calm, normal, wild = (
        spread_of(profile) for profile in (Profile.CALM, Profile.NORMAL, Profile.WILD)
    )
    assert calm < normal < wild


def test_a_crash_falls_and_a_rally_rises() -> None:
    *_, crashed = alone(BTC, 600, profile=Profile.CRASH)
    *_, rallied = alone(BTC, 600, profile=Profile.RALLY)
    start = character_of(BTC).start_price
    assert crashed.belief.price < 0.95 * start
    assert rallied.belief.price > 1.05 * start


def test_a_change_of_profile_comes_smoothly() -> None:
    *_, calm = alone(BTC, 5, profile=Profile.CALM)
    moods = [calm.belief.mood.volatility]
    belief = calm.belief
    for _ in range(100):
        here = situation(BTC, before=belief, last=calm.fair_ticks, profile=Profile.WILD)
        belief = plan_step(here, seed=1).belief
        moods.append(belief.mood.volatility)
    assert moods == sorted(moods)
    assert max(later - earlier for earlier, later in itertools.pairwise(moods)) < 0.5
    assert moods[-1] == pytest.approx(MOODS[Profile.WILD].volatility, rel=0.05)


def test_a_long_crash_never_reaches_zero() -> None:
    *_, last = alone(BTC, 20_000, profile=Profile.CRASH)
    assert last.belief.price > character_of(BTC).start_price / 100


def test_a_belief_survives_the_way_through_the_bus() -> None:
    belief = plan_step(situation(BTC), seed=1).belief
    assert msgspec.json.decode(msgspec.json.encode(belief), type=Belief) == belief
