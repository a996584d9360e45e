"""What the names of a host's plugins stand for, and what is raised where one of them cannot be had."""

import sys
from contextlib import nullcontext
from keyword import iskeyword

from plugframe.errors import DeclarationError, PluginBlockedError, PluginImportError, PluginModuleNotFoundError
from plugframe.loading.faults import describe_refusal, fault_of
from plugframe.namespaces.mounts.aliases import Target
from plugframe.namespaces.names import as_parsed
from plugframe.records import split_reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from plugframe.policy.plugins import Plugins
    from plugframe.records import Plugin

CIRCULAR = "what its entry point names is, by names of this package, that entry point again"
_EFFECT = "the others are not affected"


class PluginTable:
    """What a host's plugins stand for, by name, as they are installed now."""

    def __init__(
        self,
        host: str,
        *,
        owner: object,
        plugins: "Callable[[], Plugins]",
        known: "Callable[[], Plugins | None]",
        refresh: "Callable[[], object]",
    ) -> None:
        """Keep where the plugins come from; look at nothing yet.

        Args:
            host: the host's name.
            owner: the host.
            plugins: returns its plugins as they are known, looking at the environment at the first call.
            known: the same, or None while nothing was looked at.
            refresh: looks at the environment again.
        """
        self.host = host
        self._owner = owner
        self._plugins = plugins
        self._known = known
        self._refresh = refresh
        self._outdated: Plugins | None = None

    def is_same(self, other: "PluginTable") -> bool:
        """Return whether both are of one host."""
        return self._owner is other._owner  # noqa: SLF001 # of this class

    def invalidate(self) -> None:
        """Look at the environment again at the next use, unless somebody else does before."""
        self._outdated = self._known()

    def plugins(self) -> "Plugins":
        """Return the plugins as they are installed now."""
        outdated, self._outdated = self._outdated, None
        if outdated is not None and outdated is self._known():
            self._refresh()  # invalidates all caches, this one too: of what is replaced then
        return self._plugins()

    def find(self, name: str) -> Target | None:
        """Return what a plugin's name stands for; None for one that is no plugin, or has nothing to import."""
        if name.startswith("_") and self._known() is None:
            return None  # Whoever probes for such a name is no reason to look at the environment.
        plugins = self.plugins()
        if name not in plugins:
            return None
        plugin = plugins[name]
        entry = plugin.entry_point
        module, attribute, _ = split_reference(entry.value)
        if not module and not entry.problem:
            return None
        problem = name_problem(name)
        refusal: Callable[[str], ImportError] | None = None
        if not plugin.decision.allowed:
            refusal = lambda alias: _blocked(plugin, alias)  # noqa: E731 # one of two
        elif problem:
            refusal = lambda alias: _unreachable(plugin, alias, problem)  # noqa: E731 # the other
        return Target(name, module, attribute, whose=plugin, refusal=refusal)

    def refuse(self, target: Target, problem: str) -> Target:
        """Return what a name stands for that cannot be had in a package, and raises there when it is imported."""
        plugin = self._plugins()[target.name]
        refusal = lambda alias: _unreachable(plugin, alias, problem)  # noqa: E731 # it has what is at hand here
        return Target(target.name, target.module, target.attribute, whose=plugin, refusal=refusal)

    def watch(self, target: Target, module: str) -> "AbstractContextManager[None]":
        """Return what is entered around the import of a plugin's module: a mark, unless it is imported already."""
        plugins = self._plugins()
        plugin = None if module in sys.modules else plugins.get(target.name)
        return nullcontext() if plugin is None else plugins.quarantine.watch(plugin)

    def fail(self, target: Target, alias: str, module: str, error: BaseException) -> ImportError:
        """Return what to raise where a plugin's module, or the object in it, could not be imported."""
        plugin = self._plugins().get(target.name)
        rest = {
            "effect": f"{alias} cannot be imported; {_EFFECT}",
            "next_step": describe_refusal(plugin).next_step if plugin else "",
        }
        if issubclass(type(error), ModuleNotFoundError) and _is_absent(error, module):
            reason = f"there is no module {module!r}, which its entry point names"
            return PluginModuleNotFoundError(str(target.whose), reason, name=alias, **rest)
        reason, where = fault_of(error, error.__traceback__)
        return PluginImportError(str(target.whose), reason, where=where, **rest)

    def deny(self, target: Target, alias: str) -> ImportError:
        """Return what to raise where the name of an object is imported as if it were a module's."""
        package, _, name = alias.rpartition(".")
        reason = f"{alias!r} is no module: it stands for the object {target.module}:{target.attribute}"
        return PluginModuleNotFoundError(
            str(target.whose), reason, name=alias, next_step=f"write: from {package} import {name}"
        )


def name_problem(name: str) -> str:
    """Return why a plugin's name cannot be one in a package, or an empty string."""
    if not name.isidentifier():
        return "it is no identifier"
    if iskeyword(name):
        return "it is a keyword of the language"
    if as_parsed(name) != name:
        return f"Python reads it as {as_parsed(name)!r}"
    return "names that begin with an underscore are the package's own" if name.startswith("_") else ""


def _is_absent(error: BaseException, module: str) -> bool:
    name = getattr(error, "name", None)
    return isinstance(name, str) and f"{module}.".startswith(f"{name}.")


def _blocked(plugin: "Plugin", alias: str) -> ImportError:
    step = describe_refusal(plugin).next_step
    cause = PluginBlockedError(str(plugin), plugin.state, plugin.decision.reason, step)
    reason = f"it is {plugin.state}: {plugin.decision.reason}"
    rest = {"effect": f"{alias} cannot be imported; {_EFFECT}", "next_step": step}
    error = PluginImportError(str(plugin), reason, **rest)
    error.__cause__ = cause
    return error


def _unreachable(plugin: "Plugin", alias: str, problem: str) -> ImportError:
    package, _, name = alias.rpartition(".")
    cause = DeclarationError(package, name, problem)
    rest = {"effect": f"{alias} cannot be imported; {_EFFECT}", "next_step": advise(plugin, problem)}
    error = PluginImportError(str(plugin), str(cause), **rest)
    error.__cause__ = cause
    return error


def advise(plugin: "Plugin", problem: str) -> str:
    """Return what to do about a plugin that cannot be reached by its name."""
    if problem == CIRCULAR:
        return f"have its authors put the module's own name into its entry point, for {plugin.entry_point.value!r}"
    return f"import {plugin.entry_point.module or plugin.name} itself, or have its authors rename the plugin"
