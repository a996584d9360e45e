"""Several copies of one distribution on one path: which one counts, and what to say about the others."""

import os

from plugframe.records import Diagnostic, Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Place = tuple[int, int]


def rank(places: "list[Place]", distribution: "Callable[[Place], Distribution]") -> "list[Place]":
    """Return the places of one distribution's copies, the one that counts first.

    A copy with metadata goes before one without (an interrupted uninstallation leaves an empty folder), an earlier
    path entry before a later one, and within one folder the higher version before the lower.

    Args:
        places: ``(position of the path entry, position in the folder)``, in that order.
        distribution: returns a place's record.
    """
    from packaging.version import Version

    def version(place: "Place") -> Version:
        try:
            return Version(distribution(place).version)
        except ValueError:  # no version, or one with more digits than Python takes for a number
            return Version("0.dev0")

    highest_first = sorted(places, key=version, reverse=True)
    return sorted(highest_first, key=lambda place: (not distribution(place).has_metadata, place[0]))


def reason(loser: Distribution, winner: Distribution) -> str:
    """Return why one copy does not count."""
    if not loser.has_metadata and winner.has_metadata:
        return f"it has no metadata; {winner} in {winner.location} counts"
    if loser.location == winner.location:
        higher = " with the higher version" if loser.version != winner.version else ""
        return f"{winner} ({os.path.basename(winner.metadata_path)}) lies in the same folder{higher}"
    return f"{winner} in {winner.location} comes earlier on the path"


def diagnose(pairs: "Iterable[tuple[Distribution, Distribution]]") -> "Iterator[Diagnostic]":
    """Yield a diagnostic for each ``(loser, winner)`` that are not one and the same folder by two paths."""
    for loser, winner in pairs:
        if _is_same(loser.metadata_path, winner.metadata_path):
            continue
        together = loser.location == winner.location
        yield Diagnostic(
            code="PF120" if together else "PF121",
            message=("a second copy in one folder: " if together else "shadowed: ") + reason(loser, winner),
            path=loser.metadata_path,
            distribution=loser.name,
            effect="its entry points do not count",
            fix=f"delete the stale folder, or reinstall {winner.name}" if together else "uninstall one of the two",
        )


def _is_same(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):
        return False
