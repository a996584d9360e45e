"""What a package's stub declares: ``from . import models`` and ``from .io import read, write as save``.

``attach_stub`` is the main function. ``names_in`` reads a stub; what ``prebuilt`` makes of it is kept beside it, so
that an installed package parses nothing.

Source: https://scientific-python.org/specs/spec-0001/#type-checkers
"""

import os
from _imp import source_hash  # at hand in every interpreter, unlike hashlib and importlib.util

from plugframe.namespaces.attaching import attach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast import ImportFrom, Module
    from collections.abc import Mapping

    from plugframe.namespaces.attaching import Attached

    Declared = tuple[list[str], dict[str, list[str]]]

_HEAD = "plugframe lazy names 1 "
_KEY = 0x6C617A79  # any number; it must stay the same


def attach_stub(package_name: str, filename: str, *, extras: "Mapping[str, str] | None" = None) -> "Attached":
    """Do what ``attach`` does, for the names that the package's stub imports.

    ``__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)``. Type checkers read the same stub. It is parsed,
    unless ``plugframe stubs`` has written the names beside it.

    Args:
        package_name: the package's ``__name__``.
        filename: its ``__file__``, with a ``.pyi`` beside it.
        extras: as for ``attach``.

    Returns:
        What is to be the package's ``__getattr__``, ``__dir__`` and ``__all__``.

    Raises:
        ValueError: there is no stub, it is no Python, or it imports what cannot be lazy.
        DeclarationError: as for ``attach``.

    Source: https://scientific-python.org/specs/spec-0001/#type-checkers
    """
    submodules, attributes = names_in(stub_of(filename))
    return attach(package_name, submodules, attributes, extras=extras)


def stub_of(filename: str) -> str:
    """Return the stub that belongs to a module's file.

    Raises:
        ValueError: there is none.
    """
    path = filename if filename.endswith("i") else f"{os.path.splitext(filename)[0]}.pyi"
    if not os.path.exists(path):
        message = f"Cannot load imports from non-existent stub {path!r}"
        raise ValueError(message)
    return path


def names_in(path: str) -> "Declared":
    """Return the submodules, and the submodules' attributes, that a stub imports.

    What was prebuilt is taken while it fits the stub; otherwise the stub is parsed.

    Raises:
        ValueError: the stub is no Python, or imports what cannot be lazy.
    """
    with open(path, "rb") as file:
        raw = file.read()
    return _read_prebuilt(path, raw) or declarations(parse(raw, path), path)


def prebuilt_path(path: str) -> str:
    """Return where the prebuilt names of a stub are kept."""
    return f"{os.path.splitext(path)[0]}.lazy"


def _read_prebuilt(path: str, raw: bytes) -> "Declared | None":
    try:
        with open(prebuilt_path(path), encoding="utf-8") as file:
            head, *lines = file.read().split("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if head != _head(raw) or not lines or lines.pop() != "":
        return None
    submodules: list[str] = []
    attributes: dict[str, list[str]] = {}
    for line in lines:
        module, *names = line.split("\t")
        if module:
            attributes[module] = names
        else:
            submodules = names
    return submodules, attributes


def prebuilt(raw: bytes, path: str) -> str:
    """Return the text that ``names_in`` takes in place of parsing a stub: a line a submodule, its names after tabs.

    Args:
        raw: the stub's content.
        path: the stub's, for messages.

    Raises:
        ValueError: the stub is no Python, or imports what cannot be lazy.
    """
    submodules, attributes = declarations(parse(raw, path), path)
    lines = ["\t".join((module, *names)) for module, names in (("", submodules), *attributes.items())]
    return "".join(f"{line}\n" for line in (_head(raw), *lines))


def _head(raw: bytes) -> str:
    return _HEAD + source_hash(_KEY, raw).hex()


def parse(raw: bytes, path: str) -> "Module":
    """Return a stub's syntax tree.

    Raises:
        ValueError: it is no Python.
    """
    import ast

    try:
        return ast.parse(raw, path)
    except SyntaxError as error:
        message = f"the stub {path}:{error.lineno or 1} is no Python: {error.msg}"
        raise ValueError(message) from error


def declarations(tree: "Module", path: str) -> "Declared":
    """Return the submodules, and the submodules' attributes, that a stub imports.

    Imports from elsewhere are what its annotations need; only ``from numpy import ndarray as ndarray`` is one that
    others may use, too (the convention of the typing specification), and so is declared.

    Raises:
        ValueError: it imports from outside of the package, or everything of a module.

    Source: https://typing.python.org/en/latest/spec/distributing.html#import-conventions
    """
    import ast

    submodules: list[str] = []
    attributes: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        names = [name for name in node.names if node.level or name.name == name.asname]
        if node.level or names:
            _check(node, path)
        given = [name.name if name.asname in (None, name.name) else f"{name.name} as {name.asname}" for name in names]
        if node.module and given:
            attributes.setdefault(node.module if node.level else f"={node.module}", []).extend(given)
        else:
            submodules.extend(given)
    return submodules, attributes


def _check(node: "ImportFrom", path: str) -> None:
    if node.level > 1:
        message = f"Only within-module imports are supported (`from .* import`); {path}:{node.lineno} has another"
        raise ValueError(message)
    if any(name.name == "*" for name in node.names):
        message = (
            f"lazy stub loader does not support star import `from .{node.module or ''} import *`; {path}:{node.lineno}"
        )
        raise ValueError(message)


def defined(raw: bytes, path: str) -> set[str]:
    """Return the names that a stub has at its top.

    Raises:
        ValueError: it is no Python.
    """
    import ast

    names: set[str] = set()
    for node in ast.walk(parse(raw, path)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(name.asname or name.name for name in node.names)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names
