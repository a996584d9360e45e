"""Defects that show only when a host's groups are looked at together."""

from plugframe.namespaces.names import Addition, Names
from plugframe.policy.decisions import strays
from plugframe.policy.groups import PARTS, unreachable
from plugframe.records import Diagnostic, EntryPoint, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plugframe.policy.decisions import EntryPointsOf


def findings(host: str, plugins: "Sequence[Plugin]", entry_points: "EntryPointsOf") -> "Iterator[Diagnostic]":
    """Yield the names that two distributions claim, and the hooks that belong to no plugin.

    Args:
        host: the host's name.
        plugins: its plugins.
        entry_points: returns a group's entry points.
    """
    winners = {plugin.name: plugin for plugin in reversed(plugins)}
    for plugin in plugins:
        if plugin.state == "shadowed":
            yield Diagnostic(
                code="PF141",
                message=f"plugin {plugin.name!r} of {host} is not the only one of its name: {plugin.decision.reason}",
                path=plugin.distribution.metadata_path,
                distribution=plugin.distribution.name,
                effect=f"the one of {winners[plugin.name].distribution} is taken",
                fix=f"uninstall {plugin.distribution.name} or {winners[plugin.name].distribution.name}",
            )
    for kind in PARTS:
        yield from _contributions(entry_points(f"{host}.{kind}"), kind)
    for entry in strays(host, entry_points, plugins):
        yield Diagnostic(
            code="PF140",
            message=f"hook {entry.name!r} of {host} names no plugin of its distribution",
            path=entry.distribution.metadata_path,
            distribution=entry.distribution.name,
            effect="it is never called",
            fix=f"its authors must name it PLUGIN.HOOK, with a plugin that is in the group {host}.plugins",
        )


def _contributions(entries: "Sequence[EntryPoint]", kind: str) -> "Iterator[Diagnostic]":
    """Yield the names of classes, callbacks, libraries or operations that cannot be reached, or that two declare."""
    winners: dict[str, EntryPoint] = {}
    known = Names(by_part=kind == "classes")
    for entry in sorted(entries, key=lambda entry: entry.distribution.key):
        problem = unreachable(entry.name, kind)
        rival = None if problem or entry.problem or entry.name in winners else known.rival(entry.name)
        if rival is not None:
            problem = f"{rival.provider} declares {rival.name!r}, and one name cannot be a class and a namespace"
        elif not (problem or entry.problem or entry.name in winners):
            known.take(Addition(name=entry.name, provider=str(entry.distribution), target=entry.value))
        winner = entry if problem else winners.setdefault(entry.name, entry)
        if problem:
            code, message = "PF143", f"{entry.name!r} of group {entry.group!r} cannot be reached: {problem}"
            effect, fix = "it is left out", "its authors must rename it"
        elif winner is not entry:
            code, message = "PF142", f"{entry.name!r} of group {entry.group!r} is declared by {winner.distribution} too"
            effect = "that one counts, for its distribution's name sorts first"
            fix = f"uninstall {entry.distribution.name} or {winner.distribution.name}"
        else:
            continue
        yield Diagnostic(
            code=code,
            message=message,
            path=entry.distribution.metadata_path,
            distribution=entry.distribution.name,
            effect=effect,
            fix=fix,
        )
