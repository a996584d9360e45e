"""Native functions, buffers, callbacks, slots and loading through a host, against bare ctypes, NumPy and functions."""

import ctypes
import os
from collections.abc import Callable
from importlib import import_module
from time import perf_counter_ns
from typing import Any

import plugframe
from benchmarks.children.turns import BLOCKS, Contestant, compare, summarize, take_turns
from benchmarks.measure import Comparison, MeasurementError

DOUBLES = 10_000_000
TIMES = 1000  # callbacks of one native call
_INT = ctypes.c_int64


def _libraries(name: str) -> tuple[plugframe.Host, Any, ctypes.CDLL]:
    """Return a host, the library of a name that it has loaded, and the same as ctypes has it."""
    path = os.path.join(os.environ["MEASURED_LIBRARIES"], f"{name}.so")
    host = plugframe.Host("measured", path=[])
    return host, host.load_library(path), ctypes.CDLL(path)


def _bare_add(bare: ctypes.CDLL) -> Any:  # noqa: ANN401 # a function of ctypes
    function = bare.bare_add
    function.argtypes, function.restype = (_INT, _INT), _INT
    return function


def compare_call() -> Comparison:
    """Compare a function of two integers."""
    _, library, bare = _libraries("measured")
    ours = Contestant("host", "add(20, 22)", add=library.functions.add)
    return compare(ours, Contestant("ctypes", "add(20, 22)", add=_bare_add(bare)))


def compare_text() -> Comparison:
    """Compare a function of a short text, which bare ctypes is given as bytes."""
    _, library, bare = _libraries("measured")
    function = bare.bare_length
    function.argtypes, function.restype = (ctypes.c_char_p,), _INT
    ours = Contestant("host", "length('forty-two')", length=library.functions.length)
    return compare(ours, Contestant("ctypes", "length('forty-two'.encode())", length=function))


def compare_sum() -> Comparison:
    """Compare the sum of many doubles with NumPy's."""
    numpy = import_module("numpy")
    _, library, _ = _libraries("spread")
    numbers = numpy.random.default_rng(5).random(DOUBLES)
    found, theirs = library.functions.total(numbers), float(numbers.sum())
    if abs(found - theirs) > DOUBLES * 1e-12:
        message = f"different results: {found} and {theirs}"
        raise MeasurementError(message)
    return summarize(
        take_turns({"host": _timed(lambda: library.functions.total(numbers)), "numpy": _timed(numbers.sum)}, BLOCKS)
    )


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    def turn() -> float:
        start = perf_counter_ns()
        call()
        return perf_counter_ns() - start

    return turn


def _add(a: int, b: int) -> int:
    return a + b


def _nothing(a: int, b: int) -> None:
    pass


def _see(a: int, b: int) -> None:
    del a, b


def compare_callback() -> Comparison:
    """Compare a callback of two integers that returns one."""
    host, library, bare = _libraries("measured")
    host.callbacks.bind("weigh", _add)
    kind = ctypes.CFUNCTYPE(_INT, _INT, _INT)
    return _compare_loops(library.functions.callbacks, bare.bare_callbacks, kind, _add)


def compare_progress() -> Comparison:
    """Compare a callback of two integers that returns nothing."""
    host, library, bare = _libraries("measured")
    host.callbacks.bind("progress", _see)
    return _compare_loops(library.functions.progresses, bare.bare_progress, ctypes.CFUNCTYPE(None, _INT, _INT), _see)


def _compare_loops(ours: Any, theirs: Any, kind: Any, callback: Callable[..., object]) -> Comparison:  # noqa: ANN401
    theirs.argtypes, theirs.restype = (kind, _INT), _INT
    loop = Contestant("host", "loop(times)", loop=ours, times=TIMES)
    bare = Contestant("ctypes", "loop(function, times)", loop=theirs, function=kind(callback), times=TIMES)
    return compare(loop, bare)


def _compare_unbound(function: Callable[..., object], **options: Any) -> Comparison:  # noqa: ANN401
    slot = plugframe.Host("measured", path=[]).callbacks.slot("measured", function, **options)
    ours = Contestant("host", "target(20, 22)", target=slot)
    return compare(ours, Contestant("function", "target(20, 22)", target=function))


def compare_unbound() -> Comparison:
    """Compare a slot to which nothing is bound, and which has no default, with a function that does nothing."""
    return _compare_unbound(_nothing)


def compare_default() -> Comparison:
    """Compare a slot to which nothing is bound with its default."""
    return _compare_unbound(_add, default=_add)


def compare_load() -> Comparison:
    """Compare loading what is loaded with a bare ctypes call."""
    host, library, bare = _libraries("measured")
    ours = Contestant("host", "load(path) and 42", load=host.load_library, path=library.path)
    return compare(ours, Contestant("ctypes", "add(20, 22)", add=_bare_add(bare)))
