"""A lock that cannot be made or used, and a file that is not what a lock says."""

from plugframe.errors.roots import PlugframeError


class LockError(PlugframeError, ValueError):
    """A lock file cannot be made, or cannot be relied on."""

    def __init__(self, path: str, reason: str, next_step: str = "plugframe lock") -> None:
        """Keep the lock file, what is wrong, and what to do."""
        super().__init__(path, reason, next_step)
        self.path = path
        self.reason = reason
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. Next: {self.next_step}"


class LockMismatchError(PlugframeError, ImportError):
    """A module is not what the lock says, and was not run."""

    def __init__(self, name: str, path: str, reason: str, *, effect: str = "", next_step: str = "") -> None:
        """Keep the module's full name, its file, what differs, and what follows."""
        super().__init__(name, path, reason)
        self.name = name
        self.path = path
        self.reason = reason
        self.effect = effect
        self.next_step = next_step

    def __str__(self) -> str:
        parts = (f"{self.name} was not run: {self.path} {self.reason}", self.effect)
        return ". ".join(filter(None, (*parts, self.next_step and f"Next: {self.next_step}")))
