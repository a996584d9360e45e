"""NumPy's arrays and pandas' frames, by what their values answer; neither is imported here.

Only strides of dimensions longer than one are significant: the others are never stepped along, and an array of no
elements has none.
"""

import sys
from copy import deepcopy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Expression = tuple[str, tuple[str, ...], *tuple[str, ...]]

_MOST_WRITTEN = 64
"""The elements up to which an array is written with its values."""


def describe_array(array: "Any") -> "dict[str, object]":
    """Return an array's shape, type and significant strides.

    Example:
        >>> import numpy
        >>> describe_array(numpy.zeros((2, 1, 3)))
        {'shape': (2, 1, 3), 'dtype': dtype('float64'), 'strides': {0: 24, 2: 8}}
    """
    return {"shape": array.shape, "dtype": array.dtype, "strides": _significant(array)}


def _significant(array: "Any") -> "dict[int, int]":
    if not array.size:
        return {}
    steps = zip(array.shape, array.strides, strict=True)
    return {axis: stride for axis, (length, stride) in enumerate(steps) if length > 1}


def copy_array(array: "Any") -> "Any":
    """Return a copy with the same strides, so that what depends on them comes out alike.

    What ``numpy.copy`` returns is contiguous, whatever was copied.
    """
    numpy = sys.modules["numpy"]
    if type(array) is not numpy.ndarray or array.dtype.hasobject or not array.size:
        return deepcopy(array)
    start, length = _reach(array)
    memory = numpy.zeros(length, dtype="uint8")
    copied = numpy.ndarray(array.shape, array.dtype, buffer=memory, offset=start, strides=array.strides)
    copied[...] = array
    copied.flags.writeable = array.flags.writeable
    return copied


def _reach(array: "Any") -> tuple[int, int]:
    """Return how far into its memory an array's first element lies, and the bytes that all of them span."""
    reach = [stride * (length - 1) for length, stride in zip(array.shape, array.strides, strict=True)]
    before, after = -sum(min(0, step) for step in reach), sum(max(0, step) for step in reach)
    return before, before + after + array.itemsize


def equal_arrays(one: "Any", other: "Any") -> bool:
    """Return whether two arrays of one shape hold equal elements; nothing equals itself only where both are NaN."""
    same = (one == other) | ((one != one) & (other != other))  # noqa: PLR0124 # NaN differs from itself
    return bool(same.all())


def equal_masked_arrays(one: "Any", other: "Any") -> bool:
    """Return whether two arrays are masked alike, and what is not masked is equal."""
    return bool((one.mask == other.mask).all()) and equal_arrays(one.compressed(), other.compressed())


def write_array(array: "Any") -> "Expression | None":
    """Return Python for an array: with its values where it is small, of zeros where it is not; none for subclasses."""
    if type(array) is not sys.modules["numpy"].ndarray:
        return None
    kind = repr(array.dtype.str if array.dtype.fields is None else array.dtype.descr)
    large = array.size > _MOST_WRITTEN or array.dtype.hasobject
    order = ", order='F'" if array.flags.f_contiguous and not array.flags.c_contiguous else ""
    contiguous = array.flags.c_contiguous or array.flags.f_contiguous
    missing = ["an array is written without its values"] if large else []
    if contiguous and (large or not array.size):
        return f"numpy.zeros({array.shape}, dtype={kind}{order})", ("numpy",), *missing
    if contiguous and (array.dtype.kind in "biuUS" or array.dtype.str[1:] in ("f4", "f8")):
        values = repr(array.tolist())
        if array.dtype.kind == "f":
            values = values.replace("nan", "numpy.nan").replace("inf", "numpy.inf")
        return f"numpy.array({values}, dtype={kind}{order})", ("numpy",)
    start, length = _reach(array)
    memory = f"{length}" if large else repr(copy_array(array).base.tobytes())
    layout = f"{array.shape}, {kind}, bytearray({memory}), {start}, {array.strides}"
    return f"numpy.ndarray({layout})", ("numpy",), *missing


def describe_scalar(scalar: "Any") -> "dict[str, object]":
    """Return the type of one of NumPy's scalars."""
    return {"dtype": scalar.dtype}


def write_scalar(scalar: "Any") -> "Expression | None":
    """Return Python for one of NumPy's scalars."""
    written = write_array(sys.modules["numpy"].asarray(scalar))
    return None if written is None else (f"{written[0]}[()]", *written[1:])


def describe_frame(frame: "Any") -> "dict[str, object]":
    """Return a data frame's shape, and its columns and their types, in order."""
    return {"shape": frame.shape, "columns": list(frame.columns), "dtypes": list(frame.dtypes)}


def describe_series(series: "Any") -> "dict[str, object]":
    """Return the shape, type and name of a series or an index."""
    return {"shape": series.shape, "dtype": series.dtype, "name": series.name}


def equal_frames(one: "Any", other: "Any") -> bool:
    """Return whether two of pandas' objects hold equal elements, NaN equal to itself, under an equal index."""
    return bool(one.equals(other))
