"""The topic ``hooks``: calling them, their first call, registering plugins, and the start of a host with many."""

from collections.abc import Iterator, Sequence

from benchmarks import comparisons, starts
from benchmarks.comparisons import Case
from benchmarks.environments import Environment
from benchmarks.measure import Contender, Figure
from benchmarks.report import Goal

SIZES = (500,)
CALL = "host.hook.h(...) : a loop by hand"
WRAPPED = "host.hook.h(...) with wrappers : a drive by hand"
MANAGER = "pm.hook.h(...) : pluggy"
COLD = "first call of a manager's hook : pluggy"
COLD_HOST = "first call of a host's hook : pluggy"
MANY = "first 100 calls of a manager's hook : pluggy"
REGISTRATION = "registration of an instance with one hook : pluggy"


def _cases() -> Iterator[Case]:
    for number in (0, 1, 3, 10, 30, 100):
        yield Case(CALL, _implementations(number), 1.05 if number else 1.3, ("host", number, 0))
    for number in (1, 10):
        for wrappers in (1, 5):
            what = f"{_implementations(number)}, {wrappers} wrappers".replace(" 1 wrappers", " 1 wrapper")
            yield Case(WRAPPED, what, 1.3, ("host", number, wrappers))
    for number in (1, 3, 10):
        yield Case(MANAGER, _implementations(number), 1 / 4, ("manager", number, 0, 0))
    yield Case(MANAGER, "3 implementations, 1 wrapper", 1 / 2, ("manager", 3, 1, 0))
    yield Case(MANAGER, "3 implementations, 5 wrappers", 1 / 2, ("manager", 3, 5, 0))
    yield Case(MANAGER, "3 implementations, 1 old-style wrapper", 1 / 2, ("manager", 3, 0, 1))
    yield Case(MANAGER, "subset caller, fetched once", 1 / 2, ("subset", 0))
    yield Case(MANAGER, "subset caller, fetched for each call", 1 / 2, ("subset", 1))
    for section, limit, kind, calls in (
        (COLD, 1, "cold-manager", 1),
        (COLD_HOST, 1, "cold-host", 1),
        (MANY, None, "cold-manager", 100),
    ):
        for number in (1, 3, 10):
            yield Case(section, _implementations(number), limit, (kind, number, calls))
    yield Case(REGISTRATION, "100 in one manager", 1 / 4, ("registration",))


def _implementations(number: int) -> str:
    return "1 implementation" if number == 1 else f"{number or 'no'} implementations"


def contenders(environment: Environment, sizes: Sequence[int]) -> list[Contender]:
    """Copy what the children run, generate the plugins of every size, and return every command that is measured."""
    code = comparisons.copy_code(environment)
    comparing = comparisons.contenders(environment, code, _cases())
    return [*comparing, *(contender for size in sizes for contender in starts.contenders(environment, size))]


def goals(figures: Sequence[Figure]) -> list[Goal]:
    """Compare the figures with what the framework promises."""
    return comparisons.goals(_cases(), figures) + starts.goals(figures)


def notes() -> list[str]:
    """Say how the figures came about."""
    return [
        "In turns: in one process, in blocks of 1 ms or with fresh objects each. RATIO is the median of all processes,",
        "each the median of the ratios of neighbouring turns; LOWEST and HIGHEST are those of single processes.",
        "By hand: the faster of two ways to write it (benchmarks/children/handwritten.py). First calls: every hook has",
        "parameters of its own, so that nothing made for another hook fits it.",
        "Start: MEDIAN is the time inside the child, from before it imports its framework to the call's result. A",
        "plugin's module takes 5 ms to run; plugframe imports three of them, pluggy all, and both were seen to.",
    ]
