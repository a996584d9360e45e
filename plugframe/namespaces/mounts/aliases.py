"""Names below one package that stand for modules elsewhere: ``myapp.plugins.vision`` is ``acme_vision``.

The real module stays what it is, under its own name and with its own spec; ``sys.modules`` has it under both names.
"""

import os
import sys
from _thread import get_ident
from importlib.machinery import FileFinder, ModuleSpec, PathFinder

from plugframe.namespaces.mounts.alias_specs import AliasSpec, find_real
from plugframe.namespaces.mounts.finder import Mount
from plugframe.namespaces.mounts.importing import Placeholder, hold_until_finished, import_real, is_partial, shield
from plugframe.namespaces.mounts.passing import owner_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import CodeType
    from typing import Any, Protocol

    class Names(Protocol):
        """Who knows what the names below a package stand for."""

        def find(self, name: str) -> "Target | None":
            """Return what a name stands for, or None; nothing of it is imported."""
            ...

        def watch(self, target: "Target", module: str) -> "AbstractContextManager[None]":
            """Return what is entered around the import of a module."""
            ...

        def fail(self, target: "Target", alias: str, module: str, error: BaseException) -> ImportError:
            """Return what to raise where a module could not be imported."""
            ...

        def deny(self, target: "Target", alias: str) -> ImportError:
            """Return what to raise where an object is imported as if it were a module."""
            ...

        def invalidate(self) -> None:
            """Expect another environment than before."""
            ...


class Target:
    """What a name stands for.

    Attributes:
        name: the name, without its package.
        module: the full name of the module.
        attribute: the dotted name of an object in it, or an empty string.
        whose: who says so; its text is for messages.
        refusal: makes the error for whoever asks for a name that cannot be had, or None.
    """

    __slots__ = ("attribute", "module", "name", "refusal", "whose")

    def __init__(
        self,
        name: str,
        module: str,
        attribute: str = "",
        *,
        whose: object = "",
        refusal: "Callable[[str], ImportError] | None" = None,
    ) -> None:
        self.name = name
        self.module = module
        self.attribute = attribute
        self.whose = whose
        self.refusal = refusal


class AliasMount(Mount):
    """Answers for the names below a package that stand for modules, and for what is below those."""

    def __init__(self, package: str, source: "Names") -> None:
        """Keep the package's name and who knows what the names stand for."""
        super().__init__(f"{package}.")
        self.package = package
        self.source = source
        self._listed: dict[str, frozenset[str]] = {}

    def find(self, fullname: str) -> ModuleSpec | None:
        """Return the spec of an alias, or None where the package itself has the name, or nobody."""
        name, _, below = fullname[len(self.prefix) :].partition(".")
        target = self.look_up(name)
        if target is None or (not below and self.has(name)):
            return None
        if not below or target.refusal:
            if owner_of(fullname) != get_ident() and self._is_no_module(target):
                return None  # Nobody imports it, who would be told why that cannot be: it is only looked for.
            return AliasSpec(fullname, AliasLoader(self, target, target.module), target.module)
        return self._find_below(target, fullname, below)

    def _is_no_module(self, target: Target) -> bool:
        return bool(target.refusal or target.attribute) or find_real(target.module) is None

    def look_up(self, name: str) -> Target | None:
        """Return what a name stands for below this package, or None."""
        return self.source.find(name)

    def _find_below(self, target: Target, fullname: str, below: str) -> ModuleSpec | None:
        real = f"{target.module}.{below}"
        parent = sys.modules.get(fullname.rpartition(".")[0])
        # The package's own subpackage may have the name, and then what is below it is nobody's alias.
        if target.attribute or parent is None or parent is not sys.modules.get(real.rpartition(".")[0]):
            return None
        return None if find_real(real) is None else AliasSpec(fullname, AliasLoader(self, target, real), real)

    def has(self, name: str) -> bool:
        """Return whether the package has a submodule of this name itself, imported or not."""
        path = getattr(sys.modules.get(self.package), "__path__", ())
        if not any(self._may_have(name, folder) for folder in path):
            return False
        return PathFinder.find_spec(f"{self.prefix}{name}", path) is not None

    def _may_have(self, name: str, folder: str) -> bool:
        """Return whether a folder could have a module; what is put there later counts when caches are invalidated."""
        stems = self._listed.get(folder)
        if stems is None:
            try:
                stems = frozenset(file.partition(".")[0] for file in os.listdir(folder))
            except OSError:
                return True
            # In front of a folder there may be something else than files, such as a frozen application's archive.
            if type(sys.path_importer_cache.get(folder)) is not FileFinder:
                return True
            self._listed[folder] = stems
        return name in stems

    def load(self, target: Target, alias: str, module: str) -> "Any":  # noqa: ANN401 # a module, or its stand-in
        """Import what an alias stands for.

        Raises:
            ImportError: it cannot be had, or its body raised; nothing is left behind, and it can be tried again.
            BaseException: what its body raised, where that is a wish to stop, such as a KeyboardInterrupt.
        """
        if target.refusal is not None:
            raise target.refusal(alias)
        try:
            with self.source.watch(target, module):
                return import_real(module, self.prefix)
        except BaseException as error:
            purge(alias, module)
            if not isinstance(error, (Exception, SystemExit)):
                raise  # no failure but a wish to stop
            raise self.source.fail(target, alias, module, error) from error

    def invalidate(self) -> None:
        """Pass on that the environment may have changed."""
        self._listed = {}
        self.source.invalidate()


