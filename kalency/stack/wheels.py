"""Finds the servers that come inside Python packages. Called by `valkey.py` and `privilege.py`.

The packages themselves are not imported: they would start machinery of their own.
"""

import importlib.util
from pathlib import Path

from kalency.stack.errors import StackError


def package_directory(name: str) -> Path:
    """Return the directory of an installed package.

    Raises:
        StackError: it is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(f"The package {name} is not installed; `make setup` installs it.")
    return Path(spec.submodule_search_locations[0])
