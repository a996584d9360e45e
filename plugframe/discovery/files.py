"""Reading small files of unknown quality, and telling whether they are still the same."""

import os
import stat
import time

LARGEST = 4 * 1024 * 1024
_FEW = 8  # so many files are looked at faster by their paths than by opening their folder first
RACY_NS = 2_000_000_000  # a file system may give two changes this close together the same times (FAT: 2 seconds)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: str, *, limit: int = LARGEST, until: bytes = b"") -> bytes:
    """Return what is in a file, up to and including the chunk in which ``until`` is found.

    Opened without blocking, so that a pipe in a file's place cannot hang a scan.

    Args:
        path: the file.
        limit: the largest size that is read, in bytes.
        until: stop reading after a chunk that holds these bytes; empty reads to the end.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger than ``limit``.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        found = bytearray()
        while chunk := os.read(descriptor, 65536):
            seen = max(0, len(found) - len(until))
            found += chunk
            if until and found.find(until, seen) >= 0:
                break
            if len(found) > limit:
                message = f"larger than {limit} bytes"
                raise OSError(message)
        if not found and not stat.S_ISREG(os.fstat(descriptor).st_mode):
            message = "not a regular file"
            raise OSError(message)
        return bytes(found)
    finally:
        os.close(descriptor)


def root_signature(status: os.stat_result) -> str:
    """Return what changes when a path entry does, its device included: another file system may be mounted there."""
    return f"{status.st_dev:x}.{status.st_ino:x}.{status.st_mtime_ns:x}.{status.st_ctime_ns:x}.{status.st_size:x}"


def signature(root: str, names: "Sequence[str]") -> str:
    """Return what changes whenever one of several files' contents, or a folder's list of names, does.

    Nanosecond times and the inode, since a replacement by rename keeps neither; ctime, since mtime can be set back.
    A tuple of integers has the same hash in every process of one build of Python, and the index belongs to one build.

    Args:
        root: the folder that they are in; empty means the working directory.
        names: paths below it; an empty one means the root itself.

    Raises:
        OSError: one of them cannot be seen.
    """
    seen: list[int] = []
    folder = _open_folder(root) if len(names) > _FEW else None
    base = "" if folder is not None or not root else f"{root}/"
    try:
        for name in names:
            status = os.stat(base + name, dir_fd=folder) if name else os.stat(root)
            seen += (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
    finally:
        if folder is not None:
            os.close(folder)
    return _signature(seen)


def all_unchanged(root: str, groups: "Iterable[tuple[str, Sequence[str], str]]") -> bool:
    """Return whether ``unchanged`` holds for several folders below one, opening that one only once.

    Args:
        root: the folder above.
        groups: ``(folder, names below it, expected signature)``; an empty name means the folder itself.
    """
    above = _open_folder(root)
    base = "" if above is not None else f"{root}/"
    try:
        for folder, names, expected in groups:
            seen: list[int] = []
            for name in names:
                status = os.stat(f"{base}{folder}/{name}" if name else base + folder, dir_fd=above)
                seen += (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
            if _signature(seen) != expected:
                return False
    except (OSError, ValueError):
        return False
    finally:
        if above is not None:
            os.close(above)
    return True


def _open_folder(path: str) -> int | None:
    """Return a descriptor below which files are found faster than by their whole paths, or None."""
    try:
        return os.open(path, _FLAGS | os.O_DIRECTORY)
    except (AttributeError, OSError):
        return None


def _signature(seen: list[int]) -> str:
    return f"{hash(tuple(seen)):x}"


class Watch:
    """The files below one folder that an answer rests on, as they were before they were read.

    Attributes:
        names: their paths below the root, in order.
        racy: True once a file was seen that changed so recently, or in the future, that the next change might not
            show in its signature. An answer that rests on such a file must not be kept.
    """

    __slots__ = ("_seen", "_youngest", "names", "racy", "root")

    def __init__(self, root: str) -> None:
        self.root = root
        self.names: list[str] = []
        self._seen: list[int] = []
        self.racy = False
        self._youngest = time.time_ns() - RACY_NS

    @property
    def signature(self) -> str:
        """What ``signature(root, names)`` returns as long as nothing changed."""
        return _signature(self._seen)

    def path(self, name: str) -> str:
        """Return the path of a file below the root; of the root itself for an empty name."""
        return os.path.join(self.root, name) if name else self.root

    def status(self, name: str) -> os.stat_result:
        """Return a file's status and remember its signature.

        Raises:
            OSError: there is no such file, or it cannot be seen.
        """
        try:
            status = os.stat(self.path(name))
        except OSError:
            # What a link leads to can appear without a trace in the folder that holds the link.
            self.racy = self.racy or os.path.islink(self.path(name))
            raise
        self.add(name, status)
        return status

    def add(self, name: str, status: os.stat_result) -> None:
        """Remember a file's signature from a status that was taken before the file was read."""
        self.names.append(name)
        self._seen += (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
        self.consider(status)

    def consider(self, status: os.stat_result) -> None:
        """Take into account how young a file is, without remembering it."""
        self.racy = self.racy or max(status.st_mtime_ns, status.st_ctime_ns) >= self._youngest

    def read(self, name: str, *, until: bytes = b"") -> bytes:
        """Return a file's content and remember its signature.

        Raises:
            OSError: it cannot be read.
        """
        self.status(name)
        return read_bytes(self.path(name), until=until)


def unchanged(root: str, names: "Sequence[str]", expected: str) -> bool:
    """Return whether ``signature(root, names)`` is what it was."""
    try:
        return signature(root, names) == expected
    except (OSError, ValueError):
        return False
