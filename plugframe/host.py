"""``Host`` wires the rooms: what is installed, what may run, what is loaded, and what it registered."""

import os
from _thread import allocate_lock  # the lock of threading, without the cost of importing it

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.policy.groups import check_host, check_options
from plugframe.policy.plugins import Plugins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from typing import Any, Literal, ParamSpec, TypeVar, overload

    from plugframe.calls.registering import CallHooks
    from plugframe.hooks.hosted import typed
    from plugframe.hooks.hosted.manager import HostManager
    from plugframe.hooks.markers import HookimplMarker
    from plugframe.loading.libraries.library import Library
    from plugframe.loading.namespaces import PluginNamespace
    from plugframe.loading.registration import Registration
    from plugframe.namespaces.references import References
    from plugframe.operations.operations import Operations
    from plugframe.operations.typed import Declares
    from plugframe.policy.locking.admission import Admission
    from plugframe.policy.settings.reading import Given
    from plugframe.records import Changes, LoadResult
    from plugframe.registry.callbacks import Callbacks
    from plugframe.registry.classes import ClassRegistry

    P = ParamSpec("P")
    R = TypeVar("R")
    Errors = Literal["raise", "collect", "skip"]


_publishing = allocate_lock()


def _secure(admission: "Admission") -> object:
    from plugframe.loading.verified.guard import secure

    return secure(admission)


class Part:
    """A part of a host that becomes a plain attribute of it at its first use, since parts are read in loops."""

    def __init__(self, find: "Callable[[Registration], object]") -> None:
        self._find = find

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, host: "Host | None", owner: type) -> object:
        if host is None:
            return self
        part = self._find(host._registration)  # noqa: SLF001 # of this module
        # Not by vars(): up to Python 3.12, what hands out its dictionary once is read slowly from then on.
        object.__setattr__(host, self._name, part)
        return part


