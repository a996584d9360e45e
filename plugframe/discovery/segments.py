"""What one entry of the path holds: the value that the scanner makes and the index keeps.

A segment keeps its distributions as lines of text and makes a ``Distribution`` of one only when somebody asks, since
the way to the names of one group needs none of them.
"""

import os

from plugframe.discovery.files import all_unchanged, unchanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plugframe.records import Diagnostic, Distribution

    Row = tuple[int, str, str, str, str]
    Describe = Callable[[str, str, str], Distribution]


COVERED = "="  # in a signature's place: the path entry's own signature covers these files
_LEAST_FIELDS = 6  # tabs of an about line behind the signature


class Segment:
    """The metadata found in one path entry.

    Attributes:
        path: the path entry, as it stands in ``sys.path``.
        root_signature: of the path entry itself, its device included; ``-`` when it could not be read.
        keys: each metadata folder's normalised distribution name, in the folder's order.
        watched: paths below ``path`` that the rows rest on: of each metadata folder, its ``entry_points.txt`` or,
            where it has none, itself. Empty for what is no plain folder.
        rows_signature: theirs together.
        diagnostics: the defects found.
        storable: whether the index may keep it; False where a file changed too recently to be told apart.
        checked: whether all that the abouts rest on was just found unchanged, or just read.
        describe: reads ``(path, folder, key)`` into a ``Distribution``.
    """

    __slots__ = (
        "_abouts",
        "_lines",
        "_load_abouts",
        "_rows",
        "checked",
        "describe",
        "diagnostics",
        "keys",
        "path",
        "root_signature",
        "rows_signature",
        "storable",
        "watched",
    )

    def __init__(self, path: str, describe: "Describe") -> None:
        self.path = path
        self.describe = describe
        self.root_signature = "-"
        self.keys: list[str] = []
        self.watched: list[str] = []
        self.rows_signature = ""
        self._rows: list[Row] | None = []
        self._lines: list[str] = []
        self._abouts: list[str] | None = []
        self._load_abouts: Callable[[], list[str]] = list
        self.diagnostics: "tuple[Diagnostic, ...]" = ()
        self.storable = False
        self.checked = False

    @property
    def abouts(self) -> list[str]:
        """A line of fields for each folder (see ``about_line``); empty for one whose metadata was not read yet."""
        if self._abouts is None:
            self._abouts = self._load_abouts()
        return self._abouts

    def defer_abouts(self, load: "Callable[[], list[str]]") -> None:
        """Have the lines loaded when one of them is asked for."""
        self._abouts, self._load_abouts = None, load

    @property
    def rows(self) -> "list[Row]":
        """``(index into keys, group, name, value, problem)`` in the order of folders and lines."""
        if self._rows is None:
            self._rows = list(map(_row, self._lines))
        return self._rows

    def defer_rows(self, lines: list[str]) -> None:
        """Have the rows made of lines of fields when they are asked for."""
        self._rows, self._lines = None, lines

    def rows_of(self, group: str) -> "Iterable[Row]":
        """Return the rows of one group, in order."""
        if self._rows is not None:
            return [row for row in self._rows if row[1] == group]
        mark = f"\t{escape(group)}\t"
        return [row for row in map(_row, [line for line in self._lines if mark in line]) if row[1] == group]

    def folder(self, index: int) -> str:
        """Return the name of one metadata folder; empty when the path entry is itself the distribution's."""
        return self.watched[index].partition("/")[0] if self.watched else ""

    def check(self) -> bool:
        """Find out whether the files that the about lines rest on are all the same, and remember it."""
        groups = []
        for index, line in enumerate(self.abouts):
            rests_on = _rests_on(line)
            if rests_on is None:
                return False
            if rests_on[1] != COVERED:
                groups.append((self.folder(index), *rests_on))
        self.checked = all_unchanged(self.path, groups)
        return self.checked

    def about_holds(self, index: int) -> bool:
        """Return whether the files that one about line rests on are still the same."""
        rests_on = _rests_on(self.abouts[index])
        if rests_on is None:
            return False
        return rests_on[1] == COVERED or unchanged(os.path.join(self.path, self.folder(index)), *rests_on)

    def distribution(self, index: int) -> "Distribution":
        """Return one folder's distribution, read from its files where what is kept is not what they say now."""
        if not (self.checked or self.about_holds(index)):
            return self.describe(self.path, self.folder(index), self.keys[index])
        from plugframe.records import Distribution

        line = self.abouts[index]
        fields = map(unescape, line.split("\t")) if "\\" in line else line.split("\t")
        _, _, place, name, version, origin, url, requested, has_metadata, *requires = fields
        return Distribution(
            name=name,
            version=version,
            key=self.keys[index],
            location=self.path,
            metadata_path=place,
            origin=origin,
            url=url or None,
            requested={"1": True, "0": False}.get(requested),
            requires=tuple(requires),
            has_metadata=has_metadata == "1",
        )


def _rests_on(line: str) -> tuple[list[str], str] | None:
    """Return the files that an about line rests on and their signature; None for a line that is not whole."""
    names, _, fields = line.partition("\t")
    signature, _, fields = fields.partition("\t")
    return (names.split(","), signature) if fields.count("\t") >= _LEAST_FIELDS else None


def _row(line: str) -> "Row":
    index, group, name, value, problem = map(unescape, line.split("\t")) if "\\" in line else line.split("\t")
    return int(index), group, name, value, problem


def about_line(distribution: "Distribution", *, names: list[str], signature: str) -> str:
    """Return the line of fields that keeps a distribution.

    Args:
        distribution: what to keep.
        names: the files in its metadata folder that it was read from; an empty name is the "folder" itself.
        signature: theirs together, or ``COVERED``.
    """
    fields = (
        ",".join(names),
        signature,
        distribution.metadata_path,
        distribution.name,
        distribution.version,
        distribution.origin,
        distribution.url or "",
        {True: "1", False: "0", None: ""}[distribution.requested],
        "1" if distribution.has_metadata else "0",
        *distribution.requires,
    )
    return "\t".join(map(escape, fields))


def escape(text: str) -> str:
    r"""Return text without tabs and line ends, from which ``unescape`` makes the same text again.

    Example:
        >>> escape("a\tb\\")
        'a\\tb\\\\'
    """
    if text.isprintable() and "\\" not in text:
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def unescape(text: str) -> str:
    r"""Return what was given to ``escape``.

    Example:
        >>> unescape(escape("\\t\t\r\n"))
        '\\t\t\r\n'
    """
    if "\\" not in text:
        return text
    plain, escaped = [], False
    for character in text:
        if escaped:
            plain.append({"t": "\t", "n": "\n", "r": "\r"}.get(character, character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            plain.append(character)
    return "".join(plain)
