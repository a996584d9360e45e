"""A host's plugins by name, without importing one."""

from _collections_abc import Mapping  # what collections.abc exports, without the cost of importing collections

from plugframe.policy.groups import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.records import Plugin

    _PluginMapping = Mapping[str, Plugin]
else:
    _PluginMapping = Mapping


class Plugins(_PluginMapping):
    """The plugins of one host in one snapshot of its environment: name to ``Plugin``, sorted by name.

    The names cost one look at the snapshot's rows; the records are made when the first of them is asked for.
    """

    def __init__(self, host: str, snapshot: "Snapshot") -> None:
        """Keep the host's name and what is installed; look at nothing yet."""
        self.host = host
        self.snapshot = snapshot
        self._names: dict[str, None] | None = None
        self._all: tuple[Plugin, ...] | None = None
        self._winners: dict[str, Plugin] = {}

    def everything(self) -> "tuple[Plugin, ...]":
        """Return all, those of a name that another plugin has included, the one that may run first."""
        if self._all is None:
            from plugframe.policy.decisions import plugins

            found = plugins(self.host, self.snapshot.entry_points)
            winners: dict[str, Plugin] = {}
            for plugin in found:
                winners.setdefault(plugin.name, plugin)
            self._winners, self._all = winners, found
        return self._all

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
