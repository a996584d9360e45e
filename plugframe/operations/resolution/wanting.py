"""What is wanted of one call: by the call itself, by its context, and by the settings; the innermost counts."""

from plugframe.operations.resolution.candidates import DEFAULT
from plugframe.operations.resolution.contexts import wishes_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.operations.resolution.settings import Settings


class Wanted:
    """What one call wants.

    Attributes:
        backend: the one that the call names; an empty text for none.
        preferred: the backends that the context prefers, the best first.
        order: the backends as the settings order them.
        is_of_context: whether the context or the call itself wants anything.
        variables: the environment variables of the host's backends and fallback, for messages.
    """

    def __init__(
        self, owner: object, operation: str, settings: "Settings", variables: tuple[str, str], *, backend: str = ""
    ) -> None:
        """Ask this context what it wants of an operation.

        Args:
            owner: the operations of the host.
            operation: the operation's name.
            settings: what is set for it; its ``fallback`` is never None.
            variables: see above.
            backend: the one that the call names.
        """
        self.backend = backend
        self.variables = variables
        self.order = settings.backends or ()
        preferred: list[str] = []
        disabled: list[str] = []
        self.fallback = settings.fallback
        found = wishes_for(owner, operation)
        for wish in found:
            if wish.kind == "fallback":
                self.fallback = wish.values[0]
            else:  # what an inner block says of a backend, outer ones cannot undo
                mine, others = (preferred, disabled) if wish.kind == "prefer" else (disabled, preferred)
                others[:] = [name for name in others if name not in wish.values]
                mine[:] = [*wish.values, *(name for name in mine if name not in wish.values)]
        self.preferred = tuple(preferred)
        self._disabled = frozenset(disabled)
        self._is_off = settings.is_off
        self.is_of_context = bool(found or backend)

    def refusal(self, backend: str) -> str:
        """Return why a backend is not even looked at; an empty text if it is."""
        if self.backend:
            return "" if backend == self.backend else f"the call names {self.backend!r}"
        if backend in self.preferred:
            return ""
        if backend in self._disabled:
            return "it is disabled in this context"
        if backend != DEFAULT and self._is_off:
            return f"{self.variables[0]} switches backends off"
        if backend == DEFAULT and self.fallback == "error":
            return "the host's own function does not stand in: the fallback is 'error'"
        return ""
