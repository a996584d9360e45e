"""A frozen application that is only noted down: what the hook for PyInstaller would put into it."""

import logging
import os
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from plugframe.freezing.bundles import Bundle
from plugframe.freezing.collecting import collect, log
from plugframe.freezing.places import find
from plugframe.freezing.settings import Settings
from plugframe.testing.environments import Tree, distribution, write_tree

BOMB = "raise SystemExit('this must not be run')\n"


class Recorded(Bundle):
    """A bundle that holds what is put into it, and finds what it imports by the path alone.

    Attributes:
        modules: their names.
        metadata: the distributions.
        files: package to names of data files and libraries.
        warnings: what was told while they were put in.
    """

    def __init__(self, *folders: Path, modules: tuple[str, ...] = ("myapp",)) -> None:
        """Begin with an application's modules."""
        self.path = (*map(os.fspath, folders), _home())
        self.modules: set[str] = set(modules)
        self.metadata: list[str] = []
        self.files: dict[str, list[str]] = {}
        self.warnings: list[str] = []

    def has(self, module: str) -> bool:
        """Return whether it was put in."""
        return module in self.modules

    def users(self) -> dict[str, str]:
        """Return the modules whose source speaks of plugframe."""
        found = {}
        for module in self.modules:
            spec = find(module, self.path)
            origin = (spec and spec.origin) or ""
            if (
                not module.startswith("plugframe")
                and origin.endswith(".py")
                and "plugframe" in Path(origin).read_text()
            ):
                found[module] = origin
        return found

    def add_module(self, name: str) -> bool:
        """Put a module in with its parents, if the path has it; what it imports is not looked for."""
        found = find(name, self.path) is not None
        if found:
            parts = name.split(".")
            self.modules.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return found

    def add_metadata(self, distribution: str) -> None:
        """Keep the name; one distribution cannot be copied."""
        if distribution == "acme-zipped":
            message = "it is in an egg"
            raise LookupError(message)
        self.metadata.append(distribution)

    def add_files(self, files: Iterable[str], package: str) -> None:
        """Keep the names of the files."""
        self.files.setdefault(package, []).extend(os.path.basename(file) for file in files)

    add_libraries = add_files

    @property
    def added(self) -> set[str]:
        """The modules, those of plugframe left out."""
        return {name for name in self.modules if not name.startswith("plugframe")}


def _home() -> str:
    spec = find_spec("plugframe")
    assert spec is not None
    assert spec.origin is not None
    return os.path.dirname(os.path.dirname(spec.origin))


def frozen(folder: Path, *trees: Tree, settings: object = None, modules: tuple[str, ...] = ("myapp",)) -> Recorded:
    """Return what is put into an application's bundle in an environment with some distributions."""
    for tree in trees:
        write_tree(folder, tree)
    bundle = Recorded(folder, modules=modules)
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: bundle.warnings.append(record.getMessage())  # type: ignore[method-assign] # of this one
    log.addHandler(handler)
    collect(bundle, Settings(settings))
    log.removeHandler(handler)
    return bundle


def application(code: str = "import plugframe\n\nhost = plugframe.Host('myapp')\n", /, **modules: str | Tree) -> Tree:
    """Return the tree of the application's package."""
    return {"myapp": {"__init__.py": code + BOMB, **modules}}


def plugin(name: str, modules: Tree, **groups: Mapping[str, str]) -> Tree:
    """Return the tree of a distribution with entry points in groups of the host, ``plugins={"vision": "acme"}``."""
    entry_points = {f"myapp.{group}": entries for group, entries in groups.items()}
    return distribution(name, "1.2", entry_points=entry_points, modules=modules)
