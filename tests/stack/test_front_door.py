"""What `python -m kalency.stack` says when it cannot run: one plain sentence, nothing left over."""

import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kalency.stack.addresses import LOOPBACK, choose_port
from kalency.stack.layout import PROJECT_DIR, Layout
from kalency.stack.preflight import only_stack
from tests.running_stack import stack_environment

REFUSAL_DEADLINE_S = 30.0
NAMELESS = (54_321, "user 54321")


def refusal(data_dir: Path, *, port: int | None = None, **variables: str) -> str:
    """Start the stack, expect a refusal, and return the one line it says."""
    environment = stack_environment(data_dir, port or choose_port(), "off") | variables
    done = subprocess.run(
        [sys.executable, "-m", "kalency.stack"],
        cwd=PROJECT_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=REFUSAL_DEADLINE_S,
        check=False,
    )
    assert done.returncode == 1
    assert not done.stdout
    assert not list(data_dir.glob("run/*.pid"))
    (line,) = done.stderr.splitlines()
    return line


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal(tmp_path, port=port) == (
            f"Port {port} is taken by another program; choose another with KALENCY_PORT."
        )


def test_a_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    line = refusal(tmp_path, KALENCY_PORT="eighty")
    assert line == "KALENCY_PORT must be a whole number, not 'eighty'."


def test_a_port_out_of_bounds_is_refused(tmp_path: Path) -> None:
    line = refusal(tmp_path, KALENCY_PORT="70000")
    assert line == "KALENCY_PORT must be between 1 and 65535, not 70000."


def test_more_than_one_shard_is_refused(tmp_path: Path) -> None:
    line = refusal(tmp_path, MATCHING_SHARDS="2")
    assert line == "MATCHING_SHARDS must be 1, not 2: funds cannot move between shards yet."


def test_a_second_stack_on_the_same_data_directory_is_refused(tmp_path: Path) -> None:
    with only_stack(Layout(tmp_path)):
        line = refusal(tmp_path)
    assert line.startswith(f"Another stack (process {os.getpid()}) is running on {tmp_path}; ")


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = refusal(tmp_path / "file" / "data")
    assert line == (f"The data directory {tmp_path}/file/data cannot be used: Not a directory.")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory away")
@pytest.mark.parametrize(("uid", "owner"), [(pwd.getpwnam("nobody").pw_uid, "nobody"), NAMELESS])
def test_a_data_directory_of_somebody_else_is_refused(tmp_path: Path, uid: int, owner: str) -> None:
    os.chown(tmp_path, uid, -1)
    line = refusal(tmp_path)
    assert line.startswith(f"The data directory {tmp_path} belongs to {owner}; ")


def test_a_database_that_lacks_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    assert "half-written: " in refusal(tmp_path)


def test_a_database_without_its_secrets_is_refused(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    for name in ("PG_VERSION", "postgresql.conf", "global/pg_control"):
        (cluster / name).parent.mkdir(parents=True, exist_ok=True)
        (cluster / name).touch()
    line = refusal(tmp_path)
    assert f"half-written: {tmp_path}/credentials.json is missing; " in line


def test_an_append_only_file_without_its_manifest_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "valkey-hot" / "appendonlydir"
    directory.mkdir(parents=True)
    (directory / "appendonly.aof.1.incr.aof").write_bytes(b"*1\r\n")
    assert "half-written: " in refusal(tmp_path)
