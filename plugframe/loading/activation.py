"""Which plugins a hook's first call loads: those that declare it, those that implemented it before, or all.

``Activation.wake`` is the main function.
"""

from plugframe.loading.plugins import raise_failures
from plugframe.records import Diagnostic, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from plugframe.loading.learned import Learned
    from plugframe.loading.plugins import Loader
    from plugframe.records import LoadResult

MODES = ("declared", "learned", "eager")


class Activation:
    """Loads the plugins of a host when its hooks are called.

    A plugin that declares hooks is loaded for those. One that declares none is loaded for any hook; where the host
    learns, only until it is known which hooks it implements.
    """

    def __init__(
        self,
        mode: str,
        plugins: "Callable[[], Mapping[str, Plugin]]",
        loader: "Loader",
        learned: "Learned",
        check: "Callable[[], None]" = lambda: None,
    ) -> None:
        """Keep what decides.

        Args:
            mode: ``declared``, ``learned`` or ``eager``.
            plugins: returns the host's plugins by name, as they are installed now.
            loader: loads them.
            learned: knows which hooks the plugins implement that declare none.
            check: raises where a plugin is not loaded that the host requires; called after each load.
        """
        self.mode = mode
        self._plugins = plugins
        self._loader = loader
        self._learned = learned
        self._check = check
        self._idle = False
        self._looks = 0

    def load(self, plugins: "Iterable[Plugin]", *, again: bool, strict: bool) -> "tuple[LoadResult, ...]":
        """Load plugins, whatever hooks they implement; see ``Host.load``.

        Args:
            plugins: in the order in which they are loaded.
            again: try those anew that could not be loaded before.
            strict: raise where some cannot be loaded; the others are.

        Raises:
            RequiredPluginError: a plugin is not loaded that the host requires.
            ExceptionGroup: ``strict``, and some could not be loaded.
        """
        outcomes = [self._loader.load(plugin, again=again) for plugin in plugins]
        self._learned.save()
        self._check()
        if strict:
            raise_failures(outcomes)
        return tuple(outcome.result for outcome in outcomes)

    def wake(self, hook: str) -> bool:
        """Load the plugins that implement a hook.

        Returns:
            Whether that is done for good; not while another thread, or an import further up, is loading one of them.

        Raises:
            RequiredPluginError: a plugin is not loaded that the host requires.
        """
        looks = self._looks
        if self._idle:
            return True
        plugins = self._plugins()
        self._learned.look_again()
        outcomes = [self._loader.load(plugin) for plugin in plugins.values() if self._implements(plugin, hook)]
        self._learned.save()
        self._check()
        done = all(outcome.result.state != "available" for outcome in outcomes)
        self._idle = done and len(outcomes) == len(plugins)
        if looks != self._looks:  # Somebody wants another look; asked last, so that it is not forgotten.
            self._idle = done = False
        return done

    def is_idle(self) -> bool:
        """Return whether no hook has a plugin to load, until another look."""
        return self._idle

    def look_again(self) -> None:
        """Expect other plugins to be installed than before."""
        self._looks += 1
        self._idle = False
        self._learned.forget()

    def wake_undeclared(self) -> None:
        """Load the plugins of which nobody can tell which hooks they implement."""
        self._learned.look_again()
        for plugin in self._plugins().values():
            if self.hooks_of(plugin) is None:
                self._loader.load(plugin)
        self._learned.save()

    def declared(self) -> "Iterator[str]":
        """Yield the hooks that plugins are known to implement, without loading one."""
        self._learned.look_again()
        for plugin in self._plugins().values():
            yield from self.hooks_of(plugin) or ()

    def hooks_of(self, plugin: Plugin) -> "tuple[str, ...] | None":
        """Return the hooks that a plugin is known to implement, or None."""
        if not plugin.entry_point.value or not plugin.decision.allowed:
            return ()
        declared = plugin.provides.get("hooks")
        if declared is None and self.mode == "learned":
            return self._learned.hooks_of(plugin)
        return declared

    def _implements(self, plugin: Plugin, hook: str) -> bool:
        if self.mode == "eager":
            return True
        known = self.hooks_of(plugin)
        return known is None or hook in known


def check_declared(plugin: Plugin, found: "Iterable[str]") -> tuple[Diagnostic, ...]:
    """Return where the hooks that a plugin declares and those that it implements differ.

    Args:
        plugin: a plugin that was loaded.
        found: the hooks that its object implements.
    """
    declared = plugin.provides.get("hooks")
    if not declared:
        return ()
    implemented = {hook for hook in found if not hook.startswith("plugframe_register_")}
    group = f"{plugin.host}.hooks"
    attribute = plugin.entry_point.attribute
    value = f"{plugin.entry_point.module}:{attribute}." if attribute else f"{plugin.entry_point.module}:"
    differences = [
        (
            "PF160",
            f"plugin {plugin.name!r} declares hook {hook!r} and does not implement it",
            "the plugin is imported for this hook, and adds nothing to it",
            f"its authors must remove {f'{plugin.name}.{hook}'!r} from the group {group}, or implement the hook",
        )
        for hook in sorted({*declared} - implemented)
    ]
    differences += [
        (
            "PF161",
            f"plugin {plugin.name!r} implements hook {hook!r} and does not declare it, but others",
            "this implementation is never called",
            f'its authors must add to the group {group}: "{plugin.name}.{hook}" = "{value}{hook}"',
        )
        for hook in sorted(implemented - {*declared})
    ]
    return tuple(
        Diagnostic(
            code=code,
            message=message,
            path=plugin.distribution.metadata_path,
            distribution=plugin.distribution.name,
            effect=effect,
            fix=fix,
        )
        for code, message, effect, fix in differences
    )
