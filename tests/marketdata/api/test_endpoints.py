"""Public market data over REST: no log-in, the contract's words, one envelope for bad questions."""

import time
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client
from redis import Redis

from accounts.funds import funds_move
from marketdata import listing, recent_trades, tickers
from marketdata.candles.rollup import roll_up
from marketdata.domain.markets import Market
from marketdata.domain.trades import public_trade
from matching import runtime
from matching.domain.commands import PlaceOrder
from matching.domain.events import Trade
from matching.domain.values import Lots, MarketStatus, OrderType, Side, Ticks, TimeInForce, Units
from tests.marketdata.listed import halt

SELLER, BUYER = 501, 502
PRICES = ("64000.00", "64010.50", "63990.00")


def get(path: str, **query: str) -> Any:
    response = Client().get(f"/v1/markets{path}", query)
    assert response.status_code == 200, response.content
    return response.json()


def refused(path: str, status: int, **query: str) -> Any:
    response = Client().get(f"/v1/markets{path}", query)
    assert response.status_code == status, response.content
    return response.json()["error"]


@pytest.fixture
def traded(btc: Market, hot: Redis, bus: Redis) -> Market:
    """BTC-USD after three trades of 0.01, with a bid and an ask resting."""
    runtime.run_blocking(_trade(btc))
    roll_up(hot, shard=0, clock_us=lambda: time.time_ns() // 1_000)
    tickers.forget()
    return btc


async def _trade(btc: Market) -> None:
    await funds_move(user_id=SELLER, asset="BTC", amount=Units(10**9), reference="seller")
    await funds_move(user_id=BUYER, asset="USD", amount=Units(10**12), reference="buyer")
    client = await runtime.client()
    found: list[Trade] = []
    for price in PRICES:
        await client.submit(_order(btc, SELLER, Side.SELL, price, "0.01"))
        events = await client.submit(_order(btc, BUYER, Side.BUY, price, "0.01"))
        found += [event for event in events if isinstance(event, Trade)]
    await client.submit(_order(btc, BUYER, Side.BUY, "63900.00", "0.02"))
    await client.submit(_order(btc, BUYER, Side.BUY, "63900.00", "0.01"))
    await client.submit(_order(btc, SELLER, Side.SELL, "64100.00", "0.05"))
    await _write_tape(found)


async def _write_tape(trades: Sequence[Trade]) -> None:
    pipe = runtime.reader().pipeline()
    public = [public_trade(trade) for trade in trades]
    recent_trades.queue_write(pipe, shard=0, symbol="BTC-USD", trades=public)
    await pipe.execute()


def _order(market: Market, user_id: int, side: Side, price: str, qty: str) -> PlaceOrder:
    return PlaceOrder(
        user_id=user_id,
        symbol=market.symbol,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        post_only=False,
        price_ticks=Ticks(market.ticks(price)),
        qty_lots=Lots(market.lots(qty)),
    )


def test_markets_show_scales_filters_fees_and_how_they_do(traded: Market) -> None:
    answer = get("")
    assert answer["nextCursor"] is None
    assert answer["items"] == [get("/BTC-USD")]
    assert answer["items"] == [
        {
            "symbol": "BTC-USD",
            "baseAsset": "BTC",
            "quoteAsset": "USD",
            "tickSize": "0.01",
            "lotSize": "0.0001",
            "minQty": "0.0001",
            "maxQty": "500",
            "maxPrice": "10000000",
            "minNotional": "1",
            "priceBandPct": 50,
            "makerFeeBps": 5,
            "takerFeeBps": 10,
            "baseDecimals": 8,
            "quoteDecimals": 6,
            "simulated": True,
            "status": "TRADING",
            "lastPrice": "63990.00",
            "change24hPct": -0.02,
            "volume24h": "0.0300",
        }
    ]


def test_a_market_that_never_traded_has_no_price(btc: Market) -> None:
    market = get("/BTC-USD")
    assert (market["lastPrice"], market["change24hPct"]) == (None, None)
    assert market["volume24h"] == "0.0000"
    ticker = get("/BTC-USD/ticker")
    assert (ticker["lastPrice"], ticker["bestBid"], ticker["open24h"]) == (None, None, None)


def test_a_pause_shows_in_the_status(btc: Market) -> None:
    listing.set_status("BTC-USD", MarketStatus.PAUSED)
    assert get("/BTC-USD")["status"] == "PAUSED"


def test_a_halt_shows_in_the_status(btc: Market) -> None:
    halt("BTC-USD")
    assert get("/BTC-USD")["status"] == "HALTED"


def test_the_book_sums_levels_best_first(traded: Market) -> None:
    book = get("/BTC-USD/book")
    assert book["symbol"] == "BTC-USD"
    assert book["bids"] == [["63900.00", "0.0300"]]
    assert book["asks"] == [["64100.00", "0.0500"]]
    assert book["lastUpdateId"] > 0


def test_the_book_is_as_deep_as_asked(traded: Market) -> None:
    client = runtime.run_blocking(runtime.client())
    runtime.run_blocking(client.submit(_order(traded, BUYER, Side.BUY, "63800.00", "0.01")))
    assert len(get("/BTC-USD/book")["bids"]) == 2
    assert get("/BTC-USD/book", depth="1")["bids"] == [["63900.00", "0.0300"]]


def test_trades_come_newest_first_without_people(traded: Market) -> None:
    trades = get("/BTC-USD/trades")["items"]
    assert [trade["price"] for trade in trades] == list(reversed(PRICES))
    assert trades[0].keys() == {"tradeId", "symbol", "price", "qty", "takerSide", "ts"}
    assert len(get("/BTC-USD/trades", limit="2")["items"]) == 2


def test_candles_are_made_of_trades_and_include_the_current_bucket(traded: Market) -> None:
    candles = get("/BTC-USD/candles", tf="1h")["items"]
    assert sum(candle["trades"] for candle in candles) == 3
    last = candles[-1]
    assert last["close"] == "63990.00"
    assert last["timeframe"] == "1h"
    assert last["final"] is False
    assert sum(float(candle["volume"]) for candle in candles) == pytest.approx(0.03)


def test_candles_of_a_time_without_trades_are_none(traded: Market) -> None:
    query = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00+02:00"}
    assert get("/BTC-USD/candles", tf="1m", **query) == {"items": [], "nextCursor": None}


def test_the_ticker_has_the_best_prices_and_the_day(traded: Market) -> None:
    assert get("/BTC-USD/ticker") == {
        "symbol": "BTC-USD",
        "lastPrice": "63990.00",
        "bestBid": "63900.00",
        "bestAsk": "64100.00",
        "open24h": "64000.00",
        "high24h": "64010.50",
        "low24h": "63990.00",
        "change24h": "-10.00",
        "change24hPct": -0.02,
        "volume24h": "0.0300",
        "quoteVolume24h": "1920.005000",
    }


@pytest.mark.parametrize("path", ["", "/book", "/trades", "/candles", "/ticker"])
def test_an_unknown_symbol_is_not_found(btc: Market, path: str) -> None:
    assert refused(f"/DOG-USD{path}", 404)["code"] == "UNKNOWN_SYMBOL"


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("book", "depth", "0"),
        ("book", "depth", "-1"),
        ("book", "depth", "1001"),
        ("book", "depth", "ten"),
        ("book", "depth", "1.5"),
        ("book", "depht", "10"),
        ("trades", "limit", "0"),
        ("trades", "limit", "99999999999999999999"),
        ("candles", "tf", "2m"),
        ("candles", "limit", "1001"),
        ("candles", "from", "yesterday"),
        ("candles", "from", "2026-01-01T00:00:00"),
        ("candles", "to", "2026-13-01T00:00:00Z"),
    ],
)
def test_a_question_that_makes_no_sense_names_its_field(
    btc: Market, path: str, field: str, value: str
) -> None:
    error = refused(f"/BTC-USD/{path}", 400, **{field: value})
    assert error["code"] == "INVALID_REQUEST"
    assert error["details"]["field"] == field


def test_a_time_that_ends_before_it_begins_is_refused(btc: Market) -> None:
    query = {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert refused("/BTC-USD/candles", 400, **query)["details"]["field"] == "from"


def test_nobody_has_to_log_in_and_bad_credentials_do_not_matter(btc: Market) -> None:
    response = Client().get("/v1/markets", headers={"Authorization": "Bearer nonsense"})
    assert response.status_code == 200


def test_only_reading_is_offered(btc: Market) -> None:
    response = Client().post("/v1/markets/BTC-USD/book")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
