"""The plugins of some hosts, and what they need, to a lock. Reads files, runs none.

``make`` is the room's main function.
"""

from plugframe.policy.decisions import plugins
from plugframe.policy.groups import HOSTS, groups
from plugframe.policy.locking.modules import Modules
from plugframe.policy.locking.observed.closure import Closure
from plugframe.policy.locking.observed.inventory import claims, take
from plugframe.policy.locking.values import Lock, LockedDistribution
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.policy.locking.observed.inventory import Watch
    from plugframe.records import Distribution


class Made(Record):
    """A lock, and what is to be said of how it was made.

    Attributes:
        lock: whatever could be locked.
        refused: the distributions that could not, each with the reason; a lock with such is not to be used.
        gaps: what is needed and not there, or cannot be read, as ``(distribution, requirement, why)``.
        disagreements: where RECORDs and what is there differ, as ``(distribution, path, what is wrong)``.
    """

    __slots__ = ("lock", "refused", "gaps", "disagreements")

    lock: Lock
    refused: "tuple[tuple[Distribution, str], ...]"
    gaps: tuple[tuple[str, str, str], ...]
    disagreements: tuple[tuple[str, str, str], ...]

    def __init__(
        self,
        *,
        lock: Lock,
        refused: "tuple[tuple[Distribution, str], ...]",
        gaps: tuple[tuple[str, str, str], ...],
        disagreements: tuple[tuple[str, str, str], ...],
    ) -> None:
        self._fill(lock, refused, gaps, disagreements)


def make(
    snapshot: "Snapshot",
    hosts: "Sequence[str]",
    *,
    editable: bool = False,
    only: "Collection[str] | None" = None,
    watch: "Watch" = lambda _path, _size: None,
) -> Made:
    """Return the lock of what is installed.

    Args:
        snapshot: what is installed.
        hosts: whose plugins are locked, with their own distributions and all that any of them needs.
        editable: take editable installs too, whose modules cannot be locked.
        only: the keys of the distributions to look at; None means all.
        watch: called with the path and the size of each file that was read.
    """
    needed = close(snapshot, hosts)
    work = _Work(snapshot, editable=editable, watch=watch)
    hosts_own = {entry.distribution.key for entry in snapshot.entry_points(HOSTS) if entry.name in hosts}
    locked: dict[str, LockedDistribution] = {}
    refused: list[tuple[Distribution, str]] = []
    gaps = list(needed.gaps)
    for key in sorted(needed.requires):
        if only is not None and key not in only:
            continue
        distribution = work.installed[key]
        try:
            locked[key] = work.lock(distribution, needed.requires[key])
        except ValueError as error:
            if key in hosts_own:  # What runs the host's own code is not for the host to check.
                gaps.append((str(distribution), distribution.name, f"it is the host's own, and is left out: {error}"))
            else:
                refused.append((distribution, str(error)))
    lock = Lock(python=snapshot.environment.cache_tag, hosts=tuple(sorted(hosts)), distributions=locked)
    if only is None:  # else the modules of others are not here
        gaps += _strays(lock)
    return Made(lock=lock, refused=tuple(refused), gaps=tuple(gaps), disagreements=tuple(work.disagreements))


def _strays(lock: Lock) -> "Iterator[tuple[str, str, str]]":
    """Yield the modules that entry points name and that are in no locked file: RECORD does not have all files."""
    modules = Modules(lock, {})
    for distribution in lock.distributions.values():
        for host in () if distribution.editable else lock.hosts:
            declared = [(group, value) for group in groups(host) for value in _values(distribution, group)]
            module = modules.stray(declared, f"{host}.libraries")
            if module:
                reason = "an entry point names it, and no file that RECORD lists is it, so that it may not run locked"
                yield str(distribution), f"the module {module}", reason


def _values(distribution: LockedDistribution, group: str) -> "tuple[str, ...]":
    return tuple(distribution.entry_points.get(group, {}).values())


class _Work:
    """Locks distributions one by one, and keeps what their RECORDs say otherwise."""

    def __init__(self, snapshot: "Snapshot", *, editable: bool, watch: "Watch") -> None:
        self.installed = {distribution.key: distribution for distribution in snapshot.distributions()}
        self.disagreements: list[tuple[str, str, str]] = []
        self._editable = editable
        self._watch = watch
        self._entry_points = _entry_points(snapshot)
        self._claims: frozenset[str] | None = None

    def lock(self, distribution: "Distribution", requires: tuple[str, ...]) -> LockedDistribution:
        """Return what is there of a distribution.

        Raises:
            ValueError: it cannot be locked.
        """
        editable = distribution.origin == "editable"
        if editable and not self._editable:
            message = f"it is an editable install of {distribution.url}, whose modules change at any time"
            raise ValueError(message)
        found = take(distribution, self._others, self._watch)
        self.disagreements += [(str(distribution), path, wrong) for path, wrong in found.disagreements]
        return LockedDistribution(
            name=distribution.name,
            version=distribution.version,
            editable=editable,
            requires=requires,
            entry_points=self._entry_points.get(distribution.key, {}),
            record=found.record,
            files=found.files,
        )

    def _others(self) -> frozenset[str]:
        if self._claims is None:
            self._claims = claims(self.installed.values())
        return self._claims


def close(snapshot: "Snapshot", hosts: "Iterable[str]") -> Closure:
    """Return what the plugins of some hosts need, and the hosts' own distributions."""
    needed = Closure(snapshot.distributions(), snapshot.environment.markers)
    for host in hosts:
        for plugin in plugins(host, snapshot.entry_points):
            needed.add(plugin.distribution.key, plugin.entry_point.extras)
    for entry in snapshot.entry_points(HOSTS):
        if entry.name in hosts:
            needed.add(entry.distribution.key)
    return needed


def upgrade(old: Lock, made: Made, keys: "Collection[str]") -> Lock:
    """Return a lock in which some distributions, and what they need and it lacks, are as they are now."""
    changed = {key for name in keys for key in made.lock.closure(name) if name == key or key not in old.distributions}
    new = {key: one for key, one in made.lock.distributions.items() if key in changed}
    return old.replace(distributions=dict(sorted({**old.distributions, **new}.items())))


def _entry_points(snapshot: "Snapshot") -> dict[str, dict[str, dict[str, str]]]:
    """Return what each distribution declares: its key to group to name to value; of one name, the first counts."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for entry in snapshot.entry_points():
        found.setdefault(entry.distribution.key, {}).setdefault(entry.group, {}).setdefault(entry.name, entry.value)
    return found
