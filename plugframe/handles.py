"""What is handed back for something that was switched on, to switch it off."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn, Self


class RemovableHandle:
    """Undoes one thing, once: by ``remove``, or at the end of a ``with`` block.

    Dropping a handle undoes nothing. It may be removed from any thread and from a finalizer, any number of times, and
    after what it belongs to is gone.

    Example:
        >>> handle = RemovableHandle("a greeting", lambda: print("gone"))
        >>> handle.remove()
        gone
        >>> handle.remove()
        >>> handle
        <handle of a greeting, removed>
    """

    __slots__ = ("__weakref__", "_undo", "_what")

    def __init__(self, what: str, undo: "Callable[[], object]") -> None:
        """Keep what can be undone, for people, and what undoes it, which is let go of when it was called."""
        self._what = what
        self._undo = [undo]

    def remove(self) -> None:
        """Undo it; a second time nothing happens."""
        try:
            undo = self._undo.pop()  # of two threads, one gets it
        except IndexError:
            return
        undo()

    def __enter__(self) -> "Self":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def __reduce__(self) -> "NoReturn":
        message = f"{self!r} undoes something in this process and can be neither copied nor pickled"
        raise TypeError(message)

    def __repr__(self) -> str:
        return f"<handle of {self._what}{'' if self._undo else ', removed'}>"
