"""Namespaces of classes: as modules without a file, whose names are the registered ones, imported when first used."""

import sys
from functools import partial
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.machinery import ModuleSpec
    from typing import Any, Protocol

    from plugframe.handles import RemovableHandle
    from plugframe.namespaces.names import Names
    from plugframe.namespaces.references import References

    class Place(Protocol):
        """Where namespaces can be imported from."""

        package: str
        prefix: str
        module: ModuleType
        handle: RemovableHandle

        def spec_of(self, name: str) -> ModuleSpec:
            """Return the spec of a namespace."""
            raise NotImplementedError

        def remove(self) -> None:
            """Have them no more importable from here."""

    _Module = ModuleType
else:
    _Module = object

_MOST_SHOWN = 20


class ClassNamespace(_Module):
    """The classes whose names start with one prefix; looking at it imports nothing, using a class does.

    Iterating yields the names below it, dotted where there are namespaces between. A class that was used is a plain
    attribute. To ``isinstance`` it is a module, and it has what modules have; but its type is none, for of an open
    namespace the interpreter reads the attributes of an object four times as fast as those of a module.

    Source: ``LOAD_ATTR`` of Python 3.12, https://github.com/python/cpython/issues/103951
    """

    __slots__ = ("__dict__", "__weakref__", "_prefix", "_tree")

    if not TYPE_CHECKING:
        __class__ = property(lambda _: ModuleType)

    def __init__(self, tree: "Tree", prefix: str) -> None:
        """Show the part of a tree below ``prefix``."""
        made = ModuleType(prefix, f"The classes of {prefix} that plugins of {tree.host} provide.")
        # A dictionary that shares its keys with those of other objects is not read as fast.
        object.__setattr__(self, "__dict__", {**vars(made)})
        self._tree = tree
        self._prefix = prefix

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # a class, or a namespace of classes
        return self._tree.look_up(self._prefix, name)

    def __dir__(self) -> list[str]:
        return list(self._tree.children(self._prefix))

    def __iter__(self) -> "Iterator[str]":
        return iter(self._tree.below(self._prefix))

    def __len__(self) -> int:
        return len(self._tree.below(self._prefix))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and f"{self._prefix}.{name}" in self._tree.references

    def __repr__(self) -> str:
        return f"<classes of {self.__name__}: {enumerate_names(self.__dir__())}>"

    def __copy__(self) -> "ClassNamespace":
        return self

    def __deepcopy__(self, _: object) -> "ClassNamespace":
        return self

    def __reduce__(self) -> tuple[object, ...]:
        from importlib import import_module

        self._tree.require_mount(repr(self))
        return import_module, (self.__name__,)


