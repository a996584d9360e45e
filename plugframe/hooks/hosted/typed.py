"""The types of a host's hooks, for type checkers: what the live functions are, seen from outside.

Source: PEP 612 (ParamSpec), PEP 544 (protocols)
"""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from plugframe.calls.plans.callplan import CallPlan
from plugframe.calls.typed import Intercepted
from plugframe.hooks.hosted.results import HookResult

P = ParamSpec("P")
R = TypeVar("R")
Value_co = TypeVar("Value_co", covariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Hook(Intercepted, Protocol[P, Result_co, Value_co]):
    """The live function of a hook.

    ``Result_co`` is what a call returns: a list, the first result or None, or nothing for a historic hook; ``Value_co``
    is what one implementation returns.
    """

    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result_co:
        """Call the implementations; arguments are given by keyword."""
        ...

    def results(self, *args: P.args, **kwargs: P.kwargs) -> tuple[HookResult[Value_co], ...]:
        """Call all implementations and return what each came to; see ``HookResult``."""
        ...

    def acall(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Result_co]:
        """Call the implementations and await those that are coroutines."""
        ...

    def plan(self, *args: P.args, **kwargs: P.kwargs) -> CallPlan:
        """Return what a call would do, without doing it; see ``CallPlan``."""
        ...


class CoroutineHook(Intercepted, Protocol[P, Result_co, Value_co]):
    """The live function of a hook that is specified by a coroutine function: it is called by ``acall`` alone."""

    __name__: str

    def acall(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, Result_co]:
        """Call the implementations and await those that are coroutines."""
        ...

    def plan(self, *args: P.args, **kwargs: P.kwargs) -> CallPlan:
        """Return what a call would do, without doing it; see ``CallPlan``."""
        ...


class OpenHook(Intercepted, Protocol):
    """The live function of a hook whose specification a type checker cannot see."""

    def __call__(self, **arguments: Any) -> Any:
        """Call the implementations."""
        ...

    def results(self, **arguments: Any) -> tuple[HookResult[Any], ...]:
        """Call all implementations and return what each came to; see ``HookResult``."""
        ...

    def acall(self, **arguments: Any) -> Coroutine[Any, Any, Any]:
        """Call the implementations and await those that are coroutines."""
        ...

    def plan(self, **arguments: Any) -> CallPlan:
        """Return what a call would do, without doing it; see ``CallPlan``."""
        ...


class MakesList(Protocol):
    """A decorator of a specification whose hook returns all results."""

    @overload  # A coroutine function is a function, too: of the two, the first counts.
    def __call__(  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
        self, function: Callable[P, Coroutine[Any, Any, R]], /
    ) -> CoroutineHook[P, list[R], R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Hook[P, list[R], R]: ...


class MakesFirst(Protocol):
    """A decorator of a specification whose hook returns the first result."""

    @overload  # A coroutine function is a function, too: of the two, the first counts.
    def __call__(  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
        self, function: Callable[P, Coroutine[Any, Any, R]], /
    ) -> CoroutineHook[P, R | None, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Hook[P, R | None, R]: ...
