"""Runs the real supervisor over a small plan: `python -m tests.stack.supervised DATA_DIR PLAN`.

A process of its own, so that a test can kill the supervisor itself.
"""

import asyncio
import os
import sys
from pathlib import Path

from kalency.stack.config import StackConfig
from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.leftovers import end_leftovers
from kalency.stack.logs import LineLog
from kalency.stack.service import Service, Stage, Step
from kalency.stack.services import database_roles, embedded_servers
from kalency.stack.supervisor import Supervisor, run_until_stopped

STAND_IN = Path(__file__).with_name("stand_in.py")
SHORT_GRACE_S = 0.5


def stand_in(layout: Layout, name: str, *manners: str) -> Service:
    script = (sys.executable, "-I", "-S", str(STAND_IN))
    return Service(
        name=name,
        command=(*script, str(layout.root / "journal"), name, *manners),
        ready=" ready",
        stop_grace_s=SHORT_GRACE_S,
    )


def plan(layout: Layout, name: str) -> list[Stage]:
    """Return one of the small plans."""
    first, second, third = (stand_in(layout, n) for n in ("first", "second", "third"))
    if name == "ordered":
        return [(first,), (second, third)]
    if name == "failing-step":
        return [(first,), (Step(name="migrate", command=("sh", "-c", "exit 7")),), (second,)]
    if name == "failing-service":
        return [(first,), (stand_in(layout, "second", "fails"),)]
    if name == "stubborn":
        return [(first,), (stand_in(layout, "second", "stubborn"),)]
    assert name == "servers", f"there is no plan {name}"
    config = StackConfig(layout=layout, port=1, shards=1, outside=frozenset())
    return [embedded_servers(config), database_roles(config)]


async def main(layout: Layout, name: str) -> None:
    environment = dict(os.environ) | {"KALENCY_DATA_DIR": str(layout.root)}
    supervisor = Supervisor(environment=environment, layout=layout, log=LineLog(layout.log))

    async def serve() -> None:
        await supervisor.start(plan(layout, name))
        sys.stdout.write("all are up\n")
        sys.stdout.flush()
        await supervisor.watch()

    await run_until_stopped(supervisor, serve())


if __name__ == "__main__":
    chosen = Layout(Path(sys.argv[1]))
    chosen.make()
    end_leftovers(chosen)
    try:
        asyncio.run(main(chosen, sys.argv[2]))
    except StackError as error:
        sys.exit(str(error))
