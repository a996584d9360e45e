"""Skims a table in the terminal.

Everything that a plugin author needs is here: what to implement (the hook specifications below), what to mark it with
(``hookimpl``), and what it receives and returns (``Table``). Readers of further kinds of files are classes in the
namespace ``readers``; see ``Reader`` and, for text with one row a line, ``Delimited``.
"""

import plugframe
from skimtable.readers import Delimited, Reader
from skimtable.table import Table, TableError

__all__ = ["Delimited", "Reader", "Table", "TableError", "describe_column", "hookimpl", "host", "section"]

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
