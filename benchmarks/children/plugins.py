"""Plugins that are modules with one function, each with a code object of its own, as those of real plugins have."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pluggy

from benchmarks.children.turns import define

PROJECT = "bench"
IMPLEMENTATION = "def h({a}, {b}): return {a}"
WRAPPER = "def h({a}, {b}): return (yield)"
OLD_WRAPPER = "def h({a}, {b}): yield"
SPECIFICATION = "def h({a}, {b}): ..."

hookspec, hookimpl = pluggy.HookspecMarker(PROJECT), pluggy.HookimplMarker(PROJECT)
Function = Callable[..., Any]


def functions(source: str, count: int, *, a: str = "a", b: str = "b") -> list[Function]:
    """Return distinct functions of one source.

    Args:
        source: one of this module's.
        count: how many.
        a: the name of their first parameter.
        b: the name of their second.
    """
    return [define(source.format(a=a, b=b), "h") for _ in range(count)]


def plugins(found: Sequence[Function]) -> list[ModuleType]:
    """Return a module for each of some marked functions, which it has as ``h``."""
    modules = [ModuleType(f"plugin_{number}") for number in range(len(found))]
    for module, function in zip(modules, found, strict=True):
        vars(module)["h"] = function
    return modules


def manager(kind: type[pluggy.PluginManager], found: Sequence[object], *, a: str = "a", b: str = "b") -> Any:  # noqa: ANN401  # its hooks have no types
    """Return a manager with the specification of ``h`` and some plugins; the last registered is called first."""
    made = kind(PROJECT)
    (specification,) = plugins([hookspec(define(SPECIFICATION.format(a=a, b=b), "h"))])
    made.add_hookspecs(specification)
    for plugin in found:
        made.register(plugin)
    return made
