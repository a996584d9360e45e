"""``Host`` wires the rooms: what is installed, what may run, what is loaded, and what it registered."""

import os
from _thread import allocate_lock  # the lock of threading, without the cost of importing it

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.policy.plugins import Plugins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal, ParamSpec, TypeVar, overload

    import pluggy

    from plugframe.loading.registration import Registration
    from plugframe.namespaces.references import References
    from plugframe.operations.backends import Backends
    from plugframe.records import Changes, EntryPoint, LoadResult, Plugin
    from plugframe.registry.callbacks import Callbacks
    from plugframe.registry.classes import ClassRegistry

    P = ParamSpec("P")
    R = TypeVar("R")


_publishing = allocate_lock()


class Host:
    """An application that takes plugins from installed distributions.

    Making one reads and imports nothing. What is installed is looked at when one of its attributes first needs it, and
    again only by ``refresh``. A plugin is imported by ``load``, or by the first use of ``hook``, which loads all.

    Example:
        >>> host = Host("myapp", path=[])
        >>> list(host.plugins)
        []
    """

    def __init__(self, name: str, *, path: "Sequence[str | os.PathLike[str]] | None" = None) -> None:
        """Name a host.

        Args:
            name: the first part of its entry-point groups, such as ``myapp`` for ``myapp.plugins``.
            path: where to look for distributions; None means ``sys.path`` as it is at each look. To be imported,
                plugins must be on ``sys.path`` too.

        Raises:
            ValueError: the name cannot be part of a group.
            TypeError: ``path`` is one folder, not a list of them.
        """
        if isinstance(path, str | bytes):
            message = f"path is a list of folders; got one, {path!r}"
            raise TypeError(message)
        words = str(name).replace("-", ".").replace("_", ".").split(".")
        if not issubclass(type(name), str) or not all(word.isalnum() for word in words):
            message = f"a host's name is of letters and digits, with '.', '-' or '_' between them; got {name!r}"
            raise ValueError(message)
        self.name = name
        self._path = None if path is None else [os.fspath(folder) for folder in path]
        self._plugins: Plugins | None = None
        self._live: Registration | None = None

    def __repr__(self) -> str:
        return f"<Host {self.name!r}>"

    @property
    def plugins(self) -> Plugins:
        """The host's plugins by name; nothing is imported to know them."""
        if self._plugins is None:
            self._plugins = Plugins(self.name, discover(current_environment(self._path)))
        return self._plugins

    @property
    def _registration(self) -> "Registration":
        if self._live is not None:
            return self._live
        from plugframe.loading.registration import Registration

        made = Registration(self.name, self._entry_points)
        with _publishing:  # Of two threads that make one, both must get the same.
            first: Registration | None = self._live
            self._live = first or made
            return self._live

    def _entry_points(self, group: str) -> "tuple[EntryPoint, ...]":
        return self.plugins.snapshot.entry_points(group)

    def refresh(self) -> "Changes":
        """Look again at what is installed, and return how the plugins differ.

        What is loaded stays loaded. A plugin that could not be loaded is tried again at its next use.
        """
        from importlib import invalidate_caches

        from plugframe.records import Changes

        before = dict(self.plugins)
        invalidate_caches()
        self._plugins = Plugins(self.name, discover(current_environment(self._path)))
        if self._live is not None:
            self._live.refill()
        after = dict(self._plugins)
        return Changes(
            added=tuple(name for name in after if name not in before),
            removed=tuple(name for name in before if name not in after),
            changed=tuple(name for name in after if name in before and after[name] != before[name]),
        )

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
        return self._load([self._get_plugin(name) for name in names], again=True, strict=strict)

    def load_all(self, *, strict: bool = False) -> "tuple[LoadResult, ...]":
        """Import and register every plugin that may run; a broken one is reported and the others load.

        Args:
            strict: raise when a plugin is not loaded, for whatever reason.

        Returns:
            A result for each plugin, sorted by name.

        Raises:
            ExceptionGroup: ``strict``, and some could not be loaded; the others were.
        """
        return self._load(list(self.plugins.values()), again=False, strict=strict)

    def _load(self, plugins: "list[Plugin]", *, again: bool, strict: bool) -> "tuple[LoadResult, ...]":
        outcomes = [self._registration.loader.load(plugin, again=again) for plugin in plugins]
        if strict:
            from plugframe.loading.plugins import raise_failures

            raise_failures(outcomes)
        return tuple(outcome.result for outcome in outcomes)

    def _get_plugin(self, name: str) -> "Plugin":
        if name in tuple(self.plugins):
            return self.plugins[name]
        from plugframe.errors import PluginNotFoundError, near_matches

        raise PluginNotFoundError(self.name, name, near_matches(str(name), tuple(self.plugins)))

    def report(self) -> "tuple[LoadResult, ...]":
        """Return what became of each plugin so far, sorted by name; nothing of a plugin is imported to tell."""
        from plugframe.loading.faults import describe_refusal
        from plugframe.records import LoadResult

        results = []
        for plugin in self.plugins.everything():
            outcome = self._live.loader.outcome(plugin) if self._live else None
            if outcome is not None:
                results.append(outcome.result)
            elif plugin.decision.allowed:
                results.append(LoadResult(plugin=plugin, state=plugin.state, reason=plugin.decision.reason))
            else:
                results.append(describe_refusal(plugin))
        return tuple(results)

    @property
    def manager(self) -> "pluggy.PluginManager":
        """The pluggy manager that holds the hook specifications and the loaded plugins."""
        return self._registration.manager

    @property
    def hook(self) -> "pluggy.HookRelay":
        """The hooks, to be called by name; each use first loads the plugins that may run and were not loaded yet."""
        self.load_all()
        return self.manager.hook

    if TYPE_CHECKING:

        @overload
        def hookspec(self, function: Callable[P, R], /) -> Callable[P, list[R]]: ...
        @overload
        def hookspec(
            self, *, firstresult: Literal[True], historic: bool = ...
        ) -> Callable[[Callable[P, R]], Callable[P, R | None]]: ...
        @overload
        def hookspec(
            self, *, firstresult: Literal[False] = ..., historic: bool = ...
        ) -> Callable[[Callable[P, R]], Callable[P, list[R]]]: ...

    def hookspec(
        self, function: "Callable[..., Any] | None" = None, *, firstresult: bool = False, historic: bool = False
    ) -> "Callable[..., Any]":
        """Declare a hook by a function; its parameters are what implementations may take.

        Args:
            function: its name is the hook's name.
            firstresult: stop at the first implementation that returns something, and return that.
            historic: call implementations that are registered later, too.

        Returns:
            The hook's caller, which takes keyword arguments and loads the plugins at its first call.

        Raises:
            ValueError: the hook is declared already, or is both ``firstresult`` and ``historic``.
            TypeError: it is no function.
        """
        if function is not None and not callable(function):
            message = f"a hook specification is a function; got {function!r}"
            raise TypeError(message)
        if function is None:
            return lambda given: self._add_hook(given, firstresult=firstresult, historic=historic)
        return self._add_hook(function, firstresult=firstresult, historic=historic)

    def _add_hook(self, function: "Callable[P, R]", *, firstresult: bool, historic: bool) -> "Callable[P, Any]":
        from plugframe.hooks.specifications import add_specification, make_caller

        unfit = add_specification(self.manager, function, firstresult=firstresult, historic=historic)
        for name, error in unfit:
            self._registration.revoke(name, error)
        return make_caller(function, lambda: self.hook, historic=historic)

    @property
    def hookimpl(self) -> "pluggy.HookimplMarker":
        """The decorator with which plugins mark their implementations of this host's hooks."""
        from pluggy import HookimplMarker

        return HookimplMarker(self.name)

    @property
    def classes(self) -> "ClassRegistry":
        """The classes that plugins provide, by dotted name; each is imported at its first use."""
        return self._registration.classes

    @property
    def callbacks(self) -> "Callbacks":
        """The slots that plugins may bind a function to."""
        return self._registration.callbacks

    @property
    def libraries(self) -> "References":
        """The shared libraries that plugins name."""
        return self._registration.libraries

    @property
    def ops(self) -> "Backends":
        """The backends that plugins provide, by ``namespace.operation.backend``."""
        return self._registration.operations


default_host = Host("plugframe")
