"""Calling a host's hook whose implementations are coroutines, plain functions, or both.

``conduct_async`` is the main function.
"""

from inspect import isawaitable
from typing import cast

from plugframe.calls.steps import Errors
from plugframe.calls.wrapping import raise_as_it_is, start
from plugframe.hooks.hosted.conduct import call, depart

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    import pluggy

    from plugframe.hooks.hosted.policy import Policy


async def conduct_async(
    policy: "Policy",
    implementations: "Sequence[pluggy.HookImpl]",
    arguments: "Mapping[str, object]",
    *,
    first: bool,
    concurrent: bool,
) -> object:
    """Call the implementations of a hook and await what is awaitable; wrappers run around all of it.

    In order, every implementation runs in the caller's task and sees the context variables that those before it set.
    Concurrently, each has a task with a copy of them; when one fails that the policy does not spare, the others are
    cancelled. When the call is cancelled, so is what it awaits, and the wrappers are thrown the cancellation.

    Args:
        policy: the hook's name, and what becomes of exceptions.
        implementations: in the order in which they start.
        arguments: what the hook was called with, defaults included.
        first: stop at the first implementation that returns something.
        concurrent: start all before awaiting the first.

    Returns:
        What a plain call returns, in the order in which the implementations start.

    Raises:
        ExceptionGroup: the policy collects exceptions and there were some, or several failed at once.
        BaseException: whatever the policy lets through, and what wrappers raise.
    """
    failure: BaseException | None = None
    context: BaseException | None = None
    result: object = None
    entered: list[tuple[pluggy.HookImpl, Any]] = []
    try:
        _enter(policy, implementations, arguments, entered)
        inner = [one for one in implementations if not (one.wrapper or one.hookwrapper)]
        if concurrent:
            result = await _together(policy, inner, arguments)
        else:
            result = await _in_order(policy, inner, arguments, first=first)
    except BaseException as error:  # noqa: BLE001 # the wrappers decide what becomes of it, of a cancellation too
        failure, context = error, error.__context__
    for implementation, wrapper in reversed(entered):
        before = failure
        result, failure = depart(policy, implementation, wrapper, result, failure)
        if failure is not None and failure is not before:
            context = failure.__context__
    if failure is not None:
        try:
            raise_as_it_is(failure, context)
        finally:
            failure = None  # or the exception and this frame would keep each other
    return result


def _enter(
    policy: "Policy",
    implementations: "Iterable[pluggy.HookImpl]",
    arguments: "Mapping[str, object]",
    entered: "list[tuple[pluggy.HookImpl, Any]]",
) -> None:
    """Start the wrappers, and keep those that were started."""
    for one in implementations:
        if not (one.wrapper or one.hookwrapper):
            continue
        try:
            wrapper = call(one, policy, arguments)
            start(wrapper)
        except BaseException as error:
            policy.note(error, one)
            if policy.errors is not Errors.SKIP or not isinstance(error, Exception):
                raise
            policy.failed(one, error, [])
        else:
            entered.append((one, wrapper))


async def _in_order(
    policy: "Policy", inner: "Iterable[pluggy.HookImpl]", arguments: "Mapping[str, object]", *, first: bool
) -> object:
    results = []
    failures: list[Exception] = []
    for one in inner:
        value = await _one(policy, one, arguments, failures)
        if value is not None:
            results.append(value)
            if first:
                break
    if failures:
        raise policy.grouped(failures)
    if first:
        return results[0] if results else None
    return results


async def _together(
    policy: "Policy", inner: "Sequence[pluggy.HookImpl]", arguments: "Mapping[str, object]"
) -> list[object]:
    from asyncio import TaskGroup  # Hosts with no coroutines start without the cost of importing it.

    failures: list[Exception] = []
    alone: BaseException | None = None
    tasks: list[Task[object]] = []
    try:
        async with TaskGroup() as group:
            tasks = [group.create_task(_one(policy, one, arguments, failures)) for one in inner]
    except BaseExceptionGroup as raised:
        # What one of them raises is raised as it is in order; several have no order that one could choose by.
        errors: list[BaseException] = list(raised.exceptions)
        if len(errors) > 1:
            raise
        alone = errors[0]
    if alone is not None:
        raise_as_it_is(alone, alone.__context__)
    if failures:
        raise policy.grouped(failures)
    return [value for task in tasks if (value := task.result()) is not None]


async def _one(
    policy: "Policy", one: "pluggy.HookImpl", arguments: "Mapping[str, object]", failures: list[Exception]
) -> object:
    try:
        value = call(one, policy, arguments)
        return await value if isawaitable(value) else value
    except BaseException as error:
        from asyncio import CancelledError

        if isinstance(error, CancelledError):
            raise
        policy.note(error, one)
        if not policy.spares(error, wraps=False):
            raise
        policy.failed(one, cast("Exception", error), failures)
        return None
