"""Gives each embedded server a loopback port and a password that last between starts.

The URL file in the secrets directory is the only record of both. Called by `services.py` and by
the test servers.
"""

import secrets
import socket
from dataclasses import dataclass, replace
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
# The two roles of the embedded PostgreSQL, and the files of their addresses.
DATABASE_OWNER = "kalency"
DATABASE_APPLICATION = "kalency_app"
OWNER_FILE = "database_admin_url"
APPLICATION_FILE = "database_url"


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
    """Return an address of the role that owns the database and everything in it."""
    return _new_address(scheme="postgres", user=DATABASE_OWNER, database="kalency")


def application_of(owner: Address) -> Address:
    """Return an address of the same database, of the role that the application logs in as."""
    return replace(owner, user=DATABASE_APPLICATION, password=_new_password())


def keep_address(layout: Layout, name: str, fresh: Address) -> Address:
    """Return the address stored as `<data dir>/secrets/<name>`, or store `fresh`.

    A stored port that somebody else has taken since is replaced by the fresh one.
    """
    address = stored_address(layout, name) or fresh
    if not is_free(address.port):
        address = replace(address, port=fresh.port)
    _store(layout, name, address)
    return address


def keep_postgres_addresses(layout: Layout) -> tuple[Address, Address]:
    """Return the addresses of the database's owner and of the application, at one port."""
    owner = keep_address(layout, OWNER_FILE, new_postgres_address())
    stored = stored_address(layout, APPLICATION_FILE)
    application = replace(stored or application_of(owner), port=owner.port)
    _store(layout, APPLICATION_FILE, application)
    return owner, application


def carry_over_owner(layout: Layout) -> None:
    """Keep what earlier versions stored for the one role they had as the owner's address."""
    only = stored_address(layout, APPLICATION_FILE)
    if only and only.user == DATABASE_OWNER and not (layout.secrets / OWNER_FILE).exists():
        (layout.secrets / APPLICATION_FILE).rename(layout.secrets / OWNER_FILE)


def stored_address(layout: Layout, name: str) -> Address | None:
    """Return the address stored as `<data dir>/secrets/<name>`; None: there is none.

    Raises:
        StackError: the file does not hold one.
    """
    path = layout.secrets / name
    url = path.read_text().strip() if path.is_file() else ""
    if not url:
        return None
    parts = urlsplit(url)
    if not parts.password or not parts.port:
        raise StackError(f"The server address in {path} is damaged.")
    return Address(
        scheme=parts.scheme,
        user=parts.username or "",
        password=parts.password,
        port=parts.port,
        database=parts.path.strip("/"),
    )


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


def _store(layout: Layout, name: str, address: Address) -> None:
    if address != stored_address(layout, name):
        write_private(layout.secrets / name, address.url + "\n")


def _new_address(*, scheme: str, user: str, database: str) -> Address:
    return Address(
        scheme=scheme,
        user=user,
        password=_new_password(),
        port=choose_port(),
        database=database,
    )


def _new_password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)
