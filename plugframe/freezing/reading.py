"""What a module's source says in plain text of hosts, and of modules that are imported later.

The source is read, never run. What packages attach is read by ``plugframe.namespaces.lazy.sources``.
"""

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = "plugframe"


class Mentions:
    """What one module's source names.

    Attributes:
        hosts: the names in ``plugframe.Host("myapp")``.
        modules: the full names in ``plugframe.load("acme.models")``, and the modules of references that are registered,
            such as ``classes.add("vision.ResNet", "acme.models:ResNet")``.
        mounts: whether it makes its package one that plugins or classes are imported from:
            ``host.namespace(__name__)``, ``host.classes.mount(__name__)``.
    """

    __slots__ = ("_bound", "hosts", "modules", "mounts")

    def __init__(self, source: str) -> None:
        """Read a source.

        Raises:
            SyntaxError: it is none.
            ValueError: the same; null bytes are in it.

        Example:
            >>> Mentions("from plugframe import Host as Application; app = Application('myapp')").hosts
            {'myapp'}
        """
        self.hosts: set[str] = set()
        self.modules: set[str] = set()
        self.mounts = False
        tree = ast.parse(source)
        self._bound = dict(_bindings(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self._read(node)

    def _read(self, call: ast.Call) -> None:
        function = self._full_name(call.func)
        if function.startswith(f"{_PACKAGE}.") and function.endswith(".Host"):
            self.hosts |= _text(call, 0, "name")
        elif function.startswith(f"{_PACKAGE}.") and function.endswith(".load"):
            self.modules |= _text(call, 0, "fullname")
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "add":
            self.modules |= {text.partition(":")[0] for text in _text(call, 1, "target") if text.count(":") == 1}
        elif isinstance(call.func, ast.Attribute) and call.func.attr in ("namespace", "mount"):
            self.mounts |= [ast.unparse(one) for one in call.args] == ["__name__"]

    def _full_name(self, node: ast.expr) -> str:
        """Return what a call calls, if plugframe is where it is imported from; else an empty string."""
        if isinstance(node, ast.Attribute):
            above = self._full_name(node.value)
            return f"{above}.{node.attr}" if above else ""
        return self._bound.get(node.id, "") if isinstance(node, ast.Name) else ""


def _bindings(tree: ast.AST) -> "Iterator[tuple[str, str]]":
    """Yield ``(name, full name)`` of what imports bind from plugframe, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == _PACKAGE:
                    yield (alias.asname, alias.name) if alias.asname else (_PACKAGE, _PACKAGE)
        elif isinstance(node, ast.ImportFrom) and not node.level and f"{node.module}.".startswith(f"{_PACKAGE}."):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _text(call: ast.Call, position: int, name: str) -> set[str]:
    """Return the text that a call is given for a parameter; nothing where that is computed."""
    given = call.args[position : position + 1] or [word.value for word in call.keywords if word.arg == name]
    return {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}
