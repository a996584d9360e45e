"""What a host's plugins registered: hooks, classes, callbacks, libraries, operations; all or nothing of each plugin."""

import inspect
import sys
import threading
from contextlib import nullcontext

from plugframe.errors import NotRegisteredError, RegistrationError
from plugframe.hooks.hosted.framework import offer_registrars
from plugframe.hooks.hosted.manager import HostManager
from plugframe.loading.absences import explain_absence, explain_refusal, explain_refused_backend
from plugframe.loading.activation import Activation, check_declared
from plugframe.loading.declared import additions, resolver
from plugframe.loading.guarding import Guarding
from plugframe.loading.learned import Learned
from plugframe.loading.libraries.library import Library
from plugframe.loading.plugins import Loader
from plugframe.loading.reporting import check_required
from plugframe.loading.resolve import resolve
from plugframe.namespaces.names import Addition
from plugframe.namespaces.references import References
from plugframe.namespaces.registrars import Registrar
from plugframe.policy.groups import PARTS, RESERVED
from plugframe.records import Diagnostic, Plugin, split_reference
from plugframe.registry.bindings import Bindings
from plugframe.registry.callbacks import Callbacks
from plugframe.registry.classes import ClassRegistry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from plugframe.hooks.hosted.typed import OpenHook
    from plugframe.loading.libraries.loaded import Libraries
    from plugframe.operations.operations import Operations
    from plugframe.policy.plugins import Plugins

_publishing = threading.Lock()


