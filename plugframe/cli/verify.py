"""``plugframe verify``: whether what is installed is what was locked, file by file, without running a line of it."""

import sys

import click

from plugframe.cli import render
from plugframe.cli.app import environment_options
from plugframe.cli.facts import Facts, environment
from plugframe.cli.progress import Progress
from plugframe.policy.locking import lockfile
from plugframe.policy.locking.verifying import MISMATCHES, verify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.policy.locking.verifying import Verdict

FIELDS = ("plugin", "status", "file", "reason")
_EPILOG = """\b
Exit codes: 0 every file is what was locked; 2 the command was wrong, or the lock cannot be used;
3 a file is modified, missing, extra or unlocked.
"""


@click.command("verify", epilog=_EPILOG, short_help="Check every file against the lock.")
@click.option("--lock", "path", metavar="FILE", default=lockfile.NAME, show_default=True, help="The lock file.")
@click.option("--deps/--no-deps", default=True, show_default=True, help="Also what the plugins need.")
@click.option("--all", "everything", is_flag=True, help="Show the files that are what was locked, too.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document, with every file.")
@environment_options
def command(  # one parameter an option
    *, path: str, deps: bool, everything: bool, as_json: bool, python: str | None, static: bool
) -> None:
    """Compare every file of the plugins, and of what they need, with the lock.

    A file is ok, modified, missing, extra (in a folder of a locked distribution, and not in the lock) or unlocked (of a
    distribution that is not in the lock). RECORD is told of apart: what it says changes nothing.
    """
    lock = lockfile.load(path)
    facts = Facts(environment(python, static=static))
    progress = Progress("verifying")
    try:
        verdicts = list(verify(lock, facts.snapshot, needs=deps, watch=progress))
    finally:
        progress.close()
    wrong = [verdict for verdict in verdicts if verdict.status in MISMATCHES]
    if as_json:
        rows = [verdict.asdict() for verdict in verdicts]
        render.show_document({"lock": path, "files": rows}, facts.gaps())
    else:
        _show(verdicts, path, everything=everything)
    if wrong:
        sys.exit(3)


def _show(verdicts: "list[Verdict]", path: str, *, everything: bool) -> None:
    shown = [verdict.asdict() for verdict in verdicts if everything or verdict.status != "ok"]
    if shown:
        render.show(shown, FIELDS, form="table")
    counts = {status: sum(verdict.status == status for verdict in verdicts) for status in ("ok", *MISMATCHES)}
    click.echo(f"{path}: {', '.join(f'{count} {status}' for status, count in counts.items() if count) or 'nothing'}")
    if any(counts[status] for status in MISMATCHES):
        step = "reinstall what is listed, or, where the change is wanted, look at it and run plugframe lock"
        render.warn(f"next: {step}")
