"""What somebody would write who has the functions and the wrappers in lists, and no framework.

Each is written in two ways, of which one or the other is faster: that depends on the interpreter and on the numbers.
"""

from collections.abc import Callable, Generator, Sequence
from functools import reduce
from typing import Any, NoReturn

Function = Callable[..., Any]
Wrapper = Callable[..., Generator[None, Any, Any]]


def loops(functions: Sequence[Function]) -> dict[str, Function]:
    """Return two ways to call functions and to collect what is not None."""

    def append(*, a: object, b: object) -> list[object]:
        results = []
        for function in functions:
            result = function(a, b)
            if result is not None:
                results.append(result)
        return results

    def comprehend(*, a: object, b: object) -> list[object]:
        return [result for function in functions if (result := function(a, b)) is not None]

    return {"for loop": append, "comprehension": comprehend}


def drives(wrappers: Sequence[Wrapper], functions: Sequence[Function]) -> dict[str, Function]:
    """Return two ways to call functions inside wrappers, the first wrapper outermost."""
    innermost = loops(functions)["for loop"]
    nested = reduce(_around, reversed(wrappers), lambda a, b: innermost(a=a, b=b)) if wrappers else innermost
    return {"list of wrappers": _one_after_the_other(wrappers, functions), "nested wrappers": nested}


def _one_after_the_other(wrappers: Sequence[Wrapper], functions: Sequence[Function]) -> Function:  # noqa: C901  # below
    def drive(*, a: object, b: object) -> object:  # noqa: C901, PLR0912  # calls of smaller functions would cost time
        entered: list[Generator[None, Any, Any]] = []
        results: list[object] = []
        result: object = results
        failure: BaseException | None = None
        try:
            for wrapper in wrappers:
                generator = wrapper(a, b)
                for _ in generator:  # Does what next() does, without a call.
                    break
                else:
                    _refuse("did not yield")
                entered.append(generator)
            for function in functions:
                value = function(a, b)
                if value is not None:
                    results.append(value)
        except BaseException as error:  # noqa: BLE001  # the wrappers decide what becomes of it
            failure = error
        entered.reverse()
        for generator in entered:
            try:
                if failure is None:
                    generator.send(result)
                else:
                    generator.throw(failure)
            except StopIteration as stop:
                result, failure = stop.value, None
            except BaseException as error:  # noqa: BLE001  # the next wrapper decides what becomes of it
                failure = error
            else:
                _refuse("yielded twice")
        if failure is not None:
            raise failure
        return result

    return drive


def _around(inside: Function, wrapper: Wrapper) -> Function:
    def drive(a: object, b: object) -> object:
        generator = wrapper(a, b)
        for _ in generator:  # Does what next() does, without a call.
            break
        else:
            _refuse("did not yield")
        try:
            result = inside(a, b)
        except BaseException as error:  # noqa: BLE001  # the wrapper decides what becomes of it
            try:
                generator.throw(error)
            except StopIteration as stop:
                return stop.value
        else:
            try:
                generator.send(result)
            except StopIteration as stop:
                return stop.value
        _refuse("yielded twice")

    return drive


def _refuse(fault: str) -> NoReturn:
    raise RuntimeError(fault)
