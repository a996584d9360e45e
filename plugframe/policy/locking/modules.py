"""The modules that a lock has, by name; nothing is looked at on disk to know them."""

import os
import sys
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES

from plugframe.policy.locking.observed.folders import SUFFIXES, module_name
from plugframe.records import Record, split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from plugframe.policy.locking.values import Lock, LockedFile

SOURCE, BYTECODE, EXTENSION = "source", "bytecode", "extension"
_NATIVE = (".so", ".dylib", ".dll", ".pyd")


class LockedModule(Record):
    """A module of a locked distribution.

    Attributes:
        name: dotted.
        path: its file.
        content: what must be in it.
        kind: ``source``, ``bytecode`` or ``extension``.
        package: the folder of its submodules; empty for one that is no package.
        distribution: the key of the distribution.
    """

    __slots__ = ("name", "path", "content", "kind", "package", "distribution")

    name: str
    path: str
    content: "LockedFile"
    kind: str
    package: str
    distribution: str

    def __init__(
        self, *, name: str, path: str, content: "LockedFile", kind: str, package: str, distribution: str
    ) -> None:
        self._fill(name, path, content, kind, package, distribution)


class Modules:
    """The modules of the distributions in a lock, made by the first part of their names, when one is asked for.

    Attributes:
        lock: the lock.
        folders: the folders in which locked distributions are, without those of which none was found.
    """

    def __init__(self, lock: "Lock", places: "Mapping[str, str]") -> None:
        """Sort the files of a lock.

        Args:
            lock: the lock.
            places: key of a distribution to the folder of its metadata folder; without those that are not installed.
        """
        self.lock = lock
        self.folders = frozenset(map(os.path.abspath, places.values()))
        self._places = places
        self._files: dict[str, list[tuple[str, str]]] = {}
        for key, distribution in lock.distributions.items():
            for path in () if distribution.editable else distribution.files:
                first, slash, _ = path.partition("/")
                if slash or module_name(first):
                    self._files.setdefault(first if slash else module_name(first), []).append((key, path))
        self._made: dict[str, tuple[dict[str, LockedModule], frozenset[str]]] = {}

    def __contains__(self, first: str) -> bool:
        """Return whether the first part of a name is one that a locked distribution has."""
        return first in self._files

    def find(self, name: str) -> LockedModule | None:
        """Return a module by its full name."""
        return self._of(name)[0].get(name)

    def is_namespace(self, name: str) -> bool:
        """Return whether a name is one of a folder that has locked modules, and no ``__init__``."""
        return name in self._of(name)[1]

    def above(self, name: str) -> LockedModule | None:
        """Return the innermost locked package that a name is in, or None."""
        while name := name.rpartition(".")[0]:
            found = self.find(name)
            if found is not None:
                return found
        return None

    def stray(self, entries: "Iterable[tuple[str, str]]", libraries: str) -> str:
        """Return a module that entry points name and no locked distribution has; empty if there is none.

        What stands for a library is looked at when it is loaded, and what is Python's own is not for a lock to have.

        Args:
            entries: group and value of each entry point, in order.
            libraries: the group of the host's libraries.
        """
        named = [(group, split_reference(value)[0]) for group, value in entries]
        expected = {module for group, module in named if group == libraries}
        for _, module in named:
            is_known = self.find(module) is not None or self.is_namespace(module)
            if module not in expected and not is_known and module.partition(".")[0] not in sys.stdlib_module_names:
                return module
        return ""

    def names(self, key: str) -> "Iterator[str]":
        """Yield the names of the modules of a distribution."""
        firsts = {path.partition("/")[0] for path in self.lock.distributions[key].files}
        for first in {module_name(first) or first for first in firsts} & self._files.keys():
            yield from (name for name, module in self._of(first)[0].items() if module.distribution == key)

    def natives(self, key: str) -> "Iterator[tuple[str, LockedFile]]":
        """Yield the shared libraries of a distribution, extension modules included, each with what must be in it."""
        for path, content in self.lock.distributions[key].files.items():
            name = path.rpartition("/")[2]
            if name.endswith(_NATIVE) or ".so." in name:
                yield self.path(key, path), content

    def companions(self, key: str) -> "Iterator[tuple[str, LockedFile]]":
        """Yield the shared libraries of a distribution that the system opens for an extension module that needs them.

        Those whose names say that they are extension modules are left out: each is imported by itself.
        """
        tagged = tuple(suffix for suffix in EXTENSION_SUFFIXES if suffix.count(".") > 1)
        return ((path, content) for path, content in self.natives(key) if not path.endswith(tagged))

    def path(self, key: str, path: str) -> str:
        """Return the absolute path of a distribution's file; one that is nowhere where its distribution is gone."""
        return os.path.normpath(
            os.path.join(self._places.get(key, os.path.join(os.sep, f"no {key}")), *path.split("/"))
        )

    def _of(self, name: str) -> tuple[dict[str, LockedModule], frozenset[str]]:
        first = name.partition(".")[0]
        made = self._made.get(first)
        if made is None:
            made = self._made[first] = self._make(self._files.get(first, []))
        return made

    def _make(self, files: list[tuple[str, str]]) -> tuple[dict[str, LockedModule], frozenset[str]]:
        """Return the modules, and the folders without an ``__init__`` that have some."""
        ranked = sorted(((rank, key, path) for key, path in files if (rank := _rank(path)) is not None), reverse=True)
        found: dict[str, LockedModule] = {}
        folders: set[str] = set()
        for _, key, path in ranked:  # The last of one name counts, which the import system would look for first.
            module = self._module(key, path)
            found[module.name] = module
            above = module.name
            while above := above.rpartition(".")[0]:
                folders.add(above)
        return found, frozenset(folders - found.keys())

    def _module(self, key: str, path: str) -> LockedModule:
        folder, _, file = path.rpartition("/")
        is_package = module_name(file) == "__init__" and bool(folder)
        dotted = folder.replace("/", ".")
        stem = module_name(file)
        full = self.path(key, path)
        kind = EXTENSION if file.endswith(tuple(EXTENSION_SUFFIXES)) else SOURCE
        return LockedModule(
            name=dotted if is_package else f"{dotted}.{stem}".lstrip("."),
            path=full,
            content=self.lock.distributions[key].files[path],
            kind=BYTECODE if file.endswith(tuple(BYTECODE_SUFFIXES)) else kind,
            package=os.path.dirname(full) if is_package else "",
            distribution=key,
        )


def _rank(path: str) -> tuple[bool, int] | None:
    """Return the order in which the import system looks for a file; None where it looks for no such file."""
    folder, _, file = path.rpartition("/")
    stem = module_name(file)
    if (
        path.startswith("..")
        or not stem.isidentifier()
        or not all(map(str.isidentifier, folder.split("/") if folder else ()))
    ):
        return None
    suffix = next(number for number, suffix in enumerate(SUFFIXES) if file.endswith(suffix))
    return stem != "__init__", suffix
