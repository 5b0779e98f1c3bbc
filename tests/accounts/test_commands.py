"""The management commands for accounts."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from redis import Redis

from accounts.models import ApiKey, User
from matching import keys
from tests.accounts.rest import PASSWORD, Rest


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"admin": "admin pass phrase", "demo": PASSWORD}))
    return file


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_first_users_are_made_once(
    rest: Rest, hot: Redis, matching: None, credentials: Path
) -> None:
    arguments = ["create_first_users", "--credentials", str(credentials)]
    assert run(*arguments) == "admin: created.\ndemo: created.\n"
    assert run(*arguments) == "admin: exists.\ndemo: exists.\n"
    admin, demo = User.objects.order_by("username")
    assert (admin.is_staff, admin.is_superuser, demo.is_staff) == (True, True, False)
    for user in (admin, demo):
        assert hot.hget(keys.wallet(0, user.pk), "USD.available") == b"100000000000"
    assert rest.logged_in("demo").get("api-keys").status == 200


@pytest.mark.parametrize("content", ["", "[]", '{"admin": "x"}', '{"admin": 1, "demo": 2}'])
def test_unreadable_credentials_are_one_plain_sentence(
    db: None, credentials: Path, content: str
) -> None:
    credentials.write_text(content)
    with pytest.raises(CommandError, match="credentials"):
        run("create_first_users", "--credentials", str(credentials))
    assert not User.objects.exists()


def test_a_key_from_the_command_line_works(rest: Rest, ann: User) -> None:
    key = run("create_api_key", "ann", "--name", "bot", "--scopes", "read").strip()
    assert rest.with_key(key).get("api-keys").status == 403
    assert ApiKey.objects.get().scopes == ["read"]


def test_a_key_is_printed_as_json_for_programs(ann: User) -> None:
    printed = json.loads(run("create_api_key", "Ann", "--expires-in-days", "30", "--json"))
    assert printed["key"] == f"{printed['id']}.{printed['secret']}"
    assert printed["scopes"] == ["read", "trade"]
    assert printed["expiresAt"] is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody"],
        ["Ann", "--scopes", "fly"],
        ["Ann", "--expires-in-days", "0"],
        ["Ann", "--expires-in-days", "3651"],
        ["Ann", "--expires-in-days", str(10**12)],
        ["Ann", "--name", "x" * 65],
        ["Ann", "--name", "a\nb"],
    ],
)
def test_a_key_that_cannot_be_made_is_an_error(ann: User, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("create_api_key", *arguments)
    assert not ApiKey.objects.exists()
