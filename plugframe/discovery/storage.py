"""The folder where indexes are kept: read only what we alone can have written, written whole or not at all.

``PLUGFRAME_CACHE=off`` keeps nothing, ``PLUGFRAME_CACHE=FOLDER`` keeps it there.
"""

import os
import stat
import sys
import time
from _imp import source_hash  # the hash of hash-based .pyc files: at hand in every interpreter, unlike hashlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


LARGEST = 64 * 1024 * 1024
_OFF = ("off", "0", "no", "false")
_START, _ENDING = "plugframe-", ".index"
CODE_ENDING = ".code"
_CODE = "code"
_CODE_DIGITS = 64
_LEFTOVER_SECONDS = 3600
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


def folder() -> str | None:
    """Return the folder for indexes, or None when there shall be none.

    None where ``PLUGFRAME_CACHE`` is ``off``, and where the process runs with another user's rights (setuid).
    """
    setting = os.environ.get("PLUGFRAME_CACHE", "")
    if setting.lower() in _OFF:
        return None
    if hasattr(os, "geteuid") and (os.geteuid() != os.getuid() or os.getegid() != os.getgid()):
        return None
    return os.path.abspath(os.path.expanduser(setting)) if setting else _default_folder()


def _default_folder() -> str | None:
    """Return where ``platformdirs.user_cache_dir`` says, without importing it where that is one line."""
    if sys.platform == "linux":
        base = os.environ.get("XDG_CACHE_HOME", "").strip()
        base = base if os.path.isabs(base) else os.path.expanduser("~/.cache")
        return os.path.join(base, "plugframe") if os.path.isabs(base) else None
    from platformdirs import user_cache_dir

    return user_cache_dir("plugframe", appauthor=False)


def code_folder() -> str | None:
    """Return the folder for compiled code of verified sources, or None when there shall be none."""
    where = folder()
    return os.path.join(where, _CODE) if where else None


def file_for(key: str) -> str | None:
    """Return the path of the index of the environment that ``key`` describes, or None when there shall be none."""
    where = folder()
    return os.path.join(where, _START + digest(key.encode("utf-8", "surrogatepass")) + _ENDING) if where else None


def digest(raw: bytes) -> str:
    """Return 16 hexadecimal digits that tell contents apart; no protection against somebody who means harm."""
    return source_hash(0x706C7567, raw).hex()


def read(path: str) -> tuple[bytes, str]:
    """Return a file's content and an empty string, or nothing and why it is not used."""
    try:
        descriptor = os.open(path, _READ | _BINARY)
    except FileNotFoundError:
        return b"", "there is none yet"
    except OSError as error:
        return b"", f"cannot be opened: {error.strerror}"
    try:
        refused = _refusal(os.fstat(descriptor))
        return (b"", refused) if refused else (_read_all(descriptor), "")
    except (OSError, MemoryError) as error:
        return b"", f"cannot be read: {error}"
    finally:
        os.close(descriptor)


def _refusal(status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if hasattr(os, "geteuid"):
        if status.st_uid != os.geteuid():
            return "belongs to another user"
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return "can be written by other users"
    return f"is larger than {LARGEST} bytes" if status.st_size > LARGEST else ""


def _read_all(descriptor: int) -> bytes:
    chunks = []
    while chunk := os.read(descriptor, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def can_write(path: str) -> bool:
    """Return whether it makes sense to try: the folder, or its nearest existing parent, can be written."""
    where = os.path.dirname(path)
    while not os.path.isdir(where):
        if os.path.lexists(where) or os.path.dirname(where) == where:
            return False
        where = os.path.dirname(where)
    return os.access(where, os.W_OK | os.X_OK)


def write(path: str, content: bytes) -> bool:
    """Put content in a file that only this user can read or write; whoever reads meanwhile sees the old or the new one.

    Returns:
        Whether it was written. A full disk or a folder that cannot be written is no error: then there is no index.
    """
    temporary = f"{path}.{os.getpid()}.{time.monotonic_ns():x}.tmp"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, _WRITE | _BINARY, 0o600)
    except OSError:
        return False
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except (OSError, ValueError):
        _remove(temporary)
        return False
    except BaseException:
        _remove(temporary)
        raise
    return True


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def problem() -> str:
    """Return why the folder cannot hold an index, one sentence, or an empty string."""
    where = folder()
    if where is None:
        off = os.environ.get("PLUGFRAME_CACHE", "").lower() in _OFF
        return (
            "PLUGFRAME_CACHE says so" if off else "there is no folder for it, or the process has another user's rights"
        )
    try:
        os.listdir(where)
    except FileNotFoundError:
        return "" if can_write(os.path.join(where, "x")) else f"{where} cannot be made"
    except OSError as error:
        return f"{where} cannot be used: {error.strerror}"
    return "" if os.access(where, os.W_OK | os.X_OK) else f"{where} cannot be written"


def files() -> "Iterator[tuple[str, os.stat_result]]":
    """Yield ``(path, status)`` of everything that we keep, indexes, code, leftovers of interrupted writes, sorted."""
    yield from _files(folder(), _is_ours)
    yield from _files(code_folder(), _is_code)


def _files(where: str | None, is_ours: "Callable[[str], bool]") -> "Iterator[tuple[str, os.stat_result]]":
    try:
        names = sorted(os.listdir(where)) if where and not os.path.islink(where) else []
    except OSError:
        return
    for name in names:
        if is_ours(name):
            path = os.path.join(where or "", name)
            try:
                yield path, os.lstat(path)
            except OSError:
                continue


def _is_code(name: str) -> bool:
    key, ending, rest = name.partition(CODE_ENDING)
    made = len(key) == _CODE_DIGITS and ending and set(key) <= set("0123456789abcdef")
    return bool(made) and (not rest or rest.endswith(".tmp"))


def _is_ours(name: str) -> bool:
    """Return whether we made a file: the folder may be one that holds other things too."""
    key, ending, rest = name.removeprefix(_START).partition(_ENDING)
    made = name.startswith(_START) and len(key) == len(digest(b"")) and ending and set(key) <= set("0123456789abcdef")
    return bool(made) and (not rest or rest.endswith(".tmp"))


def clear() -> list[str]:
    """Delete everything that we keep, and return the paths deleted, sorted."""
    return [path for path, _ in files() if _remove(path)]


def sweep() -> None:
    """Delete what writers that were killed left behind an hour ago or earlier."""
    before = time.time() - _LEFTOVER_SECONDS
    for path, status in files():
        if path.endswith(".tmp") and status.st_mtime < before:
            _remove(path)
