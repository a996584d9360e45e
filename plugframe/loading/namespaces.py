"""A host's plugins as names of one of its packages: ``from myapp.plugins import vision``.

``mount_plugins`` is the main function.
"""

import sys
from importlib import import_module

from plugframe.errors import NamespaceError, NotRegisteredError, PluginNotFoundError, near_matches
from plugframe.loading.names import CIRCULAR, PluginTable, advise, name_problem
from plugframe.loading.resolve import resolve
from plugframe.namespaces.mounts import finder
from plugframe.namespaces.mounts.aliases import AliasMount, Target, names_below
from plugframe.namespaces.mounts.importing import import_now, is_partial, publish
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

    from plugframe.records import Plugin

_MISSING = object()


def mount_plugins(package: str, table: "PluginTable") -> "PluginNamespace":
    """Put a host's plugins under one of its packages, and return what tells of them and takes them away again.

    Args:
        package: the package's full name; it is imported unless that was done.
        table: the host's plugins.

    Raises:
        NamespaceError: the name is no package's own, or another host's plugins are under it.
        ImportError: the package cannot be imported.
    """
    module = _package(package, table.host)
    present = finder.mounted(f"{package}.")
    if isinstance(present, PluginNamespace) and present.table.is_same(table):
        made = present
    else:
        if present is not None:
            _make_way(package, present, table.host)
        made = PluginNamespace(package, table)
    finder.install(made)
    made.attach(module)
    return made


def _package(package: str, host: str) -> "ModuleType":
    """Return the package of a name.

    Raises:
        NamespaceError: it has no ``__init__.py`` of its own, or another name.
    """
    # Whoever forgets the quotes gives the package itself.
    words = package.split(".") if issubclass(type(package), str) else [""]
    if not all(word.isidentifier() for word in words):
        reason, advice = "a package's full name is needed", "host.namespace(__name__) in the package's __init__.py"
        raise NamespaceError(package, host, reason, advice)
    module = sys.modules.get(package) or import_module(package)
    reason = advice = ""
    if not hasattr(module, "__path__"):
        reason, advice = "it is no package", "make it a folder with an __init__.py"
    elif module.__name__ != package:
        reason, advice = f"that is another name of {module.__name__!r}", f"give it that one, {module.__name__!r}"
    elif getattr(module, "__file__", None) is None and getattr(module.__spec__, "origin", None) is None:
        reason = "it has no __init__.py, so that other distributions may have a part of it"
        advice = "add an __init__.py"
    if reason:
        raise NamespaceError(package, host, reason, advice)
    return module


def _make_way(package: str, present: finder.Mount, host: str) -> None:
    """Take away a namespace of the same host, as it was before its module was imported anew.

    Raises:
        NamespaceError: it is something else's.
    """
    if not isinstance(present, PluginNamespace):
        raise NamespaceError(package, host, "something else has its names", "take another package")
    if present.is_attached() and present.table.host != host:
        reason = f"it is the namespace of {present.table.host}'s"
        raise NamespaceError(package, host, reason, "give each host a package of its own")
    present.remove()


