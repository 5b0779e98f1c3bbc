"""The embedded PostgreSQL server: its database cluster and its process.

Called by `services.py` and by the test servers. The server comes as a Python wheel.
"""

import functools
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg

from kalency.stack.addresses import LOOPBACK, Address
from kalency.stack.credentials import write_private
from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.privilege import ServerUser, choose_server_user
from kalency.stack.service import Service

INIT_TIMEOUT_S = 120.0
CONNECT_TIMEOUT_S = 2
STOP_GRACE_S = 30.0
NO_SETTINGS: Mapping[str, str] = {}


def postgres_service(
    layout: Layout, *, address: Address, settings: Mapping[str, str] = NO_SETTINGS
) -> Service:
    """Make the database cluster if there is none, and describe the server's process."""
    user = choose_server_user(layout)
    if not layout.postgres.exists():
        _make_cluster(layout, address, user)
    user.give(layout.postgres)
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(address.port),
        # A socket's path may be at most 107 characters long, which a data directory may exceed.
        "unix_socket_directories": "",
        **settings,
    }
    return Service(
        name="postgres",
        command=(
            str(user.programs / "postgres"),
            *("-D", str(layout.postgres)),
            *(f"--{key}={value}" for key, value in options.items()),
        ),
        ready=functools.partial(answers, address.url),
        run_as=user.run_as,
        # "Fast shutdown": SIGTERM would wait for every client to leave by itself.
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
        stop_grace_s=STOP_GRACE_S,
    )


async def answers(url: str) -> bool:
    """Tell whether the database takes queries."""
    try:
        async with await psycopg.AsyncConnection.connect(
            url, connect_timeout=CONNECT_TIMEOUT_S, autocommit=True
        ) as connection:
            await connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def is_half_written(cluster: Path) -> bool:
    """Tell whether a database cluster lacks the files without which it cannot start."""
    needed = ("PG_VERSION", "postgresql.conf", "global/pg_control")
    return cluster.exists() and not all((cluster / name).is_file() for name in needed)


def _make_cluster(layout: Layout, address: Address, user: ServerUser) -> None:
    """Make the cluster and its database beside its final place, then move it there.

    Whoever is interrupted leaves only the unfinished directory, which the next start drops.
    """
    cluster = layout.postgres_unfinished
    shutil.rmtree(cluster, ignore_errors=True)
    cluster.mkdir(mode=0o700)
    password_file = cluster.with_name("postgres.password")
    write_private(password_file, address.password + "\n")
    user.give(cluster)
    user.give(password_file)
    try:
        _run(
            user,
            "initdb",
            *("-D", str(cluster), "--username", address.user, "--pwfile", str(password_file)),
            *("--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        )
    finally:
        password_file.unlink()
    single_user = ("--single", "-D", str(cluster), "postgres")
    _run(user, "postgres", *single_user, typed=f"CREATE DATABASE {address.database};\n")
    cluster.rename(layout.postgres)


def _run(user: ServerUser, program: str, *arguments: str, typed: str = "") -> None:
    # A session of its own: Ctrl-C in the terminal must not cut it off half-way.
    done = subprocess.run(
        [*user.run_as, str(user.programs / program), *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=INIT_TIMEOUT_S,
        start_new_session=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise StackError(
            f"PostgreSQL's {program} failed: {said[-1] if said else 'no reason given'}"
        )
