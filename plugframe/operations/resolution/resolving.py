"""One call of an operation: who may answer it, who does, and why not the others."""

from abc import get_cache_token
from functools import cached_property

from plugframe.errors import (
    AmbiguousCallError,
    Decline,
    NoImplementationError,
    NotRegisteredError,
    PluginImportError,
    RegistrationError,
)
from plugframe.operations.markers import Verdict, read_verdict
from plugframe.operations.resolution.candidates import DEFAULT, Field, describe_call
from plugframe.operations.resolution.ranking import Order, Tie, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from inspect import BoundArguments
    from typing import Any

    from plugframe.operations.declared import DeclaredOperation
    from plugframe.operations.resolution.candidates import Candidate
    from plugframe.operations.resolution.wanting import Wanted

_HONEST = vars(object)["__class__"]


class Resolution:
    """What becomes of one call.

    Attributes:
        arguments: of the call, defaults included.
        wanted: what the call, the context and the settings want.
        reasons: why those that do not answer it do not, by candidate or backend.
        is_certain: whether the types of the arguments alone have decided so far.
    """

    def __init__(
        self,
        operation: "DeclaredOperation",
        arguments: "BoundArguments",
        wanted: "Wanted",
        fields: "dict[tuple[str, ...], Field]",
    ) -> None:
        """Look at one call of an operation.

        Args:
            operation: whose.
            arguments: see above.
            wanted: see above.
            fields: what was found since the last change of who may answer, by the backends that are not refused.
        """
        self.operation = operation
        self.fields = fields
        self.arguments = arguments
        self.wanted = wanted
        self.token = get_cache_token()
        self.reasons: dict[str, str] = {}
        self.failures: dict[str, Exception] = {}
        self.is_certain = not wanted.is_of_context
        self._declined: list[tuple[Candidate, Decline]] = []

    @cached_property
    def field(self) -> Field:
        """All that may answer; backends that are wanted are imported for it."""
        backends: list[str] = []
        for backend in (DEFAULT, *self.operation.implementations.names()):
            reason = self.wanted.refusal(backend)
            if reason:
                self.reasons[backend] = reason
            else:
                backends.append(backend)
        key = tuple(backends)
        found = self.fields.get(key)
        if found is None:
            found = Field(one for backend in key for one in self._candidates(backend))
            if not self.failures:
                self.fields[key] = found
        return found

    def _candidates(self, backend: str) -> "tuple[Candidate, ...]":
        try:
            return self.operation.candidates(backend)
        except NotRegisteredError:  # taken away since it was listed
            if self.wanted.backend:
                raise
            return ()
        except (PluginImportError, RegistrationError) as error:
            if self.wanted.backend:
                raise
            self.failures[backend] = error
            self.reasons[backend] = str(error)
            return ()

    @property
    def checked(self) -> tuple[str, ...]:
        """The parameters whose arguments are looked at."""
        return self.field.checked

    @cached_property
    def fitting(self) -> "list[Candidate]":
        """Those that the types of the arguments fit."""
        given = self.arguments.arguments
        found = [one for one in self.field.candidates if not one.misfit(given, self.checked)]
        self.is_certain = self.is_certain and self.field.is_by_type and all(map(_is_honest, self.types))
        return found

    def refusals(self) -> dict[str, str]:
        """Return why those that do not answer the call do not, as far as is known, by candidate or backend."""
        given, found = self.arguments.arguments, dict(self.reasons)
        for one in self.field.candidates:
            misfit = one.misfit(given, self.checked)
            if misfit:
                found[one.name] = one.explain_misfit(misfit, given[misfit])
        return found

    @property
    def types(self) -> tuple[type, ...]:
        """The types of the arguments that are looked at."""
        return tuple(type(self.arguments.arguments[name]) for name in self.checked)

    @cached_property
    def order(self) -> Order:
        """What decides between candidates beside the types."""
        wanted = self.wanted
        return Order(preferred=wanted.preferred, precedence=self.field.precedence, settings=wanted.order)

    def beats(self, one: "Candidate", other: "Candidate") -> str:
        """Return why a candidate comes before another; an empty text where it does not."""
        return self.order.beats(one, other, self.arguments.arguments, self.checked)

    def ranked(self) -> "Iterator[Candidate]":
        """Yield the candidates that take the call, the best first, asking those that want to be asked.

        Raises:
            AmbiguousCallError: nothing says which of several comes first.
        """
        try:
            yield from in_order(self.fitting, self.ask, self.beats, self.wanted.preferred)
        except Tie as tie:
            names = tuple(sorted(f"{one.name} of {one.provider}" for one in tie.candidates))
            backends = sorted({one.backend for one in tie.candidates})
            raise AmbiguousCallError(self.operation.name, self.call, names, self._advise(backends)) from None

    def _advise(self, backends: list[str]) -> str:
        if len(backends) == 1:
            return "declare an overload that is narrower than each of them"
        names, _ = self.wanted.variables
        return (
            f"name one, as by {self.operation.name.rpartition('.')[2]}.using({backends[0]!r}), prefer one with "
            f"host.ops.prefer({backends[0]!r}), or order them: {names}={','.join(backends)}"
        )

    def ask(self, candidate: "Candidate") -> Verdict:
        """Return what a candidate says to the call.

        Raises:
            TypeError: it says what is no answer.
            Exception: whatever it raises.
        """
        found = Verdict.yes()
        questions = [("can_run", candidate.mark.can_run)]
        if not self.wanted.backend:
            questions.append(("should_run", candidate.mark.should_run))
        for name, condition in questions:
            if condition is None:
                continue
            self.is_certain = False
            verdict = self._hear(candidate, name, condition)
            if verdict.answer != "yes":
                found = verdict
                self.reasons[candidate.name] = verdict.reason or f"{name} says {verdict.answer}"
            if verdict.answer == "no":
                break
        return found

    def _hear(self, candidate: "Candidate", name: str, condition: "Any") -> Verdict:  # noqa: ANN401 # a function
        try:
            said = condition(*self.arguments.args, **self.arguments.kwargs)
        except Decline as error:
            return Verdict.no(error.reason or f"{name} declines")
        except Exception as error:
            error.add_note(f"raised by {name} of {candidate.provider}, a backend of {self.operation.name}")
            raise
        return read_verdict(said, f"{name} of {candidate.provider}")

    def decline(self, candidate: "Candidate", error: Decline) -> None:
        """Note that a candidate declined while it ran."""
        self.is_certain = False
        self._declined.append((candidate, error))
        self.reasons[candidate.name] = f"it declined: {error.reason}" if error.reason else "it declined"

    def has_declined(self, candidate: "Candidate") -> bool:
        """Return whether a candidate's function declined, for another signature: it is not run a second time."""
        for one, error in self._declined:
            if one.function is candidate.function:
                self.decline(candidate, error)
                return True
        return False

    @property
    def call(self) -> str:
        """The types of the call's arguments, for messages."""
        return describe_call(self.arguments.arguments)

    def nobody(self) -> NoImplementationError:
        """Return the error that tells that nobody takes the call."""
        advice = ""
        if DEFAULT in self.reasons and self.wanted.fallback == "error" and not self.wanted.backend:
            advice = (
                f"let the host's own function stand in, by host.ops.fallback('default') or {self.wanted.variables[1]}"
            )
        error = NoImplementationError(self.operation.name, self.call, tuple(sorted(self.refusals().items())), advice)
        error.__cause__ = self._declined[-1][1] if self._declined else None
        return error


def _is_honest(kind: type) -> bool:
    """Return whether what a value says of its class is its type: mocks and proxies may say anything."""
    return not any("__class__" in vars(one) for one in kind.__mro__ if vars(one).get("__class__") is not _HONEST)
