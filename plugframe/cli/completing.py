"""The names that a shell completes: of plugins, hosts and groups; nothing of a plugin is imported for that."""

import click
from click.shell_completion import CompletionItem

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.errors import PlugframeError
from plugframe.policy.groups import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plugframe.discovery.snapshot import Environment, Snapshot

    _ParamType = click.ParamType[str]
else:
    _ParamType = click.ParamType

_HOSTS = "plugframe.hosts"


class Name(_ParamType):
    """A parameter whose values are looked up where a shell asks for them, and taken as they are written."""

    name = "text"

    def __init__(self, known: "Callable[[click.Context, Snapshot], Iterable[str]]") -> None:
        self._known = known

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002 # click's signature
        """Return the names that begin as written, sorted."""
        try:
            known = set(self._known(ctx, discover(_environment(ctx))))
        except (PlugframeError, OSError):
            return []
        return [CompletionItem(name) for name in sorted(known) if name.startswith(incomplete) and name.isprintable()]


def _environment(ctx: click.Context) -> "Environment":
    """Return the environment that the command line names so far; another interpreter is not run for that."""
    python = ctx.params.get("python")
    if not python:
        return current_environment()
    from plugframe.discovery import interpreters

    return interpreters.read(str(python))


def _hosts(_: click.Context, snapshot: "Snapshot") -> set[str]:
    declared = {name for _, name in snapshot.names(_HOSTS)}
    ending = ".plugins"
    return declared | {group.removesuffix(ending) for group in snapshot.groups() if group.endswith(ending)}


def _plugins(ctx: click.Context, snapshot: "Snapshot") -> set[str]:
    if ctx.parent is not None and ctx.parent.info_name == "quarantine":
        from plugframe.policy.quarantine import marks

        return {name for mark in marks.find()[0] for name in (mark.plugin, mark.distribution)}
    host = ctx.params.get("host")
    hosts = {host} if isinstance(host, str) else _hosts(ctx, snapshot)
    return {name for host in hosts for name in names(host, snapshot)}


def _groups(_: click.Context, snapshot: "Snapshot") -> set[str]:
    return set(snapshot.groups())


_TYPES = {
    "host": Name(_hosts),
    "hosts": Name(_hosts),
    "group": Name(_groups),
    "groups": Name(_groups),
    "name": Name(_plugins),
    "names": Name(_plugins),
    "only": Name(_plugins),
    "without": Name(_plugins),
    "keep": Name(_plugins),
    "python": click.Path(),
}


def equip(command: click.Command) -> None:
    """Let the parameters of a command, and of those below it, be completed by what they are called."""
    for parameter in command.params:
        if isinstance(parameter.type, click.types.StringParamType) and parameter.name in _TYPES:
            parameter.type = _TYPES[parameter.name]
    if isinstance(command, click.Group):
        for below in command.commands.values():
            equip(below)
