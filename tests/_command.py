"""The ``plugframe`` command: run in this process, in a process of its own, and on a terminal; and its tables, read."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

import pytest
from click.testing import CliRunner, Result

from plugframe.cli.app import app

PATIENCE = 60
SEVERAL_SPACES = re.compile(r" {2,}")
CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LOOKS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "COLUMNS", "LINES")
"""The variables by which whoever runs the tests decides how commands look."""

Ran = subprocess.CompletedProcess[str]
Row = Mapping[str, str]


def run(*arguments: str) -> Result:
    """Run ``plugframe`` with some arguments in this process; an exception that escapes it escapes here."""
    return CliRunner().invoke(app, arguments, prog_name="plugframe", catch_exceptions=False)


def command(*arguments: str) -> list[str]:
    """Return the command line of ``plugframe``; the working directory is not on its path."""
    return [sys.executable, "-P", "-m", "plugframe", *arguments]


def variables(**changed: str) -> dict[str, str]:
    """Return this process's environment variables, some changed, without those that decide on looks."""
    kept = {name: value for name, value in os.environ.items() if name not in LOOKS}
    return {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **changed}


def run_process(*arguments: str, **changed: str) -> Ran:
    """Run ``plugframe`` in a process of its own, with some environment variables changed."""
    return subprocess.run(
        command(*arguments),
        env=variables(**changed),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=PATIENCE,
        check=False,
    )


def run_on_terminal(arguments: Sequence[str], *, columns: int, environment: Mapping[str, str]) -> tuple[str, int]:
    """Run a command on a pseudo-terminal and return what it showed, of both streams, and its exit code.

    Args:
        arguments: the command line.
        columns: the terminal's width.
        environment: the environment variables.
    """
    termios = pytest.importorskip("termios", reason="there are no pseudo-terminals here")
    try:
        reader, terminal = os.openpty()
    except OSError as error:
        pytest.skip(f"there are no pseudo-terminals here: {error}")
    termios.tcsetwinsize(terminal, (40, columns))
    with subprocess.Popen(
        arguments, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True
    ) as process:
        os.close(terminal)
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        shown = b"".join(iter(lambda: _read(reader), b""))
        watchdog.cancel()
        os.close(reader)
    return shown.decode(errors="surrogateescape").replace("\r\n", "\n"), process.returncode


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


def plain(text: str) -> str:
    """Return what a terminal shows without its colours."""
    return CONTROL_SEQUENCE.sub("", text)


def heading(table: str) -> list[str]:
    """Return the titles of a table's columns."""
    return SEVERAL_SPACES.split(table.splitlines()[0].rstrip())


def rows(table: str) -> list[Row]:
    """Return a table's rows, each as title to cell."""
    titles = heading(table)
    lines = (SEVERAL_SPACES.split(line.rstrip()) for line in table.splitlines()[1:])
    return [dict(zip(titles, cells, strict=True)) for cells in lines]


def sections(text: str) -> dict[str, list[Row]]:
    """Return several tables, each below its title: title to rows."""
    parts = (part.partition("\n") for part in text.strip("\n").split("\n\n"))
    return {title: rows(table) for title, _, table in parts}
