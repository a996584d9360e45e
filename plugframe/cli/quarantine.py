"""``plugframe quarantine``: the plugins that ended a process while they were loaded, and letting them try again."""

import time

import click

from plugframe.cli import render
from plugframe.cli.app import environment_options
from plugframe.cli.facts import environment
from plugframe.cli.programs import host_option
from plugframe.discovery.metadata import normalize
from plugframe.errors import near_matches
from plugframe.policy.quarantine import folder, marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.cli.facts import Row
    from plugframe.policy.quarantine.marks import Mark

FIELDS = ("name", "version", "state", "host", "distribution", "since", "process", "environment")
_EPILOG = """\b
Exit codes: 0 fine; 1 something could not be deleted; 2 the command was wrong, or nothing of that name is there.
PLUGFRAME_QUARANTINE=off keeps nothing and quarantines nobody, PLUGFRAME_QUARANTINE=FOLDER keeps it there.
"""


@click.group("quarantine", epilog=_EPILOG)
def command() -> None:
    """Show or clear the plugins that ended a process while they were loaded."""


@command.command("list", epilog=_EPILOG)
@host_option()
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
@environment_options
def list_command(*, host: str | None, as_json: bool, python: str | None, static: bool) -> None:
    """Show which plugins ended a process while they were loaded, in every environment of this user.

    One is not loaded again as it is: only after an upgrade, or when it was cleared.
    """
    found, problems = _found(host, python, static=static)
    rows = [_row(mark) for mark in found]
    if as_json:
        import json

        document = {"schema": 1, "folder": folder.folder(), "problems": problems, "quarantine": rows}
        click.echo(json.dumps(document, indent=2))
        return
    if rows:
        render.show(rows, FIELDS, form="table")
    else:
        click.echo("nothing is quarantined", err=True)
    for path, problem in problems.items():
        render.warn(f"nobody is quarantined by {path or 'anything'}: {problem}")


@command.command("clear", epilog=_EPILOG)
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="Clear all, and delete what cannot be read.")
@host_option()
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
@environment_options
def clear_command(
    *, name: str | None, everything: bool, host: str | None, as_json: bool, python: str | None, static: bool
) -> None:
    """Let plugins be loaded again that ended a process.

    NAME is a plugin or a distribution, in any spelling. It is tried once: if it ends a process again, it is
    quarantined again.
    """
    if (name is None) is not everything:
        message = (
            "name a plugin or a distribution, or give --all" if name is None else "a name and --all exclude each other"
        )
        raise click.UsageError(message)
    found, problems = _found(host, python, static=static)
    found = [mark for mark in found if not mark.alive]
    wanted = found if name is None else _named(found, name)
    paths = [mark.path for mark in wanted] + ([*problems] if everything and host is None else [])
    left = [path for path in paths if not marks.remove(path)]
    cleared = [_row(mark) for mark in wanted if mark.path not in left]
    if as_json:
        import json

        click.echo(json.dumps({"schema": 1, "cleared": cleared, "left": left}, indent=2))
    else:
        for row in cleared:
            click.echo(f"cleared {row['name']} from {row['distribution']} {row['version']}, of {row['host']}")
        if not cleared:
            click.echo("nothing was quarantined", err=True)
        for path in left:
            click.echo(f"cannot delete {path}", err=True)
    if left:
        raise click.exceptions.Exit(1)


def _found(host: str | None, python: str | None, *, static: bool) -> "tuple[list[Mark], dict[str, str]]":
    """Return the marks, of one environment where one is named, sorted by host, plugin and time; and what is none."""
    key = None if python is None and not static else environment(python, static=static).key
    found, problems = marks.find()
    if folder.folder() is None:
        problems = {"": folder.names()[1]}
    own = [mark for mark in found if host in (None, mark.host) and key in (None, mark.environment)]
    return sorted(own, key=lambda mark: (mark.host, mark.plugin, mark.since, mark.path)), problems


def _named(found: "list[Mark]", name: str) -> "list[Mark]":
    """Return the marks of a plugin or a distribution.

    Raises:
        UsageError: there is none.
    """
    key = normalize(name)
    named = [mark for mark in found if key in (normalize(mark.plugin), normalize(mark.distribution))]
    if named:
        return named
    known = tuple(dict.fromkeys(one for mark in found for one in (mark.plugin, mark.distribution)))
    near = near_matches(name, known)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = f"quarantined: {', '.join(known)}" if known else "nothing is quarantined"
    message = f"no plugin or distribution {name!r} is quarantined; {hint}"
    raise click.UsageError(message)


def _row(mark: "Mark") -> "Row":
    """Return what is shown of a mark; ``environment`` is its folder."""
    state = "loading" if mark.alive else "interrupted" if mark.interrupted else "quarantined"
    return {
        "name": mark.plugin,
        "version": mark.version,
        "state": state,
        "host": mark.host,
        "distribution": mark.distribution,
        "value": mark.value,
        "since": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(mark.since)),
        "process": mark.pid,
        "environment": mark.environment.partition("\t")[2].partition("\t")[0],
        "digest": mark.digest,
        "path": mark.path,
    }
