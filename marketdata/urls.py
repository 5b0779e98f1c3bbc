"""Paths of public market data, under /v1."""

from django.urls import path

from marketdata import api

urlpatterns = [
    path("markets/<str:symbol>/book", api.BookView.as_view()),
    path("markets/<str:symbol>/trades", api.TradesView.as_view()),
]
