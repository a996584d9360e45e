"""Which entry points are a host's plugins, and which of them may run.

``plugins`` is the room's main function.
"""

from plugframe.namespaces.references import name_problem
from plugframe.policy.groups import KINDS, PARTS
from plugframe.records import Decision, EntryPoint, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    EntryPointsOf = Callable[[str], Sequence[EntryPoint]]


def plugins(host: str, entry_points: "EntryPointsOf") -> tuple[Plugin, ...]:
    """Return a host's plugins, each with what was decided about it.

    A distribution that declares only classes, callbacks, libraries or operations is one plugin, named after the
    distribution, with nothing to import at load.

    Args:
        host: the host's name.
        entry_points: returns a group's entry points, those of shadowed distributions left out.

    Returns:
        Sorted by name; of several with one name, the one that may run first.
    """
    declared = {kind: tuple(entry_points(f"{host}.{kind}")) for kind in KINDS}
    entries = list(entry_points(f"{host}.plugins"))
    have = {entry.distribution.key for entry in entries}
    for entry in (entry for kind in KINDS for entry in declared[kind]):
        if entry.distribution.key not in have:
            have.add(entry.distribution.key)
            entries.append(_implied(host, entry))
    names: dict[str, list[EntryPoint]] = {}
    for entry in entries:
        names.setdefault(entry.name, []).append(entry)
    siblings = {key: {entry.name for entry in entries if entry.distribution.key == key} for key in have}
    found = []
    for name, rivals in sorted(names.items()):
        for entry, decision in _decide(rivals):
            provides = _provides(entry, declared, siblings[entry.distribution.key])
            found.append(Plugin(host=host, name=name, entry_point=entry, decision=decision, provides=provides))
    return tuple(found)


def _implied(host: str, entry: EntryPoint) -> EntryPoint:
    distribution = entry.distribution
    return EntryPoint(group=f"{host}.plugins", name=distribution.name, value="", distribution=distribution)


def _decide(rivals: "list[EntryPoint]") -> "list[tuple[EntryPoint, Decision]]":
    """Decide about the entry points of one name, the winner first.

    Of several that could run, the one of the distribution whose name sorts first wins: the order of files in a folder
    differs from machine to machine.
    """
    rivals = sorted(rivals, key=lambda entry: (entry.problem is not None, entry.distribution.key))
    winner = rivals[0]
    decisions = []
    for entry in rivals:
        if entry.problem:
            decision = Decision(state="broken", reason=f"its entry point cannot be used: {entry.problem}")
        elif entry is winner:
            others = ", ".join(
                str(rival.distribution)
                for rival in rivals[1:]
                if not rival.problem and rival.distribution != entry.distribution
            )
            reason = f"taken before the one of {others}: that name sorts later" if others else ""
            decision = Decision(state="available", reason=reason)
        elif entry.distribution == winner.distribution:
            decision = Decision(state="shadowed", reason="its distribution declares the name twice; the first counts")
        else:
            reason = f"{winner.distribution} has a plugin of the same name, and its name sorts first"
            decision = Decision(state="shadowed", reason=reason)
        decisions.append((entry, decision))
    return decisions


def _provides(
    entry: EntryPoint, declared: "dict[str, tuple[EntryPoint, ...]]", siblings: set[str]
) -> dict[str, tuple[str, ...]]:
    """Return what an entry's distribution declares for it, by kind.

    Hooks name their plugin (``vision.render``). The other kinds belong to the plugin of the distribution that their
    first word names, or else to all of its plugins (``siblings``).
    """
    provides = {}
    for kind in KINDS:
        own = [
            other for other in declared[kind] if other.distribution.key == entry.distribution.key and not other.problem
        ]
        if kind == "hooks":
            parts = [other.name.partition(".") for other in own]
            names = [hook for plugin, _, hook in parts if plugin == entry.name and hook]
        else:
            others = siblings - {entry.name}
            good = [other.name for other in own if not name_problem(other.name, parts=PARTS[kind])]
            names = [name for name in good if name.partition(".")[0] not in others]
        if names:
            provides[kind] = tuple(names)
    return provides


def strays(host: str, entry_points: "EntryPointsOf", found: "Iterable[Plugin]") -> tuple[EntryPoint, ...]:
    """Return the ``<host>.hooks`` entries whose first word is no plugin of their distribution, in order."""
    known = {(plugin.distribution.key, plugin.name) for plugin in found}
    return tuple(
        entry
        for entry in entry_points(f"{host}.hooks")
        if (entry.distribution.key, entry.name.partition(".")[0]) not in known or not entry.name.partition(".")[2]
    )
