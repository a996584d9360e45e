"""Smooths columns with NumPy."""

import numpy as np

import plugframe

SHORTEST = 64
"""The numbers from which on it is worth to make an array of them."""


def is_long(values: list[float], window: int) -> bool | str:  # noqa: ARG001 # what the operation is called with
    """Tell whether a column is worth an array, or why not."""
    return len(values) >= SHORTEST or f"it is worth its while from {SHORTEST} numbers on"


@plugframe.backend(should_run=is_long)
def smooth(values: list[float], window: int) -> list[float]:
    """Return the moving averages of numbers.

    Example:
        >>> smooth([1.0, 2.0, 6.0], 3)
        [1.5, 3.0, 4.0]
    """
    if not values:
        return []
    half = min(window // 2, len(values))
    ones = np.ones(2 * half + 1)
    sums = np.convolve(np.asarray(values, dtype=float), ones)[half : half + len(values)]
    counts = np.convolve(np.ones(len(values)), ones)[half : half + len(values)]
    smoothed: list[float] = (sums / counts).tolist()
    return smoothed
