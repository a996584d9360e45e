"""The table, which is all that readers and plugins know of each other."""

from collections import Counter
from dataclasses import dataclass


class TableError(ValueError):
    """A file holds no table; the message is the rest of a sentence that begins with the file's name."""


@dataclass(frozen=True, slots=True)
class Table:
    """Text in rows and named columns.

    Attributes:
        name: what to call the table, such as its file's name.
        columns: the columns' names from left to right, each once.
        rows: the rows from top to bottom, each with one cell per column; a missing cell is empty.

    Raises:
        TableError: two columns share a name, or a row has more or fewer cells than there are columns.

    Example:
        >>> Table("pets.csv", ("name", "legs"), (("Rex", "4"), ("Tweety", "2"))).column("legs")
        ('4', '2')
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Check what the attributes promise."""
        for column, count in Counter(self.columns).items():
            if count > 1:
                message = f"has {count} columns named {column!r}"
                raise TableError(message)
        width = len(self.columns)
        for number, row in enumerate(self.rows, start=1):
            if len(row) != width:
                message = f"is ragged: row {number} below the header has length {len(row)}, the header {width}"
                raise TableError(message)

    def column(self, name: str) -> tuple[str, ...]:
        """Return the cells of one column from top to bottom.

        Raises:
            ValueError: no column has this name.
        """
        position = self.columns.index(name)
        return tuple(row[position] for row in self.rows)
