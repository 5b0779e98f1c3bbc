"""A disk that is full ends the matching store; what it acknowledged is there once there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from kalency.stack.addresses import new_valkey_address
from kalency.stack.alone import running
from kalency.stack.layout import Layout
from kalency.stack.valkey import valkey_service
from tests.matching.shard import ALICE, Shard

SIZE = "size=1m"
ROOMIER = "size=16m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte; only some users may make one."""
    if not mounted(tmp_path, SIZE):
        pytest.skip("mounting a small disk is not allowed here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def mounted(where: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(where)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def deposited(shard: Shard) -> bool:
    """Deposit one unit with Alice; return whether the server acknowledged it."""
    try:
        shard.deposit(ALICE, "USD", 1)
    except RedisError:
        return False
    return True


def test_a_full_disk_loses_nothing_that_was_acknowledged(small_disk: Path) -> None:
    layout = Layout(small_disk)
    layout.make()
    address = new_valkey_address()
    service = valkey_service(
        "valkey-hot", address=address, directory=layout.valkey("valkey-hot"), durable=True
    )
    acknowledged = 0
    with running(service, layout) as server:
        shard = Shard(Redis.from_url(address.url))
        while deposited(shard):
            acknowledged += 1
        assert server.wait() == 1
    assert mounted(small_disk, f"remount,{ROOMIER}")
    with running(service, layout):
        shard.match()  # a command may have been taken in, but not answered any more
        assert shard.wallet(ALICE)["USD.available"] in {acknowledged, acknowledged + 1}
        shard.deposit(ALICE, "USD", 1)
        assert len(shard.events()) == shard.wallet(ALICE)["USD.available"]
