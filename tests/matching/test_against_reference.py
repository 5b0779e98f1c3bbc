"""The Lua library and the naive engine agree on every event, and on the state they leave behind.

Random commands, cut into calls anywhere, must give the same from both. The short runs are made by
Hypothesis, which shrinks a difference to the few commands that show it; the long ones by seeded
random numbers: `pytest tests/matching/test_against_reference.py -s --commands 1000000 --seeds 7`.
"""

import random
import time
from itertools import product
from typing import Final, get_args

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st
from redis import Redis

from matching.domain.commands import AnyCommand
from matching.domain.events import AnyEvent
from matching.domain.values import EndReason, MarketStatus
from tests.matching.command_maker import FIRST_ORDERS, CommandMaker, Pick
from tests.matching.scene import opening
from tests.matching.side_by_side import Entry, Script, SideBySide, spelled_script

HOUR_MS: Final = 3_600_000
MAX_ENTRY: Final = 40
COMMANDS_PER_COMPARISON: Final = 3_000
COMMANDS_PER_REFERENCE: Final = 30

# Entries come soon after each other, mostly, from clocks that agree, mostly; and are cut by calls.
WAITS_MS: Final = (*(0, 1) * 10, 600_000, HOUR_MS, 3 * HOUR_MS)
CLOCKS_MS: Final = (*(0,) * 10, 20, -20, -HOUR_MS, 999, 1_001, 10**9)
TIMES: Final = [*product(WAITS_MS, CLOCKS_MS)]
CALLS: Final = [*product((0, 0, 1, 3, 500), (*(False,) * 9, True))]

EVERYTHING: Final = {
    *(kind.__struct_config__.tag for kind in get_args(AnyEvent)),
    *EndReason,
    *MarketStatus,
    *("INVALID_REQUEST", "CONFLICT", "UNKNOWN_SYMBOL", "UNKNOWN_ORDER", "SYMBOL_PAUSED"),
    *("INVALID_PRICE", "INVALID_QTY", "NOTIONAL_TOO_SMALL", "PRICE_OUT_OF_BAND"),
    *("DUPLICATE_CLIENT_ORDER_ID", "TOO_MANY_OPEN_ORDERS", "POSITION_LIMIT"),
    *("INSUFFICIENT_FUNDS", "WOULD_TRADE", "CANNOT_FILL"),
}
"""Every kind of event, and every reason that the matching function can give."""


def entry_of(pick: Pick, commands: list[AnyCommand]) -> Entry:
    (after_ms, ahead_ms), (call, anew) = pick(TIMES), pick(CALLS)
    return Entry(tuple(commands), after_ms, ahead_ms, call, anew)


def pick_by(draw: st.DrawFn) -> Pick:
    return lambda options: draw(st.sampled_from(options))


@st.composite
def commands(draw: st.DrawFn) -> AnyCommand:
    return CommandMaker(pick_by(draw)).command()


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    return entry_of(pick_by(draw), draw(st.lists(commands(), max_size=MAX_ENTRY)))


# Explaining a difference takes longer than finding it, and says less than the two answers.
PHASES: Final = set(Phase) - {Phase.explain}

# Two lists, one after the other: longer scripts than one would give, and as easily shrunk.
SCRIPTS: Final = st.tuples(st.lists(entries()), st.lists(entries())).map(
    lambda two: two[0] + two[1]
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        seeds = metafunc.config.getoption("seeds").split(",")
        metafunc.parametrize("seed", [int(seed) for seed in seeds])


@pytest.fixture
def server(bus: Redis) -> Redis:
    """The server that may forget: it waits for no disk, and nothing here is about surviving."""
    return bus


def test_short_random_runs_agree(server: Redis, pytestconfig: pytest.Config) -> None:
    @settings(
        max_examples=pytestconfig.getoption("examples"),
        deadline=None,
        phases=PHASES,
        report_multiple_bugs=False,
    )
    @given(script=SCRIPTS)
    def agree(script: Script) -> None:
        note(spelled_script(script))
        both = SideBySide(server)
        for entry in (Entry(tuple(opening())), *script):
            both.apply(entry)
        both.call(max_commands=500)
        both.compare_states()

    agree()


def test_long_random_runs_agree_and_meet_every_rule(
    server: Redis, pytestconfig: pytest.Config, seed: int
) -> None:
    rng, both, started = random.Random(seed), SideBySide(server), time.monotonic()
    maker = CommandMaker(rng.choice)
    both.apply(Entry(tuple(opening())))
    for _ in range(0, pytestconfig.getoption("commands"), COMMANDS_PER_COMPARISON):
        run(both, maker, rng, commands=COMMANDS_PER_COMPARISON)
        both.call(max_commands=500)
        both.compare_states()
        both.forget_streams()
    assert both.met >= EVERYTHING
    print(  # noqa: T201 - shown with -s
        f"\nseed {seed}: {both.commands:,} commands, {both.state.last_event:,} events, "
        f"{both.state.last_trade:,} trades, {both.calls:,} calls, "
        f"{time.monotonic() - started:.0f} s, no difference"
    )


def run(both: SideBySide, maker: CommandMaker, rng: random.Random, *, commands: int) -> None:
    last = both.commands + commands
    while both.commands < last:
        maker.orders = both.open_orders() or FIRST_ORDERS
        used = both.commands // COMMANDS_PER_REFERENCE
        maker.references = range(used, used + 3)
        size = rng.randrange(MAX_ENTRY)
        both.apply(entry_of(rng.choice, [maker.command() for _ in range(size)]))
