"""``plugframe run``: a command without some of its plugins."""

import os
import sys

import click

from plugframe.cli import render
from plugframe.cli.placing import chosen, named, place, selecting_options
from plugframe.errors import CommandNotRunError
from plugframe.overlay.folder import overlay
from plugframe.overlay.processes import end_like, ended_by_signals, located, pass_through
from plugframe.overlay.targets import selection

_NOT_FOUND = 127  # as shells say it
_EPILOG = """\b
NAME is a plugin, an entry point or a distribution, in any spelling, or GROUP:NAME.
The exit code is the command's own; 2 if a name means nothing, 127 if there is no such command.
"""


@click.command(
    "run",
    epilog=_EPILOG,
    short_help="Run a command without some of its plugins.",
    context_settings={"allow_interspersed_args": False},
)
@click.option("--without", metavar="NAME", multiple=True, help="Leave this one out.")
@click.option("--only", metavar="NAME", multiple=True, help="Leave out all others of its groups.")
@selecting_options
@click.option("-v", "--verbose", is_flag=True, help="Tell what is left out.")
@click.argument("command", metavar="-- COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    *,
    without: tuple[str, ...],
    only: tuple[str, ...],
    hosts: tuple[str, ...],
    groups: tuple[str, ...],
    python: str | None,
    verbose: bool,
    command: tuple[str, ...],
) -> None:
    """Run COMMAND, any Python program, as if some of its plugins were not installed.

    They are left out before anything is imported, in the command and in every Python process that it starts; nothing
    is changed on disk. Without --host and --group, the groups are those in which NAME has plugins or entry points.
    """
    if bool(without) is bool(only):
        message = "name what is left out by --without, or what stays by --only"
        raise click.UsageError(message)
    where = place(python)
    known = chosen(where, hosts, groups)
    meant = named(where, known, without or only)
    spoken = {target.group for target in (known if hosts or groups else meant)}
    how = " ".join(f"--{'only' if only else 'without'} {name}" for name in (only or without))
    picked = selection(meant, spoken, only=bool(only), reason=f"left out by plugframe run {how}")
    if verbose:
        for target in (target for target in known if picked.hides(*target.entry)):
            render.warn(f"left out: {target}")
    try:
        with ended_by_signals(), overlay(picked) as made:
            code = pass_through(located(command, where.programs), made.variables())
            obeyed = made.taken_up()
    except CommandNotRunError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_NOT_FOUND)
    if not obeyed:
        render.warn(f"nothing was left out: no Python process of {os.path.basename(command[0])} obeyed")
        render.warn(
            "    those with -I, -E or -S or a cleared environment see no overlay; other programs have no plugins"
        )
    end_like(code)
