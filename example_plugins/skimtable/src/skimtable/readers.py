"""What a reader is, and the one that is built in."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from skimtable.table import Table, TableError


class Reader(Protocol):
    """Reads one kind of file; made without arguments.

    Plugins offer readers as classes in the namespace ``readers``, each named after its first suffix: what reads
    ``.tsv`` files is ``readers.Tsv``. By that name the reader for a file is found without importing the others.

    Attributes:
        suffixes: the suffixes of the files that it reads, in lower case and with their dots.
    """

    suffixes: ClassVar[tuple[str, ...]]

    def read(self, path: Path) -> Table:
        """Read a file.

        Raises:
            TableError: the file holds no table.
            UnicodeDecodeError: the file is not UTF-8.
            OSError: the file cannot be opened.
        """
        ...


class Delimited(Reader):
    """Reads text with one row a line and delimiters between its cells; subclasses say which.

    Cells may be quoted. The first row is the header, and blank lines are passed over.

    Source: RFC 4180.
    """

    delimiter: ClassVar[str]

    def read(self, path: Path) -> Table:
        """Read a file, with a position added to the columns' names where they are empty or repeated."""
        # Spreadsheets begin UTF-8 files with a byte order mark, which "utf-8-sig" drops.
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, delimiter=self.delimiter, strict=True)
            try:
                rows = [tuple(cells) for cells in lines if cells]
            except csv.Error as error:
                message = f"is malformed at line {lines.line_num}: {error}"
                raise TableError(message) from error
        if not rows:
            message = "is empty"
            raise TableError(message)
        return Table(path.name, unique_names(rows[0]), tuple(rows[1:]))


class Csv(Delimited):
    """Reads comma-separated files."""

    suffixes = (".csv",)
    delimiter = ","


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Add its position to each name that is empty or repeated.

    Example:
        >>> unique_names(["id", "mean", "mean", ""])
        ('id', 'mean (column 2)', 'mean (column 3)', '(column 4)')
    """
    counts = Counter(filter(None, header))
    return tuple(
        name if counts[name] == 1 else f"{name} (column {position})".lstrip()
        for position, name in enumerate(header, start=1)
    )
