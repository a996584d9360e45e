"""Call hooks that do not fit what they are registered for, and plans that no longer hold."""

from plugframe.errors.roots import PlugframeError


class CallHookError(PlugframeError, TypeError):
    """A call hook cannot be registered as it is, or has returned what it may not."""

    def __init__(self, called: str, hook: str, reason: str, *, plugin: str = "") -> None:
        """Keep what is called, the hook, what is wrong with it, and the plugin that registered it, if any did."""
        super().__init__(called, hook, reason)
        self.called = called
        self.hook = hook
        self.reason = reason
        self.plugin = plugin

    def __str__(self) -> str:
        whose = f" of plugin {self.plugin!r}" if self.plugin else ""
        return f"the {self.hook}{whose} on {self.called!r}: {self.reason}"


class CallPlanError(PlugframeError, RuntimeError):
    """A value was looked at that is not known while a call is planned, or a plan does not hold any more."""
