"""Which environment and which of its plugins a command that starts processes speaks of."""

import os
import sys
from dataclasses import dataclass

import click

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.overlay.targets import Target, find, targets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from plugframe.discovery.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Place:
    """An environment in which commands are run.

    Attributes:
        snapshot: what is installed there.
        python: its interpreter.
    """

    snapshot: "Snapshot"
    python: str

    @property
    def programs(self) -> str:
        """The folder of its programs, in which the first word of a command is looked for first."""
        return os.path.dirname(self.python)


def place(python: str | None) -> Place:
    """Return the environment of an interpreter, as its processes will see it; None means this one's.

    Raises:
        EnvironmentNotReadableError: it cannot be found out.
    """
    if python is None:
        return Place(discover(current_environment(), deep=True), sys.executable)
    from plugframe.discovery import interpreters

    found = interpreters.ask(python, inherit_environment=True)
    return Place(discover(found, deep=True), interpreters.executable_of(python))


def selecting_options(function: "Callable[..., None]") -> "Callable[..., None]":
    """Add ``--host``, ``--group`` and ``--python`` to a command."""
    host = click.option("--host", "hosts", metavar="NAME", multiple=True, help="Only plugins of this host.")
    group = click.option("--group", "groups", metavar="GROUP", multiple=True, help="Only this group, such as pytest11.")
    python = click.option(
        "--python", metavar="PATH", help="The environment of the command: its python executable or its folder."
    )
    return host(group(python(function)))


def chosen(where: Place, hosts: "Sequence[str]", groups: "Sequence[str]") -> tuple[Target, ...]:
    """Return the plugins and entry points that the options name.

    Raises:
        UsageError: one of the options names none.
    """
    from plugframe.errors import near_matches

    found = targets(where.snapshot, hosts=hosts, groups=groups)
    have = {target.group for target in found}
    for option, name, group in (*(("--host", h, f"{h}.plugins") for h in hosts), *(("--group", g, g) for g in groups)):
        if group not in have:
            known = tuple(group.removesuffix(".plugins" * (option == "--host")) for group in where.snapshot.groups())
            near = near_matches(name, known)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            message = f"{option} {name}: there is nothing of it in {where.snapshot.environment.prefix}.{hint}"
            message += " Next: plugframe list --groups"
            raise click.UsageError(message)
    return found


def named(where: Place, known: "Sequence[Target]", names: "Iterable[str]") -> tuple[Target, ...]:
    """Return the plugins and entry points that some names mean, each once.

    Raises:
        NameNotInstalledError: a name means none.
    """
    return tuple(dict.fromkeys(target for name in names for target in find(known, name, where.snapshot)))
