"""Packages whose names are imported at their first use: ``attach``, for an ``__init__.py``.

Call-compatible with lazy_loader 0.6, so that exchanging the import is the whole migration. This module is part of every
import of plugframe: it only declares, all names together, and what comes later is in modules of its own.

Source: PEP 562, https://scientific-python.org/specs/spec-0001/
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType
    from typing import Any

    Attached = tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]
    Declared = dict[str, tuple[str, ...]]

# Those of the module keyword, without the cost of importing it.
KEYWORDS = (
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
)  # fmt: skip
_EAGER = ("PLUGFRAME_EAGER_IMPORT", "EAGER_IMPORT")  # the second is lazy_loader's
_ITSELF = ("__name__",)
_TRIES = 9
_COLLECTIONS = {list, tuple, set, frozenset}
_SMALL = 100  # names; to look into a large package's folder would cost more than to declare its names


def attach(
    package_name: str,
    submodules: "Iterable[str] | None" = None,
    submod_attrs: "Mapping[str, Iterable[str]] | None" = None,
    *,
    extras: "Mapping[str, str] | None" = None,
) -> "Attached":
    """Make submodules of a package, and attributes of its submodules, be imported when they are first used.

    ``__getattr__, __dir__, __all__ = attach(__name__, ["models"], {"io": ["read", "write"]})``. Nothing is imported
    now, unless ``PLUGFRAME_EAGER_IMPORT`` or ``EAGER_IMPORT`` is set to anything but 0. What was imported is an
    attribute like any other; when all is, the package has no ``__getattr__`` any more and costs what any module does.

    Args:
        package_name: the package's ``__name__``.
        submodules: submodules that become attributes; ``models as m`` for one that gets another name.
        submod_attrs: submodule, such as ``io`` or ``io.files``, to names in it that become attributes; ``read as load``
            for one that gets another name. A key that begins with ``=`` is the full name of a module elsewhere.
        extras: name to the extra of the package's distribution that it needs, ``plots``, or with the distribution's
            name where the package has another one, ``acme-charts[plots]``. Such names are no part of ``*``, and where
            they cannot be imported the error names the extra to install.

    Returns:
        What is to be the package's ``__getattr__``, ``__dir__`` and ``__all__``.

    Raises:
        DeclarationError: a name is no identifier, a keyword or a dunder, stands for two things, or is that of another
            submodule. The last is found when the name is first used, where more than 100 names are declared.
        TypeError: the package's name is none.

    Source: https://scientific-python.org/specs/spec-0001/
    """
    if not package_name or str(package_name) != package_name:
        message = f"attach takes the package's __name__; got {package_name!r}"
        raise TypeError(message)
    renamed: dict[str, str] = {}
    try:
        declared = _usual(submodules or (), submod_attrs or {}, extras or {})
    except (TypeError, AttributeError):
        declared = None
    if declared is None:  # Something about the names is unusual, or wrong: they are looked at one by one.
        from plugframe.namespaces.lazy.declaring import by_home, declare

        homes, renamed = declare(package_name, submodules, submod_attrs, extras)
        declared = by_home(homes)
    namespace = Namespace(package_name, declared, renamed, extras or {})
    namespace.prepare()
    from os import environ

    if any(environ.get(variable, "0") not in ("0", "") for variable in _EAGER):
        namespace.resolve_all()
    return namespace.hook, namespace.names, namespace.public()


def _usual(
    submodules: "Any",  # noqa: ANN401 # whatever somebody gives
    attributes: "Mapping[str, Any]",
    extras: "Mapping[str, str]",
) -> "Declared | None":
    """Return the names by their homes if all are plain names, each declared once; otherwise None."""
    if not {type(submodules), *map(type, attributes.values())} <= _COLLECTIONS:
        return None
    declared: Declared = {"": tuple(submodules), **{home: tuple(names) for home, names in attributes.items()}}
    names = _all(declared)
    known = set(names)
    joined = "\n" + "\n".join(names)
    plain = joined.isascii() and "\n__" not in joined and known.isdisjoint(KEYWORDS)
    if not plain or "" in attributes or len(known) != len(names) or not all(map(str.isidentifier, names)):
        return None
    if extras and (extras.keys() - known or not all(type(extra) is str for extra in extras.values())):
        return None
    # A submodule may be a dotted one.
    return declared if all(map(str.isidentifier, ".".join(("_", *attributes)).split("."))) else None


def _all(declared: "Declared") -> list[str]:
    names: list[str] = []
    for there in declared.values():
        names += there  # for a thousand names, this is faster than a comprehension with two loops
    return names


class Namespace:
    """The declared names of one package: each declared, then resolved into the package's own attributes.

    A name that cannot be imported stays declared, and is tried again at its next use. No lock is held: the import
    system decides between threads.

    Attributes:
        package: the package's name.
        declared: home to the names in it. A home is a submodule, ``=`` and a module elsewhere, or empty for submodules.
        renamed: name to the one that it has there, where they differ.
        extras: name to the extra that it needs.
        own: the package's variables.
        hook: its ``__getattr__``.
    """

    def __init__(
        self, package: str, declared: "Declared", renamed: dict[str, str], extras: "Mapping[str, str]"
    ) -> None:
        """Keep what is declared."""
        self.package, self.declared, self.renamed, self.extras = package, declared, renamed, extras
        module = sys.modules.get(package)
        self.own: dict[str, Any] = {} if module is None else vars(module)
        self.hook = self.resolve  # one object, to be known again
        self._guarded: ModuleType | None = None  # the package, where a name is that of the submodule it comes from
        self._entries: set[str] | None = None
        self._homes: dict[str, str] | None = None
        self._order = _all(declared)
        self._found = 0  # how many of them, from the first on, are known to be among the package's variables

    @property
    def homes(self) -> dict[str, str]:
        """Name to home; made at the first use, for it takes as long as all else that is done to declare many names."""
        if self._homes is None:
            self._homes = {name: home for home, names in self.declared.items() for name in names}
        return self._homes

    def resolve(self, name: str) -> "Any":  # noqa: ANN401 # whatever the name stands for
        """Import what a name stands for and make it an attribute of the package.

        What comes of a module that is still being imported is returned, and not kept: that module can still fail.

        Raises:
            AttributeError: it is not declared; the interpreter's message names those that are like it.
            LazyImportError: it is, and cannot be imported; it can be tried again.
            DeclarationError: the package has a submodule of that name, which the name does not come from.
        """
        home = self.homes.get(name)
        if home is None:
            self._close()  # All names may have come without being asked for here, by an eager import, say.
            message = f"module {self.package!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=sys.modules.get(self.package))
        if len(self._order) > _SMALL and name in self._alike():
            self._refuse_submodules({name})
        there = self.renamed.get(name, name)
        full = home[1:] if home[:1] == "=" else f"{self.package}.{home or there}"
        try:
            module = import_whole(full)
            value = getattr(module, there) if home else module
        except BaseException as error:
            from plugframe.namespaces.lazy.failing import failure

            extra = self.extras.get(name, "")
            raise failure(error, f"{self.package}.{name}", full, package=self.package, extra=extra) from error
        return self._publish(name, value) if is_finished(full, module) else value

    def _publish(self, name: str, value: object) -> object:
        """Make a value an attribute of the package; of two threads, the first one's counts."""
        own = self.own
        if own.get(name) is sys.modules.get(f"{self.package}.{name}", own):
            own[name] = value  # What the import system put there is not what the name stands for.
        value = own.setdefault(name, value)
        self._close()
        return value

    def _close(self) -> None:
        """Take the package's ``__getattr__`` away if all names are there."""
        own, found, order = self.own, self._found, self._order
        while found < len(order) and order[found] in own:
            found += 1
        self._found = found  # Another thread may have come further; then the next one comes there again.
        if found == len(order) and own.get("__getattr__") is self.hook:
            own.pop("__getattr__", None)  # Without it, the package is read as fast as any module.
            if self._guarded is not None:
                from plugframe.namespaces.lazy.shadowing import release

                release(self._guarded)

    def public(self) -> list[str]:
        """Return the names that are part of ``*``, sorted; nobody else has the list."""
        return sorted(name for name in self._order if name not in self.extras) if self.extras else sorted(self._order)

    def names(self) -> list[str]:
        """Return the declared names and what else the package has, sorted; nothing is imported."""
        return sorted({*self._order, *self.own})

    def head(self, name: str) -> str:
        """Return the submodule that a name comes from."""
        return (self.homes[name] or self.renamed.get(name, name)).partition(".")[0]

    def prepare(self) -> None:
        """Keep the names safe from submodules that are named alike."""
        own, homes = self.own, self.declared.keys()
        if getattr(own.get("__dir__"), "__func__", None) is Namespace.names:
            for name in self._order:  # The package is being reloaded, and its submodules may have been, too.
                own.pop(name, None)
        heads = {home.partition(".")[0] for home in homes} if "." in "".join(homes) else homes
        alike = heads - {*self.declared.get("", ())}  # almost always none that is a name, too
        alike = {name for name in alike.intersection(self._order) if self.head(name) == name}
        if alike and own:
            from plugframe.namespaces.lazy.shadowing import guard

            self._guarded = sys.modules[self.package]
            guard(self._guarded, alike)
        if len(self._order) <= _SMALL and (homes - {""} or self.renamed):
            self._refuse_submodules(self._alike())

    def resolve_all(self) -> None:
        """Import every name; one that needs an extra may be missing.

        What is imported may ask the package for any of its names, so that it gets what ``attach`` returns at once.

        Raises:
            LazyImportError: a name cannot be imported.
        """
        from plugframe.namespaces.lazy.declaring import import_all

        own = self.own
        if getattr(own.get("__getattr__"), "__func__", None) is Namespace.resolve:
            del own["__getattr__"]  # The package is being reloaded; this one knows what was declared before.
        for name, value in (("__getattr__", self.hook), ("__dir__", self.names), ("__all__", self.public())):
            own.setdefault(name, value)
        import_all(self._order, self.resolve, optional=self.extras)

    def _alike(self) -> set[str]:
        """Return the declared names that something in the package's folder has; it is looked at once."""
        if self._entries is None:
            from os import listdir

            found: set[str] = set()
            for folder in self.own.get("__path__", ()):
                try:
                    found |= {entry.partition(".")[0] for entry in listdir(folder)}
                except OSError:  # in an archive, say
                    continue
            self._entries = found.intersection(self._order)
        return self._entries

    def _refuse_submodules(self, names: set[str]) -> None:
        """Refuse names of which there is a submodule that they do not come from."""
        for name in names:
            if self.head(name) != name:
                from plugframe.namespaces.lazy.declaring import refuse_submodule

                refuse_submodule(self.package, name, self.own.get("__path__", ()))


def import_whole(name: str) -> "ModuleType":
    """Import a module and return it; what there is of it, where another thread imports it and waits for this one.

    The ``import`` statement does so, too, and import_module does not: it raises _DeadlockError. So does the statement
    where the other thread puts the module into ``sys.modules`` between two looks; then a second try finds it there. And
    who waited for a module that failed may be given what was left of it; then a second try fails, too, or succeeds.

    Source: importlib._bootstrap._lock_unlock_module, https://github.com/python/cpython/issues/143650
    """
    tries = _TRIES
    while True:
        tries -= 1
        try:
            # With a name that every module has, __import__ returns the module itself and not its first parent.
            module: ModuleType = __import__(name, None, None, _ITSELF)
        except RuntimeError as error:
            if not tries or type(error).__name__ != "_DeadlockError" or f"({name!r})" not in str(error):
                raise
        else:
            if not tries or sys.modules.get(name) is module:
                return module


def is_finished(name: str, module: object) -> bool:
    """Return whether a module was imported to its end, and did not fail there.

    Source: ``_initializing`` is how the import system knows; it is unset after what failed is removed.
    """
    initializing = getattr(getattr(module, "__spec__", None), "_initializing", False)
    return not initializing and sys.modules.get(name) is module
