"""The framework's own hooks, which every host calls for each plugin that it loads."""

import pluggy

from plugframe.errors import RegistrationError, near_matches
from plugframe.hooks.manager import PluginManager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugframe.namespaces.registrars import Registrar

PROJECT = "plugframe"
_specification = pluggy.HookspecMarker(PROJECT)


class FrameworkHooks:
    """What a plugin may implement, marked with ``plugframe.hookimpl``, to register more than hooks."""

    @_specification
    def plugframe_register_classes(self, classes: "Registrar") -> None:
        """Register classes: ``classes.add("vision.ResNet", "acme_vision.models:ResNet")``."""

    @_specification
    def plugframe_register_callbacks(self, callbacks: "Registrar") -> None:
        """Bind functions to the host's callback slots: ``callbacks.add("progress", show)``."""

    @_specification
    def plugframe_register_libraries(self, libraries: "Registrar") -> None:
        """Name shared libraries: ``libraries.add("stats", "acme_vision._native.libstats")``."""

    @_specification
    def plugframe_register_operations(self, operations: "Registrar") -> None:
        """Provide backends of operations: ``operations.add("image.resize.acme", "acme_vision.resize:resize")``."""


def offer_registrars(plugin: object, registrars: "Mapping[str, Registrar]") -> None:
    """Call the framework's hooks of one plugin.

    A manager of their own for each plugin keeps them apart from the host's hooks, whatever the host is named.

    Raises:
        RegistrationError: it implements a hook of the framework that does not exist.

    Args:
        plugin: the loaded module or object.
        registrars: kind (``classes``, ``callbacks``, ``libraries``, ``operations``) to what its hook is given.
    """
    manager = PluginManager(PROJECT)
    manager.add_hookspecs(FrameworkHooks)
    manager.register(plugin)
    known = tuple(f"plugframe_register_{kind}" for kind in registrars)
    for name in vars(manager.hook):
        if name.startswith("plugframe_") and name not in known:
            near = near_matches(name, known)
            hint = f"; did you mean {near[0]}?" if near else ""
            message = f"the framework has no hook {name!r}{hint}"
            raise RegistrationError(message)
    for kind, registrar in registrars.items():
        getattr(manager.hook, f"plugframe_register_{kind}")(**{kind: registrar})
