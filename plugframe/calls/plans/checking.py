"""Whether a function can be a call hook, and whether what a call hook returned is what it may return."""

import inspect
from collections.abc import Mapping
from inspect import BoundArguments, Parameter

from plugframe.calls.plans.hooks import ARGUMENT, COMMIT, POST, PRE, CallHook
from plugframe.errors import CallHookError, near_matches

__tracebackhide__ = True  # pytest's reports are of those who call and of those whose hooks run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from plugframe.calls.plans.callee import CallArguments, Callee, Types

_GIVEN = {
    ARGUMENT: "the argument's value",
    PRE: "the call's arguments",
    POST: "the call's arguments and its result",
    COMMIT: "the call's arguments and its result",
}


def refuse(called: str, hook: CallHook, reason: str) -> "NoReturn":
    """Raise for a call hook.

    Raises:
        CallHookError: always.
    """
    raise CallHookError(called, str(hook), reason, plugin=hook.plugin)


def check(called: str, hook: CallHook, callee: "Callee | None") -> None:
    """Make sure that a hook can be called as its kind will be, and that there is the argument that it is for.

    Args:
        called: what it is registered for, for messages.
        hook: the hook.
        callee: what is called; None where it is registered for all calls of a host.

    Raises:
        CallHookError: it cannot, or there is none.
    """
    function = hook.function
    if not callable(function):
        refuse(called, hook, f"{function!r} cannot be called")
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(type(function), "__call__", None)):  # noqa: B004 # what its class defines
        refuse(called, hook, "it is a coroutine function, and nothing would await it")
    given = 1 if hook.kind in (ARGUMENT, PRE) else 2
    try:
        inspect.signature(function).bind(*[None] * given)
    except TypeError as error:
        refuse(called, hook, f"it must take {given} argument{'s' * (given > 1)}, {_GIVEN[hook.kind]}: {error}")
    except Exception:  # noqa: BLE001, S110 # as of some builtins, the signature cannot be told: then it is taken to fit
        pass
    if hook.argument is not None and callee is not None and hook.argument not in callee.signature.parameters:
        known = tuple(callee.signature.parameters)
        near = near_matches(str(hook.argument), known)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, known)) or 'none'}"
        refuse(called, hook, f"there is no argument {hook.argument!r}; {hint}")


def check_value(callee: "Callee", hook: CallHook, value: object) -> None:
    """Make sure that what an argument pre-hook or a post-hook returned is of the type that is declared.

    Raises:
        CallHookError: it is not.
    """
    types = callee.types.get(hook.argument) if hook.argument is not None else callee.result_types
    if types and not isinstance(value, types):
        mistyped(callee, hook, value)


def mistyped(callee: "Callee", hook: CallHook, value: object) -> "NoReturn":
    """Raise for a value that is not of the declared type.

    Raises:
        CallHookError: always.
    """
    if hook.argument is None:
        what, types = "a result", callee.result_types
    else:
        what, types = f"the argument {hook.argument!r}", callee.types[hook.argument]
    refuse(callee.name, hook, _mistyped(value, what, types))


def _mistyped(value: object, what: str, types: "Types | None") -> str:
    return f"it returned {_short(value)}, and {what} is {' or '.join(one.__name__ for one in types or ())}"


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 # it is shown in a message, whatever it is
        text = "something"
    return f"{text if len(text) <= 80 else text[:77] + '...'} ({type(value).__name__})"  # noqa: PLR2004 # a line's worth


def replaced(callee: "Callee", hook: CallHook, given: object, arguments: "CallArguments") -> "CallArguments":
    """Return the arguments of a call after a call pre-hook returned something.

    Args:
        callee: what is called.
        hook: the hook.
        given: what it returned: arguments, or a mapping of those that it replaces to their values.
        arguments: what it was given.

    Raises:
        CallHookError: it is neither, names an argument that there is not, lacks one, or has one of another type.
    """
    known = callee.signature.parameters
    if isinstance(given, BoundArguments):
        values: Mapping[str, Any] = given.arguments
        missing = [name for name in known if name not in values]
        if missing:
            refuse(callee.name, hook, f"the arguments that it returned lack {', '.join(map(repr, missing))}")
    elif isinstance(given, Mapping):
        values = given
    else:
        reason = f"it returned {_short(given)}, and returns None, the call's arguments, or a mapping of names to values"
        refuse(callee.name, hook, reason)
    for name, value in values.items():
        _check_named(callee, hook, name, value)
    return callee.new({name: values.get(name, old) for name, old in arguments.arguments.items()})


def _check_named(callee: "Callee", hook: CallHook, name: object, value: object) -> None:
    if name not in callee.signature.parameters:
        near = near_matches(str(name), tuple(callee.signature.parameters))
        hint = f"; did you mean {near[0]!r}?" if near else ""
        refuse(callee.name, hook, f"it returned a value for {name!r}, which is no argument{hint}")
    types = callee.types.get(str(name))
    default = callee.signature.parameters[str(name)].default
    if types and not isinstance(value, types) and (default is Parameter.empty or value is not default):
        refuse(callee.name, hook, _mistyped(value, f"the argument {name!r}", types))


def late(callee: "Callee", hook: CallHook) -> "NoReturn":
    """Raise for a post-hook that returned something after a failure.

    Raises:
        CallHookError: always.
    """
    refuse(callee.name, hook, "it returned something after a failure, which nothing undoes")


def returned(callee: "Callee", hook: CallHook, value: object) -> "NoReturn":
    """Raise for a commit hook that returned something.

    Raises:
        CallHookError: always.
    """
    refuse(callee.name, hook, f"it returned {_short(value)}, and the call is over: a commit hook returns nothing")
