"""What an overlay makes of the interpreter: entry points are left out before anything is imported.

``site`` imports it by its name, from the overlay's folder, in the command and in every Python process under it. Then
the ``sitecustomize`` that would have been imported without it is run.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType
    from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))
TAKEN_UP = "taken-up-by-"
WATCHER = "_plugframe_imports"


class Filter:
    """Says which entry points stay, by the rules in the overlay's folder."""

    def __init__(self, text: str) -> None:
        """Read the rules; ``plugframe.policy.overlays`` describes them."""
        _, mode, count, *lines = text.split("\n")
        fields = lines[int(count) :]
        self._only = mode == "only"
        self._groups = set(lines[: int(count)])
        self._entries = set(zip(fields[0::3], fields[1::3], fields[2::3]))  # noqa: B905 # older Pythons run it, too
        self._pairs = {(group, name) for group, _, name in self._entries}

    def keeps(self, group: str, name: str, distribution: "Callable[[], str]") -> bool:
        """Return whether an entry point stays; its distribution's name is read where it decides."""
        if group not in self._groups:
            return True
        named = (group, name) in self._pairs and (group, _normalized(distribution()), name) in self._entries
        return named is self._only


def _normalized(name: str) -> str:
    name = name.lower().replace("-", "_").replace(".", "_")
    while "__" in name:
        name = name.replace("__", "_")
    return name


def _name(distribution: "Any") -> str:
    """Return a distribution's name; that of its folder where its metadata tells none."""
    try:
        name = distribution.metadata["Name"]
    except Exception:  # noqa: BLE001 # what is raised for lack of metadata differs between versions
        name = None
    folder = os.path.basename(str(getattr(distribution, "_path", "")))
    return str(name or os.path.splitext(folder)[0].partition("-")[0])


class Mender:
    """A finder that finds nothing itself: it changes modules of the table right after they were executed."""

    def __init__(self, changes: "dict[str, Callable[[Any], None]]") -> None:
        """Take the changes: a module's name to what is done to it."""
        self._changes = changes

    def find_spec(self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None) -> "Any":
        """Return what the other finders find, with a loader that changes the module; None for any other module."""
        change = self._changes.get(name)
        if change is None:
            return None
        # Only those behind this one: of nested overlays, each has one, and they must not ask each other in turns.
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            spec: Any = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Changing(spec.loader, change)
                return spec
        return None


class _Changing:
    """The loader of a module that is changed once it was executed; all else is the real loader's."""

    def __init__(self, loader: "Any", change: "Callable[[Any], None]") -> None:
        self._loader = loader
        self._change = change

    def __getattr__(self, name: str) -> "Any":
        return getattr(self._loader, name)

    def exec_module(self, module: "ModuleType") -> None:
        """Execute the module, let no trace of this loader be left in it, and change it."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._change(module)


def changes(chosen: Filter) -> "dict[str, Callable[[Any], None]]":
    """Return what is done to the modules through which programs read entry points."""

    def filter_metadata(module: "Any") -> None:
        """``importlib.metadata`` and its backport: what ``entry_points``, pluggy and stevedore go through."""
        read = module.Distribution.entry_points.fget

        def entry_points(self: "Any") -> "Any":
            found = read(self)
            return type(found)(entry for entry in found if chosen.keeps(entry.group, entry.name, lambda: _name(self)))

        module.Distribution.entry_points = property(entry_points, doc=module.Distribution.entry_points.__doc__)

    def filter_pkg_resources(module: "Any") -> None:
        read = module.Distribution.get_entry_map

        def get_entry_map(self: "Any", group: "str | None" = None) -> "Any":
            whole = {name: _kept(self, name, entries) for name, entries in read(self).items()}
            return whole if group is None else whole.get(group, {})

        def _kept(self: "Any", group: str, entries: "dict[str, Any]") -> "dict[str, Any]":
            return {name: e for name, e in entries.items() if chosen.keeps(group, name, lambda: self.project_name)}

        module.Distribution.get_entry_map = get_entry_map

    def keep_stevedores_cache_here(module: "Any") -> None:
        module._c._dir = FOLDER  # noqa: SLF001 # what it keeps in the user's folder would outlive the overlay

    def keep_pluxs_cache_here(module: "Any") -> None:
        from pathlib import Path

        module.get_user_cache_dir = lambda: Path(FOLDER)

    return {
        "importlib.metadata": filter_metadata,
        "importlib_metadata": filter_metadata,
        "pkg_resources": filter_pkg_resources,
        "stevedore._cache": keep_stevedores_cache_here,
        "plux.runtime.cache": keep_pluxs_cache_here,
    }


def apply(rules: str) -> None:
    """Leave out what the rules name, in modules that are imported already and in those that will be."""
    table = changes(Filter(rules))
    for name, change in table.items():
        if name in sys.modules:  # by a line of a .pth file
            change(sys.modules[name])
    sys.meta_path.insert(0, Mender(table))


def run_the_next(path: "Iterable[str]") -> None:
    """Run the ``sitecustomize`` that stands behind this one on the path, if there is one."""
    from importlib.machinery import PathFinder

    # Only what stands behind: overlays nest, and each hands on to the next.
    entries = list(path)
    places = [place for place, entry in enumerate(entries) if os.path.abspath(entry) == FOLDER]
    spec = PathFinder.find_spec("sitecustomize", entries[places[0] + 1 :] if places else entries)
    if spec is None or spec.loader is None:
        return
    from importlib.util import module_from_spec

    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


def _take_up() -> None:
    with open(os.path.join(FOLDER, "rules"), encoding="utf-8", errors="surrogatepass", newline="\n") as file:
        apply(file.read())
    if os.path.exists(os.path.join(FOLDER, WATCHER + ".py")):
        __import__(WATCHER).watch(FOLDER)
    try:
        with open(os.path.join(FOLDER, TAKEN_UP + str(os.getpid())), "x"):
            pass
    except OSError:
        pass  # Another user's process may not write there; it obeys all the same.


if __name__ == "sitecustomize":
    if os.path.exists(os.path.join(FOLDER, "rules")):  # else the command is over, and this process outlives it
        _take_up()
    run_the_next(sys.path)
