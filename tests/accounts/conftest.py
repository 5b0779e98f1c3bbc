"""Accounts on a real PostgreSQL and a real cache; passwords hash fast, since they guard nothing."""

import pytest
from pytest_django import Settings
from redis import Redis

from accounts.models import User
from tests.accounts.rest import PASSWORD, Rest


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def rest(db: None, bus: Redis) -> Rest:
    """A client of nobody."""
    return Rest()


@pytest.fixture
def ann(db: None) -> User:
    """A user whose opening deposit is behind her."""
    ann = User.objects.create_user("Ann", password=PASSWORD)
    User.objects.update(opening_deposit_confirmed_at=ann.date_joined)
    return ann
