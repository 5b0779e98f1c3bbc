"""Logging in: tokens, what makes them invalid, and the throttle on guessing."""

from datetime import timedelta

import pytest
from pytest_django import Settings
from rest_framework_simplejwt.tokens import AccessToken

from accounts import throttle
from accounts.models import User
from tests.accounts.rest import FAR_AWAY, PASSWORD, Rest


def log_in(rest: Rest, username: str = "Ann", password: str = PASSWORD) -> int:
    return rest.post("auth/token", {"username": username, "password": password}).status


def test_tokens_open_the_door(rest: Rest, ann: User) -> None:
    keys = rest.logged_in("Ann").get("api-keys").ok()
    assert keys == {"items": [], "nextCursor": None}


def test_a_username_is_the_same_in_any_case(rest: Rest, ann: User) -> None:
    assert log_in(rest, "aNN") == 200


def test_refresh_gives_a_new_access_token(rest: Rest, ann: User) -> None:
    pair = rest.post("auth/token", {"username": "Ann", "password": PASSWORD}).ok()
    fresh = rest.post("auth/token/refresh", {"refresh": pair["refresh"]}).ok()
    assert rest.bearing(fresh["access"]).get("api-keys").status == 200


def test_an_access_token_does_not_refresh(rest: Rest, ann: User) -> None:
    pair = rest.post("auth/token", {"username": "Ann", "password": PASSWORD}).ok()
    refused = rest.post("auth/token/refresh", {"refresh": pair["access"]})
    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("username", "password"),
    [("Ann", "wrong"), ("nobody", PASSWORD), ("no such/name", PASSWORD), ("\0", PASSWORD)],
)
def test_a_wrong_log_in_does_not_say_what_is_wrong(
    rest: Rest, ann: User, username: str, password: str
) -> None:
    refused = rest.post("auth/token", {"username": username, "password": password})
    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")
    assert refused.json["error"]["message"] == "The username or the password is wrong."


def test_an_inactive_user_cannot_log_in_nor_use_a_token(rest: Rest, ann: User) -> None:
    bearer = rest.logged_in("Ann")
    User.objects.update(is_active=False)
    assert log_in(rest) == 401
    assert bearer.get("api-keys").code == "UNAUTHENTICATED"


def test_a_new_password_ends_every_session(rest: Rest, ann: User) -> None:
    bearer = rest.logged_in("Ann")
    ann.set_password("another good one")
    ann.save()
    assert bearer.get("api-keys").code == "UNAUTHENTICATED"


def test_an_expired_token_is_refused_and_says_so(rest: Rest, ann: User) -> None:
    token = AccessToken.for_user(ann)
    token.set_exp(lifetime=-timedelta(seconds=1))
    refused = rest.bearing(str(token)).get("api-keys")
    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")
    assert refused.json["error"]["message"] == "The token has expired."
    assert refused.response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ey" * 3000, "\xe9"])
def test_nonsense_for_a_token_is_refused(rest: Rest, token: str) -> None:
    assert rest.bearing(token).get("api-keys").code == "UNAUTHENTICATED"


def test_guessing_is_throttled_for_one_name_from_one_address(rest: Rest, ann: User) -> None:
    guesser = rest.from_address(FAR_AWAY)
    for _ in range(throttle.MAX_ATTEMPTS):
        assert log_in(guesser, password="guess") == 401
    refused = guesser.post("auth/token", {"username": "ann", "password": PASSWORD})
    assert (refused.status, refused.code) == (429, "RATE_LIMITED")
    assert 0 < int(refused.response["Retry-After"]) <= throttle.WINDOW_S
    assert log_in(rest.from_address("203.0.113.8")) == 200


def test_the_right_password_starts_the_count_anew(rest: Rest, ann: User) -> None:
    person = rest.from_address(FAR_AWAY)
    for _ in range(2):
        for _ in range(throttle.MAX_ATTEMPTS - 1):
            assert log_in(person, password="typo") == 401
        assert log_in(person) == 200


def test_loopback_is_throttled_only_where_configured(
    rest: Rest, ann: User, settings: Settings
) -> None:
    for _ in range(throttle.MAX_ATTEMPTS + 1):
        assert log_in(rest, password="guess") == 401
    settings.THROTTLE_LOOPBACK = True
    for _ in range(throttle.MAX_ATTEMPTS):
        assert log_in(rest, password="guess") == 401
    assert log_in(rest, password="guess") == 429
