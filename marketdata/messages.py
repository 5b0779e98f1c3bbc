"""The bodies of public market data beside books and trades. Pure; camelCase on the wire.

Books and trades look the same everywhere, so their bodies are the feed's (`feed.frames`).
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from accounts.rest.wire import Body
from marketdata.candles.domain import Candle, Timeframe
from marketdata.domain.markets import Market
from marketdata.domain.tickers import Day
from matching.domain.decimals import plain
from matching.domain.state import BookDepth
from matching.domain.timestamps import rfc3339
from matching.domain.values import MarketStatus

Number = int | float


class MarketBody(Body, frozen=True, kw_only=True):
    """A listed market: scales, filters, fees, and how it has been doing."""

    symbol: str
    base_asset: str
    quote_asset: str
    tick_size: str
    lot_size: str
    min_qty: str
    max_qty: str
    max_price: str
    min_notional: str
    price_band_pct: Number
    maker_fee_bps: Number
    taker_fee_bps: Number
    base_decimals: int
    quote_decimals: int
    simulated: bool
    status: MarketStatus
    last_price: str | None
    change24h_pct: float | None
    volume24h: str


class TickerBody(Body, frozen=True, kw_only=True):
    """What a market costs now, and its last 24 hours. Prices are null before the first trade."""

    symbol: str
    last_price: str | None
    best_bid: str | None
    best_ask: str | None
    open24h: str | None
    high24h: str | None
    low24h: str | None
    change24h: str | None
    change24h_pct: float | None
    volume24h: str
    quote_volume24h: str = msgspec.field(name="quoteVolume24h")


class CandleBody(Body, frozen=True, kw_only=True):
    """OHLCV of one bucket; volumes are in base and quote asset."""

    symbol: str
    timeframe: Timeframe
    bucket_start: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    quote_volume: str
    trades: int
    final: bool


def market_body(market: Market, day: Day) -> MarketBody:
    return MarketBody(
        symbol=market.symbol,
        base_asset=market.base,
        quote_asset=market.quote,
        tick_size=plain(market.tick_size),
        lot_size=plain(market.lot_size),
        min_qty=plain(market.min_qty),
        max_qty=plain(market.max_qty),
        max_price=plain(market.max_price),
        min_notional=plain(market.min_notional),
        price_band_pct=_number(market.price_band_pct),
        maker_fee_bps=_number(market.maker_fee_bps),
        taker_fee_bps=_number(market.taker_fee_bps),
        base_decimals=market.base_decimals,
        quote_decimals=market.quote_decimals,
        simulated=market.simulated,
        status=MarketStatus.HALTED if day.is_halted else market.status,
        last_price=_price(market, day.last_ticks),
        change24h_pct=day.change_pct,
        volume24h=market.qty_text(day.volume_lots),
    )


def ticker_body(market: Market, day: Day, top: BookDepth) -> TickerBody:
    return TickerBody(
        symbol=market.symbol,
        last_price=_price(market, day.last_ticks),
        best_bid=_price(market, top.bids[0][0] if top.bids else None),
        best_ask=_price(market, top.asks[0][0] if top.asks else None),
        open24h=_price(market, day.open_ticks),
        high24h=_price(market, day.high_ticks),
        low24h=_price(market, day.low_ticks),
        change24h=_price(market, day.change_ticks),
        change24h_pct=day.change_pct,
        volume24h=market.qty_text(day.volume_lots),
        quote_volume24h=market.quote_text(day.quote_units),
    )


def candle_bodies(candles: Iterable[Candle], market: Market) -> list[CandleBody]:
    return [
        CandleBody(
            symbol=candle.symbol,
            timeframe=candle.timeframe,
            bucket_start=rfc3339(candle.start_us),
            open=market.price_text(candle.open_ticks),
            high=market.price_text(candle.high_ticks),
            low=market.price_text(candle.low_ticks),
            close=market.price_text(candle.close_ticks),
            volume=market.qty_text(candle.volume_lots),
            quote_volume=market.quote_text(candle.quote_units),
            trades=candle.trades,
            final=candle.final,
        )
        for candle in candles
    ]


def _price(market: Market, ticks: int | None) -> str | None:
    return None if ticks is None else market.price_text(ticks)


def _number(value: Decimal) -> Number:
    return int(value) if value == value.to_integral_value() else float(value)
