"""Why a call of an operation would be answered by what it would be: ``explain``."""

from plugframe.errors import AmbiguousCallError
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugframe.operations.resolution.candidates import Candidate
    from plugframe.operations.resolving import Resolution


class Reason(Record):
    """What would become of one implementation.

    Attributes:
        name: the backend, and the types that it admits where that is known.
        provider: whose it is.
        answer: ``chosen``, ``next`` (where those before it decline), ``tied`` or ``no``.
        reason: why.
    """

    __slots__ = ("name", "provider", "answer", "reason")

    name: str
    provider: str
    answer: str
    reason: str

    def __init__(self, *, name: str, provider: str, answer: str, reason: str) -> None:
        self._fill(name, provider, answer, reason)


class Explanation(Record):
    """What would become of a call.

    Attributes:
        operation: its name.
        call: the types of the arguments.
        chosen: the name of the backend that would answer; an empty text where nobody would, or several tie.
        reasons: of each implementation, those that would answer first, then the others by name.
    """

    __slots__ = ("operation", "call", "chosen", "reasons")

    operation: str
    call: str
    chosen: str
    reasons: tuple[Reason, ...]

    def __init__(self, *, operation: str, call: str, chosen: str, reasons: tuple[Reason, ...]) -> None:
        self._fill(operation, call, chosen, reasons)

    def __str__(self) -> str:
        lines = (f"  {one.answer:6}  {one.name}: {one.reason} ({one.provider})" for one in self.reasons)
        return "\n".join([f"{self.call} of {self.operation!r} is answered by {self.chosen or 'nobody'}", *lines])


def explain(resolution: "Resolution") -> Explanation:
    """Say what would become of a call."""
    ranked: list[Candidate] = []
    tied: tuple[str, ...] = ()
    try:
        ranked.extend(resolution.ranked())
    except AmbiguousCallError as error:
        # The candidates of a tie are not yielded, but those before it were.
        tied = error.candidates
    answers = [*_answers(resolution, ranked), *_ties(resolution, tied, ranked)]
    told = {one.name for one in answers}
    refused = (
        Reason(name=name, provider=_provider(resolution, name), answer="no", reason=reason)
        for name, reason in sorted(resolution.reasons.items())
        if name not in told
    )
    return Explanation(
        operation=resolution.operation.name,
        call=resolution.call,
        chosen=ranked[0].backend if ranked else "",
        reasons=(*answers, *refused),
    )


def _answers(resolution: "Resolution", ranked: "list[Candidate]") -> "Iterator[Reason]":
    for place, one in enumerate(ranked):
        if place == 0:
            why = [
                f"before {other.backend}: {reason}" for other in ranked[1:2] if (reason := resolution.beats(one, other))
            ]
            reason = "; ".join(why) or resolution.reasons.get(one.name, "nothing comes before it")
        else:
            before = ranked[place - 1]
            reason = f"after {before.backend}: " + (
                resolution.reasons.get(one.name) or resolution.beats(before, one) or "it comes later"
            )
        yield Reason(name=one.name, provider=one.provider, answer="next" if place else "chosen", reason=reason)


def _ties(resolution: "Resolution", tied: tuple[str, ...], ranked: "list[Candidate]") -> "Iterator[Reason]":
    for one in resolution.fitting:
        if f"{one.name} of {one.provider}" in tied and one not in ranked:
            reason = "nothing says whether it comes before the others that are tied"
            yield Reason(name=one.name, provider=one.provider, answer="tied", reason=reason)


def _provider(resolution: "Resolution", name: str) -> str:
    operation = resolution.operation
    backend = name.partition("(")[0]
    return (
        operation.implementations.provider(backend)
        if backend in operation.implementations.names()
        else operation.own_provider
    )
