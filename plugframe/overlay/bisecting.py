"""Which plugins make a command fail; ``bisect`` is the main function."""

from dataclasses import dataclass, field

from plugframe.discovery.metadata import normalize
from plugframe.discovery.provenance import Requirers
from plugframe.overlay.folder import overlay
from plugframe.overlay.processes import UNMARKED, Ended, watched
from plugframe.overlay.search import Closures, smallest
from plugframe.overlay.targets import Target, selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from plugframe.discovery.snapshot import Snapshot

    Run = Callable[[frozenset[Target]], tuple[Ended, bool]]

FAILS, PASSES, UNCLEAR = "fails", "passes", "unclear"
_REASON = "left out by plugframe bisect"


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the command with some of the plugins.

    Attributes:
        enabled: those that it had.
        outcome: ``fails``, ``passes`` or ``unclear``: neither a good nor a bad exit code.
        ended: how it ended; of several runs, the first of the worst outcome.
        obeyed: whether a Python process of it left out the others.
        stable: whether all runs had one outcome.
    """

    enabled: frozenset[Target]
    outcome: str
    ended: Ended
    obeyed: bool
    stable: bool


@dataclass(frozen=True, slots=True)
class Exits:
    """What exit codes mean; a signal's is 128 more than its number.

    Attributes:
        good: codes that mean success; none means 0 and nothing else.
        bad: codes that mean failure; none means all that are not good.
    """

    good: frozenset[int] = frozenset()
    bad: frozenset[int] = frozenset()

    def outcome(self, ended: Ended) -> str:
        """Return what an end means; a command whose time was up has failed."""
        if ended.code is None:
            return FAILS
        code = ended.code if ended.code >= 0 else 128 - ended.code
        if code in self.bad:
            return FAILS
        if code in (self.good or {0}):
            return PASSES
        return UNCLEAR if self.bad else FAILS


class Trials:
    """A command, run with one set of plugins after another; each set once.

    Attributes:
        done: what was tried, in order.
    """

    def __init__(self, run: "Run", *, exits: Exits, repeats: int = 1) -> None:
        """Keep what to run.

        Args:
            run: runs the command with some plugins; returns how it ended, and whether it left out the others.
            exits: what its exit codes mean.
            repeats: how often it is run with one set, unless it fails before.
        """
        self._run = run
        self._exits = exits
        self._repeats = repeats
        self._known: dict[frozenset[Target], Trial] = {}
        self.done: list[Trial] = []

    def of(self, enabled: frozenset[Target], *, again: bool = False) -> Trial:
        """Return what becomes of the command with some plugins.

        Args:
            enabled: the plugins of the groups that are not left out.
            again: run it even if that is known.
        """
        if again or enabled not in self._known:
            self._known[enabled] = self._try(enabled)
            self.done.append(self._known[enabled])
        return self._known[enabled]

    def _try(self, enabled: frozenset[Target]) -> Trial:
        tries: list[tuple[str, Ended, bool]] = []
        for _ in range(self._repeats):
            ended, obeyed = self._run(enabled)
            tries.append((self._exits.outcome(ended), ended, obeyed))
            if tries[-1][0] == FAILS:
                break
        worst = min(tries, key=lambda one: (FAILS, UNCLEAR, PASSES).index(one[0]))
        return Trial(enabled, *worst, stable=len({outcome for outcome, *_ in tries}) == 1)


def under_overlays(words: "Sequence[str]", groups: "Iterable[str]", *, seconds: float | None) -> "Run":
    """Return what runs a command with some of the plugins of some groups.

    Args:
        words: the command.
        groups: of which all other plugins are left out.
        seconds: after which it is ended; None means never.
    """
    groups = tuple(groups)

    def run(enabled: frozenset[Target]) -> tuple[Ended, bool]:
        with overlay(selection(enabled, groups, only=True, reason=_REASON)) as made:
            return watched(words, {**made.variables(), **UNMARKED}, seconds=seconds), made.taken_up()

    return run


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a bisection came to.

    Attributes:
        kind: ``found``; ``passes`` with all plugins; ``fails`` without any; ``unclear``: the code with all is neither
            good nor bad; ``deaf``: the command obeys no overlay; ``unstable``: one set fails and does not.
        trial: the one that decided; of what was found, the smallest set that fails.
        culprits: the plugins that together make it fail, sorted.
        needed: those that were there since the culprits require them, sorted.
        others: whether the command fails without the culprits, too: there are more.
    """

    kind: str
    trial: Trial
    culprits: tuple[Target, ...] = ()
    needed: tuple[Target, ...] = ()
    others: bool = False
    trials: "list[Trial]" = field(default_factory=list)


