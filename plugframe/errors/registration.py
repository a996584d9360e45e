"""What cannot be registered or bound, and slots to which nothing is bound."""

from plugframe.errors.roots import PlugframeError


class RegistrationError(PlugframeError, ValueError):
    """Something cannot be registered as it is; nothing was changed."""


class RegistrationConflictError(RegistrationError):
    """Two plugins register the same name."""

    def __init__(self, kind: str, name: str, present: str, refused: str, other: str = "") -> None:
        """Keep the kind (``class``, ``callback`` …), the name, whose is registered and whose is refused.

        ``other`` is the name that is registered, where it is another one that excludes the refused one.
        """
        super().__init__(kind, name, present, refused, other)
        self.kind = kind
        self.name = name
        self.present = present
        self.refused = refused
        self.other = other

    def __str__(self) -> str:
        if self.other:
            return (
                f"{self.kind} {self.name!r} of {self.refused} is refused: {self.present} has registered "
                f"{self.other!r}, and one name cannot be a {self.kind} and a namespace. Have one of the two choose "
                f"another name."
            )
        if self.present.partition(" from ")[2] == (self.refused.partition(" from ")[2] or None):
            return (
                f"{self.kind} {self.name!r} of {self.refused} is refused: its own distribution declares it as "
                f"{self.present}. Its authors must drop one of the two."
            )
        return (
            f"{self.kind} {self.name!r} of {self.refused} is refused: {self.present} has registered it. "
            f"Uninstall one of the two, or have one of them choose another name."
        )


class SlotBoundError(RegistrationConflictError):
    """Somebody binds a function to a callback slot that is bound already, without replacing what is."""

    def __init__(self, slot: str, present: str, refused: str) -> None:
        """Keep the slot, whose function is bound and whose is refused."""
        super().__init__("callback", slot, present, refused)
        self.args = (slot, present, refused)
        self.slot = slot

    def __str__(self) -> str:
        return (
            f"the slot {self.slot!r} is bound to a function of {self.present}; that of {self.refused} is refused. "
            f"Bind it with replace=True to put it over the other, or uninstall one of the two."
        )


class SignatureMismatchError(RegistrationError):
    """A function does not accept every call that a callback slot's signature allows."""

    def __init__(self, slot: str, provider: str, reason: str, *, signature: str = "") -> None:
        """Keep the slot, whose function it is, the first call that it does not accept, and the slot's signature."""
        super().__init__(slot, provider, reason)
        self.slot = slot
        self.provider = provider
        self.reason = reason
        self.signature = signature

    def __str__(self) -> str:
        return f"the slot {self.slot}{self.signature} cannot have the function of {self.provider}: {self.reason}"


class UnboundSlotError(PlugframeError, RuntimeError):
    """A callback slot was called that must be bound and is not."""

    def __init__(self, host: str, slot: str, explanation: str = "") -> None:
        """Keep the host and the slot, and who would be bound, why it is not, and the next step, if that is known."""
        super().__init__(host, slot, explanation)
        self.host = host
        self.slot = slot
        self.explanation = explanation

    def __str__(self) -> str:
        known = self.explanation or (
            f"no entry point of the group {self.host}.callbacks names it, and no plugin that is loaded has registered "
            f"a function for it. Next: plugframe list --host {self.host} --all"
        )
        return f"the slot {self.slot!r} of {self.host} must be bound, and nothing is: {known}"
