"""Why a call of an operation would be answered by what it would be: ``explain``."""

from plugframe.errors import AmbiguousCallError
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugframe.operations.resolution.candidates import Candidate
    from plugframe.operations.resolution.resolving import Resolution


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
        unplanned: why the call hooks around it are not compiled; an empty text where they are, or there are none.
    """

    __slots__ = ("operation", "call", "chosen", "reasons", "unplanned")

    operation: str
    call: str
    chosen: str
    reasons: tuple[Reason, ...]
    unplanned: str

    def __init__(
        self, *, operation: str, call: str, chosen: str, reasons: tuple[Reason, ...], unplanned: str = ""
    ) -> None:
        self._fill(operation, call, chosen, reasons, unplanned)

    def __str__(self) -> str:
        lines = [f"  {one.answer:6}  {one.name}: {one.reason} ({one.provider})" for one in self.reasons]
        if self.unplanned:
            lines.append(f"  call hooks run the plain way: {self.unplanned}")
        return "\n".join([f"{self.call} of {self.operation!r} is answered by {self.chosen or 'nobody'}", *lines])


def explain(resolution: "Resolution", *, unplanned: str = "") -> Explanation:
    """Say what would become of a call.

    Args:
        resolution: of the call.
        unplanned: why its call hooks are not compiled.
    """
    ranked: list[Candidate] = []
    tied: tuple[str, ...] = ()
    try:
        ranked.extend(resolution.ranked())
    except AmbiguousCallError as error:
        tied = error.candidates
    answers = [*_answers(resolution, ranked), *_ties(resolution, tied, ranked)]
    told = {one.name for one in answers}
    refused = (
        Reason(name=name, provider=_provider(resolution, name), answer="no", reason=reason)
        for name, reason in sorted(resolution.refusals().items())
        if name not in told
    )
    return Explanation(
        operation=resolution.operation.name,
        call=resolution.call,
        chosen=ranked[0].backend if ranked else "",
        reasons=(*answers, *refused),
        unplanned=unplanned,
    )


def _answers(resolution: "Resolution", ranked: "list[Candidate]") -> "Iterator[Reason]":
    for place, one in enumerate(ranked):
        said = resolution.reasons.get(one.name, "")  # by one that is there only if needed
        if place:
            before = ranked[place - 1]
            reason = f"comes after {before.backend}: {said or resolution.beats(before, one)}"
        else:
            others = (f"comes before {other.backend}: {resolution.beats(one, other)}" for other in ranked[1:2])
            reason = said or next(others, "no other takes the call")
        yield Reason(name=one.name, provider=one.provider, answer="next" if place else "chosen", reason=reason)


def _ties(resolution: "Resolution", tied: tuple[str, ...], ranked: "list[Candidate]") -> "Iterator[Reason]":
    """Yield what becomes of those that are tied, and of those that come after them and were not asked."""
    left = [one for one in resolution.fitting if tied and one not in ranked and one.name not in resolution.reasons]
    for one in left:
        is_tied = f"{one.name} of {one.provider}" in tied
        reason = (
            "nothing says which of those that are tied comes first" if is_tied else "comes after those that are tied"
        )
        yield Reason(name=one.name, provider=one.provider, answer="tied" if is_tied else "no", reason=reason)


def _provider(resolution: "Resolution", name: str) -> str:
    operation = resolution.operation
    backend = name.partition("(")[0]
    return (
        operation.implementations.provider(backend)
        if backend in operation.implementations.names()
        else operation.own_provider
    )
