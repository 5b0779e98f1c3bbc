"""The front door over real servers: one market, its worker, people with paper money."""

from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from pytest_django import Settings
from redis import Redis

from accounts.models import User
from exchange import ledger_access
from exchange.funding import account_fund
from kalency.asgi import http
from kalency.stack.addresses import Address
from marketdata import listing
from matching.runtime import run_blocking
from tests.accounts.rest import PASSWORD, Rest
from tests.exchange.markets import BTC_USD
from tests.ledger.conftest import WriterThread


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests of a module with BOTH_WAYS ask the views and, again, as the web server does."""
    if "rest" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_WAYS", False):
        metafunc.parametrize("rest", ["views", "server"], indirect=True)


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _short_patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody writes the ledger, waiting for it is in vain."""
    if "ledger" not in request.fixturenames:
        monkeypatch.setattr(ledger_access, "CATCH_UP_PAUSES_S", (0.01,))


@pytest.fixture
def rest(
    request: pytest.FixtureRequest, transactional_db: None, hot: Redis, bus: Redis, matching: None
) -> Iterator[Rest]:
    """A client of nobody; BTC-USD is listed and matched.

    With the parameter "server" its requests take the way that the web server gives them.
    """
    listing.forget()
    listing.create(BTC_USD)
    yield Rest(app=http if getattr(request, "param", "") == "server" else None)
    listing.forget()
    # The services' own database thread outlives the test; its connection must not.
    run_blocking(sync_to_async(connections.close_all)())


@pytest.fixture
def ann(rest: Rest) -> Rest:
    """Ann, with 100,000 USD and 10 BTC."""
    return funded(rest, "ann")


@pytest.fixture
def bob(rest: Rest) -> Rest:
    """Bob, with the same."""
    return funded(rest, "bob")


@pytest.fixture
def boss(rest: Rest) -> Rest:
    """Staff, logged in."""
    User.objects.create_user("boss", password=PASSWORD, is_staff=True)
    return rest.logged_in("boss")


@pytest.fixture
def ledger(rest: Rest, hot_server: Address) -> Iterator[None]:
    """The ledger is written while the test runs."""
    writer = WriterThread(hot_server.url)
    yield
    writer.stop()


def funded(rest: Rest, username: str) -> Rest:
    person = rest.registered(username)
    account_fund(username=username, asset="BTC", amount="10")
    return person
