"""Why a distribution is installed: the chain of requirements from one that somebody asked for."""

from plugframe.discovery.metadata import normalize
from plugframe.records import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_EXTRA = r"""extra\s*==\s*["']([^"']+)|["']([^"']+)["']\s*==\s*extra"""
_NAME_ENDS = "[(<>=!~ \t@,"


class Requirers:
    """Who requires whom among the distributions of one environment.

    An edge that only an extra gives (``extra == "fast"``) counts less than a plain one, and is shown as ``name[fast]``:
    nothing on disk records which extras were asked for.
    """

    def __init__(self, distributions: "Iterable[Distribution]", markers: dict[str, str] | None = None) -> None:
        """Read the requirements of some distributions.

        Args:
            distributions: all that count in the environment.
            markers: the environment's marker variables (PEP 508) where they are not this process's own.
        """
        self._by_key = {distribution.key: distribution for distribution in distributions}
        self._markers = markers
        self._verdicts: dict[str, str | None] = {}
        self._edges: dict[str, list[tuple[str, str]]] = {}
        split: dict[str, tuple[str, str]] = {}  # distributions mostly require the same things
        for distribution in self._by_key.values():
            for requirement in distribution.requires:
                target, marker = split.get(requirement) or split.setdefault(requirement, _split(requirement))
                if target in self._by_key and target != distribution.key:
                    self._edges.setdefault(target, []).append((distribution.key, marker))

    def direct(self, distribution: Distribution) -> tuple[str, ...]:
        """Return who requires a distribution directly, as ``name`` or ``name[extra]``, sorted."""
        return tuple(sorted({label for _, label, _ in self._steps(distribution.key)}))

    def requiring(self, distribution: Distribution) -> tuple[tuple[str, str, str], ...]:
        """Return who requires a distribution directly, as normalised name, name and extra, sorted.

        The extra is the one without which the requirement does not hold, or empty.
        """
        steps = self._steps(distribution.key)
        found = [(key, self._by_key[key].name, label[len(self._by_key[key].name) + 1 : -1]) for key, label, _ in steps]
        return tuple(sorted(found))

    def required(self, distribution: Distribution) -> tuple[tuple[str, str], ...]:
        """Return what a distribution requires directly, as normalised name and name, sorted.

        What only an extra asks for is left out: nothing on disk tells which extras were asked for.
        """
        found: set[tuple[str, str]] = set()
        for requirement in distribution.requires:
            key, marker = _split(requirement)
            if key and key != distribution.key and self._verdict(marker) == "":
                found.add((key, self._by_key[key].name if key in self._by_key else key.replace("_", "-")))
        return tuple(sorted(found))

    def chain(self, distribution: Distribution) -> tuple[str, ...]:
        """Return the shortest chain of distributions that pulled one in.

        Returns:
            From the one that was asked for (or that nothing requires) to the one that requires ``distribution``; empty
            when somebody asked for it or when nothing requires it.
        """
        if distribution.requested:
            return ()
        best: tuple[str, ...] = ()
        frontier: list[tuple[int, tuple[str, ...], str]] = [(0, (), distribution.key)]
        seen: set[str] = set()
        while frontier:
            frontier.sort()
            weight, chain, key = frontier.pop(0)
            if key in seen:
                continue
            seen.add(key)
            steps = self._steps(key)
            if chain and (self._by_key[key].requested or not steps):
                return chain
            best = max(best, chain, key=len)
            frontier += [
                (weight + 1 + 1000 * by_extra, (label, *chain), requirer) for requirer, label, by_extra in steps
            ]
        return best

    def _steps(self, key: str) -> list[tuple[str, str, bool]]:
        """Return ``(requirer's key, its label, whether only an extra gives the edge)``, plain ones first."""
        steps: dict[str, tuple[str, str, bool]] = {}
        for requirer, marker in self._edges.get(key, ()):
            extra = self._verdict(marker)
            if extra is None or (requirer in steps and not steps[requirer][2]):
                continue
            name = self._by_key[requirer].name
            steps[requirer] = (requirer, f"{name}[{extra}]" if extra else name, bool(extra))
        return sorted(steps.values(), key=lambda step: (step[2], step[1]))

    def _verdict(self, marker: str) -> str | None:
        """Return the extra that a marker needs, an empty string when it holds without one, None when it cannot hold."""
        if not marker:
            return ""
        if marker not in self._verdicts:
            self._verdicts[marker] = self._evaluate(marker)
        return self._verdicts[marker]

    def _evaluate(self, marker: str) -> str | None:
        import re

        from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

        environment = dict(self._markers or {})
        try:
            parsed = Marker(marker)
            if parsed.evaluate({**environment, "extra": ""}):
                return ""
            names = [one or other for one, other in re.findall(_EXTRA, marker)]
            return next((name for name in names if parsed.evaluate({**environment, "extra": name})), None)
        except (InvalidMarker, UndefinedEnvironmentName, ValueError, RecursionError):
            return ""  # An unreadable condition: show the requirer rather than hide it.


def _split(requirement: str) -> tuple[str, str]:
    """Return the normalised name and the marker of a requirement.

    Example:
        >>> _split("Acme.Vision[fast]>=2; python_version < '4'")
        ('acme_vision', "python_version < '4'")
    """
    text, _, marker = requirement.partition(";")
    name = text.strip()
    for end in _NAME_ENDS:
        if end in name:
            name = name.partition(end)[0]
    return normalize(name), marker.strip()
