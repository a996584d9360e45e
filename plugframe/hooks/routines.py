"""Hook implementations to the routine that a call of the hook runs, for the compiler."""

from inspect import isgeneratorfunction
from keyword import iskeyword
from types import FunctionType, MethodType

import pluggy

from plugframe.calls.steps import Errors, Kind, Routine, Step
from plugframe.hooks.outcomes import uses_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 1000  # implementations; a function of more lines takes longer to compile than anyone wants to wait


def routine_of(
    name: str,
    spec: "pluggy._hooks.HookSpec | None",
    implementations: "Sequence[pluggy.HookImpl]",
    errors: Errors = Errors.RAISE,
) -> Routine | None:
    """Return what a hook's call runs; None where only looking at each call's arguments can tell.

    Args:
        name: the hook's.
        spec: its specification, if it has one; without, a call is expected to give what implementations need.
        implementations: in the order in which they start.
        errors: what becomes of their exceptions.
    """
    if spec is None:
        parameters = tuple(dict.fromkeys(argument for one in implementations for argument in one.argnames))
    else:
        parameters = (*spec.argnames, *spec.kwargnames)
    # Others' look-alikes may compute what they are at each call.
    fits = len(implementations) <= MOST and all(type(one) is pluggy.HookImpl for one in implementations)
    if not fits or not all(map(_is_plain, parameters)) or len(set(parameters)) < len(parameters):
        return None
    known = frozenset(parameters)
    if not all(known.issuperset(one.argnames) for one in implementations):
        return None
    steps = [step_of(one, known) for one in implementations]
    wraps = [step.kind is not Kind.PLAIN for step in steps]
    if wraps != sorted(wraps, reverse=True):
        return None
    if not all(isgeneratorfunction(one.function) for one in implementations if one.wrapper or one.hookwrapper):
        return None
    first_result = bool(spec and spec.opts.get("firstresult"))
    uses = uses_of(implementations, name)
    return Routine(name, parameters, steps, first_result=first_result, errors=errors, uses=uses)


def step_of(implementation: pluggy.HookImpl, known: frozenset[str]) -> Step:
    """Return what a call of a hook does for one implementation.

    Args:
        implementation: whose function.
        known: the arguments that every call gives.
    """
    positional = list(implementation.argnames)
    keywords: list[str] = []
    either = _positional(implementation)
    for name in implementation.kwargnames:
        if name in known and name in either and not keywords:
            positional.append(name)
        elif name in known:
            keywords.append(name)
        else:
            either = frozenset()  # one that is left out keeps those behind it from being given by position
    function = implementation.function
    return Step(function, tuple(positional), tuple(keywords), kind=_kind(implementation), label=_label(implementation))


def _kind(implementation: pluggy.HookImpl) -> Kind:
    if implementation.hookwrapper:
        return Kind.OUTCOME_WRAPPER
    return Kind.WRAPPER if implementation.wrapper else Kind.PLAIN


def _is_plain(parameter: str) -> bool:
    # A hook cannot be called with an argument named as pluggy's own first one.
    return parameter.isidentifier() and not iskeyword(parameter) and parameter != "self"


def _positional(implementation: pluggy.HookImpl) -> frozenset[str]:
    """Return the arguments of which a function cannot tell whether they are given by position, which is faster."""
    function = implementation.function
    plain = function.__func__ if isinstance(function, MethodType) else function
    if type(plain) is not FunctionType or plain.__code__.co_posonlyargcount or hasattr(plain, "__wrapped__"):
        return frozenset()
    names = plain.__code__.co_varnames[isinstance(function, MethodType) : plain.__code__.co_argcount]
    # A function of a class that is registered itself is called without the object that it expects.
    given = (*implementation.argnames, *implementation.kwargnames)
    return frozenset(names) if names == given[: len(names)] else frozenset()


def _label(implementation: pluggy.HookImpl) -> str:
    """Return how a traceback's line names an implementation: its plugin and its function."""
    function = getattr(implementation.function, "__name__", type(implementation.function).__name__)
    return f"{implementation.plugin_name}.{function}"
