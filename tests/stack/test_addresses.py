"""Ports, passwords and the servers that a person may bring along."""

import socket
from pathlib import Path

import pytest

from kalency.stack.addresses import (
    APPLICATION_FILE,
    LOOPBACK,
    OWNER_FILE,
    carry_over_owner,
    keep_address,
    keep_postgres_addresses,
    new_postgres_address,
    new_valkey_address,
    stored_address,
)
from kalency.stack.config import SERVER_URLS, read_config
from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.services import database_roles, embedded_servers


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    tmp_path.chmod(0o711)
    layout = Layout(tmp_path)
    layout.make()
    return layout


def test_an_address_lasts_from_start_to_start(layout: Layout) -> None:
    first = keep_address(layout, "redis_hot_url", new_valkey_address())
    assert keep_address(layout, "redis_hot_url", new_valkey_address()) == first


def test_a_port_taken_by_another_program_is_replaced_and_the_password_kept(layout: Layout) -> None:
    owner, application = keep_postgres_addresses(layout)
    with socket.create_server((LOOPBACK, owner.port)):
        moved_owner, moved_application = keep_postgres_addresses(layout)
    assert moved_owner.port == moved_application.port != owner.port
    assert moved_owner.password == owner.password
    assert moved_application.password == application.password
    assert stored_address(layout, OWNER_FILE) == moved_owner
    assert stored_address(layout, APPLICATION_FILE) == moved_application
    assert keep_postgres_addresses(layout) == (moved_owner, moved_application)


def test_roles_of_the_database_have_passwords_of_their_own(layout: Layout) -> None:
    owner, application = keep_postgres_addresses(layout)
    assert owner.user != application.user
    assert owner.password != application.password


def test_address_of_an_earlier_version_is_the_owners(layout: Layout) -> None:
    only = new_postgres_address()
    (layout.secrets / APPLICATION_FILE).write_text(only.url + "\n")
    for _ in range(2):
        carry_over_owner(layout)
        owner, application = keep_postgres_addresses(layout)
        assert owner == only
        assert application.user != owner.user


def test_a_damaged_address_is_refused(layout: Layout) -> None:
    (layout.secrets / "redis_hot_url").write_text("redis://")
    with pytest.raises(StackError, match="damaged"):
        keep_address(layout, "redis_hot_url", new_valkey_address())


def test_a_server_from_outside_is_not_started(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SERVER_URLS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KALENCY_DATA_DIR", str(layout.root))
    monkeypatch.setenv("DATABASE_URL", "postgres://me@elsewhere/kalency")
    names = [service.name for service in embedded_servers(read_config())]
    assert names == ["valkey-hot", "valkey-bus"]
    assert not layout.postgres.exists()
    assert not list(layout.secrets.glob("database*"))
    assert database_roles(read_config()) == ()
