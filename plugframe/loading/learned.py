"""Which hooks plugins implement that declare none, as their last load showed; kept beside the index.

A record is good while nothing changes that it rests on: the plugin's files, the interpreter, and what is installed.
Whatever is wrong with one, or with the file that holds them, means that the plugin is loaded and learned again.
"""

import json
import os
import sys
import time
from inspect import unwrap
from threading import Lock
from types import ModuleType

from plugframe.discovery import storage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.records import Plugin

_FORMAT = 1
_SETTLED = 2_000_000_000  # nanoseconds after which a change to a file cannot have the same time as the one before


class Learned:
    """What the plugins of one host were seen to implement."""

    def __init__(self, host: str, snapshot: "Callable[[], Snapshot]") -> None:
        """Read nothing yet.

        Args:
            host: the host's name.
            snapshot: returns what is installed now.
        """
        self._host = host
        self._snapshot = snapshot
        self._records: dict[str, Any] | None = None
        self._changed = False
        self._lock = Lock()

    def hooks_of(self, plugin: "Plugin") -> "tuple[str, ...] | None":
        """Return the hooks that a plugin implements, or None where that must be learned."""
        record: Any = self._read().get(_key(plugin))
        try:
            if record["files"] and all(_stamp(path) == stamp for path, stamp in record["files"].items()):
                return tuple(map(str, record["hooks"]))
        except (TypeError, KeyError, AttributeError):
            pass
        return None

    def note(self, plugin: "Plugin", value: object, hooks: "Iterable[str]", functions: "Iterable[object]") -> None:
        """Learn what a plugin implements that was just loaded.

        Args:
            plugin: which.
            value: its module or object.
            hooks: the names of the hooks.
            functions: what implements them.
        """
        files = {path: _stamp(path) for path in _files(plugin, value, functions)}
        latest = time.time_ns() - _SETTLED
        # What changed just now may change again, or have been changed since it was imported, without looking different.
        settled = all(stamp is not None and max(stamp[0], stamp[1]) < latest for stamp in files.values())
        record = {"hooks": sorted(hooks), "files": files} if files and settled else None
        if self._read().get(_key(plugin)) != record:
            self._read()[_key(plugin)] = record
            self._changed = True

    def forget(self) -> None:
        """Look at the file again, and at what is installed."""
        self._records = None

    def save(self) -> None:
        """Write what was learned since it was read."""
        if not self._changed:
            return
        path = self._path()
        if path is not None and self._records is not None:
            content = {"format": _FORMAT, "rests_on": self._rests_on(), "plugins": self._records}
            storage.write(path, json.dumps(content).encode("utf-8", "surrogatepass"))
        self._changed = False

    def _path(self) -> "str | None":
        return storage.file_for(f"learned\t{self._host}\t{self._snapshot().environment.key}")

    def _rests_on(self) -> str:
        return "\t".join((sys.version, sys.executable, self._snapshot().fingerprint()))

    def _read(self) -> "dict[str, Any]":
        known = self._records
        if known is None:
            known = self._load()
            with self._lock:  # Of threads that read at once, all must go on with the same.
                if self._records is None:
                    self._records = known
                known = self._records
        return known

    def _load(self) -> "dict[str, Any]":
        path = self._path()
        raw, _ = storage.read(path) if path else (b"", "")
        try:
            content = json.loads(raw.decode("utf-8", "surrogatepass")) if raw else {}
            if content["format"] == _FORMAT and content["rests_on"] == self._rests_on():
                return dict(content["plugins"])
        except (ValueError, KeyError, TypeError, RecursionError):
            pass  # Whatever it is, it is no record of ours.
        return {}


def _key(plugin: "Plugin") -> str:
    return "\t".join((plugin.name, plugin.entry_point.value, str(plugin.distribution)))


def _stamp(path: str) -> "list[int] | None":
    """Return what changes with a file, or None where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return [status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino]


def _files(plugin: "Plugin", value: object, functions: "Iterable[object]") -> set[str]:
    """Return the files that decide which hooks a plugin implements; empty where that cannot be told.

    Those in which its functions stand, all modules of the packages that they and the plugin are in, and their folders,
    where a new module may appear.
    """
    places = {_file_of(function) for function in functions}
    tops = {plugin.entry_point.module.partition(".")[0]}
    tops.update(str(getattr(one, "__module__", "") or "").partition(".")[0] for one in (*functions, type(value)))
    tops -= {"", "builtins", "types"}
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] in tops and isinstance(module, ModuleType):
            places.update(_places_of(module))
    return set() if None in places or not places else {place for place in places if place}


def _file_of(function: object) -> "str | None":
    code = getattr(getattr(unwrap(function), "__func__", unwrap(function)), "__code__", None)  # type: ignore[arg-type]
    return os.path.abspath(code.co_filename) if code else None


def _places_of(module: ModuleType) -> "Iterator[str | None]":
    file = vars(module).get("__file__")
    if file:
        yield os.path.abspath(file)
    for folder in tuple(vars(module).get("__path__") or ()):
        yield os.path.abspath(folder)
