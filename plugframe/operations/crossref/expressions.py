"""Python that makes a value again, to be pasted: literals where there are any, a pickle where there are none."""

import sys
from dataclasses import fields, is_dataclass
from enum import Enum
from inspect import signature
from types import BuiltinFunctionType, FunctionType

from plugframe.operations.crossref.valuetypes import find_value_function
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 20_000
"""The characters of the longest expression that is worth printing."""
_LITERAL = (type(None), bool, int, str, bytes, type(...), range)


class Expression(Record):
    """Python that makes a value.

    Attributes:
        text: an expression; ``...`` stands for what cannot be written.
        modules: what must be imported for it, in order.
        missing: why parts of it cannot be written; empty if it makes all of the value.
    """

    __slots__ = ("text", "modules", "missing")

    text: str
    modules: tuple[str, ...]
    missing: tuple[str, ...]

    def __init__(self, *, text: str, modules: "Iterable[str]" = (), missing: "Iterable[str]" = ()) -> None:
        self._fill(text, tuple(dict.fromkeys(modules)), tuple(missing))


def write(value: object) -> Expression:
    """Return Python that makes a value like this one; nothing that the value's own code does is raised.

    Example:
        >>> write({"x": [1, float("nan")]}).text
        "{'x': [1, float('nan')]}"
        >>> write(lambda: 0).missing[0].partition(" (")[0]
        'a function can be neither written nor pickled'
    """
    try:
        made = _write_part(value)
    except RecursionError:  # It is too deep, or contains itself.
        made = _pickle(value)
    if len(made.text) <= _LONGEST:
        return made
    missing = f"a {type(value).__qualname__} is too large to be printed ({len(made.text):,} characters)"
    return Expression(text="...", missing=(missing,))


def join(start: str, parts: "Iterable[Expression]", end: str) -> Expression:
    """Return an expression of several, with commas between them."""
    parts = list(parts)
    return Expression(
        text=start + ", ".join(part.text for part in parts) + end,
        modules=[module for part in parts for module in part.modules],
        missing=[reason for part in parts for reason in part.missing],
    )


def _write_part(value: object) -> Expression:
    try:
        return _write(value) or _pickle(value)
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 # values' own code
        return _pickle(value)


def _write(value: object) -> Expression | None:
    known = find_value_function("expression", type(value))
    if known is not None:
        written = known(value)
        if written is None:
            return None
        text, modules, *missing = written
        return Expression(text=text, modules=modules, missing=missing)
    if type(value) in _LITERAL:
        return Expression(text=repr(value))
    if type(value) in (float, complex):
        return Expression(text=repr(value) if _is_plain(repr(value)) else f"{type(value).__name__}({str(value)!r})")
    if isinstance(value, Enum | type | FunctionType | BuiltinFunctionType):
        return _refer(value)
    return _write_container(value)


def _is_plain(text: str) -> bool:
    return "n" not in text  # as in nan and inf


def _write_container(value: object) -> Expression | None:
    if type(value) is dict:
        return join("{", [_pair(_write_part(key), _write_part(part)) for key, part in value.items()], "}")
    if type(value) is list:
        return join("[", map(_write_part, value), "]")
    if type(value) is tuple:
        return join("(", map(_write_part, value), ",)" if len(value) == 1 else ")")
    if type(value) in (set, frozenset):
        return join(f"{type(value).__name__}([", map(_write_part, value), "])")  # type: ignore[call-overload] # of any elements
    if type(value) is slice:
        return join("slice(", map(_write_part, (value.start, value.stop, value.step)), ")")
    return _write_fields(value)


def _pair(key: Expression, value: Expression) -> Expression:
    joined = join("", [key, value], "")
    return joined.replace(text=f"{key.text}: {value.text}")


def _write_fields(value: object) -> Expression | None:
    """Return the call of a named tuple's or data class's constructor, where that takes all of its fields."""
    names = getattr(value, "_fields", ()) if isinstance(value, tuple) else _fields(value)
    cls = _refer(type(value)) if names else None
    if cls is None:
        return None
    signature(type(value)).bind(**dict.fromkeys(names))
    parts = [(name, _write_part(getattr(value, name))) for name in names]
    call = join(f"{cls.text}(", [part.replace(text=f"{name}={part.text}") for name, part in parts], ")")
    return call.replace(modules=(*cls.modules, *call.modules))


def _fields(value: object) -> list[str]:
    if not is_dataclass(value) or isinstance(value, type):
        return []
    made = fields(value)
    return [field.name for field in made] if all(field.init for field in made) else []


def _refer(value: object) -> Expression | None:
    """Return the name of what a module holds, if it is there."""
    module, path = getattr(value, "__module__", None), str(getattr(value, "__qualname__", None))
    if isinstance(value, Enum):
        module, path = type(value).__module__, f"{type(value).__qualname__}.{value.name}"
    found: object = sys.modules.get(module) if isinstance(module, str) else None
    for word in path.split("."):
        found = getattr(found, word, None)
    if found is not value or not isinstance(module, str):
        return None
    return Expression(text=path) if module == "builtins" else Expression(text=f"{module}.{path}", modules=[module])


def _pickle(value: object) -> Expression:
    from base64 import b64encode
    from pickle import dumps, loads

    kind = type(value).__qualname__
    try:
        pickled = dumps(value)
        loads(pickled)  # noqa: S301 # just pickled here: what can be pickled cannot always be unpickled
    except Exception as error:  # noqa: BLE001 # values' own code
        reason = f"a {kind} can be neither written nor pickled ({type(error).__name__}: {error})"
        return Expression(text="...", missing=(reason,))
    text = f"pickle.loads(base64.b64decode({b64encode(pickled).decode()!r}))"
    return Expression(text=text, modules=("base64", "pickle"))
