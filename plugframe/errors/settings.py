"""Settings that cannot be used as they are."""

from plugframe.errors.roots import PlugframeError


class SettingsError(PlugframeError, ValueError):
    """Settings cannot be read, written or understood."""

    def __init__(self, place: str, reason: str, next_step: str = "mend it there") -> None:
        """Keep the file or variable that they stand in, what is wrong with it, and what to do."""
        super().__init__(place, reason, next_step)
        self.place = place
        self.reason = reason
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.place} cannot be used: {self.reason}. Next: {self.next_step}"
