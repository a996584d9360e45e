"""A lock and what is installed, file by file. Reads files, runs none.

``verify`` is the room's main function.
"""

import os

from plugframe.policy.decisions import plugins
from plugframe.policy.locking.making import close
from plugframe.policy.locking.observed.content import observe
from plugframe.policy.locking.observed.folders import SUFFIXES, is_cache_of, module_name, owned, walk
from plugframe.policy.locking.observed.inventory import read_record
from plugframe.policy.locking.observed.recorded import Place
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.policy.locking.observed.inventory import Watch
    from plugframe.policy.locking.observed.recorded import Row
    from plugframe.policy.locking.values import Lock, LockedDistribution, LockedFile
    from plugframe.records import Distribution

MISMATCHES = ("modified", "missing", "extra", "unlocked")


class Verdict(Record):
    """What became of one file.

    Attributes:
        plugin: the plugins of its distribution, or the distribution where it is only needed by one.
        distribution: name and version as installed, or as locked where it is not.
        status: ``ok``, one of ``MISMATCHES``, or ``record`` where RECORD differs, which does no harm.
        file: its path.
        reason: what differs; empty when nothing does.
    """

    __slots__ = ("plugin", "distribution", "status", "file", "reason")

    plugin: str
    distribution: str
    status: str
    file: str
    reason: str

    def __init__(self, *, plugin: str, distribution: str, status: str, file: str, reason: str = "") -> None:
        self._fill(plugin, distribution, status, file, reason)


def verify(
    lock: "Lock", snapshot: "Snapshot", *, needs: bool = True, watch: "Watch" = lambda _path, _size: None
) -> "Iterator[Verdict]":
    """Yield what became of each file that is locked, and of what is not and should be.

    Args:
        lock: what should be there.
        snapshot: what is installed.
        needs: look at what plugins need, too, and not only at their own distributions.
        watch: called with the path and the size of each file that was read.
    """
    installed = {distribution.key: distribution for distribution in snapshot.distributions()}
    names = _plugins(lock, snapshot)
    for key, locked in lock.distributions.items():
        if not needs and key not in names and not _is_plugin(locked, lock.hosts):
            continue
        title, present = ", ".join(names.get(key, ())) or locked.name, installed.get(key)
        if present is None:
            reason = "it is not installed"
            yield Verdict(plugin=title, distribution=str(locked), status="missing", file=locked.name, reason=reason)
            continue
        for status, path, reason in _Check(locked, present, watch).run():
            yield Verdict(plugin=title, distribution=str(present), status=status, file=path, reason=reason)
    needed = close(snapshot, lock.hosts).requires if needs else names
    for key in sorted(needed):
        if key not in lock.distributions:
            present = installed[key]
            title = ", ".join(names.get(key, ())) or present.name
            yield Verdict(
                plugin=title,
                distribution=str(present),
                status="unlocked",
                file=present.metadata_path,
                reason="the lock does not have it",
            )


def _plugins(lock: "Lock", snapshot: "Snapshot") -> dict[str, list[str]]:
    """Return the names of the plugins of each distribution that has some, by its key."""
    found: dict[str, list[str]] = {}
    for host in lock.hosts:
        for plugin in plugins(host, snapshot.entry_points):
            names = found.setdefault(plugin.distribution.key, [])
            if plugin.name not in names:
                names.append(plugin.name)
    return found


def _is_plugin(locked: "LockedDistribution", hosts: "Iterable[str]") -> bool:
    return any(group.startswith(tuple(f"{host}." for host in hosts)) for group in locked.entry_points)


class _Check:
    """One distribution against what is locked of it."""

    def __init__(self, locked: "LockedDistribution", present: "Distribution", watch: "Watch") -> None:
        self._locked = locked
        self._present = present
        self._watch = watch
        self._place = Place(present.location)
        self._found: dict[str, LockedFile] = {}
        self._version = ""
        if present.version != locked.version:
            self._version = f"version {present.version} is installed, and {locked.version} is locked"

    def run(self) -> "Iterator[tuple[str, str, str]]":
        """Yield ``(status, path, reason)`` of each file."""
        for path in self._locked.files:
            status, reason = self._compare(path)
            yield status, self._place.path(path), self._version or reason if status != "ok" else reason
        for path, is_link in self._surplus():
            reason = "the lock does not have it" if not is_link else "it is a link, and the lock does not have it"
            yield "extra", self._place.path(path), self._version or reason
        yield from self._record()

    def _compare(self, path: str) -> tuple[str, str]:
        problem = self._place.problem(path)
        if problem:
            return "modified", f"the way to it {problem}"
        try:
            found = self._found[path] = observe(self._place.path(path))
        except (FileNotFoundError, NotADirectoryError):
            return "missing", "it is not there"
        except OSError as error:
            return "modified", error.strerror or str(error)
        self._watch(path, found.size)
        if found.size != self._locked.files[path].size:
            return "modified", f"it has {found.size} bytes, and {self._locked.files[path].size} are locked"
        return ("ok", "") if found == self._locked.files[path] else ("modified", "its sha256 is not the locked one")

    def _surplus(self) -> "Iterator[tuple[str, bool]]":
        """Yield what is in the distribution's folders, or would be taken for its modules, and whether it is a link."""
        files = self._locked.files
        metadata = os.path.basename(self._present.metadata_path)
        seen = {f"{metadata}/RECORD"}
        for folder in owned([*files, f"{metadata}/RECORD"]):
            for path, is_link in walk(self._place.location, folder):
                seen.add(path)
                if path not in files and path != f"{metadata}/RECORD" and (is_link or not is_cache_of(path, files)):
                    yield path, is_link
        for path in rivals(files):
            if path not in seen and os.path.lexists(self._place.path(path)):
                yield path, os.path.islink(self._place.path(path))

    def _record(self) -> "Iterator[tuple[str, str, str]]":
        """Yield where RECORD differs from what it was, or from what is there."""
        try:
            recorded, digest = read_record(self._present)
        except ValueError as error:
            yield "record", os.path.join(self._present.metadata_path, "RECORD"), str(error)
            return
        if digest != self._locked.record:
            yield "record", os.path.join(self._present.metadata_path, "RECORD"), "it was written anew since the lock"
        for row in recorded:
            found, locked = self._found.get(row.path), self._locked.files.get(row.path)
            problem = self._place.problem(row.path)
            if problem and locked is None:
                yield "record", row.path, f"the row {problem}"
            elif found is not None and found == locked and not _agrees(row, found):
                yield "record", self._place.path(row.path), "RECORD gives it another sha256 or size"


def _agrees(row: "Row", found: "LockedFile") -> bool:
    return row.sha256 in ("", found.sha256) and row.size in (None, found.size)


def rivals(files: "Collection[str]") -> list[str]:
    """Return what the import system would take for some files' modules if it were there, and is none of them, sorted.

    In a folder of its own a distribution has nothing to fear: whatever is there is looked at.

    Example:
        >>> "acme/__init__.py" in rivals(["acme.py"]), "shared.py" in rivals(["shared/acme.py"])
        (True, True)
    """
    own = tuple(f"{folder}/" for folder in owned(files))
    shared = {path for path in files if module_name(path.rpartition("/")[2]) and not path.startswith((*own, ".."))}
    names = {module_name(path) for path in shared}
    for path in (*shared, *(folder.rstrip("/") for folder in own)):
        while path := path.rpartition("/")[0]:  # from the inside out
            names.add(path)
    found = {f"{name}{infix}{suffix}" for name in names for infix in ("", "/__init__") for suffix in SUFFIXES}
    return sorted(found - set(files))
