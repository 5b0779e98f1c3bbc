"""What every test expects of the shard it leaves behind."""

from redis import Redis

from matching.invariants import check_shard
from tests.matching.shard import SHARD


def assert_sound(hot: Redis) -> None:
    """Fail with what is wrong, where anything is that must always hold."""
    report = check_shard(hot, SHARD)
    assert [violation.sentence for violation in report.violations] == []
    assert report.unjudged == []
