"""Copies of a call's arguments, which an implementation may change without anybody noticing."""

from copy import deepcopy
from dataclasses import fields, is_dataclass

from plugframe.operations.crossref.valuetypes import find_value_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any


class NotCheckedError(Exception):
    """A call cannot be compared with its reference; the message is the reason."""


def snapshot(arguments: "Mapping[str, Any]", *, fixed: "Iterable[object]" = ()) -> "dict[str, Any]":
    """Return copies of arguments, by name; two that share something have copies that share it.

    An iterator is never copied: one that is not advanced would be shared, and advancing it would take it from the call.

    Args:
        arguments: the values, by name.
        fixed: what stands for itself wherever it is: defaults that implementations know by their identity.

    Raises:
        NotCheckedError: one cannot be copied.

    Example:
        >>> rows = [[1], [2]]
        >>> copied = snapshot({"rows": rows, "first": rows[0]})
        >>> copied["rows"] == rows, copied["rows"] is rows, copied["rows"][0] is copied["first"]
        (True, False, True)
    """
    memo: dict[int, Any] = {id(value): value for value in fixed}
    copies = {}
    for name, value in arguments.items():
        try:
            for leaf, copied in _special_copies(value):
                memo.setdefault(id(leaf), copied)
            copies[name] = deepcopy(value, memo)
        except NotCheckedError as error:
            message = f"the argument {name!r} {error}"
            raise NotCheckedError(message) from None
        except Exception as error:
            message = f"the argument {name!r} cannot be copied ({type(error).__name__}: {error})"
            raise NotCheckedError(message) from error
    return copies


def _special_copies(value: object) -> "Iterator[tuple[object, object]]":
    """Yield what is not left to ``deepcopy``, with its copy: the values whose types say how they are copied."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if is_iterator(one):
            message = f"is or holds an iterator ({type(one).__qualname__}), which only the call itself may advance"
            raise NotCheckedError(message)
        copy_one = find_value_function("snapshot", type(one))
        if copy_one is not None:
            yield one, copy_one(one)
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        elif is_dataclass(one) and not isinstance(one, type):
            waiting += [getattr(one, field.name, None) for field in fields(one)]


def is_changeable(value: object) -> bool:
    """Return whether a value is a container that anybody may change, or of a type that says how it is copied."""
    return isinstance(value, list | dict | set | bytearray) or find_value_function("snapshot", type(value)) is not None


def is_iterator(value: object) -> bool:
    """Return whether using a value up is all that can be done with it: iterators, open files, coroutines."""
    return any(hasattr(type(value), name) for name in ("__next__", "__anext__", "__await__"))
