"""API keys: made by people, shown once, checked for scope, expiry and address."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.authentication import hash_secret
from accounts.models import ApiKey, User
from accounts.services import MAX_KEYS_PER_USER
from tests.accounts.rest import FAR_AWAY, Rest

READ = {"name": "bot", "scopes": ["read"]}


@pytest.fixture
def bearer(rest: Rest, ann: User) -> Rest:
    return rest.logged_in("Ann")


def test_the_secret_is_shown_once_and_kept_hashed(bearer: Rest) -> None:
    made = bearer.post("api-keys", READ).ok(201)
    (listed,) = bearer.get("api-keys").ok()["items"]
    assert made["key"] == f"{made['id']}.{made['secret']}"
    assert listed == {name: made[name] for name in listed}
    assert "secret" not in listed
    assert ApiKey.objects.get().secret_hash == hash_secret(made["secret"])


def test_a_key_must_not_make_list_or_revoke_keys(bearer: Rest) -> None:
    made = bearer.post("api-keys", READ | {"scopes": ["read", "trade"]}).ok(201)
    program = bearer.with_key(made["key"])
    answers = [
        program.get("api-keys"),
        program.post("api-keys", READ),
        program.delete(f"api-keys/{made['id']}"),
    ]
    assert [(answer.status, answer.code) for answer in answers] == [(403, "FORBIDDEN")] * 3
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_a_revoked_key_opens_nothing(bearer: Rest) -> None:
    made = bearer.post("api-keys", READ).ok(201)
    assert bearer.with_key(made["key"]).get("api-keys").status == 403
    assert bearer.delete(f"api-keys/{made['id']}").status == 204
    assert bearer.with_key(made["key"]).get("api-keys").status == 401
    assert bearer.get("api-keys").ok()["items"] == []
    assert bearer.delete(f"api-keys/{made['id']}").code == "NOT_FOUND"


def test_nobody_revokes_somebody_elses_key(bearer: Rest, rest: Rest) -> None:
    made = bearer.post("api-keys", READ).ok(201)
    User.objects.create_user("Bob", password="correct horse battery")
    assert rest.logged_in("Bob").delete(f"api-keys/{made['id']}").code == "NOT_FOUND"
    assert ApiKey.objects.get().revoked_at is None


def test_a_key_expires(bearer: Rest) -> None:
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    made = bearer.post("api-keys", READ | {"expiresAt": soon}).ok(201)
    assert bearer.with_key(made["key"]).get("api-keys").status == 403
    ApiKey.objects.update(expires_at=timezone.now())
    refused = bearer.with_key(made["key"]).get("api-keys")
    assert (refused.status, refused.json["error"]["message"]) == (401, "The API key has expired.")


@pytest.mark.parametrize(
    ("address", "status"),
    [("192.0.2.99", 403), ("::ffff:192.0.2.99", 403), ("2001:db8::1", 403), (FAR_AWAY, 401)],
)
def test_a_key_works_from_its_addresses_only(bearer: Rest, address: str, status: int) -> None:
    body = READ | {"allowedIps": ["192.0.2.0/24", "2001:db8::1"]}
    made = bearer.post("api-keys", body).ok(201)
    assert bearer.with_key(made["key"]).from_address(address).get("api-keys").status == status


def test_the_key_of_an_inactive_user_opens_nothing(bearer: Rest) -> None:
    made = bearer.post("api-keys", READ).ok(201)
    User.objects.update(is_active=False)
    assert bearer.with_key(made["key"]).get("api-keys").status == 401


def test_last_use_is_written_at_most_once_a_minute(bearer: Rest) -> None:
    program = bearer.with_key(bearer.post("api-keys", READ).ok(201)["key"])
    program.get("api-keys")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    program.get("api-keys")
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    program.get("api-keys")
    assert ApiKey.objects.get().last_used_at != first - timedelta(minutes=2)


@pytest.mark.parametrize("key", ["", ".", "x.y", "0" * 16 + "." + "a" * 43, "0" * 9000, "a.b.c"])
def test_nonsense_for_a_key_is_refused(rest: Rest, key: str) -> None:
    refused = rest.with_key(key).get("api-keys")
    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")


def test_a_wrong_secret_is_refused(bearer: Rest) -> None:
    made = bearer.post("api-keys", READ).ok(201)
    assert bearer.with_key(f"{made['id']}.{'A' * 43}").get("api-keys").status == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["account"]}, "scopes"),
        ({"scopes": ["withdraw"]}, "scopes[0]"),
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2099-01-01T00:00:00"}, "expiresAt"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"expiresAt": "2099-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "9999-12-31T23:59:59-14:00"}, "expiresAt"),
        ({"expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt"),
        ({"allowedIps": ["300.1.1.1"]}, "allowedIps"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_by_field(
    bearer: Rest, change: dict[str, object], field: str
) -> None:
    refused = bearer.post("api-keys", READ | change)
    assert (refused.status, refused.code) == (400, "INVALID_REQUEST")
    assert refused.details["field"] == field
    assert not ApiKey.objects.exists()


def test_keys_are_limited_in_number(bearer: Rest, ann: User) -> None:
    ApiKey.objects.bulk_create(
        ApiKey(user=ann, name="bot", scopes=["read"]) for _ in range(MAX_KEYS_PER_USER)
    )
    assert bearer.post("api-keys", READ).code == "INVALID_REQUEST"
