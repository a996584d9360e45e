"""Running a hook's implementations one after the other, as pluggy does: for calls that are not worth compiling.

``run`` is the main function; what it does with each implementation a generated function does without looking.

Source: https://pluggy.readthedocs.io/en/stable/#wrappers and the behaviour of pluggy 1.7.
"""

import pluggy

from plugframe.calls.wrapping import leave, start
from plugframe.hooks.outcomes import adapt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from typing import Any


def run(
    implementations: "Sequence[pluggy.HookImpl]", name: str, arguments: "Mapping[str, object]", *, first_result: bool
) -> object:
    """Call the implementations of a hook.

    Args:
        implementations: in reverse of the order in which they start, as a hook caller keeps them.
        name: the hook's.
        arguments: what the hook was called with, its specification's defaults included.
        first_result: stop at the first that returns something.

    Returns:
        What the outermost wrapper makes of it: else a new list of all results that are not None, or the first of them.

    Raises:
        HookCallError: an implementation was reached that needs an argument which the call does not give.
        BaseException: whatever the implementations and wrappers leave unhandled.
    """
    results: list[object] = []
    wrappers: list[Generator[None, object, object]] = []
    failure: BaseException | None = None
    try:
        for implementation in reversed(implementations):
            try:
                positional = [arguments[argument] for argument in implementation.argnames]
            except KeyError as error:
                message = f"hook call must provide argument {error.args[0]!r}"
                raise pluggy.HookCallError(message) from error
            function: Callable[..., Any] = (
                adapt(implementation, name) if implementation.hookwrapper else implementation.function
            )
            if implementation.kwargnames:
                names = [argument for argument in implementation.kwargnames if argument in arguments]
                value: Any = function(*positional, **{argument: arguments[argument] for argument in names})
            else:
                value = function(*positional)
            if implementation.wrapper or implementation.hookwrapper:
                start(value)
                wrappers.append(value)
            elif value is not None:
                results.append(value)
                if first_result:
                    break
    except BaseException as error:  # noqa: BLE001 # the wrappers decide what becomes of it
        failure = error
    result = (results[0] if results else None) if first_result else results
    for wrapper in reversed(wrappers):
        result, failure = leave(wrapper, result, failure)
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # or the exception and this frame would keep each other
    return result
