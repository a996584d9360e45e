"""Segments on disk: one text file an environment, a block of lines a path entry.

The file is data and nothing else: tab-separated lines below digests. A block is used only when the path entry and every
file that its rows rest on still have their signatures; any defect means that the entry is scanned again.

It has two parts: the rows, which lead to the names of entry points, and the details, which describe distributions and
their defects. The details are most of the file, and are looked at when somebody asks for them.
"""

import os

from plugframe.discovery import storage
from plugframe.discovery.files import root_signature, unchanged
from plugframe.discovery.segments import COVERED, Segment, escape, unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from plugframe.records import Diagnostic, Distribution

FORMAT = "plugframe-index 1"
MOST_BLOCKS = 64
_TABS = 4  # in a row
_CODING = ("utf-8", "surrogatepass")  # names of files and texts of JSON may hold lone surrogates


class Block:
    """One path entry as the index keeps it.

    Attributes:
        head: the path entry's signature and that of what the rows rest on.
        rows: the lines of keys, of watched files, and of each entry point.
        details: returns the lines of each distribution, and those of each defect.
    """

    __slots__ = ("details", "head", "rows")

    def __init__(
        self, head: tuple[str, str], rows: list[str], details: "Callable[[], tuple[list[str], list[str]]]"
    ) -> None:
        self.head = head
        self.rows = rows
        self.details = details


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
            try:
                self._blocks = _split(raw, key)
            except ValueError as error:
                self.refusal = f"cannot be used: {error}"

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
            fresh = _is_fresh(segment, block, deep=deep)
        except ValueError as error:
            self.missed[path] = f"damaged: {error}"
            return None
        if not fresh:
            self.missed[path] = "changed"
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


def _split(raw: bytes, key: str) -> dict[str, Block]:
    """Return the blocks of an index file by path entry.

    Raises:
        ValueError: it is not what ``_join`` wrote for this environment.
    """
    head, _, body = raw.partition(b"\n")
    form, _, checks = head.decode(*_CODING).rpartition(" ")
    size, of_rows, of_details = checks.split(",") if form == FORMAT else ("0", "", "")
    rows, details = body[: int(size)], body[int(size) :]
    if storage.digest(rows) != of_rows:
        message = "it is not an index of this version, or damaged"
        raise ValueError(message)
    key_line, *lines = rows.decode(*_CODING).split("\n")
    if key_line != key:
        message = "it belongs to another environment"
        raise ValueError(message)
    blocks: dict[str, Block] = {}
    at = start = 0
    while at < len(lines) - 1:
        path, root, signature, *counts = lines[at].split("\t")
        many, abouts, length = map(int, counts)
        part = _Details(details, of_details, slice(start, start + length), abouts)
        blocks[unescape(path)] = Block((root, signature), lines[at + 1 : at + 1 + many], part)
        at += 1 + many
        start += length
    return blocks


class _Details:
    """One block's part of the details, checked and split when it is called."""

    __slots__ = ("_abouts", "_digest", "_part", "_whole")

    def __init__(self, whole: bytes, digest: str, part: slice, abouts: int) -> None:
        self._whole = whole
        self._digest = digest
        self._part = part
        self._abouts = abouts

    def __call__(self) -> tuple[list[str], list[str]]:
        if storage.digest(self._whole) != self._digest:
            message = "the details are not what was written"
            raise ValueError(message)
        lines = self._whole[self._part].decode(*_CODING).split("\n")[:-1]
        return lines[: self._abouts], lines[self._abouts :]


def _join(key: str, blocks: dict[str, Block]) -> bytes:
    """Return the index file that ``_split`` takes apart."""
    rows, details = [key], []
    for path, block in blocks.items():
        try:
            abouts, findings = block.details()
        except ValueError:
            continue  # What is damaged is scanned again, not kept.
        part = "".join(f"{line}\n" for line in (*abouts, *findings)).encode(*_CODING)
        counts = (len(block.rows), len(abouts), len(part))
        rows += "\t".join((escape(path), *block.head, *map(str, counts))), *block.rows
        details.append(part)
    first, second = "\n".join([*rows, ""]).encode(*_CODING), b"".join(details)
    return f"{FORMAT} {len(first)},{storage.digest(first)},{storage.digest(second)}\n".encode() + first + second


def _encode(segment: Segment) -> Block:
    rows = [
        "\t".join(map(escape, segment.keys)),
        "\t".join(map(escape, segment.watched)),
        *(f"{index}\t" + "\t".join(map(escape, row)) for index, *row in segment.rows),
    ]
    abouts = list(segment.abouts)
    findings = ["\t".join(escape(str(value)) for value in found.values()) for found in segment.diagnostics]
    return Block((segment.root_signature, segment.rows_signature), rows, lambda: (abouts, findings))


def _decode(path: str, block: Block) -> Segment:
    segment = Segment(path, _describe)
    segment.root_signature, segment.rows_signature = block.head
    keys, watched, *lines = block.rows
    segment.keys, segment.watched = _fields(keys), _fields(watched)
    if len(segment.watched) not in (0, len(segment.keys)) or any(
        line.count("\t") != _TABS or int(line.partition("\t")[0]) >= len(segment.keys) for line in lines
    ):
        message = "rows are missing something"
        raise ValueError(message)
    segment.defer_rows(lines)
    segment.defer_abouts(lambda: _abouts(block, len(segment.keys)))
    return segment


def _abouts(block: Block, many: int) -> list[str]:
    try:
        abouts, _ = block.details()
    except ValueError:
        abouts = []
    return abouts if len(abouts) == many else [""] * many  # Then each is described from its files.


def _fields(line: str) -> list[str]:
    if "\\" in line:
        return [unescape(field) for field in line.split("\t")]
    return line.split("\t") if line else []


def _describe(location: str, folder: str, key: str) -> "Distribution":
    if not folder:
        from plugframe.discovery.foreign import describe_in_archive

        return describe_in_archive(location, folder, key)
    from plugframe.discovery.describe import describe

    return describe(location, folder, key)


def _diagnostic(line: str) -> "Diagnostic":
    from plugframe.records import Diagnostic

    code, message, path, number, distribution, effect, fix = _fields(line)
    return Diagnostic(
        code=code, message=message, path=path, line=int(number), distribution=distribution, effect=effect, fix=fix
    )


def _is_fresh(segment: Segment, block: Block, *, deep: bool) -> bool:
    try:
        if root_signature(os.stat(segment.path)) != segment.root_signature:
            return False
    except OSError:
        return False
    if segment.rows_signature != COVERED and not unchanged(segment.path, segment.watched, segment.rows_signature):
        return False
    if deep:
        segment.diagnostics = tuple(map(_diagnostic, block.details()[1]))
        return segment.check()
    return True
