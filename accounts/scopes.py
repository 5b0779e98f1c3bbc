"""What a credential lets its bearer do. Pure; used by authentication, permissions and sockets."""

from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """A right a request carries: `request.auth` is a set of them."""

    READ = "read"
    TRADE = "trade"
    ACCOUNT = "account"
    """Manage the account itself (make keys, administer). Only a log-in has it, never a key."""


KEY_SCOPES: Final = frozenset({Scope.READ, Scope.TRADE})
LOGIN_SCOPES: Final = frozenset(Scope)
