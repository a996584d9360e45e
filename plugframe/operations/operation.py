"""One operation of a host: its declared signatures, its backends, and the live function that calls what fits."""

import inspect
import threading
from functools import partial, update_wrapper

from plugframe.errors import Decline, LateDeclineError, RegistrationError
from plugframe.operations.dispatching import ByTypes, Forward
from plugframe.operations.explaining import Explanation, explain
from plugframe.operations.implementations import Implementations
from plugframe.operations.matching.kinds import kind_of
from plugframe.operations.matching.signatures import kinds_of
from plugframe.operations.resolution.candidates import DEFAULT, Overload, candidates_of
from plugframe.operations.resolution.contexts import ResolvedCall, checker_of
from plugframe.operations.resolution.settings import check_backend
from plugframe.operations.resolving import Resolution

__tracebackhide__ = True  # pytest's reports are of those who call operations and who implement them

_STARS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import BoundArguments
    from typing import Any

    from plugframe.operations.operations import Operations
    from plugframe.operations.resolution.candidates import Candidate

    Function = Callable[..., Any]


class Operation:
    """What is behind an operation's live function.

    After every change the function is pointed at ``enter``. A call that comes there is resolved, and where that took
    nothing but the types of the arguments, the function is pointed at what finds the same by itself. Where a context
    wants something, all calls come there, and those of other contexts find what they found before.
    """

    def __init__(
        self,
        name: str,
        function: "Function",
        *,
        owner: "Operations",
        mutates: tuple[str, ...],
        fallback: str,
    ) -> None:
        """Make an operation of which nobody knows.

        Args:
            name: ``namespace.operation``.
            function: declares it, and is its own implementation.
            owner: all operations of the host.
            mutates: the parameters whose arguments are changed.
            fallback: ``default`` or ``error``: whether the host's own functions answer calls that no backend does.

        Raises:
            RegistrationError: an annotation cannot be evaluated, or ``mutates`` names no parameter.
        """
        self.name = name
        self.default = function
        self.owner = owner
        self.mutates = mutates
        self.declared_fallback = fallback
        self.signature = inspect.signature(function)
        self.faked: Function | None = None
        self._lock = threading.RLock()
        self._version: object = object()
        self._direct: Candidate | None = None
        self._table: ByTypes | None = None
        self._kept: dict[int, Candidate] = {}
        self._overloads: tuple[Overload, ...] = ()
        self._own: tuple[Candidate, ...] = ()
        self.implementations = Implementations(name, self.signature, owner.table)
        parameters = tuple(self.signature.parameters.values())
        self._core = Forward(name.rpartition(".")[2], parameters, self._declined, self.enter)
        self._outer = Forward(name.rpartition(".")[2], parameters, self._declined, self.enter)
        self.function: Any = self._outer.function
        update_wrapper(self.function, function)
        self.function.__signature__ = self.signature
        self.add_overload(function)

    @property
    def own_provider(self) -> str:
        """Whose the host's own implementations are."""
        return f"the host {self.owner.host}"

    @property
    def overloads(self) -> tuple[Overload, ...]:
        """The declared signatures, in order."""
        return self._overloads

    def add_overload(self, function: "Function") -> None:
        """Declare another signature.

        Raises:
            RegistrationError: it has other parameters than the operation, or the same types as another signature.
        """
        own, anything = kinds_of(function, self.own_provider), kind_of(object)
        named = (one for one in self.signature.parameters.values() if one.kind not in _STARS)
        made = Overload(self.name, function, {one.name: own.get(one.name, anything) for one in named})
        found = candidates_of(
            self.name, self.signature, (made,), backend=DEFAULT, provider=self.own_provider, function=function
        )
        with self._lock:
            present = next((other for other in self._overloads if other.is_same(made)), None)
            if present is not None:
                message = f"{self.name!r} has an overload of these types already: {present.name}"
                raise RegistrationError(message)
            self._overloads, self._own = (*self._overloads, made), (*self._own, *found)
        self.renew()

    def candidates(self, backend: str) -> "tuple[Candidate, ...]":
        """Return what a backend answers, importing it; ``default`` is the host's own."""
        return self._own if backend == DEFAULT else self.implementations.candidates(backend, self._overloads)

    def implementation(self, backend: str) -> "Function":
        """Return the function of a backend, importing it; ``default`` is the one that declared the operation.

        Raises:
            BackendNotFoundError: the operation has no such backend.
            PluginImportError: it cannot be imported, or cannot implement the operation.
        """
        check_backend(backend, self.implementations.names(), repr(self.name))
        return self.default if backend == DEFAULT else self.candidates(backend)[0].function

    def fake(self, function: "Function") -> "Function":
        """Register what stands for the operation where only the shape of its results counts; a decorator.

        Raises:
            RegistrationError: it has another signature than the operation.
        """
        candidates_of(
            self.name, self.signature, self._overloads, backend="fake", provider=self.own_provider, function=function
        )
        self.faked = function
        return function

    def renew(self) -> None:
        """Forget what was found for calls: what could answer them, or what is wanted of them, changed."""
        with self._lock:
            self._version = object()
            self._direct = self._table = None
            garbage, self._kept = self._kept, {}
            self._point(self.enter)
        del garbage  # after the lock: freeing it may run anything

    def _point(self, target: "Function") -> None:
        self._core.point(target)
        self._outer.point(target)

    def enter(self, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401 # the operation's own
        """Make a call that is not certain."""
        return self._answer(args, kwargs)

    def call_named(self, backend: str, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401
        """Make a call that names its backend."""
        return self._answer(args, kwargs, backend=backend)

    def _bind(self, args: "tuple[Any, ...]", kwargs: "Mapping[str, Any]") -> "BoundArguments":
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound

    def _resolution(self, args: "tuple[Any, ...]", kwargs: "Mapping[str, Any]", backend: str = "") -> Resolution:
        return Resolution(self, self._bind(args, kwargs), self.owner.wanted(self, backend))

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
        for candidate in resolution.ranked():
            if declined is not None and candidate.function is declined[0].function:
                continue
            candidate.overload.is_called = True
            if resolution.is_certain and not candidate.is_conditional:
                self._keep(candidate, resolution, version)
            self.owner.warn(resolution.failures)
            try:
                return self._run(candidate, resolution.arguments)
            except Decline as error:
                self._check_late(candidate, error)
                resolution.decline(candidate, error)
        self.owner.warn(resolution.failures)
        raise resolution.nobody()

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

    def _check_late(self, candidate: "Candidate", error: Decline) -> None:
        if self.mutates:
            raise LateDeclineError(self.name, candidate.provider, self.mutates, error.reason) from error

    def _keep(self, candidate: "Candidate", resolution: Resolution, version: object) -> None:
        """Let calls like this one go straight to what it found, if nothing changed since it began."""
        with self._lock:
            if version is not self._version or self.owner.is_active:
                return
            if not resolution.checked:
                self._direct = candidate
                self._point(candidate.function)
                return
            if self._table is None:
                self._table = ByTypes(
                    self.name.rpartition(".")[2],
                    tuple(self.signature.parameters.values()),
                    types=resolution.checked,
                    is_open=resolution.is_open,
                    declined=self._declined,
                    enter=self.enter,
                )
            self._kept[id(candidate.function)] = candidate
            self._table.keep(resolution.types, candidate.function, resolution.token)
            self._point(self._table.function)

    def _declined(self, target: "Function", error: Decline, /, *args: "Any", **kwargs: "Any") -> "Any":  # noqa: ANN401
        """Go on with a call after what it went straight to declined."""
        direct = self._direct
        candidate = direct if direct is not None and direct.function is target else self._kept.get(id(target))
        if candidate is None:  # something has changed meanwhile: whoever declined is asked once more
            return self._answer(args, kwargs)
        self._check_late(candidate, error)
        return self._answer(args, kwargs, declined=(candidate, error))

    def using(self, backend: str) -> "Function":
        """Return a function that calls one backend, whatever the context and the settings want.

        Nothing is imported before it is called.

        Args:
            backend: its name; ``default`` is the host's own functions.

        Raises:
            BackendNotFoundError: the operation has no such backend.
        """
        check_backend(backend, self.implementations.names(), repr(self.name))
        return partial(self.call_named, backend)

    def explain(self, /, *args: "Any", **kwargs: "Any") -> Explanation:  # noqa: ANN401
        """Say of each implementation why it would answer a call or why not; none is run.

        Backends are imported as they would be for the call, and ``can_run`` and ``should_run`` are asked.
        """
        return explain(self._resolution(args, kwargs))

    def registered_overloads(self) -> tuple[str, ...]:
        """Return the declared signatures and the backends, sorted; nothing is imported."""
        backends = (f"{self.name}.{backend}" for backend in self.implementations.names())
        return tuple(sorted([*(one.name for one in self._overloads), *backends]))

    def loaded_overloads(self) -> tuple[str, ...]:
        """Return those that calls have come to, and the backends that are imported, sorted."""
        backends = (f"{self.name}.{backend}" for backend in self.implementations.loaded())
        return tuple(sorted([*(one.name for one in self._overloads if one.is_called), *backends]))

    def __repr__(self) -> str:
        return f"<operation {self.name}{self.signature}>"
