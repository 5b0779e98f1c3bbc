"""Whatever is killed, whenever: what was acknowledged is there, exactly once.

Worker, matching store and bus are killed with SIGKILL under load, one at a time and together, at
random moments and while they start. `--crash-rounds` makes the run longer, `--crash-seed` another.
"""

import itertools
import random
import sys
from pathlib import Path

import pytest
from redis import Redis

from tests.matching.crash.blows import blows
from tests.matching.crash.parts import Moment, Parts, Victim
from tests.matching.crash.run import CrashRun

FINDINGS_SHOWN = 10


async def test_what_was_acknowledged_is_there_exactly_once(
    request: pytest.FixtureRequest, tmp_path: Path, hot: Redis
) -> None:
    """The shard is also made again from its commands, on the empty `hot`."""
    rounds: int = request.config.getoption("--crash-rounds")
    seed: int = request.config.getoption("--crash-seed")
    plan = itertools.islice(blows(random.Random(seed)), rounds)
    with Parts(tmp_path) as parts:
        async with CrashRun(parts, seed=seed) as run:
            for number, blow in enumerate(plan, 1):
                await run.round(blow)
                assert not run.audit.findings, complaint(run, f"round {number}, {blow}")
            await run.check_log_again()
            await run.check_against_commands(hot)
    assert not run.audit.findings, complaint(run, "after the last round")
    assert run.audit.unknown_took_effect > 0, "no kill came between a commit and its ack"
    sys.stdout.write(f"\n{rounds} rounds, seed {seed}\n{table(run)}\n")


def complaint(run: CrashRun, where: str) -> str:
    """Say what was found, the first of it in full."""
    audit = run.audit
    count = f"{audit.lost} lost, {audit.doubled} doubled, {len(audit.findings)} findings: {where}"
    return "\n".join([count, *audit.findings[:FINDINGS_SHOWN]])


def table(run: CrashRun) -> str:
    """Return the kills by victim and moment, and what became of the commands."""
    kills, audit = run.parts.kills, run.audit
    lines = [f"{'kills while the hot server was':<32}" + "".join(f"{m:>12}" for m in Moment)]
    for victim in Victim:
        cells = "".join(f"{kills[victim, moment]:>12}" for moment in Moment)
        lines.append(f"{victim:<32}{cells}")
    figures = {
        "commands sent": audit.sent,
        "  acknowledged": audit.acknowledged,
        "  of unknown outcome": audit.unknown,
        "    answered when sent again": audit.unknown_answered_later,
        "    took effect": audit.unknown_took_effect,
        "    did not": audit.unknown - audit.unknown_answered_later - audit.unknown_took_effect,
        "never sent (UNAVAILABLE)": audit.never_sent,
        "events": audit.events,
        "open orders at the end": len(run.account.open),
        "acknowledged and lost": audit.lost,
        "doubled": audit.doubled,
    }
    return "\n".join(lines + [f"{name:<32}{figure:>12,}" for name, figure in figures.items()])
