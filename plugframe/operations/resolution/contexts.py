"""What holds for the calls of one context, a thread's or a task's: what is wished for, and who looks at the calls."""

from contextlib import contextmanager
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from inspect import BoundArguments
    from typing import Any, Protocol

    from plugframe.operations.resolution.candidates import Candidate

    class Checker(Protocol):
        """Who makes the calls of a context in the place of the operation."""

        def run(self, call: "ResolvedCall") -> object:
            """Make a call, and return what ``call.run()`` returned; what it raises, a ``Decline`` too, goes on."""
            raise NotImplementedError

    class Owner(Protocol):
        """All operations of a host."""

        host: str

        def backends(self, operation: str) -> tuple[str, ...]:
            """Return the names of an operation's backends."""
            raise NotImplementedError

        @property
        def standing_checker(self) -> Checker | None:
            """Return who checks the calls of all contexts of this process; None for nobody."""
            raise NotImplementedError

    class Callee(Protocol):
        """The operation of a call, as far as who checks calls needs to know it."""

        name: str
        faked: Callable[..., Any] | None
        mutates: tuple[str, ...]

        @property
        def owner(self) -> "Owner":
            """Return all operations of the host."""
            raise NotImplementedError

        @property
        def own_provider(self) -> str:
            """Return whose the host's own implementations are."""
            raise NotImplementedError

        def candidates(self, backend: str) -> tuple[Candidate, ...]:
            """Return what a backend answers, importing it."""
            raise NotImplementedError

    class Declared(Protocol):
        """One declared signature of an operation, and the function that declared it."""

        name: str
        function: Callable[..., Any]


class ResolvedCall:
    """A call of an operation, about to be made.

    Attributes:
        operation: whose; with ``name``, ``default``, ``implementation(backend)`` and ``faked``.
        overload: the declared signature that fits the arguments; its ``function`` is the host's own implementation.
        backend: the name of the one that was chosen, ``default`` for the host's own.
        provider: whose that is, such as ``myapp.operations:image.resize.acme from acme-vision 1.2``.
        function: the implementation; the operation's call hooks are around all of this.
        arguments: what it is given, defaults included.
    """

    __slots__ = ("operation", "overload", "backend", "provider", "function", "arguments")

    def __init__(
        self,
        *,
        operation: "Callee",
        overload: "Declared",
        backend: str,
        provider: str,
        function: "Callable[..., Any]",
        arguments: "BoundArguments",
    ) -> None:
        self.operation = operation
        self.overload = overload
        self.backend = backend
        self.provider = provider
        self.function = function
        self.arguments = arguments

    def run(self) -> object:
        """Make the call."""
        return self.function(*self.arguments.args, **self.arguments.kwargs)

    def __repr__(self) -> str:
        return f"<call of {self.operation.name} by {self.backend}>"


class Wish:
    """What a ``with`` block wants of the calls in it.

    Attributes:
        owner: the operations of the host that it holds for.
        kind: ``prefer``, ``disable`` or ``fallback``.
        values: backends, or the one policy.
        operation: the only operation that it holds for; an empty text for all.
        is_open: whether the block goes on: what was started in it, such as a task, may outlive it.
    """

    __slots__ = ("owner", "kind", "values", "operation", "is_open")

    def __init__(self, owner: object, kind: str, values: "tuple[str, ...]", operation: str) -> None:
        self.owner = owner
        self.kind = kind
        self.values = values
        self.operation = operation
        self.is_open = True


wishes: "ContextVar[tuple[Wish, ...]]" = ContextVar("plugframe.wishes", default=())
"""The wishes of this context, the outermost first."""

checkers: "ContextVar[tuple[tuple[object, Checker | None], ...]]" = ContextVar("plugframe.checkers", default=())
"""Who checks the calls of which host's operations in this context, the outermost first.

In the place of a checker, None suspends checking; in the place of the operations, it stands for all hosts'.
"""


def wishes_for(owner: object, operation: str) -> tuple[Wish, ...]:
    """Return what this context wants of an operation, the outermost first."""
    found = (wish for wish in wishes.get() if wish.is_open and wish.owner is owner)
    return tuple(wish for wish in found if wish.operation in ("", operation))


def checker_of(owner: "Owner") -> "Checker | None":
    """Return who checks the calls of a host's operations in this context; None for nobody."""
    for whose, checker in reversed(checkers.get()):
        if whose is owner or whose is None:
            return checker
    return owner.standing_checker


@contextmanager
def unchecked() -> "Iterator[None]":
    """Check no calls of this context in a ``with`` block, whatever host's operations they are of."""
    token = checkers.set(((None, None),))
    try:
        yield
    finally:
        checkers.reset(token)
