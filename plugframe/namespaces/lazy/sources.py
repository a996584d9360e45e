"""What an ``__init__.py`` attaches, read off its source; nothing of it is run."""

import ast
from dataclasses import dataclass, field

from plugframe.namespaces.lazy.declaring import INFORMATION
from plugframe.namespaces.lazy.exports import Exports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_HOMES = ("plugframe", "plugframe.namespaces.attaching", "plugframe.namespaces.lazy.stubs", "lazy_loader")
_FUNCTIONS = {f"{home}.{name}": name for home in _HOMES for name in ("attach", "attach_stub")}
_PARAMETERS = {"attach": ("package_name", "submodules", "submod_attrs", "extras"), "attach_stub": ("package_name",)}
_SIMPLE = (str, bytes, int, float, bool)


class UnreadableSourceError(ValueError):
    """What a package attaches cannot be told without running it."""

    def __init__(self, line: int, reason: str) -> None:
        """Keep the line, 1-based, and the reason."""
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """What an ``__init__.py`` attaches, and what else a type checker would see in it.

    Attributes:
        line: of the call, 1-based.
        function: ``attach`` or ``attach_stub``.
        submodules: as they were given.
        attributes: submodule to names, as they were given.
        extras: name to extra.
        shown: names that its ``if TYPE_CHECKING:`` blocks have.
        exports: what it does to ``__all__``.
        own: a name that the package defines itself to its line of a stub.
        strays: such names to their lines, where only a person can write the stub.
        split: names that the package defines in several ways to their lines.
    """

    line: int
    function: str
    submodules: list[str] = field(default_factory=list)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    extras: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    exports: Exports = field(default_factory=Exports)
    own: dict[str, str] = field(default_factory=dict)
    strays: dict[str, int] = field(default_factory=dict)
    split: dict[str, int] = field(default_factory=dict)


def read_source(text: str, path: str) -> Source | None:
    """Return what a package attaches, or None if it attaches nothing.

    Args:
        text: its ``__init__.py``.
        path: the file's, for messages.

    Raises:
        UnreadableSourceError: it attaches what is no literal, or more than once.
        SyntaxError: it is no Python.
        ValueError: the same.
    """
    tree = ast.parse(text, path)
    statements = list(_statements(tree.body))
    aliases = _aliases(statements)
    calls = [
        (node, function)
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and (function := _FUNCTIONS.get(_full_name(node.func, aliases)))
    ]
    if not calls:
        return None
    for call, function in calls[1:]:
        raise UnreadableSourceError(call.lineno, f"{function} is called a second time; call it once, with all names")
    (call, function), source = calls[0], Source(calls[0][0].lineno, calls[0][1])
    _read_arguments(call, function, source)
    source.shown.update(name for block in _checked_only(tree.body) for name in _bound(block))
    for statement in statements:
        source.exports.read(statement)
    for statement in statements:
        _read_own(statement, source)
    return source


def _statements(body: list[ast.stmt]) -> "Iterator[ast.stmt]":
    """Yield the simple statements, functions and classes of a module that are run, in order."""
    for statement in body:
        blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or not any(blocks):
            yield statement
            continue
        for block in blocks[1:] if _is_type_checking(statement) else blocks:
            yield from _statements(block)
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _is_type_checking(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and _full_name(statement.test, {}).rpartition(".")[2] == "TYPE_CHECKING"


def _checked_only(body: list[ast.stmt]) -> "Iterator[ast.stmt]":
    for statement in body:
        if isinstance(statement, ast.If) and _is_type_checking(statement):
            yield from _statements(statement.body)


def _aliases(statements: list[ast.stmt]) -> dict[str, str]:
    """Return what the imported names stand for."""
    aliases: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, ast.Import):
            for name in statement.names:
                top = name.name.partition(".")[0]
                aliases[name.asname or top] = name.name if name.asname else top
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            aliases |= {name.asname or name.name: f"{statement.module}.{name.name}" for name in statement.names}
    return aliases


def _full_name(node: ast.expr, aliases: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_full_name(node.value, aliases)}.{node.attr}"
    return aliases.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def _read_arguments(call: ast.Call, function: str, source: Source) -> None:
    given: dict[str | None, ast.expr] = dict(zip(_PARAMETERS[function], call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords}
    try:
        values: dict[str, Any] = {
            name: ast.literal_eval(given[name]) for name in ("submodules", "submod_attrs", "extras") if name in given
        }
        source.submodules.extend(_names(values.get("submodules") or ()))
        for module, names in (values.get("submod_attrs") or {}).items():
            source.attributes[module] = _names(names)
        source.extras.update(values.get("extras") or {})
        literal = None not in given and not any(isinstance(argument, ast.Starred) for argument in call.args)
    except (ValueError, TypeError, AttributeError):
        literal = False
    if not literal:
        reason = f"what {function} is given must be written out: lists of strings, and a dictionary of such lists"
        raise UnreadableSourceError(call.lineno, reason)


def _names(given: object) -> list[str]:
    if not isinstance(given, (list, tuple, set)) or not all(isinstance(name, str) for name in given):
        raise TypeError
    return sorted(given) if isinstance(given, set) else list(given)


def _bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement binds."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [name.asname or name.name for name in statement.names]
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    nodes = list(ast.walk(statement))
    inner = {name for node in nodes if isinstance(node, ast.comprehension) for name in ast.walk(node.target)}
    stored = (node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return [node.id for node in stored if node not in inner]


def _read_own(statement: ast.stmt, source: Source) -> None:
    """Note what a stub must say of the names that a statement binds, if anybody outside is to see them."""
    wanted = INFORMATION.union(source.exports.of(()))
    foreign = isinstance(statement, ast.Import) or (isinstance(statement, ast.ImportFrom) and not statement.level)
    for name in _bound(statement):
        if name not in wanted and (foreign or name == "TYPE_CHECKING" or name.startswith("_")):
            continue  # It is for the package's own use.
        line = _stub_line(statement, name)
        if not line:
            source.strays[name] = statement.lineno
        elif source.own.setdefault(name, line) != line:
            source.split[name] = statement.lineno


def _stub_line(statement: ast.stmt, name: str) -> str:
    if isinstance(statement, ast.ImportFrom) and name != "*":
        origin = next(alias.name for alias in statement.names if (alias.asname or alias.name) == name)
        return f"from {'.' * statement.level}{statement.module or ''} import {origin} as {name}"
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
        kind = type(statement.value.value)
        return f"{name}: {kind.__name__}" if kind in _SIMPLE and len(_bound(statement)) == 1 else ""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.annotation, ast.Name):
        known = statement.annotation.id in {kind.__name__ for kind in _SIMPLE}
        return f"{name}: {statement.annotation.id}" if known else ""
    return ""
