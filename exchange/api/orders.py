"""REST: orders. Views read a form, call one service or selector, answer (contracts.md, Trading)."""

from typing import cast

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import sender
from accounts.permissions import CanReadOrTrade
from accounts.rest.request_form import FormView, read_form
from accounts.rest.wire import Page, invalid
from exchange import selectors, services
from exchange.messages import (
    BatchBody,
    BatchForm,
    BatchItem,
    CancelItem,
    NewOrder,
    error_envelope,
)
from matching.domain.errors import ExchangeError
from matching.runtime import run_blocking


class TradingView(FormView):
    """A view for the caller's own orders: reading needs the scope `read`, changing `trade`."""

    permission_classes = [CanReadOrTrade]


class OrdersView(TradingView):
    forms = {"POST": NewOrder}

    def post(self, request: Request) -> Response:
        ack = run_blocking(services.order_place(user_id=sender(request).pk, order=self.form))
        return Response(ack, status=201)

    def get(self, request: Request) -> Response:
        client_order_id = request.query_params.get("clientOrderId", "")
        if not client_order_id:
            raise invalid("clientOrderId", "Say which order; /v1/orders/open lists the open ones.")
        found = run_blocking(
            selectors.orders_by_client_id(
                user_id=sender(request).pk, client_order_id=client_order_id
            )
        )
        return Response(Page(items=found))

    def delete(self, request: Request) -> Response:
        canceled = run_blocking(
            services.order_cancel_all(user_id=sender(request).pk, symbol=_symbol(request))
        )
        return Response(Page(items=canceled))


class OpenOrdersView(TradingView):
    def get(self, request: Request) -> Response:
        orders = run_blocking(
            selectors.orders_open(user_id=sender(request).pk, symbol=_symbol(request))
        )
        return Response(Page(items=orders))


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
        form: BatchForm = self.form
        items = [_batch_item(raw) for raw in form.orders]
        results = run_blocking(services.order_batch(user_id=sender(request).pk, items=items))
        return Response(
            BatchBody(
                results=[
                    error_envelope(result) if isinstance(result, ExchangeError) else result
                    for result in results
                ]
            )
        )


def _batch_item(raw: msgspec.Raw) -> NewOrder | CancelItem | ExchangeError:
    try:
        return read_form(raw, cast("type[NewOrder | CancelItem]", BatchItem))
    except ExchangeError as error:
        return error


def _symbol(request: Request) -> str:
    return str(request.query_params.get("symbol", ""))
