"""Classes by namespace: ``host.classes.vision.ResNet``."""

from plugframe.namespaces.references import References
from plugframe.namespaces.registrars import Registrar
from plugframe.registry.namespaces import Tree, enumerate_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

    from plugframe.handles import RemovableHandle


class ClassRegistry:
    """The classes that plugins provide, under dotted names; each is imported when it is first used.

    Iterating yields the full names, sorted; ``in`` and ``len`` tell of them. None of the three imports anything.
    Namespaces are attributes, beside the few methods, whose names no namespace can have.
    """

    def __init__(
        self,
        host: str,
        references: References,
        *,
        parts: int,
        reserved: "Collection[str]",
        refused: "Callable[[str], str]" = lambda _: "",
    ) -> None:
        """Show a registry of classes by name.

        Args:
            host: the host's name.
            references: the names, reached part by part, and what they mean.
            parts: how many parts a name must have at least.
            reserved: first parts that could not be reached: the names of the methods.
            refused: returns which plugin would fill a namespace and may not run, and why; empty where none would.
        """
        self._tree = Tree(host, references, self, refused)
        self._parts = parts
        self._reserved = reserved

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # a namespace of classes
        if name.startswith("_"):  # while it is copied, there is no tree yet
            message = f"the classes of a host have no {name!r}"
            raise AttributeError(message, name=name)
        return self._tree.look_up("", name)

    def get(self, name: str) -> object:
        """Return the class of a full name; its module is imported at the first call.

        Raises:
            NotRegisteredError: there is no such name.
            PluginImportError: it cannot be imported, or is no class; it can be tried again.
        """
        return self._tree.references.get(name)

    def provider(self, name: str) -> str:
        """Return who registered the class of a full name, such as ``myapp.classes:vision.Net from acme 1.0``.

        Raises:
            NotRegisteredError: there is no such name.
        """
        return self._tree.references.provider(name)

    def add(self, name: str, target: object, *, replace: bool = False) -> "RemovableHandle":
        """Register a class of the host's own.

        Args:
            name: dotted, with a namespace: ``vision.ResNet``.
            target: the class, or its reference ``module:attribute``.
            replace: take the place of what has the name already.

        Returns:
            What removes it again, and restores what it replaced.

        Raises:
            RegistrationError: the name cannot be reached, or the target is no class.
            RegistrationConflictError: the name is taken, and ``replace`` was not given.
        """
        references = self._tree.references
        registrar = Registrar(
            "class",
            f"the host {self._tree.host}",
            accepts=is_class,
            parts=self._parts,
            reserved=self._reserved,
            withdraw=references.withdraw,
        )
        handle = registrar.add(name, target, replace=replace)
        references.commit(registrar.additions)
        return handle

    def mount(self, package: str) -> "RemovableHandle":
        """Let the namespaces be imported below a package: ``from myapp.classes.vision import ResNet``.

        The one line ``host.classes.mount(__name__)`` in ``myapp/classes/__init__.py`` is all that it takes. Namespaces
        become attributes and submodules of the package; what the package really has comes first.

        Args:
            package: its full name; it is imported where it was not.

        Returns:
            What undoes it; for the same package again, the same.

        Raises:
            RegistrationError: they are mounted under another package; it is no package; it has a ``__getattr__`` or
                ``__dir__`` of its own, or the classes of another host.
        """
        from plugframe.registry.mounting import mount

        return mount(self._tree, package)

    def __iter__(self) -> "Iterator[str]":
        return iter(self._tree.references)

    def __len__(self) -> int:
        return len(self._tree.references)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._tree.references

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._tree.children("")})

    def __repr__(self) -> str:
        return f"<classes of {self._tree.host}: {enumerate_names(list(self))}>"

    def __copy__(self) -> "ClassRegistry":
        return self

    def __deepcopy__(self, _: object) -> "ClassRegistry":
        return self

    def __reduce__(self) -> tuple[object, ...]:
        package = self._tree.require_mount(repr(self))
        from plugframe.registry.mounting import registry_under

        return registry_under, (package,)


def is_class(target: object) -> bool:
    """Return whether an object is a class."""
    return isinstance(target, type)
