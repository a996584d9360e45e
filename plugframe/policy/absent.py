"""What settings speak of that is not installed, cannot be read, or has come to its end."""

import time

from plugframe.errors import near_matches
from plugframe.policy.matching import is_named, like
from plugframe.policy.settings.values import spelling
from plugframe.records import Decision, Diagnostic, Distribution, EntryPoint, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plugframe.policy.settings.values import Settings

_NAMING = ("allow", "override-incompatible", "require")


def missing(settings: "Settings", plugins: "Sequence[Plugin]") -> tuple[Plugin, ...]:
    """Return a record for each plugin that a host requires and that is not installed, in the order of the settings.

    Args:
        settings: what counts for the host.
        plugins: the host's.
    """
    found = []
    for name in settings.required:
        if any(is_named(plugin.entry_point, (name,)) for plugin in plugins):
            continue
        whose = Distribution(name="", version="", key="", location="", metadata_path="", origin="unknown")
        near = like(name, plugins)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        reason = f"no distribution that is installed has it{hint}"
        entry = EntryPoint(group=f"{settings.host}.plugins", name=name, value="", distribution=whose)
        decision = Decision(state="missing", reason=reason, next_step=f"pip install what provides {name!r}")
        found.append(Plugin(host=settings.host, name=name, entry_point=entry, decision=decision, provides={}))
    return tuple(found)


def findings(settings: "Settings", plugins: "Sequence[Plugin]", installed: "Sequence[str]") -> "Iterator[Diagnostic]":
    """Yield the settings of a host that cannot be used, mean nothing that is installed, or hold no more.

    Args:
        settings: what counts for the host.
        plugins: those of every host: what stands there for all hosts may be about another one's.
        installed: the normalised names of all distributions.
    """
    for problem in settings.problems:
        yield Diagnostic(
            code="PF190",
            message=f"settings cannot be used: {problem.reason}",
            path=problem.place,
            effect=f"no plugin of {settings.host} runs, since what cannot be read may be what disables it",
            fix=problem.next_step,
        )
    for key, name, place in _named(settings):
        known = spelling(name) in installed or any(is_named(plugin.entry_point, (name,)) for plugin in plugins)
        if not known:
            near = like(name, plugins)
            yield Diagnostic(
                code="PF191",
                message=f"{key} names {name!r}, which no plugin and no distribution is called",
                path=place,
                effect="it has no effect" if key != "require" else f"{settings.host} does not run without it",
                fix=f"write {' or '.join(near)}" if near else "correct the name, or take it out",
            )
    today = time.strftime("%Y-%m-%d")
    for ruling in settings.every_ruling():
        if ruling.has_ended(today):
            yield Diagnostic(
                code="PF192",
                message=f"{ruling.name!r} is no more {ruling}; that day has come",
                path=ruling.source.place,
                effect="it holds no more",
                fix="take it out, or give it another day",
            )


def strangers(settings: "Settings", hosts: "Sequence[str]") -> "Iterator[Diagnostic]":
    """Yield what is said of hosts that are not there: what was to be disabled runs.

    A user's settings are for all environments, so that of those only a name that is like a host's is told.

    Args:
        settings: what counts for one host.
        hosts: the names of those that are there.
    """
    known = {spelling(host) for host in hosts}
    for name, source in dict.fromkeys(settings.hosts):
        near = near_matches(name, tuple(hosts))
        if spelling(name) not in known and (near or source.scope != "user"):
            yield Diagnostic(
                code="PF191",
                message=f"something is said of a host {name!r}, and nothing that is installed has plugins for one",
                path=source.place,
                effect="it has no effect",
                fix=f"write {' or '.join(near)}" if near else "correct the name, or take it out",
            )


def _named(settings: "Settings") -> "Iterator[tuple[str, str, str]]":
    """Yield each name that settings have, with its key and its place."""
    for ruling in settings.every_ruling():
        yield ("enable" if ruling.enabled else "disable"), ruling.name, ruling.source.place
    for key in _NAMING:
        for value, source in settings.each(key):
            for name in value if isinstance(value, tuple) else ():
                yield key, name, source.place
