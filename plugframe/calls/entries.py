"""Values that are there until somebody removes them, whom threads and finalizers may not confuse."""

import threading
from typing import Generic, TypeVar

from plugframe.handles import RemovableHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class Entries(Generic[T]):
    """Values in the order in which they were added, each with a handle that removes it; looking at them is a copy."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: tuple[tuple[T], ...] = ()

    def add(self, value: "T", what: str) -> RemovableHandle:
        """Add a value, which may be there already, and return the handle that removes it again."""
        entry = (value,)
        self._exchange(lambda entries: (*entries, entry))
        return RemovableHandle(
            what, lambda: self._exchange(lambda entries: tuple(one for one in entries if one is not entry))
        )

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
