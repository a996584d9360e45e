"""The topic ``operations``: calls by type, by backend, with call hooks, and what is switched off."""

import compileall
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import Environment
from benchmarks.measure import Answer, Comparison, Contender, Figure
from benchmarks.report import Goal, find
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


@dataclass(frozen=True, slots=True)
class _Case:
    """One comparison that a child makes in turns.

    Attributes:
        section: what is compared.
        what: with how many of what.
        limit: the largest ratio that is wanted; None where none is promised.
        arguments: what ``benchmarks.children`` is to measure.
        graphs: whether a backend of networkx's is installed for it.
    """

    section: str
    what: str
    limit: float | None
    arguments: tuple[str | int, ...]
    graphs: bool = False


CASES = (
    _Case(ONE, "one overload, no hooks", 2, ("operation-one",)),
    _Case(ONE, "answered by a backend", 2, ("operation-backend",)),
    _Case(TYPES, "2 overloads", 1, ("operation-types", 2, 0)),
    _Case(TYPES, "10 overloads", 1, ("operation-types", 10, 0)),
    _Case(TYPES, "10 overloads, a class of one's own", 1, ("operation-types", 10, 1)),
    _Case(NETWORKX, "1 overload, no backend of networkx's", 1, ("operation-networkx", 1)),
    _Case(NETWORKX, "10 overloads, one backend of networkx's", 1, ("operation-networkx", 10), graphs=True),
    _Case(HOOKS, "an argument's, a call's, one after", 1.5, ("intercepted", 0)),
    _Case(HOOKS, "three of arguments", 1.5, ("intercepted", 1)),
    _Case(HOOKS, "two after, one at the end", 1.5, ("intercepted", 2)),
    _Case(HOOKS, "the first three, of an operation", 1.5, ("intercepted-operation", 0)),
    _Case(OFF, "contexts", 1.05, ("operation-context",)),
    _Case(OFF, "a check, one overload", 1.05, ("crossref-off", 1)),
    _Case(OFF, "a check, 10 overloads", 1.05, ("crossref-off", 10)),
    _Case(UNHOOKED, "1 implementation", 1.05, ("host", 1, 0)),
)


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Copy what the children run, and return every command that is measured."""
    del sizes
    code = environment.root / "code"
    shutil.copytree(Path(__file__).parent, code / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(code, quiet=1)
    declared = {"networkx.backends": {"benchmark": "measured_graphs:interface"}}
    backend = distribution("measured-graphs", entry_points=declared, modules={"measured_graphs.py": _BACKEND})
    graphs = write_tree(environment.root / "graphs", backend)
    variables = environment.variables(home=environment.home("comparisons"), path=code) | {"PLUGFRAME_CACHE": "off"}
    return [
        Contender(
            section=case.section,
            size=0,
            what=case.what,
            command=(str(environment.python), "-m", "benchmarks.children", *map(str, case.arguments)),
            environment=variables | ({"PYTHONPATH": os.pathsep.join([str(code), str(graphs)])} if case.graphs else {}),
            folder=environment.empty_folder(),
            read=_read,
            ours=True,
        )
        for case in CASES
    ]


def _read(output: str) -> Answer:
    return Answer(comparison=Comparison(**json.loads(output)))


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    found = []
    for case in CASES:
        if case.limit is not None:
            figure = find(figures, case.section, 0, case.what)
            found.append(Goal(f"{case.section}, {case.what}", case.limit, figure.median_ratio if figure else None))
    return found


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        "In turns: in one process, in blocks of 1 ms. RATIO is the median of all processes, each the median of the",
        "ratios of neighbouring turns. Functions return one of their arguments. A class of one's own is one that can",
        "go away, which the table of types must not keep. spatch is not compared: what has its name on the package",
        "index is an empty place-holder.",
    ]
