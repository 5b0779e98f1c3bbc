"""The names of market data's keys in the hot Redis; nobody else spells them.

Each that belongs to a market carries the hash tag of its shard, so that what belongs together is
written together.
"""

from matching.keys import prefix


def recent_trades(shard: int, symbol: str) -> str:
    """Sorted set: packed public trades by trade id."""
    return f"{prefix(shard)}trades:{symbol}"


def feed_heads(shard: int) -> str:
    """Hash: public channel → `<seq>:<last>`, its last push and what that push reached."""
    return f"{prefix(shard)}feed"


def candle_chunk(shard: int, symbol: str, timeframe: str, start_s: int) -> str:
    """Hash: bucket start in seconds → packed candle, for one stretch of buckets."""
    return f"{prefix(shard)}candle:{symbol}:{timeframe}:{start_s}"


def candle_chunks(shard: int, symbol: str, timeframe: str) -> str:
    """Sorted set: the starts of the stretches that have a candle, in seconds."""
    return f"{prefix(shard)}candle:{symbol}:{timeframe}"


def roll_up(shard: int) -> str:
    """Hash: how far the candle roll-up has read, in events and in time."""
    return f"{prefix(shard)}candles:roll-up"


def roll_up_lock(shard: int) -> str:
    """String with expiry: a roll-up is at work."""
    return f"{prefix(shard)}candles:roll-up:lock"


def simulator_control() -> str:
    """Hash: whether the crowd is to trade, and whether a stopped one has left the books."""
    return "v1:sim:control"


def simulator_profiles() -> str:
    """Hash: symbol, or `*` for every market → volatility profile."""
    return "v1:sim:profiles"
