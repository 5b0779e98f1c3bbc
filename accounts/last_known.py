"""Remembers what Postgres said last of a credential. Used by `accounts.authentication`.

Requests ask Postgres anew, but for order entry, which takes an answer of a second ago. While
Postgres is away the last answer keeps everybody trading, though not for long: what was revoked
since is not known meanwhile.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from accounts.postgres import POSTGRES_AWAY

REMEMBERED_FOR_S: Final = 1_800.0
"""As long as an access token lasts by default."""
FRESH_FOR_S: Final = 1.0
"""So late order entry may notice that a credential was revoked."""
MAX_REMEMBERED: Final = 10_000
"""Credentials, a few kilobytes each; the one unused for longest is forgotten first."""

Answer = TypeVar("Answer")


class LastKnown(Generic[Answer]):
    """What Postgres last said of each credential; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, tuple[float, Answer]] = OrderedDict()

    def read(self, credential: str, ask: Callable[[], Answer]) -> Answer:
        """Return what `ask` reads from Postgres, or read lately; forget what it refuses.

        Raises what `ask` raises, Postgres' being away included where nothing is remembered.
        """
        key = _key(credential)
        try:
            answer = ask()
        except POSTGRES_AWAY:
            with self._lock:
                asked_s, known = self._answers.get(key, (float("-inf"), None))
            if known is None or time.monotonic() - asked_s > REMEMBERED_FOR_S:
                raise
            return known
        except Exception:
            with self._lock:
                self._answers.pop(key, None)
            raise
        with self._lock:
            self._answers[key] = time.monotonic(), answer
            self._answers.move_to_end(key)
            if len(self._answers) > MAX_REMEMBERED:
                self._answers.popitem(last=False)
        return answer

    def fresh(self, credential: str) -> Answer | None:
        """Return what Postgres said within the last moment, None where it must be asked."""
        with self._lock:
            asked_s, known = self._answers.get(_key(credential), (float("-inf"), None))
        return known if time.monotonic() - asked_s <= FRESH_FOR_S else None


def _key(credential: str) -> bytes:
    return hashlib.sha256(credential.encode()).digest()
