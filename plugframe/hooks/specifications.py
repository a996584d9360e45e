"""A host's hook specifications: a decorated function becomes a hook of the host's manager."""

import functools
from types import ModuleType

import pluggy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def add_specification(
    manager: pluggy.PluginManager, function: "Callable[..., Any]", *, firstresult: bool, historic: bool
) -> None:
    """Add one function to a manager as a hook specification.

    Raises:
        ValueError: the hook has a specification already, or is both ``firstresult`` and ``historic``.
    """
    mark = pluggy.HookspecMarker(manager.project_name)
    marked = mark(function, firstresult=firstresult, historic=historic)
    namespace = ModuleType(function.__module__, "The one hook specification that a host declares by a function.")
    setattr(namespace, function.__name__, marked)
    manager.add_hookspecs(namespace)


def make_caller(function: "Callable[..., Any]", relay: "Callable[[], pluggy.HookRelay]") -> "Callable[..., Any]":
    """Return a function that calls a hook, with the name and the parameters of its specification.

    Args:
        function: the specification.
        relay: returns the hooks, with the plugins loaded.
    """

    @functools.wraps(function)
    def call(**arguments: object) -> object:
        return getattr(relay(), function.__name__)(**arguments)

    return call
