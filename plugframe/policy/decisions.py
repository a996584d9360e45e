"""Which entry points are a host's plugins, and which of them may run.

``plugins`` is the room's main function.
"""

from plugframe.policy.groups import KINDS, unreachable
from plugframe.records import Decision, EntryPoint, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from plugframe.policy.rules import Judge

    EntryPointsOf = Callable[[str], Sequence[EntryPoint]]


def plugins(host: str, entry_points: "EntryPointsOf", judge: "Judge" = lambda _: None) -> tuple[Plugin, ...]:
    """Return a host's plugins, each with what was decided about it.

    A distribution that declares only classes, callbacks, libraries or operations is one plugin, named after the
    distribution, with nothing to import at load.

    Args:
        host: the host's name.
        entry_points: returns a group's entry points, those of shadowed distributions left out.
        judge: returns what policy decides about the plugin of an entry point, or None where it says nothing.

    Returns:
        Sorted by name; of several with one name, the one that may run first.
    """
    entries = list(entry_points(f"{host}.plugins"))
    siblings: dict[str, set[str]] = {}
    for entry in entries:
        siblings.setdefault(entry.distribution.key, set()).add(entry.name)
    declared: dict[str, dict[str, list[EntryPoint]]] = {}
    for kind in KINDS:
        for entry in entry_points(f"{host}.{kind}"):
            key = entry.distribution.key
            declared.setdefault(key, {}).setdefault(kind, []).append(entry)
            if key not in siblings:
                entries.append(_implied(host, entry))
                siblings[key] = {entries[-1].name}
    names: dict[str, list[EntryPoint]] = {}
    for entry in entries:
        names.setdefault(entry.name, []).append(entry)
    found = []
    for name, rivals in sorted(names.items()):
        for entry, decision in _decide(rivals, judge):
            key = entry.distribution.key
            provides = _provides(entry.name, declared.get(key, {}), siblings[key])
            found.append(Plugin(host=host, name=name, entry_point=entry, decision=decision, provides=provides))
    return tuple(found)


def _implied(host: str, entry: EntryPoint) -> EntryPoint:
    distribution = entry.distribution
    return EntryPoint(group=f"{host}.plugins", name=distribution.name, value="", distribution=distribution)


def _decide(rivals: "list[EntryPoint]", judge: "Judge") -> "list[tuple[EntryPoint, Decision]]":
    """Decide about the entry points of one name, the winner first.

    Of several that may run, the one of the distribution whose name sorts first wins: the order of files in a folder
    differs from machine to machine.
    """
    verdicts = [(entry, _verdict(entry, judge)) for entry in rivals]
    if len(verdicts) == 1:
        return verdicts
    verdicts.sort(key=lambda pair: (not pair[1].allowed, pair[1].state == "broken", pair[0].distribution.key))
    running = [entry for entry, decision in verdicts if decision.allowed]
    if len(running) <= 1:
        return verdicts
    return [
        (entry, _contest(entry, decision, running) if decision.allowed else decision) for entry, decision in verdicts
    ]


def _verdict(entry: EntryPoint, judge: "Judge") -> Decision:
    """Return what is decided about one by itself; what policy says counts before what is wrong with it."""
    said = judge(entry)
    if entry.problem and (said is None or said.allowed):
        return Decision(state="broken", reason=f"its entry point cannot be used: {entry.problem}")
    return said or _AVAILABLE


_AVAILABLE = Decision(state="available")


def _contest(entry: EntryPoint, decision: Decision, running: "list[EntryPoint]") -> Decision:
    """Return what is decided about one of several that may run and have one name, the winner first."""
    winner = running[0]
    if entry is winner:
        others = ", ".join(str(rival.distribution) for rival in running[1:] if rival.distribution != entry.distribution)
        taken = f"taken before the one of {others}: that name sorts later" if others else ""
        return decision.replace(reason="; ".join(filter(None, (decision.reason, taken))))
    if entry.distribution == winner.distribution:
        return Decision(state="shadowed", reason="its distribution declares the name twice; the first counts")
    reason = f"{winner.distribution} has a plugin of the same name, and its name sorts first"
    return Decision(state="shadowed", reason=reason)


def _provides(plugin: str, declared: "dict[str, list[EntryPoint]]", siblings: set[str]) -> dict[str, tuple[str, ...]]:
    """Return what a distribution declares for one of its plugins, by kind.

    Hooks name their plugin (``vision.render``). The other kinds belong to the plugin that their first word names, or
    else to all of the distribution's (``siblings``).
    """
    provides = {}
    for kind, entries in declared.items():
        own = [other for other in entries if not other.problem]
        if kind == "hooks":
            parts = [other.name.rpartition(".") for other in own]
            names = [hook for owner, _, hook in parts if owner == plugin and hook]
        else:
            others = siblings - {plugin}
            good = [other.name for other in own if not unreachable(other.name, kind)]
            names = [name for name in good if name.partition(".")[0] not in others]
        if names:
            provides[kind] = tuple(names)
    return provides


def strays(host: str, entry_points: "EntryPointsOf", found: "Iterable[Plugin]") -> tuple[EntryPoint, ...]:
    """Return the ``<host>.hooks`` entries that name no plugin of their distribution, in order."""
    known = {(plugin.distribution.key, plugin.name) for plugin in found}
    return tuple(
        entry
        for entry in entry_points(f"{host}.hooks")
        if (entry.distribution.key, entry.name.rpartition(".")[0]) not in known or not entry.name.rpartition(".")[2]
    )
