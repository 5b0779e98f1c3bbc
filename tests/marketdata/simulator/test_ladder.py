"""The maker's ladder: full on both sides, never crossed, and moved no more than it must be."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.simulator.domain.ladder import LEVELS, Ladder, round_gap
from marketdata.simulator.domain.maker import NewQuote, Quote, Requote, requote
from marketdata.simulator.domain.sizes import Sizes
from matching.domain.values import Lots, Side, Ticks

SIZES = Sizes(
    level_lots=Lots(1_000), take_lots=Lots(50), least_lots=Lots(10), most_lots=Lots(100_000)
)
MAX_OPEN_ORDERS = 200


def ladder_at(fair: int, *, half_spread: int = 3, gap: int = 5) -> Ladder:
    return Ladder(
        symbol="BTC-USD",
        fair_ticks=Ticks(fair),
        half_spread_ticks=half_spread,
        gap_ticks=gap,
        lowest_ticks=Ticks(1),
        highest_ticks=Ticks(10_000_000),
    )


def after(own: list[Quote], change: Requote) -> list[Quote]:
    """Return the quotes that rest once a change was carried out."""
    kept = [quote for quote in own if quote.order_id not in change.cancels]
    first_id = max((quote.order_id for quote in own), default=0) + 1
    placed = [
        Quote(first_id + rank, new.side, new.price_ticks, new.qty_lots)
        for rank, new in enumerate(change.places)
    ]
    return kept + placed


def prices(quotes: list[Quote], side: Side) -> list[int]:
    return [quote.price_ticks for quote in quotes if quote.side is side]


fairs = st.integers(min_value=2_000, max_value=1_000_000)
spreads = st.integers(min_value=1, max_value=60)
gaps = st.sampled_from([1, 2, 5, 10, 20, 50])


@given(fair=fairs, half_spread=spreads, gap=gaps)
def test_an_empty_book_gets_a_full_ladder_at_once(fair: int, half_spread: int, gap: int) -> None:
    ladder = ladder_at(fair, half_spread=half_spread, gap=gap)
    quotes = after([], requote([], ladder=ladder, sizes=SIZES, rng=Random(1)))
    for side in Side:
        assert len(set(prices(quotes, side))) == LEVELS
    assert max(prices(quotes, Side.BUY)) <= fair - half_spread
    assert min(prices(quotes, Side.SELL)) >= fair + half_spread


@settings(max_examples=60)
@given(
    start=fairs,
    moves=st.lists(
        st.tuples(st.integers(-400, 400), spreads, gaps, st.integers(0, 40)), max_size=25
    ),
)
def test_the_ladder_stays_deep_and_never_crosses_while_everything_moves(
    start: int, moves: list[tuple[int, int, int, int]]
) -> None:
    rng = Random(7)
    fair, quotes = start, list[Quote]()
    for move, half_spread, gap, eaten in moves:
        fair = max(2_000, fair + move)
        quotes = rng.sample(quotes, max(0, len(quotes) - eaten))
        ladder = ladder_at(fair, half_spread=half_spread, gap=gap)
        quotes = after(quotes, requote(quotes, ladder=ladder, sizes=SIZES, rng=rng))
        bids, asks = prices(quotes, Side.BUY), prices(quotes, Side.SELL)
        assert max(bids) < fair < min(asks)
        assert len(set(bids)) >= LEVELS
        assert len(set(asks)) >= LEVELS
        assert len(quotes) <= MAX_OPEN_ORDERS


@given(fair=fairs, half_spread=spreads, gap=gaps)
def test_a_full_ladder_is_left_alone(fair: int, half_spread: int, gap: int) -> None:
    ladder = ladder_at(fair, half_spread=half_spread, gap=gap)
    quotes = after([], requote([], ladder=ladder, sizes=SIZES, rng=Random(1)))
    assert requote(quotes, ladder=ladder, sizes=SIZES, rng=Random(2)) == Requote([], [])


def test_a_move_of_one_gap_changes_only_the_edges() -> None:
    quotes = after([], requote([], ladder=ladder_at(50_000), sizes=SIZES, rng=Random(1)))
    change = requote(quotes, ladder=ladder_at(50_005), sizes=SIZES, rng=Random(2))
    assert len(change.cancels) <= 2
    assert len(change.places) <= 4


def test_an_eaten_level_is_filled_again() -> None:
    quotes = after([], requote([], ladder=ladder_at(50_000), sizes=SIZES, rng=Random(1)))
    eaten = min((q for q in quotes if q.side is Side.SELL), key=lambda q: q.price_ticks)
    left = [quote for quote in quotes if quote is not eaten]
    change = requote(left, ladder=ladder_at(50_000), sizes=SIZES, rng=Random(2))
    assert change.cancels == []
    (new,) = change.places
    assert (new.side, new.price_ticks) == (Side.SELL, eaten.price_ticks)


def test_quotes_stay_within_the_price_bounds() -> None:
    ladder = Ladder(
        symbol="BTC-USD",
        fair_ticks=Ticks(6),
        half_spread_ticks=1,
        gap_ticks=1,
        lowest_ticks=Ticks(1),
        highest_ticks=Ticks(9),
    )
    change = requote([], ladder=ladder, sizes=SIZES, rng=Random(1))
    bids = [new.price_ticks for new in change.places if new.side is Side.BUY]
    asks = [new.price_ticks for new in change.places if new.side is Side.SELL]
    assert (bids, asks) == ([5, 4, 3, 2, 1], [7, 8, 9])


def test_sizes_respect_the_markets_bounds() -> None:
    narrow = Sizes(
        level_lots=Lots(1_000), take_lots=Lots(50), least_lots=Lots(900), most_lots=Lots(1_100)
    )
    places: list[NewQuote] = requote(
        [], ladder=ladder_at(50_000), sizes=narrow, rng=Random(3)
    ).places
    assert all(900 <= new.qty_lots <= 1_100 for new in places)


@given(exact=st.floats(min_value=0, max_value=1e6))
def test_gaps_are_round_and_not_above_what_was_asked(exact: float) -> None:
    gap = round_gap(exact)
    assert gap <= max(1.0, exact) < gap * 2.5 or exact < 1
    assert int(str(gap)[0]) in {1, 2, 5}
    assert set(str(gap)[1:]) <= {"0"}