def bisect(
    candidates: "Sequence[Target]", trials: Trials, snapshot: "Snapshot", *, keep: "Sequence[Target]" = ()
) -> Verdict:
    """Find the smallest set of plugins with which a command fails.

    Args:
        candidates: the plugins that are left out and let in.
        trials: the command that fails, to be tried.
        snapshot: the environment; a plugin is never there without those that its distribution requires.
        keep: the plugins that are always there, with those that they require.
    """
    closures = Closures(requirements(candidates, snapshot))
    kept = closures.down(keep)
    free = [target for target in candidates if target not in kept]
    everything = trials.of(frozenset(candidates))
    if everything.outcome != FAILS:
        return Verdict("unclear" if everything.outcome == UNCLEAR else "passes", everything, trials=trials.done)
    nothing = trials.of(kept)
    if not nothing.obeyed:
        return Verdict("deaf", nothing, trials=trials.done)
    if nothing.outcome == FAILS:
        return Verdict("fails", nothing, trials=trials.done)

    def fails(enabled: frozenset[Target]) -> bool:
        return trials.of(enabled | kept).outcome == FAILS

    found = smallest(free, fails, Closures(requirements(free, snapshot)))
    return _verdict(found, trials, closures, kept, frozenset(candidates))


def _verdict(
    found: frozenset[Target],
    trials: Trials,
    closures: "Closures[Target]",
    kept: frozenset[Target],
    candidates: frozenset[Target],
) -> Verdict:
    confirmed = trials.of(found | kept, again=True)
    if confirmed.outcome != FAILS:
        return Verdict("unstable", confirmed, trials=trials.done)
    culprits = closures.tops(found)
    without = closures.without(candidates, culprits) | kept
    others = trials.of(without).outcome == FAILS
    return Verdict("found", confirmed, _sorted(culprits), _sorted(found - culprits), others, trials.done)


def _sorted(some: "Iterable[Target]") -> tuple[Target, ...]:
    return tuple(sorted(some, key=lambda target: target.entry))


def requirements(candidates: "Sequence[Target]", snapshot: "Snapshot") -> dict[Target, frozenset[Target]]:
    """Return for each plugin those whose distributions its own requires, through any others in between."""
    required = _required(snapshot)
    of: dict[str, list[Target]] = {}
    for target in candidates:
        of.setdefault(target.distribution.key, []).append(target)
    reach = Closures({key: frozenset(required.get(key, ())) for key in {*required, *of}})
    return {
        target: frozenset(
            other
            for key in reach.down([target.distribution.key]) - {target.distribution.key}
            for other in of.get(key, ())
        )
        for target in candidates
    }


def _required(snapshot: "Snapshot") -> dict[str, set[str]]:
    """Return what each distribution requires without extras, as normalised names."""
    distributions = snapshot.distributions()
    requirers = Requirers(distributions, snapshot.environment.markers)
    required: dict[str, set[str]] = {distribution.key: set() for distribution in distributions}
    for distribution in distributions:
        for label in requirers.direct(distribution):
            if "[" not in label:  # nothing records which extras were asked for
                required[normalize(label)].add(distribution.key)
    return required