class PluginNamespace(AliasMount):
    """A host's plugins as names of one of its packages.

    It is attached to its package, and its mount installed, until ``remove``. Using a name imports its module; that
    does not load the plugin: its hooks are registered by ``host.load``, or by the call of one of them.

    Attributes:
        package: the package's full name.
        table: what the names stand for.
    """

    def __init__(self, package: str, table: PluginTable) -> None:
        """Make a namespace that nothing knows of yet."""
        super().__init__(package, table)
        self.table = table
        self._module: ModuleType | None = None
        self._before: dict[str, Any] = {}
        self._hooks = {"__getattr__": self.resolve, "__dir__": self.list_names}
        self._given: dict[str, object] = {}

    def attach(self, module: "ModuleType") -> None:
        """Make the names attributes of the package; what it has for names of its own is asked after them."""
        own = vars(module)
        if module is not self._module:
            self._before, self._module = {}, module
        for name, hook in self._hooks.items():
            if own.get(name) is not hook:
                self._before[name] = own.get(name)
                own[name] = hook

    def is_attached(self) -> bool:
        """Return whether the package, as it is imported now, has its names from here."""
        own = vars(self._module) if self._module else {}
        return sys.modules.get(self.package) is self._module and own.get("__getattr__") is self._hooks["__getattr__"]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that can be imported, sorted; nothing is imported to know them."""
        targets = (target for _, target in self._targets() if not self.has(target.name))
        return tuple(target.name for target in targets if self.vet(target).refusal is None)

    def vet(self, target: Target) -> Target:
        """Return what a name stands for here; one that the package has for something else is refused."""
        problem = self._problem(target) if target.refusal is None else ""
        return self.table.refuse(target, problem) if problem else target

    def _problem(self, target: Target) -> str:
        """Return why a plugin cannot be had here, though its name could be, or an empty string."""
        return self._hidden(target) or (CIRCULAR if self._is_circular(target) else "")

    def _is_circular(self, target: Target) -> bool:
        """Return whether what a plugin stands for leads, by names of this package, back to one that was passed."""
        passed = {target.name}
        module = target.module
        while module.startswith(self.prefix):
            name = module[len(self.prefix) :].partition(".")[0]
            following = None if self.has(name) else self.table.find(name)
            if following is None or name in passed:
                return following is not None
            passed.add(name)
            module = following.module
        return False

    def _targets(self) -> "Iterator[tuple[Plugin, Target]]":
        for name, plugin in tuple(self.table.plugins().items()):
            target = self.table.find(name)
            if target is not None:
                yield plugin, target

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The plugins whose names cannot be reached here, sorted by name; each can be loaded like any other."""
        found = ((plugin, name_problem(plugin.name) or self._shadow(target)) for plugin, target in self._targets())
        return tuple(
            Diagnostic(
                code="PF170",
                message=f"plugin {plugin.name!r} of {self.table.host} is no name of {self.package}: {problem}",
                path=plugin.distribution.metadata_path,
                distribution=plugin.distribution.name,
                effect="it cannot be imported from there",
                fix=advise(plugin, problem),
            )
            for plugin, problem in found
            if problem
        )

    def _shadow(self, target: Target) -> str:
        """Return why a plugin cannot be had here, whatever the package has under its name, or an empty string."""
        if not self.has(target.name):
            return self._problem(target)
        return "" if target.module == f"{self.prefix}{target.name}" else "the package has a submodule of that name"

    def _hidden(self, target: Target) -> str:
        """Return what of the package's own hides a plugin, or an empty string."""
        present = vars(self._module).get(target.name, _MISSING) if self._module else _MISSING
        if present is _MISSING:
            return ""
        alias = f"{self.prefix}{target.name}"
        imported = (sys.modules.get(module, _MISSING) for module in (alias, target.module))
        ours = (_MISSING, self._given.get(target.name, _MISSING), *imported)
        known = any(present is one for one in ours) or getattr(present, "__name__", "") in (target.module, alias)
        return "" if known else "the package has an attribute of that name"

    def resolve(self, name: str) -> "Any":  # noqa: ANN401 # a plugin's module or object
        """Return what a name stands for, importing it: the package's ``__getattr__``.

        Raises:
            AttributeError: no plugin has the name.
            ImportError: one has, and cannot be imported; it can be tried again.
        """
        target = None if name.startswith("_") else self.table.find(name)
        if target is None:
            return self._ask_package(name)
        alias = f"{self.prefix}{name}"
        if self.has(name) or self.vet(target).refusal is not None:
            return import_now(alias)
        module = self.load(target, alias, target.module)  # before the alias, whose lock nobody should wait for
        value = self._attribute(target, alias) if target.attribute else module
        if is_partial(module) or self._module is None:
            return value
        if not target.attribute:
            publish(alias, module)
        self._given[name] = value
        return vars(self._module).setdefault(name, value)

    def _attribute(self, target: Target, alias: str) -> object:
        try:
            return resolve(f"{target.module}:{target.attribute}")
        except (Exception, SystemExit) as error:
            raise self.table.fail(target, alias, target.module, error) from error

    def _ask_package(self, name: str) -> "Any":  # noqa: ANN401 # whatever the package has
        ask = self._before.get("__getattr__")
        if ask is not None:
            return ask(name)
        if name.startswith("_"):
            message = f"module {self.package!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self._module)
        kind = f"plugin of {self.table.host}"
        raise NotRegisteredError(kind, name, tuple(self.table.plugins()))

    def list_names(self) -> list[str]:
        """Return the package's own names and the plugins', sorted: its ``__dir__``. Nothing is imported."""
        ask = self._before.get("__dir__")
        own = ask() if ask is not None else vars(self._module or sys)
        return sorted({*own, *self.names})

    def unload(self, name: str) -> None:
        """Forget a plugin's alias and all below it; the real modules stay, and it is imported anew at its next use.

        Raises:
            PluginNotFoundError: no plugin has the name, and nothing is imported under it.
        """
        if not isinstance(name, str):
            raise PluginNotFoundError(self.table.host, name)
        aliases = names_below(f"{self.prefix}{name}")
        target = self.table.find(name)
        if target is None and name not in self._given and not aliases:
            raise PluginNotFoundError(self.table.host, name, near_matches(str(name), tuple(self.table.plugins())))
        if not self.has(name):
            self._forget(name, aliases)

    def _forget(self, name: str, aliases: list[str]) -> None:
        own = vars(self._module) if self._module else {}
        ours = (sys.modules.get(f"{self.prefix}{name}", _MISSING), self._given.pop(name, _MISSING))
        if any(own.get(name) is value for value in ours):
            own.pop(name, None)
        for alias in aliases:
            sys.modules.pop(alias, None)

    def remove(self) -> None:
        """Take every name away again: the package and ``sys.meta_path`` are as they were. Idempotent."""
        finder.remove(self)
        own = vars(self._module) if self._module else {}
        for name, hook in self._hooks.items():
            if own.get(name) is hook:
                before = self._before.get(name)
                own.pop(name) if before is None else own.update({name: before})
        for alias in names_below(self.package):
            name = alias[len(self.prefix) :].partition(".")[0]
            if alias != self.package and not self.has(name):
                self._forget(name, [alias])
        for name in tuple(self._given):
            self._forget(name, [])

    def __repr__(self) -> str:
        return f"<plugins of {self.table.host} as {self.package}>"
