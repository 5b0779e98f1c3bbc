"""Every path under /v1. Whatever is not here is NOT_FOUND in the contract's envelope."""

from django.urls import include, path, re_path

from exchange.api import account, orders, staff
from exchange.api.errors import UnknownPathView
from matching.domain.values import MarketStatus

trading = [
    path("orders", orders.OrdersView.as_view()),
    path("orders/batch", orders.BatchView.as_view()),
    path("orders/open", orders.OpenOrdersView.as_view()),
    path("orders/history", orders.EndedOrdersView.as_view()),
    path("orders/<str:order_id>", orders.OrderView.as_view()),
    path("fills", orders.FillsView.as_view()),
    path("account", account.AccountView.as_view()),
    path("wallet", account.WalletView.as_view()),
]
administration = [
    path("sim", staff.SimulatorView.as_view()),
    path("sim/start", staff.SimulatorSwitchView.as_view(running=True)),
    path("sim/stop", staff.SimulatorSwitchView.as_view(running=False)),
    path("sim/volatility-profile", staff.VolatilityProfileView.as_view()),
    path("symbols/<str:symbol>/pause", staff.MarketSwitchView.as_view(status=MarketStatus.PAUSED)),
    path(
        "symbols/<str:symbol>/resume", staff.MarketSwitchView.as_view(status=MarketStatus.TRADING)
    ),
    path("funds", staff.FundsView.as_view()),
    path("markets", staff.MarketsView.as_view()),
    path("reconcile", staff.ReconcileView.as_view()),
]
urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("marketdata.urls")),
    path("", include(trading)),
    path("admin/", include(administration)),
    re_path(r"", UnknownPathView.as_view()),
]
