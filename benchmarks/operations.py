"""The topic ``operations``: calls by type, by backend, with call hooks, and what is switched off."""

import os
from collections.abc import Sequence

from benchmarks import comparisons
from benchmarks.comparisons import Case
from benchmarks.environments import Environment
from benchmarks.measure import Contender, Figure
from benchmarks.report import Goal
from plugframe.testing.environments import distribution, write_tree

SIZES = (0,)
ONE = "an operation's call : the plain function"
TYPES = "resolved among overloads by type : functools.singledispatch"
NETWORKX = "resolved by type : networkx's dispatch"
HOOKS = "with three call hooks, planned : by hand"
UNHOOKED = "host.hook.h(...) without call hooks : a loop by hand"
OFF = "after a context or a check has ended : never any"

_BACKEND = """
class interface:
    @staticmethod
    def convert_from_nx(graph, **options): return graph
    @staticmethod
    def convert_to_nx(result, **options): return result
"""


CASES = (
    Case(ONE, "one overload, no hooks", 2, ("operation-one",)),
    Case(ONE, "answered by a backend", 2, ("operation-backend",)),
    Case(TYPES, "2 overloads", 1, ("operation-types", 2, 0)),
    Case(TYPES, "10 overloads", 1, ("operation-types", 10, 0)),
    Case(TYPES, "10 overloads, a class of one's own", 1, ("operation-types", 10, 1)),
    Case(NETWORKX, "1 overload, no backend of networkx's", 1, ("operation-networkx", 1)),
    Case(HOOKS, "an argument's, a call's, one after", 1.5, ("intercepted", 0)),
    Case(HOOKS, "three of arguments", 1.5, ("intercepted", 1)),
    Case(HOOKS, "two after, one at the end", 1.5, ("intercepted", 2)),
    Case(HOOKS, "the first three, of an operation", 1.5, ("intercepted-operation", 0)),
    Case(OFF, "contexts", 1.05, ("operation-context",)),
    Case(OFF, "a check, one overload", 1.05, ("crossref-off", 1)),
    Case(OFF, "a check, 10 overloads", 1.05, ("crossref-off", 10)),
    Case(UNHOOKED, "1 implementation", 1.05, ("host", 1, 0)),
)
WITH_BACKEND = (Case(NETWORKX, "10 overloads, one backend of networkx's", 1, ("operation-networkx", 10)),)


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Copy what the children run, and return every command that is measured."""
    del sizes
    code = comparisons.copy_code(environment)
    declared = {"networkx.backends": {"benchmark": "measured_graphs:interface"}}
    backend = distribution("measured-graphs", entry_points=declared, modules={"measured_graphs.py": _BACKEND})
    graphs = write_tree(environment.root / "graphs", backend)
    variables = {"PYTHONPATH": os.pathsep.join([str(code), str(graphs)])}
    return [
        *comparisons.contenders(environment, code, CASES),
        *comparisons.contenders(environment, code, WITH_BACKEND, variables=variables, home="graphs"),
    ]


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    return comparisons.goals((*CASES, *WITH_BACKEND), figures)


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        "In turns: in one process, in blocks of 1 ms. RATIO is the median of all processes, each the median of the",
        "ratios of neighbouring turns. Functions return one of their arguments. A class of one's own is one that can",
        "go away, which the table of types must not keep. spatch is not compared: what has its name on the package",
        "index is an empty place-holder.",
    ]
