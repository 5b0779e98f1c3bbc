"""What a killed stack may leave behind, and what must not be mistaken for it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kalency.stack import leftovers
from kalency.stack.layout import Layout
from tests.polling import wait_until


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr(leftovers, "LEAVE_BY_THEMSELVES_S", 0.2)
    layout = Layout(tmp_path)
    layout.make()
    return layout


@pytest.fixture
def sleeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that was started for this data directory, or for another one."""
    data_dir = tmp_path / getattr(request, "param", "")
    environment = os.environ | {"KALENCY_DATA_DIR": str(data_dir)}
    with subprocess.Popen(["sleep", "60"], env=environment) as process:
        # The kernel shows a new program's environment a moment after it has begun.
        shown = Path(f"/proc/{process.pid}/environ")
        wait_until(shown.read_bytes, "the environment of the process can be read")
        yield process
        process.kill()


def test_a_process_that_stays_is_killed(layout: Layout, sleeper: subprocess.Popen[bytes]) -> None:
    layout.pid_file("matching-0").write_text(f"{sleeper.pid}\n")
    leftovers.end_leftovers(layout)
    assert not leftovers.is_alive(sleeper.pid)
    assert not layout.pid_file("matching-0").exists()


@pytest.mark.parametrize("sleeper", ["another"], indirect=True)
def test_a_program_that_was_given_the_same_number_is_left_alone(
    layout: Layout, sleeper: subprocess.Popen[bytes]
) -> None:
    layout.pid_file("matching-0").write_text(f"{sleeper.pid}\n")
    layout.postgres.mkdir()
    (layout.postgres / "postmaster.pid").write_text(f"{sleeper.pid}\nand more\n")
    leftovers.end_leftovers(layout)
    assert sleeper.poll() is None
    assert not (layout.postgres / "postmaster.pid").exists(), "it would keep PostgreSQL out"


def test_the_file_of_a_dead_postmaster_is_left_to_postgres(layout: Layout) -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    layout.postgres.mkdir()
    (layout.postgres / "postmaster.pid").write_text(f"{gone.pid}\n")
    leftovers.end_leftovers(layout)
    assert (layout.postgres / "postmaster.pid").exists()
