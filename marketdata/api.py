"""REST: public market data. Views read the query, ask a selector, answer with a body."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.request_form import FormView
from accounts.rest.wire import Page
from marketdata import listing, recent_trades, tickers
from marketdata.candles.selectors import candles
from marketdata.feed.frames import BookData, text_levels, trade_items
from marketdata.messages import candle_bodies, market_body, ticker_body
from marketdata.queries import BookQuery, CandlesQuery, TradesQuery
from matching import runtime
from matching.domain.state import BookDepth


class PublicView(FormView):
    """For everybody: who asks is not even looked at."""

    authentication_classes = []
    permission_classes = []


class MarketsView(PublicView):
    def get(self, _request: Request) -> Response:
        markets = listing.all()
        days = runtime.run_blocking(tickers.days(markets))
        pairs = zip(markets, days, strict=True)
        return Response(Page(items=[market_body(market, day) for market, day in pairs]))


class MarketView(PublicView):
    def get(self, _request: Request, symbol: str) -> Response:
        market = listing.get(symbol)
        return Response(market_body(market, runtime.run_blocking(tickers.day(symbol))))


class BookView(PublicView):
    queries = {"GET": BookQuery}

    def get(self, _request: Request, symbol: str) -> Response:
        query: BookQuery = self.query
        market = listing.get(symbol)
        book = runtime.run_blocking(_book(symbol, query.depth))
        return Response(
            BookData(
                symbol=symbol,
                last_update_id=book.last_update_id,
                bids=text_levels(dict(book.bids), market),
                asks=text_levels(dict(book.asks), market),
            )
        )


class TradesView(PublicView):
    queries = {"GET": TradesQuery}

    def get(self, _request: Request, symbol: str) -> Response:
        query: TradesQuery = self.query
        market = listing.get(symbol)
        trades = runtime.run_blocking(recent_trades.latest(symbol, query.limit))
        return Response(Page(items=trade_items(trades, market)))


class CandlesView(PublicView):
    queries = {"GET": CandlesQuery}

    def get(self, _request: Request, symbol: str) -> Response:
        query: CandlesQuery = self.query
        market = listing.get(symbol)
        found = runtime.run_blocking(
            candles(symbol, query.tf, query.from_us, query.to_us, query.limit)
        )
        return Response(Page(items=candle_bodies(found, market)))


class TickerView(PublicView):
    def get(self, _request: Request, symbol: str) -> Response:
        market = listing.get(symbol)
        day = runtime.run_blocking(tickers.day(symbol))
        return Response(ticker_body(market, day, runtime.run_blocking(_book(symbol, 1))))


async def _book(symbol: str, depth: int) -> BookDepth:
    return await runtime.state().book(symbol, depth=depth)
