"""Importing a real module on behalf of its alias, in any number of threads and in any order.

While an alias is imported, the import system holds a lock of the alias' name. A plugin whose body imports its own alias
waits for that lock with the lock of its real name in its hands, in another thread: had the first thread to wait for the
real name under the alias' lock, the import system would raise its deadlock error, or hand out a module half done. So an
alias' lock is never held while a real module is waited for. There is no public way to let go of it: of the import
system's own names ``_module_locks`` and ``_initializing`` are used here, and where they are missing, this falls back to
what the import system does with any two modules that import each other.
"""

import _thread  # what threading is made of, without the cost of importing it
import sys
from importlib import _bootstrap
from importlib.machinery import ModuleSpec
from time import sleep
from types import ModuleType

from plugframe.namespaces.mounts.passing import Passing, can_pass, owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ATTEMPTS = 200
AGAIN = 20
PAUSE = 0.001
_shielding = _thread.RLock()  # a finalizer may run anywhere, and set attributes as well
_finishing: "dict[int, list[Callable[[], None]]]" = {}
_kept: "dict[int, Any]" = {}
_shielded: "dict[int, dict[str, object]]" = {}


def is_partial(module: object) -> bool:
    """Return whether a module's body is still running."""
    # An object that stands in for a module may answer any attribute with something.
    return getattr(getattr(module, "__spec__", None), "_initializing", False) is True


def import_real(name: str, prefix: str) -> "Any":  # noqa: ANN401 # a module, or what stands in its place
    """Import a module, waiting for whichever thread is at it, and return it.

    Args:
        name: the module's own name.
        prefix: of the aliases whose locks are let go meanwhile.

    Returns:
        The module; one whose body is still running only where waiting for it would never end.

    Raises:
        BaseException: whatever the module's body raises.
    """
    module = sys.modules.get(name)
    if module is not None and not is_partial(module):
        return module
    if _is_alone():
        return import_now(name)
    with _LetGo(prefix):
        for left in range(ATTEMPTS, 0, -1):
            try:
                module = import_now(name)
            except RuntimeError as error:
                if left == 1 or not _is_deadlock(error, name):
                    raise
                sleep(PAUSE)  # until the thread that has the lock has put the module where it is seen
                continue
            # Where the attempt failed that was waited for, it may be another thread's next one that is there.
            if left <= ATTEMPTS - AGAIN or not is_partial(module) or _is_mine(name):
                break
    return module


def _is_mine(name: str) -> bool:
    """Return whether this thread is the one that imports a module."""
    return any(lock.name == name for lock in _held(name))


def _is_alone() -> bool:
    """Return whether Python has started no other thread, as in most programs while they start.

    Threads of C are not counted: such a one may see what any two modules see that import each other in two threads.
    """
    return getattr(_thread, "_count", int)() == 0 and hasattr(_thread, "_count")


def import_now(name: str) -> "Any":  # noqa: ANN401 # a module, or what stands in its place
    """Import a module and return it; one whose body is running where waiting for it would never end.

    ``import_module`` raises then, where ``__import__`` takes the module half done.
    """
    __import__(name)
    module = sys.modules.get(name)
    if module is None:  # somebody's __import__ is lazy
        from importlib import import_module

        module = import_module(name)
    return module


def _is_deadlock(error: RuntimeError, name: str) -> bool:
    return type(error).__name__ == "_DeadlockError" and repr(name) in str(error)


