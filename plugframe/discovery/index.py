"""Segments on disk: one text file an environment, a block of lines a path entry.

The file is data and nothing else: tab-separated lines below a digest, those of a path entry behind their lengths. A
block is used only when the path entry and every file that its rows rest on still have their signatures; any defect
means that the entry is scanned again.
"""

import os

from plugframe.discovery import storage
from plugframe.discovery.files import root_signature, unchanged
from plugframe.discovery.segments import COVERED, Segment, escape, unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.records import Diagnostic, Distribution

    # The signatures of the path entry and of what its rows rest on; then rows, descriptions and diagnostics, as stored.
    Block = tuple[str, str, bytes, bytes, bytes]

FORMAT = "plugframe-index 1"
MOST_BLOCKS = 64
_CODING = ("utf-8", "surrogateescape")  # names of files may be bytes of no encoding


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
        self._blocks: dict[str, Block] = {}
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
        here = [(path, block) for path, block in self._blocks.items() if os.path.exists(path)]
        storage.sweep()
        return storage.write(self.path, _join(self._key, dict(here[-MOST_BLOCKS:])))


def _split(raw: bytes, key: str) -> "tuple[dict[str, Block], str]":
    """Return the blocks of an index file by path entry, and why there are none."""
    head, _, body = raw.partition(b"\n")
    if not head.startswith(FORMAT.encode() + b" "):
        return {}, "is not an index of this version"
    if head != f"{FORMAT} {storage.digest(body)}".encode():
        return {}, "is damaged"
    if not body.startswith(f"{key}\n".encode(*_CODING)):
        return {}, "belongs to another environment"
    blocks: dict[str, Block] = {}
    at = body.index(b"\n") + 1
    try:
        while at < len(body):
            end = body.index(b"\n", at)
            path, root, signature, *lengths = body[at:end].decode(*_CODING).split("\t")
            parts = []
            for length in map(int, lengths):
                parts.append(body[end + 1 : end + 1 + length])
                end += 1 + length
            rows, abouts, findings = parts
            blocks[unescape(path)] = (root, signature, rows, abouts, findings)
            at = end + 1
    except ValueError:
        return {}, "is damaged"
    return blocks, ""


def _join(key: str, blocks: "dict[str, Block]") -> bytes:
    """Return the index file that ``_split`` takes apart."""
    lines = [key.encode(*_CODING)]
    for path, (root, signature, *parts) in blocks.items():
        head = "\t".join((escape(path), root, signature, *(str(len(part)) for part in parts)))
        lines += head.encode(*_CODING), *parts
    body = b"\n".join(lines) + b"\n"
    return f"{FORMAT} {storage.digest(body)}\n".encode() + body


def _encode(segment: Segment) -> "Block":
    lines = [
        "\t".join(map(escape, segment.keys)),
        "\t".join(map(escape, segment.watched)),
        *(f"{index}\t" + "\t".join(map(escape, row)) for index, *row in segment.rows),
    ]
    findings = ["\t".join(escape(str(value)) for value in found.values()) for found in segment.diagnostics]
    rows, abouts, found = ("\n".join(part).encode(*_CODING) for part in (lines, segment.abouts, findings))
    return segment.root_signature, segment.rows_signature, rows, abouts, found


def _decode(path: str, block: "Block") -> Segment:
    segment = Segment(path, _describe)
    segment.root_signature, segment.rows_signature, rows, abouts, findings = block
    keys, watched, *lines = rows.decode(*_CODING).split("\n")
    segment.keys, segment.watched = _fields(keys), _fields(watched)
    segment.rows = [_row(line) for line in lines]
    segment.keep_abouts(abouts)
    if abouts.count(b"\n") + bool(abouts) != len(segment.keys) or any(
        row[0] >= len(segment.keys) for row in segment.rows
    ):
        message = "lines are missing"
        raise ValueError(message)
    if findings:
        segment.diagnostics = tuple(map(_diagnostic, findings.decode(*_CODING).split("\n")))
    return segment


def _describe(location: str, folder: str, key: str) -> "Distribution":
    from plugframe.discovery.describe import describe

    return describe(location, folder, key)


def _fields(line: str) -> list[str]:
    if "\\" in line:
        return [unescape(field) for field in line.split("\t")]
    return line.split("\t") if line else []


def _row(line: str) -> tuple[int, str, str, str, str]:
    index, group, name, value, problem = _fields(line)
    return int(index), group, name, value, problem


def _diagnostic(line: str) -> "Diagnostic":
    from plugframe.records import Diagnostic

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
