"""A loaded library: what is known of it, and what can be called of it."""

from collections.abc import Mapping

from plugframe.errors import NotRegisteredError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from plugframe.loading.libraries.files import LibraryFile


class Library:
    """A library that a host has loaded.

    It is enabled, then perhaps disabled and enabled again. A disabled one is loaded still: what somebody has of it
    goes on working, and its names are gone.

    Attributes:
        path: the real path.
        kind: ``native``, ``shared``, ``extension``, ``module``, ``package`` or ``archive``.
        name: of the module that it is; the file's name without its suffixes, of plain shared libraries.
        version: as it says itself; else empty.
        sha256: of the file's content when it was read; empty for a folder.
        registered: what it registered, as ``kind:name``, in order.
        seconds: how long it took to load and register it.
        functions: the functions of a native library, as attributes.
        classes: its classes, as attributes.
        module: the Python module, or the ``ctypes.CDLL`` of a plain shared library; None for a native one.
    """

    __slots__ = (
        "_switch", "classes", "enabled", "functions", "kind", "module", "name", "path", "registered", "seconds",
        "sha256", "version",
    )  # fmt: skip

    def __init__(
        self,
        file: "LibraryFile",
        *,
        functions: "Mapping[str, object]",
        classes: "Mapping[str, object]",
        module: object,
        version: str,
        registered: tuple[str, ...],
        seconds: float,
        switch: "Callable[[Library, bool], object]",
    ) -> None:
        """Keep what was found out.

        Args:
            file: what it was loaded from.
            functions: of a native library, by name.
            classes: of a native library, by name.
            module: what it is in Python.
            version: as it says itself.
            registered: what it registered.
            seconds: that it took.
            switch: gives the host the library's names where it is told True, and takes them away where False; does
                nothing if that was done.
        """
        self.path = file.path
        self.kind = file.kind
        self.name = file.name
        self.version = version
        self.sha256 = file.sha256
        self.registered = registered
        self.seconds = seconds
        self.functions = Members(file.name, functions)
        self.classes = Members(file.name, classes)
        self.module = module
        self.enabled = True
        self._switch = switch

    def disable(self) -> None:
        """Take its names away from the host, and its slots from Python; do nothing if that was done.

        Living objects, and functions and classes that somebody has, go on working. It is not unloaded.
        """
        self._switch(self, False)

    def enable(self) -> None:
        """Give the host its names back; do nothing if it has them.

        Raises:
            RegistrationConflictError: somebody else has registered one of the names meanwhile; nothing was changed.
        """
        self._switch(self, True)

    def get(self, name: str) -> object:
        """Return a class or a function of a native library, or an attribute of a module.

        Raises:
            AttributeError: it has nothing of this name.
        """
        if self.module is not None:
            return getattr(self.module, name)
        return getattr(self.classes if name in set(self.classes) else self.functions, name)

    def asdict(self) -> dict[str, object]:
        """Return what is known of it as text and numbers."""
        names = ("path", "kind", "name", "version", "sha256", "registered", "seconds", "enabled")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        state = "" if self.enabled else ", disabled"
        return f"<{self.kind} library {self.name} {self.version}".rstrip() + f" at {self.path}{state}>"


class Members:
    """What a native library has of one kind, as attributes: ``library.functions.add(1, 2)``."""

    def __init__(self, library: str, members: "Mapping[str, object]") -> None:
        """Make each an attribute, so that getting one costs what any attribute costs."""
        self.__dict__.update(members)
        self.__dict__["_library"] = library

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # what is found before this is what the library has
        if name.startswith("_"):
            raise AttributeError(name)
        kind = f"part of the library {self._library}"
        raise NotRegisteredError(kind, name, tuple(self))

    def __iter__(self) -> "Iterator[str]":
        return iter(sorted(name for name in self.__dict__ if not name.startswith("_")))

    def __dir__(self) -> list[str]:
        return list(self)

    def __repr__(self) -> str:
        return f"<of {self.__dict__.get('_library', '?')}: {', '.join(self) or 'nothing'}>"


class Loaded(Mapping[str, Library]):
    """The libraries of a host by real path, in the order of loading, to be read while others are loaded."""

    def __init__(self, libraries: "Mapping[str, Library]") -> None:
        """Show what is in a mapping, from which nothing is ever taken."""
        self._libraries = libraries

    def __getitem__(self, path: str) -> Library:
        return self._libraries[path]

    def __iter__(self) -> "Iterator[str]":
        return iter(tuple(self._libraries))

    def __len__(self) -> int:
        return len(self._libraries)

    def __repr__(self) -> str:
        return repr(self._libraries)
