"""Where two values differ: in structure, in metadata and, where asked, in value.

The room's main function is ``Comparison.compare``.
"""

from collections import Counter, deque
from dataclasses import fields, is_dataclass

from plugframe.operations.crossref.valuetypes import find_value_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Any

    Parts = list[tuple[str, object]]

_LONGEST = 60
_ABSENT = "<absent>"
_NO_EQUALITY = object.__eq__
_SEQUENCES = (list, tuple, deque)


class Comparison:
    """One comparison of two trees of lists, tuples, dictionaries and data classes; everything else is a leaf.

    Types must be the same ones: a tuple is no list, and a subclass is another class. Iterators are never advanced, so
    that of them nothing but the type is compared.

    Example:
        >>> list(Comparison().compare([{"x": 1}], [{"x": 1.0}], "output"))
        ["output[0]['x']: type int != float"]
        >>> list(Comparison(equal=equal_values).compare((1, 2), (1, 3), "output"))
        ['output[1]: 2 != 3']
    """

    def __init__(self, *, equal: "Callable[[Any, Any], object] | None" = None) -> None:
        """Begin a comparison.

        Args:
            equal: whether two leaves of equal metadata are equal; None compares no values.
        """
        self._equal = equal
        self._seen: set[tuple[int, int]] = set()

    def compare(self, got: object, expected: object, where: str) -> "Iterator[str]":
        """Yield the differences, each beginning with where it is.

        Args:
            got: what was found.
            expected: what it should be like.
            where: what both are called, such as ``output``.
        """
        if got is expected:
            return
        found = [*type_difference(got, expected, where)]
        found = found or [*compare_metadata(got, expected, where)] or [*_compare_shape(got, expected, where)]
        yield from found
        if found:
            return
        mine, theirs = self._parts(got), self._parts(expected)
        if mine is None or theirs is None:
            yield from self._compare_values(got, expected, where)
        elif (id(got), id(expected)) not in self._seen:  # of a tree that contains itself
            self._seen.add((id(got), id(expected)))
            for (step, one), (_, other) in zip(mine, theirs, strict=True):
                yield from self.compare(one, other, where + step)

    def _parts(self, value: object) -> "Parts | None":
        """Return what a value consists of; what only has its identity to be equal by is compared by its state."""
        parts = _parts(value)
        if parts is not None or self._equal is None:
            return parts
        if type(value).__eq__ is _NO_EQUALITY:
            return _state(value) or None
        return _elements(value)

    def _compare_values(self, got: object, expected: object, where: str) -> "Iterator[str]":
        if self._equal is None:
            return
        try:
            equal = bool(self._equal(got, expected))
        except Exception as error:  # noqa: BLE001 # what compares is the values' own, or the caller's
            yield f"{where}: cannot be compared ({type(error).__name__}: {error})"
            return
        if not equal:
            one, other = shorten(got), shorten(expected)
            yield f"{where}: {one} != {other}" if one != other else f"{where}: values differ, of which both show {one}"


def type_difference(got: object, expected: object, where: str) -> "Iterator[str]":
    """Yield the difference of two types, if there is one."""
    if type(got) is not type(expected):
        yield f"{where}: type {_name(got, expected)} != {_name(expected, got)}"


def compare_metadata(got: object, expected: object, where: str) -> "Iterator[str]":
    """Yield the differences of the metadata of two values of one type."""
    describe = find_value_function("metadata", type(got))
    if describe is None:
        return
    found: Mapping[str, object] = describe(got)
    wanted: Mapping[str, object] = describe(expected)
    for name in dict.fromkeys([*wanted, *found]):
        if name not in found or name not in wanted or found[name] != wanted[name]:
            yield f"{where}: {name} {found.get(name, 'missing')} != {wanted.get(name, 'missing')}"


