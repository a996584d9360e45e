"""Calls of operations after their calls were checked against a reference, and as if there were no such thing."""

import plugframe
from benchmarks.children.turns import Contestant, compare, define
from benchmarks.measure import Comparison

OVERLOADS = ("int", "str", "bytes", "float", "list", "tuple", "dict", "set", "frozenset", "complex")
DECLARATION = "def scale(a: {kind}, b: int) -> object: return b"


def compare_switched_off(overloads: int) -> Comparison:
    """Compare calls whose host had a check that has ended with calls of a host that never had one.

    Args:
        overloads: how many signatures the operation has, from 1 to 10.
    """
    checked, unchecked = make_host(overloads), make_host(overloads)
    with checked.ops.crossref(reference="loopback") as report:
        checked.ops.numbers.scale(1, b=2)
    assert report.checked == 1
    ours, theirs = checked.ops.numbers.scale, unchecked.ops.numbers.scale
    return compare(
        Contestant("after a check", "scale(1, 2)", scale=ours), Contestant("no check", "scale(1, 2)", scale=theirs)
    )


def make_host(overloads: int) -> plugframe.Host:
    """Return a host with an operation ``numbers.scale`` of so many signatures."""
    host = plugframe.Host("benchmark", path=[])
    first, *others = (define(DECLARATION.format(kind=kind), "scale") for kind in OVERLOADS[:overloads])
    scale = host.operation("numbers.scale")(first)
    for function in others:
        scale.overload(function)
    return host
