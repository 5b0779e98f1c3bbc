"""A stand-in for a service: says when it is ready, notes its life in a journal, can be stubborn.

Run as a script by `supervised.py`: `stand_in.py JOURNAL NAME [fails | stubborn | silent]`.
"""

import signal
import sys
import time
from pathlib import Path

journal, name, *manners = sys.argv[1:]


def note(what: str) -> None:
    with Path(journal).open("a") as file:
        file.write(f"{name} {what}\n")


def stop(*_: object) -> None:
    note("stopped")
    if "stubborn" not in manners:
        sys.exit(0)


signal.signal(signal.SIGTERM, stop)
note("started")
if "fails" in manners:
    sys.exit(3)
if "silent" not in manners:
    note("ready")
    sys.stdout.write(f"{name} is ready\n")
    sys.stdout.flush()
while True:
    time.sleep(0.02)
