"""The operations of a host: declared by it, answered by its plugins, and what holds for all of them."""

import inspect
import threading
import warnings
from contextlib import contextmanager

from plugframe.calls.fitting import is_coroutine_function
from plugframe.errors import (
    NotRegisteredError,
    OperationSettingError,
    PlugframeWarning,
    RegistrationError,
    UnknownOperationError,
    near_matches,
)
from plugframe.handles import RemovableHandle
from plugframe.namespaces.names import Addition, Names, name_problem
from plugframe.operations.markers import BackendMark, Marked, mark_of
from plugframe.operations.namespaces import put
from plugframe.operations.operation import Operation
from plugframe.operations.resolution.contexts import Wish, checkers, wishes
from plugframe.operations.resolution.settings import FALLBACKS, Settings, check_backend, from_environment, variables
from plugframe.operations.resolution.wanting import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from plugframe.namespaces.references import References
    from plugframe.operations.resolution.contexts import Checker

_KIND = "operation"


class Operations:
    """A host's operations, as attributes: ``host.ops.image.resize(image, 20, 10)``.

    Iterating yields their full names, sorted; ``in`` and ``len`` tell of them. None of the three imports anything.

    Example:
        >>> from plugframe import Host
        >>> host = Host("myapp", path=[])
        >>> @host.operation("image.resize")
        ... def resize(image: list[int], width: int) -> list[int]:
        ...     return image[:width]
        >>> handle = resize.backend("fast", lambda image, width: image[-width:])
        >>> host.ops.image.resize([1, 2, 3], 2)
        [2, 3]
        >>> with host.ops.disable("fast"):
        ...     resize([1, 2, 3], 2)
        [1, 2]
    """

    def __init__(self, host: str, table: "References") -> None:
        """Know of no operation.

        Args:
            host: the host's name.
            table: all its backends, by ``namespace.operation.backend``.
        """
        self.host = host
        self.table = table
        self._lock = threading.RLock()
        self._operations: dict[str, Operation] = {}
        self._active = 0
        self._settings: dict[str, Settings] = {}
        self._environment: Settings | None = None
        self._warned: set[str] = set()
        table.watch(self)

    def declare(
        self, name: str, function: "Callable[..., Any]", *, mutates: tuple[str, ...] = (), fallback: str = "default"
    ) -> "Any":  # noqa: ANN401 # the live function, see ``typed.Operation``
        """Declare an operation by a function; see ``Host.operation``."""
        problem = self._problem(name, function)
        if problem:
            message = f"there cannot be an operation {name!r}: {problem}"
            raise RegistrationError(message)
        _check_fallback(fallback, f"fallback of {name!r}")
        made = Operation(name, function, owner=self, mutates=_parameters(name, function, mutates), fallback=fallback)
        give_methods(made)
        with self._lock:
            rival = self._rival(name)
            if not rival:
                self._operations = {**self._operations, name: made}
                put(self, name, made.function, self._names)
        if rival:
            message = f"there cannot be an operation {name!r}: {rival}"
            raise RegistrationError(message)
        return made.function

    def _problem(self, name: str, function: object) -> str:
        problem = name_problem(name, parts=2, reserved=dir(type(self)))
        if problem:
            return problem
        if not inspect.isroutine(function):
            return f"it is declared by a function; got {function!r}"
        if is_coroutine_function(function):
            return "it is declared by a coroutine function, and operations are called plainly"
        return ""

    def _rival(self, name: str) -> str:
        names = Names((Addition(name=one, provider="", target="") for one in self._operations), by_part=True)
        rival = names.rival(name)
        if rival is None:
            return ""
        return "it is declared already" if rival.name == name else f"{rival.name!r} is one, and no namespace can be one"

    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(self._operations))

    def find(self, name: str) -> "Operation | None":
        """Return what is behind the operation of a full name, or None if there is none."""
        return self._operations.get(name)

    def get(self, name: str) -> "Any":  # noqa: ANN401 # a live function
        """Return the live function of a full name.

        Raises:
            NotRegisteredError: no operation of this name is declared.
        """
        operation = self.find(name)
        if operation is None:
            raise NotRegisteredError(_KIND, name, self._names())
        return operation.function

    def backends(self, operation: str = "") -> tuple[str, ...]:
        """Return the names of the backends of an operation, or of all of the host, sorted; nothing is imported."""
        every = (name.rpartition(".") for name in self.table)
        return tuple(sorted({backend for name, _, backend in every if operation in ("", name)}))

    def prefer(self, *backends: str, operation: str = "") -> "AbstractContextManager[None]":
        """Prefer backends in a ``with`` block, the first most; calls of other threads and tasks are not touched.

        Args:
            backends: their names; ``default`` is the host's own functions.
            operation: the only operation that it holds for.

        Raises:
            BackendNotFoundError: nothing provides a backend of such a name.
            NotRegisteredError: there is no such operation.
        """
        return self._wish("prefer", backends, operation)

    def disable(self, *backends: str, operation: str = "") -> "AbstractContextManager[None]":
        """Do without backends in a ``with`` block, unless a call names one; see ``prefer``."""
        return self._wish("disable", backends, operation)

    def fallback(self, policy: str, *, operation: str = "") -> "AbstractContextManager[None]":
        """Say in a ``with`` block whether the host's own functions answer calls that no backend does.

        Args:
            policy: ``default`` (they do) or ``error``.
            operation: the only operation that it holds for.

        Raises:
            OperationSettingError: there is no such policy.
            NotRegisteredError: there is no such operation.
        """
        _check_fallback(policy, "fallback")
        return self._wish("fallback", (policy,), operation)

    def _wish(self, kind: str, values: tuple[str, ...], operation: str) -> "AbstractContextManager[None]":
        if operation:
            self.get(operation)
        if kind != "fallback":
            known = self.backends(operation)
            for backend in values:
                check_backend(backend, known, repr(operation) if operation else self.host)
        return self._within(wishes, Wish(self, kind, values, operation))

    def checked_by(self, checker: "Checker | None") -> "AbstractContextManager[None]":
        """Let somebody make the calls of this context in a ``with`` block; None suspends who does so outside."""
        return self._within(checkers, (self, checker))

    @contextmanager
    def _within(self, variable: "Any", entry: object) -> "Iterator[None]":  # noqa: ANN401 # of this room
        with self._lock:
            self._active += 1
        self.renew()
        variable.set((*variable.get(), entry))
        try:
            yield
        finally:
            # By the entry, not by a token: blocks may end in another order, and in another context.
            variable.set(tuple(one for one in variable.get() if one is not entry))
            with self._lock:
                self._active -= 1

    @property
    def is_active(self) -> bool:
        """Whether any context wants something, so that no call may go straight to what was found before."""
        return self._active > 0

    def configure(
        self, *, backends: "Iterable[str] | None" = None, fallback: str | None = None, operation: str = ""
    ) -> None:
        """Set the order of backends and the fallback for good; the environment counts more, and contexts most.

        Args:
            backends: their names in order; those left out come after them. None leaves it to types and marks.
            fallback: ``default`` or ``error``; None leaves it to each operation.
            operation: the only one that it holds for, which counts more than what is set for all.

        Raises:
            BackendNotFoundError: nothing provides a backend of such a name.
            OperationSettingError: there is no such fallback.
            NotRegisteredError: there is no such operation.
        """
        if operation:
            self.get(operation)
        if fallback is not None:
            _check_fallback(fallback, "fallback")
        names = None if backends is None else tuple(backends)
        for backend in names or ():
            check_backend(backend, self.backends(operation), repr(operation) if operation else self.host)
        self._settings = {**self._settings, operation: Settings(backends=names, fallback=fallback)}
        self.renew()

    def wanted(self, operation: Operation, backend: str) -> Wanted:
        """Return what is wanted of a call that is made now.

        Raises:
            BackendNotFoundError: the environment names a backend that nothing provides.
            OperationSettingError: it sets a fallback that there is not.
        """
        if self._environment is None:
            self._environment = from_environment(self.host, self.backends())
        settings = self._environment
        for key in (operation.name, ""):
            settings = settings.over(self._settings.get(key, Settings()))
        settings = settings.over(Settings(fallback=operation.declared_fallback))
        return Wanted(self, operation.name, settings, variables(self.host), backend=backend)

    def warn(self, failures: "dict[str, Exception]") -> None:
        """Warn of backends that cannot be used, once of each."""
        for error in failures.values():
            if str(error) not in self._warned:
                self._warned.add(str(error))
                warnings.warn(str(error), PlugframeWarning, stacklevel=5)

    def renew(self) -> None:
        """Forget what was found for calls."""
        for operation in self._operations.values():
            operation.renew()

    def drop(self) -> object:
        """Forget it before the backends change; ``settle`` does the same after."""
        return None

    def settle(self) -> None:
        """Forget what was found for calls: the backends have changed, or the environment is to be read again."""
        self._environment = None
        self._warned.clear()
        self.renew()

    def register(
        self,
        operation: Operation,
        backend: str,
        function: "Callable[..., Any]",
        mark: BackendMark,
        *,
        replace: bool = False,
    ) -> RemovableHandle:
        """Register a backend of the host's own; see ``typed.Operation.backend``."""
        name = f"{operation.name}.{backend}"
        provider = operation.own_provider
        if not callable(function):
            message = f"{function!r} cannot be the backend {name!r}: it cannot be called"
            raise RegistrationError(message)
        addition = Addition(name=name, provider=provider, target=Marked(function, mark), replaces=replace)
        self.check([addition])
        self.table.commit([addition])
        return RemovableHandle(f"the backend {name!r} of {provider}", lambda: self.table.withdraw(addition))

    def check(self, additions: "Iterable[Addition]") -> None:
        """Refuse backends that cannot be registered.

        Where the host has declared operations, those are all that there are; before, any may be declared later. What
        is given by a reference is checked when it is imported.

        Raises:
            UnknownOperationError: one is of no operation of the host.
            ImplementationMismatchError: one has another signature than the operation.
            RegistrationError: one cannot be reached, or is annotated with what is no type.
        """
        for addition in additions:
            name, _, backend = addition.name.rpartition(".")
            operation = self.find(name)
            problem = name_problem(addition.name, parts=3) or (backend == "default" and "'default' is the host's own")
            if problem:
                message = f"{addition.provider} registers the backend {addition.name!r}: {problem}"
                raise RegistrationError(message)
            if operation is None:
                if self._operations:
                    raise UnknownOperationError(name, addition.provider, near_matches(name, self._names()))
            elif not isinstance(addition.target, str):
                operation.implementations.fit(backend, addition.provider, addition.target, operation.overloads)

    def undeclared(self) -> tuple[str, ...]:
        """Return the backends of operations that nobody has declared, sorted: most likely misspelt."""
        return tuple(name for name in self.table if name.rpartition(".")[0] not in self._operations)

    def registered_overloads(self) -> tuple[str, ...]:
        """Return all declared signatures and backends of declared operations, sorted; nothing is imported."""
        return tuple(one for name in self._names() for one in self._operations[name].registered_overloads())

    def loaded_overloads(self) -> tuple[str, ...]:
        """Return those that calls have come to, and the backends that are imported, sorted by operation."""
        return tuple(one for name in self._names() for one in self._operations[name].loaded_overloads())

    def __getattr__(self, name: str) -> "Any":  # noqa: ANN401 # a namespace of operations
        if name.startswith("_"):
            message = f"the operations of a host have no {name!r}"
            raise AttributeError(message, name=name)
        operations = self._names()
        kind = "namespace of operations"
        raise NotRegisteredError(kind, name, tuple({one.partition(".")[0]: None for one in operations}))

    def __iter__(self) -> "Iterator[str]":
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._operations)

    def __contains__(self, name: object) -> bool:
        return name in self._operations

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name.partition(".")[0] for name in self._names())})

    def __repr__(self) -> str:
        return f"<operations of {self.host}: {', '.join(self._names()) or 'none'}>"

    def __copy__(self) -> "Operations":
        return self

    def __deepcopy__(self, _: object) -> "Operations":
        return self


