"""A host's plugins by name, without importing one."""

from _collections_abc import Mapping  # what collections.abc exports, without the cost of importing collections

from plugframe.policy.groups import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.policy.decisions import EntryPointsOf
    from plugframe.policy.locking.admission import Admission
    from plugframe.policy.quarantine.watching import Quarantine
    from plugframe.policy.rules import Judge, Rules
    from plugframe.policy.settings.reading import Given
    from plugframe.policy.settings.values import Settings
    from plugframe.records import EntryPoint, Plugin

    _PluginMapping = Mapping[str, Plugin]
else:
    _PluginMapping = Mapping


class Plugins(_PluginMapping):
    """The plugins of one host in one snapshot of its environment: name to ``Plugin``, sorted by name.

    The names cost one look at the snapshot's rows; the records are made when the first of them is asked for.

    Attributes:
        host: the host's name.
        snapshot: what is installed.
        guard: what ``secure`` returned; None until the records are made, and where the mode is not locked.
    """

    def __init__(
        self,
        host: str,
        snapshot: "Snapshot",
        given: "Given | None" = None,
        required: tuple[str, ...] = (),
        *,
        secure: "Callable[[Admission], object] | None" = None,
    ) -> None:
        """Keep the host's name and what is installed; look at nothing yet.

        Args:
            host: the host's name.
            snapshot: what is installed.
            given: the settings that the application ships.
            required: the plugins that it requires.
            secure: called where the mode is locked, before anybody learns which plugins may run.
        """
        self.host = host
        self.snapshot = snapshot
        self._given = given
        self._required = required
        self._secure = secure
        self.guard: Any = None  # of a room above
        self._settings: Settings | None = None
        self._quarantine: Quarantine | None = None
        self._names: dict[str, None] | None = None
        self._all: tuple[Plugin, ...] | None = None
        self._winners: dict[str, Plugin] = {}
        self._rules: Rules | None = None

    @property
    def settings(self) -> "Settings":
        """What users, project, environment and application say about the plugins, read at its first use."""
        if self._settings is None:
            from plugframe.policy.settings.reading import read_settings

            prefix = self.snapshot.environment.prefix
            self._settings = read_settings(self.host, prefix=prefix, given=self._given, required=self._required)
        return self._settings

    @property
    def quarantine(self) -> "Quarantine":
        """Which plugins ended a process while they were loaded, looked at once, and the marks of loading one."""
        if self._quarantine is None:
            from plugframe.policy.quarantine.watching import Quarantine

            active = self.settings.get("quarantine", default=True) is True
            self._quarantine = Quarantine(self.host, self.snapshot.environment, active=active)
        return self._quarantine

    def everything(self) -> "tuple[Plugin, ...]":
        """Return all, those of a name that another plugin has included, the one that may run first."""
        if self._all is None:
            found = self._decide(self.snapshot.entry_points)
            winners: dict[str, Plugin] = {}
            for plugin in found:
                winners.setdefault(plugin.name, plugin)
            self._winners, self._all = winners, found
        return self._all

    def _decide(self, entry_points: "EntryPointsOf") -> "tuple[Plugin, ...]":
        from plugframe.policy.decisions import plugins
        from plugframe.policy.rules import Rules

        if self._rules is None:
            self._rules = Rules(self.host, self.snapshot, self.settings, further=self._further())
        return plugins(self.host, entry_points, self._rules.judge)

    def _further(self) -> "tuple[Judge, ...]":
        """Return what else decides about plugins."""
        if self.settings.mode != "locked":
            return (self.quarantine.judge,)
        from plugframe.policy.locking.admission import Admission

        admission = Admission(self.host, self.snapshot, self.settings)
        if self._secure is not None:
            self.guard = self._secure(admission)
        return admission.judge, self.quarantine.judge

    def missing(self) -> "tuple[Plugin, ...]":
        """Return a record for each plugin that the host requires and that is not installed."""
        if not self._required and self.settings.says_nothing:
            return ()
        from plugframe.policy.absent import missing

        return missing(self.settings, self.everything())

    def required(self) -> "tuple[Plugin, ...]":
        """Return the plugins without which the host must not go on, those that are missing last; none in safe mode."""
        names = self.settings.required
        if not names or self.settings.safe_mode:
            return ()
        from plugframe.policy.matching import is_named

        meant = [plugin for plugin in self.everything() if is_named(plugin.entry_point, names)]
        running = {plugin.name for plugin in meant if plugin.decision.allowed}
        return (*(one for one in meant if one.decision.allowed or one.name not in running), *self.missing())

    def declared(self, kind: str) -> "tuple[EntryPoint, ...]":
        """Return what the plugins declare of a kind, such as ``classes``, without what belongs to denied ones only.

        What a distribution declares that has several plugins belongs to each of them, unless its name tells.
        """
        from plugframe.policy.rules import DENIED

        entries = self.snapshot.entry_points(f"{self.host}.{kind}")
        denied: set[tuple[str, str]] = set()
        free: set[tuple[str, str]] = set()
        for plugin in self._all or self._decide_among(entries):
            into = denied if plugin.state in DENIED else free
            into.update((plugin.distribution.key, name) for name in plugin.provides.get(kind, ()))
        denied -= free
        return tuple(entry for entry in entries if (entry.distribution.key, entry.name) not in denied)

    def plugin_of(self, name: str, provider: str) -> "Plugin | None":
        """Return the plugin that a name belongs to, such as ``vision.ResNet``, or None.

        Args:
            name: what was declared or registered.
            provider: by whom: the text of an entry point, or of a plugin.
        """
        group = provider.partition(":")[0]
        entries = tuple(entry for entry in self.snapshot.entry_points(group) if str(entry) == provider)
        for plugin in self._decide_among(entries) if self._all is None else self._all:
            if provider == str(plugin):
                return plugin
            is_own = provider.endswith(f" from {plugin.distribution}")
            if is_own and any(name in names for kind, names in plugin.provides.items() if kind != "hooks"):
                return plugin
        return None

    def _decide_among(self, entries: "tuple[EntryPoint, ...]") -> "tuple[Plugin, ...]":
        """Decide about the plugins of some entry points' distributions alone: others do not change what is denied."""
        keys = frozenset(entry.distribution.key for entry in entries)
        return self._decide(lambda group: self.snapshot.entry_points(group, among=keys)) if keys else ()

    def required_by(self, name: str) -> tuple[str, ...]:
        """Return the chain of distributions that pulled a plugin's in; empty when somebody asked for it.

        Raises:
            KeyError: there is no such plugin.
        """
        return self.snapshot.required_by(self[name].distribution)

    def find(self, name: str) -> "Plugin | None":
        """Return the plugin of a name, or None; for that, no records are made."""
        if self._all is None and name not in self._sorted():
            return None
        self.everything()
        return self._winners.get(name)

    def get_plugin(self, name: str) -> "Plugin":
        """Return the plugin of a name.

        Raises:
            PluginNotFoundError: there is none.
        """
        if name in tuple(self):  # by comparison: what is given may be anything
            return self[name]
        from plugframe.errors import PluginNotFoundError, near_matches

        raise PluginNotFoundError(self.host, name, near_matches(str(name), tuple(self)))

    def __getitem__(self, name: str) -> "Plugin":
        self.everything()
        return self._winners[name]

    def _sorted(self) -> dict[str, None]:
        if self._names is None:
            self._names = dict.fromkeys(sorted(names(self.host, self.snapshot)))
        return self._names

    def __iter__(self) -> "Iterator[str]":
        return iter(self._sorted())

    def __len__(self) -> int:
        return len(self._sorted())

    def __contains__(self, name: object) -> bool:
        return name in self._sorted()

    def __repr__(self) -> str:
        return f"<plugins of {self.host}: {', '.join(self) or 'none'}>"
