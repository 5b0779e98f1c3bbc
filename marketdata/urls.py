"""Paths of public market data, under /v1."""

from django.urls import path

from marketdata import api

urlpatterns = [
    path("markets", api.MarketsView.as_view()),
    path("markets/<str:symbol>", api.MarketView.as_view()),
    path("markets/<str:symbol>/book", api.BookView.as_view()),
    path("markets/<str:symbol>/trades", api.TradesView.as_view()),
    path("markets/<str:symbol>/candles", api.CandlesView.as_view()),
    path("markets/<str:symbol>/ticker", api.TickerView.as_view()),
]
