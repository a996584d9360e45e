"""Calls of operations against plain functions, and against what else finds a function by its arguments."""

from collections.abc import Callable
from functools import singledispatch
from importlib import import_module
from typing import Any

import plugframe
from benchmarks.children.turns import Contestant, compare, define
from benchmarks.measure import Comparison

TYPES = (str, bytes, float, list, tuple, dict, set, frozenset, complex, int)
PLAIN = "def scale(image, width, height): return width"
DECLARED = "def scale(image: {kind}, width: int, height: int) -> int: return width"
CALL = "scale(image, 20, 10)"


class Image:
    """What an application's own class is: one that can go away."""


def _overloaded(kinds: tuple[type, ...], **options: Any) -> Any:  # noqa: ANN401 # a live function
    """Return an operation with an overload for each type, each a function of its own."""
    host = plugframe.Host("benchmark", path=[])
    names = {kind.__name__: kind for kind in kinds}
    first, *others = (define(DECLARED.format(kind=name), "scale", **names) for name in names)
    operation: Any = host.operation("image.scale", **options)(first)
    for function in others:
        operation.overload(function)
    return operation


def _compare(ours: Callable[..., object], theirs: Callable[..., object], image: object, who: str) -> Comparison:
    found = Contestant("plugframe", CALL, scale=ours, image=image)
    return compare(found, Contestant(who, CALL, scale=theirs, image=image))


def compare_one() -> Comparison:
    """Compare an operation with one overload with a function."""
    return _compare(_overloaded((list,)), define(PLAIN, "scale"), [1, 2], "function")


def compare_backend() -> Comparison:
    """Compare an operation that one backend answers with a function."""
    operation = _overloaded((list,))
    operation.backend("acme", define(PLAIN, "scale"))
    return _compare(operation, define(PLAIN, "scale"), [1, 2], "function")


def compare_types(number: int, own: int) -> Comparison:
    """Compare an operation of so many overloads with functools.singledispatch.

    Args:
        number: of overloads, from 2 to 10.
        own: whether the argument is of a class of the application's own, 0 or 1.
    """
    kinds = (*TYPES[: number - 1], Image if own else int)
    dispatched = singledispatch(define(PLAIN, "scale"))
    for kind in kinds:
        dispatched.register(kind)(define(PLAIN, "scale"))
    return _compare(_overloaded(kinds), dispatched, Image() if own else 5, "singledispatch")


def compare_networkx(number: int) -> Comparison:
    """Compare an operation with networkx's dispatch, of a graph to a function that does nothing.

    Args:
        number: of overloads; 1 where networkx has no backend.
    """
    networkx = import_module("networkx")
    installed = import_module("networkx.utils.backends").backends
    assert bool(installed) == (number > 1), "NetworkX has other backends than the case is for"
    dispatched = networkx._dispatchable(graphs="image")(define(PLAIN, "scale"))  # noqa: SLF001 # as its functions are
    return _compare(_overloaded((*TYPES[: number - 1], networkx.Graph)), dispatched, networkx.Graph(), "networkx")


def compare_context() -> Comparison:
    """Compare calls after a context has ended with calls of a host that never had one."""
    ours, theirs = _overloaded(TYPES), _overloaded(TYPES)
    owner = ours.operation.owner
    with owner.disable("default", operation="image.scale"), owner.prefer("default"):
        ours(5, 20, 10)
    return _compare(ours, theirs, 5, "never any")
