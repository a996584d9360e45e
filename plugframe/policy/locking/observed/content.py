"""What is in a file, read once from an open file; links are not followed, and what is no regular file is not read."""

import errno
import os
import stat

from plugframe.policy.locking.values import LockedFile

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
)
_CHUNK = 1 << 20


def open_file(path: str) -> tuple[int, os.stat_result]:
    """Return a descriptor of a regular file, and its status.

    Raises:
        OSError: it cannot be opened, is a link, or is no regular file: a pipe in its place is not waited for.
    """
    if os.name == "nt" and os.path.islink(path):  # there is no O_NOFOLLOW
        raise OSError(errno.ELOOP, "it is a link", path)
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link", path) from None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", path)
    return descriptor, status


def read_exactly(path: str, size: int) -> bytes:
    """Return the content of a file of a known size.

    Raises:
        OSError: it cannot be opened, is a link or no regular file.
        ValueError: it is shorter or longer.
    """
    descriptor, status = open_file(path)
    try:
        content = _read(descriptor, size + 1) if status.st_size == size else b""
    finally:
        os.close(descriptor)
    if len(content) != size or status.st_size != size:
        message = f"it has {status.st_size} bytes, not {size}"
        raise ValueError(message)
    return content


def read_all(path: str, *, most: int) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: it cannot be opened, is a link or no regular file.
        ValueError: it has more bytes than ``most``.
    """
    descriptor, _ = open_file(path)
    try:
        content = _read(descriptor, most + 1)
    finally:
        os.close(descriptor)
    if len(content) > most:
        message = f"it is larger than {most} bytes"
        raise ValueError(message)
    return content


def _read(descriptor: int, most: int) -> bytes:
    chunks = []
    while most > 0 and (chunk := os.read(descriptor, min(most, _CHUNK))):
        chunks.append(chunk)
        most -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def observe(path: str) -> LockedFile:
    """Return the size and the sha256 of a file.

    Raises:
        OSError: it cannot be read, is a link or no regular file.
    """
    from hashlib import sha256

    descriptor, _ = open_file(path)
    with open(descriptor, "rb", buffering=0) as file:
        content = file.read(_CHUNK) or b""
        digest, size = sha256(content), len(content)
        buffer = memoryview(bytearray(_CHUNK)) if size == _CHUNK else memoryview(b"")
        while buffer and (more := file.readinto(buffer)):
            digest.update(buffer[:more])
            size += more
    return LockedFile(sha256=digest.hexdigest(), size=size)
