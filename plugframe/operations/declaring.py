"""What can declare an operation, and what its live function is given beside the calls."""

import inspect

from plugframe.calls.fitting import is_coroutine_function
from plugframe.errors import RegistrationError, near_matches
from plugframe.namespaces.names import name_problem
from plugframe.operations.markers import BackendMark, mark_of
from plugframe.operations.matching.signatures import kinds_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from plugframe.handles import RemovableHandle
    from plugframe.operations.operation import Operation


def problem_of(name: str, function: object, *, reserved: "Collection[str]") -> str:
    """Return why a function cannot declare an operation of a name; an empty text if it can.

    Args:
        name: ``namespace.operation``.
        function: what somebody gave.
        reserved: first parts that could not be reached.

    Raises:
        AnnotationError: an annotation cannot be evaluated.
    """
    problem = name_problem(name, parts=2, reserved=reserved)
    if problem:
        return problem
    if not inspect.isroutine(function):
        return f"it is declared by a function; got {function!r}"
    if is_coroutine_function(function):
        return "it is declared by a coroutine function, and operations are called plainly"
    kinds_of(function, f"the operation {name!r}")  # which asks for the annotations first: that may raise
    try:
        inspect.signature(function)
    except (TypeError, ValueError) as error:
        return f"its signature cannot be told: {error}"
    return ""


def changed_parameters(name: str, function: "Callable[..., Any]", mutates: object) -> tuple[str, ...]:
    """Return the parameters that an operation is declared to change.

    Raises:
        RegistrationError: one of them is no parameter of the function.
    """
    names: tuple[Any, ...] = tuple(mutates) if isinstance(mutates, tuple | list | set | frozenset) else (mutates,)
    known = tuple(inspect.signature(function).parameters)
    for one in names:
        if one not in known:
            near = near_matches(str(one), known)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            message = f"there cannot be an operation {name!r}: mutates names {one!r}, which is no parameter of it{hint}"
            raise RegistrationError(message)
    return names


def give_methods(operation: "Operation") -> None:
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
        def register(given: "Callable[..., Any]") -> "RemovableHandle":
            mark = BackendMark(**said) if said else mark_of(given)
            return operation.register(name, given, mark, replace=replace)

        if implementation is not None:
            return register(implementation)
        return lambda given: (register(given), given)[1]

    function.operation = operation
    function.overload, function.backend, function.default = overload, backend, operation.default
    for give in (
        operation.implementation, operation.fake, operation.using, operation.explain, operation.plan,
        operation.registered_overloads, operation.loaded_overloads, operation.interception.register_pre_hook,
        operation.interception.register_post_hook, operation.interception.register_commit_hook,
        operation.interception.call_hooks, operation.interception.remove_call_hooks,
    ):  # fmt: skip
        setattr(function, give.__name__, give)
