"""REST: register, log in, API keys. Views read a form, call one service, answer (docs/api.md)."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.authentication import address_of, sender
from accounts.messages import (
    ApiKeyForm,
    LogInForm,
    RefreshForm,
    RegisterForm,
    api_key_body,
    new_api_key_body,
    user_body,
)
from accounts.permissions import IsLoggedIn
from accounts.rest.request_form import FormView
from accounts.rest.wire import Page


class PublicFormView(FormView):
    """For people who cannot authenticate yet; a stale token in a header is not looked at."""

    authentication_classes = []
    permission_classes = []


class RegisterView(PublicFormView):
    forms = {"POST": RegisterForm}

    def post(self, _request: Request) -> Response:
        form: RegisterForm = self.form
        user = services.user_register(
            username=form.username, password=form.password, email=form.email
        )
        return Response(user_body(user), status=201)


class TokenView(PublicFormView):
    forms = {"POST": LogInForm}

    def post(self, request: Request) -> Response:
        form: LogInForm = self.form
        pair = services.log_in(
            username=form.username, password=form.password, address=address_of(request)
        )
        return Response(pair)


class TokenRefreshView(PublicFormView):
    forms = {"POST": RefreshForm}

    def post(self, _request: Request) -> Response:
        form: RefreshForm = self.form
        return Response(services.log_in_refresh(refresh=form.refresh))


class ApiKeysView(FormView):
    permission_classes = [IsLoggedIn]
    forms = {"POST": ApiKeyForm}

    def get(self, request: Request) -> Response:
        keys = sender(request).api_keys.filter(revoked_at=None)
        return Response(Page(items=[api_key_body(key) for key in keys]))

    def post(self, request: Request) -> Response:
        form: ApiKeyForm = self.form
        key, secret = services.api_key_create(
            user=sender(request),
            name=form.name,
            scopes=form.scopes,
            expires_at=form.expires_at,
            allowed_ips=form.allowed_ips,
        )
        return Response(new_api_key_body(key, secret), status=201)


class ApiKeyView(FormView):
    permission_classes = [IsLoggedIn]

    def delete(self, request: Request, key_id: str) -> Response:
        services.api_key_revoke(user=sender(request), key_id=key_id)
        return Response(status=204)
