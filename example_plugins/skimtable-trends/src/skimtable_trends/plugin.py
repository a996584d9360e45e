"""The hooks: what is said of a table's numbers, and when nothing is."""

from statistics import fmean

from skimtable import Table, hookimpl

from skimtable_trends.figures import correlate, parse_numbers, without_missing
from skimtable_trends.sparkline import draw

FEWEST_NUMBERS = 2
NARROWEST_LINE = 4
MOST_CORRELATIONS = 3
WEAKEST_CORRELATION = 0.5


@hookimpl
def describe_column(values: tuple[str, ...], width: int) -> str | None:
    """Give the range and the mean of a numeric column, and draw its course where the width leaves room.

    Example:
        >>> describe_column(("1", "3", "8"), 40)
        'min 1, mean 4, max 8 ▁▃█'
    """
    numbers = without_missing(parse_numbers(values) or ())
    if len(numbers) < FEWEST_NUMBERS:
        return None
    facts = f"min {min(numbers):,.6g}, mean {fmean(numbers):,.6g}, max {max(numbers):,.6g}"
    room = width - len(facts) - 1
    return f"{facts} {draw(numbers, width=room)}" if room >= NARROWEST_LINE else facts


@hookimpl
def section(table: Table) -> str | None:
    """Give the numeric columns that move together most, if any do."""
    columns = {name: numbers for name in table.columns if (numbers := parse_numbers(table.column(name)))}
    strongest = correlate(columns)[:MOST_CORRELATIONS]
    lines = [f"  {found}" for found in strongest if abs(found.strength) >= WEAKEST_CORRELATION]
    return "\n".join(["Strongest correlations", *lines]) if lines else None
