"""Running the implementations of a host's hook, of which some may fail without ending the call.

``conduct`` is the main function. Where the first exception ends the call, ``hooks.execution`` runs them.
"""

from types import CoroutineType
from typing import cast

import pluggy

from plugframe.calls.steps import Errors
from plugframe.calls.wrapping import leave, raise_as_it_is, start
from plugframe.hooks.execution import run
from plugframe.hooks.outcomes import adapt

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from plugframe.hooks.hosted.policy import Policy


def execute(
    policy: "Policy", implementations: "Sequence[pluggy.HookImpl]", arguments: "Mapping[str, object]", *, first: bool
) -> object:
    """Call the implementations of a hook the quickest way that its policy allows; see ``conduct``."""
    if policy.errors is Errors.RAISE:
        return run(implementations, policy.hook, arguments, first_result=first, watch=policy)
    return conduct(policy, implementations, arguments, first=first)


def conduct(
    policy: "Policy", implementations: "Sequence[pluggy.HookImpl]", arguments: "Mapping[str, object]", *, first: bool
) -> object:
    """Call the implementations of a hook.

    Args:
        policy: the hook's name, and what becomes of exceptions.
        implementations: in the order in which they start.
        arguments: what the hook was called with, defaults included.
        first: stop at the first implementation that returns something.

    Returns:
        What the outermost wrapper makes of it: else a new list of all results that are not None, or the first of them.

    Raises:
        HookArgumentError: an implementation needs an argument that the call does not give.
        CoroutineHookError: an implementation returned a coroutine.
        ExceptionGroup: the policy collects exceptions, and there were some.
        BaseException: whatever the policy lets through, and what wrappers raise.
    """
    entered: list[tuple[pluggy.HookImpl, Any]] = []
    failure: BaseException | None = None
    context: BaseException | None = None
    result: object = None
    try:
        result = _run(policy, implementations, arguments, entered, first=first)
    except BaseException as error:  # noqa: BLE001 # the wrappers decide what becomes of it
        failure, context = error, error.__context__
    for implementation, wrapper in reversed(entered):
        before = failure
        held = result
        result, failure = depart(policy, implementation, wrapper, result, failure)
        if failure is None and type(result) is CoroutineType:
            result, failure = policy.refused(implementation, result, (held, before))
        if failure is not None and failure is not before:
            context = failure.__context__
    if failure is not None:
        try:
            raise_as_it_is(failure, context)
        finally:
            failure = None  # or the exception and this frame would keep each other
    return result


def _run(
    policy: "Policy",
    implementations: "Sequence[pluggy.HookImpl]",
    arguments: "Mapping[str, object]",
    entered: "list[tuple[pluggy.HookImpl, Any]]",
    *,
    first: bool,
) -> object:
    """Start the wrappers, keeping those that were started, and run what is inside of them."""
    results: list[object] = []
    failures: list[Exception] = []
    for one in implementations:
        wraps = one.wrapper or one.hookwrapper
        try:
            value = begin(one, policy, arguments)
        except BaseException as error:
            policy.note(error, one)
            if not policy.spares(error, wraps=wraps):
                raise
            policy.failed(one, cast("Exception", error), failures)
            continue
        if wraps:
            entered.append((one, value))
        elif value is not None:
            results.append(value)
            if first:
                break
    if failures:
        raise policy.grouped(failures)
    return (results[0] if results else None) if first else results


def depart(
    policy: "Policy",
    implementation: pluggy.HookImpl,
    wrapper: "Any",
    result: object,
    failure: BaseException | None,
) -> tuple[object, BaseException | None]:
    """Leave a wrapper; note on what it raises whose it is, and under the policy to skip, go on as if it had not.

    Returns:
        The result and the exception to hand on.

    Raises:
        RuntimeError: it yielded again.
    """
    before = failure
    try:
        result, failure = leave(wrapper, result, failure)
    except RuntimeError as error:
        policy.note(error, implementation)
        if policy.errors is not Errors.SKIP:
            raise
        policy.failed(implementation, error, [])
        return result, before
    if failure is not None and failure is not before:
        policy.note(failure, implementation)
        if policy.errors is Errors.SKIP and isinstance(failure, Exception):
            policy.failed(implementation, failure, [])
            return result, before
    return result, failure


def begin(implementation: pluggy.HookImpl, policy: "Policy", arguments: "Mapping[str, object]") -> "Any":
    """Call one implementation with those arguments that it takes; start a wrapper, and return its generator.

    Raises:
        CoroutineHookError: it returned a coroutine, which is closed.
    """
    value = call(implementation, policy, arguments)
    if implementation.wrapper or implementation.hookwrapper:
        start(value)
    elif type(value) is CoroutineType:
        policy.refuse(implementation, value)
    return value


def call(implementation: pluggy.HookImpl, policy: "Policy", arguments: "Mapping[str, object]") -> "Any":
    """Call one implementation with those arguments that it takes, whatever it returns."""
    try:
        positional = [arguments[argument] for argument in implementation.argnames]
    except KeyError as error:
        raise policy.incomplete(implementation, error.args[0]) from error
    keywords = {name: arguments[name] for name in implementation.kwargnames if name in arguments}
    function = adapt(implementation, policy.hook) if implementation.hookwrapper else implementation.function
    return function(*positional, **keywords)
