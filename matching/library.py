"""Composes the Lua files of `matching/lua/` into one Redis Function library and loads it.

The files are ordinary Lua modules that `require` each other; the composed library carries each as a
function and a `require` that runs it once. Called by the matching worker at its start.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from redis import Redis

LUA_DIR: Final = Path(__file__).parent / "lua"
LIBRARY: Final = "kalency"
MAIN_MODULE: Final = "library"

_REQUIRE: Final = """
local loaders, loaded = {}, {}
local function require(name)
    if loaded[name] == nil then
        loaded[name] = loaders[name]()
    end
    return loaded[name]
end
"""


@cache
def compose() -> str:
    """Return the source of the whole library."""
    files = sorted(LUA_DIR.glob("*.lua"))
    modules = [
        f"loaders[{file.stem!r}] = function()\n{file.read_text()}\nend\n"
        for file in files
        if file.stem != MAIN_MODULE
    ]
    main = (LUA_DIR / f"{MAIN_MODULE}.lua").read_text()
    return "\n".join([f"#!lua name={LIBRARY}", _REQUIRE, *modules, main])


def load(hot: Redis) -> str:
    """Load the library into a server, in place of an older one; return the hash of its source.

    Nothing is written where it is there already: a server that has no memory left still works.
    """
    source = compose()
    if not _is_loaded(hot, source):
        hot.function_load(source, replace=True)
    return sha256(source.encode()).hexdigest()


def _is_loaded(hot: Redis, source: str) -> bool:
    libraries = hot.function_list(LIBRARY, withcode=True)
    # Names and values in one list, or a map, as the protocol's version has it.
    return any(
        source.encode() in (library.values() if isinstance(library, dict) else library)
        for library in libraries
    )
