"""Tells the longest value of a column, or would: this plugin is broken on purpose.

It imports a name from where Python 3.10 removed it, as plugins that nobody maintains do.
"""

from collections import Sequence  # type: ignore[attr-defined]  # noqa: UP035 # broken on purpose: see above

from skimtable import hookimpl


@hookimpl
def describe_column(values: tuple[str, ...]) -> str | None:
    """Give the longest value of a column."""
    return f"longest: {longest(values)}" if values else None


def longest(values: Sequence[str]) -> str:
    """Return the longest of at least one value."""
    return max(values, key=len)
