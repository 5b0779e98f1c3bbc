"""Users and their API keys. Changed by `services`, read by authentication and the admin."""

import secrets
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper

from accounts.scopes import KEY_SCOPES

USERNAME_MAX_LENGTH = 64
MAX_KEY_NAME_LENGTH = 64
KEY_SCOPE_NAMES = sorted(scope.value for scope in KEY_SCOPES)
username_validator = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9@.+_-]*\Z",
    "A username starts with a letter or digit and holds only letters, digits and @ . + - _",
)


class CaseBlindUserManager(UserManager["User"]):
    """Finds users by name whatever the case: `Ann` and `ann` are the same person."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractUser):
    """Somebody who trades or administers. Never deleted: the ledger refers to the id for ever."""

    username = models.CharField(
        max_length=USERNAME_MAX_LENGTH,
        unique=True,
        validators=[username_validator],
        error_messages={"unique": "This username is taken."},
    )
    email = models.EmailField(blank=True)
    opening_deposit_confirmed_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When matching confirmed it; while empty, the next log-in makes it again.",
    )

    objects: ClassVar[CaseBlindUserManager] = CaseBlindUserManager()

    class Meta:
        constraints = [
            # Upper, because that is what PostgreSQL compares for `iexact`: one index serves both.
            models.UniqueConstraint(
                Upper("username"),
                name="accounts_user_username_any_case",
                violation_error_message="This username is taken.",
            )
        ]


def new_key_id() -> str:
    return secrets.token_hex(8)


class ApiKey(models.Model):
    """A credential for programs. The secret itself is never stored (see `accounts.services`)."""

    id = models.CharField(primary_key=True, max_length=16, default=new_key_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=MAX_KEY_NAME_LENGTH)
    scopes = ArrayField(
        models.CharField(max_length=16, choices=[(name, name) for name in KEY_SCOPE_NAMES])
    )
    secret_hash = models.CharField(max_length=64, editable=False)
    allowed_ips = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text="Addresses and networks the key may be used from; empty: from anywhere.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"
