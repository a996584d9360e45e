"""The smallest set that still fails, by Zeller's delta debugging, among sets in which nothing lacks what it needs.

Source: A. Zeller, R. Hildebrandt: Simplifying and Isolating Failure-Inducing Input (2002), algorithm ddmin.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Closures(Generic[T]):
    """Which sets of elements can stand together: those in which every element has what it needs."""

    def __init__(self, needs: "Mapping[T, frozenset[T]]") -> None:
        """Take what each element needs directly; what that needs in turn is added."""
        self._below = {element: _reached(element, needs) for element in needs}

    def down(self, elements: "Iterable[T]") -> "frozenset[T]":
        """Return the elements with all that they need."""
        return frozenset(elements).union(*(self._below[element] for element in elements))

    def without(self, whole: "frozenset[T]", elements: "Iterable[T]") -> "frozenset[T]":
        """Return a set without some elements and without all that needs one of them."""
        gone = frozenset(elements)
        return frozenset(element for element in whole - gone if not self._below[element] & gone)

    def tops(self, whole: "frozenset[T]") -> "frozenset[T]":
        """Return the elements of a set that are not only there because others need them."""
        below = self._below
        needed = {one for element in whole for one in below[element] if element not in below[one]}
        return whole - needed  # of those that need each other, all


def _reached(element: "T", needs: "Mapping[T, frozenset[T]]") -> "frozenset[T]":
    found: set[T] = set()
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += needs.get(one, ())
    return frozenset(found)


def smallest(
    elements: "Sequence[T]", fails: "Callable[[frozenset[T]], bool]", closures: "Closures[T]"
) -> "frozenset[T]":
    """Return a set that fails, and of which nothing can be taken away without it ceasing to.

    Args:
        elements: in the order in which they are divided; all together they fail.
        fails: whether a set fails; asked about sets that can stand together only, never about none and never twice.
        closures: which sets those are.

    Example:
        >>> fails = lambda some: {"b", "d"} <= some
        >>> sorted(smallest("abcdef", fails, Closures(dict.fromkeys("abcdef", frozenset()))))
        ['b', 'd']
    """
    order = {element: number for number, element in enumerate(elements)}
    asked: dict[frozenset[T], bool] = {frozenset(): False}
    current, parts = frozenset(elements), 2

    def asks(candidate: "frozenset[T]") -> bool:
        if not candidate < current:
            return False  # With what it needs, a part may be the whole, which leads no further.
        if candidate not in asked:
            asked[candidate] = fails(candidate)
        return asked[candidate]

    while len(current) > 1:
        chunks = list(_divided(sorted(current, key=order.__getitem__), parts))
        part = next((found for chunk in chunks if asks(found := closures.down(chunk))), None)
        rest = next(
            (found for chunk in chunks if part is None and asks(found := closures.without(current, chunk))), None
        )
        if part is not None:
            current, parts = part, 2
        elif rest is not None:
            current, parts = rest, max(parts - 1, 2)
        elif parts >= len(current):
            break
        else:
            parts = min(2 * parts, len(current))
    return current


def _divided(elements: "Sequence[T]", parts: int) -> "Iterator[Sequence[T]]":
    start = 0
    for number in range(parts):
        end = start + (len(elements) - start) // (parts - number)
        yield elements[start:end]
        start = end
