"""A row of bars that shows the course of numbers."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

BARS = "▁▂▃▄▅▆▇█"


def draw(numbers: Sequence[float], *, width: int) -> str:
    """Return one bar for each number, or for the mean of neighbours where there are more than ``width``.

    Args:
        numbers: at least one, in order.
        width: the most bars that fit, at least 1.

    Example:
        >>> draw([0, 1, 2, 3, 2, 1, 0], width=20), draw([5, 5], width=20), draw(range(100), width=4)
        ('▁▃▆█▆▃▁', '▁▁', '▁▃▆█')
    """
    heights = shrink(numbers, width)
    lowest = min(heights)
    span = max(heights) - lowest or 1.0
    return "".join(BARS[round((height - lowest) / span * (len(BARS) - 1))] for height in heights)


def shrink(numbers: Sequence[float], most: int) -> Sequence[float]:
    """Return at most so many numbers, each the mean of as many neighbours as any other, give or take one.

    Example:
        >>> shrink([1, 3, 5, 7], 2)
        [2.0, 6.0]
    """
    if len(numbers) <= most:
        return numbers
    edges = [len(numbers) * edge // most for edge in range(most + 1)]
    return [fmean(numbers[start:end]) for start, end in pairwise(edges)]
