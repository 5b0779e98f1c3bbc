"""A REST client for tests: JSON in, status and JSON out, by Django or by the web server's way."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from django.http import HttpResponse
from django.test import Client

from matching.runtime import run_blocking

PASSWORD = "correct horse battery"
FAR_AWAY = "203.0.113.7"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    response: HttpResponse

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def json(self) -> Any:
        return json.loads(self.response.content)

    @property
    def code(self) -> str:
        """The error code of a refusal."""
        error = self.json["error"]
        assert set(error) == {"code", "message", "details"}, error
        assert error["message"].strip(), "a refusal says why"
        return str(error["code"])

    @property
    def details(self) -> Any:
        return self.json["error"]["details"]

    def ok(self, status: int = 200) -> Any:
        """Return the body of an answer that must have this status."""
        assert self.status == status, self.response.content
        return self.json


@dataclass(frozen=True, slots=True)
class Rest:
    """Sends requests as somebody."""

    headers: dict[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    app: Any = None
    """The ASGI application to send to; without one, Django's views are asked."""

    def bearing(self, token: str) -> "Rest":
        return replace(self, headers={"Authorization": f"Bearer {token}"})

    def with_key(self, key: str) -> "Rest":
        return replace(self, headers={"X-API-Key": key})

    def from_address(self, address: str) -> "Rest":
        return replace(self, address=address)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.send("POST", path, json.dumps(body).encode())

    def send(
        self, method: str, path: str, body: bytes = b"", *, content_type: str = "application/json"
    ) -> Answer:
        headers = self.headers | {"Content-Type": content_type}
        if self.app is not None:
            return Answer(run_blocking(self._through_app(method, path, body, headers)))
        response = Client().generic(
            method,
            f"/v1/{path}",
            body,
            content_type=content_type,
            headers=self.headers,
            REMOTE_ADDR=self.address,
        )
        assert isinstance(response, HttpResponse)
        return Answer(response)

    async def _through_app(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> HttpResponse:
        transport = httpx.ASGITransport(self.app, client=(self.address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            got = await client.request(method, f"/v1/{path}", content=body, headers=headers)
        shown = {name: value for name, value in got.headers.items() if name != "content-length"}
        return HttpResponse(got.content, status=got.status_code, headers=shown)

    def logged_in(self, username: str, password: str = PASSWORD) -> "Rest":
        """Return a client that bears a fresh token of a user."""
        pair = self.post("auth/token", {"username": username, "password": password}).ok()
        return self.bearing(pair["access"])

    def registered(self, username: str) -> "Rest":
        """Return a client of a new user."""
        self.post("auth/register", {"username": username, "password": PASSWORD}).ok(201)
        return self.logged_in(username)