def give_methods(operation: Operation) -> None:
    """Give an operation's live function what else can be asked of it; see ``typed.Operation``."""
    function = operation.function

    def overload(declared: "Callable[..., Any]") -> "Callable[..., Any]":
        operation.add_overload(declared)
        return declared

    def backend(
        name: str,
        implementation: "Callable[..., Any] | None" = None,
        *,
        replace: bool = False,
        **said: "Any",  # noqa: ANN401 # the options of BackendMark, which checks them
    ) -> "Any":  # noqa: ANN401 # a handle, or a decorator
        def register(given: "Callable[..., Any]") -> RemovableHandle:
            mark = BackendMark(**said) if said else mark_of(given)
            return operation.owner.register(operation, name, given, mark, replace=replace)

        if implementation is not None:
            return register(implementation)
        return lambda given: (register(given), given)[1]

    function.operation = operation
    function.overload, function.backend = overload, backend
    function.default, function.implementation = operation.default, operation.implementation
    function.fake, function.using, function.explain = operation.fake, operation.using, operation.explain
    function.registered_overloads = operation.registered_overloads
    function.loaded_overloads = operation.loaded_overloads


def _parameters(name: str, function: "Callable[..., Any]", mutates: object) -> tuple[str, ...]:
    """Return the parameters that are changed.

    Raises:
        RegistrationError: one of them is no parameter of the function.
    """
    names = tuple(mutates) if isinstance(mutates, tuple | list | set | frozenset) else (mutates,)
    known = tuple(inspect.signature(function).parameters)
    for one in names:
        if one not in known:
            near = near_matches(str(one), known)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"there cannot be an operation {name!r}: mutates names {one!r}, which is no parameter of it{hint}"
            raise RegistrationError(message)
    return names


def _check_fallback(policy: str, setting: str) -> None:
    if policy not in FALLBACKS:
        raise OperationSettingError(setting, policy, FALLBACKS, near_matches(str(policy), FALLBACKS))
