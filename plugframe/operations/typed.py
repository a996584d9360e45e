"""The types of a host's operations, for type checkers: what the live functions are, seen from outside.

Source: PEP 612 (ParamSpec), PEP 544 (protocols)
"""

import typing
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar

from plugframe.handles import RemovableHandle
from plugframe.operations.explaining import Explanation
from plugframe.operations.markers import Verdict

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
Result_co = TypeVar("Result_co", covariant=True)
Condition = Callable[..., bool | str | Verdict]


class Operation(Protocol[P, Result_co]):
    """The live function of an operation: calling it calls the implementation that fits the arguments best.

    It stays good whatever is registered later. ``backend`` registers an implementation of the host's own, until the
    handle is removed that it returns; without a function it is a decorator. Its options are those of
    ``plugframe.backend``, and ``replace`` puts it over one that has the name.

    Attributes:
        default: the function that declared it.
    """

    __name__: str
    default: Callable[..., Any]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result_co:
        """Call the implementation that fits the arguments best."""
        ...

    def overload(self, function: F) -> F:
        """Declare another signature by a function: the same parameters, of other types."""
        ...

    @typing.overload  # the method has the name, too
    def backend(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        can_run: Condition | None = ...,
        should_run: Condition | None = ...,
        before: tuple[str, ...] = ...,
        after: tuple[str, ...] = ...,
        replace: bool = ...,
    ) -> RemovableHandle: ...

    @typing.overload  # the method has the name, too
    def backend(
        self,
        name: str,
        *,
        can_run: Condition | None = ...,
        should_run: Condition | None = ...,
        before: tuple[str, ...] = ...,
        after: tuple[str, ...] = ...,
        replace: bool = ...,
    ) -> Callable[[F], F]: ...

    def using(self, backend: str) -> Callable[P, Result_co]:
        """Return a function that calls one backend, ``default`` for the host's own, and no other."""
        ...

    def explain(self, *args: P.args, **kwargs: P.kwargs) -> Explanation:
        """Say of each implementation why it would answer a call or why not, without running one."""
        ...

    def fake(self, function: F) -> F:
        """Register what stands for the operation where only the shape of its results counts."""
        ...

    def implementation(self, backend: str) -> Callable[..., Any]:
        """Return the function of a backend, importing it."""
        ...

    def loaded_overloads(self) -> tuple[str, ...]:
        """Return the signatures that calls have come to, and the backends that are imported."""
        ...

    def registered_overloads(self) -> tuple[str, ...]:
        """Return the declared signatures and the backends; nothing is imported."""
        ...


class Declares(Protocol):
    """What ``host.operation(...)`` returns: a decorator that makes a live function of a function."""

    def __call__(self, function: Callable[P, R], /) -> Operation[P, R]:
        """Declare the operation."""
        ...
