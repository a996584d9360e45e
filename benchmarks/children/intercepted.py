"""Calls with call hooks, planned, against the same written by hand: the same hooks, the same arguments for them."""

from collections.abc import Callable
from inspect import BoundArguments, signature
from typing import Any

import plugframe
from benchmarks.children.turns import Contestant, compare
from benchmarks.measure import Comparison
from plugframe.calls.interception import Interception

HOOKS = (("argument", "pre", "post"), ("argument", "argument", "argument"), ("post", "post", "commit"))
"""The kinds of three call hooks, one mixture after the other."""


def resize(image: list[int], width: int, height: int) -> list[int]:  # noqa: ARG001 # hooks are given them
    """Do next to nothing, so that what is around it is what is measured."""
    return image


def compare_intercepted(mixture: int) -> Comparison:
    """Compare a function with three call hooks around it.

    Args:
        mixture: which of ``HOOKS``.
    """
    hooks = Interception("image.resize", resize)
    _register(hooks, HOOKS[mixture])
    return compare(_contestant("planned", hooks.wrap(resize)), _contestant("by hand", BY_HAND[mixture]))


def compare_intercepted_operation(mixture: int) -> Comparison:
    """Compare an operation with three call hooks; by hand they are around the function that declares it.

    Args:
        mixture: which of ``HOOKS``.
    """
    host = plugframe.Host("benchmark", path=[])
    operation = host.operation("image.resize")(resize)
    _register(operation, HOOKS[mixture])
    return compare(_contestant("operation", operation), _contestant("by hand", BY_HAND[mixture]))


def _contestant(who: str, function: Callable[..., Any]) -> Contestant:
    return Contestant(who, "resize(image, 2, 3)", resize=function, image=[1])


def _register(hooks: Any, kinds: tuple[str, ...]) -> None:  # noqa: ANN401 # of a function or an operation
    for kind, parameter in zip(kinds, ("width", "image", "height"), strict=True):
        if kind == "argument":
            hooks.register_pre_hook(look, argument=parameter)
        elif kind == "pre":
            hooks.register_pre_hook(look_at_all)
        else:
            (hooks.register_post_hook if kind == "post" else hooks.register_commit_hook)(look_after)


def look(_value: object) -> None:
    """Be an argument pre-hook that keeps the argument."""


def look_at_all(_arguments: BoundArguments) -> None:
    """Be a call pre-hook that keeps the arguments."""


def look_after(_arguments: BoundArguments, _result: object) -> None:
    """Be a post-hook that keeps the result, or a commit hook."""


_SIGNATURE = signature(resize)


def mixed(image: list[int], width: int, height: int) -> list[int]:
    """Run an argument pre-hook, a call pre-hook and a post-hook."""
    value: Any = look(width)  # type: ignore[func-returns-value] # others' would return something
    if value is not None:
        width = value
    arguments = BoundArguments(_SIGNATURE, {"image": image, "width": width, "height": height})
    given: Any = look_at_all(arguments)  # type: ignore[func-returns-value] # the same
    if given is not None:
        arguments = given
        image, width, height = arguments.arguments.values()
    result = resize(image, width, height)
    value = look_after(arguments, result)  # type: ignore[func-returns-value] # the same
    if value is not None:
        result = value
    return result


def before(image: list[int], width: int, height: int) -> list[int]:
    """Run three argument pre-hooks."""
    value: Any = look(width)  # type: ignore[func-returns-value] # others' would return something
    if value is not None:
        width = value
    value = look(image)  # type: ignore[func-returns-value] # the same
    if value is not None:
        image = value
    value = look(height)  # type: ignore[func-returns-value] # the same
    if value is not None:
        height = value
    return resize(image, width, height)


def after(image: list[int], width: int, height: int) -> list[int]:
    """Run two post-hooks and a commit hook."""
    arguments = BoundArguments(_SIGNATURE, {"image": image, "width": width, "height": height})
    result = resize(image, width, height)
    value: Any = look_after(arguments, result)  # type: ignore[func-returns-value] # others' would return something
    if value is not None:
        result = value
    value = look_after(arguments, result)  # type: ignore[func-returns-value] # the same
    if value is not None:
        result = value
    look_after(arguments, result)
    return result


BY_HAND = (mixed, before, after)
"""What does the same as the hooks of each mixture."""
