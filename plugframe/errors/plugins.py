"""A plugin that is not there, cannot be loaded, or must not be."""

from plugframe.errors.roots import PlugframeError, either


class PluginNotFoundError(PlugframeError, LookupError):
    """No installed distribution has a plugin of this name for this host."""

    def __init__(self, host: str, name: str, near: tuple[str, ...] = ()) -> None:
        """Keep the host, the name that was asked for, and the installed names like it."""
        super().__init__(host, name, near)
        self.host = host
        self.name = name
        self.near = near

    def __str__(self) -> str:
        hint = f" Did you mean {either(self.near)}?" if self.near else ""
        return f"{self.host} has no plugin named {self.name!r}.{hint} Next: plugframe list --host {self.host} --all"


class UnknownNameError(PlugframeError, LookupError):
    """A name that somebody typed means no plugin, entry point or distribution."""

    def __init__(self, name: str, explanation: str) -> None:
        """Keep the name, and the lines that say what there is instead."""
        super().__init__(name, explanation)
        self.name = name
        self.explanation = explanation

    def __str__(self) -> str:
        return self.explanation


class PluginLoadError(PlugframeError):
    """A plugin could not be imported, resolved or registered; the cause is chained."""

    def __init__(self, plugin: str, reason: str, *, where: str = "", effect: str = "", next_step: str = "") -> None:
        """Keep the plugin (``group:name from distribution version``), the cause, the first frame, and what follows."""
        super().__init__(plugin, reason)
        self.plugin = plugin
        self.reason = reason
        self.where = where
        self.effect = effect
        self.next_step = next_step

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        parts = (f"cannot load {self.plugin}: {self.reason}{place}", self.effect)
        return ". ".join(filter(None, (*parts, self.next_step and f"Next: {self.next_step}")))


class PluginImportError(PluginLoadError, ImportError):
    """A plugin's module could not be imported."""


class PluginModuleNotFoundError(PluginImportError, ModuleNotFoundError):
    """What a plugin's entry point names is not installed, or is no module."""

    def __init__(
        self, plugin: str, reason: str, *, name: str = "", where: str = "", effect: str = "", next_step: str = ""
    ) -> None:
        """Keep what any failure has, and the full name of the module that was asked for."""
        super().__init__(plugin, reason, where=where, effect=effect, next_step=next_step)
        self.name = name


class PluginBlockedError(PlugframeError, RuntimeError):
    """A plugin was asked for that may not run."""

    def __init__(self, plugin: str, state: str, reason: str, next_step: str = "") -> None:
        """Keep the plugin, its state, the reason for it, and what to do to have it otherwise."""
        super().__init__(plugin, state, reason, next_step)
        self.plugin = plugin
        self.state = state
        self.reason = reason
        self.next_step = next_step

    def __str__(self) -> str:
        group, _, rest = self.plugin.partition(":")
        step = self.next_step or f"plugframe why {rest.partition(' from ')[0]} --host {group.rpartition('.')[0]}"
        return f"{self.plugin} is {self.state}: {self.reason}. Next: {step}"


class RequiredPluginError(PlugframeError, RuntimeError):
    """A plugin is not there, may not run or cannot be loaded without which its host must not go on."""

    def __init__(
        self,
        host: str,
        name: str,
        state: str,
        reason: str,
        *,
        plugin: str = "",
        where: str = "",
        installed_by: str = "",
        next_step: str = "",
    ) -> None:
        """Keep the host, the name that it requires, the plugin's state and the reason for it, and what follows.

        ``plugin`` is whose it is (``group:name from distribution version``), empty where none is installed.
        """
        super().__init__(host, name, state, reason)
        self.host = host
        self.name = name
        self.state = state
        self.reason = reason
        self.plugin = plugin
        self.where = where
        self.installed_by = installed_by
        self.next_step = next_step

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        whose = f", {self.plugin}," if self.plugin else ""
        what = f"{self.host} requires the plugin {self.name!r}, and it{whose} is {self.state}: {self.reason}{place}"
        parts = (what, f"{self.host} does not go on without it", self.installed_by)
        return ". ".join(filter(None, (*parts, self.next_step and f"Next: {self.next_step}")))


class EnvironmentNotReadableError(PlugframeError, OSError):
    """Another interpreter's environment could not be found out."""

    def __init__(self, target: str, reason: str, next_step: str = "name its python executable or its folder") -> None:
        """Keep the interpreter or folder that was named, what went wrong, and what to do."""
        super().__init__(reason)
        self.target = target
        self.reason = reason
        self.next_step = next_step

    def __str__(self) -> str:
        return f"cannot read the environment of {self.target!r}: {self.reason}. Next: {self.next_step}"

    def __reduce__(self) -> tuple[object, ...]:
        # An OSError takes its arguments for an error number and a file name, and would pickle those.
        return type(self), (self.target, self.reason, self.next_step), self.__dict__