def _compare_shape(got: object, expected: object, where: str) -> "Iterator[str]":
    if find_value_function("metadata", type(got)) is not None:
        return  # Its metadata says all that there is to say.
    if isinstance(got, dict) and isinstance(expected, dict):
        keys = list(got), list(expected)
        if len(keys[0]) != len(keys[1]) or any(key not in expected for key in got):
            yield f"{where}: keys {shorten(keys[0])} != {shorten(keys[1])}"
        elif any(one != other for one, other in zip(*keys, strict=True)):
            yield f"{where}: order of keys {shorten(keys[0])} != {shorten(keys[1])}"
    elif isinstance(got, _SEQUENCES) and isinstance(expected, _SEQUENCES) and len(got) != len(expected):
        yield f"{where}: length {len(got)} != {len(expected)}"


def _parts(value: object) -> "Parts | None":
    if find_value_function("metadata", type(value)) is not None:
        return None
    if isinstance(value, dict):
        return [(f"[{shorten(key)}]", part) for key, part in value.items()]
    if isinstance(value, _SEQUENCES):
        names = [f".{name}" for name in getattr(value, "_fields", ())] or [f"[{index}]" for index in range(len(value))]
        return list(zip(names, value, strict=True))
    if is_dataclass(value) and not isinstance(value, type):
        return [(f".{field.name}", getattr(value, field.name, _ABSENT)) for field in fields(value) if field.compare]
    return None


def _elements(value: "Any") -> "Parts | None":
    """Return what an array of objects consists of: elements that only have their identity differ from their copies."""
    if getattr(getattr(value, "dtype", None), "kind", "") != "O" or not hasattr(value, "flat"):
        return None
    return [(f".flat[{place}]", element) for place, element in enumerate(value.flat)]


def _state(value: object) -> "Parts":
    names = [str(name) for name in getattr(value, "__dict__", ())]
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        names += [_mangle(cls, name) for name in ((slots,) if isinstance(slots, str) else slots)]
    kept = [name for name in dict.fromkeys(names) if name not in ("__dict__", "__weakref__") and hasattr(value, name)]
    return [(f".{name}", getattr(value, name)) for name in kept]


def _mangle(cls: type, name: str) -> str:
    is_private = name.startswith("__") and not name.endswith("__")
    return f"_{cls.__name__.lstrip('_')}{name}" if is_private else name


def equal_values(got: object, expected: object) -> bool:
    """Return whether two leaves of one type are equal; NaN equals NaN.

    Two that have nothing but their identity to be equal by are taken for equal if they are of one name: nothing tells
    them apart.
    """
    equal = find_value_function("equal", type(got))
    if equal is not None:
        return bool(equal(got, expected))
    if type(got).__eq__ is _NO_EQUALITY:
        return _origin(got) == _origin(expected)
    if isinstance(got, set | frozenset) and isinstance(expected, set | frozenset):
        return _told_apart(got) == _told_apart(expected)
    return bool(got == expected) or bool(got != got and expected != expected)  # noqa: PLR0124 # only NaN does


def _told_apart(elements: "Collection[object]") -> "tuple[set[object], Counter[object]]":
    """Return those that are equal by their values, and how many there are of each name of the others."""
    others = [one for one in elements if type(one).__eq__ is _NO_EQUALITY]
    return {one for one in elements if type(one).__eq__ is not _NO_EQUALITY}, Counter(map(_origin, others))


def _origin(value: object) -> tuple[object, object]:
    return getattr(value, "__module__", None), getattr(value, "__qualname__", None)


def _name(value: object, other: object) -> str:
    cls, rival = type(value), type(other)
    return f"{cls.__module__}.{cls.__qualname__}" if cls.__qualname__ == rival.__qualname__ else cls.__qualname__


def shorten(value: object) -> str:
    """Return a value's representation, cut to one short line; one that cannot be shown is told of instead."""
    try:
        text = " ".join(repr(value).split())
    except Exception as error:  # noqa: BLE001 # a value's own code
        text = f"<{type(value).__qualname__} whose repr raises {type(error).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
