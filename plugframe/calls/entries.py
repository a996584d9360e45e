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

    def __init__(self, changed: "Callable[[], object] | None" = None) -> None:
        """Begin with none.

        Args:
            changed: is called after every change, by the thread that made it, with no lock held.
        """
        self._lock = threading.RLock()
        self._entries: tuple[tuple[T], ...] = ()
        self._changed = changed

    def add(self, value: "T", what: str, *, first: bool = False) -> RemovableHandle:
        """Add a value, which may be there already, and return the handle that removes it again.

        Args:
            value: what is added.
            what: it, for people.
            first: put it before all others.
        """
        entry = (value,)
        self._exchange(lambda entries: (entry, *entries) if first else (*entries, entry))
        return RemovableHandle(what, lambda: self._drop(lambda one: one is entry))

    def drop(self, matches: "Callable[[T], bool]") -> None:
        """Remove the values of which a function says so."""
        self._drop(lambda one: matches(one[0]))

    def _drop(self, matches: "Callable[[tuple[T]], bool]") -> None:
        self._exchange(lambda entries: tuple(one for one in entries if not matches(one)))

    def _exchange(self, change: "Callable[[tuple[tuple[T], ...]], tuple[tuple[T], ...]]") -> None:
        before = None
        with self._lock:
            # A finalizer may come between, in this thread, and add or remove something: then it is done again.
            while before is not self._entries:
                before = self._entries
                after = change(before)
                if before is self._entries:
                    self._entries = before = after
        if self._changed is not None:
            self._changed()

    def __iter__(self) -> "Iterator[T]":
        return iter([value for (value,) in self._entries])
