"""What decides which hooks a plugin implements: files and folders that did not change since this process read them.

``evidence`` is the main function. Where it cannot tell, it says so, and the plugin is loaded each time.
"""

import ast
import os
import sys
import time
from functools import lru_cache
from inspect import unwrap
from types import ModuleType
from typing import cast

import pluggy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from plugframe.records import Plugin

    Stamp = list[int]

_MOST = 2000  # places; looking at more at each start would cost more than is saved
_SETTLED = 1_000_000_000  # nanoseconds; the start of a process is known to about a second
_IMPORTED_HERE = time.time_ns()
# What comes with the interpreter or with us changes with its version, which is looked at.
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_FRAMEWORK = (
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    os.path.dirname(os.path.abspath(pluggy.__file__)) + os.sep,
)


class UnknownEvidenceError(Exception):
    """It cannot be told what a plugin's hooks depend on."""


def evidence(
    plugin: "Plugin", value: object, functions: "Iterable[object]", before: "frozenset[str]"
) -> "tuple[set[str], dict[str, Stamp]]":
    """Return the modules and places that decide which hooks a plugin implements, the places with what changes.

    These are the files of all modules that loading it imported, of the packages that it and its functions are in, and
    of whatever these import, the standard library and the framework apart; and the folders of those packages, where
    modules may appear.

    Args:
        plugin: which.
        value: its module or object.
        functions: what implements its hooks.
        before: the modules that were imported before it was loaded.

    Raises:
        UnknownEvidenceError: that cannot be told, or something of it may have changed since this process read it.
    """
    try:
        names, absent = _modules(plugin, value, functions, before)
        places = {place for name in names for place in _places_of(name)}
        places.update(_file_of(function) for function in functions)
    except Exception as error:  # modules are whatever somebody put there
        raise UnknownEvidenceError from error
    found = {place: stamp(place) for place in sorted(places) if not _is_standard(place)}
    latest = _process_started() - _SETTLED
    if not found or len(found) > _MOST:
        raise UnknownEvidenceError
    for place, known in found.items():
        if not known or (max(known[:2]) >= latest and not _is_cache_new(place, latest)):
            raise UnknownEvidenceError
    return names | absent, found


def stamp(path: str) -> "Stamp":
    """Return what changes with a file or folder; an empty list where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return []
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino]


def _modules(
    plugin: "Plugin", value: object, functions: "Iterable[object]", before: "frozenset[str]"
) -> "tuple[set[str], set[str]]":
    """Return the names of the modules that decide, and of those that would if they were there."""
    kinds = (type(value), *(value.__mro__ if isinstance(value, type) else type(value).__mro__))
    homes = {str(getattr(one, "__module__", None) or "") for one in (*functions, *kinds)}
    tops = {name.partition(".")[0] for name in (plugin.entry_point.module, *homes)}
    names = {name for name in tuple(sys.modules) if name not in before or name.partition(".")[0] in tops}
    absent: set[str] = set()
    waiting = list(names)
    while waiting:
        own = _own(waiting.pop())
        file = own.get("__file__")
        if not isinstance(file, str) or not file.endswith(".py") or _is_standard(file):
            continue
        for name in _imports(file, str(own.get("__package__") or "")):
            if name in sys.modules and name not in names:
                names.add(name)
                waiting.append(name)
            elif name.isidentifier():
                absent.add(name)  # It may be there the next time.
    return names, absent - sys.modules.keys()


def _is_standard(place: str) -> bool:
    """Return whether a place belongs to the interpreter or to the framework."""
    folder = place + os.sep
    if folder.startswith(_FRAMEWORK):
        return True
    return folder.startswith(_LIBRARY) and not folder[len(_LIBRARY) :].startswith(("site-packages", "dist-packages"))


@lru_cache(maxsize=4096)
def _imports(file: str, package: str) -> tuple[str, ...]:
    """Return the full names of what a module's source imports, and perhaps of some attributes."""
    with open(file, "rb") as source:
        tree = ast.parse(source.read())
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found += _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            start = ".".join(filter(None, (base, node.module)))
            found += (*_with_parents(start), *(f"{start}.{alias.name}" for alias in node.names))
    return tuple(found)


def _with_parents(name: str) -> "Iterator[str]":
    while name:
        yield name
        name = name.rpartition(".")[0]


def _own(name: str) -> "dict[str, object]":
    """Return a module's dictionary without asking the module, which may import things when it is asked."""
    module = sys.modules[name]
    if not issubclass(type(module), ModuleType):
        message = f"{name} is no module"
        raise TypeError(message)
    own: dict[str, object] = object.__getattribute__(module, "__dict__")
    return own


def _places_of(name: str) -> "Iterator[str]":
    """Yield a module's file and, of a package, its folders."""
    own = _own(name)
    file = own.get("__file__")
    if isinstance(file, str) and file:
        yield os.path.abspath(file)
    elif file is not None:
        message = f"{name} has the file {file!r}"
        raise TypeError(message)
    elif own.get("__path__") is None and name not in sys.builtin_module_names:
        spec = own.get("__spec__")
        if getattr(spec, "origin", None) not in {"built-in", "frozen"}:
            message = f"nobody knows where {name} is from"
            raise TypeError(message)
    folders: Any = own.get("__path__") or ()
    for folder in tuple(folders):
        if not _is_standard(os.path.abspath(folder)):
            yield from _folders(os.path.abspath(folder))


def _folders(top: str) -> "Iterator[str]":
    yield top
    for folder, below, _ in os.walk(top):
        below[:] = [name for name in below if name != "__pycache__"]
        yield from (os.path.join(folder, name) for name in below)


def _is_cache_new(place: str, since: int) -> bool:
    """Return whether a place is a folder, and nothing but its folder for bytecode can be new in it."""
    if not os.path.isdir(os.path.join(place, "__pycache__")):
        return False
    names = set(os.listdir(place)) - {"__pycache__"}
    return all(os.lstat(os.path.join(place, name)).st_ctime_ns < since for name in names)


def _file_of(function: object) -> str:
    plain: Any = unwrap(getattr(function, "__func__", cast("Any", function)))
    return os.path.abspath(str(plain.__code__.co_filename))


class Homes:
    """Where the path's entries have what could be a module or package, looked at once."""

    def __init__(self, path: "Iterable[str]") -> None:
        """Keep the path's entries, in order."""
        self._path = tuple(path)
        self._listed: dict[str, dict[str, list[str]]] = {}

    def of(self, name: str) -> list[str]:
        """Return each entry that has something of a name, followed by what it has; of namespace packages all count."""
        return [
            part
            for entry in self._path
            if (found := self._list(entry).get(name))
            for part in (os.path.abspath(entry), *found)
        ]

    def _list(self, entry: str) -> dict[str, list[str]]:
        listed = self._listed.get(entry)
        if listed is None:
            listed = {}
            try:
                names = sorted(os.listdir(entry or os.curdir))
            except OSError:
                names = []
            for name in names:
                stem, _, ending = name.partition(".")
                if not ending or ending.endswith(("py", "pyc", "so", "pyd")):
                    listed.setdefault(stem, []).append(name)
            self._listed[entry] = listed
        return listed


def _process_started() -> int:
    """Return the time since when this process may have imported things, in nanoseconds."""
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        with open("/proc/stat", "rb") as file:
            booted = next(int(line.split()[1]) for line in file if line.startswith(b"btime "))
        return booted * 1_000_000_000 + ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration, AttributeError):
        return _IMPORTED_HERE
