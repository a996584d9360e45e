"""What settings and the environment say against a plugin; ``Rules.judge`` is the main function."""

import time

from plugframe.policy.compatibility import Compatibility, host_distribution
from plugframe.policy.matching import is_named, spellings
from plugframe.policy.overlays import judge_here
from plugframe.policy.settings.variables import SAFE_MODE
from plugframe.records import Decision, Distribution, EntryPoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.policy.settings.values import Ruling, Settings

    Judge = Callable[[EntryPoint], Decision | None]

DENIED = frozenset(("disabled", "blocked", "incompatible", "quarantined", "missing"))
"""The states in which nothing that a plugin declares can be reached, be it declared apart from the plugin."""


class Rules:
    """Decides about each plugin of one host in one snapshot, before anything of it is imported.

    A decision of one rule is not undone by another: of several that speak against a plugin, the first is told.
    """

    def __init__(
        self, host: str, snapshot: "Snapshot", settings: "Settings", *, further: "Iterable[Judge]" = ()
    ) -> None:
        """Keep what decides.

        Args:
            host: the host's name.
            snapshot: what is installed.
            settings: what counts for the host.
            further: asked last, in order: each returns a decision that denies, or None.
        """
        self._snapshot = snapshot
        self._settings = settings
        own = host_distribution(host, snapshot)
        self._own = own
        self._compatibility = Compatibility(own, snapshot.environment.markers) if own is not None else None
        self._today = time.strftime("%Y-%m-%d")
        self._host = host
        general = [] if settings.says_nothing else [self._general, self._ruling, self._mode]
        overlay = judge_here()
        self._rules: list[Judge] = [*([overlay] if overlay else ()), *general, self._incompatible, *further]

    def judge(self, entry: EntryPoint) -> Decision | None:
        """Return what was decided about a plugin, or None where nothing speaks against it or needs saying."""
        said = None
        for rule in self._rules:
            decision = rule(entry)
            if decision is not None:
                if not decision.allowed:
                    return decision
                said = decision
        return said

    def _general(self, _: EntryPoint) -> Decision | None:
        settings = self._settings
        if settings.safe_mode:
            return Decision(state="blocked", reason=settings.safe_mode, next_step=f"unset {SAFE_MODE}")
        if settings.problems:
            problem = settings.problems[0]
            reason = f"settings that may disable it cannot be used: {problem.place}: {problem.reason}"
            return Decision(state="blocked", reason=reason, next_step=problem.next_step)
        return None

    def _ruling(self, entry: EntryPoint) -> Decision | None:
        ended = ""
        for ruling in self._settings.rulings(*spellings(entry)):
            if ruling.has_ended(self._today):
                ended = ended or ("" if ruling.enabled else f"no more {ruling}; that day has come")
            elif ruling.enabled:
                return Decision(state="available", reason=str(ruling))
            else:
                return Decision(state="disabled", reason=ruling.told, next_step=self._enable(entry, ruling))
        return Decision(state="available", reason=ended) if ended else None

    def _enable(self, entry: EntryPoint, ruling: "Ruling") -> str:
        if ruling.source.scope == "variables":
            return f"take {ruling.name} out of {ruling.source}"
        return f"plugframe enable {quoted(entry.name)} --host {self._host}"

    def _mode(self, entry: EntryPoint) -> Decision | None:
        settings = self._settings
        if settings.mode not in ("direct", "allow-list") or is_named(entry, settings.names("allow")):
            return None
        came = "the list lacks it" if settings.mode == "allow-list" else self._came_along(entry.distribution)
        if not came:
            return None
        (_, where), *_ = settings.each("mode")
        reason = f"the mode is {settings.mode} in {where}, and {came}"
        return Decision(
            state="blocked", reason=reason, next_step=f"add {entry.distribution.name!r} to allow in settings"
        )

    def _came_along(self, distribution: Distribution) -> str:
        """Return how a distribution was installed without being asked for; empty if somebody asked for it."""
        if distribution.requested or (self._own is not None and distribution.key == self._own.key):
            return ""
        chain = self._snapshot.required_by(distribution)
        if chain:
            sure = "came" if distribution.requested is False else "may have come"
            return f"{distribution} {sure} along as a dependency of {' > '.join(chain)}"
        return f"nobody asked for {distribution}" if distribution.requested is False else ""

    def _incompatible(self, entry: EntryPoint) -> Decision | None:
        if self._compatibility is None or entry.distribution.key == self._compatibility.host.key:
            return None
        problem = self._compatibility.problem(entry.distribution)
        if not problem:
            return None
        if is_named(entry, self._settings.names("override-incompatible")):
            return Decision(state="available", reason=f"{problem}; override-incompatible lets it run")
        name = entry.distribution.name
        upgrade = f"pip install --upgrade {name} {self._compatibility.host.name}"
        advice = f"{upgrade}   (or: name {name!r} in override-incompatible)"
        return Decision(state="incompatible", reason=problem, next_step=advice)


def quoted(name: str) -> str:
    """Return a name as it is typed in a shell."""
    if name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return name
    import shlex

    return shlex.quote(name)
