"""What calls a slot allows, and whether a function accepts all of them."""

import ast
import inspect
from inspect import Parameter, Signature

from plugframe.calls.forwarding import Forwarder
from plugframe.errors import RegistrationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from inspect import _ParameterKind
    from typing import Any

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
ANYTHING = Signature([Parameter("args", Parameter.VAR_POSITIONAL), Parameter("kwargs", Parameter.VAR_KEYWORD)])


def read_signature(slot: str, given: object) -> Signature | None:
    """Return the signature that somebody gave for a slot, or None for none.

    Args:
        slot: the slot's name, for messages.
        given: a signature, a callable whose signature counts, or a text such as ``(limit: int = 10) -> list[str]``,
            whose defaults are literals and whose annotations are never evaluated.

    Raises:
        RegistrationError: it is none of these, or the callable's signature cannot be told.

    Example:
        >>> read_signature("frames", "(limit: int = 10, *, deep=False) -> list[str]")
        <Signature (limit: 'int' = 10, *, deep=False) -> 'list[str]'>
    """
    if given is None or isinstance(given, Signature):
        return given
    if isinstance(given, str):
        return _parse(slot, given)
    problem = "it is neither a signature, nor a text of one, nor a function"
    if callable(given):
        if is_coroutine_function(given):
            problem = "it is a coroutine function, and a slot is called plainly"
        else:
            try:
                return inspect.signature(given)
            except (TypeError, ValueError) as error:
                problem = f"its signature cannot be told: {error}"
    message = f"{given!r} is no signature for the slot {slot!r}: {problem}"
    raise RegistrationError(message)


def _parse(slot: str, text: str) -> Signature:
    try:
        arguments, returns = _definition(f"def slot{text.strip()}: pass")
        return Signature(list(_parameters(arguments)), return_annotation=returns)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or str(error) or type(error).__name__
        message = (
            f"{text!r} is no signature for the slot {slot!r}: {reason}; one is such as '(limit: int) -> list[str]'"
        )
        raise RegistrationError(message) from error


def _definition(source: str) -> tuple[ast.arguments, object]:
    """Return the parameters and the annotation of the result of one function, of which there is no more than that.

    Raises:
        ValueError: the text says more than a signature does.
        SyntaxError: it is none.
    """
    function, *more = ast.parse(source).body
    if more or not isinstance(function, ast.FunctionDef) or function.name != "slot":
        message = "it is more than a signature"
        raise ValueError(message)
    if len(function.body) != 1 or not isinstance(function.body[0], ast.Pass):
        message = "it has a body"
        raise ValueError(message)
    return function.args, Signature.empty if function.returns is None else ast.unparse(function.returns)


def _parameters(arguments: ast.arguments) -> "Iterator[Parameter]":
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = [None] * (len(positional) - len(arguments.defaults))
    for argument, default in zip(positional, [*missing, *arguments.defaults], strict=True):
        yield _parameter(argument, _POSITIONAL[argument in arguments.args], default)
    if arguments.vararg:
        yield _parameter(arguments.vararg, Parameter.VAR_POSITIONAL, None)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, Parameter.KEYWORD_ONLY, default)
    if arguments.kwarg:
        yield _parameter(arguments.kwarg, Parameter.VAR_KEYWORD, None)


def _parameter(argument: ast.arg, kind: "_ParameterKind", default: ast.expr | None) -> Parameter:
    try:
        value = Parameter.empty if default is None else ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError) as error:
        message = f"the default of {argument.arg!r} is no literal"
        raise ValueError(message) from error
    annotation = Parameter.empty if argument.annotation is None else ast.unparse(argument.annotation)
    return Parameter(argument.arg, kind, default=value, annotation=annotation)


def mismatch(slot: str, signature: Signature | None, function: "Callable[..., Any]") -> str:
    """Return why a function does not accept every call that a signature allows; an empty text if it does.

    Parameters are compared, by place, name and whether they may be left out; annotations are not: comparing them may
    import or run anything. A function whose signature cannot be told, as that of some builtins, is taken to fit.

    Args:
        slot: the slot's name, for the reason.
        signature: None allows no call in particular.
        function: what is to be called.

    Example:
        >>> mismatch("progress", Signature.from_callable(lambda done, total: None), lambda done: None)
        'it does not accept progress(…, …): takes 1 positional argument but 2 were given'
    """
    if is_coroutine_function(function):
        return "it is a coroutine function, which nothing would await: a slot is called plainly"
    if signature is None:
        return ""
    try:
        own = tuple(inspect.signature(function).parameters.values())
        # Signature.bind and the interpreter differ over positional-only parameters, so that one is asked.
        like = Forwarder(slot, own, None, file="<plugframe signature>").function
    except (TypeError, ValueError):
        return ""
    except Exception as error:  # noqa: BLE001 # whatever stands for its signature is somebody else's
        return f"its signature cannot be told: {type(error).__name__}"
    for positional, keywords in _calls(signature, own):
        try:
            like(*[None] * positional, **dict.fromkeys(keywords))
        except TypeError as error:
            arguments = ", ".join(["…"] * positional + [f"{name}=…" for name in keywords])
            return f"it does not accept {slot}({arguments}): {str(error).removeprefix(f'{slot}() ')}"
    return ""


def _calls(signature: Signature, others: "Sequence[Parameter]") -> "Iterator[tuple[int, list[str]]]":
    """Yield the calls that stand for all that a signature allows: how many positional arguments, and the keywords.

    Each parameter that can be is given by place and by name; all that may be left out are given, and are not. Where
    any further argument is allowed, there are more than the other parameters, or one of another name and all of theirs.
    """
    every = tuple(signature.parameters.values())
    positional = [one for one in every if one.kind in _POSITIONAL]
    named = [one for one in every if one.kind is Parameter.KEYWORD_ONLY]
    kinds = {one.kind for one in every}
    if Parameter.VAR_POSITIONAL in kinds:
        yield len(positional) + len(others) + 1, [one.name for one in named]
    if Parameter.VAR_KEYWORD in kinds:
        taken = {one.name for one in every if one.kind is Parameter.POSITIONAL_OR_KEYWORD}
        theirs = [one.name for one in others if one.name not in taken]
        yield len(positional), list(dict.fromkeys([*(one.name for one in named), *theirs, "_".join(["any", *theirs])]))
    for places in range(len(positional), -1, -1):
        left = positional[places:]
        if any(one.kind is Parameter.POSITIONAL_ONLY and one.default is Parameter.empty for one in left):
            return
        given = [one for one in (*left, *named) if one.kind is not Parameter.POSITIONAL_ONLY]
        yield places, [one.name for one in given]
        yield places, [one.name for one in given if one.default is Parameter.empty]


def is_coroutine_function(function: object) -> bool:
    """Return whether calling something makes a coroutine, as far as that can be told without calling it."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004 # what its class defines, not whether it can be called
    )
