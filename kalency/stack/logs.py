"""Shows what the processes say: one prefixed stream on the terminal, one file per process.

Called by the supervisor and its processes.
"""

import logging
import logging.handlers
import sys
from pathlib import Path

FILE_BYTES_MAX = 10_000_000
OLD_FILES_MAX = 2
NAME_WIDTH = 19
# A full disk or a closed terminal costs log lines, never a process.
logging.raiseExceptions = False


class LineLog:
    """Writes lines under the name of the process that said them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._loggers: dict[str, logging.Logger] = {}

    def write(self, name: str, line: str, *, on_terminal: bool = True) -> None:
        if name not in self._loggers:
            self._loggers[name] = self._open(name)
        self._loggers[name].log(logging.INFO if on_terminal else logging.DEBUG, "%s", line)

    def _open(self, name: str) -> logging.Logger:
        logger = logging.getLogger(f"{__name__}.{name}")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        terminal = logging.StreamHandler(sys.stdout)
        terminal.setLevel(logging.INFO)
        terminal.setFormatter(logging.Formatter(f"{name:<{NAME_WIDTH}}| %(message)s"))
        logger.addHandler(terminal)
        logger.addHandler(
            logging.handlers.RotatingFileHandler(
                self._directory / f"{name}.log",
                maxBytes=FILE_BYTES_MAX,
                backupCount=OLD_FILES_MAX,
                encoding="utf-8",
            )
        )
        return logger
