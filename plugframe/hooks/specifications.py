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
    unfit = _unfit(manager, namespace, function.__name__)
    for _, plugin, _ in unfit:
        manager.unregister(plugin)
    manager.add_hookspecs(namespace)
    return [(name, error) for name, _, error in unfit]


def _unfit(manager: pluggy.PluginManager, namespace: ModuleType, hook: str) -> "list[tuple[str, object, Exception]]":
    """Return the registered plugins whose implementations do not fit a new specification: name, plugin, reason."""
    caller = getattr(manager.hook, hook, None)
    found: list[tuple[str, object, Exception]] = []
    for name, plugin in {one.plugin_name: one.plugin for one in (caller.get_hookimpls() if caller else ())}.items():
        # Tried on a manager of its own: the hooks that others implement keep their order.
        trial = pluggy.PluginManager(manager.project_name)
        trial.add_hookspecs(namespace)
        try:
            trial.register(plugin, name)
        except pluggy.PluginValidationError as error:
            found.append((name, plugin, error))
    return found


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
