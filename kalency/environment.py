"""Reads the process environment into typed values. Called by settings and the stack."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from matching.domain.ids import MAX_SHARDS


def text(name: str, default: str) -> str:
    """Return the variable `name`, or `default` where it is unset or empty."""
    return os.environ.get(name) or default


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """Return the variable `name` as an integer from `least` to `most`, both allowed."""
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name} must be between {least} and {most}, not {number}.")
    return number


def whole_or_all(name: str, default: int, *, least: int, most: int) -> int | None:
    """Return the variable `name` as `whole` does, or None where it says `all`."""
    if text(name, "").lower() == "all":
        return None
    return whole(name, default, least=least, most=most)


def matching_shards() -> int:
    """Return the number of matching shards: one, until funds can move between shards.

    With more, an order could not spend what a user holds on another shard; and a number that
    changes between two starts would move symbols away from their books without a word.
    """
    shards = whole("MATCHING_SHARDS", 1, least=1, most=MAX_SHARDS)
    if shards != 1:
        raise ImproperlyConfigured(
            f"MATCHING_SHARDS must be 1, not {shards}: funds cannot move between shards yet."
        )
    return shards


def flag(name: str, *, default: bool) -> bool:
    """Return the variable `name` as a switch: on/off, true/false, yes/no or 1/0."""
    value = text(name, "on" if default else "off").lower()
    if value in {"on", "true", "yes", "1"}:
        return True
    if value in {"off", "false", "no", "0"}:
        return False
    raise ImproperlyConfigured(f"{name} must be on or off, not {value!r}.")


def words(name: str, default: str) -> list[str]:
    """Return the variable `name` as a list, split at commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def secret(name: str, *, data_dir: Path) -> str:
    """Return a secret from the variable `name`, or from the file `<data_dir>/secrets/<name>`.

    The one-command stack writes that file on its first start; nothing here makes a secret up.
    """
    value = os.environ.get(name, "")
    if value:
        return value
    file = data_dir / "secrets" / name.lower()
    if file.is_file():
        return file.read_text().strip()
    raise ImproperlyConfigured(
        f"{name} is not set, and {file} does not exist. Set it, or start the stack with `make run`."
    )


def database_owner(*, data_dir: Path) -> dict[str, object] | None:
    """Return the database entry of the role that owns the tables; None: there is no other role.

    It comes from `DATABASE_ADMIN_URL`. The file is that of the embedded server, and means nothing
    to a `DATABASE_URL` of somebody's own.
    """
    given = {name for name in ("DATABASE_URL", "DATABASE_ADMIN_URL") if os.environ.get(name)}
    if given == {"DATABASE_ADMIN_URL"}:
        raise ImproperlyConfigured("DATABASE_ADMIN_URL is set without DATABASE_URL: set both.")
    if given == {"DATABASE_URL"}:
        return None
    return postgres(secret("DATABASE_ADMIN_URL", data_dir=data_dir))


def postgres(url: str) -> dict[str, object]:
    """Turn `postgres://user:password@host:port/name` into a Django database entry."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "A database URL must look like postgres://user:password@host/name."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
    }
