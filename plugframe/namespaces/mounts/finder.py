"""The one finder on ``sys.meta_path``, and the mounts that it asks: who answers for the names below a package.

Source: https://docs.python.org/3/library/importlib.html#importlib.abc.MetaPathFinder, PEP 451
"""

import _imp
import sys
from _thread import RLock  # the lock of threading, without the cost of importing it

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

MARK = "plugframe_finder"
_changing = RLock()


class Mount:
    """Who answers for the module names that begin with one prefix.

    Attributes:
        prefix: with the dot at its end, such as ``myapp.plugins.``.
    """

    prefix: str

    def __init__(self, prefix: str) -> None:
        """Keep the prefix, with its dot."""
        self.prefix = prefix

    def find(self, fullname: str) -> "ModuleSpec | None":
        """Return the spec of a name that begins with the prefix, or None for the finders that follow.

        It is called with the import system's lock for that name held, and must not import what it finds. It may
        import other things, and take its time.
        """
        raise NotImplementedError

    def invalidate(self) -> None:
        """Forget what was kept of the environment, for ``importlib.invalidate_caches`` was called."""


class Finder:
    """A meta-path finder that passes over every name that begins with no mount's prefix, at the cost of one test.

    Attributes:
        mounts: those that it asks, the longest prefix first.
    """

    plugframe_finder = True  # one that a second copy of this module made is known by it, unlike by its class

    def __init__(self) -> None:
        """Make a finder that answers for nothing."""
        self.mounts: tuple[Mount, ...] = ()
        self._prefixes: tuple[str, ...] = ()

    def put(self, mounts: "Sequence[Mount]") -> None:
        """Answer for these mounts, and for no others."""
        self.mounts = tuple(sorted(mounts, key=lambda mount: -len(mount.prefix)))
        self._prefixes = tuple(mount.prefix for mount in self.mounts)

    def find_spec(
        self,
        name: str,
        path: "Sequence[str] | None" = None,  # noqa: ARG002 # the protocol's
        target: "ModuleType | None" = None,  # noqa: ARG002 # the protocol's
    ) -> "ModuleSpec | None":
        """Return what the mount with the longest prefix of a name answers; None for every other name."""
        if not name.startswith(self._prefixes):
            return None
        for mount in self.mounts:
            if name.startswith(mount.prefix):
                held = _let_go()
                try:
                    return mount.find(name)
                finally:
                    for _ in range(held):
                        _imp.acquire_lock()
        return None  # it was removed just now

    def invalidate_caches(self) -> None:
        """Tell every mount that the environment may have changed."""
        for mount in self.mounts:
            mount.invalidate()

    def __repr__(self) -> str:
        return f"<finder of plugframe: {', '.join(self._prefixes) or 'nothing'}>"


def _let_go() -> int:
    """Let go of the lock that the import system holds while it asks finders, and return how often it was held.

    No thread can import anything while it is held. A mount that looks at the environment imports what it needs for
    that, and may have to wait for another thread that is importing the same: the two would wait for ever.
    """
    held = 0
    while _imp.lock_held():
        try:
            _imp.release_lock()
        except RuntimeError:  # another thread's
            break
        held += 1
    return held


def install(mount: Mount) -> None:
    """Make a mount answer for its prefix, in the place of one that did so before.

    The finder becomes the first on ``sys.meta_path``, where others have put themselves before it too: the path finder
    would import a plugin's submodules once more, under a second name.

    Raises:
        ValueError: the prefix does not end with a dot, so that it would be that of its neighbours as well.
    """
    if not mount.prefix.endswith(".") or not mount.prefix.strip("."):
        message = f"a mount's prefix is a package's name with a dot at its end; got {mount.prefix!r}"
        raise ValueError(message)
    with _changing:
        finder = _installed() or Finder()
        finder.put([mount, *(other for other in finder.mounts if other.prefix != mount.prefix)])
        if sys.meta_path[:1] != [finder]:
            # Inserted before it is removed: who walks the list meanwhile may meet it twice, but misses nobody.
            sys.meta_path.insert(0, finder)
            _drop(finder, first=1)


def remove(mount: Mount) -> bool:
    """Take a mount out again, and the finder with the last one.

    Returns:
        Whether it was there. One that took its place meanwhile stays.
    """
    with _changing:
        finder = _installed()
        if finder is None or mount not in finder.mounts:
            return False
        finder.put([other for other in finder.mounts if other is not mount])
        if not finder.mounts:
            _drop(finder)
        return True


def mounted(prefix: str) -> Mount | None:
    """Return the mount that answers for a prefix, if there is one."""
    finder = _installed()
    return next((mount for mount in finder.mounts if mount.prefix == prefix), None) if finder else None


def _installed() -> Finder | None:
    # Other finders may answer any attribute, or raise for it: their classes are asked.
    for finder in sys.meta_path:
        if MARK in getattr(type(finder), "__dict__", ()):
            found: Any = finder
            return found  # type: ignore[no-any-return] # of our class, or of a copy of it
    return None


def _drop(finder: Finder, first: int = 0) -> None:
    for index in range(len(sys.meta_path) - 1, first - 1, -1):
        if sys.meta_path[index] is finder:
            del sys.meta_path[index]
