"""Hooks: implementations that do not fit, and calls that cannot be made."""

from plugframe.errors.roots import PlugframeError


class HookValidationError(PlugframeError, ValueError):
    """A hook implementation does not fit its hook, or cannot be put in order with the others; nothing was changed."""

    def __init__(self, hook: str, plugin: str, reason: str, *, where: str = "", specification: str = "") -> None:
        """Keep the hook, whose it is, what is wrong, and where the implementation and the specification stand."""
        super().__init__(hook, plugin, reason)
        self.hook = hook
        self.plugin = plugin
        self.reason = reason
        self.where = where
        self.specification = specification

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        specified = f". The hook is specified at {self.specification}" if self.specification else ""
        return f"hook {self.hook!r} of {self.plugin}{place}: {self.reason}{specified}"


class HookArgumentError(PlugframeError, TypeError):
    """A hook was called without an argument that an implementation takes."""

    def __init__(self, hook: str, plugin: str, argument: str) -> None:
        """Keep the hook, whose implementation it is, and the argument that the call does not give."""
        super().__init__(hook, plugin, argument)
        self.hook = hook
        self.plugin = plugin
        self.argument = argument

    def __str__(self) -> str:
        return f"hook {self.hook!r} must be called with {self.argument!r}: {self.plugin} takes it"


class CoroutineHookError(PlugframeError, TypeError):
    """A hook was called plainly that a plugin implements by a coroutine, which nobody would await."""

    def __init__(self, hook: str, plugin: str) -> None:
        """Keep the hook and the plugin."""
        super().__init__(hook, plugin)
        self.hook = hook
        self.plugin = plugin

    def __str__(self) -> str:
        return (
            f"hook {self.hook!r} was called plainly, but {self.plugin} implements it as a coroutine, which nothing "
            f"would await. Next: await host.hook.{self.hook}.acall(...)"
        )
