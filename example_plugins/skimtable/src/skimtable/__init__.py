"""Skims a table in the terminal.

Everything that a plugin author needs is here: what to implement (the hook specifications and the operation below), what
to mark hooks with (``hookimpl``), and what they receive and return (``Table``). Readers of further kinds of files are
classes in the namespace ``readers``; see ``Reader`` and, for text with one row a line, ``Delimited``.
"""

from statistics import fmean

import plugframe
from skimtable.readers import Delimited, Reader
from skimtable.table import Table, TableError

__all__ = ["Delimited", "Reader", "Table", "TableError", "describe_column", "hookimpl", "host", "section", "smooth"]

host = plugframe.Host("skimtable")
hookimpl = host.hookimpl

# Called with how many columns are described and how many there are, before each column and after the last.
host.callbacks.slot("progress", default=None)


@host.hookspec
def describe_column(name: str, values: tuple[str, ...], width: int) -> str | None:
    """Give one line of facts about a column.

    Args:
        name: the column's name.
        values: the column's cells from top to bottom; a missing one is empty.
        width: how many characters the line may have; what is longer is cut.

    Returns:
        The line, or None to say nothing.
    """


@host.hookspec
def section(table: Table, width: int) -> str | None:
    """Give a block of text to print below the columns.

    Args:
        table: the whole table.
        width: how many characters a line may have; what is longer is cut.

    Returns:
        The block, with a heading as its first line, or None to say nothing.
    """


@host.operation("columns.smooth")
def smooth(values: list[float], window: int) -> list[float]:
    """Return the moving averages of numbers: of each, the mean of those up to half a window before and after it.

    Plugins may have backends that are faster.

    Args:
        values: the numbers; those beyond their ends count for nothing.
        window: how many are averaged, at least 1; an even number counts as the odd one above it.

    Returns:
        As many as there are numbers.

    Example:
        >>> smooth([1.0, 2.0, 6.0], 3)
        [1.5, 3.0, 4.0]
    """
    half = window // 2
    return [fmean(values[max(0, place - half) : place + half + 1]) for place in range(len(values))]
