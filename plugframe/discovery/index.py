"""Segments on disk: one text file an environment, a block of lines a path entry.

The file is data and nothing else: tab-separated lines below a digest. A block is used only when the path entry and every
file that its rows rest on still have their signatures; any defect means that the entry is scanned again.
"""

import os

from plugframe.discovery import storage
from plugframe.discovery.files import root_signature, unchanged
from plugframe.discovery.segments import COVERED, Segment, escape, unescape
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.records import Distribution

FORMAT = "plugframe-index 1"
MOST_BLOCKS = 64


class Index:
    """The blocks of one environment's index file, read once and written at most once.

    Attributes:
        path: the file, or None when there is none to be kept.
        refusal: why the file was not used; empty when it was.
        found: the path entries whose blocks were used, in order.
        missed: path entry to why its block was not used.
    """

    def __init__(self, key: str) -> None:
        self.path = storage.file_for(key)
        self.found: list[str] = []
        self.missed: dict[str, str] = {}
        self._key = key
        self._changed = False
        self._blocks: dict[str, list[str]] = {}
        raw, self.refusal = storage.read(self.path) if self.path else (b"", "switched off")
        if not self.refusal:
            self._blocks, self.refusal = _split(raw, key)

    def find(self, path: str, *, deep: bool) -> Segment | None:
        """Return a path entry's segment if nothing that it rests on has changed, else None.

        Args:
            path: the path entry.
            deep: also check what each distribution's description rests on.
        """
        block = self._blocks.get(path)
        if block is None:
            self.missed[path] = self.refusal or "not in the index"
            return None
        try:
            segment = _decode(path, block)
            fresh = _is_fresh(segment, deep=deep)
        except (ValueError, IndexError, TypeError):
            segment, fresh = None, False
        if not fresh:
            self.missed[path] = "changed" if segment else "damaged"
            return None
        self.found.append(path)
        return segment

    def put(self, segment: Segment) -> None:
        """Keep a segment for the next ``save``."""
        self._blocks.pop(segment.path, None)
        self._blocks[segment.path] = _encode(segment)
        self._changed = True

    def writable(self) -> bool:
        """Return whether keeping segments makes sense at all."""
        return self.path is not None and storage.can_write(self.path)

    def save(self) -> bool:
        """Write the file if a segment was put, without the blocks of path entries that are gone."""
        if not self._changed or self.path is None:
            return False
        blocks = {path: block for path, block in self._blocks.items() if os.path.exists(path)}
        lines = [self._key]
        for path, block in list(blocks.items())[-MOST_BLOCKS:]:
            lines += f"segment\t{len(block)}\t{escape(path)}", *block
        body = ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
        storage.sweep()
        return storage.write(self.path, f"{FORMAT} {storage.digest(body)}\n".encode() + body)


def _split(raw: bytes, key: str) -> tuple[dict[str, list[str]], str]:
    """Return the blocks of an index file by path entry, and why there are none."""
    head, _, body = raw.partition(b"\n")
    if not head.startswith(FORMAT.encode() + b" "):
        return {}, "is not an index of this version"
    if head != f"{FORMAT} {storage.digest(body)}".encode():
        return {}, "is damaged"
    key_line, *lines = body.decode("utf-8", "surrogateescape").split("\n")
    if key_line != key:
        return {}, "belongs to another environment"
    blocks, at = {}, 0
    try:
        while at < len(lines) - 1:
            kind, size, path = lines[at].split("\t")
            if kind != "segment":
                return {}, "is damaged"
            blocks[unescape(path)] = lines[at + 1 : at + 1 + int(size)]
            at += 1 + int(size)
    except ValueError:
        return {}, "is damaged"
    return blocks, ""


def _encode(segment: Segment) -> list[str]:
    return [
        f"{segment.root_signature}\t{segment.rows_signature}\t{len(segment.keys)}\t{len(segment.rows)}",
        "\t".join(map(escape, segment.keys)),
        "\t".join(map(escape, segment.watched)),
        *segment.abouts,
        *(f"{index}\t" + "\t".join(map(escape, row)) for index, *row in segment.rows),
        *("\t".join(escape(str(value)) for value in found.values()) for found in segment.diagnostics),
    ]


def _describe(location: str, folder: str, key: str) -> "Distribution":
    from plugframe.discovery.describe import describe

    return describe(location, folder, key)


def _decode(path: str, block: list[str]) -> Segment:
    segment = Segment(path, _describe)
    segment.root_signature, segment.rows_signature, keys, rows = block[0].split("\t")
    segment.keys, segment.watched = _fields(block[1]), _fields(block[2])
    rows_from = 3 + int(keys)
    found_from = rows_from + int(rows)
    segment.abouts = block[3:rows_from]
    segment.rows = [_row(line) for line in block[rows_from:found_from]]
    segment.diagnostics = tuple(_diagnostic(line) for line in block[found_from:])
    if not len(segment.keys) == len(segment.abouts) == int(keys) or len(segment.rows) != int(rows):
        message = "lines are missing"
        raise ValueError(message)
    return segment


def _fields(line: str) -> list[str]:
    if "\\" in line:
        return [unescape(field) for field in line.split("\t")]
    return line.split("\t") if line else []


def _row(line: str) -> tuple[int, str, str, str, str]:
    index, group, name, value, problem = _fields(line)
    return int(index), group, name, value, problem


def _diagnostic(line: str) -> Diagnostic:
    code, message, path, number, distribution, effect, fix = _fields(line)
    return Diagnostic(
        code=code, message=message, path=path, line=int(number), distribution=distribution, effect=effect, fix=fix
    )


def _is_fresh(segment: Segment, *, deep: bool) -> bool:
    try:
        if root_signature(os.stat(segment.path)) != segment.root_signature:
            return False
    except OSError:
        return False
    if segment.rows_signature != COVERED and not unchanged(segment.path, segment.watched, segment.rows_signature):
        return False
    segment.checked = deep and all(map(segment.about_holds, range(len(segment.abouts))))
    return segment.checked or not deep
