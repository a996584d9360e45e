"""What holds for the calls of one context, a thread's or a task's: what is wished for, and who looks at the calls."""

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import BoundArguments
    from typing import Any, Protocol

    class Checker(Protocol):
        """Who makes the calls of a context in the place of the operation."""

        def run(self, call: "ResolvedCall") -> object:
            """Make a call, and return what ``call.run()`` returned; what it raises, a ``Decline`` too, goes on."""
            raise NotImplementedError

    class Callee(Protocol):
        """The operation of a call, as far as who checks calls needs to know it."""

        name: str
        default: Callable[..., Any]
        faked: Callable[..., Any] | None

        def implementation(self, backend: str) -> Callable[..., Any]:
            """Return the function of a backend, importing it; raises where there is none."""
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
    """

    __slots__ = ("owner", "kind", "values", "operation")

    def __init__(self, owner: object, kind: str, values: "tuple[str, ...]", operation: str) -> None:
        self.owner = owner
        self.kind = kind
        self.values = values
        self.operation = operation


wishes: "ContextVar[tuple[Wish, ...]]" = ContextVar("plugframe.wishes", default=())
"""The wishes of this context, the outermost first."""

checkers: "ContextVar[tuple[tuple[object, Checker | None], ...]]" = ContextVar("plugframe.checkers", default=())
"""Who checks the calls of which host's operations in this context, the outermost first; None suspends checking."""


def wishes_for(owner: object, operation: str) -> tuple[Wish, ...]:
    """Return what this context wants of an operation, the outermost first."""
    return tuple(wish for wish in wishes.get() if wish.owner is owner and wish.operation in ("", operation))


def checker_of(owner: object) -> "Checker | None":
    """Return who checks the calls of a host's operations in this context; None for nobody."""
    return next((checker for whose, checker in reversed(checkers.get()) if whose is owner), None)
