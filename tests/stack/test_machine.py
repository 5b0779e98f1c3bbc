"""How much memory there is, for a machine and for a container."""

from pathlib import Path

import pytest

from kalency.stack.machine import memory_mb


def test_a_container_has_what_it_is_allowed(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{64 * 2**20}\n")
    assert memory_mb((limit,)) == 64


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n", None])
def test_without_a_limit_it_is_the_machine_s(tmp_path: Path, text: str | None) -> None:
    limit = tmp_path / "memory.max"
    if text is not None:
        limit.write_text(text)
    assert memory_mb((limit,)) == memory_mb(())
