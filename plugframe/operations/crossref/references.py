"""What a call is compared with: the host's own implementation, a backend's, the fake, or the called one itself."""

from plugframe.errors import Decline
from plugframe.operations.crossref.snapshots import NotCheckedError
from plugframe.operations.markers import read_verdict
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import BoundArguments
    from typing import Any

    from plugframe.operations.resolution.contexts import ResolvedCall

DEFAULT, FAKE, LOOPBACK = KINDS = ("default", "fake", "loopback")


class Reference(Record):
    """What a call is compared with.

    Attributes:
        name: ``default``, ``fake``, ``loopback``, or the backend's.
        provider: whose it is, for people.
        function: the implementation.
        can_run: tells of the arguments of a call if it can make it; None can make any.
    """

    __slots__ = ("name", "provider", "function", "can_run")

    name: str
    provider: str
    function: "Callable[..., Any]"
    can_run: "Callable[..., Any] | None"

    def __init__(
        self,
        *,
        name: str,
        provider: str,
        function: "Callable[..., Any]",
        can_run: "Callable[..., Any] | None" = None,
    ) -> None:
        self._fill(name, provider, function, can_run)

    def ask(self, arguments: "BoundArguments") -> None:
        """Ask whether it can make a call.

        Raises:
            NotCheckedError: it cannot.
        """
        if self.can_run is None:
            return
        try:
            said = self.can_run(*arguments.args, **arguments.kwargs)
        except Decline as error:
            said = error.reason or False
        verdict = read_verdict(said, f"can_run of {self.provider}")
        if verdict.answer == "no":
            message = f"the reference {self.name!r} cannot run: {verdict.reason}"
            raise NotCheckedError(message)

    def __str__(self) -> str:
        return f"{self.name!r} of {self.provider}"


def find_reference(call: "ResolvedCall", name: str) -> Reference:
    """Return what a call is compared with, importing it if it is a plugin's.

    Raises:
        NotCheckedError: the operation has none, it cannot be imported, or it is the one that is called.
    """
    operation = call.operation
    if name == LOOPBACK:
        return Reference(name=name, provider=f"{call.backend!r} on copies", function=call.function)
    if name == FAKE:
        if operation.faked is None:
            message = "it has no fake"
            raise NotCheckedError(message)
        return Reference(name=name, provider=operation.own_provider, function=operation.faked)
    if call.backend == name:
        message = f"{name!r} itself was called"
        raise NotCheckedError(message)
    if name == DEFAULT:
        return Reference(name=name, provider=operation.own_provider, function=call.overload.function)
    return _find_backend(call, name)


def _find_backend(call: "ResolvedCall", backend: str) -> Reference:
    operation, given = call.operation, call.arguments.arguments
    if backend not in operation.owner.backends(operation.name):
        message = f"it has no backend {backend!r}"
        raise NotCheckedError(message)
    try:
        found = operation.candidates(backend)
    except Exception as error:  # Importing a plugin's module runs code that may raise anything.
        message = f"its backend {backend!r} cannot be used ({type(error).__name__}: {error})"
        raise NotCheckedError(message) from error
    reason = "it implements other overloads"
    for one in found:
        if one.overload is call.overload:
            misfit = one.misfit(given, tuple(one.kinds))
            reason = one.explain_misfit(misfit, given[misfit]) if misfit else ""
        if not reason:
            return Reference(name=backend, provider=one.provider, function=one.function, can_run=one.mark.can_run)
    message = f"the reference {backend!r} does not take it: {reason}"
    raise NotCheckedError(message)
