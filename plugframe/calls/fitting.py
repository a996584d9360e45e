"""Whether a function accepts every call that a signature allows."""

import inspect
from inspect import Parameter, Signature

from plugframe.calls.forwarding import Forwarder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def mismatch(name: str, signature: Signature | None, function: "Callable[..., Any]") -> str:
    """Return why a function does not accept every call that a signature allows; an empty text if it does.

    Parameters are compared, by place, name and whether they may be left out; annotations are not: comparing them may
    import or run anything. A function whose signature cannot be told, as that of some builtins, is taken to fit.

    Args:
        name: of what is called, for the reason.
        signature: None allows no call in particular.
        function: what is to be called.

    Example:
        >>> mismatch("progress", Signature.from_callable(lambda done, total: None), lambda done: None)
        'it does not accept progress(…, …): takes 1 positional argument but 2 were given'
    """
    if is_coroutine_function(function):
        return "it is a coroutine function, which nothing would await: it is called plainly"
    if signature is None:
        return ""
    try:
        own = tuple(inspect.signature(function).parameters.values())
        # Signature.bind and the interpreter differ over positional-only parameters, so that one is asked.
        like = Forwarder(name, own, None, file="<plugframe signature>").function
    except (TypeError, ValueError):
        return ""
    except Exception as error:  # noqa: BLE001 # whatever stands for its signature is somebody else's
        return f"its signature cannot be told: {type(error).__name__}"
    for positional, keywords in _calls(signature, own):
        try:
            like(*[None] * positional, **dict.fromkeys(keywords))
        except TypeError as error:
            arguments = ", ".join(["…"] * positional + [f"{keyword}=…" for keyword in keywords])
            return f"it does not accept {name}({arguments}): {str(error).removeprefix(f'{name}() ')}"
    return ""


def _calls(signature: Signature, others: "Sequence[Parameter]") -> "Iterator[tuple[int, list[str]]]":
    """Yield the calls that stand for all that a signature allows: how many positional arguments, and the keywords.

    Each parameter that can be is given by place and by name; all that may be left out are given, and are not. Where
    any further argument is allowed, there are more than the other parameters, or one of another name and all of theirs.
    """
    every = tuple(signature.parameters.values())
    positional = [one for one in every if one.kind in POSITIONAL]
    named = [one for one in every if one.kind is Parameter.KEYWORD_ONLY]
    kinds = {one.kind for one in every}
    most, own = len(positional), [one.name for one in named]
    if Parameter.VAR_POSITIONAL in kinds:
        most += len(others) + 1
        yield most, own
    if Parameter.VAR_KEYWORD in kinds:
        taken = {one.name for one in every if one.kind is Parameter.POSITIONAL_OR_KEYWORD}
        theirs = [one.name for one in others if one.name not in taken]
        yield most, list(dict.fromkeys([*own, *theirs, "_".join(["any", *theirs])]))
        yield len(positional), list(dict.fromkeys([*own, *theirs]))
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
