"""Marks: files that say which plugin a process is loading, each locked for as long as that process lives.

The lock tells the living from the dead: the system releases it with the process, however that ends, gives it to no
later process of the same number, and knows it in every container and on every machine that shares the folder. A mark
is made empty, then locked, then filled; one that is empty is nobody's.
"""

import os
import sys
import time

from plugframe.policy.quarantine import folder
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LOADING, INTERRUPTED = ".loading", ".interrupted"
LARGEST = 64 * 1024
MOST = 1000  # marks that are looked at; nobody has so many plugins that crash
FIELDS = ("host", "plugin", "distribution", "version", "value", "digest", "environment", "outer")
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_WRITE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class Mark(Record):
    """What a mark says.

    Attributes:
        path: the file.
        interrupted: whether the user interrupted the loading and the process went on; else it ended meanwhile.
        alive: whether the process that made it is still loading.
        host: the host's name.
        plugin: the plugin's name.
        distribution: its distribution's name.
        version: its distribution's version.
        value: its entry point's value.
        digest: changes with its files.
        environment: the environment's key.
        outer: the file name of the mark of the plugin that was loading this one, or empty.
        pid: the process.
        since: when it was made, in seconds since the epoch.
    """

    __slots__ = ("path", "interrupted", "alive", *FIELDS, "pid", "since")

    path: str
    interrupted: bool
    alive: bool
    host: str
    plugin: str
    distribution: str
    version: str
    value: str
    digest: str
    environment: str
    outer: str
    pid: int
    since: float

    def __init__(self, **fields: object) -> None:
        self._fill(*(fields[name] for name in self.__slots__))


class Held:
    """A mark of this process: there and locked until it is lifted, or the process ends."""

    __slots__ = ("_descriptor", "path")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._descriptor: int | None = descriptor

    def lift(self) -> None:
        """Remove the mark; do nothing when that was done, or in a process that was forked off meanwhile."""
        descriptor, self._descriptor = self._descriptor, None
        _held.pop(self.path, None)
        if descriptor is None:
            return
        gone = remove(self.path)
        if not gone:
            _empty(descriptor)  # Where an open file cannot be deleted: such a one is nobody's.
        os.close(descriptor)
        if not gone:
            remove(self.path)

    def release(self) -> None:
        """Leave the mark where it is, without a lock of this process."""
        descriptor, self._descriptor = self._descriptor, None
        _held.pop(self.path, None)
        if descriptor is not None:
            os.close(descriptor)


def _empty(descriptor: int) -> None:
    try:
        os.ftruncate(descriptor, 0)
    except OSError:
        return


_held: dict[str, Held] = {}


def _lift_all() -> None:
    """Lift what threads are loading that end with the process: it was not they who ended it."""
    for held in tuple(_held.values()):
        held.lift()


def _release_all() -> None:
    """Leave all marks to the process that this one was forked off."""
    for held in tuple(_held.values()):
        held.release()


def place(where: str, facts: "Mapping[str, object]", *, ending: str = LOADING) -> Held | None:
    """Make a mark.

    Args:
        where: the folder; made if it does not exist.
        facts: the fields that it states.
        ending: of the file's name: ``LOADING`` or ``INTERRUPTED``.

    Returns:
        The mark; None where it cannot be written or locked. That is no error: then nothing is remembered.
    """
    import json  # which costs more than looking for marks where there are none

    path = os.path.join(where, f"{os.getpid()}-{time.time_ns():x}-{len(_held)}{ending}")
    content = json.dumps({**facts, "pid": os.getpid(), "since": round(time.time(), 3)}).encode()
    descriptor = _create(path)
    if descriptor is None:
        return None
    held = Held(path, descriptor)
    try:
        if not _lock(descriptor, alone=True) or os.write(descriptor, content) != len(content):
            held.lift()
            return None
    except OSError:
        held.lift()
        return None
    if not _registered:
        import atexit

        _registered.append(True)
        atexit.register(_lift_all)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_release_all)
    _held[path] = held
    return held


_registered: list[bool] = []


def _create(path: str) -> int | None:
    """Return the descriptor of a new file that only this user can read or write, or None where there can be none."""
    try:
        try:
            return os.open(path, _WRITE | _BINARY, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            return os.open(path, _WRITE | _BINARY, 0o600)
    except (OSError, ValueError):
        return None


def remove(path: str) -> bool:
    """Delete a file; return whether it is gone."""
    try:
        os.unlink(path)
    except OSError:
        return not os.path.lexists(path)
    return True


def find() -> "tuple[list[Mark], dict[str, str]]":
    """Return the marks, those of living processes included, and the files that are none, each with the reason.

    Nothing is raised, whatever is in the folder.
    """
    found, problems = [], {}
    names, problem = folder.names()
    where = folder.folder() or ""
    if problem and where:
        problems[where] = problem.removeprefix(where).lstrip()
    own = list(filter(_is_ours, names))
    if len(own) > MOST:
        problems[where] = f"has more than {MOST} marks"
    for name in own[:MOST]:
        path = os.path.join(where, name)
        mark = read(path)
        if isinstance(mark, Mark):
            found.append(mark)
        elif mark:
            problems[path] = mark
    return _culprits(found), problems


def _is_ours(name: str) -> bool:
    """Return whether a file is named like a mark: the folder may be one that holds other things too."""
    stem, ending, rest = name.partition(LOADING if name.endswith(LOADING) else INTERRUPTED)
    parts = stem.split("-")
    is_number = len(parts) == 3 and all(part and set(part) <= set("0123456789abcdef") for part in parts)  # noqa: PLR2004 # see place
    return is_number and bool(ending) and not rest


def _culprits(marks: "list[Mark]") -> "list[Mark]":
    """Return marks without those that say nothing: of plugins that load each other, the inner one ended the process.

    Those are deleted, since they would count once the inner one is gone.
    """
    outer = {mark.outer for mark in marks if mark.outer and not mark.alive}
    kept = []
    for mark in marks:
        if mark.alive or os.path.basename(mark.path) not in outer:
            kept.append(mark)
        else:
            remove(mark.path)
    return kept


def read(path: str) -> Mark | str:
    """Return the mark in a file, or why there is none; an empty string for one that is just coming or going."""
    try:
        descriptor = os.open(path, _READ | _BINARY)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return f"cannot be opened: {getattr(error, 'strerror', None) or error}"
    try:
        refused = folder.refusal(os.fstat(descriptor))
        if refused:
            return refused
        alive = not _lock(descriptor, alone=False)
        content = os.read(descriptor, LARGEST + 1)
        if not os.fstat(descriptor).st_nlink or not content:
            return ""
        mark = _parsed(path, content, alive=alive)
        return "" if alive and isinstance(mark, str) else mark  # It is being written.
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    finally:
        os.close(descriptor)


def _parsed(path: str, content: bytes, *, alive: bool) -> Mark | str:
    import json

    try:
        document = json.loads(content)
        texts = {name: document[name] for name in FIELDS}
        pid, since = int(document["pid"]), float(document["since"])
        time.localtime(since)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError, OSError):
        return "holds no mark"
    if not all(isinstance(text, str) for text in texts.values()):
        return "holds no mark"
    interrupted = path.endswith(INTERRUPTED)
    return Mark(path=path, interrupted=interrupted, alive=alive and not interrupted, **texts, pid=pid, since=since)


def _lock(descriptor: int, *, alone: bool) -> bool:
    """Return whether a file could be locked: nobody else has locked it.

    Raises:
        OSError: files cannot be locked there.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, LARGEST, os.SEEK_SET)  # what is locked cannot be read
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
