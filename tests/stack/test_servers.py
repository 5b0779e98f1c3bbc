"""The embedded servers under the real supervisor: what survives, and what is cleaned up."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from kalency.stack.addresses import (
    APPLICATION_FILE,
    OWNER_FILE,
    application_of,
    keep_postgres_addresses,
    new_postgres_address,
    stored_address,
)
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.leftovers import is_alive
from kalency.stack.postgres import postgres_service
from kalency.stack.privilege import AS_NOBODY
from kalency.stack.roles import keep_application_role
from tests.polling import wait_until
from tests.servers import FAST_AND_LOOSE
from tests.stack.harness import Supervised


class Servers(Supervised):
    """The three embedded servers under the supervisor."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, "servers")

    def url(self, name: str) -> str:
        return (self.layout.secrets / name).read_text().strip()

    def hot(self) -> Redis:
        return Redis.from_url(self.url("redis_hot_url"))

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(OWNER_FILE), autocommit=True) as connection:
            answer = connection.execute(statement)
            return answer.fetchall() if answer.description else []


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    tmp_path.chmod(0o711)
    servers = Servers(tmp_path)
    servers.wait_up()
    yield servers
    servers.end()


def test_what_was_written_outlives_kills_and_restarts(servers: Servers) -> None:
    servers.hot().set("order", "open")
    servers.query("CREATE TABLE trade AS SELECT 7 AS price")
    for name in ("valkey-hot", "postgres"):
        servers.wait_replaced(name, servers.kill(name))
    wait_until(lambda: servers.output.count("postgres is ready") == 2, "postgres serves again")
    wait_until(lambda: servers.output.count("valkey-hot is ready") == 2, "valkey serves again")
    assert servers.hot().get("order") == b"open"
    assert servers.query("SELECT price FROM trade") == [(7,)]


def test_a_second_start_after_a_killed_supervisor_finds_everything(servers: Servers) -> None:
    servers.hot().set("order", "open")
    servers.query("CREATE TABLE trade AS SELECT 7 AS price")
    pids, addresses = servers.pids(), servers.url(OWNER_FILE)
    servers.signal(signal.SIGKILL)
    servers.wait()
    again = Servers(servers.layout.root)
    try:
        wait_until(lambda: again.output.count("all are up") == 2, "the second start is up")
        assert not any(is_alive(pid) for pid in pids)
        assert again.url(OWNER_FILE) == addresses
        assert again.hot().get("order") == b"open"
        assert again.query("SELECT price FROM trade") == [(7,)]
    finally:
        again.end()
    assert not again.pids()


def test_the_stores_differ_in_durability_and_both_ask_for_a_password(servers: Servers) -> None:
    hot, bus = servers.hot(), Redis.from_url(servers.url("redis_bus_url"))
    assert hot.info("persistence")["aof_enabled"] == 1
    assert bus.info("persistence")["aof_enabled"] == 0
    for url in (servers.url("redis_hot_url"), servers.url("redis_bus_url")):
        assert not _answers_without_password(url)


def test_secrets_are_readable_by_their_owner_only(servers: Servers) -> None:
    for file in servers.layout.secrets.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_the_application_logs_in_without_the_owners_rights(servers: Servers) -> None:
    with psycopg.connect(servers.url(APPLICATION_FILE)) as connection:
        query = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = user"
        assert connection.execute(query).fetchone() == (False, False, False)


def test_no_password_is_in_a_log(servers: Servers) -> None:
    logs = "".join(file.read_text() for file in servers.layout.log.iterdir())
    for file in servers.layout.secrets.glob("*_url"):
        address = stored_address(servers.layout, file.name)
        assert address
        assert address.password not in logs


def test_an_application_role_with_another_password_gets_the_stored_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    layout = Layout(tmp_path)
    layout.make()
    owner, application = keep_postgres_addresses(layout)
    with running(postgres_service(layout, address=owner, settings=FAST_AND_LOOSE), layout):
        for address in (application, application_of(owner)):
            keep_application_role(owner, address)
            with psycopg.connect(address.url) as connection:
                assert connection.execute("SELECT user").fetchone() == (address.user,)


def test_an_interrupted_first_start_is_begun_again(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    layout = Layout(tmp_path)
    layout.make()
    (layout.postgres_unfinished / "base").mkdir(parents=True)
    address = new_postgres_address()
    with (
        running(postgres_service(layout, address=address, settings=FAST_AND_LOOSE), layout),
        psycopg.connect(address.url) as connection,
    ):
        assert connection.execute("SELECT current_database()").fetchone() == ("kalency",)
    assert not layout.postgres_unfinished.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its user")
def test_root_runs_postgres_as_nobody_where_namespaces_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = tmp_path / "refusing"
    refusing.mkdir()
    (refusing / "unshare").symlink_to(shutil.which("false") or "")
    monkeypatch.setenv("PATH", f"{refusing}:{os.environ['PATH']}")
    layout = Layout(Path("/var/tmp") / f"kalency-nobody-{os.getpid()}")  # noqa: S108 - must be open to nobody
    layout.make()
    address = new_postgres_address()
    try:
        service = postgres_service(layout, address=address, settings=FAST_AND_LOOSE)
        assert service.run_as == AS_NOBODY
        with running(service, layout), psycopg.connect(address.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        shutil.rmtree(layout.root)


def _answers_without_password(url: str) -> bool:
    place = url.rpartition("@")[2]
    try:
        return bool(Redis.from_url(f"redis://{place}").ping())
    except AuthenticationError:
        return False
