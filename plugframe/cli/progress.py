"""How far long work has come, on a terminal; nothing is shown anywhere else."""

import sys
import time

import click

_EVERY_SECONDS = 0.1
_MEGABYTE = 1_000_000


class Progress:
    """A line on standard error that is written anew while files are read, and gone when that is done."""

    def __init__(self, what: str) -> None:
        """Keep what is done, such as ``reading``."""
        self._what = what
        self._shows = sys.stderr is not None and sys.stderr.isatty()
        self._next = time.monotonic() + 2 * _EVERY_SECONDS  # Short work needs no line.
        self._files = self._bytes = self._width = 0

    def __call__(self, _path: str, size: int) -> None:
        """Count a file."""
        self._files += 1
        self._bytes += size
        if self._shows and time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY_SECONDS
            self._write(f"{self._what} {self._files} files, {self._bytes // _MEGABYTE} MB")

    def close(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")
            click.echo("\r", err=True, nl=False)

    def _write(self, line: str) -> None:
        click.echo(f"\r{line:{self._width}}", err=True, nl=False)
        self._width = max(self._width, len(line))
