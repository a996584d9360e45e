"""The plugins that a name on the command line means, and what is said where it means none."""

from plugframe.cli.facts import Facts
from plugframe.cli.programs import step
from plugframe.policy.matching import find_plugins, like
from plugframe.policy.settings.values import spelling
from plugframe.records import Plugin


def select(facts: Facts, name: str, host: str | None) -> tuple[Plugin, ...]:
    """Return the plugins that a name means: of one host, or of every host.

    Args:
        facts: of the environment.
        name: a plugin, an entry point or a distribution, in any spelling; ``DISTRIBUTION:PLUGIN`` for one of several.
        host: None means every host.

    Returns:
        Sorted by host and name.

    Raises:
        UnknownNameError: it means nothing there.
    """
    hosts = facts.hosts() if host is None else [host]
    everything = [plugin for one in hosts for plugin in facts.decided(one, everything=True)]
    found = find_plugins(name, everything)
    if not found:
        from plugframe.errors import UnknownNameError

        raise UnknownNameError(name, _explain(facts, name, host, everything))
    return found


def _explain(facts: Facts, name: str, host: str | None, plugins: list[Plugin]) -> str:
    where = facts.snapshot.environment.prefix
    whose = f"of {host} " if host else ""
    lines = [f"no plugin, entry point or distribution {whose}is named {name!r} in {where}"]
    distribution = facts.snapshot.find(spelling(name))
    if distribution is not None:
        lines = [f"{distribution} is installed in {where}, and has no plugin {whose or 'of any host'}".rstrip()]
    near = like(name, plugins)
    if near:
        lines.append(f"did you mean {' or '.join(near)}?")
    hosts = tuple(facts.hosts())
    if host is not None and host not in hosts and not plugins:
        from plugframe.errors import near_matches

        alike = near_matches(host, hosts)
        hint = f"; did you mean {alike[0]}?" if alike else ""
        lines.append(f"hosts that exist: {', '.join(hosts) or 'none'}{hint}")
    lines.append(f"next: {step('list --all', host or '')}")
    return "\n".join(lines)
