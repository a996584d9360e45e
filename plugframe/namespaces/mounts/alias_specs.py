"""What the import system is told of an alias: the place and kind of the real module."""

import sys
from importlib.machinery import ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class AliasSpec(ModuleSpec):
    """The spec of an alias: what the real module's says of its place, looked at when somebody asks.

    Importing an alias needs none of it, and finding the real module twice would double the cost.
    """

    _loading = False
    _real: ModuleSpec | None = None

    def __init__(self, name: str, loader: object, module: str) -> None:
        """Keep the alias, its loader, and the real module's name."""
        super().__init__(name, loader)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # a duck, as PEP 451 wants it
        self._alias, self._module = name, module
        del self.origin, self.submodule_search_locations  # what is mirrored

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # what the real spec says
        if name not in ("origin", "submodule_search_locations"):
            raise AttributeError(name)
        return getattr(self._mirrored(), name, None)

    def stand_aside(self) -> None:
        """Make the import system keep what it makes of this spec under a name that nobody asks for, while it loads.

        It puts a new module under the spec's name, executes it, and takes from there what it returns. Other threads
        must not see that new module, nor miss the real one in the moment that it takes to exchange them.

        Source: https://docs.python.org/3/reference/import.html#loading
        """
        self.name = f"{self._alias} ({id(self)})"
        self.submodule_search_locations = None  # the new module needs no path
        self._loading = True

    @property
    def _initializing(self) -> bool:
        """Whether it is being loaded: set by the import system, which is how the end of that is seen."""
        return self._loading

    @_initializing.setter
    def _initializing(self, value: bool) -> None:
        self._loading = value
        if not value and self.name != self._alias:
            sys.modules.pop(self.name, None)
            self.__dict__.pop("submodule_search_locations", None)
            self.name = self._alias

    def _mirrored(self) -> ModuleSpec | None:
        if self._real is None:
            self._real = find_real(self._module)
        return self._real

    @property
    def has_location(self) -> bool:
        """Whether the origin is a place."""
        return not self._loading and bool(getattr(self._mirrored(), "has_location", False))

    @has_location.setter
    def has_location(self, value: bool) -> None: ...  # pyright: ignore[reportIncompatibleVariableOverride] # so there

    @property
    def cached(self) -> str | None:
        """Where the bytecode is."""
        return getattr(self._mirrored(), "cached", None)

    @cached.setter
    def cached(self, value: str | None) -> None: ...  # pyright: ignore[reportIncompatibleVariableOverride] # so there

    @property
    def parent(self) -> str:
        """The real module's package, so that relative imports of code that is run under the alias find it."""
        is_package = self.submodule_search_locations is not None
        return self._module if is_package else self._module.rpartition(".")[0]


def find_real(name: str) -> ModuleSpec | None:
    """Return the spec of a module, found without importing it or a package that it is in; None if there is none."""
    found: ModuleSpec | None = getattr(sys.modules.get(name), "__spec__", None)
    if found is not None:
        return found
    parent = name.rpartition(".")[0]
    path = None
    if parent:
        package = sys.modules.get(parent) or find_real(parent)
        path = getattr(package, "__path__", None) or getattr(package, "submodule_search_locations", None)
        if path is None:
            return None
    finds = (getattr(finder, "find_spec", None) for finder in tuple(sys.meta_path))
    specs = (find(name, path, None) for find in finds if find is not None)
    return next((spec for spec in specs if spec is not None), None)
