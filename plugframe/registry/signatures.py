"""What calls a slot allows."""

import ast
import inspect
from inspect import Parameter, Signature

from plugframe.calls.fitting import POSITIONAL, is_coroutine_function
from plugframe.errors import RegistrationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from inspect import _ParameterKind

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
        yield _parameter(argument, POSITIONAL[argument in arguments.args], default)
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
