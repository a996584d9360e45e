"""What happens once for each manager or plugin: the first calls of hooks, and registration, always of new objects."""

from collections.abc import Callable
from itertools import count
from time import perf_counter_ns
from typing import Any

import pluggy

import plugframe
from benchmarks.children.plugins import (
    IMPLEMENTATION,
    PROJECT,
    SPECIFICATION,
    functions,
    hookimpl,
    manager,
    plugins,
)
from benchmarks.children.turns import define, summarize, take_turns
from benchmarks.measure import Comparison, MeasurementError
from plugframe.hooks.manager import PluginManager

MANAGERS = 100  # fresh ones of each contestant in a process
PLUGINS = 100  # fresh objects that are registered in one manager
REGISTRATIONS = 30  # managers in which they are registered

_FIRST_CALLS = """\
def first(manager, calls):
    start = clock()
    for _ in range(calls):
        results = manager.hook.h({a}=1, {b}=2)
    return clock() - start, results
"""
_PLUGIN = """\
class Plugin:
    def __init__(self, value):
        self.value = value

    @hookimpl
    def h(self, a, b):
        return self.value
"""

Make = Callable[[int, str, str], Any]  # how many implementations, and the names of their parameters


def compare_cold_manager(implementations: int, calls: int) -> Comparison:
    """Compare the first calls of a hook in managers of ours and of pluggy's."""
    return _compare_cold(lambda number, a, b: _manager(PluginManager, number, a, b), implementations, calls)


def compare_cold_host(implementations: int, calls: int) -> Comparison:
    """Compare the first calls of a hook in a host that has called another hook before, and in pluggy's managers."""
    return _compare_cold(_host, implementations, calls)


def _manager(kind: type[pluggy.PluginManager], implementations: int, a: str, b: str) -> Any:  # noqa: ANN401  # its hooks have no types
    found = plugins([*map(hookimpl, functions(IMPLEMENTATION, implementations, a=a, b=b))])
    return manager(kind, found, a=a, b=b)


def _host(implementations: int, a: str, b: str) -> Any:  # noqa: ANN401  # its hooks have no types
    host = plugframe.Host(PROJECT, path=[])
    host.hookspec(define("def other(): ...", "other"))
    host.hookspec(define(SPECIFICATION.format(a=a, b=b), "h"))
    for plugin in plugins([*map(host.hookimpl, functions(IMPLEMENTATION, implementations, a=a, b=b))]):
        host.manager.register(plugin, name=plugin.__name__)
    host.hook.other()
    return host


def _compare_cold(ours: Make, implementations: int, calls: int) -> Comparison:
    """Compare first calls; every hook has parameters of its own, so that nothing made for another one fits it."""
    numbers = count()

    def turn(make: Make) -> Callable[[], float]:
        def first_calls() -> float:
            number = next(numbers)
            a, b = f"a{number}", f"b{number}"
            made = make(implementations, a, b)
            elapsed, results = define(_FIRST_CALLS.format(a=a, b=b), "first", clock=perf_counter_ns)(made, calls)
            if results != [1] * implementations:
                message = f"wrong results: {results}"
                raise MeasurementError(message)
            return float(elapsed)

        return first_calls

    def theirs(number: int, a: str, b: str) -> Any:  # noqa: ANN401  # its hooks have no types
        return _manager(pluggy.PluginManager, number, a, b)

    turn(ours)()  # What is imported or made once for all hooks is no part of a hook's first call.
    return summarize(take_turns({"ours": turn(ours), "pluggy": turn(theirs)}, MANAGERS))


def compare_registration() -> Comparison:
    """Compare how long it takes to register an instance of a class that implements one hook."""
    plugin = define(_PLUGIN, "Plugin", hookimpl=hookimpl)

    def turn(kind: type[pluggy.PluginManager]) -> Callable[[], float]:
        def register_all() -> float:
            made, fresh = manager(kind, []), [plugin(number) for number in range(PLUGINS)]
            start = perf_counter_ns()
            for one in fresh:
                made.register(one)
            elapsed = perf_counter_ns() - start
            if made.hook.h(a=1, b=2) != [*reversed(range(PLUGINS))]:
                message = "not all that was registered is called"
                raise MeasurementError(message)
            return elapsed / PLUGINS

        return register_all

    return summarize(take_turns({"ours": turn(PluginManager), "pluggy": turn(pluggy.PluginManager)}, REGISTRATIONS))
