"""What an ``__init__.py`` does to the ``__all__`` that ``attach`` gave it, read off its source."""

import ast
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_CHANGING = ("append", "extend", "insert", "remove", "pop", "clear")


@dataclass(slots=True)
class Exports:
    """A package's ``__all__``; ``read`` is given the package's statements in order.

    Attributes:
        whole: the names, where the package writes them out itself; None where they are what ``attach`` returns.
        added: names that the package adds, in order.
        unreadable: the line of the first change that cannot be told without running it, or 0.
    """

    whole: list[str] | None = None
    added: list[str] = field(default_factory=list)
    unreadable: int = 0

    def read(self, statement: ast.stmt) -> None:
        """Note what a statement does to ``__all__``; what functions do when they are called is not known."""
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass
            case (
                ast.Assign(targets=[*_, ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                # An item is taken out of what attach returned.
                self.whole = None if isinstance(value, ast.Subscript) else self._names(value)
                self.added = []
            case ast.Assign(targets=[*_, ast.Tuple(elts=[*_, ast.Name(id="__all__")])]):
                self.whole, self.added = None, []
            case ast.AugAssign(target=ast.Name(id="__all__"), op=ast.Add(), value=value):
                self.added += self._names(value)
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(id="__all__"), "extend"), [value], [])):
                self.added += self._names(value)
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(id="__all__"), "append"), [value], [])):
                self.added += self._names(ast.List([value], lineno=value.lineno))
            case _ if any(map(_is_change, ast.walk(statement))):
                self.unreadable = self.unreadable or statement.lineno

    def of(self, names: "Iterable[str]") -> list[str]:
        """Return the ``__all__`` of a package for which ``attach`` returns certain names."""
        return [*dict.fromkeys([*(names if self.whole is None else self.whole), *self.added])]

    def _names(self, value: ast.expr) -> list[str]:
        """Return the strings of a list that is written out; otherwise none, and its line is noted."""
        if isinstance(value, (ast.List, ast.Tuple)):
            names = [item.value for item in value.elts if isinstance(item, ast.Constant)]
            strings = [name for name in names if isinstance(name, str)]
            if len(strings) == len(value.elts):
                return strings
        self.unreadable = self.unreadable or value.lineno
        return []


def _is_change(node: ast.AST) -> bool:
    """Return whether a node changes ``__all__`` in a way that is not read."""
    match node:
        case ast.Name(id="__all__", ctx=ast.Del()) | ast.AugAssign(target=ast.Name(id="__all__")):
            return True
        case ast.Subscript(value=ast.Name(id="__all__"), ctx=ast.Store() | ast.Del()):
            return True
        case ast.Attribute(value=ast.Name(id="__all__"), attr=attribute):
            return attribute in _CHANGING
    return False
