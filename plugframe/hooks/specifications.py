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
) -> "list[tuple[str, Exception]]":
    """Add one function to a manager as a hook specification.

    Returns:
        The plugins that were registered before and do not fit it, each with the reason; they are unregistered.

    Raises:
        ValueError: the hook has a specification already, or is both ``firstresult`` and ``historic``.
    """
    mark = pluggy.HookspecMarker(manager.project_name)
    marked = mark(function, firstresult=firstresult, historic=historic)
    namespace = ModuleType(function.__module__, "The one hook specification that a host declares by a function.")
    setattr(namespace, function.__name__, marked)
    caller = getattr(manager.hook, function.__name__, None)
    early = list(caller.get_hookimpls()) if caller is not None and not caller.has_spec() else []
    for implementation in early:
        manager.unregister(implementation.plugin)
    manager.add_hookspecs(namespace)
    unfit: list[tuple[str, Exception]] = []
    for implementation in early:
        # Registered anew, each is checked against the specification, and one that does not fit keeps no other out.
        try:
            manager.register(implementation.plugin, implementation.plugin_name)
        except pluggy.PluginValidationError as error:
            unfit.append((implementation.plugin_name, error))
    return unfit


def make_caller(
    function: "Callable[..., Any]", relay: "Callable[[], pluggy.HookRelay]", *, historic: bool
) -> "Callable[..., Any]":
    """Return a function that calls a hook, with the name and the parameters of its specification.

    Args:
        function: the specification.
        relay: returns the hooks, with the plugins loaded.
        historic: the hook is called for plugins that come later, too.
    """

    @functools.wraps(function)
    def call(**arguments: object) -> object:
        caller = getattr(relay(), function.__name__)
        return caller.call_historic(kwargs=arguments) if historic else caller(**arguments)

    return call
