"""Makes a shard's candles and latest trades again from its trades, where hot Redis was lost.

Called by `manage.py rebuild_shard`, with the trades that the ledger has. The feed begins anew.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from redis import Redis

from marketdata import keys, recent_trades
from marketdata.candles import store
from marketdata.candles.rollup import CONSUMER as CANDLES
from marketdata.candles.rollup import folded
from marketdata.domain.trades import PublicTrade, public_trade
from marketdata.feed.shard_feed import CONSUMER as FEED
from matching.domain.events import Trade

CONSUMERS: Final = (CANDLES, FEED)
TRADES_PER_WRITE: Final = 5_000


def make_again(hot: Redis, shard: int, trades: Iterable[Trade], *, sequence: int) -> int:
    """Make all market data of a shard from `trades`; return how many there were.

    They are in the order of their events, of which `sequence` is the last: readers go on behind it.
    """
    hot.unlink(keys.feed_heads(shard), keys.roll_up(shard), *_made_of_trades(hot, shard))
    latest: dict[str, deque[PublicTrade]] = defaultdict(
        lambda: deque(maxlen=recent_trades.MAX_KEPT)
    )
    remaining, number = iter(trades), 0
    while piece := list(islice(remaining, TRADES_PER_WRITE)):
        number += len(piece)
        pipe = hot.pipeline(transaction=False)
        store.queue_write(pipe, folded(hot, piece, shard=shard), shard=shard)
        pipe.execute()
        for trade in piece:
            latest[trade.symbol].append(public_trade(trade))
    # Typed for an event loop; it only queues, and either kind of pipeline takes that.
    last_write: Any = hot.pipeline(transaction=True)
    for symbol, newest in latest.items():
        recent_trades.queue_write(last_write, shard=shard, symbol=symbol, trades=newest)
    last_write.hset(keys.roll_up(shard), "sequence", str(sequence))
    last_write.execute()
    return number


def _made_of_trades(hot: Redis, shard: int) -> list[bytes]:
    names = (keys.candle_chunks(shard, "*", "*"), keys.recent_trades(shard, "*"))
    return [key for name in names for key in hot.scan_iter(name)]
