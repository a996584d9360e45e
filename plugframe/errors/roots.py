"""The roots of all errors and warnings, and what near names are."""


class PlugframeError(Exception):
    """Something in plugframe failed; the root of all its errors."""


class PlugframeWarning(UserWarning):
    """Something in plugframe deserves attention; the root of all its warnings."""


def near_matches(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return up to three known names that are like a name, best first.

    At most every third character may be missing, surplus, another one, or changed places with its neighbour.

    Example:
        >>> near_matches("visoin", ("vision", "audio", "visions"))
        ('vision', 'visions')
    """
    folded = name.lower()
    most = max(min(1, len(folded) - 1), len(folded) // 3)
    unique = {other.lower(): other for other in reversed(known)}.values()
    alike = [other for other in reversed(tuple(unique)) if abs(len(other) - len(folded)) <= most]
    ranked = sorted((_distance(folded, other.lower()), position, other) for position, other in enumerate(alike))
    return tuple(other for distance, _, other in ranked if distance <= most)[:3]


def _distance(one: str, other: str) -> int:
    """Return the edit distance of two words, exchanged neighbours counting as one (optimal string alignment).

    Written out, since importing difflib for every attribute that somebody probes for would cost more than the probe.
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one):
        row = [i + 1]
        for j, b in enumerate(other):
            row.append(min(above[j + 1] + 1, row[j] + 1, above[j] + (a != b)))
            if before and j and a == other[j - 1] and b == one[i - 1]:
                row[-1] = min(row[-1], before[j - 1] + 1)
        before, above = above, row
    return above[-1]


def either(names: tuple[str, ...]) -> str:
    """Return names as a person reads a choice: ``'vision' or 'visions'``."""
    return " or ".join(map(repr, names))
