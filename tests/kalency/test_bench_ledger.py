"""The benchmark of the ledger runs, and says what it ran."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection


def bench(*options: str) -> str:
    printed = io.StringIO()
    call_command("bench_ledger", *options, stdout=printed, stderr=io.StringIO())
    return printed.getvalue()


@pytest.fixture
def _unblocked(django_db_blocker: Any) -> Any:
    """Let Django connect: to the database of the benchmark, and to no other."""
    with django_db_blocker.unblock():
        yield


@pytest.mark.usefixtures("_unblocked")
def test_figures_come_with_their_load() -> None:
    configured = connection.settings_dict
    options = ["--events", "600", "--rounds", "1", "--rows", "400"]
    printed: dict[str, Any] = json.loads(bench(*options, "--json"))
    assert [(line["load"], line["events"]) for line in printed["writer"]] == [
        ("gate mix", 600),
        ("trades", 600),
        ("trades", 600),
    ]
    assert printed["verify"]["rows"] == 1_200
    assert {line["who"] for line in printed["fills"]} == {"any", "rare"}
    assert printed["megabytes"]["trade_ledger"] > 0
    assert connection.settings_dict is configured


@pytest.mark.parametrize("option", ["--events", "--rounds", "--rows"])
def test_a_load_of_nothing_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match="must be a whole number from 1 on"):
        bench(option, "0")
