"""What one socket may do, and the codes it is closed with when it does more."""

from enum import IntEnum
from typing import Final

MAX_FRAME_CHARS: Final = 512 * 1024
"""Room for the largest batch (500 orders) about twice over."""
FRAMES_PER_SECOND: Final = 2_000
FRAME_BURST: Final = 4_000
MAX_SUBSCRIPTIONS: Final = 500
"""Every public channel of 200 markets, with room for private ones."""
MAX_CHANNELS_PER_FRAME: Final = 500
MAX_FAILED_AUTHS: Final = 5

CONFLATE_ABOVE_CHARS: Final = 256 * 1024
"""With more than this waiting, skippable pushes are skipped, and made up for by a snapshot."""
MAX_WAITING_CHARS: Final = 4 * 1024 * 1024
"""With more than this waiting, the socket is too slow for what may not be skipped."""
SEND_PATIENCE_S: Final = 15.0
"""How long a single frame may take to leave."""
CLOSE_PATIENCE_S: Final = 10.0


class CloseCode(IntEnum):
    """Why a socket was closed, as docs/api.md lists it."""

    BAD_FRAME = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN_ORIGIN = 4403
    TOO_SLOW = 4408
    TOO_LARGE = 4409
    TOO_MANY = 4429


class FrameBudget:
    """How many frames a socket may still send now; it fills up as time passes."""

    __slots__ = ("_at_s", "_left")

    def __init__(self, now_s: float) -> None:
        self._left = float(FRAME_BURST)
        self._at_s = now_s

    def spend(self, now_s: float) -> bool:
        """Take one frame; return whether there was one left."""
        gained = (now_s - self._at_s) * FRAMES_PER_SECOND
        self._left = min(float(FRAME_BURST), self._left + gained) - 1.0
        self._at_s = now_s
        return self._left >= 0