class Registration:
    """The live side of one host: its registries, its pluggy manager, and the loader that fills them.

    The registries know what entry points declare from the start, as references; loading a plugin adds what its
    ``plugframe_register_*`` hooks register, and its hook implementations.
    """

    def __init__(
        self, host: str, plugins: "Callable[[], Plugins]", activation: str, *, glimpse: "Callable[[], Plugins]"
    ) -> None:
        """Make the empty registries of a host.

        Args:
            host: its name.
            plugins: returns its plugins as they are installed now.
            activation: which plugins the first call of a hook loads: see ``loading.activation``.
            glimpse: returns the same as ``plugins``, without deciding what that returns from then on.
        """

        def declared(kind: str, look: "Callable[[], Plugins]" = plugins) -> "Callable[[], Iterator[Addition]]":
            return lambda: additions(look().declared(kind), kind)

        def refused(kind: str) -> "Callable[[str], str]":
            return lambda name: explain_refusal(kind, name, plugins())

        self.class_names = References(
            "class",
            resolve=self._resolver(inspect.isclass),
            fill=declared("classes"),
            by_part=True,
            explain=lambda name: explain_absence(name, plugins(), self.loader, self.class_names.names()),
        )
        self.classes = ClassRegistry(
            host, self.class_names, parts=PARTS["classes"], reserved=RESERVED["classes"], refused=refused("classes")
        )
        self.bound = Bindings(
            resolve=self._resolver(callable),
            fill=declared("callbacks"),
            glimpse=declared("callbacks", glimpse),
            explain=refused("callbacks"),
        )
        self.callbacks = Callbacks(self.bound, host=host)
        self.libraries = References(
            "library",
            resolve=resolver(self._load_library, self._watch_addition),
            fill=declared("libraries"),
            explain=refused("libraries"),
        )
        self._host = host
        self._guarding = Guarding(plugins)
        self._files: Libraries | None = None
        self._operations: Operations | None = None
        self.backends = References(
            "backend", resolve=self._resolver(callable), fill=declared("operations"), explain=refused("operations")
        )
        self.loader = Loader(
            self.register,
            self._admit,
            watch=self._watch,
            withdraw=lambda plugin: self.manager.withdraw(plugin.name),
        )
        self.learned = Learned(host, lambda: plugins().snapshot)
        self._plugins, self._refused = plugins, refused
        self.activation = Activation(activation, plugins, self.loader, self.learned, self.check_required)
        self.manager = HostManager(
            host, self.activation.wake, self._loading, self.activation.is_idle, self._load_installed
        )

    def check_required(self) -> None:
        """Raise where a plugin is not loaded that the host requires; see ``reporting.check_required``."""
        check_required(self._plugins(), self.loader)

    def _load_installed(self, name: str | None) -> int:
        """Load the plugins that may run and are not registered, or the one of a name; return how many that were."""
        wanted = [
            plugin
            for plugin in self._plugins().values()
            if name in (None, plugin.name) and not self.manager.has_plugin(plugin.name)
        ]
        outcomes = [self.loader.load(plugin) for plugin in wanted]
        self.learned.save()
        self.check_required()
        return sum(self.manager.has_plugin(outcome.result.plugin.name) for outcome in outcomes)

    def _admit(self, plugin: Plugin) -> None:
        self.manager.admit(plugin)
        self._guarding.admit(plugin)

    def _watch(self, plugin: Plugin) -> "AbstractContextManager[None]":
        return self._plugins().quarantine.watch(plugin)

    def _watch_addition(self, addition: Addition) -> "AbstractContextManager[None]":
        """Return what is entered around the import of a declared name: of its plugin, unless that is imported."""
        imported = split_reference(str(addition.target))[0] in sys.modules
        plugin = None if imported else self._plugins().plugin_of(addition.name, addition.provider)
        return self._watch(plugin) if plugin is not None else nullcontext()

    @property
    def files(self) -> "Libraries":
        """The libraries that the host has loaded from files."""
        if self._files is None:
            from plugframe.loading.libraries.enlisting import Enlisting
            from plugframe.loading.libraries.loaded import Libraries

            enlisting = Enlisting(
                self._host, classes=self.class_names, callbacks=self.callbacks, register=self.register, undo=self.undo
            )
            made = Libraries(self._host, enlisting, self._guarding.approve)
            with _publishing:  # Of two threads that make one, both must get the same.
                first: Libraries | None = self._files
                self._files = first or made
        return self._files

    @property
    def operations(self) -> "Operations":
        """The operations that the host declares; a host without any does not import what they need."""
        if self._operations is None:
            from plugframe.operations.operations import Operations

            made = Operations(self._host, self.backends, self.manager.everywhere.get(), self._refused_backend)
            with _publishing:
                first: Operations | None = self._operations
                self._operations = first or made
        return self._operations

    def _refused_backend(self, operation: str, backend: str) -> str:
        return explain_refused_backend(operation, backend, self._plugins())

    def _load_library(self, reference: str) -> object:
        from plugframe.loading.libraries.places import find_file

        return self.files.load(self._guarding.expect(find_file(reference)))

    def _resolver(self, accepts: "Callable[[object], bool]") -> "Callable[[Addition], object]":
        return resolver(self._resolve, self._watch_addition, accepts)

    def _resolve(self, reference: str) -> object:
        """Return what a reference means, which may be a class or a function of a declared library."""
        place, attribute, _ = split_reference(reference)
        for name in self.libraries:
            if self.libraries.target(name) == place:
                library = self.libraries.get(name)
                assert isinstance(library, Library)  # noqa: S101 # what _load_library returns
                return library.get(attribute)
        return resolve(reference)

    def _loading(self) -> str | None:
        """Return the name of the plugin that this thread is loading, or None."""
        current = self.loader.current()
        return current[0].name if current else None

    def hook(self, name: str) -> "OpenHook":
        """Return the live function of a hook.

        Plugins are loaded only where the name is nowhere specified, declared or learned, and some plugins do not tell
        what they implement.

        Raises:
            NotRegisteredError: nothing specifies, declares or implements a hook of this name.
        """
        function: OpenHook | None = self.manager.hook_function(name)
        if function is None and name in set(self.activation.declared()):
            function = self.manager.expect(name)
        if function is None:
            self.activation.wake_undeclared()
            function = self.manager.hook_function(name)
        if function is None:
            kind = "hook"
            raise NotRegisteredError(kind, name, self.hook_names(), explain=lambda: self._refused("hooks")(name))
        return function

    def hook_names(self) -> tuple[str, ...]:
        """Return the names of the hooks that are known without loading a plugin, sorted."""
        known = {name for name in vars(self.manager.hook) if not name.startswith("_")}
        return tuple(sorted(known.union(self.activation.declared())))

    def tables(self) -> "dict[str, References | Bindings]":
        """Return the registries by kind; callbacks last, since others are told when one of them changes."""
        return {
            "classes": self.class_names,
            "libraries": self.libraries,
            "operations": self.backends,
            "callbacks": self.bound,
        }

    def register(self, plugin: Plugin, value: object) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
        """Register all that a loaded plugin offers, or nothing of it.

        Args:
            plugin: whose.
            value: its module or object; None where there is nothing but what entry points declare.

        Returns:
            What its ``plugframe_register_*`` hooks registered, as ``kind:name`` in order, and where the hooks that it
            declares and those that it implements differ.

        Raises:
            RegistrationError: a name or target is not what it must be, or is taken.
            Exception: whatever the plugin's own functions raise.
        """
        early = self._guarding.findings(plugin)
        if value is None:
            return (), early
        provider = str(plugin)
        tables = self.tables()
        registrars = {kind: _registrar(kind, provider, tables[kind]) for kind in PARTS}
        check_comparable(value, provider)
        offer_registrars(value, registrars)
        if registrars["operations"].additions:
            self.operations.check(registrars["operations"].additions)
        try:
            for kind, table in tables.items():
                table.commit(registrars[kind].additions)
            self.manager.provide(plugin, value)
        except BaseException:
            self.undo(plugin)
            raise
        found = self.manager.found(plugin.name, value)
        if self.activation.mode == "learned" and "hooks" not in plugin.provides:
            current = self.loader.current()
            # What it registers by code is there only once it was loaded, which a record would put off.
            brings_more = plugin.name in self.manager.companions or any(one.additions for one in registrars.values())
            self.learned.note(plugin, value, found, current[1] if current and not brings_more else None)
        registered = (
            f"{kind}:{addition.name}" for kind, registrar in registrars.items() for addition in registrar.additions
        )
        return tuple(registered), (*check_declared(plugin, found), *early)

    def undo(self, plugin: Plugin) -> None:
        """Take away all that a plugin registered."""
        for table in self.tables().values():
            table.forget(str(plugin))
        self.manager.withdraw(plugin.name)

    def revoke(self, name: str, error: Exception) -> None:
        """Take away all that a loaded plugin registered, for an error that showed later; it can be loaded again."""
        plugin = self.loader.mark_broken(name, error)
        if plugin is not None:
            self.undo(plugin)

    def refill(self) -> None:
        """Look at the declared names again, and let plugins that failed be tried again."""
        self.loader.forget_failures()
        self.activation.look_again()
        self.manager.sleep()
        for table in self.tables().values():
            table.refill()


