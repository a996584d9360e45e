"""The least that somebody would write who wants a module to be found under a second name: one spec, one import more."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class AliasFinder(MetaPathFinder):
    """Finds what begins with a prefix under its own name; failures, threads and submodules are nothing to it."""

    def __init__(self, package: str, prefix: str) -> None:
        """Keep the package, with its dot, and what the names of the modules in it begin with."""
        self._package = package
        self._prefix = package + prefix

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Return a spec that stands for the module, or None."""
        del path, target
        if not fullname.startswith(self._prefix):
            return None
        return ModuleSpec(fullname, _AliasLoader(fullname.removeprefix(self._package)))


class _AliasLoader(Loader):
    """Puts the module in the place of the empty one that the import system made."""

    def __init__(self, real: str) -> None:
        self._real = real

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = import_module(self._real)
