"""One operation of a host: its declared signatures, its backends, and the live function that calls what fits."""

import threading
from functools import partial, update_wrapper
from types import FunctionType, MethodType
from weakref import WeakSet

from plugframe.calls.interception import Interception
from plugframe.errors import Decline, LateDeclineError
from plugframe.operations.declared import DeclaredOperation
from plugframe.operations.dispatching import ByTypes, Forward, raised_by
from plugframe.operations.explaining import Explanation, explain
from plugframe.operations.resolution.contexts import ResolvedCall, checker_of
from plugframe.operations.resolution.resolving import Resolution

__tracebackhide__ = True  # pytest's reports are of those who call operations and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import BoundArguments
    from typing import Any

    from plugframe.calls.plans.callplan import CallPlan
    from plugframe.operations.declared import Owner
    from plugframe.operations.resolution.candidates import Candidate, Field

    Function = Callable[..., Any]


class Operation(DeclaredOperation):
    """What is behind an operation's live function.

    After every change the function is pointed at ``enter``. A call that comes there is resolved, and where that took
    nothing but the types of the arguments, the function is pointed at what finds the same by itself. Where a context
    wants something, all calls come there, and those of other contexts find what they found before. Call hooks are
    around all of that: with some, the function is pointed at what runs them, and that calls another one like it.
    """

    def __init__(
        self, name: str, function: "Function", *, owner: "Owner", mutates: tuple[str, ...], fallback: str
    ) -> None:
        """Make an operation of which nobody knows; see ``DeclaredOperation``.

        Raises:
            RegistrationError: an annotation cannot be evaluated.
        """
        super().__init__(name, function, owner=owner, mutates=mutates, fallback=fallback)
        self._lock = threading.RLock()
        self._version: object = object()
        self._found = _Found({})
        self._is_hooked: bool | None = None
        self._word = name.rpartition(".")[2]
        self._parameters = tuple(self.signature.parameters.values())
        self._core = Forward(self._word, self._parameters, self._declined, self.enter)
        self._hooking = WeakSet([Operation.arrive.__code__])  # the code of what runs call hooks, while any call may
        self._outer = Forward(self._word, self._parameters, self._escaped, self.arrive)
        self.interception = Interception(name, self.signature, parent=owner.host_calls, changed=self.rehook)
        self.function: Any = self._outer.function
        update_wrapper(self.function, function)
        self.function.__signature__ = self.signature
        self.add_overload(function)

    def add_overload(self, function: "Function") -> None:
        """Declare another signature; what call hooks return may be of its types, too."""
        super().add_overload(function)
        self.interception.accept(*(overload.function for overload in self.overloads))

    def renew(self) -> None:
        """Forget what was found for calls: what could answer them changed."""
        self._forget(keep=False)

    def unsettle(self) -> None:
        """Forget what was found for calls, but for what could answer them: what is wanted of them changed."""
        self._forget(keep=True)

    def _forget(self, *, keep: bool) -> None:
        with self._lock:
            self._version = object()
            garbage = self._found
            self._found = _Found(garbage.fields if keep else {})
            self._point(self.enter)
        del garbage  # after the lock: freeing it may run anything

    def rehook(self) -> None:
        """Ask at the next call what call hooks there are: they changed."""
        with self._lock:
            self._is_hooked = None
            self._outer.point(self.arrive)

    def _point(self, target: "Function") -> None:
        self._core.point(target)
        if self._is_hooked is False:
            self._outer.point(target)

    def arrive(self, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401 # the operation's own
        """Make the first call after a change of the call hooks; later ones go straight to what it found."""
        version = self.interception.version
        around = self.interception.wrap(self._core)  # asks the hooks, so no lock is held
        if around is not self._core.function:
            self._hooking.add(around.__code__)
        with self._lock:
            if version is self.interception.version:
                self._is_hooked = around is not self._core.function
                self._outer.point(around if self._is_hooked else self._core.target)
                if version is not self.interception.version:  # A finalizer came between, in this thread.
                    self.rehook()
        return around(*args, **kwargs)

    def enter(self, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401 # the operation's own
        """Make a call that is not certain."""
        return self._answer(args, kwargs)

    def call_named(self, backend: str, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401
        """Make a call that names its backend, which may have gone meanwhile."""
        self.owner.check_backend(backend, self.name)
        return self._answer(args, kwargs, backend=backend)

    def _bind(self, args: "tuple[Any, ...]", kwargs: "Mapping[str, Any]") -> "BoundArguments":
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound

    def _resolution(self, args: "tuple[Any, ...]", kwargs: "Mapping[str, Any]", backend: str = "") -> Resolution:
        fields = self._found.fields  # before anything is looked at: those of now are not mixed with later ones
        return Resolution(self, self._bind(args, kwargs), self.owner.wanted(self, backend), fields)

    def _answer(
        self,
        args: "tuple[Any, ...]",
        kwargs: "Mapping[str, Any]",
        *,
        backend: str = "",
        declined: "tuple[Candidate, Decline] | None" = None,
    ) -> "Any":  # noqa: ANN401
        version = self._version  # before anything is looked at: a change that comes between is noticed
        resolution = self._resolution(args, kwargs, backend)
        if declined is not None:
            resolution.decline(*declined)
        try:
            for candidate in resolution.ranked():
                if resolution.has_declined(candidate):
                    continue
                candidate.overload.is_called = True
                if resolution.is_certain and not candidate.is_conditional:
                    self._keep(candidate, resolution, version)
                self.owner.warn(resolution.failures)
                try:
                    return self._run(candidate, resolution.arguments)
                except Decline as error:
                    self._check_late(candidate.provider, error)
                    resolution.decline(candidate, error)
            self.owner.warn(resolution.failures)
            raise resolution.nobody()
        finally:
            del resolution  # which has what declined, whose traceback has this frame: both would keep the arguments

    def _run(self, candidate: "Candidate", bound: "BoundArguments") -> "Any":  # noqa: ANN401
        checker = checker_of(self.owner)
        if checker is None:
            return candidate.function(*bound.args, **bound.kwargs)
        call = ResolvedCall(
            operation=self,
            overload=candidate.overload,
            backend=candidate.backend,
            provider=candidate.provider,
            function=candidate.function,
            arguments=bound,
        )
        return checker.run(call)

    def _check_late(self, provider: str, error: Decline) -> None:
        if self.mutates:
            raise LateDeclineError(self.name, provider, self.mutates, error.reason) from error

    def _keep(self, candidate: "Candidate", resolution: Resolution, version: object) -> None:
        """Let calls like this one go straight to what it found, if nothing changed since it began."""
        with self._lock:
            if version is not self._version or self.owner.is_active:
                return
            found = self._found
            found.candidates[id(candidate.function)] = candidate
            if not resolution.checked:
                self._point(candidate.function)
                return
            if found.table is None:
                found.table = ByTypes(
                    self._word,
                    self._parameters,
                    types=resolution.checked,
                    is_open=resolution.field.is_open,
                    declined=self._declined,
                    enter=self.enter,
                )
                self._point(found.table.function)
            found.table.keep(resolution.types, candidate.function, resolution.token)

    def _declined(self, target: "Function", error: Decline, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401
        """Go on with a call after what it went straight to declined."""
        candidate = self._found.candidates.get(id(target))
        is_other = isinstance(target, FunctionType | MethodType) and target.__code__ is not raised_by(error)
        if candidate is None or is_other:  # something has changed meanwhile: whoever declined is asked once more
            self._check_late("one of its implementations", error)
            return self._answer(args, kwargs)
        self._check_late(candidate.provider, error)
        return self._answer(args, kwargs, declined=(candidate, error))

    def _escaped(self, target: "Function", error: Decline, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401
        """Go on with a call likewise; but where call hooks ran, one of them raised it, and the call is over."""
        if raised_by(error) in self._hooking:
            raise error
        return self._declined(target, error, *args, **kwargs)

    def using(self, backend: str) -> "Function":
        """Return a function that calls one backend, whatever the context and the settings want.

        Nothing is imported before it is called.

        Args:
            backend: its name; ``default`` is the host's own functions.

        Raises:
            BackendNotFoundError: the operation has no such backend.
        """
        self.owner.check_backend(backend, self.name)
        named, key = partial(self.call_named, backend), ("using", backend)

        def call(*args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401 # the operation's own
            return self.interception.wrap(named, key)(*args, **kwargs)

        return update_wrapper(call, self.default)

    def explain(self, /, *args: "Any", **kwargs: "Any") -> Explanation:  # noqa: ANN401
        """Say of each implementation why it would answer a call or why not; none is run.

        Backends are imported as they would be for the call, and ``can_run`` and ``should_run`` are asked.
        """
        return explain(self._resolution(args, kwargs), unplanned=self.interception.plan(self._core).reason)

    def plan(self, /, *args: "Any", **kwargs: "Any") -> "CallPlan":  # noqa: ANN401
        """Return what a call would do: the call hooks around the implementation that would answer; nothing is run.

        Raises:
            NoImplementationError: nobody would answer it.
            AmbiguousCallError: nothing says which of several comes first.
        """
        resolution = self._resolution(args, kwargs)
        candidate = next(resolution.ranked(), None)
        if candidate is None:
            raise resolution.nobody()
        key = (candidate.overload.name, candidate.backend)
        return self.interception.plan(self._core, key, call=f"{candidate.name} of {candidate.provider}")

    def __repr__(self) -> str:
        return f"<operation {self.name}{self.signature}>"


class _Found:
    """What was found for calls since the last change: who answers, by the identity of the function that is called."""

    __slots__ = ("candidates", "fields", "table")

    def __init__(self, fields: "dict[tuple[str, ...], Field]") -> None:
        self.candidates: dict[int, Candidate] = {}
        self.fields = fields
        self.table: ByTypes | None = None
