"""Whether a plugin was made for the host's version: its distribution's requirement on the host's distribution."""

from plugframe.discovery.metadata import normalize
from plugframe.policy.groups import HOSTS
from plugframe.records import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from plugframe.discovery.snapshot import Snapshot

_NAME_ENDS = "[(<>=!~;@ \t"


def host_distribution(host: str, snapshot: "Snapshot") -> Distribution | None:
    """Return the distribution that a host is part of, or None where nobody can tell.

    The one that declares the host in the group ``plugframe.hosts``, or else the one of the host's name.
    """
    declared = [place for place, name in snapshot.names(HOSTS) if name == host]
    if declared:
        return min(map(snapshot.distribution_at, declared), key=lambda distribution: distribution.key)
    return snapshot.find(normalize(host))


class Compatibility:
    """What the plugins of a host require of the distribution that the host is part of."""

    def __init__(self, host: Distribution, markers: dict[str, str] | None = None) -> None:
        """Keep the host's distribution, and marker variables (PEP 508) that differ from this process's own."""
        self.host = host
        self._markers = markers
        self._known: dict[str, bool] = {}

    def problem(self, distribution: Distribution) -> str:
        """Return which requirement the installed host does not meet, one sentence; empty if it meets all."""
        for requirement in distribution.requires:
            met = self._known.get(requirement)  # distributions mostly require the same things
            if met is None:
                met = self._known[requirement] = self._is_met(requirement)
            if not met:
                return f"{distribution} requires {requirement.strip()}, and {self.host} is installed"
        return ""

    def _is_met(self, requirement: str) -> bool:
        if not _may_name(requirement, self.host.key):
            return True
        quick = _is_met_quickly(requirement, self.host.version)
        return self._ask(requirement) if quick is None else quick

    def _ask(self, requirement: str) -> bool:
        """Return whether a requirement that nothing simpler understands is met; one that nobody can read is."""
        from packaging.requirements import InvalidRequirement, Requirement
        from packaging.version import InvalidVersion

        try:
            parsed = Requirement(requirement)
            applies = parsed.marker is None or parsed.marker.evaluate({**(self._markers or {}), "extra": ""})
            return not applies or parsed.specifier.contains(self.host.version, prereleases=True)
        except (InvalidRequirement, InvalidVersion, ValueError, RecursionError):
            return True


def _may_name(requirement: str, key: str) -> bool:
    """Return whether a requirement is one on a distribution; without splitting most of those that are not."""
    if requirement[:1].lower() != key[:1]:
        return False
    name = requirement
    for end in _NAME_ENDS:
        name = name.partition(end)[0]
    return normalize(name.strip()) == key


def _is_met_quickly(requirement: str, version: str) -> bool | None:
    """Return whether a requirement is met where all versions are plain numbers, and None anywhere else.

    Importing what knows all of PEP 440 takes longer than deciding about five hundred plugins.
    """
    start = next((place for place, character in enumerate(requirement) if character in "<>=!"), len(requirement))
    release = _release(version)
    if release is None or any(character in requirement for character in "[;@*~("):
        return None
    verdicts = []
    for clause in map(str.strip, filter(None, requirement[start:].split(","))):
        operator = clause[:2] if clause[1:2] == "=" else clause[:1]
        wanted = _release(clause[len(operator) :].strip())
        if wanted is None or operator not in _COMPARE:
            return None
        verdicts.append(_COMPARE[operator](_padded(release, wanted), _padded(wanted, release)))
    return all(verdicts)


def _release(version: str) -> tuple[int, ...] | None:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else None


def _padded(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return one + (0,) * (len(other) - len(one))


_COMPARE: "dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]" = {
    ">=": lambda have, wanted: have >= wanted,
    "<=": lambda have, wanted: have <= wanted,
    "==": lambda have, wanted: have == wanted,
    "!=": lambda have, wanted: have != wanted,
    ">": lambda have, wanted: have > wanted,
    "<": lambda have, wanted: have < wanted,
}
