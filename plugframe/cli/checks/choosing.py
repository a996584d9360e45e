"""Which findings a check is about: those of some codes, and of some distributions."""

import re

import click

from plugframe.cli.programs import step
from plugframe.discovery.metadata import normalize
from plugframe.errors import near_matches
from plugframe.policy.matching import find_plugins
from plugframe.policy.quarantine import marks
from plugframe.records import Diagnostic, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from plugframe.cli.facts import Facts

_CODE = re.compile(r"PF[0-9]{0,3}", re.ASCII | re.IGNORECASE)


def codes(written: "Iterable[str]") -> tuple[str, ...]:
    """Return codes and beginnings of codes, of options such as ``--select PF1,PF201``.

    Raises:
        UsageError: one cannot be a code.
    """
    found = tuple(part.strip().upper() for one in written for part in one.split(",") if part.strip())
    for code in found:
        if not _CODE.fullmatch(code):
            message = f"{code!r} is no code, such as PF101, nor the beginning of one, such as PF1"
            raise click.UsageError(message)
    return found


def chosen(
    findings: "Iterable[Diagnostic]", *, select: tuple[str, ...], ignore: tuple[str, ...]
) -> tuple[Diagnostic, ...]:
    """Return findings by their codes: those of ``select``, or all where it is empty, without those of ``ignore``.

    Where a finding is of both, the longer beginning counts.
    """
    return tuple(one for one in findings if _longest(one.code, select or ("",)) > _longest(one.code, ignore))


def _longest(code: str, beginnings: tuple[str, ...]) -> int:
    """Return the length of the longest of some beginnings that a code has; -1 if it has none."""
    return max((len(beginning) for beginning in beginnings if code.startswith(beginning)), default=-1)


def ensure_host(facts: "Facts", host: str) -> None:
    """Raise if nothing knows a host.

    Raises:
        UsageError: no distribution declares it or has plugins of it.
    """
    known = {*facts.hosts(), *(group.rpartition(".")[0] for group in facts.snapshot.groups())}
    if host not in known:
        near = near_matches(host, tuple(known))
        hint = f"did you mean {' or '.join(near)}?" if near else f"next: {step('list --groups')}"
        message = f"there is no host {host!r}, and there are no plugins of it; {hint}"
        raise click.UsageError(message)


def plugins_of(facts: "Facts", host: str | None) -> tuple[Plugin, ...]:
    """Return the plugins of one host or of all, those that lost their name included."""
    hosts = facts.hosts() if host is None else [host]
    return tuple(plugin for name in hosts for plugin in facts.of(name).everything())


def owners(facts: "Facts", plugins: tuple[Plugin, ...], name: str) -> frozenset[str]:
    """Return the normalised names of the distributions that a name means: of its plugins, or the distribution itself.

    Raises:
        UsageError: nothing is called so.
    """
    keys = {plugin.distribution.key for plugin in find_plugins(name, plugins)}
    installed = {distribution.key: distribution.name for distribution in facts.snapshot.distributions()}
    keys |= {normalize(name)} & set(installed)
    if not keys:
        near = near_matches(name, (*(plugin.name for plugin in plugins), *installed.values()))
        hint = f"did you mean {' or '.join(near)}?" if near else f"next: {step('list --all')}"
        message = f"no plugin and no distribution is called {name!r}; {hint}"
        raise click.UsageError(message)
    return frozenset(keys)


def quarantined(plugins: "Iterable[Plugin]") -> "list[Diagnostic]":
    """Return the plugins that ended a process, and the marks that cannot be read, as findings."""
    found = [
        Diagnostic(
            code="PF195",
            message=f"plugin {plugin.name!r} of {plugin.host} is quarantined: {plugin.decision.reason}",
            path=plugin.distribution.metadata_path,
            distribution=plugin.distribution.name,
            effect="it is not loaded",
            fix=f"upgrade {plugin.distribution.name}, or {step(f'quarantine clear {plugin.name}')}",
        )
        for plugin in plugins
        if plugin.state == "quarantined"
    ]
    return found + [
        Diagnostic(
            code="PF196",
            message=f"a mark of a plugin that was being loaded cannot be used: it {problem}",
            path=path,
            effect="it quarantines nobody",
            fix=f"{step('quarantine clear --all')} deletes it",
        )
        for path, problem in marks.find()[1].items()
    ]
