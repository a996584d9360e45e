"""Which thread is doing what only one may do, and who waits for whom."""

import threading
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator


class Deadlock(Exception):  # noqa: N818 # what it is; it never leaves this room
    """Waiting would never end."""


class Claims:
    """Things that one thread at a time has to itself; others wait, unless they would wait for each other."""

    def __init__(self) -> None:
        """Begin with no claims."""
        self._lock = threading.Lock()
        self._owners: dict[Hashable, tuple[int, threading.Event]] = {}
        self._waiting: dict[int, Hashable] = {}

    @contextmanager
    def claim(self, thing: "Hashable", *, patience: float | None = None) -> "Iterator[None]":
        """Have a thing to oneself for a while.

        Args:
            thing: what.
            patience: seconds to wait for another thread; None waits as long as it takes.

        Raises:
            Deadlock: this thread has it, or somebody who waits for this thread, or patience ended.
        """
        me = threading.get_ident()
        done = threading.Event()
        while True:
            with self._lock:
                present = self._owners.get(thing)
                if present is None:
                    self._owners[thing] = (me, done)
                    break
                self._check(thing, me)
                self._waiting[me] = thing
            ended = present[1].wait(patience)
            with self._lock:
                self._waiting.pop(me, None)
            if not ended:
                raise Deadlock
        try:
            yield
        finally:
            with self._lock:
                self._owners.pop(thing, None)
            done.set()

    def _check(self, thing: "Hashable", me: int) -> None:
        wanted: Hashable | None = thing
        while wanted is not None and wanted in self._owners:
            owner = self._owners[wanted][0]
            if owner == me:
                raise Deadlock
            wanted = self._waiting.get(owner)

    def forget_threads(self) -> None:
        """Give up what other threads had: after a fork they are not there."""
        self._lock = threading.Lock()
        me = threading.get_ident()
        self._owners = {thing: (owner, done) for thing, (owner, done) in self._owners.items() if owner == me}
        self._waiting = {}
