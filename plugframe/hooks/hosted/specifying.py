"""What can be a hook of a host, told before anything is made of it."""

import inspect
from keyword import iskeyword

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            message = (
                f"hook {name!r} has the parameter {str(parameter)!r}; name every argument that implementations may take"
            )
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
