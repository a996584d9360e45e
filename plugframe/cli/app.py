"""The ``plugframe`` command and the options that its commands share."""

import io
import os
import sys

import click

from plugframe import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_COMMANDS = {
    "bisect": "plugframe.cli.bisect",
    "cache": "plugframe.cli.cache",
    "check": "plugframe.cli.check",
    "completion": "plugframe.cli.completion",
    "disable": "plugframe.cli.disable",
    "enable": "plugframe.cli.enable",
    "graph": "plugframe.cli.graph",
    "info": "plugframe.cli.info",
    "list": "plugframe.cli.listing",
    "lock": "plugframe.cli.lock",
    "profile": "plugframe.cli.profile",
    "quarantine": "plugframe.cli.quarantine",
    "run": "plugframe.cli.run",
    "stubs": "plugframe.cli.stubs",
    "verify": "plugframe.cli.verify",
    "why": "plugframe.cli.why",
}


class Commands(click.Group):
    """A group whose commands are imported when they are named."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """Return the commands' names, sorted."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, imported now, or None."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = __import__(_COMMANDS[cmd_name], fromlist=("command",)).command
        if ctx.resilient_parsing:  # a shell asks for completions
            from plugframe.cli.completing import equip

            equip(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is meant, as click does, or say which names are like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from plugframe.errors import near_matches

            near = near_matches(args[0], tuple(_COMMANDS))
            hint = f" Did you mean {' or '.join(near)}?" if near else f" There are {', '.join(sorted(_COMMANDS))}."
            raise click.UsageError(error.message + hint, ctx) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that is meant, and give what goes wrong its exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(130)
        except Exception as error:
            code = _tell(error)
            if code is None:
                raise
            ctx.exit(code)


def _tell(error: Exception) -> int | None:
    """Tell what went wrong, if that is for a person to know, and return the exit code for it."""
    from plugframe.errors import PlugframeError  # which costs a command that goes well its time

    if isinstance(error, PlugframeError):
        click.echo(f"Error: {error}", err=True)
        return 2
    if not isinstance(error, OSError):
        return None
    _stop_writing()
    if not isinstance(error, BrokenPipeError):
        click.echo(f"Error: the output cannot be written: {error.strerror or error}", err=True)
    return 141 if isinstance(error, BrokenPipeError) else 2


def _stop_writing() -> None:
    """Let nothing that is still buffered be written to an output that cannot take it, at exit either."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError:
        sys.stdout = None  # what the interpreter itself does where there is no output


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="plugframe")
def app() -> None:
    """Show and check the plugins of Python applications, without running a line of them."""
    prepare_streams()


def prepare_streams() -> None:
    """Have names shown escaped that the terminal's encoding lacks, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def environment_options(function: "Callable[..., None]") -> "Callable[..., None]":
    """Add ``--python`` and ``--static`` to a command."""
    python = click.option(
        "--python",
        metavar="PATH",
        help="Another environment: its python executable or folder. It only tells its path, and needs no plugframe.",
    )
    static = click.option(
        "--static",
        is_flag=True,
        help="Run nothing at all: read the environment off its folders; say what is missed.",
    )
    return python(static(function))
