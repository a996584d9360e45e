"""The rows of a distribution's RECORD: what an installer says that it put where; nothing vouches for it.

Source: https://packaging.python.org/specifications/recording-installed-packages/
"""

import os

from plugframe.policy.locking.text import path_problem
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 64 * 1024 * 1024
_LIBRARIES = ("lib", "lib64", "Lib")
_SITES = ("site-packages", "dist-packages")


class Row(Record):
    """One file, as RECORD describes it.

    Attributes:
        path: below the folder of the metadata folder, with ``/``.
        sha256: hexadecimal; empty where none is given, or one of another kind.
        size: in bytes; None where none is given.
    """

    __slots__ = ("path", "sha256", "size")

    path: str
    sha256: str
    size: int | None

    def __init__(self, *, path: str, sha256: str = "", size: int | None = None) -> None:
        self._fill(path, sha256, size)


def rows(content: str) -> "Iterator[Row]":
    """Yield the rows of a RECORD, each path once.

    Raises:
        ValueError: it is no table of comma-separated values.
    """
    import csv

    seen = set()
    try:
        for cells in csv.reader(content.splitlines()):
            path = cells[0].replace("\\", "/") if cells else ""
            if path and path not in seen:
                seen.add(path)
                size = cells[2] if len(cells) > 2 else ""  # noqa: PLR2004 # path, hash, size
                yield Row(path=path, sha256=_hexadecimal(cells[1:2]), size=int(size) if size.isdigit() else None)
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _hexadecimal(cell: list[str]) -> str:
    from binascii import a2b_base64

    kind, _, value = cell[0].partition("=") if cell else ("", "", "")
    if kind != "sha256":
        return ""
    try:
        plain = value.replace("-", "+").replace("_", "/")  # urlsafe_b64decode warns of those from Python 3.15 on
        return a2b_base64(plain + "=" * (-len(plain) % 4)).hex()
    except ValueError:
        return "?"  # It says something, which no file can be.


class Place:
    """Where a distribution's files may be: in its own folder, and in the installation that the folder is part of.

    Wheels put scripts, headers and data beside the modules, below the prefix; their rows begin with ``..``.
    """

    def __init__(self, location: str) -> None:
        """Keep the folder of the metadata folder, and find the prefix that it belongs to; it may be its own."""
        self.location = os.path.abspath(location)
        self.root = _prefix(self.location)
        # How the folder itself is reached is not the distribution's doing.
        self._plain = {self.root: True, self.location: True}

    def path(self, row: str) -> str:
        """Return the absolute path that a row means; call it only for one without a problem."""
        return os.path.normpath(os.path.join(self.location, *row.split("/")))

    def problem(self, row: str) -> str:
        """Return why a row is not followed, or an empty string: it leads out of the prefix, or through a link."""
        wrong = path_problem(row)
        if wrong:
            return wrong
        path = self.path(row)
        if not path.startswith(os.path.join(self.root, "")):
            return f"leads out of {self.root}"
        return "" if self._is_plain(os.path.dirname(path)) else "leads through a link"

    def _is_plain(self, folder: str) -> bool:
        """Return whether no folder on the way from the prefix is a link."""
        known = self._plain.get(folder)
        if known is None:
            known = self._plain[folder] = not os.path.islink(folder) and self._is_plain(os.path.dirname(folder))
        return known


def _prefix(location: str) -> str:
    """Return the folder in which an installation has its ``lib``, ``bin`` and ``share``."""
    above, name = os.path.split(location)
    if name not in _SITES:
        return location
    for folder in (above, os.path.dirname(above)):  # Lib/site-packages, lib/python3.13/site-packages
        if os.path.basename(folder) in _LIBRARIES:
            return os.path.dirname(folder)
    return location