class Host:
    """An application that takes plugins from installed distributions.

    Making one reads and imports nothing. What is installed is looked at when one of its attributes first needs it, and
    again only by ``refresh``. A plugin is imported by ``load``, or by the first call of a hook that it implements.

    Example:
        >>> host = Host("myapp", path=[])
        >>> list(host.plugins)
        []
    """

    def __init__(
        self,
        name: str,
        *,
        activation: "Literal['declared', 'learned', 'eager']" = "declared",
        path: "Sequence[str | os.PathLike[str]] | None" = None,
        settings: "Given | None" = None,
        required: "Sequence[str]" = (),
    ) -> None:
        """Name a host.

        Args:
            name: the first part of its entry-point groups, such as ``myapp`` for ``myapp.plugins``.
            activation: which plugins the first call of a hook loads: ``declared`` those that declare the hook in
                ``<name>.hooks`` and those that declare none at all; ``learned`` of the latter only those that had the
                hook when they were loaded last; ``eager`` all.
            path: where to look for distributions; None means ``sys.path`` as it is at each look. To be imported,
                plugins must be on ``sys.path`` too.
            settings: what counts about the plugins where nobody else says anything; a table or a TOML file's path.
            required: plugins without which ``load_all`` and the first call of a hook raise a RequiredPluginError.

        Raises:
            ValueError: the name cannot be part of a group, or there is no such activation.
            TypeError: ``path`` or ``required`` is one text, not a list of them.
        """
        check_options(activation, path, required)
        check_host(name)
        self.name = name
        self.activation = activation
        self.hook = Hooks(self)  # From the start, as a name that the class does not have: those are read faster.
        self._path = None if path is None else [os.fspath(folder) for folder in path]
        self._policy = (settings, tuple(required))
        self._plugins: Plugins | None = None
        self._live: Registration | None = None

    def __repr__(self) -> str:
        return f"<Host {self.name!r}>"

    def __deepcopy__(self, *_: object) -> "Host":
        return self  # What is registered and loaded is there once.

    __copy__ = __deepcopy__

    @property
    def plugins(self) -> Plugins:
        """The host's plugins by name; nothing is imported to know them."""
        if self._plugins is None:
            self._plugins = self._look()
        return self._plugins

    def _look(self) -> Plugins:
        return Plugins(self.name, discover(current_environment(self._path)), *self._policy, secure=_secure)

    def _glimpse(self) -> Plugins:
        """Return the plugins without keeping that look: it is too early, while an application is being imported."""
        return self._look() if self._plugins is None else self._plugins

    @property
    def _registration(self) -> "Registration":
        if self._live is not None:
            return self._live
        from plugframe.loading.registration import Registration

        made = Registration(self.name, lambda: self.plugins, self.activation, glimpse=self._glimpse)
        with _publishing:  # Of two threads that make one, both must get the same.
            first: Registration | None = self._live
            self._live = first or made
            return self._live

    def refresh(self) -> "Changes":
        """Look again at what is installed, and return how the plugins differ.

        What is loaded stays loaded. A plugin that could not be loaded is tried again at its next use.
        """
        from importlib import invalidate_caches

        from plugframe.records import Changes

        before = dict(self.plugins)
        invalidate_caches()
        self._plugins = self._look()
        if self._live is not None:
            self._live.refill()
        return Changes.between(before, self._plugins)

    def load(self, *names: str, strict: bool = False) -> "tuple[LoadResult, ...]":
        """Import and register plugins by name; one that was loaded is not imported again.

        Args:
            names: the plugins. One that could not be loaded before is tried again.
            strict: raise instead of returning the failures.

        Returns:
            A result for each name, in the order given.

        Raises:
            PluginNotFoundError: a name is no plugin of this host; nothing was loaded then.
            ExceptionGroup: ``strict``, and some could not be loaded; the others were.
        """
        return self._registration.activation.load([*map(self.plugins.get_plugin, names)], again=True, strict=strict)

    def load_all(self, *, strict: bool = False) -> "tuple[LoadResult, ...]":
        """Import and register every plugin that may run; a broken one is reported and the others load.

        Args:
            strict: raise when a plugin is not loaded, for whatever reason.

        Returns:
            A result for each plugin, sorted by name.

        Raises:
            ExceptionGroup: ``strict``, and some could not be loaded; the others were.
        """
        return self._registration.activation.load(self.plugins.values(), again=False, strict=strict)

    def report(self) -> "tuple[LoadResult, ...]":
        """Return what became of each plugin so far, sorted by name; nothing of a plugin is imported to tell."""
        from plugframe.loading.reporting import report

        return report(self.plugins, self._live.loader if self._live else None)

    def namespace(self, package: str) -> "PluginNamespace":
        """Make the plugins importable from one of the application's packages: ``from myapp.plugins import vision``.

        ``host.namespace(__name__)`` is the whole ``__init__.py`` of such a package. A plugin is there under a second
        name, and imported when it is first used; that does not load it, so that its hooks are not called for it.

        Args:
            package: its full name; it is imported unless that was done.

        Returns:
            What tells of the names and takes them away again; the same at every call for one package.

        Raises:
            NamespaceError: it is no package, or another host's plugins are in it.
        """
        from plugframe.loading.names import PluginTable
        from plugframe.loading.namespaces import mount_plugins

        table = PluginTable(
            self.name, owner=self, plugins=lambda: self.plugins, known=lambda: self._plugins, refresh=self.refresh
        )
        return mount_plugins(package, table)

    @property
    def manager(self) -> "HostManager":
        """The plugin manager, a pluggy one to everybody, that holds the hook specifications and the loaded plugins."""
        return self._registration.manager

    if TYPE_CHECKING:

        @overload  # A coroutine function is a function, too: of the two, the first counts.
        def hookspec(  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
            self, function: Callable[P, Coroutine[Any, Any, R]], /
        ) -> typed.CoroutineHook[P, list[R], R]: ...
        @overload
        def hookspec(self, function: Callable[P, R], /) -> typed.Hook[P, list[R], R]: ...
        @overload
        def hookspec(
            self, *, historic: Literal[True], errors: Errors = ..., concurrent: bool = ...
        ) -> Callable[[Callable[P, R]], typed.Hook[P, None, R]]: ...
        @overload
        def hookspec(
            self, *, firstresult: Literal[True], errors: Errors = ..., concurrent: bool = ...
        ) -> typed.MakesFirst: ...
        @overload
        def hookspec(
            self, *, firstresult: Literal[False] = ..., errors: Errors = ..., concurrent: bool = ...
        ) -> typed.MakesList: ...

    def hookspec(
        self,
        function: "Callable[..., Any] | None" = None,
        *,
        firstresult: bool = False,
        historic: bool = False,
        errors: "Errors" = "raise",
        concurrent: bool = False,
    ) -> "Any":
        """Declare a hook by a function; its parameters are what implementations may take.

        Args:
            function: its name is the hook's name.
            firstresult: stop at the first implementation that returns something, and return that.
            historic: call implementations that are registered later, too.
            errors: what becomes of an implementation's exception: ``raise`` it at once; ``collect`` all and raise one
                ExceptionGroup after the last; ``skip`` it, log it and go on.
            concurrent: ``acall`` starts all implementations before it awaits the first.

        Returns:
            The hook's live function. It takes keyword arguments, and its first call loads the plugins that implement
            the hook; ``results`` and ``acall`` are further ways to call it.

        Raises:
            ValueError: the hook is declared already, or the options exclude each other.
            TypeError: it is no function.
        """
        options = {"firstresult": firstresult, "historic": historic}

        def declare(given: "Callable[..., Any]") -> "Callable[..., Any]":
            from plugframe.hooks.hosted.specifying import check

            check(given, firstresult=firstresult, historic=historic, errors=errors, concurrent=concurrent)
            live, unfit = self.manager.specify(given, options, errors=errors, concurrent=concurrent)
            for name, error in unfit:
                self._registration.revoke(name, error)
            setattr(self.hook, given.__name__, live)
            made: Callable[..., Any] = live
            return made

        return declare if function is None else declare(function)

    @property
    def hookimpl(self) -> "HookimplMarker":
        """The decorator with which plugins mark their implementations of this host's hooks."""
        from plugframe.hooks.markers import HookimplMarker

        return HookimplMarker(self.name)

    @property
    def callbacks(self) -> "Callbacks":
        """The slots that plugins may bind a function to."""
        return (self._live or self._registration).callbacks  # The first is all that most accesses cost.

    def load_library(self, path: "str | os.PathLike[str]", *, plain: bool = False) -> "Library":
        """Load the library in a file, and register what it brings; the same file is loaded once.

        Args:
            path: of a shared library, an extension module, a ``.py`` file, a package folder, a wheel or a zip.
            plain: take any shared library.

        Raises:
            LibraryError: it cannot be loaded; nothing of it is registered, and it can be tried again.
            RegistrationError: what it registers is not what it must be, or is taken; the same holds.
        """
        return self._registration.files.load(path, plain=plain)

    @property
    def loaded_libraries(self) -> "Mapping[str, Library]":
        """The libraries that were loaded, by real path, in order; it cannot be changed, and shows later ones too."""
        return self._registration.files.loaded

    @property
    def libraries(self) -> "References":
        """The shared libraries that plugins name."""
        return self._registration.libraries

    if TYPE_CHECKING:
        classes: ClassRegistry
        """The classes that plugins provide, by dotted name; each is imported at its first use."""
        calls: CallHooks
        """The call hooks that are for all hooks and operations of the host."""
        ops: Operations
        """The operations that the host has declared: ``host.ops.image.resize(image, 20, 10)``."""
    else:
        classes = Part(lambda registration: registration.classes)
        calls = Part(lambda registration: registration.manager.everywhere.get())
        ops = Part(lambda registration: registration.operations)

    def operation(
        self, name: str, *, mutates: tuple[str, ...] = (), fallback: "Literal['default', 'error']" = "default"
    ) -> "Declares":
        """Declare an operation by a typed function, which is its own implementation; plugins add backends.

        Args:
            name: with a namespace, ``image.resize``: ``host.ops.image.resize`` calls it.
            mutates: the parameters whose arguments are changed; then backends must decline before they run.
            fallback: ``default`` or ``error``: whether the function answers what no backend does.

        Returns:
            A decorator, which returns the operation's live function; see ``operations.typed.Operation``.

        Raises:
            RegistrationError: the name is taken or cannot be reached, or what is decorated cannot declare one.
        """
        return lambda function: self.ops.declare(name, function, mutates=mutates, fallback=fallback)


