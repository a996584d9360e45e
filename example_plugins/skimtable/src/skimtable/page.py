"""What the terminal shows of a table."""

from collections.abc import Iterator

from skimtable import Table, host

INDENT = "  "


def compose(table: Table, *, width: int) -> str:
    """Return the page, with no line longer than ``width`` characters.

    Imports the plugins that describe columns or add sections.
    """
    return "\n".join(fit(line, width=width) for line in lines(table, width=width))


def lines(table: Table, *, width: int) -> Iterator[str]:
    """Yield the title, a block for each column, and the sections, as long as they come."""
    yield table.name
    yield f"{count(len(table.rows), 'row')} x {count(len(table.columns), 'column')}"
    for done, name in enumerate(table.columns):
        host.callbacks.progress(done, len(table.columns))
        facts = host.hook.describe_column(name=name, values=table.column(name), width=width - len(INDENT))
        yield from ("", name, *(INDENT + fact for fact in facts))
    host.callbacks.progress(len(table.columns), len(table.columns))
    for text in host.hook.section(table=table, width=width):
        yield from ("", *text.splitlines())


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    Example:
        >>> count(1, "row"), count(2000, "row")
        ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def fit(line: str, *, width: int) -> str:
    r"""Return the line, cut to the width.

    What a terminal would obey rather than show, such as an escape sequence in a file, becomes ``·``.

    Example:
        >>> fit("\x1b[2Jwiped?", width=8)
        '·[2Jwip…'
    """
    shown = "".join(character if character.isprintable() else "·" for character in line)
    return shown if len(shown) <= width else shown[: width - 1] + "…"
