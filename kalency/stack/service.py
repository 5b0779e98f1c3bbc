"""What the supervisor runs: a service is kept alive, a step runs once to its end."""

import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Probe = Callable[[], Awaitable[bool]]
STOP_GRACE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process that must always be there.

    `ready` is either a probe, or the end of the log line in which the process itself says so.
    Lines that contain `only_logged` go to the log file alone: a newcomer can do nothing about them.
    `run_as` is a command prefix that changes the user; `orphan_signal` is what the kernel sends
    when the supervisor dies without a word.
    """

    name: str
    command: tuple[str, ...]
    ready: Probe | str
    only_logged: str | None = None
    run_as: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    stop_grace_s: float = STOP_GRACE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command that must succeed before the next stage may start."""

    name: str
    command: tuple[str, ...]


Stage = tuple[Service | Step, ...]


def with_orphan_signal(command: tuple[str, ...], number: signal.Signals) -> tuple[str, ...]:
    """Return the command run so that the kernel sends it `number` when its parent dies."""
    return ("setpriv", "--pdeathsig", number.name.removeprefix("SIG"), "--", *command)
