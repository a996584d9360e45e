"""Numbers out of cells, and how closely columns of them move together."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import StatisticsError, correlation
from typing import NamedTuple

# Any two points lie on a line, so two rows say nothing about a correlation.
FEWEST_ROWS = 3
# The sum of the squares of larger numbers may overflow.
LARGEST = 1e150


class Correlation(NamedTuple):
    """How closely two columns move together.

    Attributes:
        first: the name of the column on the left.
        second: the name of the column on the right.
        strength: Pearson's coefficient, from -1 to 1.
    """

    first: str
    second: str
    strength: float

    def __str__(self) -> str:
        """Return a line for people."""
        return f"{self.strength:+.2f}  {self.first} ~ {self.second}"


def parse_numbers(values: Sequence[str]) -> tuple[float, ...] | None:
    """Return a column's cells as numbers, with NaN for what is missing; None if the column is not numeric.

    Example:
        >>> parse_numbers(["1", "", "2.5"]), parse_numbers(["1", "two"])
        ((1.0, nan, 2.5), None)
    """
    try:
        numbers = tuple(float(value) if value.strip() else math.nan for value in values)
    except ValueError:
        return None
    return None if any(abs(number) > LARGEST for number in numbers) else numbers


def without_missing(numbers: Sequence[float]) -> list[float]:
    """Return the numbers that are not NaN."""
    return [number for number in numbers if not math.isnan(number)]


def correlate(columns: Mapping[str, Sequence[float]]) -> list[Correlation]:
    """Return the correlations of all pairs of columns, strongest first.

    Args:
        columns: name to numbers from top to bottom, equally many in each, NaN where one is missing.
    """
    found = [
        Correlation(first, second, measure(columns[first], columns[second]))
        for first, second in combinations(columns, 2)
    ]
    return sorted(found, key=lambda pair: abs(pair.strength), reverse=True)


def measure(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Pearson's coefficient of the rows in which neither number is missing; 0.0 where there is none.

    Example:
        >>> measure([1.0, 2.0, 3.0, math.nan], [6.0, 4.0, 2.0, 9.0]), measure([1.0, 2.0, 3.0], [5.0, 5.0, 5.0])
        (-1.0, 0.0)
    """
    rows = [row for row in zip(first, second, strict=True) if not any(map(math.isnan, row))]
    if len(rows) < FEWEST_ROWS:
        return 0.0
    try:
        return correlation([row[0] for row in rows], [row[1] for row in rows])
    except StatisticsError:  # A column that is constant correlates with nothing.
        return 0.0
