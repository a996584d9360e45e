"""How rows look: as a table, as plain lines, as JSON."""

import click

from plugframe.cli.drawing import console, draw, wants_colours
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

    from plugframe.cli.facts import Row

FORMATS = ("table", "plain", "json", "jsonl")
_TITLES = {"name": "PLUGIN", "required_by": "REQUIRED BY"}
_STYLES = {
    "available": "green",
    "broken": "red",
    "shadowed": "yellow",
    "incompatible": "red",
    "disabled": "dim",
    "quarantined": "red",
}
_SHORT = ("state", "version", "origin")  # folded last


def show(rows: "Sequence[Row]", fields: "Sequence[str]", *, form: str, title: str = "") -> None:
    """Write rows to standard output as a table or as plain lines.

    Args:
        rows: field to value.
        fields: which fields, in which order.
        form: ``table`` or ``plain``: one line a row, fields separated by tabs, ``-`` for an empty one, no heading.
        title: a line above a table.
    """
    if form == "plain":
        for row in rows:
            click.echo("\t".join(_line(row[field]) for field in fields))
        return
    _table(rows, fields, title)


def show_facts(title: str, facts: "Sequence[tuple[str, object]]", *, indent: int = 0) -> None:
    """Write facts about one thing to standard output, a line each below a title; nothing where there is none.

    Args:
        title: the line above; empty for none.
        facts: label and value; those whose value is empty are left out.
        indent: how far the title is from the margin; the facts are two columns further.
    """
    shown = [(label, _line(value)) for label, value in facts if text(value)]
    if not shown:
        return
    if title:
        click.echo(" " * indent + printable(title))
    width = max(len(label) for label, _ in shown)
    for label, value in shown:
        click.echo(f"{' ' * (indent + 2)}{f'{label}:'.ljust(width + 2) if label else ''}{value}")


def text(value: object) -> str:
    """Return a field's value as a person reads it."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in value.items())
    if isinstance(value, list):
        return " > ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def style_of(state: str) -> str:
    """Return how a state is coloured; empty for not at all."""
    return _STYLES.get(state, "")


def _table(rows: "Sequence[Row]", fields: "Sequence[str]", title: str) -> None:
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    width = console().width
    columns = [[_line(row[field]) for row in rows] for field in fields]
    styles = [_STYLES.get(str(row.get("state")), "") for row in rows]
    cells = [_styled(column, styles if field == "state" else ()) for field, column in zip(fields, columns, strict=True)]
    widths = [max(map(cell_len, (heading(field), *column))) for field, column in zip(fields, columns, strict=True)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    short = sum(width for field, width in zip(fields, widths, strict=True) if field in _SHORT)
    for field, width in zip(fields, widths, strict=True):
        whole = field in _SHORT and short <= width // 4
        table.add_column(heading(field), overflow="fold", min_width=width if whole else None)
    if sum(widths) + 2 * (len(fields) - 1) <= width:
        # rich takes 0.1 ms a cell. Where no line is folded, a column can be one cell.
        table.add_row(*(Text("\n").join(column) for column in cells))
    else:
        for row in zip(*cells, strict=True):
            table.add_row(*row)
    draw(*([Text(title, style="bold")] if title else []), table)


def _styled(column: list[str], styles: "Sequence[str]") -> "list[Text]":
    from rich.text import Text

    return [Text(cell, style=styles[number] if styles else "") for number, cell in enumerate(column)]


def _line(value: object) -> str:
    """Return a field's value on one line; control characters are shown, not obeyed."""
    return printable(text(value) or "-")


def printable(line: str) -> str:
    """Return a line in which control characters are shown, not obeyed by a terminal."""
    return line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def heading(field: str) -> str:
    """Return the title of a field's column."""
    return _TITLES.get(field, field.upper().replace("_", " "))


def show_json(
    rows: "dict[str, Sequence[Row]]", findings: "Iterable[Diagnostic]", *, lines: bool, **more: object
) -> None:
    """Write rows to standard output as one JSON document, or as one JSON object a line.

    Args:
        rows: the document's key for them to what to write.
        findings: the diagnostics; they go into the document, not among the lines.
        lines: write lines.
        more: further keys of the document.
    """
    import json

    if lines:
        for row in (row for several in rows.values() for row in several):
            click.echo(json.dumps(row))
        return
    document = {"schema": 1, **more, **rows, "diagnostics": [finding.asdict() for finding in findings]}
    click.echo(json.dumps(document, indent=2))


def show_document(fields: "dict[str, object]", findings: "Iterable[Diagnostic]") -> None:
    """Write one JSON document of some fields to standard output, with the schema's number and diagnostics."""
    import json

    document = {"schema": 1, **fields, "diagnostics": [finding.asdict() for finding in findings]}
    click.echo(json.dumps(document, indent=2))


def show_findings(findings: "Iterable[Diagnostic]") -> None:
    """Write diagnostics to standard error, two lines each."""
    for finding in findings:
        warn(click.style(str(finding), fg="yellow"))
        warn(f"    effect: {finding.effect}. fix: {finding.fix or 'none known'}.")


def warn(message: str) -> None:
    """Write a line to standard error, without colours where they are not wanted."""
    click.echo(message, err=True, color=None if wants_colours() else False)
