"""Which folders are a distribution's own, and what is in them; nothing is followed that is a link."""

import os
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES, SOURCE_SUFFIXES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

SUFFIXES = (*EXTENSION_SUFFIXES, *SOURCE_SUFFIXES, *BYTECODE_SUFFIXES)
"""Of modules, in the order in which the import system looks for them."""
_METADATA = (".dist-info", ".egg-info")
_CACHE = "__pycache__"


def owned(files: "Iterable[str]") -> list[str]:
    """Return the folders that nobody but their distribution should put something in, sorted.

    Those are the outermost regular packages, and the metadata folder. A folder without an ``__init__`` module is shared
    between distributions.

    Args:
        files: its files' paths, with ``/``.

    Example:
        >>> owned(["acme/__init__.py", "acme/deep/__init__.py", "shared/one/__init__.py", "shared/two.py"])
        ['acme', 'shared/one']
    """
    folders = set()
    for path in files:
        folder, _, name = path.rpartition("/")
        is_package = module_name(name) == "__init__" and not folder.startswith("..")
        is_metadata = folder.endswith(_METADATA) and "/" not in folder
        if folder and (is_package or is_metadata):
            folders.add(folder)
    return sorted(folder for folder in folders if not any(above in folders for above in _above(folder)))


def _above(folder: str) -> "Iterator[str]":
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def module_name(file: str) -> str:
    """Return the name of the module that a file is, or an empty string.

    Example:
        >>> module_name("models.py"), module_name("data.json")
        ('models', '')
    """
    suffix = next((suffix for suffix in SUFFIXES if file.endswith(suffix)), "")
    return file[: -len(suffix)] if suffix else ""


def walk(location: str, folder: str) -> "Iterator[tuple[str, bool]]":
    """Yield what is in a folder and below that is no folder: its path below ``location``, and whether it is a link.

    A folder that cannot be read yields nothing.
    """
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(os.path.join(location, *folder.split("/"))), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            else:
                yield path, entry.is_symlink()


def is_bytecode(path: str) -> bool:
    """Return whether a path is one where the import system keeps bytecode."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[2] == _CACHE and name.endswith(".pyc")


def is_cache_of(path: str, files: "Collection[str]") -> bool:
    """Return whether a path is where the import system keeps the bytecode of one of some sources.

    Example:
        >>> is_cache_of("acme/__pycache__/models.cpython-313.opt-1.pyc", {"acme/models.py"})
        True
    """
    folder, _, name = path.rpartition("/")
    above = folder.rpartition("/")[0]
    stem = name.split(".")[0]
    return (
        is_bytecode(path) and name.count(".") in (2, 3) and (f"{above}/{stem}.py" if above else f"{stem}.py") in files
    )
