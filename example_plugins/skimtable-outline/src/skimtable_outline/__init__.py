"""Tells what kind of values a column holds, how many differ, and how many are missing."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from skimtable import hookimpl

ANSWERS = {"yes", "no", "y", "n", "true", "false"}


@hookimpl(tryfirst=True)
def describe_column(values: tuple[str, ...]) -> str:
    """Outline a column, ahead of what other plugins say of it.

    Example:
        >>> describe_column(("4", "2", "4", ""))
        'numbers, 2 distinct, 1 missing, most often 4 (2 of 4)'
    """
    return ", ".join(outline(values))


def outline(values: Sequence[str]) -> Iterator[str]:
    """Yield what is worth saying of a column's values."""
    present = [value for value in values if value.strip()]
    yield guess_kind(present)
    counts = Counter(present)
    if counts:
        yield f"{len(counts):,} distinct"
    if len(present) < len(values):
        yield f"{len(values) - len(present):,} missing"
    for value, count in counts.most_common(1):
        if count > 1:
            yield f"most often {value} ({count:,} of {len(values):,})"


def guess_kind(values: Sequence[str]) -> str:
    """Name the kind that all the values are of.

    Example:
        >>> guess_kind(["2024-02-29", "2024-03-01T12:30"]), guess_kind(["2024-02-29", "soon"]), guess_kind([])
        ('dates', 'text', 'empty')
    """
    if not values:
        return "empty"
    kinds = (kind for kind, belongs in KINDS.items() if all(map(belongs, values)))
    return next(kinds, "text")


def is_answer(value: str) -> bool:
    """Tell whether a value says yes or no."""
    return value.strip().lower() in ANSWERS


def is_number(value: str) -> bool:
    """Tell whether a value is a finite number."""
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def is_date(value: str) -> bool:
    """Tell whether a value is an ISO 8601 date, with or without a time."""
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return False
    return True


# Numbers come before dates, because 20240229 could be either and more often is a number.
KINDS: dict[str, Callable[[str], bool]] = {"yes-no": is_answer, "numbers": is_number, "dates": is_date}
