"""REST: who the caller is, and what they own."""

import msgspec
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import sender
from accounts.messages import UserBody, user_body
from accounts.permissions import CanReadOrTrade, scopes_of
from accounts.rest.request_form import FormView
from accounts.rest.wire import Body
from exchange import wallets
from marketdata import listing
from matching.runtime import run_blocking


class FeeBody(Body, frozen=True, kw_only=True):
    """What trading in a market costs, in basis points of what the side receives."""

    symbol: str
    maker_fee_bps: float
    taker_fee_bps: float


class AccountBody(UserBody, frozen=True, kw_only=True):
    scopes: list[str]
    fees: list[FeeBody]


class AccountView(FormView):
    permission_classes = [CanReadOrTrade]

    def get(self, request: Request) -> Response:
        fees = [
            FeeBody(
                symbol=market.symbol,
                maker_fee_bps=float(market.maker_fee_bps),
                taker_fee_bps=float(market.taker_fee_bps),
            )
            for market in listing.all()
        ]
        user = msgspec.structs.asdict(user_body(sender(request)))
        return Response(AccountBody(**user, scopes=sorted(scopes_of(request)), fees=fees))


class WalletView(FormView):
    permission_classes = [CanReadOrTrade]

    def get(self, request: Request) -> Response:
        return Response(run_blocking(wallets.wallet(sender(request).pk)))
