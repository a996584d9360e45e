"""First touches of modules, each of a module of its own that nothing has imported before."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import count
from time import perf_counter_ns
from typing import Any

from benchmarks.children.handwritten_finder import AliasFinder
from benchmarks.children.turns import define, summarize, take_turns
from benchmarks.measure import Comparison, MeasurementError
from benchmarks.packages import TOUCHED

_TOUCH = """\
def touch():
    start = clock()
    {statement}
    return clock() - start, value
"""
_SUBMODULE = "value = x.m{0}.value_{0}"
_PLAIN_SUBMODULE = "import plain_package.m{0}; value = plain_package.m{0}.value_{0}"
_FROM = "from {package} import m{{0}} as module; value = module.value_{{0}}"
_ATTRIBUTE = "value = x.value_{0}"
_PLAIN_ATTRIBUTE = "from plain_package.m{0} import value_{0} as value"
_PLUGIN = "import hosted.plugins.plugin_{0}; value = hosted.plugins.plugin_{0}.value_{0}"
_FROM_PLUGINS = "from hosted.plugins import plugin_{0} as module; value = module.value_{0}"
_BY_FINDER = "import plain_hosted.plugin_{0}; value = plain_hosted.plugin_{0}.value_{0}"
_SINGLE = "import {kind}_{{0}}; value = {kind}_{{0}}.value_{{0}}"
_CLASS = "value = x.classes.vision.Net{0}.number"
_PLAIN_CLASS = "from plain_net_{0} import Net{0}; value = Net{0}.number"


def compare_touches(ours: str, peer: str, start: object = None) -> Comparison:
    """Compare two statements that set ``value``, each run once for each module.

    Args:
        ours: our statement, with the module's number for ``{0}``.
        peer: the plain one.
        start: what ``x`` is in ours.
    """
    return _race(_Toucher(ours, start), _Toucher(peer))


def compare_foreign() -> Comparison:
    """Compare imports of modules that are nobody's plugins, with the finder for plugins and classes and without it.

    Raises:
        MeasurementError: no finder was installed.
    """
    without = list(sys.meta_path)
    import_module("hosted.plugins")
    import_module("hosted.classes")
    finders = list(sys.meta_path)
    if len(finders) <= len(without):
        message = "hosted.plugins and hosted.classes installed no finder"
        raise MeasurementError(message)
    ours = _Toucher(_SINGLE.format(kind="foreign"), finders=finders)
    return _race(ours, _Toucher(_SINGLE.format(kind="other"), finders=without))


def _race(ours: "_Toucher", peer: "_Toucher") -> Comparison:
    for one in (ours, peer):  # What is imported or made once for all modules is no part of a first touch.
        one()
    return summarize(take_turns({"ours": ours, "plain import": peer}, TOUCHED - 1))


class _Toucher:
    """Runs a statement for the next module at each call, and returns how many nanoseconds it took."""

    def __init__(self, statement: str, start: object = None, finders: Sequence[Any] | None = None) -> None:
        self._statement = statement
        self._start = start
        self._finders = finders
        self._numbers = count()

    def __call__(self) -> float:
        number = next(self._numbers)
        if self._finders is not None:
            sys.meta_path[:] = self._finders
        source = _TOUCH.format(statement=self._statement.format(f"{number:04d}"))
        elapsed, value = define(source, "touch", clock=perf_counter_ns, x=self._start)()
        if value != number:
            message = f"{self._statement} gives {value} for {number}"
            raise MeasurementError(message)
        return float(elapsed)


def _compare_plugins(statement: str) -> Comparison:
    import_module("hosted.plugins")  # The peer's own package is nothing to import.
    return compare_touches(statement, _SINGLE.format(kind="single"))


def _compare_by_hand() -> Comparison:
    sys.meta_path.insert(0, AliasFinder("plain_hosted.", "plugin_"))
    return compare_touches(_BY_FINDER, _SINGLE.format(kind="single"))


def _compare_submodules(package: str) -> Comparison:
    return compare_touches(_SUBMODULE, _PLAIN_SUBMODULE, import_module(package))


COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "submodule": lambda: _compare_submodules("lazy_package"),
    "submodule-by-hand": lambda: _compare_submodules("lazy_by_hand"),
    "from": lambda: compare_touches(_FROM.format(package="lazy_package"), _FROM.format(package="plain_package")),
    "attribute": lambda: compare_touches(_ATTRIBUTE, _PLAIN_ATTRIBUTE, import_module("lazy_values")),
    "plugin": lambda: _compare_plugins(_PLUGIN),
    "from-plugins": lambda: _compare_plugins(_FROM_PLUGINS),
    "plugin-by-hand": _compare_by_hand,
    "class": lambda: compare_touches(_CLASS, _PLAIN_CLASS, import_module("hosted").host),
    "foreign": compare_foreign,
}
