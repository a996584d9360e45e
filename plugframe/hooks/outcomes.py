"""Old-style wrappers, which are sent a ``Result`` to change, and where warnings of a hook's call point to.

Source: https://pluggy.readthedocs.io/en/stable/#old-style-wrappers and the behaviour of pluggy 1.7.
"""

import sys
import warnings
from functools import partial

import pluggy

from plugframe.calls.showing import PREFIX
from plugframe.calls.wrapping import leave, refuse, start

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from plugframe.calls.wrapping import Wrapper

_OURS = ("plugframe.calls.", "plugframe.hooks.")


def adapt(implementation: pluggy.HookImpl, name: str) -> "Callable[..., Wrapper]":
    """Return an old-style wrapper of a hook as one of the new style."""

    def wrapper(*positional: object, **keywords: object) -> "Wrapper":
        return _around(implementation, name, positional=positional, keywords=keywords)

    return wrapper


def _around(
    implementation: pluggy.HookImpl,
    name: str,
    started: "Wrapper | None" = None,
    *,
    positional: tuple[object, ...] = (),
    keywords: "Mapping[str, object] | None" = None,
) -> "Wrapper":
    """Be what runs around an old-style wrapper; of one that was started, from its yield on.

    One generator for both: where one delegates to another, a GeneratorExit that is thrown into it closes the other.
    """
    inner: Any = started
    if inner is None:
        inner = implementation.function(*positional, **(keywords or {}))
        start(inner)
    try:
        outcome = pluggy.Result((yield), None)
    except BaseException as error:  # noqa: BLE001 # the wrapper decides what becomes of it
        outcome = pluggy.Result(None, error)
    try:
        inner.send(outcome)
    except StopIteration:
        pass
    except BaseException as error:
        _warn_of_teardown(implementation, name, error)
        raise
    else:
        refuse(inner, "has second yield")
    finally:
        inner.close()
    return outcome.get_result()


def uses_of(implementations: "Sequence[pluggy.HookImpl]", name: str) -> dict[str, object]:
    """Return what a generated function needs to run around old-style wrappers, by its name in the source.

    Where the way is straight the function does all itself; these are the ways off it, and come to what ``adapt`` does.

    Args:
        implementations: in the order in which they start.
        name: the hook's.
    """
    uses: dict[str, object] = {"outcome": pluggy.Result, "doubled": _doubled, "converted": _converted}
    for place, implementation in enumerate(implementations):
        if not implementation.hookwrapper:
            continue
        uses[f"torn_{place}"] = partial(_torn, implementation, name)
        uses[f"escaped_{place}"] = partial(_escaped, implementation, name)
    return uses


def _doubled(wrapper: "Wrapper") -> BaseException | None:
    """Return what comes of a wrapper that yields again."""
    doubled: BaseException | None = None
    try:
        try:
            refuse(wrapper, "has second yield")
        finally:
            wrapper.close()
    except BaseException as error:  # noqa: BLE001 # it is handed on
        doubled = error
    return doubled


def _converted(error: BaseException) -> BaseException:
    """Return what comes of an exception that a wrapper put into the result: a generator raises no StopIteration."""

    def raising() -> "Wrapper":
        raise error
        yield

    if not isinstance(error, StopIteration):
        return error
    try:
        next(raising())
    except RuntimeError as converted:
        error = converted
    return error


def _torn(implementation: pluggy.HookImpl, name: str, error: BaseException) -> BaseException:
    """Return what comes of a wrapper that raises after its yield: its exception, or the warning of it as one."""
    try:
        _warn_of_teardown(implementation, name, error)
    except BaseException as raised:  # noqa: BLE001 # it is handed on
        return raised
    return error


def _escaped(
    implementation: pluggy.HookImpl, name: str, wrapper: "Wrapper", result: object, failure: BaseException | None
) -> tuple[object, BaseException | None]:
    """Hand an exception to a wrapper."""
    rest = _around(implementation, name, wrapper)
    next(rest)
    return leave(rest, result, failure)


def _warn_of_teardown(implementation: pluggy.HookImpl, name: str, error: BaseException) -> None:
    # The words are pluggy's, for the filters that look for them.
    message = (
        "A plugin raised an exception during an old-style hookwrapper teardown.\n"
        f"Plugin: {implementation.plugin_name}, Hook: {name}\n"
        f"{type(error).__name__}: {error}\n"
        "For more information see "
        "https://pluggy.readthedocs.io/en/stable/api_reference.html#pluggy.PluggyTeardownRaisedWarning"
    )
    warnings.warn(pluggy.PluggyTeardownRaisedWarning(message), stacklevel=level_of_call())


def prepare(spec: "pluggy._hooks.HookSpec | None", arguments: dict[str, object]) -> dict[str, object]:
    """Return the arguments of a call with the specification's defaults; warn of those that are missing."""
    if spec is None:
        return arguments
    arguments = {**spec.kwargdefaults, **arguments}
    if not arguments.keys() >= {*spec.argnames}:
        warn_of_missing(spec, arguments)
    return arguments


def warn_of_missing(spec: "pluggy._hooks.HookSpec", arguments: dict[str, object]) -> None:
    """Warn of the arguments that a call does not give, where the call stands."""
    names = ", ".join(repr(name) for name in spec.argnames if name not in arguments)
    # The words are pluggy's, for the filters that look for them.
    message = f"Argument(s) {names} which are declared in the hookspec cannot be found in this hook call"
    warnings.warn(message, stacklevel=level_of_call())


def level_of_call() -> int:
    """Return the ``stacklevel``, seen from the calling function, of what called the hook."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 # how deep a hook's call is depends on how it runs
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__"), frame.f_code.co_filename):
        level, frame = level + 1, frame.f_back
    return level


def _is_ours(module: object, file: str) -> bool:
    return file.startswith(PREFIX) or str(module).startswith(_OURS)
