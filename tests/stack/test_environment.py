"""What the environment may say, and how the rest is refused."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from kalency import environment as env


def test_bounds_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (1, 9):
        monkeypatch.setenv("NUMBER", str(value))
        assert env.whole("NUMBER", 5, least=1, most=9) == value


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("0", "NUMBER must be between 1 and 9, not 0."),
        ("10", "NUMBER must be between 1 and 9, not 10."),
        ("1.5", "NUMBER must be a whole number, not '1.5'."),
    ],
)
def test_other_numbers_are_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, sentence: str
) -> None:
    monkeypatch.setenv("NUMBER", value)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.whole("NUMBER", 5, least=1, most=9)
    assert str(refused.value) == sentence


def test_all_stands_for_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, expected in (("", 5), ("7", 7), ("all", None)):
        monkeypatch.setenv("NUMBER", value)
        assert env.whole_or_all("NUMBER", 5, least=1, most=9) == expected


def test_one_shard_is_all_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATCHING_SHARDS", raising=False)
    assert env.matching_shards() == 1
    monkeypatch.setenv("MATCHING_SHARDS", "2")
    with pytest.raises(ImproperlyConfigured, match="cannot move between shards yet"):
        env.matching_shards()


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory that holds the embedded server's owner, and no variable that names one."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_ADMIN_URL", raising=False)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database_admin_url").write_text("postgres://embedded@127.0.0.1/k\n")
    return tmp_path


def owner_of(data_dir: Path) -> object:
    found = env.database_owner(data_dir=data_dir)
    return found and found["USER"]


def test_owner_comes_from_the_same_place_as_the_application(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert owner_of(secrets) == "embedded"
    monkeypatch.setenv("DATABASE_URL", "postgres://me@elsewhere/k")
    assert owner_of(secrets) is None
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgres://admin@elsewhere/k")
    assert owner_of(secrets) == "admin"
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(ImproperlyConfigured, match="without DATABASE_URL"):
        owner_of(secrets)
