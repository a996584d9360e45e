"""Shows how the numbers of a column are spread, counted by a library in C.

The library is loaded when the first column with enough numbers is described.
"""

import math
from array import array
from typing import TYPE_CHECKING, Protocol, cast

from skimtable import hookimpl, host

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plugframe

BARS = " ▁▂▃▄▅▆▇█"
FEWEST_NUMBERS = 5
LABEL = "spread "


class Histogram(Protocol):
    """What the library's class is to Python."""

    def add(self, values: "array[float]") -> int:
        """Count values; return how many were in the range."""
        ...

    def counts(self) -> "array[int]":
        """Return how many values each bin has, lowest first."""
        ...


@hookimpl
def describe_column(values: tuple[str, ...], width: int) -> str | None:
    """Draw how many of a numeric column's values are low, middling or high.

    Example:
        >>> describe_column(("one", "two"), 40)
    """
    numbers = parse(values)
    if len(numbers) < FEWEST_NUMBERS or min(numbers) == max(numbers) or width <= len(LABEL):
        return None
    return LABEL + draw(count(numbers, most=width - len(LABEL)))


def count(numbers: "array[float]", *, most: int) -> "Sequence[int]":
    """Return how many numbers are in each of at most so many ranges of one width, lowest first."""
    library = cast("plugframe.Library", host.libraries.get("spread"))
    bins: int = library.functions.bins_for(len(numbers), most)
    histogram = cast("Histogram", host.classes.spread.Histogram(min(numbers), max(numbers), bins))
    histogram.add(numbers)
    return histogram.counts()


def parse(values: "Sequence[str]") -> "array[float]":
    """Return a column's cells as finite numbers, those that are missing left out; nothing if it is not numeric.

    Example:
        >>> parse(["1", "", "2.5"]), parse(["1", "two"])
        (array('d', [1.0, 2.5]), array('d'))
    """
    try:
        numbers = array("d", (float(value) for value in values if value.strip()))
    except ValueError:
        return array("d")
    return numbers if all(map(math.isfinite, numbers)) else array("d")


def draw(counts: "Sequence[int]") -> str:
    """Return one bar for each count, as high as the count is to the largest; what is there at all is seen.

    Example:
        >>> draw([0, 1, 50, 100])
        ' ▁▄█'
    """
    most = max(counts)
    return "".join(BARS[math.ceil(count * (len(BARS) - 1) / most)] for count in counts)
