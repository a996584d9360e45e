"""Running a hook's implementations one after the other, as pluggy does: for calls that are not worth compiling.

``run`` is the main function; what it does with each implementation a generated function does without looking.

Source: https://pluggy.readthedocs.io/en/stable/#wrappers and the behaviour of pluggy 1.7.
"""

from types import CoroutineType

import pluggy

from plugframe.calls.wrapping import leave, raise_as_it_is, start
from plugframe.hooks.outcomes import adapt

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from typing import Any, NoReturn, Protocol

    class Watch(Protocol):
        """Who is told what becomes of the implementations."""

        def note(self, error: BaseException, implementation: pluggy.HookImpl | None, /) -> None:
            """Be told of an exception."""

        def refuse(self, implementation: pluggy.HookImpl, coroutine: CoroutineType[Any, Any, Any], /) -> NoReturn:
            """Raise for a coroutine that nobody awaits."""
            ...

        def refused(
            self, implementation: pluggy.HookImpl, coroutine: CoroutineType[Any, Any, Any], /
        ) -> tuple[object, BaseException | None]:
            """Return the result and the exception that come out of a wrapper that made a coroutine of the result."""
            ...

        def incomplete(self, implementation: pluggy.HookImpl, argument: str, /) -> BaseException:
            """Return what to raise where an argument is missing."""
            ...


def run(  # noqa: C901, PLR0912 # one loop, as fast as it can be: every function called in it costs as much as a hook's
    implementations: "Sequence[pluggy.HookImpl]",
    name: str,
    arguments: "Mapping[str, object]",
    *,
    first_result: bool = False,
    watch: "Watch | None" = None,
) -> object:
    """Call the implementations of a hook.

    Args:
        implementations: in the order in which they start.
        name: the hook's.
        arguments: what the hook was called with, its specification's defaults included.
        first_result: stop at the first that returns something.
        watch: is told of exceptions and coroutines, and from which implementation each came.

    Returns:
        What the outermost wrapper makes of it: else a new list of all results that are not None, or the first of them.

    Raises:
        HookCallError: an implementation was reached that needs an argument which the call does not give; where
            somebody watches, what they say.
        BaseException: whatever the implementations and wrappers leave unhandled.
    """
    results: list[object] = []
    entered: list[tuple[pluggy.HookImpl, Generator[None, object, object]]] = []
    failure: BaseException | None = None
    context: BaseException | None = None
    implementation: pluggy.HookImpl | None = None
    try:
        for implementation in implementations:
            try:
                positional = [arguments[argument] for argument in implementation.argnames]
            except KeyError as error:
                if watch is not None:
                    raise watch.incomplete(implementation, error.args[0]) from error
                message = f"hook call must provide argument {error.args[0]!r}"
                raise pluggy.HookCallError(message) from error
            if implementation.kwargnames or implementation.hookwrapper:
                value: Any = _call(implementation, name, positional, arguments)
            else:
                value = implementation.function(*positional)
            if implementation.wrapper or implementation.hookwrapper:
                start(value)
                entered.append((implementation, value))
            elif value is not None:
                if watch is not None and type(value) is CoroutineType:
                    watch.refuse(implementation, value)
                results.append(value)
                if first_result:
                    break
    except BaseException as error:  # noqa: BLE001 # the wrappers decide what becomes of it
        failure = error
        if watch is not None:
            watch.note(error, implementation)
            context = error.__context__
    result: object = results
    if first_result:
        result = results[0] if results else None
    if entered:
        before = failure
        result, failure = leave_all(entered, result, failure, watch)
        if failure is not None and failure is not before:
            context = failure.__context__
    if failure is not None:
        try:
            if watch is not None:
                raise_as_it_is(failure, context)
            raise failure
        finally:
            failure = None  # or the exception and this frame would keep each other
    return result


def leave_all(
    entered: "Sequence[tuple[pluggy.HookImpl, Generator[None, object, object]]]",
    result: object,
    failure: BaseException | None,
    watch: "Watch | None",
) -> tuple[object, BaseException | None]:
    """Leave wrappers, the last one first; return the result and the exception that come out.

    Raises:
        RuntimeError: one yielded again.
    """
    for implementation, wrapper in reversed(entered):
        before = failure
        try:
            result, failure = leave(wrapper, result, failure)
        except RuntimeError as error:
            if watch is not None:
                watch.note(error, implementation)
            raise
        if watch is None:
            continue
        if failure is None and type(result) is CoroutineType:
            result, failure = watch.refused(implementation, result)
        elif failure is not None and failure is not before:
            watch.note(failure, implementation)
    return result, failure


def _call(
    implementation: pluggy.HookImpl, name: str, positional: list[object], arguments: "Mapping[str, object]"
) -> object:
    function: Any = adapt(implementation, name) if implementation.hookwrapper else implementation.function
    names = [argument for argument in implementation.kwargnames if argument in arguments]
    if not names:
        return function(*positional)
    return function(*positional, **{argument: arguments[argument] for argument in names})
