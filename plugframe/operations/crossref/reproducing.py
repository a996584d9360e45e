"""The program that makes a call again, to be pasted, and what its arguments lack, as comments."""

import sys
from inspect import Parameter

from plugframe.operations.crossref.expressions import Expression, join, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from plugframe.operations.resolution.contexts import ResolvedCall


def write_call(call: "ResolvedCall", arguments: "Mapping[str, Any]") -> Expression:
    """Return Python that makes a call again, by the same backend.

    Args:
        call: what was called.
        arguments: what they were before it.
    """
    start = f"host.ops.{call.operation.name}.using({call.backend!r})("
    return join(start, list(_write_arguments(call, arguments)), ")")


def _write_arguments(call: "ResolvedCall", arguments: "Mapping[str, Any]") -> "Iterator[Expression]":
    parameters = call.arguments.signature.parameters.values()
    starred = any(
        parameter.kind is Parameter.VAR_POSITIONAL and arguments.get(parameter.name) for parameter in parameters
    )
    placed = {Parameter.POSITIONAL_ONLY, *([Parameter.POSITIONAL_OR_KEYWORD] if starred else [])}
    for parameter in parameters:
        value = arguments.get(parameter.name, parameter.default)
        if parameter.kind is Parameter.VAR_POSITIONAL:
            yield from map(write, value)
        elif parameter.kind is Parameter.VAR_KEYWORD:
            yield from (_name(name, write(part)) for name, part in value.items())
        elif parameter.kind in placed:
            yield write(value)
        elif value is not parameter.default:
            yield _name(parameter.name, write(value))


def _name(name: str, value: Expression) -> Expression:
    if not name.isidentifier():
        return value.replace(text=f"**{{{name!r}: {value.text}}}")
    return value.replace(text=f"{name}={value.text}")


def write_program(call: "ResolvedCall", made: Expression, options: str) -> str:
    """Return the program that makes a call under the same check, with what it needs before it.

    Args:
        call: what was called.
        made: the expression that calls it.
        options: the arguments of ``host.ops.crossref``.
    """
    lines = [
        _find_host(call),
        *(f"import {module}" for module in made.modules),
        *(f"# {reason}" for reason in dict.fromkeys(made.missing)),
        f"with host.ops.crossref({options}):",
        f"    {made.text}",
    ]
    return "\n".join(lines) + "\n"


def _find_host(call: "ResolvedCall") -> str:
    """Return the statement that imports the host, which the module that declared the operation most likely knows."""
    if call.operation.owner.host == "plugframe":
        return "from plugframe import default_host as host"
    function = call.overload.function
    space: dict[str, object] = getattr(function, "__globals__", {})
    module = space.get("__name__")
    names = [name for name, value in space.items() if _is_host(value, call.operation.owner.host)]
    if not names or module == "__main__" or vars(sys.modules.get(str(module), sys)) is not space:
        return f"# host is the plugframe.Host that is named {call.operation.owner.host!r}"
    name = "host" if "host" in names else names[0]
    return f"from {module} import {name}" + ("" if name == "host" else " as host")


def _is_host(value: object, name: str) -> bool:
    cls = type(value)
    return (cls.__module__, cls.__qualname__) == ("plugframe.host", "Host") and vars(value).get("name") == name
