"""The parameters of an operation, and whether an implementation is one of its: what each parameter admits."""

import builtins
import inspect
from inspect import Parameter, Signature
from types import SimpleNamespace
from typing import get_type_hints

from plugframe.calls.fitting import POSITIONAL, is_coroutine_function, mismatch
from plugframe.errors import AnnotationError, near_matches
from plugframe.operations.matching.kinds import Kind, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from plugframe.operations.markers import BackendMark

_STARS = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def kinds_of(function: "Callable[..., Any]", owner: str) -> dict[str, Kind]:
    """Return what the annotated parameters of a function admit; nothing where its signature cannot be told.

    Args:
        function: an implementation; the annotation of its result is not evaluated.
        owner: whose it is, for messages.

    Raises:
        AnnotationError: an annotation names a type that cannot be found, or is no valid expression.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    except NameError as error:  # evaluated where it is asked for, from Python 3.14 on
        raise _unknown(error, owner, "", function) from error
    scope = _scope(function)
    return {
        one.name: kind_of(_evaluate(one.annotation, one.name, owner, function, scope))
        for one in parameters
        if one.annotation is not Parameter.empty and one.kind not in _STARS
    }


def _scope(function: "Callable[..., Any]") -> "dict[str, Any]":
    while not hasattr(function, "__globals__"):
        inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
        inner = inner or getattr(function, "__func__", None) or _call_of(function)
        if inner is None or inner is function:
            return {}
        function = inner
    return dict(inspect.unwrap(function).__globals__)


def _call_of(function: object) -> "Callable[..., Any] | None":
    name = "__init__" if isinstance(function, type) else "__call__"
    found: Callable[..., Any] | None = inspect.getattr_static(type(function) if name == "__call__" else function, name)
    return found if inspect.isfunction(found) else None


def _evaluate(
    annotation: "Any",  # noqa: ANN401 # annotations are anything
    name: str,
    owner: str,
    function: "Callable[..., Any]",
    scope: "Mapping[str, Any]",
) -> "Any":  # noqa: ANN401
    try:
        hints = get_type_hints(SimpleNamespace(__annotations__={name: annotation}), dict(scope), include_extras=True)
    except NameError as error:
        raise _unknown(error, owner, name, function) from error
    except (SyntaxError, TypeError, AttributeError, ValueError) as error:
        # What is no type to typing may be one to a reader that is registered for it.
        if not isinstance(annotation, str):
            return annotation
        raise AnnotationError(owner, name, f"{annotation!r} is no type: {error}") from error
    return hints[name]


def _unknown(error: NameError, owner: str, name: str, function: "Callable[..., Any]") -> AnnotationError:
    missing = str(error.name)
    near = near_matches(missing, (*_scope(function), *dir(builtins)))
    return AnnotationError(owner, name, f"there is no {missing!r} where it is defined", near)


def fits(
    name: str,
    signature: Signature,
    declared: "Mapping[str, Kind]",
    function: "Callable[..., Any]",
    own: "Mapping[str, Kind]",
) -> str:
    """Return why a function cannot implement a declared signature; an empty text if it can.

    It must accept every call that the signature allows, and admit some of what each parameter is declared to be.

    Args:
        name: the operation's.
        signature: the operation's.
        declared: what the parameters of one overload admit.
        function: the implementation.
        own: what its parameters admit.
    """
    reason = mismatch(name.rpartition(".")[2], signature, function)
    if reason:
        return reason
    for parameter, kind in own.items():
        wanted = declared.get(parameter)
        if wanted is not None and kind.is_apart(wanted):
            return f"its {parameter!r} is {kind!r}, and it is declared to be {wanted!r}"
    return ""


def condition_problem(signature: Signature, mark: "BackendMark") -> tuple[str, str] | None:
    """Return which condition of a backend cannot be asked of a call, and why; None if both can be.

    It is given all arguments of a call, those that have a place by place, so that its own names do not matter.

    Args:
        signature: the operation's.
        mark: has the conditions.
    """
    kinds = {one.name: one.kind for one in signature.parameters.values()}
    places = [None for kind in kinds.values() if kind in POSITIONAL]
    named = dict.fromkeys(name for name, kind in kinds.items() if kind is Parameter.KEYWORD_ONLY)
    for name, condition in (("can_run", mark.can_run), ("should_run", mark.should_run)):
        if condition is None:
            continue
        if is_coroutine_function(condition):
            return name, "it is a coroutine function, which nothing would await"
        try:
            inspect.signature(condition).bind(*places, **named)
        except TypeError as error:
            return name, f"it cannot be given the arguments of a call: {error}"
        except Exception:  # noqa: BLE001, S112 # as of some builtins, its signature cannot be told: it is taken to fit
            continue
    return None


def narrowed(declared: "Mapping[str, Kind]", own: "Mapping[str, Kind]") -> dict[str, Kind]:
    """Return what an implementation of a declared signature admits: of each parameter the narrower of the two."""
    return {
        name: own[name] if name in own and not kind.is_within(own[name]) else kind for name, kind in declared.items()
    }
