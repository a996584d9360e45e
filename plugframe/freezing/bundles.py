"""The frozen application while PyInstaller puts it together: what is in it, and what goes into it."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    HookAPI = Any  # PyInstaller's own class, which has no stubs

_MISSING = ("MissingModule", "InvalidSourceModule", "InvalidCompiledModule", "InvalidRelativeImport", "NoneType")


class Bundle:
    """An application that PyInstaller analyses, as its hook may see and change it.

    Attributes:
        path: the folders that modules are looked for in, in order.

    Source: https://pyinstaller.org/en/stable/hooks.html#the-hook-hook-api-function
    """

    def __init__(self, hook_api: "HookAPI") -> None:
        """Keep what PyInstaller gives to a hook."""
        self._api = hook_api
        self._graph = hook_api.module_graph
        self.path: tuple[str, ...] = tuple(map(os.fspath, self._graph.path))

    def has(self, module: str) -> bool:
        """Return whether a module is in it."""
        return self._kind(module) not in {*_MISSING, "ExcludedModule"}

    def users(self) -> dict[str, str]:
        """Return the modules and scripts in it that import something of plugframe, each with its file."""
        found = {}
        for node in list(self._graph.iter_graph()):
            name = str(node.identifier)
            if name.partition(".")[0] != "plugframe" or type(node).__name__ == "Script":
                continue
            for user in list(self._graph.incoming(node)):
                if user is not None and str(user.identifier).partition(".")[0] != "plugframe":
                    found[str(user.identifier)] = str(user.filename or "")
        return found

    def add_module(self, name: str) -> bool:
        """Put a module into it with all that it imports.

        Returns:
            Whether it is there, or left out on purpose (``excludes`` of the spec file).
        """
        try:
            # At once, unlike add_imports: what it imports may have lazy names of its own.
            self._graph.import_hook(name, self._graph.find_node("plugframe"))
        except ImportError:
            return self._kind(name) == "ExcludedModule"
        return self._kind(name) not in _MISSING

    def _kind(self, module: str) -> str:
        return type(self._graph.find_node(module, create_nspkg=False)).__name__

    def add_metadata(self, distribution: str) -> None:
        """Put the metadata folder of a distribution into it.

        Raises:
            LookupError: there is none that can be copied.
        """
        from PyInstaller.utils.hooks import copy_metadata  # pyright: ignore[reportMissingModuleSource] # it called us

        try:
            self._api.add_datas(copy_metadata(distribution))
        except (ImportError, RuntimeError) as error:  # the first is PackageNotFoundError, the second a zipped egg
            raise LookupError(str(error)) from error

    def add_files(self, files: "Iterable[str]", package: str) -> None:
        """Put data files beside the modules of a package."""
        self._api.add_datas([(file, os.path.join(*package.split("."))) for file in files])

    def add_libraries(self, files: "Iterable[str]", package: str) -> None:
        """Put shared libraries, and what they are linked with, beside the modules of a package."""
        self._api.add_binaries([(file, os.path.join(*package.split("."))) for file in files])
