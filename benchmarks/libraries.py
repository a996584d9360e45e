"""The topic ``libraries``: calls of native functions, callbacks, unbound slots, and loading what is loaded."""

import compileall
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import plugframe
from benchmarks.environments import Environment
from benchmarks.measure import Answer, Comparison, Contender, Figure, MeasurementError
from benchmarks.report import Goal, find

SIZES = (0,)
CALLS = "native functions through a host : bare ctypes"
BUFFERS = "sum of 10 million doubles, not copied : NumPy"
CALLBACKS = "Python callbacks from native code : bare ctypes callbacks"
SLOTS = "an unbound slot called from Python : a plain function"
LOADING = "load_library of what is loaded : a bare ctypes call"


@dataclass(frozen=True, slots=True)
class _Case:
    """One comparison that a child makes in turns.

    Attributes:
        section: what is compared.
        what: with which signature.
        limit: the largest ratio that is wanted; None where none is promised.
        kind: what ``benchmarks.children`` is to measure.
    """

    section: str
    what: str
    limit: float | None
    kind: str


CASES = (
    _Case(CALLS, "(a: int, b: int) -> int", 3, "native-call"),
    _Case(CALLS, "(text: text) -> int", None, "native-text"),
    _Case(BUFFERS, "(values: buffer[float64]) -> float", 1.05, "native-sum"),
    _Case(CALLBACKS, "(a: int, b: int)", 1.5, "native-progress"),
    _Case(CALLBACKS, "(a: int, b: int) -> int", 1.5, "native-callback"),
    _Case(SLOTS, "(a: int, b: int), no default", 1.5, "slot-unbound"),
    _Case(SLOTS, "(a: int, b: int) -> int, a default", 1.5, "slot-default"),
    # The goal is 20 microseconds where a bare call takes 0.5.
    _Case(LOADING, "the same path", 40, "native-load"),
)


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Compile the libraries, copy what the children run, and return every command that is measured."""
    del sizes
    code = environment.root / "code"
    shutil.copytree(Path(__file__).parent, code / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(code, quiet=1)
    _compile(Path(__file__).parent / "native" / "measured.c", environment.root / "measured.so")
    spread = Path(__file__).parent.parent / "example_plugins" / "skimtable-native" / "native" / "spread.c"
    _compile(spread, environment.root / "spread.so")
    variables = environment.variables(home=environment.home("comparisons"), path=code)
    variables |= {"PLUGFRAME_CACHE": "off", "MEASURED_LIBRARIES": str(environment.root)}
    return [
        Contender(
            section=case.section,
            size=0,
            what=case.what,
            command=(str(environment.python), "-m", "benchmarks.children", case.kind),
            environment=variables,
            folder=environment.empty_folder(),
            read=_read,
            ours=True,
        )
        for case in CASES
    ]


def _compile(source: Path, output: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        message = "there is no C compiler named cc"
        raise MeasurementError(message)
    flags = ("-std=c11", "-O3", "-shared", "-fPIC", f"-I{plugframe.get_include()}")
    subprocess.run([compiler, *flags, source, "-o", output], check=True)


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
        "In turns: in one process, in blocks of 1 ms or one sum each. RATIO is the median of all processes, each the",
        "median of the ratios of neighbouring turns. Callbacks: one native loop makes 1000 calls; ours catch what the",
        "callback raises and tell the library, the bare ones do not. Slots: the function that host.callbacks.slot",
        "returned, against a function that does nothing, or the default itself.",
    ]
