"""A list whose changes are told: others put implementations into a hook caller's list without asking it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    T = TypeVar("T")

_CHANGING = (
    "__delitem__", "__iadd__", "__imul__", "__setitem__", "append", "clear", "extend", "insert", "pop", "remove",
    "reverse", "sort",
)  # fmt: skip


class WatchedList(list):  # type: ignore[type-arg]
    """A list that calls back after each change; copies are plain lists."""

    __slots__ = ("_tell",)

    def __init__(self, items: "Iterable[T]", tell: "Callable[[], None]") -> None:
        """Make a list of items.

        Args:
            items: what is in it at first.
            tell: called after each change.
        """
        super().__init__(items)
        self._tell = tell

    def tells(self, listener: object) -> bool:
        """Return whether it is an object's method that is called back."""
        return getattr(self._tell, "__self__", None) is listener

    def __reduce_ex__(self, protocol: object) -> "tuple[Any, ...]":
        return list, (list(self),)


def _telling(name: str) -> "Callable[..., Any]":
    change = getattr(list, name)

    def method(self: WatchedList, *arguments: "Any", **options: "Any") -> "Any":
        try:
            return change(self, *arguments, **options)
        finally:
            self._tell()

    method.__name__ = name
    return method


for _name in _CHANGING:
    setattr(WatchedList, _name, _telling(_name))
