"""What one entry of the path holds: the value that the scanner makes and the index keeps.

A segment keeps its distributions as lines of text and makes a ``Distribution`` of one only when somebody asks, since
the way to the names of one group needs none of them.
"""

import os

from plugframe.discovery.files import unchanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        rows: ``(index into keys, group, name, value, problem)`` in the order of folders and lines.
        diagnostics: the defects found.
        storable: whether the index may keep it; False where a file changed too recently to be told apart.
        checked: whether all that the abouts rest on was just found unchanged, or just read.
        describe: reads ``(path, folder, key)`` into a ``Distribution``.
    """

    __slots__ = (
        "_abouts",
        "_load_abouts",
        "checked",
        "describe",
        "diagnostics",
        "keys",
        "path",
        "root_signature",
        "rows",
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
        self.rows: list[Row] = []
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

    def rows_of(self, group: str) -> "Iterator[Row]":
        """Yield the rows of one group, in order."""
        return (row for row in self.rows if row[1] == group)

    def folder(self, index: int) -> str:
        """Return the name of one metadata folder; empty when the path entry is itself the distribution's."""
        return self.watched[index].partition("/")[0] if self.watched else ""

    def about_holds(self, index: int) -> bool:
        """Return whether the files that one about line rests on are still the same."""
        names, _, fields = self.abouts[index].partition("\t")
        signature, _, fields = fields.partition("\t")
        if fields.count("\t") < _LEAST_FIELDS:
            return False
        return signature == COVERED or unchanged(
            os.path.join(self.path, self.folder(index)), names.split(","), signature
        )

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
