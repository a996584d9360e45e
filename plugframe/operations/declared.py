"""What an operation is declared to be: its parameters, its signatures, the host's own functions, and its backends."""

import inspect
import threading

from plugframe.errors import RegistrationError
from plugframe.handles import RemovableHandle
from plugframe.namespaces.names import Addition
from plugframe.operations.markers import BackendMark, Marked
from plugframe.operations.matching.kinds import kind_of
from plugframe.operations.matching.signatures import kinds_of
from plugframe.operations.resolution.candidates import DEFAULT, Overload, candidates_of
from plugframe.operations.resolution.implementations import Implementations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol

    from plugframe.calls.registering import CallHooks
    from plugframe.namespaces.references import References
    from plugframe.operations.resolution import contexts
    from plugframe.operations.resolution.candidates import Candidate
    from plugframe.operations.resolution.wanting import Wanted

    Function = Callable[..., Any]

    class Owner(contexts.Owner, Protocol):
        """All operations of a host, as far as one of them needs to know them."""

        backend_names: References
        host_calls: CallHooks | None

        @property
        def is_active(self) -> bool:
            """Return whether any context wants something."""
            raise NotImplementedError

        def check(self, additions: Iterable[Addition]) -> None:
            """Refuse backends that cannot be registered."""
            raise NotImplementedError

        def check_backend(self, backend: str, operation: str = "") -> None:
            """Raise if nothing provides a backend."""
            raise NotImplementedError

        def wanted(self, operation: "DeclaredOperation", backend: str) -> Wanted:
            """Return what is wanted of a call that is made now."""
            raise NotImplementedError

        def warn(self, failures: dict[str, Exception]) -> None:
            """Warn of backends that cannot be used."""
            raise NotImplementedError


_STARS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class DeclaredOperation:
    """An operation as far as it is declared and implemented; how it is called is an ``Operation``'s.

    Attributes:
        name: ``namespace.operation``.
        default: the function that declared it, and its own implementation.
        owner: all operations of the host.
        mutates: the parameters whose arguments are changed.
        declared_fallback: ``default`` or ``error``: whether the host's own functions answer what no backend does.
        signature: the calls that it allows.
        faked: what stands for it where only the shape of its results counts; None where nothing does.
        implementations: its backends.
    """

    def __init__(
        self, name: str, function: "Function", *, owner: "Owner", mutates: tuple[str, ...], fallback: str
    ) -> None:
        """Declare an operation; its signatures are added by ``add_overload``, the function's own too."""
        self.name = name
        self.default = function
        self.owner = owner
        self.mutates = mutates
        self.declared_fallback = fallback
        self.signature = inspect.signature(function)
        self.faked: Function | None = None
        self.implementations = Implementations(name, self.signature, owner.backend_names)
        self._declaring = threading.Lock()
        self._signatures: tuple[tuple[Overload, ...], tuple[Candidate, ...]] = ((), ())

    def renew(self) -> None:
        """Forget what was found for calls."""
        raise NotImplementedError

    @property
    def own_provider(self) -> str:
        """Whose the host's own implementations are."""
        return f"the host {self.owner.host}"

    @property
    def overloads(self) -> tuple[Overload, ...]:
        """The declared signatures, in order."""
        return self._signatures[0]

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
        with self._declaring:
            overloads, functions = self._signatures
            present = next((other for other in overloads if other.is_same(made)), None)
            if present is not None:
                message = f"{self.name!r} has an overload of these types already: {present.name}"
                raise RegistrationError(message)
            self._signatures = (*overloads, made), (*functions, *found)
        self.renew()

    def candidates(self, backend: str) -> "tuple[Candidate, ...]":
        """Return what a backend answers, importing it; ``default`` is the host's own."""
        overloads, own = self._signatures
        return own if backend == DEFAULT else self.implementations.candidates(backend, overloads)

    def implementation(self, backend: str) -> "Function":
        """Return the function of a backend, importing it; ``default`` is the one that declared the operation.

        Raises:
            BackendNotFoundError: the operation has no such backend.
            PluginImportError: it cannot be imported, or cannot implement the operation.
        """
        self.owner.check_backend(backend, self.name)
        return self.default if backend == DEFAULT else self.candidates(backend)[0].function

    def fake(self, function: "Function") -> "Function":
        """Register what stands for the operation where only the shape of its results counts; a decorator.

        Raises:
            RegistrationError: it has another signature than the operation.
        """
        candidates_of(
            self.name, self.signature, self.overloads, backend="fake", provider=self.own_provider, function=function
        )
        self.faked = function
        return function

    def register(
        self, backend: str, function: "Function", mark: BackendMark, *, replace: bool = False
    ) -> RemovableHandle:
        """Register a backend of the host's own; see ``typed.Operation``.

        Raises:
            RegistrationError: it cannot be called or reached, or has another signature; the name is taken.
        """
        name = f"{self.name}.{backend}"
        if not callable(function):
            message = f"{function!r} cannot be the backend {name!r}: it cannot be called"
            raise RegistrationError(message)
        addition = Addition(name=name, provider=self.own_provider, target=Marked(function, mark), replaces=replace)
        self.owner.check([addition])
        self.owner.backend_names.commit([addition])
        return RemovableHandle(f"the backend {name!r}", lambda: self.owner.backend_names.withdraw(addition))

    def registered_overloads(self) -> tuple[str, ...]:
        """Return the declared signatures and the backends, sorted; nothing is imported."""
        backends = (f"{self.name}.{backend}" for backend in self.implementations.names())
        return tuple(sorted([*(one.name for one in self.overloads), *backends]))

    def loaded_overloads(self) -> tuple[str, ...]:
        """Return those that calls have come to, and the backends that are imported, sorted."""
        backends = (f"{self.name}.{backend}" for backend in self.implementations.loaded())
        return tuple(sorted([*(one.name for one in self.overloads if one.is_called), *backends]))
