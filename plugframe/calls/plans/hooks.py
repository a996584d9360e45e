"""Call hooks as values: what runs around a call, whose it is, and what it is told of how the call came out."""

from dataclasses import dataclass
from typing import Literal, NamedTuple
from weakref import WeakMethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ARGUMENT, PRE, POST, COMMIT = "argument", "pre", "post", "commit"
KINDS = (ARGUMENT, PRE, POST, COMMIT)
_WORDS = {ARGUMENT: "argument pre-hook", PRE: "call pre-hook", POST: "post-hook", COMMIT: "commit hook"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallHook:
    """One function that runs before or after calls.

    Attributes:
        kind: ``argument`` (before, given one argument), ``pre`` (before, given all), ``post`` or ``commit`` (after).
        function: what is called.
        label: the function, for people.
        plugin: whose it is; empty where nobody said.
        argument: the one that an argument pre-hook is given, or None.
        always: a post-hook that also runs after failures.
        errors: whether an exception of a post-hook ends the call (``raise``) or waits for the others (``collect``).
        prepend: whether it was put before those that were there.
        weak: whether it goes with the object whose method it is.
        host_wide: whether it was registered for all calls of a host.
    """

    kind: str
    function: "Callable[..., Any]"
    label: str
    plugin: str = ""
    argument: str | None = None
    always: bool = False
    errors: Literal["raise", "collect"] = "raise"
    prepend: bool = False
    weak: bool = False
    host_wide: bool = False

    def __str__(self) -> str:
        return f"{_WORDS[self.kind]} {self.label}"


class Outcome(NamedTuple):
    """How a call came out, for post-hooks that run always.

    Attributes:
        result: what it came to so far; None where it came to nothing.
        error: the first exception, or None.

    Example:
        >>> Outcome(3, None).succeeded
        True
    """

    result: object
    error: BaseException | None

    @property
    def succeeded(self) -> bool:
        """Whether nothing has failed so far."""
        return self.error is None


class WeakCall:
    """A bound method that is called as long as its object is there, and does nothing after."""

    __slots__ = ("__name__", "_method")

    def __init__(self, method: "Callable[..., Any]", gone: "Callable[[WeakCall], object]") -> None:
        """Keep a method without its object.

        Args:
            method: a bound one.
            gone: is called with this when the object is gone.

        Raises:
            TypeError: it is no bound method, or its object cannot be referred to weakly.
        """
        self.__name__ = method.__name__
        self._method = WeakMethod(method, lambda _: gone(self))

    def __call__(self, *given: object) -> object:
        """Call the method; without its object return None, which every kind of call hook may return."""
        method = self._method()
        return None if method is None else method(*given)


def label_of(function: object) -> str:
    """Return a callable for people: its module and its name.

    Example:
        >>> label_of(label_of)
        'plugframe.calls.plans.hooks.label_of'
    """
    known = function if hasattr(function, "__qualname__") else type(function)
    return f"{getattr(known, '__module__', '?')}.{getattr(known, '__qualname__', '?')}"