def _is_module_path(target: object) -> bool:
    return isinstance(target, str) and all(part.isidentifier() for part in target.split("."))


_SINGULAR = {"classes": "class", "callbacks": "callback", "libraries": "library", "operations": "operation"}
_ACCEPTS: "dict[str, Callable[[object], bool]]" = {
    "classes": inspect.isclass,
    "callbacks": callable,
    "libraries": _is_module_path,
    "operations": callable,
}


def _registrar(kind: str, provider: str, table: "References | Bindings") -> Registrar:
    return Registrar(
        _SINGULAR[kind],
        provider,
        accepts=_ACCEPTS[kind],
        parts=PARTS[kind],
        reserved=RESERVED.get(kind, ()),
        withdraw=table.withdraw,
    )


def check_comparable(value: object, provider: str) -> None:
    """Refuse an object that would keep others from being registered: pluggy compares each with all.

    Raises:
        RegistrationError: comparing it raises, or it is equal to everything.
    """
    try:
        fits = not bool(value == object())
    except Exception as error:
        message = f"{provider} is an object that cannot be compared: {type(error).__name__} in its __eq__"
        raise RegistrationError(message) from error
    if not fits:
        message = f"{provider} is an object that is equal to any other, so that no other could be registered"
        raise RegistrationError(message)
