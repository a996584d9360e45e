"""Smooths columns in one pass.

It is broken on purpose: it returns averages of whole windows only, of which there are fewer than numbers. What uses it
fails elsewhere, or shows too little; a cross-reference check tells why.
"""

from itertools import accumulate

import plugframe


@plugframe.backend(before=("numpy",))
def smooth(values: list[float], window: int) -> list[float]:
    """Return the averages of the windows that fit into the numbers.

    Example:
        >>> smooth([1.0, 2.0, 6.0], 3)
        [3.0]
    """
    width = 2 * (window // 2) + 1
    sums = list(accumulate(values, initial=0.0))
    return [(after - before) / width for before, after in zip(sums, sums[width:], strict=False)]
