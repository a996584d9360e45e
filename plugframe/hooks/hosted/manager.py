"""A host's plugin manager: pluggy's to everyone, with messages, order and policy that a host promises."""

import inspect
from types import ModuleType
from typing import cast

import pluggy
from pluggy._hooks import HookSpec

from plugframe.calls.steps import Errors
from plugframe.errors import CoroutineHookError, HookValidationError
from plugframe.hooks.hosted.callers import HostCaller, is_coroutine_function
from plugframe.hooks.hosted.conduct import execute
from plugframe.hooks.hosted.hook import Hook
from plugframe.hooks.hosted.policy import Policy
from plugframe.hooks.hosted.verifying import place_of, signature_of, verify
from plugframe.hooks.manager import PluginManager

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from plugframe.records import Distribution, Plugin


class HostManager(PluginManager):
    """The manager of a host's hooks."""

    def __init__(
        self, host: str, activate: "Callable[[str], bool]", loading: "Callable[[], str | None]" = lambda: None
    ) -> None:
        """Make a manager without hooks.

        Args:
            host: the host's name.
            activate: loads the plugins that implement a hook; returns whether that is done for good.
            loading: returns the name of the installed plugin that the calling thread is loading, or None.
        """
        self.companions: set[str] = set()
        self._loading = loading
        self._providers: dict[str, Plugin] = {}
        self._declared: dict[str, frozenset[str]] = {}
        self._hooks: dict[str, Hook] = {}
        self._policies: dict[str, Policy] = {}
        self._activate = activate
        super().__init__(host)
        self._inner_hookexec = self._conduct  # type: ignore[assignment] # pluggy calls it by position

    def _is_own(self, execute: object) -> bool:
        return execute == self._conduct

    def _make_caller(self, hook: str) -> HostCaller:
        return HostCaller(hook, self._hookexec, self.rank)

    def _conduct(
        self,
        hook: str,
        implementations: "Sequence[pluggy.HookImpl]",
        arguments: "Mapping[str, object]",
        first: bool,  # noqa: FBT001 # pluggy's seam
    ) -> object:
        for one in implementations:
            if is_coroutine_function(one.function):
                raise CoroutineHookError(hook, self._describe(hook, one))
            if one.plugin is None:  # made by call_extra, which does not know keyword-only arguments
                _take_keywords(one)
        return execute(self._policy(hook), implementations[::-1], arguments, first=first)

    def _policy(self, hook: str) -> Policy:
        policy = self._policies.get(hook)
        if policy is None:
            policy = self._policies[hook] = Policy(hook, Errors.RAISE, self.distribution_of)
        return policy

    def distribution_of(self, plugin: str) -> "Distribution | None":
        """Return whose a registered plugin is; None for one that the host registered itself."""
        provider = self._providers.get(plugin)
        return provider.distribution if provider else None

    def rank(self, implementation: pluggy.HookImpl) -> tuple[int, str]:
        """Return what decides between equals: installed plugins by name, then the host's own as they came."""
        installed = implementation.plugin_name in self._providers
        return (0, implementation.plugin_name) if installed else (1, "")

    def register(self, plugin: object, name: str | None = None) -> str | None:
        """Register a plugin; see ``PluginManager.register``.

        One that an installed plugin registers while it is loaded makes that one of the ``companions``: those whose
        hooks are not all that they bring.
        """
        registered = super().register(plugin, name)
        if registered is not None and registered not in self._providers:
            self._accompany()
        return registered

    def _accompany(self) -> None:
        """Note that an installed plugin that is being loaded brings more than its own hooks."""
        loading = self._loading()
        if loading is not None:
            self.companions.add(loading)

    def provide(self, plugin: "Plugin", value: object) -> None:
        """Register what an installed plugin is; of one that declares its hooks, those alone.

        Raises:
            HookValidationError: an implementation does not fit its hook.
            ValueError: it is registered, under this name or another.
        """
        declared = plugin.provides.get("hooks")
        self._providers[plugin.name] = plugin
        if declared:
            self._declared[plugin.name] = frozenset(declared)
        try:
            self.register(value, name=plugin.name)
        except BaseException:
            self.withdraw(plugin.name)
            raise

    def withdraw(self, plugin: str) -> None:
        """Take away all of an installed plugin."""
        if self.has_plugin(plugin):
            self.unregister(name=plugin)
        self._providers.pop(plugin, None)
        self._declared.pop(plugin, None)

    def found(self, plugin: str, value: object) -> "dict[str, Callable[..., Any]]":
        """Return the hooks that an object implements, declared or not, with the functions."""
        return {hook: implementation.function for hook, implementation in super()._implementations(value, plugin)}

    def _implementations(self, plugin: object, plugin_name: str) -> "Iterator[tuple[str, pluggy.HookImpl]]":
        declared = self._declared.get(plugin_name)
        for hook, implementation in super()._implementations(plugin, plugin_name):
            if declared is None or hook in declared:
                _take_keywords(implementation)
                yield hook, implementation

    def _verify_hook(self, hook: pluggy.HookCaller, hookimpl: pluggy.HookImpl) -> None:
        spec = hook.spec
        if spec is not None:
            verify(spec, hookimpl, plugin=self._describe(hook.name, hookimpl), historic=hook.is_historic())
        super()._verify_hook(hook, hookimpl)

    def specify(
        self, function: "Callable[..., Any]", options: "Mapping[str, Any]", *, errors: str, concurrent: bool
    ) -> "tuple[Any, list[tuple[str, Exception]]]":
        """Make a function the specification of a hook.

        Returns:
            The hook's live function, and the plugins that were registered before and do not fit, each with the reason;
            they are unregistered.

        Raises:
            ValueError: the hook has a specification already.
        """
        name = function.__name__
        caller = cast("HostCaller", self._caller(name))
        if caller.spec is not None:
            message = f"hook {name!r} is specified already, at {place_of(caller.spec.function)}"
            raise ValueError(message)
        spec = _specification(self.project_name, function, options)
        historic = bool(spec.opts.get("historic"))
        unfit = {}
        for implementation in caller.get_hookimpls():
            try:
                verify(spec, implementation, plugin=self._describe(name, implementation), historic=historic)
            except HookValidationError as error:
                unfit[implementation.plugin_name] = error
        for plugin in unfit:
            self.unregister(name=plugin)
        caller.spec = spec
        self._accompany()
        if historic:
            caller._call_history = []  # noqa: SLF001 # what pluggy's own set_specification does
        self._policies[name] = Policy(name, Errors(errors), self.distribution_of)
        hook = Hook(caller, self._policies[name], self._activate, concurrent=concurrent)
        before, self._hooks[name] = self._hooks.get(name), hook
        if before is not None:
            before.successor = hook
        return hook.function, list(unfit.items())

    def add_hookspecs(self, module_or_class: "Any") -> None:
        """Add hook specifications; see ``PluginManager.add_hookspecs``."""
        super().add_hookspecs(module_or_class)
        self._accompany()
        for name, hook in tuple(self._hooks.items()):
            if hook.is_open and hook.caller.spec is not None:
                hook.successor = self._hooks[name] = Hook(hook.caller, self._policy(name), self._activate)

    def hook_function(self, name: str) -> "Any":
        """Return the live function of a hook, or None where nothing specifies or implements it."""
        caller: HostCaller | None = getattr(self.hook, name, None)
        if caller is None:
            return None
        hook = self._hooks.get(name)
        if hook is None:
            with self._making:
                hook = self._hooks.get(name) or Hook(caller, self._policy(name), self._activate)
                self._hooks[name] = hook
        return hook.function

    def expect(self, name: str) -> "Any":
        """Return the live function of a hook that some plugin declares, and that nothing specifies."""
        self._caller(name)
        return self.hook_function(name)

    def sleep(self) -> None:
        """Let every hook load its plugins again at its next call: others may be installed now."""
        for hook in tuple(self._hooks.values()):
            hook.sleep()

    def _describe(self, hook: str, implementation: pluggy.HookImpl) -> str:
        return self._policy(hook).describe(implementation)