class Tree:
    """All namespaces of one registry: each made at its first use, and then the same for ever.

    What they were asked for is kept in their attributes until the names change. A namespace without names raises for
    everything, until names come back.
    """

    def __init__(
        self, host: str, references: "References", root: object, refused: "Callable[[str], str]" = lambda _: ""
    ) -> None:
        """Make an empty tree.

        Args:
            host: the host's name.
            references: the names and what they mean.
            root: what the outermost namespaces are attributes of.
            refused: returns which plugin would fill a namespace and may not run, and why; empty where none would.
        """
        self.host = host
        self.references = references
        self.root = root
        self.refused = refused
        self.mount: Place | None = None
        self._namespaces: dict[str, ClassNamespace] = {}
        self._published: list[tuple[ClassNamespace, str, object]] = []
        references.watch(self)

    def look_up(self, prefix: str, name: str) -> "Any":  # noqa: ANN401 # a class, or a namespace of classes
        """Return the class or namespace of a name below a prefix, and make it an attribute there.

        Raises:
            NotRegisteredError: neither is registered.
            AttributeError: the name begins with an underscore; no such name ever is.
        """
        if name.startswith("_"):
            message = f"the classes of {prefix or self.host} have no {name!r}"
            raise AttributeError(message, name=name)
        full = f"{prefix}.{name}" if prefix else name
        names = self.references.names()
        if full in names.children:
            return self._enter(full, names)
        if full not in names.additions:
            raise self.references.missing(full, "" if prefix else "namespace of classes")
        return self.references.get(full, publish=partial(self._publish, self._namespaces[prefix], name))

    def _enter(self, full: str, names: "Names") -> ClassNamespace:
        found = self._namespaces.get(full)
        if found is None:
            made, mount = ClassNamespace(self, full), self.mount
            self._describe(full, made)
            found = self._namespaces.setdefault(full, made)  # of two threads, both get the same
            if mount is not self.mount:
                self._describe(full, found)
        parent, _, name = full.rpartition(".")
        holder = self._namespaces.get(parent) if parent else self.root
        if holder is not None:
            self.references.while_current(names, lambda: _attach(holder, name, found))
        return found

    def _holders(self, full: str) -> "Iterator[object]":
        """Yield what a namespace may be an attribute of."""
        parent = full.rpartition(".")[0]
        if not parent:
            yield self.root
            if self.mount is not None:
                yield self.mount.module
        elif parent in self._namespaces:
            yield self._namespaces[parent]

    def _publish(self, namespace: ClassNamespace, name: str, value: object) -> None:
        _attach(namespace, name, value)
        self._published.append((namespace, name, value))

    def namespace(self, full: str) -> "ClassNamespace | None":
        """Return the namespace of a prefix if it was ever made, and make it if names begin with the prefix."""
        names = self.references.names()
        return self._enter(full, names) if full and full in names.children else self._namespaces.get(full)

    def children(self, prefix: str) -> tuple[str, ...]:
        """Return the names right below a prefix, sorted."""
        return self.references.names().children.get(prefix, ())

    def below(self, prefix: str) -> tuple[str, ...]:
        """Return the full names of all classes below a prefix, without it, sorted."""
        start = f"{prefix}."
        return tuple(name[len(start) :] for name in self.references.names().full if name.startswith(start))

    def drop(self) -> object:
        """Take every class and namespace out of the attributes that they were put in."""
        published, self._published = self._published, []
        for namespace, name, value in published:
            _detach(namespace, name, value)
        for full, namespace in tuple(self._namespaces.items()):
            name = full.rpartition(".")[2]
            for holder in self._holders(full):
                _detach(holder, name, namespace)
        return published

    def settle(self) -> None:
        """Make namespaces that have no names any more unknown to the import system, too."""
        imported = self._imported()
        known = self.references.names().children if imported else ()
        for name, full in imported.items():
            if full not in known:
                sys.modules.pop(name, None)

    def _imported(self) -> dict[str, str]:
        """Return the namespaces that were imported: the module's name to the prefix."""
        if self.mount is None:
            return {}
        places = {self.mount.prefix + full: full for full in tuple(self._namespaces)}
        return {name: full for name, full in places.items() if sys.modules.get(name) is self._namespaces[full]}

    def set_mount(self, mount: "Place | None") -> None:
        """Be found below a package, or nowhere any more."""
        imported = self._imported()

        def change() -> object:
            dropped, self.mount = self.drop(), mount
            return dropped

        self.references.exclusively(change)
        for name in imported:
            sys.modules.pop(name, None)
        for full, namespace in tuple(self._namespaces.items()):
            self._describe(full, namespace)

    def _describe(self, full: str, namespace: ClassNamespace) -> None:
        """Give a namespace the attributes of a module: those of an importable one where it is mounted."""
        own = vars(namespace)
        own["__name__"] = own["__package__"] = f"{self.mount.package if self.mount else f'{self.host}.classes'}.{full}"
        if self.mount is not None:
            spec = self.mount.spec_of(full)
            own.update(__spec__=spec, __loader__=spec.loader, __path__=spec.submodule_search_locations)
        else:
            own.update(__spec__=None, __loader__=None)
            own.pop("__path__", None)

    def require_mount(self, what: str) -> str:
        """Return the package that the classes are mounted under.

        Raises:
            PicklingError: they are mounted nowhere.
        """
        if self.mount is None:
            from pickle import PicklingError

            message = f"{what} is pickled by its name, and has none to import: call host.classes.mount() first"
            raise PicklingError(message)
        return self.mount.package


def _attach(holder: object, name: str, value: object) -> None:
    """Make something an attribute, unless there is one of that name."""
    if isinstance(holder, ModuleType):
        # A module's class may have a __setattr__ of its own; its part in this is to intern the name, for fast reads.
        vars(holder).setdefault(sys.intern(name) if type(name) is str else name, value)
        return
    # Up to Python 3.12, an object that hands out its dictionary once is read slowly from then on.
    try:
        object.__getattribute__(holder, name)
    except AttributeError:
        object.__setattr__(holder, name, value)


def _detach(holder: object, name: str, value: object) -> None:
    """Take an attribute away, unless somebody has put something of his own there."""
    if isinstance(holder, ModuleType):
        if vars(holder).get(name) is value:
            del vars(holder)[name]
        return
    try:
        if object.__getattribute__(holder, name) is value:
            object.__delattr__(holder, name)
    except AttributeError:
        return


def enumerate_names(names: "list[str]") -> str:
    """Return names for people, the first of many."""
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "") or "none"
