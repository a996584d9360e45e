"""What distributions need: their requirements, those of these, and so on, as far as they hold in this environment."""

from plugframe.discovery.metadata import normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.requirements import Requirement

    from plugframe.records import Distribution

    Wanted = tuple[str, frozenset[str]]


class Closure:
    """The distributions that some need, themselves included.

    Attributes:
        requires: key to the keys of those that it needs directly, sorted; the keys in the order found.
        gaps: what is needed and not there, or cannot be read, as ``(distribution, requirement, why)``, sorted.
    """

    def __init__(self, installed: "Iterable[Distribution]", markers: "Mapping[str, str] | None" = None) -> None:
        """Begin with none.

        Args:
            installed: all that count in the environment.
            markers: the environment's marker variables (PEP 508) where they are not this process's own.
        """
        self.requires: dict[str, tuple[str, ...]] = {}
        self.gaps: list[tuple[str, str, str]] = []
        self._installed = {distribution.key: distribution for distribution in installed}
        self._markers = dict(markers or {})
        self._extras: dict[str, frozenset[str]] = {}

    def add(self, key: str, extras: "Iterable[str]" = ()) -> None:
        """Add an installed distribution, with extras, and all that it needs."""
        waiting: list[Wanted] = [(key, frozenset(extras))]
        while waiting:
            one, wanted = waiting.pop()
            known = self._extras.get(one)
            if known is not None and wanted <= known:
                continue
            self._extras[one] = wanted | (known or frozenset())
            needs = self._needs(self._installed[one], self._extras[one])
            self.requires[one] = tuple(sorted({needed for needed, _ in needs} - {one}))
            waiting += needs
        self.gaps = sorted(set(self.gaps))

    def _needs(self, distribution: "Distribution", extras: frozenset[str]) -> "list[Wanted]":
        found = []
        for text in distribution.requires:
            requirement = self._read(distribution, text)
            if requirement is None or not self._holds(requirement, extras):
                continue
            key = normalize(requirement.name)
            if key in self._installed:
                found.append((key, frozenset(requirement.extras)))
            else:
                self.gaps.append((str(distribution), text, "it is not installed"))
        return found

    def _read(self, distribution: "Distribution", text: str) -> "Requirement | None":
        from packaging.requirements import InvalidRequirement, Requirement

        try:
            return Requirement(text)
        except (InvalidRequirement, RecursionError) as error:
            reason = str(error).partition("\n")[0][:200]
            self.gaps.append((str(distribution), text[:200], f"it cannot be read: {reason}"))
            return None

    def _holds(self, requirement: "Requirement", extras: frozenset[str]) -> bool:
        marker = requirement.marker
        return marker is None or any(marker.evaluate({**self._markers, "extra": extra}) for extra in ("", *extras))
