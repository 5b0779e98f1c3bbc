"""Looks for what would keep the stack from running, before anything is started.

Called by `kalency.stack.__main__`. Each refusal is one plain sentence.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
from collections.abc import Iterator

from kalency.stack import postgres, valkey
from kalency.stack.addresses import OWNER_FILE, is_free
from kalency.stack.config import StackConfig
from kalency.stack.errors import StackError
from kalency.stack.layout import PROJECT_DIR, Layout

TERMINAL_PAGE = PROJECT_DIR / "frontend" / "dist" / "index.html"
NEEDED_TOOLS = ("setpriv",)


@contextlib.contextmanager
def only_stack(layout: Layout) -> Iterator[None]:
    """Make the data directory and hold it against a second stack.

    Raises:
        StackError: it cannot be written, belongs to somebody else, or is in use.
    """
    try:
        layout.make()
        file = layout.lock.open("a+")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StackError(f"The data directory {layout.root} cannot be used: {reason}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StackError(
                f"Another stack (process {file.read().strip()}) is running on {layout.root}; stop "
                "it first, or give this one its own KALENCY_DATA_DIR and KALENCY_PORT."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def check(config: StackConfig) -> None:
    """Check everything that can be known beforehand.

    Raises:
        StackError: the stack cannot run.
    """
    for tool in NEEDED_TOOLS:
        if shutil.which(tool) is None:
            raise StackError(f"The program {tool} is missing (it belongs to util-linux).")
    _check_owner(config.layout)
    if not is_free(config.port):
        raise StackError(
            f"Port {config.port} is taken by another program; choose another with KALENCY_PORT."
        )
    _check_whole(config.layout)
    if not TERMINAL_PAGE.is_file():
        raise StackError("The web terminal is not built; `make setup` builds it.")


def _check_owner(layout: Layout) -> None:
    owner = layout.root.stat().st_uid
    if owner != os.geteuid():
        raise StackError(
            f"The data directory {layout.root} belongs to {_user_name(owner)}; start the stack as "
            "that user, or set KALENCY_DATA_DIR to another directory."
        )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"  # nobody on this machine, as in many containers


def _check_whole(layout: Layout) -> None:
    """Refuse a data directory of which a part is missing: to go on would lose the rest."""
    missing = None
    if postgres.is_half_written(layout.postgres):
        missing = f"{layout.postgres} lacks files of its database"
    elif valkey.is_half_written(layout.valkey("valkey-hot")):
        missing = f"{layout.valkey('valkey-hot')} lacks the manifest of its orders"
    elif layout.postgres.exists():
        # All of these are written before the first database is.
        needed = (layout.credentials, *(layout.secrets / n for n in ("secret_key", OWNER_FILE)))
        missing = next((f"{path} is missing" for path in needed if not path.is_file()), None)
    if missing:
        raise StackError(
            f"The data directory is half-written: {missing}; restore it from a backup, or move "
            f"{layout.root} away to start afresh."
        )
