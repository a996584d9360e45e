"""All commands as part of a host's own program: ``myapp plugins list``.

They import no plugin, so that they work when none can be imported.
"""

import copy
import os
import sys

import click

from plugframe.cli.app import Commands, prepare_streams
from plugframe.cli.programs import Mounted
from plugframe.policy.groups import check_host
from plugframe.policy.settings.variables import SAFE_MODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from plugframe.policy.settings.reading import Given

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 # it has no other name

_HELP = "Show and check the plugins of {}, without running a line of them."


class _MountedCommands(Commands):
    """The commands about one host, as a part of its program."""

    def __init__(self, host: str, name: str, settings: "Given | None") -> None:
        super().__init__(name=name, help=_HELP.format(host), context_settings={"help_option_names": ["-h", "--help"]})
        self._host = host
        self._settings = settings

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = Mounted(self._host, ctx.command_path, self._settings)
        prepare_streams()
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return None if command is None else _without_host(command)


def _without_host(command: click.Command) -> click.Command:
    """Return a command whose help does not speak of ``--host``, since there is only one."""
    shown = copy.copy(command)
    shown.params = [copy.copy(parameter) for parameter in command.params]
    for parameter in shown.params:
        if isinstance(parameter, click.Option) and parameter.name in ("host", "hosts"):
            parameter.hidden = True
    return shown


def plugins_command(host: str, *, name: str = "plugins", settings: "Given | None" = None) -> click.Group:
    """Return all commands as one click command of a host's program.

    Args:
        host: the host's name.
        name: what the command is called.
        settings: what the host is given as ``Host(settings=...)``.

    Returns:
        A group; ``--host`` is the host in each of its commands.

    Raises:
        ValueError: it cannot be a host's name.

    Example:
        >>> plugins_command("myapp").name
        'plugins'
    """
    check_host(host)
    return _MountedCommands(host, name, settings)


def mount(
    subparsers: "Subparsers", host: str, *, name: str = "plugins", settings: "Given | None" = None
) -> "argparse.ArgumentParser":
    """Make all commands a subcommand of an argparse program; it runs and exits while the arguments are parsed.

    Args:
        subparsers: what ``parser.add_subparsers()`` returned.
        host: the host's name.
        name: what the subcommand is called.
        settings: what the host is given as ``Host(settings=...)``.

    Returns:
        The subcommand's parser.
    """
    import argparse

    group = plugins_command(host, name=name, settings=settings)

    class Run(argparse.Action):
        """Run a command with all that stands behind the subcommand's name."""

        def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
            words = rest[1]
            assert isinstance(words, list)  # noqa: S101 # what argparse makes of REMAINDER
            group.main(args=list(words), prog_name=parser.prog)

    # With a prefix that no argument has, whatever follows is the command's, "--json" and "--help" too.
    parser = subparsers.add_parser(name, help=_HELP.format(host), add_help=False, prefix_chars="\0")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, action=Run)
    return parser


def serve(
    host: str, arguments: "Sequence[str] | None" = None, *, name: str = "plugins", settings: "Given | None" = None
) -> None:
    """Run ``PROGRAM plugins ...`` and exit, if that is what was typed; otherwise return.

    For programs that load plugins before they parse their arguments: called first, it needs none of theirs.

    Args:
        host: the host's name.
        arguments: what was typed behind the program's name; None means ``sys.argv[1:]``.
        name: what the subcommand is called.
        settings: what the host is given as ``Host(settings=...)``.
    """
    typed = sys.argv[1:] if arguments is None else list(arguments)
    if typed[:1] == [name]:
        program = os.path.basename(sys.argv[0]) or host
        group = plugins_command(host, name=name, settings=settings)
        group.main(args=typed[1:], prog_name=f"{program} {name}")


def safe_mode_option(function: "click.decorators.FC") -> "click.decorators.FC":
    """Add ``--safe-mode`` to a click command: every host of the process starts without plugins."""
    return click.option(
        "--safe-mode", is_flag=True, is_eager=True, expose_value=False, callback=_start_safely, help=_SAFE
    )(function)


_SAFE = "Start without plugins."


def _start_safely(_: click.Context, __: click.Parameter, value: bool) -> None:  # noqa: FBT001 # click's signature
    if value:
        start_safely()


def add_safe_mode(parser: "argparse.ArgumentParser") -> None:
    """Add ``--safe-mode`` to an argparse program: every host of the process starts without plugins."""
    import argparse

    class Start(argparse.Action):
        """Switch safe mode on while the arguments are parsed."""

        def __call__(self, *_: object) -> None:
            start_safely()

    parser.add_argument("--safe-mode", action=Start, nargs=0, default=argparse.SUPPRESS, help=_SAFE)


def start_safely() -> None:
    """Have every host that has not looked for its plugins yet start without any, in child processes too."""
    os.environ[SAFE_MODE] = "1"
