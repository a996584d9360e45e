"""What a name means that a person wrote: a plugin, an entry point or a distribution, in any spelling."""

from plugframe.policy.settings.values import spelling
from plugframe.records import EntryPoint, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def spellings(entry: EntryPoint) -> tuple[str, str, str]:
    """Return the names by which settings can mean a plugin: its own, its distribution's, and both with a colon."""
    name, key = spelling(entry.name), entry.distribution.key
    return name, key, f"{key}:{name}"


def is_named(entry: EntryPoint, names: "Iterable[str]") -> bool:
    """Return whether one of some names means a plugin."""
    mine = spellings(entry)
    return any(spelling(name) in mine for name in names)


def find_plugins(name: str, plugins: "Sequence[Plugin]") -> tuple[Plugin, ...]:
    """Return the plugins that a name means, in order; none where it means nothing.

    What is spelled like a plugin, a distribution, or ``GROUP:NAME`` of an entry point counts before what only declares
    a hook, class, callback, library or operation of that name.
    """
    wanted = spelling(name)
    found = tuple(plugin for plugin in plugins if wanted in (*spellings(plugin.entry_point), _whole(plugin)))
    return found or tuple(plugin for plugin in plugins if any(name in names for names in plugin.provides.values()))


def _whole(plugin: Plugin) -> str:
    """Return how messages name a plugin's entry point, as ``spelling`` returns it."""
    return spelling(f"{plugin.entry_point.group}:{plugin.name}")


def like(name: str, plugins: "Iterable[Plugin]") -> tuple[str, ...]:
    """Return the names of plugins and distributions that are like one that means nothing, best first."""
    from plugframe.errors import near_matches  # which deciding does without

    several = [(plugin.name, plugin.distribution.name) for plugin in plugins]
    known = dict.fromkeys(name for names in several for name in names)
    return near_matches(name, tuple(known))