def _specification(project: str, function: "Callable[..., Any]", options: "Mapping[str, Any]") -> HookSpec:
    """Return a specification whose arguments are all of a function's parameters, also those by keyword only."""
    pluggy.HookspecMarker(project)(function, **options)
    namespace = ModuleType(str(function.__module__), "The one hook specification that a host declares by a function.")
    setattr(namespace, function.__name__, function)
    spec = HookSpec(namespace, function.__name__, getattr(function, f"{project}_spec"))
    defaults = inspect.unwrap(function).__kwdefaults__ or {}
    keywords = _keyword_only(function)
    spec.argnames = (*spec.argnames, *(name for name in keywords if name not in defaults))
    spec.kwargnames = (*spec.kwargnames, *(name for name in keywords if name in defaults))
    spec.kwargdefaults.update(defaults)
    return spec


def _take_keywords(implementation: pluggy.HookImpl) -> None:
    """Let an implementation be given what it takes by keyword only, which pluggy leaves out."""
    keywords = _keyword_only(implementation.function)
    if keywords:
        object.__setattr__(implementation, "kwargnames", (*implementation.kwargnames, *keywords))


def _keyword_only(function: "Callable[..., Any]") -> tuple[str, ...]:
    signature = signature_of(function)
    parameters = signature.parameters.values() if signature else ()
    return tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY)
