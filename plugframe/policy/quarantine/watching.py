"""Which plugins are quarantined, and the marks around loading one.

``Quarantine`` is the main class. A plugin is quarantined while there is a mark of it that a process left, bound to what
is installed now: an upgrade, and clearing, let it be tried once more.
"""

import os
import time
from _thread import _local  # the local of threading, without the cost of importing it

from plugframe.policy.quarantine.folder import folder
from plugframe.policy.quarantine.marks import INTERRUPTED, LOADING, Held, Mark, find, place, remove
from plugframe.records import Decision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from plugframe.discovery.snapshot import Environment
    from plugframe.records import EntryPoint, Plugin

PATIENCE = 1.0  # seconds; who interrupts earlier did not wait for the plugin
INTERRUPTIONS = 2  # in a row, each after that time, count as a plugin that hangs
_loading = _local()  # of each thread, the file name of the mark of what it is loading


class Quarantine:
    """What the processes that loaded a host's plugins came to."""

    def __init__(
        self, host: str, environment: "Environment", *, active: bool = True, patience: float = PATIENCE
    ) -> None:
        """Look at nothing yet.

        Args:
            host: the host's name.
            environment: where its plugins are installed.
            active: whether plugins are quarantined and marked at all.
            patience: how long a plugin must have been loading, in seconds, for its interruption to count.
        """
        self.host = host
        self.patience = patience
        self._active = active
        self._environment = environment
        self._known: dict[str, list[Mark]] | None = None

    def marks_of(self, plugin: str) -> "list[Mark]":
        """Return the marks that ended processes left of a plugin, whatever is installed now."""
        if self._known is None:
            known: dict[str, list[Mark]] = {}
            found, problems = find() if self._active else ([], {})
            for mark in found:
                if not mark.alive and mark.host == self.host and mark.environment == self._environment.key:
                    known.setdefault(mark.plugin, []).append(mark)
            self._known = known
            _warn(problems)
        return self._known.get(plugin, [])

    def reason(self, entry: "EntryPoint") -> str:
        """Return why a plugin is quarantined; an empty string when it is not.

        Args:
            entry: the plugin's entry point, as it is installed now.
        """
        marks = self.marks_of(entry.name)
        current = self.current(marks, entry)
        ended = [mark for mark in current if not mark.interrupted]
        if not ended and len(current) < INTERRUPTIONS:
            return ""
        return _told(ended or current, self._others(ended))

    def current(self, marks: "Iterable[Mark]", entry: "EntryPoint") -> "list[Mark]":
        """Return those of a plugin's marks that are of what is installed now."""
        own = [mark for mark in marks if _is_of(mark, entry)]
        if not own:
            return []
        from plugframe.policy.quarantine.digests import digest_of

        now = digest_of(entry, self._environment.path)
        return [mark for mark in own if mark.digest == now]

    def _others(self, marks: "list[Mark]") -> list[str]:
        """Return the plugins that other threads of the same processes were loading."""
        pids = {mark.pid for mark in marks}
        names = {mark.plugin for several in (self._known or {}).values() for mark in several if mark.pid in pids}
        return sorted(names - {mark.plugin for mark in marks})

    def judge(self, entry: "EntryPoint") -> Decision | None:
        """Return the decision that a plugin is quarantined, or None."""
        reason = self.reason(entry)
        return Decision(state="quarantined", reason=reason) if reason else None

    def watch(self, plugin: "Plugin") -> "Watching":
        """Return what keeps a mark while a plugin is loaded, as a context manager."""
        return Watching(self, plugin)

    def mark(self, plugin: "Plugin", outer: str, *, ending: str) -> "Held | None":
        """Make a mark of a plugin; None where there shall be none, or it cannot be written."""
        where = folder() if self._active else None
        if where is None:
            return None
        from plugframe.policy.quarantine.digests import digest_of

        entry, environment = plugin.entry_point, self._environment
        facts = {
            "host": self.host,
            "plugin": plugin.name,
            "distribution": plugin.distribution.name,
            "version": plugin.distribution.version,
            "value": entry.value,
            "digest": digest_of(entry, environment.path),
            "environment": environment.key,
            "outer": outer,
        }
        return place(where, facts, ending=ending)

    def forget(self, plugin: str) -> None:
        """Delete the marks that were left of a plugin: it came back from being loaded."""
        for mark in self.marks_of(plugin):
            remove(mark.path)
        if self._known is not None:
            self._known.pop(plugin, None)


class Watching:
    """A mark of a plugin that is there while the plugin is loaded.

    It stays where the process ends; where the user interrupts the loading, another takes its place.
    """

    __slots__ = ("_held", "_outer", "_plugin", "_quarantine", "_since")

    def __init__(self, quarantine: Quarantine, plugin: "Plugin") -> None:
        self._quarantine = quarantine
        self._plugin = plugin
        self._held: Held | None = None
        self._outer = ""
        self._since = 0.0

    def __enter__(self) -> None:
        self._outer = getattr(_loading, "mark", "")
        self._held = self._quarantine.mark(self._plugin, self._outer, ending=LOADING)
        if self._held is not None:
            _loading.mark = os.path.basename(self._held.path)
        self._since = time.monotonic()

    def __exit__(
        self, kind: "type[BaseException] | None", error: BaseException | None, raised: "TracebackType | None"
    ) -> None:
        _loading.mark = self._outer
        if self._held is None:
            return
        self._held.lift()
        if kind is None or not issubclass(kind, KeyboardInterrupt):
            self._quarantine.forget(self._plugin.name)
        elif time.monotonic() - self._since >= self._quarantine.patience:
            left = self._quarantine.mark(self._plugin, self._outer, ending=INTERRUPTED)
            if left is not None:
                left.release()


def _is_of(mark: Mark, entry: "EntryPoint") -> bool:
    """Return whether a mark is of a plugin as it is installed now, as far as its metadata tells."""
    distribution = entry.distribution
    is_same = (mark.plugin, mark.distribution, mark.version) == (entry.name, distribution.name, distribution.version)
    return is_same and mark.value == entry.value


def _told(marks: "list[Mark]", others: "list[str]") -> str:
    last = max(marks, key=lambda mark: mark.since)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(last.since))
    if last.interrupted:
        what = f"loading it was interrupted {len(marks)} times in a row, last on {when}"
    else:
        what = f"process {last.pid} ended while loading it, on {when}: it crashed, exited or was killed"
        what += f"; it was loading {', '.join(others)} too" if others else ""
    return f"{what}. It is tried again after an upgrade, or after plugframe quarantine clear {last.plugin}"


def _warn(problems: "dict[str, str]") -> None:
    if problems:
        from logging import getLogger

        for path, problem in problems.items():
            getLogger("plugframe.quarantine").warning("nobody is quarantined by %s: it %s", path, problem)
