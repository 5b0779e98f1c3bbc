"""REST: what staff controls: the simulated crowd, pauses, new markets, paper money."""

from decimal import Decimal
from typing import Annotated

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsStaff
from accounts.rest.request_form import FormView
from accounts.rest.wire import Body, Form, invalid
from exchange.funding import account_fund
from exchange.messages import DecimalText, Symbol
from exchange.reconcile import reconcile_now
from marketdata import listing
from marketdata.domain.market_rules import InvalidMarket, new_market
from marketdata.domain.markets import Market
from marketdata.simulator import control
from matching.domain.decimals import parse_decimal
from matching.domain.values import MarketStatus

Rate = float | DecimalText


class ProfileForm(Form, frozen=True, kw_only=True):
    profile: str
    symbol: Symbol | None = None


class FundsForm(Form, frozen=True, kw_only=True):
    username: Annotated[str, msgspec.Meta(max_length=256)]
    asset: Annotated[str, msgspec.Meta(max_length=32)]
    amount: DecimalText


class MarketForm(Form, frozen=True, kw_only=True):
    symbol: Symbol
    tick_size: DecimalText
    lot_size: DecimalText
    min_qty: DecimalText
    max_qty: DecimalText
    min_notional: DecimalText
    price_band_pct: Rate
    maker_fee_bps: Rate
    taker_fee_bps: Rate
    simulated: bool = True


class MarketStatusBody(Body, frozen=True, kw_only=True):
    symbol: str
    status: MarketStatus


class SimulatorView(FormView):
    permission_classes = [IsStaff]

    def get(self, _request: Request) -> Response:
        return Response(control.state())


class SimulatorSwitchView(FormView):
    """Starts or stops the crowd, as `running` (set by the path) says."""

    permission_classes = [IsStaff]
    running = False

    def post(self, _request: Request) -> Response:
        (control.start if self.running else control.stop)()
        return Response(control.state())


class VolatilityProfileView(FormView):
    permission_classes = [IsStaff]
    forms = {"POST": ProfileForm}

    def post(self, _request: Request) -> Response:
        form: ProfileForm = self.form
        control.set_profile(form.profile, form.symbol)
        return Response(control.state())


class MarketSwitchView(FormView):
    """Pauses a market or lets it trade, as `status` (set by the path) says."""

    permission_classes = [IsStaff]
    status = MarketStatus.PAUSED

    def post(self, _request: Request, symbol: str) -> Response:
        listing.set_status(symbol, self.status)
        return Response(MarketStatusBody(symbol=symbol, status=self.status))


class FundsView(FormView):
    permission_classes = [IsStaff]
    forms = {"POST": FundsForm}

    def post(self, _request: Request) -> Response:
        form: FundsForm = self.form
        moved = account_fund(username=form.username, asset=form.asset, amount=form.amount)
        return Response(moved, status=201)


class ReconcileView(FormView):
    permission_classes = [IsStaff]

    def get(self, _request: Request) -> Response:
        return Response(reconcile_now())


class MarketsView(FormView):
    permission_classes = [IsStaff]
    forms = {"POST": MarketForm}

    def post(self, _request: Request) -> Response:
        market = _market(self.form)
        listing.create(market)
        return Response(MarketStatusBody(symbol=market.symbol, status=market.status), status=201)


def _market(form: MarketForm) -> Market:
    names = {field.name: field.encode_name for field in msgspec.structs.fields(form)}
    terms = msgspec.structs.asdict(form)
    figures = {
        name: _figure(names[name], value)
        for name, value in terms.items()
        if name not in {"symbol", "simulated"}
    }
    try:
        return new_market(**terms | figures)
    except InvalidMarket as problem:
        raise invalid(names.get(problem.field, problem.field), str(problem)) from None


def _figure(field: str, value: str | float) -> Decimal:
    try:
        return parse_decimal(str(value))
    except ValueError as reason:
        raise invalid(field, str(reason)) from None
