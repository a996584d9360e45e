"""What can be a hook of a host, told before anything is made of it, and the specification that is made of it."""

import inspect
from keyword import iskeyword
from types import ModuleType

import pluggy
from pluggy._hooks import HookSpec

from plugframe.hooks.hosted.verifying import signature_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

POLICIES = ("raise", "collect", "skip")


def check(function: "Any", *, firstresult: bool, historic: bool, errors: str, concurrent: bool) -> None:
    """Raise if a function and options make no hook.

    Raises:
        TypeError: it is no function with a name, or takes arguments that no call could give.
        ValueError: the options exclude each other.
    """
    if not inspect.isfunction(inspect.unwrap(function) if callable(function) else None):
        message = f"a hook specification is a function; got {function!r}"
        raise TypeError(message)
    name = getattr(function, "__name__", "")
    if not name.isidentifier() or iskeyword(name) or name.startswith("_"):
        message = f"a hook is named after its function; {name!r} cannot be the name of one"
        raise TypeError(message)
    signature = signature_of(function)
    if signature is None:
        message = f"a hook specification is a function whose parameters can be told; those of {name!r} cannot"
        raise TypeError(message)
    for parameter in signature.parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            starred = str(parameter.replace(annotation=parameter.empty))
            message = f"hook {name!r} has the parameter {starred!r}; name every argument that implementations may take"
            raise TypeError(message)
    if firstresult and historic:
        message = (
            f"hook {name!r} cannot be both firstresult and historic: nothing waits for the results of later plugins"
        )
        raise ValueError(message)
    if firstresult and concurrent:
        message = (
            f"hook {name!r} cannot be both firstresult and concurrent: all would have started before the first is known"
        )
        raise ValueError(message)
    if errors not in POLICIES:
        message = f"errors of hook {name!r} is one of {', '.join(map(repr, POLICIES))}; got {errors!r}"
        raise ValueError(message)


def specification_of(project: str, function: "Callable[..., Any]", options: "Mapping[str, Any]") -> HookSpec:
    """Return a specification whose arguments are all of a function's parameters, also those by keyword only."""
    pluggy.HookspecMarker(project)(function, **options)
    namespace = ModuleType(str(function.__module__), "The one hook specification that a host declares by a function.")
    setattr(namespace, function.__name__, function)
    spec = HookSpec(namespace, function.__name__, getattr(function, f"{project}_spec"))
    defaults = inspect.unwrap(function).__kwdefaults__ or {}
    keywords = _keyword_only(function)
    spec.argnames = (*spec.argnames, *(name for name in keywords if name not in defaults))
    spec.kwargnames = (*spec.kwargnames, *(name for name in keywords if name in defaults))
    spec.kwargdefaults.update(defaults)
    return spec


def take_keywords(implementation: pluggy.HookImpl) -> None:
    """Let an implementation be given what it takes by keyword only, which pluggy leaves out."""
    keywords = _keyword_only(implementation.function)
    if keywords:
        object.__setattr__(implementation, "kwargnames", (*implementation.kwargnames, *keywords))


def _keyword_only(function: "Callable[..., Any]") -> tuple[str, ...]:
    signature = signature_of(function)
    parameters = signature.parameters.values() if signature else ()
    return tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY)
