"""What /readyz says of servers that are away and of processes that leave their work undone."""

import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from redis import Redis

from kalency.health import CONSUMER_BEHIND_S, MATCHING_BEHIND_S
from ledger import writer_heartbeat
from ledger.models import Checkpoint
from matching import keys
from matching.codec import encode_command_entry
from matching.event_log import last_sequence, save_checkpoint
from tests.matching.shard import BTC_USD, Shard

pytestmark = pytest.mark.django_db

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def broken_parts() -> set[str]:
    """Ask /readyz; return the parts that keep this process from being ready."""
    answer = Client().get("/readyz")
    parts: dict[str, bool] = answer.json()["parts"]
    broken = {name for name, works in parts.items() if not works}
    assert (answer.status_code == 200) == (not broken) == answer.json()["ready"]
    return broken


def send_command(hot: Redis, *, age_s: float) -> None:
    """Append a command as if it had been sent a while ago."""
    fields: Any = encode_command_entry(gateway="test", ts_us=0, commands=[])
    hot.xadd(keys.commands(0), fields, id=f"{int((time.time() - age_s) * 1_000)}-0")


def shard_with_an_event(hot: Redis, *, age_s: float) -> Shard:
    """List a market as if that had been a while ago; nobody has read of it."""
    shard = Shard(hot)
    shard.now_us = int((time.time() - age_s) * 1e6)
    shard.apply(BTC_USD)
    return shard


def test_an_idle_exchange_is_ready(hot: Redis, bus: Redis) -> None:
    assert broken_parts() == set()


@pytest.mark.parametrize(
    ("setting", "parts"),
    [("REDIS_BUS_URL", {"bus"}), ("REDIS_HOT_URL", {"hot", "matching", "ledger", "feed"})],
)
def test_a_server_that_is_away_is_named(
    hot: Redis, bus: Redis, settings: Settings, setting: str, parts: set[str]
) -> None:
    setattr(settings, setting, NOBODY_LISTENS)
    assert broken_parts() == parts


def test_a_command_that_nobody_applies_is_missed(hot: Redis, bus: Redis) -> None:
    send_command(hot, age_s=MATCHING_BEHIND_S + 1)
    assert broken_parts() == {"matching"}
    Shard(hot).match()
    assert broken_parts() == set()


def test_a_command_may_wait_a_moment(hot: Redis, bus: Redis) -> None:
    send_command(hot, age_s=0)
    assert broken_parts() == set()


def test_events_that_nobody_reads_are_missed(hot: Redis, bus: Redis) -> None:
    shard_with_an_event(hot, age_s=CONSUMER_BEHIND_S + 1)
    assert broken_parts() == {"ledger", "feed"}
    for consumer, left in (("ledger", {"feed"}), ("feed", set())):
        save_checkpoint(hot, shard=0, consumer=consumer, sequence=last_sequence(hot, shard=0))
        assert broken_parts() == left


def test_the_oldest_unread_event_counts(hot: Redis, bus: Redis) -> None:
    shard = shard_with_an_event(hot, age_s=CONSUMER_BEHIND_S + 1)
    for consumer in ("ledger", "feed"):
        save_checkpoint(hot, shard=0, consumer=consumer, sequence=last_sequence(hot, shard=0))
    shard.now_us = int(time.time() * 1e6)
    shard.deposit(1, "USD", 1)
    assert broken_parts() == set()


def test_a_writer_that_does_not_reach_postgres_is_told_at_once(hot: Redis, bus: Redis) -> None:
    writer_heartbeat.beat(0, writer_heartbeat.POSTGRES)
    assert broken_parts() == {"ledger"}
    writer_heartbeat.beat(0, writer_heartbeat.NOBODY)
    assert broken_parts() == set()


def test_a_ledger_that_is_ahead_of_the_log_is_told(hot: Redis, bus: Redis) -> None:
    Checkpoint.objects.create(shard=0, sequence=1, updated_at="2026-01-01T00:00Z")
    assert broken_parts() == {"ledger"}
    shard_with_an_event(hot, age_s=0)
    assert broken_parts() == set()
