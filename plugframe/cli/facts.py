"""What the commands tell: rows of plain values about plugins, entry points and groups."""

from plugframe.cli.programs import mounted
from plugframe.discovery.snapshot import Environment, Snapshot, current_environment, discover
from plugframe.policy.decisions import plugins
from plugframe.policy.findings import findings
from plugframe.policy.groups import HOSTS, groups
from plugframe.policy.plugins import Plugins
from plugframe.records import Decision, Diagnostic, Distribution, EntryPoint, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Row = dict[str, object]

DEFAULT_HOST = "plugframe"


def environment(python: str | None, *, static: bool) -> Environment:
    """Return the environment that a command's options name.

    Raises:
        EnvironmentNotReadableError: it cannot be found out.
    """
    if python is None and not static:
        return current_environment()
    import sys

    from plugframe.discovery import interpreters

    if python == "":
        from plugframe.errors import EnvironmentNotReadableError

        raise EnvironmentNotReadableError(python, "the name behind --python is empty")
    if static or python is None:
        return interpreters.read(python or sys.prefix)
    return interpreters.ask(python)


class Facts:
    """What can be told of one environment without running anything in it."""

    def __init__(self, where: Environment) -> None:
        """Look at an environment."""
        self.snapshot: Snapshot = discover(where, deep=True)
        self._shadowing: dict[Distribution, str] | None = None
        self._findings = set(self.snapshot.diagnostics())
        self._hosts: dict[str, Plugins] = {}

    @property
    def findings(self) -> list[Diagnostic]:
        """The defects found, those of the hosts that were asked about included, sorted by code and place."""
        return sorted(self._findings, key=lambda found: (found.code, found.path, found.line, found.message))

    def about(self, plugins: "Iterable[Plugin]") -> list[Diagnostic]:
        """Return the findings about the distributions of some plugins, those about settings included."""
        names = {plugin.distribution.name for plugin in plugins} | {""}
        return [found for found in self.findings if found.distribution in names]

    def gaps(self) -> list[Diagnostic]:
        """Return what could not be seen, as diagnostics; not a defect of anything."""
        where = self.snapshot.environment
        effect = "what is listed may not be all"
        fix = "list without --static, or from within that environment"
        return [Diagnostic(code="PF150", message=gap, path=where.prefix, effect=effect, fix=fix) for gap in where.gaps]

    def hosts(self) -> list[str]:
        """Return the names of the environment's hosts, sorted; the default host among them when it has plugins."""
        names = {name for _, name in self.snapshot.names(HOSTS)}
        if any(self.snapshot.names(group) for group in groups(DEFAULT_HOST)):
            names.add(DEFAULT_HOST)
        return sorted(names)

    def of(self, host: str) -> Plugins:
        """Return the plugins of a host, decided about by the settings that count for it."""
        if host not in self._hosts:
            where = mounted()
            given = where.settings if where is not None and where.host == host else None
            self._hosts[host] = Plugins(host, self.snapshot, given=given)
        return self._hosts[host]

    def decided(self, host: str, *, everything: bool) -> tuple[Plugin, ...]:
        """Return the plugins of a host, and those that it requires and lacks, sorted by name.

        Args:
            host: the host's name.
            everything: those that are shadowed or cannot be loaded as declared, too.
        """
        found, settings = self.of(host).everything(), self.of(host).settings
        self._findings |= set(findings(host, found, self.snapshot.entry_points))
        if settings.hosts:
            from plugframe.policy import absent

            own = {group.removesuffix(".plugins") for group in self.snapshot.groups() if group.endswith(".plugins")}
            self._findings |= set(absent.strangers(settings, sorted({*self.hosts(), *own, host})))
        if not settings.says_nothing:
            known = [plugin for name in {*self.hosts(), host} for plugin in self.of(name).everything()]
            from plugframe.policy import absent

            installed = [distribution.key for distribution in self.snapshot.distributions()]
            self._findings |= set(absent.findings(settings, known, installed))
        found = (*found, *self.of(host).missing(), *(self._shadowed(host) if everything else ()))
        kept = [plugin for plugin in found if everything or plugin.state not in ("shadowed", "broken")]
        return tuple(sorted(kept, key=lambda plugin: plugin.name))

    def plugins(self, host: str, *, everything: bool) -> "list[Row]":
        """Return a row for each plugin of a host, as ``decided`` returns them."""
        return [self.row(plugin) for plugin in self.decided(host, everything=everything)]

    def _shadowed(self, host: str) -> "Iterable[Plugin]":
        for plugin in plugins(host, lambda group: self.snapshot.entry_points(group, shadowed=True)):
            decision = Decision(state="shadowed", reason=self._why_shadowed(plugin.entry_point))
            yield plugin.replace(decision=decision)

    def _why_shadowed(self, entry: EntryPoint) -> str:
        if self._shadowing is None:
            self._shadowing = dict(self.snapshot.shadowed())
        return self._shadowing[entry.distribution]

    def entries(self, group: str, *, everything: bool) -> "list[Row]":
        """Return a row for each entry point of a group, sorted by name; ``everything`` as in ``plugins``."""
        decided = [
            (entry, Decision(state="broken" if entry.problem else "available", reason=entry.problem or ""))
            for entry in self.snapshot.entry_points(group)
        ]
        if everything:
            decided += [
                (entry, Decision(state="shadowed", reason=self._why_shadowed(entry)))
                for entry in self.snapshot.entry_points(group, shadowed=True)
            ]
        found = [self._entry_row(*pair) for pair in decided if everything or pair[1].allowed]
        return sorted(found, key=lambda row: (str(row["name"]), str(row["distribution"])))

    def groups(self) -> "list[Row]":
        """Return a row for each group of the environment: its name and how many entries and distributions it has."""
        rows: list[Row] = []
        for group, count in self.snapshot.groups().items():
            places = {place for place, _ in self.snapshot.names(group)}
            rows.append({"group": group, "entries": count, "distributions": len(places)})
        return rows

    def row(self, plugin: Plugin) -> "Row":
        """Return what a listing tells of a plugin."""
        return {
            "host": plugin.host,
            **self._entry_row(plugin.entry_point, plugin.decision),
            "provides": {kind: list(names) for kind, names in plugin.provides.items()},
        }

    def _entry_row(self, entry: EntryPoint, decision: Decision) -> "Row":
        distribution = entry.distribution
        return {
            "group": entry.group,
            "name": entry.name,
            "value": entry.value,
            "module": entry.module,
            "attribute": entry.attribute,
            "extras": list(entry.extras),
            "distribution": distribution.name,
            "version": distribution.version,
            "state": decision.state,
            "reason": decision.reason,
            "location": distribution.location,
            "metadata": distribution.metadata_path,
            "origin": distribution.origin,
            "url": distribution.url,
            "requested": distribution.requested,
            "required_by": list(self.snapshot.required_by(distribution)),
        }
