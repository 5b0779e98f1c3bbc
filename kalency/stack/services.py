"""The plan of the stack: every server, step and process, in the order of their start.

Called by `kalency.stack.__main__`. Each name is also that of a pid file and of a log file.
"""

import asyncio
import functools
import http.client
import sys

from kalency.stack.addresses import (
    LOOPBACK,
    keep_address,
    keep_postgres_addresses,
    new_valkey_address,
)
from kalency.stack.config import StackConfig
from kalency.stack.layout import Layout
from kalency.stack.postgres import postgres_service
from kalency.stack.service import Service, Stage, Step
from kalency.stack.valkey import valkey_service

# What our own processes end a log line with once they serve.
READY = " ready"
FRAME_BYTES_MAX = 1_048_576
WEB_GRACE_S = 3
CELERY_PROCESSES = 2
# What Celery warns of as root: tasks that bring code with them. Ours are JSON, which brings none.
WORKER_AS_ROOT = "You're running the worker with superuser privileges"
HTTP_TIMEOUT_S = 5.0


def plan(config: StackConfig) -> list[Stage]:
    """Return the stages; a stage starts once the one before serves.

    The web process comes last: once it answers, all the others are there.
    """
    layout = config.layout
    credentials = ("--credentials", str(layout.credentials))
    shards = range(config.shards)
    return [
        embedded_servers(config),
        database_roles(config),
        (_step("migrate"),),
        tuple(_own(f"matching-{n}", "run_matching_worker", "--shard", str(n)) for n in shards),
        (_step("create_first_users", *credentials), _step("seed_markets")),
        (
            _own("ledger", "run_ledger_writer"),
            _own("feed", "run_market_feed"),
            _celery_worker(),
            _celery_beat(layout),
        ),
        (_web(config),),
    ]


def embedded_servers(config: StackConfig) -> Stage:
    """Return the servers that the caller's environment does not take from outside."""
    layout = config.layout
    servers: list[Service] = []
    if "DATABASE_URL" not in config.outside:
        owner, _ = keep_postgres_addresses(layout)
        servers.append(postgres_service(layout, address=owner))
    if "REDIS_HOT_URL" not in config.outside:
        servers.append(_valkey(layout, "hot", durable=True, memory_mb=config.hot_memory_mb))
    if "REDIS_BUS_URL" not in config.outside:
        servers.append(_valkey(layout, "bus", durable=False))
    return tuple(servers)


def database_roles(config: StackConfig) -> Stage:
    """Return the step that makes the roles of an embedded database; other servers have theirs."""
    if "DATABASE_URL" in config.outside:
        return ()
    return (Step(name="database-roles", command=(sys.executable, "-m", "kalency.stack.roles")),)


def _valkey(layout: Layout, role: str, *, durable: bool, memory_mb: int = 0) -> Service:
    name = f"valkey-{role}"
    return valkey_service(
        name,
        address=keep_address(layout, f"redis_{role}_url", new_valkey_address()),
        directory=layout.valkey(name),
        durable=durable,
        memory_mb=memory_mb,
    )


def _manage(command: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "manage.py", command, *arguments)


def _step(command: str, *arguments: str) -> Step:
    return Step(name=command, command=_manage(command, *arguments))


def _own(name: str, command: str, *arguments: str) -> Service:
    return Service(name=name, command=_manage(command, *arguments), ready=READY)


def _celery(*arguments: str) -> tuple[str, ...]:
    python = (sys.executable, "-W", f"ignore:{WORKER_AS_ROOT}")
    return (*python, "-m", "celery", "--app", "kalency", *arguments, "--loglevel", "INFO")


def _celery_worker() -> Service:
    return Service(
        name="celery-worker",
        # There is one worker: talk among workers would only load the bus.
        command=_celery(
            *("--quiet", "worker", "--concurrency", str(CELERY_PROCESSES)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
        ready=" ready.",
    )


def _celery_beat(layout: Layout) -> Service:
    schedule = str(layout.run / "celerybeat-schedule")
    command = _celery("beat", "--schedule", schedule)
    return Service(name="celery-beat", command=command, ready=" is starting.")


def _web(config: StackConfig) -> Service:
    return Service(
        name="web",
        command=(
            *(sys.executable, "-m", "uvicorn", "kalency.asgi:application"),
            *("--host", LOOPBACK, "--port", str(config.port)),
            *("--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"),
            *("--ws-max-size", str(FRAME_BYTES_MAX), "--no-access-log", "--lifespan", "off"),
            # Pushes are encoded once for all sockets; compressing would be work for each.
            *("--ws-per-message-deflate", "false"),
            *("--timeout-graceful-shutdown", str(WEB_GRACE_S)),
            # Else anybody on loopback may claim any address, and allowed IPs and throttles with it.
            "--no-proxy-headers",
        ),
        ready=functools.partial(_serves, config.port),
    )


async def _serves(port: int) -> bool:
    return await asyncio.to_thread(_ask_health, port)


def _ask_health(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=HTTP_TIMEOUT_S)
    try:
        # Not /readyz: another part that is behind is no reason to start this one again.
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
