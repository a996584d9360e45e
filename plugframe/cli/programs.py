"""The command as whoever uses it knows it: ``plugframe``, or a host's own that all of it is mounted in."""

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from plugframe.policy.settings.reading import Given


class Mounted:
    """Where a host has mounted the commands.

    Attributes:
        host: the host that they are about.
        program: what one types before a command's name, such as ``myapp plugins``.
        settings: what the application ships, as ``Host`` takes it.
    """

    __slots__ = ("host", "program", "settings")

    def __init__(self, host: str, program: str, settings: "Given | None" = None) -> None:
        self.host = host
        self.program = program
        self.settings = settings


def mounted() -> Mounted | None:
    """Return where the running command is mounted; None for ``plugframe`` itself."""
    context = click.get_current_context(silent=True)
    return context.find_object(Mounted) if context else None


def step(command: str, host: str = "") -> str:
    """Return the command line of a next step.

    Args:
        command: what comes behind the program's name.
        host: the host that it is about; empty where that makes no difference.
    """
    where = mounted()
    if where is not None:
        return f"{where.program} {command}"
    return f"plugframe {command}{f' --host {host}' if host else ''}"


def reword(advice: str) -> str:
    """Return an advice with the command line as whoever reads it types it."""
    where = mounted()
    if where is None or not advice.startswith("plugframe "):
        return advice
    return step(advice.removeprefix("plugframe ").removesuffix(f" --host {where.host}"))


def host_option() -> "Callable[[Callable[..., None]], Callable[..., None]]":
    """Add ``--host`` to a command; where it is mounted in a host, it is that one."""
    return click.option("--host", metavar="NAME", help="Only the plugins of this host.", callback=_host)


def hosts_option() -> "Callable[[Callable[..., None]], Callable[..., None]]":
    """Add ``--host`` to a command that takes several; where it is mounted in a host, it is that one."""
    about = "The plugins of this host; may be given several times.  [default: every host]"
    return click.option("--host", "hosts", metavar="NAME", multiple=True, help=about, callback=_hosts)


def _hosts(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    given = [_host(context, option, value) for value in values or (None,)]
    return tuple(sorted({host for host in given if host is not None}))


def _host(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    where = mounted()
    if value == "":
        message = "the name behind --host is empty"
        raise click.UsageError(message)
    if where is None:
        return value
    if value not in (None, where.host):
        message = f"this command is about the host {where.host} alone"
        raise click.UsageError(message)
    return where.host