class AliasLoader:
    """Loads an alias: imports the real module, and hands it to the import system in the place of a new one."""

    def __init__(self, mount: AliasMount, target: Target, module: str) -> None:
        """Keep what the alias stands for.

        Args:
            mount: it belongs to.
            target: what the alias' first name below the package stands for.
            module: the real module's name.
        """
        self.module = module
        self._mount = mount
        self._target = target

    def create_module(self, spec: AliasSpec) -> Placeholder:
        """Import the real module, before anything stands under the alias.

        Raises:
            ImportError: see ``AliasMount.load``; or the name stands for an object in a module.
        """
        if self._target.attribute and self._target.refusal is None:
            raise self._mount.source.deny(self._target, spec.name)
        made = Placeholder(spec.name, self._mount.load(self._target, spec.name, self.module))
        spec.stand_aside()
        return made

    def exec_module(self, module: Placeholder) -> None:
        """Put the real module under its alias, and where the import system takes the result from."""
        alias, real = module.__name__, module.__dict__["_real"]
        parent, _, child = alias.rpartition(".")
        above = sys.modules.get(parent)
        sys.modules[alias] = sys.modules[module.__spec__.name if module.__spec__ else alias] = real
        if is_partial(real):
            shield(above, child, real)
            hold_until_finished(alias, self.module, real, lambda: purge(alias, self.module))
        elif self._is_taken(above, child, real, alias):
            shield(above, child, real)

    def _is_taken(self, parent: object, child: str, real: object, alias: str) -> bool:
        """Return whether a package has something of its own under the name of its submodule."""
        present = getattr(parent, "__dict__", {}).get(child, real)
        # A module of that name that is there still was forgotten by sys.modules, and is to be replaced.
        return present is not real and getattr(present, "__name__", "") not in (self.module, alias)

    def _ask(self, method: str) -> "Any":  # noqa: ANN401 # what the real loader answers
        spec = find_real(self.module)
        asked = getattr(spec.loader, method, None) if spec else None
        if asked is None:
            message = f"{self.module!r} cannot be looked at: its loader has no {method}"
            raise ImportError(message, name=self.module)
        return asked(self.module)

    def get_code(self, _: str) -> "CodeType | None":
        """Return the real module's code."""
        code: CodeType | None = self._ask("get_code")
        return code

    def get_source(self, _: str) -> str | None:
        """Return the real module's source."""
        source: str | None = self._ask("get_source")
        return source

    def get_filename(self, _: str) -> str:
        """Return the real module's file."""
        return str(self._ask("get_filename"))

    def is_package(self, _: str) -> bool:
        """Return whether the real module is a package."""
        return bool(self._ask("is_package"))

    def __repr__(self) -> str:
        return f"<alias of {self.module}>"


def purge(alias: str, module: str) -> None:
    """Forget what a failed import left behind: what is below the module, and aliases of what is no longer there."""
    if module not in sys.modules:
        for name in names_below(module):
            sys.modules.pop(name, None)
    for name in names_below(alias):
        if sys.modules.get(name) is not sys.modules.get(module + name[len(alias) :]):
            sys.modules.pop(name, None)


def names_below(module: str) -> list[str]:
    """Return a module's name and those of all modules below it, of those that ``sys.modules`` has."""
    return [name for name in tuple(sys.modules) if name == module or name.startswith(f"{module}.")]
