"""Compiled code of verified sources, kept between processes in this user's own cache folder.

It is found by the sha256 of the very bytes that were just compared with the lock, and nobody else can write the folder.
Who acts as this user can; so it is used only where that user can change the lock as well (see ``lockfile.is_ours``):
then nothing is gained by forging it.
"""

import marshal
import os
import stat
import sys
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from types import CodeType

from plugframe.discovery import storage

_HEAD = b"plugframe-code 1\n"
_DIGEST = 32


class Codes:
    """The code of sources, by what they are and where."""

    def __init__(self, folder: str | None) -> None:
        """Use a folder; None keeps nothing, and neither does one that others may write."""
        self._folder = folder if folder is not None and _is_private(folder) else None

    def find(self, digest: str, path: str) -> CodeType | None:
        """Return the code of a source, if it was kept.

        Args:
            digest: the sha256 of the source, in hexadecimal.
            path: its file.
        """
        if self._folder is None:
            return None
        key = _key(digest, path)
        content, refusal = storage.read(self._file(key))
        head = _HEAD + key
        if refusal or not content.startswith(head):
            return None
        body = memoryview(content)[len(head) + _DIGEST :]
        if sha256(body).digest() != content[len(head) : len(head) + _DIGEST]:
            return None  # A damaged one might bring the interpreter down.
        code = marshal.loads(body)  # noqa: S302 # written by this user for these bytes: see the module
        return code if isinstance(code, CodeType) else None

    def keep(self, digest: str, path: str, code: CodeType) -> None:
        """Keep the code of a source; where that cannot be done, it is compiled again the next time."""
        if self._folder is None:
            return
        key, body = _key(digest, path), marshal.dumps(code)
        storage.write(self._file(key), _HEAD + key + sha256(body).digest() + body)

    def _file(self, key: bytes) -> str:
        return os.path.join(self._folder or "", key.hex() + storage.CODE_ENDING)


def _key(digest: str, path: str) -> bytes:
    about = f"{MAGIC_NUMBER.hex()} {sys.flags.optimize} {digest} {path}"
    return sha256(about.encode("utf-8", "surrogatepass")).digest()


def _is_private(folder: str) -> bool:
    """Return whether nobody but this user can write a folder, or it is not there yet."""
    try:
        status = os.lstat(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
