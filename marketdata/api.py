"""REST: public market data. Views read the query, ask one selector, answer with a body."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.wire import Page
from marketdata import listing, recent_trades
from marketdata.feed.frames import BookData, text_levels, trade_items
from marketdata.queries import BookQuery, TradesQuery, read_query
from matching import runtime
from matching.state import BookDepth


class PublicView(APIView):
    """For everybody: who asks is not even looked at."""

    authentication_classes = []
    permission_classes = []


class BookView(PublicView):
    def get(self, request: Request, symbol: str) -> Response:
        query = read_query(request, BookQuery)
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
    def get(self, request: Request, symbol: str) -> Response:
        query = read_query(request, TradesQuery)
        market = listing.get(symbol)
        trades = runtime.run_blocking(recent_trades.latest(symbol, query.limit))
        return Response(Page(items=trade_items(trades, market)))


async def _book(symbol: str, depth: int) -> BookDepth:
    return await runtime.state().book(symbol, depth=depth)
