"""Where modules are, found by the path alone: asking the import system for ``a.b`` would run ``a``."""

import os
from importlib.machinery import PathFinder
from pkgutil import iter_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec


def find(name: str, path: "Sequence[str]") -> "ModuleSpec | None":
    """Return the spec of a module, or None where the path has none; nothing is imported.

    Its name is the last part only, for the path finder looks up the parents of a dotted one among the imported modules.

    Args:
        name: dotted.
        path: the folders that top-level modules are in.
    """
    spec: ModuleSpec | None = None
    for part in name.split("."):
        spec = PathFinder.find_spec(part, list(path))
        if spec is None:
            return None
        path = tuple(spec.submodule_search_locations or ())
    return spec


def below(name: str, path: "Sequence[str]") -> "Iterator[str]":
    """Yield the full names of all modules below a package, sorted within each; those named ``__main__`` are left out.

    Nobody imports the latter, and what they do is meant for the command line.
    """
    spec = find(name, path)
    yield from _walk(f"{name}.", list(spec.submodule_search_locations or ()) if spec else [])


def _walk(prefix: str, folders: "list[str]") -> "Iterator[str]":
    for module in iter_modules(folders):
        if module.name == "__main__":
            continue
        yield prefix + module.name
        if module.ispkg:
            yield from _walk(f"{prefix}{module.name}.", [os.path.join(folder, module.name) for folder in folders])
