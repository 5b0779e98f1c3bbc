"""Paths of the accounts under /v1; mounted by `exchange.urls`."""

from django.urls import path

from accounts import api

urlpatterns = [
    path("auth/register", api.RegisterView.as_view()),
    path("auth/token", api.TokenView.as_view()),
    path("auth/token/refresh", api.TokenRefreshView.as_view()),
    path("api-keys", api.ApiKeysView.as_view()),
    path("api-keys/<str:key_id>", api.ApiKeyView.as_view()),
]
