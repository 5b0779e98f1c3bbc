"""Registration: rules for names and passwords, and the opening deposit that is made once."""

import pytest
from redis import Redis

from accounts.funds import opening_deposit_ensure
from accounts.models import User
from matching import keys
from tests.accounts.rest import PASSWORD, Rest

OPENING_UNITS = b"100000000000"


def balance(hot: Redis, user: User) -> object:
    return hot.hget(keys.wallet(0, user.pk), "USD.available")


def test_a_new_user_has_the_opening_balance(rest: Rest, hot: Redis, matching: None) -> None:
    body = {"username": "carol", "password": PASSWORD, "email": "carol@example.org"}
    made = rest.post("auth/register", body).ok(201)
    carol = User.objects.get()
    assert made == {
        "id": str(carol.pk),
        "username": "carol",
        "email": "carol@example.org",
        "isStaff": False,
        "createdAt": made["createdAt"],
    }
    assert balance(hot, carol) == OPENING_UNITS
    assert carol.opening_deposit_confirmed_at is not None


def test_an_unconfirmed_deposit_follows_at_the_next_log_in(
    rest: Rest, hot: Redis, matching: None
) -> None:
    carol = User.objects.create_user("carol", password=PASSWORD)
    rest.logged_in("carol")
    assert balance(hot, carol) == OPENING_UNITS
    rest.logged_in("carol")
    assert balance(hot, carol) == OPENING_UNITS


def test_the_opening_deposit_is_made_once_even_when_its_confirmation_was_lost(
    rest: Rest, hot: Redis, matching: None
) -> None:
    carol = User.objects.create_user("carol", password=PASSWORD)
    for _ in range(3):
        assert opening_deposit_ensure(carol)
        carol.opening_deposit_confirmed_at = None
    assert balance(hot, carol) == OPENING_UNITS


@pytest.mark.parametrize("username", ["Ann", "ann", "ANN"])
def test_a_taken_name_is_a_conflict_in_any_case(rest: Rest, ann: User, username: str) -> None:
    refused = rest.post("auth/register", {"username": username, "password": PASSWORD})
    assert (refused.status, refused.code) == (409, "CONFLICT")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "with space"}, "username"),
        ({"username": "-dash"}, "username"),
        ({"username": "a\0b"}, "username"),
        ({"username": "a\n"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"username": "x" * 257}, "username"),
        ({"username": "\N{KELVIN SIGN}elvin"}, "username"),
        ({"username": None}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "12345678901"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "1carol1x"}, "password"),
        ({"email": "no address"}, "email"),
        ({"isStaff": True}, "isStaff"),
    ],
)
def test_a_registration_that_breaks_a_rule_is_refused_by_field(
    rest: Rest, change: dict[str, object], field: str
) -> None:
    refused = rest.post("auth/register", {"username": "carol", "password": PASSWORD} | change)
    assert (refused.status, refused.code) == (400, "INVALID_REQUEST")
    assert refused.details["field"] == field
    assert not User.objects.exists()


def test_missing_fields_are_named(rest: Rest) -> None:
    refused = rest.post("auth/register", {"username": "carol"})
    assert refused.details == {"field": "password", "reason": "The field is required."}
