"""A host's plugin manager: pluggy's to everyone, with messages, order and policy that a host promises."""

from typing import cast

import pluggy

from plugframe.calls.steps import Errors
from plugframe.errors import CoroutineHookError, HookValidationError, PluginBlockedError, RegistrationError
from plugframe.hooks.hosted.callers import HostCaller, is_coroutine_function
from plugframe.hooks.hosted.conduct import execute
from plugframe.hooks.hosted.everywhere import Everywhere
from plugframe.hooks.hosted.hook import Hook
from plugframe.hooks.hosted.policy import Policy
from plugframe.hooks.hosted.specifying import specification_of, take_keywords
from plugframe.hooks.hosted.verifying import place_of, raise_unfit, verify
from plugframe.hooks.manager import PluginManager

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from pluggy._hooks import HookSpec

    from plugframe.hooks.hosted.breaking import Breaker
    from plugframe.records import Distribution, Plugin


class HostManager(PluginManager):
    """The manager of a host's hooks."""

    def __init__(
        self,
        host: str,
        activate: "Callable[[str], bool]",
        loading: "Callable[[], str | None]" = lambda: None,
        is_idle: "Callable[[], bool]" = lambda: False,
        load_installed: "Callable[[str | None], int]" = lambda _: 0,
    ) -> None:
        """Make a manager without hooks.

        Args:
            host: the host's name.
            activate: loads the plugins that implement a hook; returns whether that is done for good.
            loading: returns the name of the installed plugin that the calling thread is loading, or None.
            is_idle: returns whether no hook has a plugin to load.
            load_installed: loads the installed plugins that may run, or the one of a name; returns how many it loaded.
        """
        self.companions: set[str] = set()
        self._loading = loading
        self._providers: dict[str, Plugin] = {}
        self._declared: dict[str, frozenset[str]] = {}
        self._hooks: dict[str, Hook] = {}
        self._policies: dict[str, Policy] = {}
        self._load = activate
        self._is_idle = is_idle
        self._load_installed = load_installed
        self._sleeps = 0
        self.everywhere = Everywhere(host, self._hooks, loading)
        self._breaker: Breaker | None = None
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
                take_keywords(one)
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
        hooks are not all that they bring. Where the replay of a historic call fails, nothing stays registered.
        """
        wanted = name or self.get_canonical_name(plugin)
        if not self.has_plugin(wanted):
            self._forget(wanted)  # of one that was installed and unregistered
        registered = self._enlist(plugin, wanted)
        if registered is not None:
            self._accompany()
        return registered

    def _enlist(self, plugin: object, name: str) -> str | None:
        """Register a plugin wholly, or nothing of it."""
        before = self._name2plugin.get(name)
        try:
            return super().register(plugin, name)
        except BaseException:
            if before is None and plugin is not None and self._name2plugin.get(name) is plugin:
                self.unregister(plugin, name)
                self._name2plugin.pop(name, None)  # pluggy keeps one that is false
            raise

    def load_setuptools_entrypoints(self, group: str, name: str | None = None) -> int:
        """Load what a group names; see ``PluginManager.load_setuptools_entrypoints``.

        The host's own plugins are loaded as ``Host.load_all`` does it: none that may not run, and a broken one is
        reported and the others load.
        """
        if group == f"{self.project_name}.plugins":
            return self._load_installed(name)
        return super().load_setuptools_entrypoints(group, name)

    def _accompany(self) -> None:
        """Note that an installed plugin that is being loaded brings more than its own hooks."""
        loading = self._loading()
        if loading is not None:
            self.companions.add(loading)

    def provide(self, plugin: "Plugin", value: object) -> None:
        """Register what an installed plugin is; of one that declares its hooks, those alone.

        Raises:
            HookValidationError: an implementation does not fit its hook.
            RegistrationError: something else is registered under its name.
            PluginBlockedError: the manager blocks its name.
            ValueError: it is registered under another name.
        """
        self.admit(plugin)
        if self.has_plugin(plugin.name):
            message = f"the name {plugin.name!r} is taken: another plugin was registered under it by code"
            raise RegistrationError(message)
        declared = plugin.provides.get("hooks")
        self._providers[plugin.name] = plugin
        if declared:
            self._declared[plugin.name] = frozenset(declared)
        try:
            self._enlist(value, plugin.name)
        except BaseException:
            self._forget(plugin.name)
            raise

    def admit(self, plugin: "Plugin") -> None:
        """Raise if an installed plugin's name is blocked.

        Raises:
            PluginBlockedError: somebody gave it to ``set_blocked``.
        """
        if self.is_blocked(plugin.name):
            reason = "the host's manager blocks its name (set_blocked)"
            raise PluginBlockedError(str(plugin), "blocked", reason)

    def withdraw(self, plugin: str) -> None:
        """Take away all of an installed plugin; nothing of one that the host registered under the name itself."""
        if plugin in self._providers:
            if self.has_plugin(plugin):
                self.unregister(name=plugin)
            self._forget(plugin)
        if not self.has_plugin(plugin):
            self.everywhere.withdraw(plugin)

    def unregister(self, plugin: object = None, name: str | None = None) -> "Any":
        """Unregister a plugin, and remove its call hooks; see ``PluginManager.unregister``."""
        known = name if name is not None else self.get_name(plugin)
        gone = super().unregister(plugin, name)
        if known is not None:
            self.everywhere.withdraw(known)
        return gone

    def _forget(self, plugin: str) -> None:
        self._providers.pop(plugin, None)
        self._declared.pop(plugin, None)

    def found(self, plugin: str, value: object) -> "dict[str, Callable[..., Any]]":
        """Return the hooks that an object implements, declared or not, with the functions."""
        return {hook: implementation.function for hook, implementation in super()._implementations(value, plugin)}

    def _implementations(self, plugin: object, plugin_name: str) -> "Iterator[tuple[str, pluggy.HookImpl]]":
        declared = self._declared.get(plugin_name)
        for hook, implementation in super()._implementations(plugin, plugin_name):
            if declared is None or hook in declared:
                take_keywords(implementation)
                if self._breaker is not None:
                    self._breaker.guard(hook, implementation)
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
            The hook's live function, and the installed plugins that were registered before and do not fit, each with
            the reason; they are unregistered.

        Raises:
            ValueError: the hook has a specification already.
            HookValidationError: a plugin that was registered by code does not fit; nothing was changed.
            ExceptionGroup: several do not.
        """
        name = function.__name__
        caller = cast("HostCaller", self._caller(name))
        if caller.spec is not None:
            message = f"hook {name!r} is specified already, at {place_of(caller.spec.function)}"
            raise ValueError(message)
        spec = specification_of(self.project_name, function, options)
        historic = bool(spec.opts.get("historic"))
        unfit = self._unfit(caller, spec, historic=historic)
        for plugin in unfit:
            self.unregister(name=plugin)
        caller.spec = spec
        self._accompany()
        if historic:
            caller._call_history = []  # noqa: SLF001 # what pluggy's own set_specification does
        self._policies[name] = Policy(name, Errors(errors), self.distribution_of)
        hook = self._make_hook(caller, concurrent=concurrent)
        before, self._hooks[name] = self._hooks.get(name), hook
        self.everywhere.greet(hook.face)
        if before is not None:
            before.successor = hook
        return hook.function, list(unfit.items())

    def _unfit(self, caller: HostCaller, spec: "HookSpec", *, historic: bool) -> dict[str, HookValidationError]:
        """Return the installed plugins whose implementations do not fit a specification, and why.

        Raises:
            HookValidationError: one that was registered by code does not fit.
            ExceptionGroup: several do not.
        """
        unfit = {}
        for implementation in caller.get_hookimpls():
            try:
                verify(spec, implementation, plugin=self._describe(caller.name, implementation), historic=historic)
            except HookValidationError as error:
                unfit[implementation.plugin_name] = error
        raise_unfit(caller.name, [error for plugin, error in unfit.items() if plugin not in self._providers])
        return unfit

    def add_hookspecs(self, module_or_class: "Any") -> None:
        """Add hook specifications; see ``PluginManager.add_hookspecs``."""
        super().add_hookspecs(module_or_class)
        self._accompany()
        for name, hook in tuple(self._hooks.items()):
            if hook.is_open and hook.caller.spec is not None:
                hook.successor = self._hooks[name] = self._make_hook(hook.caller)
                self.everywhere.greet(hook.successor.face)

    def hook_function(self, name: str) -> "Any":
        """Return the live function of a hook, or None where nothing specifies or implements it."""
        caller: HostCaller | None = getattr(self.hook, name, None)
        if caller is None:
            return None
        hook = self._hooks.get(name)
        if hook is None:
            with self._making:
                hook = self._hooks.get(name) or self._make_hook(caller)
                self._hooks[name] = hook
            self.everywhere.greet(hook.face)
        return hook.function

    def _make_hook(self, caller: HostCaller, *, concurrent: bool = False) -> Hook:
        calls = self.everywhere.get
        return Hook(caller, self._policy(caller.name), self._activate, calls, concurrent=concurrent)

    def expect(self, name: str) -> "Any":
        """Return the live function of a hook that some plugin declares, and that nothing specifies."""
        self._caller(name)
        return self.hook_function(name)

    def _activate(self, hook: str) -> bool:
        """Load the plugins of a hook; where none is left for any hook, no other asks before its first call."""
        sleeps = self._sleeps
        done = self._load(hook)
        if done and self._is_idle():
            for other in tuple(self._hooks.values()):
                other.rouse(lambda: sleeps == self._sleeps)
        return done

    def sleep(self) -> None:
        """Let every hook load its plugins again at its next call: others may be installed now."""
        self._sleeps += 1  # before the hooks are told: whoever rouses them looks at it after
        for hook in tuple(self._hooks.values()):
            hook.sleep()

    def _describe(self, hook: str, implementation: pluggy.HookImpl) -> str:
        return self._policy(hook).describe(implementation)

    def break_circuits(self, *, failures: int = 5, seconds: float = 60.0) -> "Breaker":
        """Leave out implementations that raise several times in a row, from now on and until that is removed.

        Args:
            failures: in a row, after which one is left out.
            seconds: after which one call tries it again.

        Raises:
            ValueError: it is switched on already, or the numbers make no sense.
        """
        from plugframe.hooks.hosted.breaking import Breaker

        made = Breaker.replacing(self._breaker, self._describe, self._made, failures=failures, seconds=seconds)
        self._breaker = made
        return made
