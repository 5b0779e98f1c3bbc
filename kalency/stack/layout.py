"""Names every path of the data directory. Used by the whole stack and by its tests."""

from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths under one data directory; `docs/operations.md` explains them to people."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def credentials(self) -> Path:
        return self.root / "credentials.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def postgres_unfinished(self) -> Path:
        """A database cluster that is still being made; renamed to `postgres` once it is whole."""
        return self.root / "postgres.new"

    @property
    def postgres_programs(self) -> Path:
        """A copy of PostgreSQL's programs, made only where the installed ones are out of reach."""
        return self.root / "postgres-programs"

    def valkey(self, name: str) -> Path:
        """Return the working directory of the Valkey server `name`."""
        return self.root / name

    def pid_file(self, name: str) -> Path:
        return self.run / f"{name}.pid"

    def log_file(self, name: str) -> Path:
        return self.log / f"{name}.log"

    def make(self) -> None:
        """Make the directories that hold nothing but the stack's own small files."""
        for directory in (self.root, self.run, self.log):
            directory.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)
