"""Ports, passwords and the servers that a person may bring along."""

import socket
from pathlib import Path

import pytest

from kalency.stack.addresses import LOOPBACK, keep_address, new_postgres_address, new_valkey_address
from kalency.stack.config import SERVER_URLS, read_config
from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.services import embedded_servers


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
    first = keep_address(layout, "database_url", new_postgres_address())
    with socket.create_server((LOOPBACK, first.port)):
        second = keep_address(layout, "database_url", new_postgres_address())
    assert second.port != first.port
    assert second.password == first.password
    assert (layout.secrets / "database_url").read_text().strip() == second.url


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
    assert not (layout.secrets / "database_url").exists()
