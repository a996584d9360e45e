"""What a call does, as values: the functions that it runs, and what each is given."""

from enum import Enum
from types import FunctionType, MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


class Errors(Enum):
    """What becomes of an exception that one of a call's functions raises."""

    RAISE = "raise"
    COLLECT = "collect"
    SKIP = "skip"


class Kind(Enum):
    """How a step takes part in a call.

    A wrapper is a generator function that runs around all later steps. It yields once; it is sent their result, or
    thrown their exception, and returns the result to hand on. An outcome wrapper is sent an object that holds either,
    and changes that.
    """

    PLAIN = "plain"
    WRAPPER = "wrapper"
    OUTCOME_WRAPPER = "outcome wrapper"


class Step:
    """One function that a call runs, and which of the call's arguments it takes.

    A method is kept as its function and its object: given together, they are called without making a tuple of both.
    """

    __slots__ = ("function", "is_method", "keywords", "kind", "label", "owner", "positional")

    def __init__(
        self,
        function: "Callable[..., Any]",
        positional: tuple[str, ...],
        keywords: tuple[str, ...] = (),
        *,
        kind: Kind = Kind.PLAIN,
        label: str = "",
    ) -> None:
        """Make a step.

        Args:
            function: what is called.
            positional: the call's arguments that it takes, in its order.
            keywords: those that it takes by keyword.
            kind: whether it runs around the rest.
            label: how tracebacks show it, such as ``outline.render``.
        """
        given: Any = function
        self.is_method = type(given) is MethodType and type(given.__func__) is FunctionType
        self.owner: object = given.__self__ if self.is_method else None
        self.function: Callable[..., Any] = given.__func__ if self.is_method else given
        self.positional = positional
        self.keywords = keywords
        self.kind = kind
        self.label = label


class Routine:
    """What one call does: its parameters, its steps in the order in which they start, and what it returns."""

    __slots__ = ("errors", "first_result", "name", "parameters", "steps", "uses")

    def __init__(
        self,
        name: str,
        parameters: "Sequence[str]",
        steps: "Sequence[Step]",
        *,
        first_result: bool = False,
        errors: Errors = Errors.RAISE,
        uses: "Mapping[str, object] | None" = None,
    ) -> None:
        """Make a routine; wrapping steps come before the others.

        Args:
            name: what is called, as tracebacks show it.
            parameters: the names of its keyword arguments.
            steps: what it runs.
            first_result: return the first result that is not None, and run no step after it; otherwise a new list of
                all results that are not None.
            errors: what becomes of an exception in a step that does not wrap.
            uses: what outcome wrappers need, by name: see ``source.write``.
        """
        self.name = name
        self.parameters = tuple(parameters)
        self.steps = tuple(steps)
        self.first_result = first_result
        self.errors = errors
        self.uses = uses or {}

    def labels(self) -> list[str]:
        """Return how tracebacks show its steps."""
        return [step.label or step.function.__name__ for step in self.steps]

    def shape(self, defaults: "Mapping[str, object]", *, guarded: bool, watched: bool) -> "Shape":
        """Return what the routine's source depends on; routines of one shape share it.

        Args:
            defaults: values of parameters that a call may leave out.
            guarded: a call may leave out anything and give more; a callback deals with that.
            watched: a callback is told of each exception that leaves.
        """
        return (
            self.parameters,
            frozenset(defaults),
            tuple((step.positional, step.keywords, step.kind, step.is_method) for step in self.steps),
            self.first_result,
            self.errors,
            guarded,
            watched,
        )


Shape = tuple[
    tuple[str, ...],
    frozenset[str],
    tuple[tuple[tuple[str, ...], tuple[str, ...], Kind, bool], ...],
    bool,
    Errors,
    bool,
    bool,
]
