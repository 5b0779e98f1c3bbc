"""Gives each embedded server a loopback port and a password that last between starts.

The URL file in the secrets directory is the only record of both. Called by `services.py` and by
the test servers.
"""

import secrets
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from kalency.stack.credentials import write_private
from kalency.stack.errors import StackError
from kalency.stack.layout import Layout

LOOPBACK = "127.0.0.1"
# Below the range that Linux hands to outgoing connections: a client that retries a port of that
# range while its server restarts can be connected to itself, and so keep the server out.
PORTS = range(20_000, 30_000)
PORT_TRIES = 200
PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an embedded server listens, and how its clients log in."""

    scheme: str
    user: str
    password: str
    port: int
    database: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.user}:{self.password}@{LOOPBACK}:{self.port}/{self.database}"


def new_valkey_address() -> Address:
    return _new_address(scheme="redis", user="", database="0")


def new_postgres_address() -> Address:
    return _new_address(scheme="postgres", user="kalency", database="kalency")


def keep_address(layout: Layout, name: str, fresh: Address) -> Address:
    """Return the address stored as `<data dir>/secrets/<name>`, or store `fresh`.

    A stored port that somebody else has taken since is replaced by the fresh one.
    """
    path = layout.secrets / name
    stored = path.read_text().strip() if path.is_file() else ""
    address = _parse(stored, fresh) if stored else fresh
    if address.url != stored:
        write_private(path, address.url + "\n")
    return address


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port() -> int:
    """Return a loopback port that is free now."""
    for _ in range(PORT_TRIES):
        port = secrets.choice(PORTS)
        if is_free(port):
            return port
    raise StackError(f"No free port was found between {PORTS.start} and {PORTS.stop - 1}.")


def _new_address(*, scheme: str, user: str, database: str) -> Address:
    return Address(
        scheme=scheme,
        user=user,
        password=secrets.token_urlsafe(PASSWORD_BYTES),
        port=choose_port(),
        database=database,
    )


def _parse(url: str, fresh: Address) -> Address:
    parts = urlsplit(url)
    if not parts.password or not parts.port:
        raise StackError(
            f"A stored server address is damaged: it must look like {fresh.scheme}://…"
        )
    return Address(
        scheme=fresh.scheme,
        user=fresh.user,
        password=parts.password,
        port=parts.port if is_free(parts.port) else fresh.port,
        database=fresh.database,
    )
