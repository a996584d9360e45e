"""The ``skimtable`` command."""

import argparse
import io
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from skimtable import TableError, host
from skimtable.files import read_table
from skimtable.page import compose
from skimtable.smoothing import smooth_columns

NARROWEST = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: what follows the command's name; taken from ``sys.argv`` when None.

    Returns:
        0, or 1 when the file cannot be read.

    Raises:
        SystemExit: with 2 when the arguments are wrong, with 0 when they ask for help.
    """
    options = make_parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Where the output's encoding lacks a character, all the others are still shown.
        sys.stdout.reconfigure(errors="replace")
    if options.plugins:
        host.load_all()
        show("\n".join(map(str, host.report())))
        return 0
    problem = skim(options.file, width=options.width, window=options.smooth)
    if problem:
        print(f"skimtable: {options.file} {problem}", file=sys.stderr)
    note_broken_plugins()
    return 1 if problem else 0


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command's arguments."""
    parser = argparse.ArgumentParser(prog="skimtable", description="Skim a table in the terminal.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the table to skim")
    what.add_argument("--plugins", action="store_true", help="load every plugin and tell what became of it")
    parser.add_argument(
        "--width",
        type=parse_width,
        metavar="N",
        default=max(NARROWEST, shutil.get_terminal_size().columns),
        help="characters to a line (default: the terminal's width)",
    )
    parser.add_argument(
        "--smooth", type=parse_window, metavar="N", default=1, help="average each N numbers of a column first"
    )
    return parser


def parse_width(text: str) -> int:
    """Return the number that ``--width`` gives."""
    if not text.isdecimal() or int(text) < NARROWEST:
        message = f"{text!r} is not a whole number of at least {NARROWEST}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def parse_window(text: str) -> int:
    """Return the number that ``--smooth`` gives."""
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def skim(path: Path, *, width: int, window: int) -> str | None:
    """Print a file's page, of columns smoothed by a window; return why it cannot be read, or None."""
    try:
        table = read_table(path)
    except TableError as error:
        return str(error)
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    show(compose(table if window == 1 else smooth_columns(table, window=window), width=width))
    return None


def show(text: str) -> None:
    """Print to stdout as far as somebody reads it; ``head`` and pagers may stop early."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # What is still buffered would raise once more when the interpreter exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note_broken_plugins() -> None:
    """Name each plugin on stderr that was left out because it is broken."""
    for result in host.report():
        if result.state == "broken":
            print(f"skimtable: left out {result.plugin}: {result.reason}", file=sys.stderr)
