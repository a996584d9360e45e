"""The topic ``libraries``: calls of native functions, callbacks, unbound slots, and loading what is loaded."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import plugframe
from benchmarks import comparisons
from benchmarks.comparisons import Case
from benchmarks.environments import Environment
from benchmarks.measure import Contender, Figure, MeasurementError
from benchmarks.report import Goal

SIZES = (0,)
CALLS = "native functions through a host : bare ctypes"
BUFFERS = "sum of 10 million doubles, not copied : NumPy"
CALLBACKS = "Python callbacks from native code : bare ctypes callbacks"
SLOTS = "an unbound slot called from Python : a plain function"
LOADING = "load_library of what is loaded : a bare ctypes call"


CASES = (
    Case(CALLS, "(a: int, b: int) -> int", 3, ("native-call",)),
    Case(CALLS, "(text: text) -> int", None, ("native-text",)),
    Case(BUFFERS, "(values: buffer[float64]) -> float", 1.05, ("native-sum",)),
    Case(CALLBACKS, "(a: int, b: int)", 1.5, ("native-progress",)),
    Case(CALLBACKS, "(a: int, b: int) -> int", 1.5, ("native-callback",)),
    Case(SLOTS, "(a: int, b: int), no default", 1.5, ("slot-unbound",)),
    Case(SLOTS, "(a: int, b: int) -> int, a default", 1.5, ("slot-default",)),
    # The goal is 20 microseconds where a bare call takes 0.5.
    Case(LOADING, "the same path", 40, ("native-load",)),
)


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Compile the libraries, copy what the children run, and return every command that is measured."""
    del sizes
    code = comparisons.copy_code(environment)
    _compile(Path(__file__).parent / "native" / "measured.c", environment.root / "measured.so")
    spread = Path(__file__).parent.parent / "example_plugins" / "skimtable-native" / "native" / "spread.c"
    _compile(spread, environment.root / "spread.so")
    variables = {"MEASURED_LIBRARIES": str(environment.root)}
    return comparisons.contenders(environment, code, CASES, variables=variables)


def _compile(source: Path, output: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        message = "there is no C compiler named cc"
        raise MeasurementError(message)
    flags = ("-std=c11", "-O3", "-shared", "-fPIC", f"-I{plugframe.get_include()}")
    subprocess.run([compiler, *flags, source, "-o", output], check=True)


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    return comparisons.goals(CASES, figures)


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        "In turns: in one process, in blocks of 1 ms or one sum each. RATIO is the median of all processes, each the",
        "median of the ratios of neighbouring turns. Callbacks: one native loop makes 1000 calls; ours catch what the",
        "callback raises and tell the library, the bare ones do not. Slots: the function that host.callbacks.slot",
        "returned, against a function that does nothing, or the default itself.",
    ]
