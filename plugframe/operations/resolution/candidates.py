"""What may answer a call of an operation: a declared signature with one implementation of it."""

from plugframe.errors import ImplementationMismatchError
from plugframe.operations.markers import BackendMark, mark_of
from plugframe.operations.matching.signatures import condition_problem, fits, kinds_of, narrowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from inspect import Signature
    from typing import Any

    from plugframe.operations.matching.kinds import Kind

DEFAULT = "default"
"""The backend's name of the host's own functions."""


class Overload:
    """One declared signature of an operation.

    Attributes:
        name: the operation's, with the types: ``image.resize(image: list, width: int, height: int)``.
        function: the one that declared it.
        kinds: what its parameters admit.
        is_called: whether a call has chosen it so far.
    """

    __slots__ = ("name", "function", "kinds", "is_called")

    def __init__(self, operation: str, function: "Callable[..., Any]", kinds: "Mapping[str, Kind]") -> None:
        self.name = f"{operation}({', '.join(f'{name}: {kind!r}' for name, kind in kinds.items())})"
        self.function = function
        self.kinds = kinds
        self.is_called = False

    def is_same(self, other: "Overload") -> bool:
        """Return whether another has the same types."""
        pairs = [(kind, other.kinds[name]) for name, kind in self.kinds.items()]
        return all(mine.is_within(theirs) and theirs.is_within(mine) for mine, theirs in pairs)

    def __repr__(self) -> str:
        return f"<overload {self.name}>"


class Candidate:
    """A declared signature and one implementation of it.

    Attributes:
        backend: its name; ``default`` for the host's own.
        provider: whose the implementation is.
        overload: the declared signature.
        function: the implementation.
        kinds: what its parameters admit, which may be less than what is declared.
        mark: what it says of itself.
        name: the backend and what it admits, for people.
    """

    __slots__ = ("backend", "provider", "overload", "function", "kinds", "mark", "name")

    def __init__(
        self,
        *,
        backend: str,
        provider: str,
        overload: Overload,
        function: "Callable[..., Any]",
        kinds: "Mapping[str, Kind]",
        mark: BackendMark,
    ) -> None:
        self.backend = backend
        self.provider = provider
        self.overload = overload
        self.function = function
        self.kinds = kinds
        self.mark = mark
        self.name = f"{backend}({', '.join(f'{name}: {kind!r}' for name, kind in kinds.items())})"

    @property
    def is_default(self) -> bool:
        """Whether it is the host's own."""
        return self.backend == DEFAULT

    @property
    def is_conditional(self) -> bool:
        """Whether it wants to be asked."""
        return self.mark.can_run is not None or self.mark.should_run is not None

    def misfit(self, arguments: "Mapping[str, Any]", checked: "Iterable[str]") -> str:
        """Return the first parameter whose argument does not fit; an empty text where all do.

        Args:
            arguments: of the call, by parameter.
            checked: the parameters that are looked at.
        """
        kinds = self.kinds
        return next((name for name in checked if not kinds[name].accepts(arguments[name])), "")

    def explain_misfit(self, parameter: str, value: object) -> str:
        """Return why an argument does not fit, for people."""
        return f"{parameter!r} must be {self.kinds[parameter]!r}, and is {_type_name(value)}"

    def __repr__(self) -> str:
        return f"<candidate {self.name}>"


def candidates_of(
    operation: str,
    signature: "Signature",
    overloads: "Iterable[Overload]",
    *,
    backend: str,
    provider: str,
    function: "Callable[..., Any]",
    mark: BackendMark | None = None,
) -> tuple[Candidate, ...]:
    """Return a candidate for each declared signature that a function implements.

    Args:
        operation: the operation's name.
        signature: the calls that it allows.
        overloads: its declared signatures.
        backend: the backend's name.
        provider: whose the function is.
        function: the implementation.
        mark: what is said of it, where that is not on the function.

    Raises:
        ImplementationMismatchError: it implements none of them, or what tells if it can run cannot be asked.
        AnnotationError: an annotation of it cannot be evaluated.
    """
    own = kinds_of(function, provider)
    mark = mark_of(function) if mark is None else mark
    problem = condition_problem(signature, mark)
    if problem:
        raise ImplementationMismatchError(operation, provider, (problem,))
    found: list[Candidate] = []
    reasons: list[tuple[str, str]] = []
    for overload in overloads:
        reason = fits(operation, signature, overload.kinds, function, own)
        if reason:
            reasons.append((overload.name, reason))
        else:
            kinds = narrowed(overload.kinds, own)
            found.append(
                Candidate(
                    backend=backend, provider=provider, overload=overload, function=function, kinds=kinds, mark=mark
                )
            )
    if not found:
        raise ImplementationMismatchError(operation, provider, tuple(reasons))
    return tuple(found)


class Field:
    """The candidates that stand for the choice in a call, and what that depends on.

    Attributes:
        candidates: sorted by name.
        checked: the parameters that they admit different things for, in order: the only ones that are looked at.
        is_by_type: whether the types of the arguments are all that tells which of them fit.
        is_open: whether registration with an ABC may change that.
        precedence: pairs of backends of which the first comes before the second.
    """

    __slots__ = ("candidates", "checked", "is_by_type", "is_open", "precedence")

    def __init__(self, candidates: "Iterable[Candidate]") -> None:
        self.candidates = tuple(sorted(candidates, key=lambda one: one.name))
        first = self.candidates[0].kinds if self.candidates else {}
        self.checked = tuple(name for name, kind in first.items() if not self._agree(name, kind))
        kinds = [one.kinds[name] for one in self.candidates for name in self.checked]
        self.is_by_type = all(one.is_by_type for one in kinds)
        self.is_open = any(one.is_open for one in kinds)
        self.precedence = _precedence(self.candidates)

    def _agree(self, name: str, kind: "Kind") -> bool:
        return all(kind.is_within(one.kinds[name]) and one.kinds[name].is_within(kind) for one in self.candidates)


def _precedence(candidates: "Iterable[Candidate]") -> frozenset[tuple[str, str]]:
    pairs: set[tuple[str, str]] = set()
    for one in candidates:
        pairs |= {(one.backend, other) for other in one.mark.before}
        pairs |= {(other, one.backend) for other in one.mark.after}
    while True:
        more = {(first, last) for first, middle in pairs for also, last in pairs if middle == also} - pairs
        if not more:
            return frozenset(pairs)
        pairs |= more


def describe_call(arguments: "Mapping[str, Any]") -> str:
    """Return the types of a call's arguments, for messages.

    Example:
        >>> describe_call({"image": [], "width": 3})
        'a call with (image: list, width: int)'
    """
    return f"a call with ({', '.join(f'{name}: {_type_name(value)}' for name, value in arguments.items())})"


def _type_name(value: object) -> str:
    return type(value).__qualname__
