"""The benchmark runs, and says what it ran."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def bench(*options: str) -> str:
    printed = io.StringIO()
    call_command("bench_matching", *options, stdout=printed, stderr=io.StringIO())
    return printed.getvalue()


def test_figures_come_with_their_load_and_conditions() -> None:
    options = ["--batch", "20", "--depth", "50", "--symbols", "2", "--users", "10", "--aof", "off"]
    printed: dict[str, Any] = json.loads(bench(*options, "--rounds", "1", "--json"))
    (line,) = printed["runs"]
    assert (line["load"]["batch"], line["load"]["depth"]) == (20, 50)
    figures = line["figures"]
    assert figures["orders_per_s"] > 0
    assert figures["call_p50_ms"] <= figures["call_p99_ms"]
    assert "appendonly no" in printed["conditions"]


@pytest.mark.parametrize("option", ["--batch", "--symbols", "--users", "--orders", "--rounds"])
def test_a_load_of_nothing_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match="must be a whole number from 1 on"):
        bench(option, "0")
