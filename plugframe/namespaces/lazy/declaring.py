"""What a package declares, name by name: where a name is unusual, and what is wrong with it."""

import os
from keyword import iskeyword

from plugframe.errors import DeclarationError, LazyImportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from typing import Any

# Names between two underscores belong to the language and to tools that look at modules. These tell of a project.
INFORMATION = frozenset(("__author__", "__license__", "__version__", "__version_info__", "__version_tuple__"))


def declare(
    package: str,
    submodules: "Iterable[str] | None",
    attributes: "Mapping[str, Iterable[str]] | None",
    extras: "Mapping[str, str] | None",
) -> tuple[dict[str, str], dict[str, str]]:
    """Return where each name is at home, and the name that it has there if that is another one.

    Args:
        package: the package's name.
        submodules: what ``attach`` was given.
        attributes: the same.
        extras: the same.

    Returns:
        Name to home, a key of ``attributes`` or an empty string for a submodule; and name to name.

    Raises:
        DeclarationError: a name cannot be declared, or stands for two things.
    """
    targets: dict[str, tuple[str, str]] = {}
    for home, given in _given(package, submodules, attributes):
        there, name = _parts(given)
        problem = name_problem(name) or ("" if there.isidentifier() else f"{there!r} is no identifier")
        if not problem and targets.setdefault(name, (home, there)) != (home, there):
            problem = f"it stands for {_shown(package, *targets[name])} and for {_shown(package, home, there)}"
        if problem:
            raise DeclarationError(package, name, problem)
    _check_extras(package, targets, extras or {})
    homes = {name: home for name, (home, _) in targets.items()}
    return homes, {name: there for name, (_, there) in targets.items() if there != name}


def by_home(homes: "Mapping[str, str]") -> dict[str, tuple[str, ...]]:
    """Return the names of each home.

    Example:
        >>> by_home({"models": "", "read": "io", "write": "io"})
        {'': ('models',), 'io': ('read', 'write')}
    """
    found: dict[str, list[str]] = {}
    for name, home in homes.items():
        found.setdefault(home, []).append(name)
    return {home: tuple(names) for home, names in found.items()}


def _check_extras(package: str, names: "Collection[str]", extras: "Mapping[str, str]") -> None:
    if not hasattr(extras, "items"):
        raise DeclarationError(package, str(extras), "extras maps a name to the extra that it needs")
    for name, extra in extras.items():
        if name not in names:
            raise DeclarationError(package, name, "it is given an extra, and is none of the names that are declared")
        if not isinstance(extra, str):
            raise DeclarationError(package, name, f"its extra must be a string, such as 'plots'; it is {extra!r}")


def _given(
    package: str, submodules: "Iterable[str] | None", attributes: "Mapping[str, Iterable[str]] | None"
) -> "Iterator[tuple[str, str]]":
    """Yield each name, as it was given, after its home."""
    for given in _listed(package, "submodules", submodules or ()):
        yield "", given
    pairs: Any = attributes or {}
    if not hasattr(pairs, "items"):
        raise DeclarationError(package, str(attributes), "submod_attrs maps a submodule to a list of names in it")
    for home, names in pairs.items():
        if not isinstance(home, str) or not all(map(str.isidentifier, home.removeprefix("=").split("."))):
            raise DeclarationError(package, str(home), "it is no name of a submodule")
        for given in _listed(package, home, names):
            yield home, given


def _listed(package: str, what: str, names: "Iterable[str]") -> "Iterable[str]":
    if isinstance(names, str):
        raise DeclarationError(package, names, f"{what} needs a list of names, such as [{names!r}]")
    try:
        return list(names)
    except TypeError:
        raise DeclarationError(package, str(names), f"{what} needs a list of names") from None


def _parts(given: object) -> tuple[str, str]:
    """Return the name at home and the declared name of ``read as load``."""
    if not isinstance(given, str):
        return "_", str(given)
    there, separator, name = given.partition(" as ")
    return there.strip(), (name if separator else there).strip()


def name_problem(name: object) -> str:
    """Return why a name cannot be declared, or an empty string.

    Example:
        >>> name_problem("models"), name_problem("__version__")
        ('', '')
        >>> name_problem("class")
        'it is a keyword'
    """
    if not isinstance(name, str) or not name.isidentifier():
        return "it is no identifier"
    if iskeyword(name):
        return "it is a keyword"
    if not name.isascii():
        from plugframe.namespaces.names import as_parsed

        if as_parsed(name) != name:
            return f"Python reads it as {as_parsed(name)!r}"
    if name.startswith("__") and name.endswith("__") and name not in INFORMATION:
        return "names of this form belong to the language, and tools ask every module for them"
    return ""


def _shown(package: str, home: str, there: str) -> str:
    return f"{there} of {home.removeprefix('=')}" if home else f"the submodule {package}.{there}"


def refuse_submodule(package: str, name: str, folders: "Iterable[str]") -> None:
    """Refuse a name that comes from elsewhere, where the package has a submodule that is called so.

    Whoever imports that submodule puts it in the place of what the name stands for.

    Raises:
        DeclarationError: there is such a submodule in one of the folders.
    """
    for folder in folders:
        found = submodule_file(os.path.join(folder, name))
        if found:
            problem = f"the submodule {found} is called so, too. Next: rename one of them, or declare it by 'as'"
            raise DeclarationError(package, name, problem)


def submodule_file(path: str) -> str:
    """Return the file of the module or package at a path without ending, or an empty string."""
    from importlib.machinery import all_suffixes

    stems = (path, os.path.join(path, "__init__"))
    return next((stem + ending for ending in all_suffixes() for stem in stems if os.path.isfile(stem + ending)), "")


def import_all(names: "Iterable[str]", resolve: "Callable[[str], object]", *, optional: "Collection[str]") -> None:
    """Import all names of a package; the optional ones may be missing.

    Raises:
        LazyImportError: a name cannot be imported.
    """
    for name in names:
        try:
            resolve(name)
        except LazyImportError as error:
            if name not in optional or not isinstance(error.__cause__, ImportError):
                raise
