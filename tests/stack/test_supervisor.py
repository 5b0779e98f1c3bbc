"""The supervisor's promises, kept by the real one over real processes."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kalency.stack.leftovers import is_alive
from tests.polling import wait_until
from tests.stack.harness import Supervised

Run = Callable[[str], Supervised]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Start a plan; whatever is still up at the end of the test is stopped."""
    started: list[Supervised] = []

    def start(plan: str) -> Supervised:
        started.append(Supervised(tmp_path, plan))
        return started[-1]

    yield start
    for supervised in started:
        supervised.end()


def test_a_stage_starts_only_when_the_one_before_serves(run: Run) -> None:
    stack = run("ordered")
    stack.wait_up()
    assert stack.journal[:2] == ["first started", "first ready"]
    assert sorted(stack.journal[2:]) == [
        *("second ready", "second started", "third ready", "third started"),
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_all_in_reverse_order(run: Run, number: signal.Signals) -> None:
    stack = run("ordered")
    stack.wait_up()
    pids = stack.pids()
    stack.signal(number)
    assert stack.wait() == 0
    assert stack.journal[-3:] == ["third stopped", "second stopped", "first stopped"]
    assert len(pids) == 3
    assert not any(is_alive(pid) for pid in pids)
    assert not stack.pids(), "pid files are removed"


def test_a_killed_service_is_restarted_and_the_others_are_left_alone(run: Run) -> None:
    stack = run("ordered")
    stack.wait_up()
    neighbour = stack.pid("second")
    old = stack.kill("third")
    stack.wait_replaced("third", old)
    wait_until(lambda: stack.journal.count("third ready") == 2, "third serves again")
    assert stack.pid("second") == neighbour
    assert "third was ended by SIGKILL; restarting in 0.2 s" in stack.output


def test_the_delay_before_a_restart_doubles(run: Run) -> None:
    stack = run("ordered")
    stack.wait_up()
    for _ in range(3):
        old = stack.kill("third")
        stack.wait_replaced("third", old)
    delays = re.findall(r"third was ended by SIGKILL; .* in ([\d.]+) s", stack.output)
    assert delays == ["0.2", "0.4", "0.8"]


def test_a_service_whose_pid_file_cannot_be_written_is_tried_again(run: Run) -> None:
    stack = run("ordered")
    stack.wait_up()
    obstacle = stack.layout.run / "third.new"
    obstacle.mkdir()
    old = stack.kill("third")
    wait_until(lambda: "third could not be started" in stack.output, "it is tried")
    obstacle.rmdir()
    stack.wait_replaced("third", old)


def test_nothing_outlives_a_killed_supervisor(run: Run) -> None:
    stack = run("ordered")
    stack.wait_up()
    pids = stack.pids()
    stack.signal(signal.SIGKILL)
    stack.wait()
    assert len(pids) == 3
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "every process is gone")


def test_a_service_that_does_not_stop_is_killed_after_its_grace(run: Run) -> None:
    stack = run("stubborn")
    stack.wait_up()
    pids = stack.pids()
    stack.signal(signal.SIGTERM)
    assert stack.wait() == 0
    assert stack.journal[-2:] == ["second stopped", "first stopped"]
    assert not any(is_alive(pid) for pid in pids)


def test_a_failing_step_ends_the_stack_with_one_sentence(run: Run) -> None:
    stack = run("failing-step")
    assert stack.wait() == 1
    assert "migrate ended with exit code 7; " in stack.output.splitlines()[-1]
    assert stack.journal == ["first started", "first ready", "first stopped"]


def test_a_service_that_never_serves_ends_the_stack_with_one_sentence(run: Run) -> None:
    stack = run("failing-service")
    assert stack.wait() == 1
    assert "second ended with exit code 3; " in stack.output.splitlines()[-1]
    assert stack.journal.count("second started") == 3
    assert stack.journal[-1] == "first stopped"
