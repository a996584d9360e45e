"""Handles: what can be switched on returns one, and it switches that off."""

import threading
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

T = TypeVar("T")


class Handle:
    """Removes what was added, once; a context manager that does so at its end.

    Dropping it removes nothing. It may be removed from any thread, from a finalizer, and any number of times.
    """

    __slots__ = ("_label", "_undo")

    def __init__(self, undo: "Callable[[], None]", label: str) -> None:
        """Make a handle.

        Args:
            undo: removes what was added; does nothing if that is gone.
            label: what was added, for ``repr``.
        """
        self._undo: Callable[[], None] | None = undo
        self._label = label

    def remove(self) -> None:
        """Remove what was added; do nothing when that was done."""
        undo, self._undo = self._undo, None  # What is removed is kept alive by nothing of ours.
        if undo is not None:
            undo()

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"<handle of {self._label}{'' if self._undo else ', removed'}>"


class Entries(Generic[T]):
    """Values in the order in which they were added, each with a handle that removes it; looking at them is a copy."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: tuple[tuple[T], ...] = ()

    def add(self, value: "T", label: str) -> Handle:
        """Add a value, which may be there already, and return the handle that removes it again."""
        entry = (value,)
        self._exchange(lambda entries: (*entries, entry))
        return Handle(lambda: self._exchange(lambda entries: tuple(one for one in entries if one is not entry)), label)

    def _exchange(self, change: "Callable[[tuple[tuple[T], ...]], tuple[tuple[T], ...]]") -> None:
        before = None
        with self._lock:
            # A finalizer may come between, in this thread, and add or remove something: then it is done again.
            while before is not self._entries:
                before = self._entries
                after = change(before)
                if before is self._entries:
                    self._entries = before = after

    def __iter__(self) -> "Iterator[T]":
        return iter([value for (value,) in self._entries])
