"""Users and API keys in Django admin."""

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks
from redis import Redis

from accounts.models import ApiKey, User
from accounts.services import api_key_create
from matching import keys
from tests.accounts.rest import PASSWORD, Rest


@pytest.fixture
def admin(db: None, bus: Redis) -> Client:
    """A browser in which a superuser is logged in."""
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password=PASSWORD))
    return client


@pytest.mark.parametrize("page", ["apikey/%00/change/", "user/a%00/password/", "%0A%00"])
def test_a_page_that_no_database_could_look_up_is_not_there(admin: Client, page: str) -> None:
    assert admin.get(f"/admin/accounts/{page}").status_code == 404
    assert admin.post(f"/admin/accounts/{page}").status_code == 404


@pytest.mark.parametrize("page", ["user/", "user/add/", "apikey/"])
def test_pages_open(admin: Client, page: str) -> None:
    assert admin.get(f"/admin/accounts/{page}").status_code == 200


def test_a_user_made_in_the_admin_gets_the_opening_deposit(
    admin: Client,
    hot: Redis,
    matching: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    form = {
        "username": "dora",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post("/admin/accounts/user/add/", form)
    assert answer.status_code == 302, answer.content
    dora = User.objects.get(username="dora")
    assert hot.hget(keys.wallet(0, dora.pk), "USD.available") == b"100000000000"


def test_a_key_page_shows_no_hash(admin: Client, ann: User) -> None:
    key, _ = api_key_create(user=ann, name="bot", scopes=["read"])
    page = admin.get(f"/admin/accounts/apikey/{key.pk}/change/")
    assert page.status_code == 200
    assert key.secret_hash not in page.content.decode()
    assert "bot" in page.content.decode()


def test_keys_are_revoked_in_the_admin(admin: Client, ann: User, rest: Rest) -> None:
    key, secret = api_key_create(user=ann, name="bot", scopes=["read"])
    chosen = {"action": "revoke", "_selected_action": [key.pk]}
    assert admin.post("/admin/accounts/apikey/", chosen).status_code == 302
    assert ApiKey.objects.get().revoked_at is not None
    assert rest.with_key(f"{key.pk}.{secret}").get("api-keys").status == 401


def test_users_are_not_deleted_in_the_admin(admin: Client, ann: User) -> None:
    assert admin.get(f"/admin/accounts/user/{ann.pk}/change/").status_code == 200
    assert admin.post(f"/admin/accounts/user/{ann.pk}/delete/").status_code == 403
