"""The pushes of public channels, encoded once, and how they travel to the web processes. Pure.

A `Frame` is a push ready to be sent, with what a hub must know to place it: `first` and `last` are
book update ids or trade ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from marketdata.domain.markets import Market
from marketdata.domain.trades import PublicTrade
from marketdata.feed.book import BookChanges, TextLevel
from matching.domain.timestamps import rfc3339
from matching.domain.values import Side

GONE: Final = "0"
"""The quantity that tells a client to drop a level."""


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """One push of one channel."""

    channel: str
    seq: int
    first: int
    last: int
    text: str


class FeedMessage(msgspec.Struct, frozen=True, array_like=True):
    """What the feed publishes: pushes, and now and then where its channels stand."""

    frames: list[Frame] = []
    heads: dict[str, int] = {}


class TradeItem(msgspec.Struct, frozen=True, rename="camel"):
    """A trade in JSON."""

    trade_id: str
    symbol: str
    price: str
    qty: str
    taker_side: Side
    ts: str


class TradesData(msgspec.Struct, frozen=True):
    items: Sequence[TradeItem]


class BookData(msgspec.Struct, frozen=True, rename="camel"):
    """A whole book, best first."""

    symbol: str
    last_update_id: int
    bids: Sequence[TextLevel]
    asks: Sequence[TextLevel]


class BookUpdateData(msgspec.Struct, frozen=True, rename="camel"):
    """The levels that changed, each with its new total."""

    symbol: str
    first_update_id: int
    last_update_id: int
    bids: Sequence[TextLevel]
    asks: Sequence[TextLevel]


Data = TradesData | BookData | BookUpdateData


class Push(msgspec.Struct, frozen=True):
    """The envelope of everything a channel sends."""

    channel: str
    type: Literal["snapshot", "update"]
    seq: int
    ts: str
    data: Data


class TradesPush(msgspec.Struct, frozen=True):
    """What a hub reads of a trades update."""

    data: TradesData


class BookPush(msgspec.Struct, frozen=True):
    """What a hub reads of a book update."""

    data: BookUpdateData


_json = msgspec.json.Encoder()
_read_trades = msgspec.json.Decoder(TradesPush)
_read_book = msgspec.json.Decoder(BookPush)
_message_encoder = msgspec.msgpack.Encoder()
_message_decoder = msgspec.msgpack.Decoder(FeedMessage)


def push_text(
    channel: str, kind: Literal["snapshot", "update"], *, seq: int, ts_us: int, data: Data
) -> str:
    """Return a push as the text that goes to every socket."""
    return _json.encode(Push(channel, kind, seq, rfc3339(ts_us), data)).decode()


def trades_update(
    channel: str, trades: Sequence[PublicTrade], market: Market, *, seq: int, ts_us: int
) -> Frame:
    """Return the push of new trades, oldest first."""
    data = TradesData(trade_items(trades, market))
    text = push_text(channel, "update", seq=seq, ts_us=ts_us, data=data)
    return Frame(channel, seq, trades[0].trade_id, trades[-1].trade_id, text)


def book_update(
    channel: str, changes: BookChanges, market: Market, *, seq: int, ts_us: int
) -> Frame:
    """Return the push of a book's changes."""
    data = BookUpdateData(
        symbol=market.symbol,
        first_update_id=changes.first_update_id,
        last_update_id=changes.last_update_id,
        bids=text_levels(changes.bids, market),
        asks=text_levels(changes.asks, market),
    )
    text = push_text(channel, "update", seq=seq, ts_us=ts_us, data=data)
    return Frame(channel, seq, changes.first_update_id, changes.last_update_id, text)


def trade_items(trades: Iterable[PublicTrade], market: Market) -> list[TradeItem]:
    """Return trades as JSON shows them, in their order."""
    return [
        TradeItem(
            trade_id=str(trade.trade_id),
            symbol=trade.symbol,
            price=market.price_text(trade.price_ticks),
            qty=market.qty_text(trade.qty_lots),
            taker_side=trade.taker_side,
            ts=rfc3339(trade.ts_us),
        )
        for trade in trades
    ]


def text_levels(levels: Mapping[int, int], market: Market) -> list[TextLevel]:
    """Return levels as decimal text; a level without quantity as GONE."""
    return [
        (market.price_text(ticks), market.qty_text(lots) if lots else GONE)
        for ticks, lots in levels.items()
    ]


def read_trades(frame: Frame) -> Sequence[TradeItem]:
    """Return the trades of a trades update."""
    return _read_trades.decode(frame.text).data.items


def read_book(frame: Frame) -> BookUpdateData:
    """Return the changes of a book update."""
    return _read_book.decode(frame.text).data


def pack(message: FeedMessage) -> bytes:
    return _message_encoder.encode(message)


def unpack(packed: bytes) -> FeedMessage:
    return _message_decoder.decode(packed)
