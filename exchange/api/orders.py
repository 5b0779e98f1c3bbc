"""REST: orders. Views read a form, call one service or selector, answer (docs/api.md).

The web server hands the requests that place and cancel to `order_entry` instead, which is faster.
"""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import sender
from accounts.permissions import CanReadOrTrade
from accounts.rest.request_form import FormView
from accounts.rest.wire import Page
from exchange import batches, history, selectors, services
from exchange.history import HistoryQuery
from exchange.messages import BatchForm, ClientOrderQuery, NewOrder, SymbolQuery
from matching.runtime import run_blocking


class TradingView(FormView):
    """A view for the caller's own orders: reading needs the scope `read`, changing `trade`."""

    permission_classes = [CanReadOrTrade]


class OrdersView(TradingView):
    forms = {"POST": NewOrder}
    queries = {"GET": ClientOrderQuery, "DELETE": SymbolQuery}

    def post(self, request: Request) -> Response:
        ack = run_blocking(services.order_place(user_id=sender(request).pk, order=self.form))
        return Response(ack, status=201)

    def get(self, request: Request) -> Response:
        query: ClientOrderQuery = self.query
        found = run_blocking(
            selectors.orders_by_client_id(
                user_id=sender(request).pk, client_order_id=query.client_order_id
            )
        )
        return Response(Page(items=found))

    def delete(self, request: Request) -> Response:
        query: SymbolQuery = self.query
        canceled = run_blocking(
            services.order_cancel_all(user_id=sender(request).pk, symbol=query.symbol)
        )
        return Response(Page(items=canceled))


class OpenOrdersView(TradingView):
    queries = {"GET": SymbolQuery}

    def get(self, request: Request) -> Response:
        query: SymbolQuery = self.query
        orders = run_blocking(
            selectors.orders_open(user_id=sender(request).pk, symbol=query.symbol)
        )
        return Response(Page(items=orders))


class EndedOrdersView(TradingView):
    queries = {"GET": HistoryQuery}

    def get(self, request: Request) -> Response:
        return Response(
            run_blocking(history.orders_ended(user_id=sender(request).pk, query=self.query))
        )


class FillsView(TradingView):
    queries = {"GET": HistoryQuery}

    def get(self, request: Request) -> Response:
        return Response(run_blocking(history.fills(user_id=sender(request).pk, query=self.query)))


class OrderView(TradingView):
    def get(self, request: Request, order_id: str) -> Response:
        return Response(
            run_blocking(selectors.order_get(user_id=sender(request).pk, order_id=order_id))
        )

    def delete(self, request: Request, order_id: str) -> Response:
        return Response(
            run_blocking(services.order_cancel(user_id=sender(request).pk, order_id=order_id))
        )


class BatchView(TradingView):
    forms = {"POST": BatchForm}

    def post(self, request: Request) -> Response:
        return Response(run_blocking(batches.carry_out(user_id=sender(request).pk, form=self.form)))
