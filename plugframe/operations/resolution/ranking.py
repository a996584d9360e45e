"""Which of the candidates for a call comes first; the order of registration never decides.

``in_order`` is the main function.
"""

from plugframe.errors import PlugframeError
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from plugframe.operations.markers import Verdict
    from plugframe.operations.resolution.candidates import Candidate

    Beats = Callable[["Candidate", "Candidate"], str]


class Tie(PlugframeError):  # noqa: N818 # never seen outside: it becomes an AmbiguousCallError
    """Several candidates come before all others, and none before the others of them."""

    def __init__(self, candidates: "Sequence[Candidate]") -> None:
        """Keep them."""
        super().__init__(candidates)
        self.candidates = candidates


class Order(Record):
    """What decides between candidates beside the types.

    Attributes:
        preferred: backends that the context prefers, the best first.
        precedence: pairs of backends of which the first comes before the second.
        settings: backends as the settings order them.
    """

    __slots__ = ("preferred", "precedence", "settings")

    preferred: tuple[str, ...]
    precedence: frozenset[tuple[str, str]]
    settings: tuple[str, ...]

    def __init__(
        self, *, preferred: tuple[str, ...], precedence: frozenset[tuple[str, str]], settings: tuple[str, ...]
    ) -> None:
        self._fill(preferred, precedence, settings)

    def beats(
        self, one: "Candidate", other: "Candidate", arguments: "Mapping[str, Any]", checked: "Sequence[str]"
    ) -> str:
        """Return why a candidate comes before another; an empty text where it does not.

        Args:
            one: that candidate.
            other: the other one.
            arguments: of the call, by parameter.
            checked: the parameters that are looked at.
        """
        mine, theirs = one.backend, other.backend
        places = _place(mine, self.preferred), _place(theirs, self.preferred)
        if places[0] != places[1]:
            return "this context prefers it" if places[0] < places[1] else ""
        narrower = is_narrower(one, other, arguments, checked)
        if narrower or is_narrower(other, one, arguments, checked):
            return "the types are narrower" if narrower else ""
        first, second = (mine, theirs) in self.precedence, (theirs, mine) in self.precedence
        if first != second:
            return "before or after says so" if first else ""
        places = _place(mine, self.settings), _place(theirs, self.settings)
        if places[0] != places[1]:
            return "the settings say so" if places[0] < places[1] else ""
        return "the host's own functions come last" if other.is_default and not one.is_default else ""


def _place(backend: str, names: tuple[str, ...]) -> int:
    return names.index(backend) if backend in names else len(names)


def is_narrower(one: "Candidate", other: "Candidate", arguments: "Mapping[str, Any]", checked: "Iterable[str]") -> bool:
    """Return whether a candidate's types are the narrower: no parameter's are wider, and one's are narrower.

    Of a union, the part counts that admits the argument; where those parts say nothing, the whole.
    """
    found = False
    for parameter in checked:
        mine, theirs = one.kinds[parameter], other.kinds[parameter]
        value = arguments[parameter]
        parts = mine.part_for(value), theirs.part_for(value)
        within = parts[0].is_within(parts[1]), parts[1].is_within(parts[0])
        if within[0] == within[1]:
            within = mine.is_within(theirs), theirs.is_within(mine)
        if not within[0]:
            return False
        found = found or not within[1]
    return found


def in_order(
    candidates: "Sequence[Candidate]", ask: "Callable[[Candidate], Verdict]", beats: "Beats", preferred: "Sequence[str]"
) -> "Iterator[Candidate]":
    """Yield the candidates that take a call, the best first; each is asked only when none comes before it.

    One that is there only if needed comes after all others, unless the context prefers it.

    Args:
        candidates: those that the types of the arguments fit.
        ask: returns what one says to the call.
        beats: returns why one comes before another.
        preferred: the backends that the context prefers.

    Raises:
        Tie: nothing says which of several comes first.
    """
    late: list[Candidate] = []
    asked: list[Candidate] = []
    left = list(candidates)
    while left:
        best = unbeaten(left, beats)
        changed = False
        for one in (one for one in best if one not in asked):
            asked.append(one)
            verdict = ask(one)
            if verdict.answer == "no" or (verdict.answer == "if-needed" and one.backend not in preferred):
                left.remove(one)
                changed = True
                if verdict.answer != "no":
                    late.append(one)
        if not changed:
            yield _only(best)
            left.remove(best[0])
    while late:
        best = unbeaten(late, beats)
        yield _only(best)
        late.remove(best[0])


def unbeaten(candidates: "Sequence[Candidate]", beats: "Beats") -> "list[Candidate]":
    """Return the candidates that none comes before, or all where each has one that does."""
    found = [one for one in candidates if not any(beats(other, one) for other in candidates if other is not one)]
    return found or list(candidates)


def _only(best: "Sequence[Candidate]") -> "Candidate":
    if len(best) > 1:
        raise Tie(best)
    return best[0]
