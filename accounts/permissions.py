"""Who may use a view: DRF permission classes over the scopes of `request.auth`."""

from typing import cast

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.scopes import Scope


def scopes_of(request: Request) -> frozenset[Scope]:
    """Return what the credential of a request lets it do; nothing without a credential."""
    return cast("frozenset[Scope] | None", request.auth) or frozenset()


class CanReadOrTrade(BasePermission):
    """Reading needs the scope `read`, everything else `trade`."""

    message = "This API key lacks the scope for it: reading needs `read`, trading needs `trade`."

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = Scope.READ if request.method in SAFE_METHODS else Scope.TRADE
        return needed in scopes_of(request)


class IsLoggedIn(BasePermission):
    """Only a person's own log-in: an API key must not make keys."""

    message = "Log in for this: an API key may not do it."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return Scope.ACCOUNT in scopes_of(request)


class IsStaff(IsLoggedIn):
    """Only staff, logged in."""

    message = "Only staff may do this, logged in with a password."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and request.user.is_staff
