"""What is drawn goes to the terminal, or into a file: an SVG picture, an HTML page or plain text."""

import io
import os
import re
import sys
from contextlib import contextmanager

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Literal

    from rich.console import Console, RenderableType

ENDINGS = (".svg", ".html", ".txt")
_UNLIMITED = 100_000
_WIDEST_PICTURE = 300
_sheets: "list[list[RenderableType]]" = []  # what is drawn for files, the innermost last


def console() -> "Console":
    """Return what measures and draws for where things are drawn now; nothing is folded but on a terminal."""
    from rich.console import Console

    if _sheets:
        return Console(file=io.StringIO(), highlight=False, width=_UNLIMITED)
    terminal = sys.stdout is not None and sys.stdout.isatty()
    colours: Literal["auto"] | None = "auto" if terminal and wants_colours() else None
    return Console(highlight=False, width=None if terminal else _UNLIMITED, color_system=colours)


def draw(*renderables: "RenderableType") -> None:
    """Draw things below each other: on standard output, or into the file of ``saved``."""
    if _sheets:
        _sheets[-1] += renderables
        return
    where = console()
    with where.capture() as captured:
        where.print(*renderables, sep="\n")
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()), color=True)


def output_option(function: "Callable[..., None]") -> "Callable[..., None]":
    """Add ``--output`` to a command that draws tables."""
    return click.option("--output", metavar="FILE", help="Save the table: as .svg, .html or .txt.")(function)


def check_output(path: str | None, form: str) -> None:
    """Raise if what is no table is to be saved as one, or the file's ending is none that is known.

    Raises:
        UsageError: that.
    """
    if path is None:
        return
    if form != "table":
        message = f"--output saves the table; --format {form} goes to standard output"
        raise click.UsageError(message)
    check_ending(path)


@contextmanager
def saved(path: str | None, *, title: str = "") -> "Iterator[None]":
    """Write what is drawn meanwhile to a file instead of standard output, as its ending says; None draws as ever.

    Args:
        path: the file.
        title: of a picture; without, the file's name.

    Raises:
        UsageError: the ending is none of these, or the file cannot be written.
    """
    if path is None:
        yield
        return
    check_ending(path)
    _sheets.append([])
    try:
        yield
    finally:
        drawn = _sheets.pop()
    write_file(path, _document(drawn, ending_of(path), title or os.path.basename(path)))


def check_ending(path: str) -> None:
    """Raise if nothing drawn can be saved under a name.

    Raises:
        UsageError: its ending is none that is known.
    """
    if ending_of(path) not in ENDINGS:
        message = f"--output {path}: what is drawn is saved as {', '.join(ENDINGS)}, by the file's ending"
        raise click.UsageError(message)


def ending_of(path: str) -> str:
    """Return the ending of a file's name in lower case, with its dot."""
    return os.path.splitext(path)[1].lower()


def write_file(path: str, content: str) -> None:
    """Write a file, whole or not at all, and say so on standard error.

    Raises:
        UsageError: it cannot be written.
    """
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(content)
        os.replace(temporary, path)
    except (OSError, ValueError) as error:
        _discard(temporary)
        message = f"{path} cannot be written: {getattr(error, 'strerror', None) or error}"
        raise click.UsageError(message) from None
    click.echo(f"wrote {path}", err=True)


def _discard(path: str) -> None:
    try:
        os.unlink(path)
    except (OSError, ValueError):
        return


def _document(drawn: "list[RenderableType]", ending: str, title: str) -> str:
    from rich._export_format import CONSOLE_SVG_FORMAT
    from rich.console import Console

    wide = Console(file=io.StringIO(), width=_UNLIMITED)
    width = max([1, *(wide.measure(one).maximum for one in drawn)])
    width = width if ending == ".txt" else min(width, _WIDEST_PICTURE)
    sheet = Console(
        file=io.StringIO(), record=True, highlight=False, width=width, color_system="truecolor", force_terminal=True
    )
    sheet.print(*drawn, sep="\n")
    if ending == ".txt":
        return "".join(f"{line.rstrip()}\n" for line in sheet.export_text().splitlines())
    if ending == ".html":
        return sheet.export_html(inline_styles=True)
    # A picture that fetches fonts from the network would tell others who looks at it.
    plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return sheet.export_svg(title=title, code_format=plain, unique_id="plugframe")


def wants_colours() -> bool:
    """Return whether colours may be used where there is a terminal (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
