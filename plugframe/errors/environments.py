"""Names and commands that an environment does not have."""

from plugframe.errors.roots import PlugframeError, either


class NameNotInstalledError(PlugframeError, LookupError):
    """A name is neither a plugin's nor an entry point's nor a distribution's in an environment."""

    def __init__(self, name: str, prefix: str, reason: str = "", near: tuple[str, ...] = ()) -> None:
        """Keep the name, the environment's folder, why the name means nothing there, and the names like it."""
        super().__init__(name, prefix, reason, near)
        self.name = name
        self.prefix = prefix
        self.reason = reason
        self.near = near

    def __str__(self) -> str:
        reason = self.reason or "no plugin, entry point or distribution has that name"
        hint = f". Did you mean {either(self.near)}?" if self.near else "."
        return f"{self.name!r} is not in {self.prefix}: {reason}{hint} Next: plugframe list --groups"


class CommandNotRunError(PlugframeError, OSError):
    """A command cannot be started."""

    def __init__(self, command: str, reason: str) -> None:
        """Keep the command's first word and why it cannot be started."""
        super().__init__(command, reason)
        self.command = command
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot run {self.command!r}: {self.reason}. Next: name a command of the environment, or its path"

    def __reduce__(self) -> tuple[object, ...]:
        # An OSError takes its arguments for an error number and a message, and would pickle those.
        return type(self), (self.command, self.reason), self.__dict__
