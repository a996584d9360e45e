"""Whether an implementation fits its hook, told so that the plugin's author knows what to change, and where."""

import inspect
import os
import sys

from plugframe.errors import HookValidationError, near_matches

if sys.version_info >= (3, 14):
    from annotationlib import Format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    import pluggy
    from pluggy._hooks import HookSpec


def verify(spec: "HookSpec", implementation: "pluggy.HookImpl", *, plugin: str, historic: bool) -> None:
    """Check an implementation against its hook's specification.

    Args:
        spec: the specification.
        implementation: what is registered.
        plugin: whose it is, for messages.
        historic: the hook is called for plugins that come later, too.

    Raises:
        HookValidationError: it does not fit; the message names all that is wrong.
    """
    problems = list(_problems(spec, implementation, historic=historic))
    if problems:
        raise HookValidationError(
            spec.name,
            plugin,
            "; ".join(problems),
            where=place_of(implementation.function),
            specification=place_of(spec.function),
        )


def _problems(spec: "HookSpec", implementation: "pluggy.HookImpl", *, historic: bool) -> "Iterator[str]":
    function = implementation.function
    if implementation.wrapper and implementation.hookwrapper:
        yield "it is marked with wrapper=True and with hookwrapper=True; use wrapper=True alone"
    if implementation.wrapper or implementation.hookwrapper:
        if historic:
            yield "it is a wrapper, and a historic hook has none: whoever comes later has nothing to run around"
        if inspect.isasyncgenfunction(function) or inspect.iscoroutinefunction(function):
            yield "it is a wrapper, and an async function: a wrapper is a plain generator, also around coroutines"
        elif not inspect.isgeneratorfunction(function):
            yield "it is marked as a wrapper, and has no yield: where it yields, the other implementations run"
    yield from _arguments(spec, implementation)


def _arguments(spec: "HookSpec", implementation: "pluggy.HookImpl") -> "Iterator[str]":
    """Yield what is wrong with the arguments that an implementation takes."""
    known = (*spec.argnames, *spec.kwargnames)
    signature = signature_of(implementation.function)
    for parameter in signature.parameters.values() if signature else ():
        name, fixed = parameter.name, parameter.kind is parameter.POSITIONAL_ONLY
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        if name not in known and parameter.default is parameter.empty:
            near = near_matches(name, known)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            takes = f"its arguments are {', '.join(known)}" if known else "it has no arguments"
            if name in {"self", "cls"}:
                hint = "; register an object of the class, not the class"
            yield f"it takes an argument {name!r} that the hook does not have: {takes}{hint}"
        elif fixed and parameter.default is not parameter.empty and name in known:
            yield f"its argument {name!r} has a default and can be given by position only; drop the '/' behind it"
    first = _first_of_method(implementation.function)
    if first in known:
        yield f"it is a method whose first argument is {first!r}, where 'self' belongs"


def raise_unfit(hook: str, errors: "Sequence[HookValidationError]") -> None:
    """Raise what plugins that do not fit a hook have wrong, if there are any.

    Raises:
        HookValidationError: one does not.
        ExceptionGroup: several do not.
    """
    if len(errors) > 1:
        message = f"{len(errors)} plugins do not fit the specification of hook {hook!r}"
        raise ExceptionGroup(message, errors)
    if errors:
        raise errors[0]


def signature_of(function: "Callable[..., Any]") -> inspect.Signature | None:
    """Return a function's signature, or None where it has none; annotations are not evaluated."""
    try:
        if sys.version_info >= (3, 14):
            # Asking for their values would evaluate annotations, which may name what only type checkers import.
            return inspect.signature(function, annotation_format=Format.FORWARDREF)
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _first_of_method(function: object) -> str | None:
    """Return the name of the argument that is bound in a method."""
    if not inspect.ismethod(function) or not inspect.isfunction(function.__func__):
        return None
    code = function.__func__.__code__
    return code.co_varnames[0] if code.co_argcount else None


def place_of(function: object) -> str:
    """Return the file and the line where a function stands, or an empty string."""
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    return f"{os.path.abspath(code.co_filename)}:{code.co_firstlineno}" if code else ""
