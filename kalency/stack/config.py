"""What the person who starts the stack may choose, read from the environment.

Called by `kalency.stack.__main__`; `docs/operations.md` lists the variables.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from kalency import environment as env
from kalency.stack.layout import PROJECT_DIR, Layout
from kalency.stack.machine import memory_mb

SERVER_URLS = ("DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_HOT_URL", "REDIS_BUS_URL")
PORT_MAX = 65_535
# Processes say at INFO that they serve; on a higher level the stack would wait in vain.
LEVELS_THAT_TELL = ("DEBUG", "INFO")
LEAST_HOT_MB = 64
MOST_HOT_MB = 2**24


@dataclass(frozen=True, slots=True, kw_only=True)
class StackConfig:
    """One stack: where its state lives, its port, and which servers it takes from outside.

    `hot_memory_mb` is what the embedded matching store may take, 0 as much as there is.
    """

    layout: Layout
    port: int
    shards: int
    outside: frozenset[str]
    hot_memory_mb: int = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def child_environment(self) -> dict[str, str]:
        """Return the environment of every process: the caller's, and where the state lives.

        Server addresses and passwords are not in it: settings read them from the secrets
        directory, so that a management command typed by a person finds the same servers.
        """
        level = env.text("KALENCY_LOG_LEVEL", "INFO")
        return dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "kalency.settings",
            "KALENCY_DATA_DIR": str(self.layout.root),
            "KALENCY_HTTPS": "off",
            "KALENCY_LOG_LEVEL": level if level in LEVELS_THAT_TELL else "INFO",
            "PYTHONUNBUFFERED": "1",
        }


def read_config() -> StackConfig:
    """Read the environment.

    Raises:
        ImproperlyConfigured: a number is not a number, or out of bounds.
    """
    root = Path(env.text("KALENCY_DATA_DIR", str(PROJECT_DIR / ".kalency")))
    return StackConfig(
        layout=Layout(root.expanduser().resolve()),
        port=env.whole("KALENCY_PORT", 8000, least=1, most=PORT_MAX),
        shards=env.matching_shards(),
        hot_memory_mb=env.whole(
            "KALENCY_HOT_MEMORY_MB", _half_of_memory(), least=LEAST_HOT_MB, most=MOST_HOT_MB
        ),
        outside=frozenset(name for name in SERVER_URLS if os.environ.get(name)),
    )


def _half_of_memory() -> int:
    """The other half is for PostgreSQL, our own processes, and what a rewrite of the log copies."""
    return max(LEAST_HOT_MB, memory_mb() // 2)
