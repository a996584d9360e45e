"""Classes by namespace: ``host.classes.vision.ResNet``."""

from plugframe.namespaces.references import References

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ClassRegistry(References):
    """The classes that plugins provide, under dotted names; each is imported when it is first used.

    Iterating yields the full names, sorted; ``in`` and ``len`` tell of them. None of the three imports anything.
    """

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # a class, or a namespace of classes
        return look_up(self, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.namespaces()]

    def namespaces(self) -> list[str]:
        """Return the first parts of all names, sorted."""
        return sorted({name.partition(".")[0] for name in self})

    def __repr__(self) -> str:
        return f"<classes: {', '.join(self) or 'none'}>"


class ClassNamespace:
    """The classes whose names start with one prefix; looking at it imports nothing, using a class does."""

    __slots__ = ("_prefix", "_registry")

    def __init__(self, registry: ClassRegistry, prefix: str) -> None:
        """Show the part of a registry below ``prefix``."""
        self._registry = registry
        self._prefix = prefix

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # a class, or a namespace of classes
        if name.startswith("_"):
            raise AttributeError(name)
        return look_up(self._registry, f"{self._prefix}.{name}")

    def __dir__(self) -> list[str]:
        start = f"{self._prefix}."
        return sorted({name[len(start) :].partition(".")[0] for name in self._registry if name.startswith(start)})

    def __repr__(self) -> str:
        return f"<classes of {self._prefix}: {', '.join(self.__dir__())}>"


def look_up(registry: ClassRegistry, name: str) -> object:
    """Return the class of a dotted name, or the namespace where only longer names start with it.

    Raises:
        NotRegisteredError: neither is registered. Names that start with an underscore never are.
    """
    if name.rpartition(".")[2].startswith("_"):
        raise AttributeError(name)
    if name not in registry and any(known.startswith(f"{name}.") for known in registry):
        return ClassNamespace(registry, name)
    return registry.get(name)
