"""What can be left out as one, and what a name on the command line means."""

from dataclasses import dataclass

from plugframe.discovery.metadata import normalize
from plugframe.errors import NameNotInstalledError, near_matches
from plugframe.policy.decisions import plugins
from plugframe.policy.groups import groups as groups_of
from plugframe.policy.overlays import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.records import Distribution, Plugin

HOSTS = "plugframe.hosts"
NO_PLUGINS = ("console_scripts", "gui_scripts", HOSTS)
"""Groups whose entries are programs and hosts: what would break without them is the command, not its plugins."""


@dataclass(frozen=True, slots=True)
class Target:
    """A plugin of a host, with all that it declares, or an entry point of another group.

    Attributes:
        group: the group that its name stands in.
        name: its name there.
        value: the reference behind the name; empty for a plugin with nothing to import at load.
        distribution: whose it is.
        references: further references that the plugin declares, in order.
    """

    group: str
    name: str
    value: str
    distribution: "Distribution"
    references: tuple[str, ...] = ()

    @property
    def entry(self) -> tuple[str, str, str]:
        """Its group, normalised distribution name and name, which no other has."""
        return self.group, self.distribution.key, self.name

    def __str__(self) -> str:
        return f"{self.group}:{self.name} from {self.distribution}"


def targets(snapshot: "Snapshot", *, hosts: "Sequence[str]" = (), groups: "Sequence[str]" = ()) -> tuple[Target, ...]:
    """Return what can be left out in an environment.

    Args:
        snapshot: the environment.
        hosts: the plugins of these hosts.
        groups: the entry points of these groups. With neither, the plugins of every host and the entry points of every
            other group, those of ``NO_PLUGINS`` left out.

    Returns:
        Hosts first, then groups, each sorted by name; what cannot be used as declared is among them, since whoever
        reads entry points may stumble on it.
    """
    everything = not hosts and not groups
    known = sorted({name for _, name in snapshot.names(HOSTS)}) if everything else list(hosts)
    theirs = {group for host in known for group in groups_of(host)}
    if everything:
        groups = [group for group in snapshot.groups() if group not in theirs and group not in NO_PLUGINS]
    found = [target for host in known for target in _of_host(host, snapshot)]
    return (*found, *(target for group in groups for target in _of_group(group, snapshot)))


def _of_host(host: str, snapshot: "Snapshot") -> "Iterator[Target]":
    values = {
        (entry.group, entry.distribution.key, entry.name): entry.value
        for group in groups_of(host)
        for entry in snapshot.entry_points(group)
    }
    for plugin in plugins(host, snapshot.entry_points):
        entry = plugin.entry_point
        references = tuple(values[declared] for declared in _declared(plugin))
        yield Target(entry.group, plugin.name, entry.value, plugin.distribution, references)


def _declared(plugin: "Plugin") -> "Iterator[tuple[str, str, str]]":
    """Yield what a plugin declares apart from itself, as group, normalised distribution name and name."""
    for kind, names in plugin.provides.items():
        for name in names if kind != "libraries" else ():  # a library is loaded, not imported
            whole = f"{plugin.name}.{name}" if kind == "hooks" else name
            yield f"{plugin.host}.{kind}", plugin.distribution.key, whole


def _of_group(group: str, snapshot: "Snapshot") -> "Iterator[Target]":
    for entry in sorted(snapshot.entry_points(group), key=lambda entry: (entry.name, entry.distribution.key)):
        yield Target(group, entry.name, entry.value, entry.distribution)


def find(known: "Sequence[Target]", name: str, snapshot: "Snapshot") -> tuple[Target, ...]:
    """Return the targets that a name means: of a plugin, an entry point or a distribution, in any spelling.

    ``GROUP:NAME`` means one entry point where the name alone means several.

    Raises:
        NameNotInstalledError: it means none.
    """
    wanted = normalize(name)
    found = tuple(target for target in known if wanted in _spellings(target))
    if found:
        return found
    prefix = snapshot.environment.prefix
    if wanted in {distribution.key for distribution in snapshot.distributions()}:
        raise NameNotInstalledError(name, prefix, "it is installed, but has no plugins or entry points among these")
    names = tuple(dict.fromkeys(spelling for target in known for spelling in (target.name, target.distribution.name)))
    near = near_matches(name, names) or tuple(spelling for spelling in names if wanted in normalize(spelling))[:3]
    raise NameNotInstalledError(name, prefix, near=near)


def _spellings(target: Target) -> tuple[str, str, str]:
    return normalize(target.name), normalize(f"{target.group}:{target.name}"), target.distribution.key


def selection(named: "Iterable[Target]", groups: "Iterable[str]", *, only: bool, reason: str) -> Selection:
    """Return what a process does without.

    Args:
        named: which.
        groups: the groups that are spoken of.
        only: leave out all of these groups but the named ones.
        reason: why.
    """
    return Selection(reason=reason, only=only, groups=groups, entries=[target.entry for target in named])
