"""``plugframe stubs``: the stubs of packages that attach their names, made and checked without importing anything."""

import os
import sys

import click

from plugframe.cli import render
from plugframe.namespaces.lazy.twins import Twin, packages, twin_of, write
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_EPILOG = """\b
Exit codes: 0 fine; 1 there are findings; 2 the command was wrong, or there is no such path.
"""
# State to the finding's code, what follows from it, and what to do about it.
_FINDINGS = {
    "missing": ("PF180", "type checkers and the run time do without it", "plugframe stubs {path}"),
    "outdated": ("PF180", "type checkers see other names than there are", "plugframe stubs {path}"),
    "refused": ("PF181", "no stub is written", "mend it there"),
    "incomplete": ("PF182", "type checkers do not see these names; it is left as it is", "add them"),
    "unreadable": ("PF183", "it is passed over", "mend the file or its permissions"),
}


@click.command("stubs", epilog=_EPILOG, short_help="Write or check the stubs of lazy packages.")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file is missing or out of date.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
def command(*, paths: tuple[str, ...], check: bool, as_json: bool) -> None:
    """Write the stub of each package that attaches its names.

    PATH is a package, or a folder of packages; without any it is the working directory. A package whose __init__.py
    calls attach gets an __init__.pyi; where it calls attach_stub, the names of its stub are written beside that.
    Nothing is imported, and a stub that somebody wrote by hand is never changed.
    """
    twins = [twin if check or twin.content is None else write(twin) for twin in _twins(paths or (os.curdir,))]
    findings = [_finding(twin) for twin in twins if twin.state in _FINDINGS]
    if as_json:
        rows: list[dict[str, object]] = [
            {"path": twin.path, "state": twin.state, "reason": twin.reason, "line": twin.line} for twin in twins
        ]
        render.show_json({"stubs": rows}, findings, lines=False)
    else:
        for twin in twins:
            click.echo(f"{twin.state}\t{twin.path}")
        render.show_findings(findings)
    if not twins:
        render.warn("no package calls attach or attach_stub there; next: name the folder of one")
    if findings:
        sys.exit(1)


def _twins(paths: tuple[str, ...]) -> "Iterator[Twin]":
    """Yield what belongs beside each package's file, each once."""
    seen = set()
    for path in paths:
        try:
            found = list(packages(path))
        except OSError as error:
            message = f"{error.filename!r} cannot be looked through: {error.strerror}"
            raise click.UsageError(message) from None
        for file in found:
            twin = None if os.path.realpath(file) in seen else twin_of(file)
            seen.add(os.path.realpath(file))
            if twin is not None:
                yield twin


def _finding(twin: Twin) -> Diagnostic:
    code, effect, fix = _FINDINGS[twin.state]
    message = twin.reason or f"it is {twin.state}"
    return Diagnostic(
        code=code, message=message, path=twin.path, line=twin.line, effect=effect, fix=fix.format(path=_folder(twin))
    )


def _folder(twin: Twin) -> str:
    return os.path.dirname(twin.path) or os.curdir
