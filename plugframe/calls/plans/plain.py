"""The plain way of a call with call hooks: one after the other, as it can be read here.

``run`` is the main function. What is compiled of a plan does the same, step for step.
"""

from contextlib import suppress
from typing import Any

from plugframe.calls.plans.checking import check_value, late, replaced, returned
from plugframe.calls.plans.hooks import ARGUMENT, COMMIT, POST, PRE, Outcome
from plugframe.calls.wrapping import raise_as_it_is

__tracebackhide__ = True  # pytest's reports are of those who call and of those whose hooks run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plugframe.calls.plans.callee import CallArguments, Callee
    from plugframe.calls.plans.hooks import CallHook


class Fate:
    """How a call fares: the exception that ended it, and those that wait until all post-hooks ran."""

    # Of the class, so that making one for each call costs nothing: nearly every call is well.
    is_well = True
    failed = False
    _error: BaseException | None = None
    _context: BaseException | None = None
    _waiting: tuple[BaseException, ...] = ()

    def fail(self, error: BaseException) -> None:
        """End the call with an exception: only post-hooks that run always are left."""
        self.is_well, self.failed = False, True
        self._error, self._context = error, error.__context__

    def wait(self, error: BaseException) -> None:
        """Keep an exception until all post-hooks ran."""
        self.is_well = False
        if error is not self._error and all(error is not one for one in self._waiting):
            self._waiting += (error,)

    def collect(self, error: BaseException) -> None:
        """Keep an exception likewise, unless it is none that a program goes on after."""
        (self.wait if isinstance(error, Exception) else self.fail)(error)

    def outcome(self, result: object) -> Outcome:
        """Return how the call came out so far."""
        return Outcome(result, self._error or (self._waiting[0] if self._waiting else None))

    def finish(self, called: str) -> None:
        """Raise what is to be raised.

        Raises:
            BaseException: what ended the call, where nothing else was raised; or the first that is no ``Exception``.
            ExceptionGroup: that and what waited, in the order in which they were raised.
        """
        errors = [*([] if self._error is None else [self._error]), *self._waiting]
        error, context, self._error, self._waiting = self._error, self._context, None, ()
        try:
            if error is not None and len(errors) == 1:
                raise_as_it_is(error, context)
            if errors:
                raise _joined(called, errors)
        finally:
            errors, error, context = [], None, None  # or the exception and this frame would keep each other


def _joined(called: str, errors: list[BaseException]) -> BaseException:
    ordinary = [one for one in errors if isinstance(one, Exception)]
    group = ExceptionGroup(f"{len(errors)} exceptions of {called} and its post-hooks", ordinary) if ordinary else None
    for one in errors:
        if not isinstance(one, Exception):  # An interrupt is never hidden in a group; the others are its cause.
            one.__cause__ = group
            return one
    return group or errors[0]


def run(callee: "Callee", hooks: "Sequence[CallHook]", function: "Callable[..., Any]", values: "dict[str, Any]") -> Any:  # noqa: ANN401 # the function decides
    """Call a function with its call hooks.

    Args:
        callee: what is called.
        hooks: those that take part, sorted by kind.
        function: does what the call is for.
        values: the argument of each parameter.

    Raises:
        CallHookError: a hook returned what it may not.
        BaseException: whatever the function or a hook raises.
    """
    fate, result = Fate(), None
    arguments = before(callee, hooks, values, fate)
    if not fate.failed:
        try:
            result = function(*arguments.args, **arguments.kwargs)
        except BaseException as error:  # noqa: BLE001 # it is raised again after the hooks that run always
            fate.fail(error)
    return after(callee, hooks, arguments, result, fate)


async def run_async(
    callee: "Callee", hooks: "Sequence[CallHook]", function: "Callable[..., Any]", values: "dict[str, Any]"
) -> Any:  # noqa: ANN401 # the function decides
    """Call a coroutine function with its call hooks, which run when it is awaited; see ``run``."""
    fate, result = Fate(), None
    arguments = before(callee, hooks, values, fate)
    if not fate.failed:
        try:
            result = await function(*arguments.args, **arguments.kwargs)
        except BaseException as error:  # noqa: BLE001 # it is raised again after the hooks that run always
            fate.fail(error)
    return after(callee, hooks, arguments, result, fate)


def before(callee: "Callee", hooks: "Sequence[CallHook]", values: "dict[str, Any]", fate: Fate) -> "CallArguments":
    """Run the pre-hooks and return the arguments for the function; of a failed call, as they were by then."""
    arguments = callee.new(values)
    for hook in hooks:
        try:
            if hook.kind == ARGUMENT:
                name = str(hook.argument)
                value = hook.function(arguments.arguments[name])
                if value is not None:
                    check_value(callee, hook, value)
                    arguments = callee.new({**arguments.arguments, name: value})
            elif hook.kind == PRE:
                given = hook.function(arguments)
                if given is not None:
                    arguments = replaced(callee, hook, given, arguments)
        except BaseException as error:  # noqa: BLE001 # it is raised again after the hooks that run always
            note(callee.name, hook, error)
            fate.fail(error)
            break
    return arguments


def after(
    callee: "Callee", hooks: "Sequence[CallHook]", arguments: "CallArguments", result: object, fate: Fate
) -> object:
    """Run the post-hooks and, if all went well, the commit hooks; return the result or raise."""
    for hook in hooks:
        if hook.kind == POST and (hook.always or not fate.failed):
            try:
                result = _post(callee, hook, arguments, result, fate)
            except BaseException as error:  # noqa: BLE001 # it is raised again after the hooks that run always
                note(callee.name, hook, error)
                if hook.always:
                    fate.wait(error)
                else:
                    (fate.collect if hook.errors == "collect" else fate.fail)(error)
    fate.finish(callee.name)
    for hook in hooks:
        if hook.kind == COMMIT:
            try:
                value = hook.function(arguments, result)
                if value is not None:
                    returned(callee, hook, value)
            except BaseException as error:
                note(callee.name, hook, error)
                raise
    return result


def _post(callee: "Callee", hook: "CallHook", arguments: "CallArguments", result: object, fate: Fate) -> object:
    value = hook.function(arguments, fate.outcome(result) if hook.always else result)
    if value is None:
        return result
    if hook.always and not fate.is_well:
        late(callee, hook)
    check_value(callee, hook, value)
    return value


def note(called: str, hook: "CallHook", error: BaseException) -> None:
    """Note on an exception whose it is; once, however often it is raised again."""
    whose = f" of plugin {hook.plugin!r}" if hook.plugin else ""
    text = f"raised by the {hook}{whose} on {called!r}"
    with suppress(Exception):  # An exception of somebody's own may take no note, and is more important than any.
        if text not in getattr(error, "__notes__", ()):
            error.add_note(text)
