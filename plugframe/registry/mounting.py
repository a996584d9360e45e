"""Classes below a real package: ``from myapp.classes.vision import ResNet``.

Source: PEP 451, PEP 562
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from threading import Lock

from plugframe.errors import RegistrationError
from plugframe.handles import RemovableHandle
from plugframe.namespaces.mounts import finder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from plugframe.registry.namespaces import ClassNamespace, Tree

_mounting = Lock()


class ClassMount(finder.Mount):
    """Answers for the namespaces of classes below a package: to the import system, and as attributes of the package.

    It is the loader of the namespaces, too. Modules that the package really has come first.
    """

    def __init__(self, module: "ModuleType", tree: "Tree") -> None:
        """Keep the package and the tree; change nothing yet."""
        super().__init__(f"{module.__name__}.")
        self.package = module.__name__
        self.module = module
        self.tree = tree
        self.handle = RemovableHandle(f"the classes of {tree.host} below {self.package}", lambda: unmount(self))
        self._hooks = {"__getattr__": self.look_up, "__dir__": self.names}

    def install(self) -> None:
        """Put the classes below the package.

        Raises:
            RegistrationError: the package finds its attributes in a way of its own.
        """
        own = vars(self.module)
        other = finder.mounted(self.prefix)
        if isinstance(other, ClassMount) and other.module is self.module:
            raise _refusal(self.tree, self.package, f"those of the host {other.tree.host!r} are there")
        taken = [name for name in self._hooks if name in own]
        if taken:
            raise _refusal(self.tree, self.package, f"it has a {taken[0]} of its own")
        own.update(self._hooks)
        finder.install(self)

    def remove(self) -> None:
        """Undo ``install``."""
        finder.remove(self)
        own = vars(self.module)
        for name in self._hooks:
            if own.get(name) is self._hooks[name]:
                del own[name]

    def look_up(self, name: str) -> "Any":  # noqa: ANN401 # a namespace, or a module
        """Return a namespace, or the package's own module of its name: the package's ``__getattr__``.

        Raises:
            NotRegisteredError: no class is registered below this name.
            AttributeError: the name begins with an underscore.
        """
        names = self.tree.references.names()
        if name in names.children and self.is_real(name):
            return import_module(self.prefix + name)
        found = self.tree.look_up("", name)
        self.tree.references.while_current(names, lambda: self._attach(name, found))
        return found

    def _attach(self, name: str, namespace: object) -> None:
        if self.tree.mount is self:
            vars(self.module).setdefault(name, namespace)

    def names(self) -> list[str]:
        """Return the package's attributes and the namespaces, sorted: the package's ``__dir__``."""
        return sorted({*vars(self.module), *self.tree.children("")})

    def is_real(self, name: str) -> bool:
        """Return whether the package has an attribute or a module of its own of this name; nothing is imported."""
        known = vars(self.module).get(name, sys.modules.get(self.prefix + name))
        if known is not None:
            return known is not self.tree.namespace(name)
        return PathFinder.find_spec(self.prefix + name, list(self.module.__path__)) is not None

    def find(self, fullname: str) -> "ModuleSpec | None":
        """Return the spec of a namespace; None for whatever else, and for modules that the package really has."""
        name = fullname.removeprefix(self.prefix)
        if name not in self.tree.references.names().children:
            return self._refused_spec_of(name)
        parent = name.rpartition(".")[0]
        if sys.modules.get(self.prefix + parent) is not self.tree.namespace(parent) if parent else self.is_real(name):
            return None
        return self.spec_of(name)

    def _refused_spec_of(self, name: str) -> "ModuleSpec | None":
        """Return a spec for what only plugins that may not run would fill: importing it says why they may not."""
        reason = "" if name.rpartition(".")[2].startswith("_") else self.tree.refused(name)
        if not reason or ("." not in name and self.is_real(name)):
            return None
        loader: Any = Refused(reason)
        return ModuleSpec(self.prefix + name, loader)

    def spec_of(self, name: str) -> ModuleSpec:
        """Return the spec of a namespace: a package without a file, with nothing on its path."""
        loader: Any = self  # by its methods; importlib.abc is not imported for a base class
        return ModuleSpec(self.prefix + name, loader, is_package=True)

    def create_module(self, spec: ModuleSpec) -> "ClassNamespace":
        """Return the namespace itself.

        Raises:
            ModuleNotFoundError: it has no names any more.
        """
        found = self.tree.namespace(spec.name.removeprefix(self.prefix))
        if found is None:
            message = f"No module named {spec.name!r}"
            raise ModuleNotFoundError(message, name=spec.name)
        return found

    def exec_module(self, module: "ModuleType") -> None:
        """Do nothing: classes are imported when they are used."""

    def is_package(self, fullname: str) -> bool:  # noqa: ARG002 # the protocol's
        """Return True: there may be namespaces below every namespace."""
        return True

    def __repr__(self) -> str:
        return f"<classes of {self.tree.host} below {self.package}>"


class Refused:
    """The loader of a namespace that nobody may fill."""

    def __init__(self, reason: str) -> None:
        """Keep who would fill it, and why it may not."""
        self._reason = reason

    def create_module(self, spec: ModuleSpec) -> "ModuleType":
        """Refuse.

        Raises:
            ModuleNotFoundError: always, with the reason.
        """
        message = f"No module named {spec.name!r}: {self._reason}"
        raise ModuleNotFoundError(message, name=spec.name)

    def exec_module(self, module: "ModuleType") -> None:
        """Do nothing: there is no module."""


def _refusal(tree: "Tree", package: object, reason: str) -> RegistrationError:
    return RegistrationError(f"the classes of the host {tree.host!r} cannot be mounted under {package!r}: {reason}")


def mount(tree: "Tree", package: str) -> RemovableHandle:
    """Put the classes of a tree below a package, which is imported where it was not.

    Returns:
        What takes them away again; the same one for the same package.

    Raises:
        RegistrationError: they are mounted elsewhere; it is no package, or others' classes are there.
    """
    if type(package) is not str or not all(part.isidentifier() for part in package.split(".")):
        raise _refusal(tree, package, "it is no dotted name of a package")
    module = sys.modules.get(package)
    if module is None:
        module = import_module(package)
    if not hasattr(module, "__path__"):
        raise _refusal(tree, package, "it is a module without submodules; make it a package")
    with _mounting:
        present = tree.mount
        if present is not None and present.module is module:
            return present.handle
        if present is not None and present.package != package:
            raise _refusal(tree, package, f"they are under {present.package!r}; remove the handle of that mount first")
        if present is not None:  # the package was imported anew
            present.remove()
        made = ClassMount(module, tree)
        made.install()
        tree.set_mount(made)
        return made.handle


def unmount(mounted: ClassMount) -> None:
    """Undo ``mount``."""
    with _mounting:
        mounted.remove()
        if mounted.tree.mount is mounted:
            mounted.tree.set_mount(None)


def registry_under(package: str) -> object:
    """Return the registry whose classes are mounted under a package, which is imported; this is how one unpickles.

    Raises:
        LookupError: the package mounts none.
    """
    import_module(package)
    found = finder.mounted(f"{package}.")
    root = found.tree.root if isinstance(found, ClassMount) else None
    if root is None:
        message = f"no host's classes are mounted under {package!r}"
        raise LookupError(message)
    return root
