"""The operations of a host: declared by it, answered by its plugins, and what holds for all of them."""

import warnings

from plugframe.calls.callers import depth_of_caller
from plugframe.errors import (
    NotRegisteredError,
    PlugframeWarning,
    RegistrationError,
    UnknownOperationError,
    near_matches,
)
from plugframe.namespaces.names import Addition, Names, name_problem
from plugframe.operations.crossref.operations import CheckedOperations
from plugframe.operations.declaring import changed_parameters, give_methods, problem_of
from plugframe.operations.namespaces import put
from plugframe.operations.operation import Operation
from plugframe.operations.resolution.candidates import DEFAULT
from plugframe.operations.resolution.wishing import check_fallback
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from plugframe.calls.registering import CallHooks
    from plugframe.namespaces.references import References

_KIND = "operation"


class Operations(CheckedOperations):
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

    def __init__(
        self,
        host: str,
        table: "References",
        calls: "CallHooks | None" = None,
        refusal: "Callable[[str, str], str]" = lambda *_: "",
    ) -> None:
        """Know of no operation.

        Args:
            host: the host's name.
            table: all its backends, by ``namespace.operation.backend``.
            calls: the call hooks of all that the host calls.
            refusal: returns of an operation and a backend who declares it and may not run; see ``WishedOperations``.
        """
        super().__init__(host, refusal)
        self.backend_names = table
        self.host_calls = calls
        self._operations: dict[str, Operation] = {}
        self._warned: set[str] = set()
        self._taken = frozenset(dir(self))  # by what is no namespace; whatever is added below is one
        table.watch(self)

    def declare(
        self, name: str, function: "Callable[..., Any]", *, mutates: tuple[str, ...] = (), fallback: str = "default"
    ) -> "Any":  # noqa: ANN401 # the live function, see ``typed.Operation``
        """Declare an operation by a function; see ``Host.operation``."""
        problem = problem_of(name, function, reserved=self._taken)
        if problem:
            message = f"there cannot be an operation {name!r}: {problem}"
            raise RegistrationError(message)
        check_fallback(fallback, f"fallback of {name!r}")
        made = Operation(
            name, function, owner=self, mutates=changed_parameters(name, function, mutates), fallback=fallback
        )
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
        every = (name.rpartition(".") for name in self.backend_names)
        return tuple(sorted({backend for name, _, backend in every if operation in ("", name)}))

    def warn(self, failures: "dict[str, Exception]") -> None:
        """Warn of backends that cannot be used, once of each."""
        for error in failures.values():
            if str(error) not in self._warned:
                self._warned.add(str(error))
                warnings.warn(str(error), PlugframeWarning, stacklevel=depth_of_caller())

    def renew(self) -> None:
        """Forget what was found for calls."""
        for operation in self._operations.values():
            operation.renew()

    def unsettle(self) -> None:
        """Forget what was found for calls, but for what could answer them."""
        for operation in self._operations.values():
            operation.unsettle()

    def drop(self) -> object:
        """Forget it before the backends change; ``settle`` does the same after."""
        return None

    def settle(self) -> None:
        """Forget what was found for calls: the backends have changed, or the environment is to be read again."""
        self.forget_environment()
        self._warned.clear()
        self.renew()

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
            problem = f"{DEFAULT!r} is the host's own" if backend == DEFAULT else name_problem(addition.name, parts=3)
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
        return tuple(name for name in self.backend_names if name.rpartition(".")[0] not in self._operations)

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The backends of entry points that are never called, sorted by name; nothing is imported to tell."""
        known = self._names()
        lost = {name: _undeclared(name.rpartition(".")[0], self.host, known) for name in self.undeclared() if known}
        taken = {
            name: f"{DEFAULT!r} is the host's own" for name in self.backend_names if name.rpartition(".")[2] == DEFAULT
        }
        return tuple(
            _problem(name, self.backend_names.provider(name), problem)
            for name, problem in sorted((lost | taken).items())
        )

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
        return sorted(super().__dir__())

    def __repr__(self) -> str:
        return f"<operations of {self.host}: {', '.join(self._names()) or 'none'}>"

    def __copy__(self) -> "Operations":
        return self

    def __deepcopy__(self, _: object) -> "Operations":
        return self


def _undeclared(operation: str, host: str, known: tuple[str, ...]) -> str:
    near = near_matches(operation, known)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{host} has not declared {operation!r}{hint}"


def _problem(name: str, provider: str, problem: str) -> Diagnostic:
    return Diagnostic(
        code="PF171",
        message=f"{provider} provides the backend {name!r}, which answers no operation: {problem}",
        path="",
        distribution=provider.rpartition(" from ")[2].rpartition(" ")[0],
        effect="it is never called",
        fix="its authors must rename it, or the application must declare the operation",
    )