class Hooks:
    """The hooks of a host by name; what is specified, declared or implemented can be called.

    Names that begin with an underscore are nobody's: whoever looks at an object for such loads nothing.
    """

    if TYPE_CHECKING:
        _host: Host

        def __setattr__(self, name: str, value: typed.OpenHook) -> None: ...

    def __init__(self, host: Host) -> None:
        self.__dict__["_host"] = host

    def __getattr__(self, name: str) -> "typed.OpenHook":
        if name.startswith("_"):
            message = f"the hooks of a host have no {name!r}"  # which there is none of yet while they are copied
            raise AttributeError(message, name=name, obj=self)
        function: typed.OpenHook = self._host._registration.hook(name)  # noqa: SLF001 # of this module
        if hasattr(function, "__wrapped__"):  # Of one without a specification another may come with it.
            self.__dict__[name] = function
        return function

    def __dir__(self) -> list[str]:
        return list(self._host._registration.hook_names())  # noqa: SLF001 # of this module

    def __repr__(self) -> str:
        return f"<hooks of {self._host.name}>"


default_host: Host = Host("plugframe")

if TYPE_CHECKING:
    callbacks = default_host.callbacks
    hookimpl = default_host.hookimpl
    hookspec = default_host.hookspec
    load_library = default_host.load_library
    loaded_libraries = default_host.loaded_libraries
    operation = default_host.operation
    ops = default_host.ops


def __getattr__(name: str) -> object:
    """Return a part of the default host, which is made when it is first asked for."""
    if name in ("callbacks", "hookimpl", "hookspec", "load_library", "loaded_libraries", "operation", "ops"):
        return getattr(default_host, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message, name=name)
