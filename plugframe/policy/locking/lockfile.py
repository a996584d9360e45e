"""The lock file on disk: read only where nobody else can have written it, written whole or not at all."""

import os
import stat
import time
from shlex import quote

from plugframe.errors import LockError
from plugframe.policy.locking import text
from plugframe.policy.locking.observed.content import open_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.policy.locking.values import Lock

NAME = "plugframe.lock"
LARGEST = 64 * 1024 * 1024
_MODE = 0o644
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def load(path: str) -> "Lock":
    """Return the lock in a file.

    Raises:
        LockError: there is none; it is a link, a pipe, huge, or may be somebody else's work; or it is damaged.
    """
    content = _content(path)
    try:
        return text.read(content.decode())
    except ValueError as error:
        raise LockError(path, f"it cannot be used: {str(error)[:300]}", anew(path)) from error


def anew(path: str) -> str:
    """Return the command that writes a lock file."""
    return f"plugframe lock --output {quote(path)}"


def is_ours(path: str) -> bool:
    """Return whether this process's user may change a lock file: who acts as that user has no need to get around it."""
    try:
        return os.access(path, os.W_OK) and (not hasattr(os, "geteuid") or os.stat(path).st_uid == os.geteuid())
    except OSError:
        return False


def _content(path: str) -> bytes:
    try:
        descriptor, status = open_file(path)
    except FileNotFoundError:
        raise LockError(path, "there is no such lock file", anew(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LockError(path, f"it cannot be opened: {reason}", "put a file of plugframe lock there") from error
    with open(descriptor, "rb") as file:
        problem, step = _refusal(path, status)
        if problem:
            raise LockError(path, problem, step)
        try:
            content = file.read(LARGEST + 1)
        except OSError as error:
            raise LockError(path, f"it cannot be read: {error.strerror}", "read it as another user") from error
    if len(content) > LARGEST:
        raise LockError(path, f"it is larger than {LARGEST} bytes", anew(path))
    return content


def _refusal(path: str, status: os.stat_result) -> tuple[str, str]:
    """Return why a lock file is not relied on, and what to do; empty if it is."""
    if status.st_size > LARGEST:
        return f"it is larger than {LARGEST} bytes", anew(path)
    if not hasattr(os, "geteuid"):
        return "", ""
    if status.st_uid not in (os.geteuid(), 0):
        return "it belongs to another user, who may change it at any time", "plugframe lock --output ANOTHER-FILE"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others may write it", f"chmod go-w {quote(path)}"
    folder = os.path.dirname(os.path.abspath(path))
    mode = os.stat(folder).st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        return f"others may put another file in its place, in {folder}", f"chmod o-w {quote(folder)}"
    return "", ""


def save(path: str, lock: "Lock") -> None:
    """Put a lock in a file; whoever reads it meanwhile sees the old or the new one.

    Raises:
        LockError: it cannot be written; the old one is as it was.
    """
    temporary = f"{path}.{os.getpid()}.{time.monotonic_ns():x}.tmp"
    try:
        descriptor = os.open(temporary, _NEW, _MODE)
        try:
            with open(descriptor, "wb") as file:
                file.write(text.write(lock).encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LockError(path, f"it cannot be written: {reason}", "name another file behind --output") from error
