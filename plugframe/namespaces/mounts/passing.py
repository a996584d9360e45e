"""Passing a lock of the import system on to the thread that is to release it.

Nothing of this is public in Python. Where a part is missing, the lock is not passed on.
"""

import _thread  # what threading is made of, without the cost of importing it
from importlib import _bootstrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_passing = _thread.RLock()  # a finalizer may run anywhere, and import something as well


def owner_of(name: str) -> int | None:
    """Return the thread that has the import system's lock of a module's name, or None."""
    reference = getattr(_bootstrap, "_module_locks", {}).get(name)
    lock = reference() if reference is not None else None
    owner: int | None = getattr(lock, "owner", None)
    return owner


def can_pass(lock: object) -> bool:
    """Return whether a lock has what passing it on takes."""
    return all(hasattr(lock, part) for part in ("lock", "count", "owner", "release", "__dict__"))


class Passing:
    """A lock that becomes another thread's when the one that has it now releases it.

    It is held by the thread that makes this; given away from that thread's last release on; and over once ``end`` was
    called. Where that comes first, the lock is released as ever.
    """

    def __init__(self, lock: "Any", thread: int, *, wanted: "Callable[[], bool]", given: "Callable[[], None]") -> None:  # noqa: ANN401 # the import system's kind
        """Expect the release of a lock.

        Args:
            lock: this thread has it.
            thread: which is to have it.
            wanted: whether that thread will still call ``end``.
            given: called when that thread has it.
        """
        self._lock, self._thread = lock, thread
        self._wanted, self._given = wanted, given
        self._state = "held"
        lock.release = self._release

    def _release(self) -> None:
        with _passing:
            release = type(self._lock).release
            if _depth(self._lock) > 1:
                release(self._lock)
                return
            vars(self._lock).pop("release", None)
            if self._state == "held" and self._wanted() and self._give():
                self._state = "given"
                self._given()
            else:
                self._state = "over"
                release(self._lock)

    def _give(self) -> bool:
        """Make the other thread the owner, unless it waits for the lock already: nobody would wake it."""
        with self._lock.lock:
            # Who is going to wait says so before it looks whether it has to, with this inner lock held.
            if _waits(self._thread, self._lock):
                return False
            self._lock.owner = self._thread
            return True

    def end(self) -> None:
        """Release the lock, in the thread that it was given to; or let the one that has it still do so."""
        with _passing:
            state, self._state = self._state, "over"
            if state == "given":
                self._lock.release()


def _depth(lock: "Any") -> int:  # noqa: ANN401 # the import system's kind
    """Return how often the owner of a lock has taken it."""
    count: int | list[object] = lock.count  # a number up to Python 3.11
    return count if isinstance(count, int) else len(count)


def _waits(thread: int, lock: object) -> bool:
    awaited = getattr(_bootstrap, "_blocking_on", {}).get(thread, ())
    # Up to Python 3.11 it is the lock itself, since then all for which the thread waits.
    return awaited is lock or (isinstance(awaited, list) and any(one is lock for one in tuple(awaited)))
