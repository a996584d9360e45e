"""Operations: what cannot implement one, what a call finds nothing for, and what is wished for in vain."""

from plugframe.errors.registration import RegistrationError
from plugframe.errors.roots import PlugframeError, either


def _hint(near: tuple[str, ...]) -> str:
    return f"; did you mean {either(near)}?" if near else ""


class Decline(PlugframeError, RuntimeError):  # noqa: N818 # raised by implementations to pass a call on: no failure
    """An implementation does not take a call after all; the next one is asked."""

    def __init__(self, reason: str = "") -> None:
        """Keep why, for ``explain`` and for the error where nobody takes the call."""
        super().__init__(reason)
        self.reason = reason


class LateDeclineError(PlugframeError, RuntimeError):
    """An implementation declined while it ran, of an operation that is declared to change its arguments."""

    def __init__(self, operation: str, provider: str, mutates: tuple[str, ...], reason: str = "") -> None:
        """Keep the operation, whose implementation declined, the arguments that it may have changed, and its reason."""
        super().__init__(operation, provider, mutates, reason)
        self.operation = operation
        self.provider = provider
        self.mutates = mutates
        self.reason = reason

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return (
            f"{self.provider} declined a call of {self.operation!r} while it ran{reason}, and may have changed "
            f"{' and '.join(map(repr, self.mutates))} by then, so that no other is tried. Its authors must decline in "
            f"can_run or should_run"
        )


class NoImplementationError(PlugframeError, TypeError):
    """No implementation of an operation takes a call."""

    def __init__(self, operation: str, call: str, reasons: tuple[tuple[str, str], ...], next_step: str = "") -> None:
        """Keep the operation, the types of the call's arguments, and each implementation with why it does not."""
        super().__init__(operation, call, reasons, next_step)
        self.operation = operation
        self.call = call
        self.reasons = reasons
        self.next_step = next_step

    def __str__(self) -> str:
        listed = "".join(f"\n  {name}: {reason}" for name, reason in self.reasons)
        advice = f"\nNext: {self.next_step}" if self.next_step else ""
        return f"no implementation of {self.operation!r} takes {self.call}:{listed or ' there is none'}{advice}"


class AmbiguousCallError(PlugframeError, TypeError):
    """Several implementations of an operation take a call, and nothing says which comes first."""

    def __init__(self, operation: str, call: str, candidates: tuple[str, ...], next_step: str = "") -> None:
        """Keep the operation, the types of the call's arguments, and the implementations, sorted."""
        super().__init__(operation, call, candidates, next_step)
        self.operation = operation
        self.call = call
        self.candidates = candidates
        self.next_step = next_step

    def __str__(self) -> str:
        listed = "".join(f"\n  {name}" for name in self.candidates)
        advice = f"\nNext: {self.next_step}" if self.next_step else ""
        what = f"{self.call} of {self.operation!r}"
        return f"{what} is taken by several, and nothing says which comes first:{listed}{advice}"


class BackendNotFoundError(PlugframeError, LookupError):
    """Nothing provides a backend of this name."""

    def __init__(
        self, backend: str, of: str, near: tuple[str, ...] = (), *, asked_by: str = "", refusal: str = ""
    ) -> None:
        """Keep the backend, the operation or host that has none of the name, names like it, who asked, who may not run.

        The refusal tells which plugin declares it and may not run, and the next step.
        """
        super().__init__(backend, of, near)
        self.backend = backend
        self.of = of
        self.near = near
        self.asked_by = asked_by
        self.refusal = refusal

    def __str__(self) -> str:
        place = f", which {self.asked_by} names" if self.asked_by else ""
        advice = "Next: install the distribution that declares it, or load the plugin that registers it"
        return (
            f"{self.of} has no backend named {self.backend!r}{place}{_hint(self.near)}"
            f"{'' if self.near else '.'} {self.refusal or advice}"
        )


class OperationSettingError(PlugframeError, ValueError):
    """A setting of operations has a value that it cannot have."""

    def __init__(self, setting: str, value: str, known: tuple[str, ...], near: tuple[str, ...] = ()) -> None:
        """Keep the setting, its value, the values that there are, and those like it."""
        super().__init__(setting, value, known, near)
        self.setting = setting
        self.value = value
        self.known = known
        self.near = near

    def __str__(self) -> str:
        return f"{self.setting} is one of {', '.join(map(repr, self.known))}; got {self.value!r}{_hint(self.near)}"


class AnnotationError(RegistrationError):
    """A parameter is annotated with what is no type."""

    def __init__(self, owner: str, parameter: str, reason: str, near: tuple[str, ...] = ()) -> None:
        """Keep whose the function is, the parameter, what is wrong, and the names like an unknown one."""
        super().__init__(owner, parameter, reason, near)
        self.owner = owner
        self.parameter = parameter
        self.reason = reason
        self.near = near

    def __str__(self) -> str:
        where = f"the parameter {self.parameter!r}" if self.parameter else "a parameter"
        return (
            f"the annotation of {where} of {self.owner} cannot be used: {self.reason}{_hint(self.near)}"
            f"{'' if self.near else '.'} Next: import it where the function is defined, not for type checkers only, "
            f"or leave the annotation out"
        )


class ImplementationMismatchError(RegistrationError):
    """A function cannot implement an operation: it has another signature."""

    def __init__(self, operation: str, provider: str, reasons: tuple[tuple[str, str], ...]) -> None:
        """Keep the operation, whose the function is, and each declared signature with what does not fit."""
        super().__init__(operation, provider, reasons)
        self.operation = operation
        self.provider = provider
        self.reasons = reasons

    def __str__(self) -> str:
        listed = "".join(f"\n  {signature}: {reason}" for signature, reason in self.reasons)
        return f"the function of {self.provider} cannot implement {self.operation!r}:{listed}"


class UnknownOperationError(RegistrationError):
    """A plugin registers a backend of an operation that the host does not have."""

    def __init__(self, operation: str, provider: str, near: tuple[str, ...] = ()) -> None:
        """Keep the operation, whose the backend is, and the host's operations like it."""
        super().__init__(operation, provider, near)
        self.operation = operation
        self.provider = provider
        self.near = near

    def __str__(self) -> str:
        return (
            f"{self.provider} registers a backend of {self.operation!r}, which is no operation of the host"
            f"{_hint(self.near)}{'' if self.near else '.'} Next: declare the operation before plugins are loaded, or "
            f"have its authors correct the name"
        )