class _LetGo:
    """Lets go of the locks that this thread holds for names with a prefix, and takes them again afterwards."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._locks: list[Any] = []

    def __enter__(self) -> None:
        self._locks = _held(self._prefix)
        for lock in reversed(self._locks):
            lock.release()

    def __exit__(self, *_: object) -> None:
        # In the order in which they were taken at first: a name's before its parent's.
        for lock in self._locks:
            _take(lock)


def publish(alias: str, module: "Any") -> None:  # noqa: ANN401 # a module, or what stands in its place
    """Put a module under its alias, while no other thread looks for that one.

    A thread that found it there in the middle of looking for it would take it for its own, and execute it again.
    """
    if _is_alone():
        sys.modules.setdefault(alias, module)
    else:
        import_now(alias)


def _held(prefix: str) -> "list[Any]":
    known: dict[str, Any] = getattr(_bootstrap, "_module_locks", {})
    me = _thread.get_ident()
    locks = [reference() for name, reference in known.copy().items() if name.startswith(prefix)]
    mine = [lock for lock in locks if lock is not None and getattr(lock, "owner", None) == me and id(lock) not in _kept]
    return sorted(mine, key=lambda lock: -len(lock.name))


def _take(lock: "Any") -> None:  # noqa: ANN401 # the import system's kind
    let_go: list[Any] = []
    for left in range(ATTEMPTS, -1, -1):
        try:
            lock.acquire()
            break
        except RuntimeError:  # a deadlock
            if not left:
                raise
            # Whoever has it waits for a module whose body this thread is running (Python 3.14 does that for parents).
            if not let_go:
                let_go = [kept for kept in _kept.copy().values() if kept.owner == _thread.get_ident()]
                for kept in let_go:
                    kept.release()
            sleep(PAUSE)
    for kept in let_go:
        _take(kept)


def hold_until_finished(alias: str, name: str, module: object, clean: "Callable[[], None]") -> None:
    """Make other threads wait for a module half done when they import its alias, and clean up if its body fails.

    Args:
        alias: its other name; this thread has that name's lock.
        name: its own.
        module: it; its body is running, mostly in this thread.
        clean: called where the body raised.
    """
    spec: Any = getattr(module, "__spec__", None)
    if type(spec) not in (ModuleSpec, _WatchedSpec):
        return
    kept = [_keep(lock, name, module) for lock in _held(alias) if lock.name == alias]

    def finish() -> None:
        if sys.modules.get(name) is not module:
            clean()  # before others may look for it
        while kept:
            try:
                let_go = kept.pop()
            except IndexError:  # another thread's
                break
            let_go()

    _finishing.setdefault(id(spec), []).append(finish)
    spec.__class__ = _WatchedSpec
    if not is_partial(module):  # The body has ended meanwhile, and nobody was told.
        finish()


def _keep(lock: "Any", name: str, module: object) -> "Callable[[], None]":  # noqa: ANN401 # the import system's kind
    """Keep a lock of this thread until a module's body ends, and return what lets go of it then."""

    def note() -> None:
        _kept[id(lock)] = lock

    # Only the thread that runs the body can let go of the lock at its end.
    if _is_mine(name):
        lock.acquire()
        note()
        end = lock.release
    else:
        body = owner_of(name)
        # A module beside its alias may be one whose lock its thread has let go, and another one has.
        if body is None or name.partition(".")[0] == lock.name.partition(".")[0] or not can_pass(lock):
            return lambda: None
        end = Passing(lock, body, wanted=lambda: is_partial(module), given=note).end

    def let_go() -> None:
        _kept.pop(id(lock), None)
        end()

    return let_go


class _WatchedSpec(ModuleSpec):
    """The spec of a module whose body is running; it is an ordinary one again, and tells so, when that is over."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "_initializing" and value is False:
            super().__setattr__("__class__", ModuleSpec)
            for finish in _finishing.pop(id(self), ()):
                finish()


def shield(parent: object, name: str, value: object) -> None:
    """Let the import system's next attempt to set an attribute of a module to one value have no effect.

    It binds every submodule that it imported to its parent, aliases as well: that may be too early, or in the place of
    what the parent itself has under that name.
    """
    with _shielding:
        if type(parent) in (ModuleType, _ShieldedModule):
            _shielded.setdefault(id(parent), {})[name] = value
            parent.__class__ = _ShieldedModule


class _ShieldedModule(ModuleType):
    """A module of which some attributes are not to be set, each for one time."""

    def __setattr__(self, name: str, value: object) -> None:
        with _shielding:
            awaited = _shielded.get(id(self), {})
            drop = name in awaited and awaited[name] is value
            if drop:
                del awaited[name]
            if not awaited:
                _shielded.pop(id(self), None)
                ModuleType.__setattr__(self, "__class__", ModuleType)
        if not drop:
            ModuleType.__setattr__(self, name, value)


class Placeholder(ModuleType):
    """What the import system has for a module until it is given the real one; it has whatever that has."""

    # The import system sets what is None or missing, and would look for it in the real module and in the spec.
    __loader__ = __package__ = __path__ = __file__ = ""  # type: ignore[assignment] # only that they are something counts

    def __init__(self, name: str, real: object) -> None:  # None of ModuleType's own, which binds these names to None.
        """Keep the real module."""
        self.__dict__["__name__"] = name
        self.__dict__["_real"] = real

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # whatever the real module has
        return getattr(self.__dict__["_real"], name)
