"""What changes with a plugin's files: what its distribution's ``RECORD`` and the modules of its entry point contain."""

import os
from importlib.machinery import EXTENSION_SUFFIXES

from plugframe.discovery.files import read_bytes
from plugframe.discovery.storage import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plugframe.records import EntryPoint

_SUFFIXES = (".py", *EXTENSION_SUFFIXES, ".pyc")


def digest_of(entry: "EntryPoint", path: "Sequence[str]") -> str:
    """Return what differs when a plugin was upgraded, reinstalled with other files, or its module was edited.

    Nothing is imported: the module, and the packages that it is in, are looked for by path. A file that is larger than
    4 MB counts by its size and time.

    Args:
        entry: the plugin's entry point.
        path: the environment's path entries.
    """
    parts = [
        entry.value.encode("utf-8", "surrogatepass"),
        _content(os.path.join(entry.distribution.metadata_path, "RECORD")),
    ]
    parts += (_content(file) for file in _files(entry.module.split("."), path))
    return digest(b"\0".join(digest(part).encode() for part in parts))


def _files(names: "Sequence[str]", path: "Sequence[str]") -> "Iterator[str]":
    """Yield the files of a module and of the packages that it is in, the outermost first."""
    folders = list(path)
    for name in names:
        place = next((found for folder in folders if (found := _find(os.path.join(folder, name)))), "")
        if not place:
            return
        folders = [place]
        if os.path.isdir(place):
            place = _find(os.path.join(place, "__init__"))
        if place:
            yield place


def _find(stem: str) -> str:
    """Return the folder or the module's file of a path without its ending; empty where there is none."""
    if os.path.isdir(stem):
        return stem
    return next((stem + suffix for suffix in _SUFFIXES if os.path.isfile(stem + suffix)), "")


def _content(file: str) -> bytes:
    try:
        return read_bytes(file)
    except (OSError, ValueError):
        pass
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return b""
    return f"{status.st_size} {status.st_mtime_ns}".encode()
