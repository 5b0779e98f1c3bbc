"""Makes and keeps what must stay secret: log-ins, keys, and the addresses of the servers.

Every secret is a file of mode 600 under the data directory, written whole or not at all.
`kalency.environment.secret` reads the files of `<data dir>/secrets/`.
"""

import json
import os
import secrets
from pathlib import Path

from kalency.stack.errors import StackError
from kalency.stack.layout import Layout

FIRST_USERS = ("admin", "demo")
PASSWORD_BYTES = 12
KEY_BYTES = 48


def write_private(path: Path, text: str) -> None:
    """Replace the file at `path` by `text`, readable by its owner only."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def keep_secret_key(layout: Layout) -> None:
    """Make Django's secret key on the first start."""
    path = layout.secrets / "secret_key"
    if not path.is_file():
        write_private(path, secrets.token_urlsafe(KEY_BYTES))


def keep_credentials(layout: Layout) -> dict[str, str]:
    """Return the password of each first user, made on the first start.

    Raises:
        StackError: the file is there but does not hold them.
    """
    path = layout.credentials
    if not path.exists():
        made = {user: secrets.token_urlsafe(PASSWORD_BYTES) for user in FIRST_USERS}
        write_private(path, json.dumps(made, indent=2) + "\n")
        return made
    try:
        found = json.loads(path.read_text())
        return {user: str(found[user]) for user in FIRST_USERS}
    except (OSError, ValueError, KeyError, TypeError):
        raise StackError(
            f"{path} does not hold the passwords of {' and '.join(FIRST_USERS)}; restore it, "
            f"or move {layout.root} away to start afresh."
        ) from None
