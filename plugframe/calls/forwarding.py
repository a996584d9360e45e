"""One function of any parameters that calls whatever it is pointed at, and costs little more than a plain one else.

Its code is never exchanged: from Python 3.13 on the interpreter does not specialise calls of a function whose code or
defaults were set after the function was made, and each call then costs half as much again. What it is pointed at is a
global of its own, which is read without a look-up, and which leaves no circle that nothing can free.
"""

import builtins
from dis import get_instructions
from functools import lru_cache
from inspect import Parameter
from types import CodeType, FunctionType

__tracebackhide__ = True  # pytest's reports are of those who call slots and who are bound to them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Target = tuple[Callable[..., Any], Callable[[], None]]

_STARS: "dict[object, str]" = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}
_WORDS = ("idle", "target", "pair", "fallback", "exception")
_TEXT = """
def {name}({declared}):
    if {idle}:
        return {answer}
    {pair} = {target}
    try:
        return {pair}[0]({passed})
    except {exception}:
        {pair}[1]()
        raise
"""


class Forwarding:
    """A function that does nothing but hand calls on; who has its calls compiled can do that without it.

    Attributes:
        function: the function itself.
        target: what it calls now; that may be another at the next call.
        expected: which of the target's exceptions do not end the call.
        otherwise: is given the target, such an exception and the arguments; the call goes on with it.
    """

    function: "Callable[..., Any]"
    target: "Callable[..., Any]"
    expected: type[Exception]
    otherwise: "Callable[..., Any]"


class Forwarder:
    """A function that calls a target or, while it has none, a fallback.

    The target and who is told of its exceptions are one pair, which a call takes once: no call sees a half of each of
    two. A call that runs goes on with the pair with which it began. Whether it is idle is kept apart, since to ask that
    is all that a call of an idle one costs; the fallback is a target, too, for calls that take it just then.
    """

    def __init__(
        self, name: str, parameters: "Sequence[Parameter]", fallback: "Callable[..., Any] | None", *, file: str
    ) -> None:
        """Make the function.

        Args:
            name: its name, an identifier.
            parameters: its own; their defaults are passed on by each call that leaves them out.
            fallback: what a call without a target calls; None returns None. One that does nothing but return a
                constant is not called but replaced by that.
            file: stands for the file in tracebacks.

        Raises:
            SyntaxError: a parameter has a name that no function's can have.
        """
        words = _words(parameter.name for parameter in parameters)
        constant = (None,) if fallback is None else _constant(fallback)
        declared, passed = write_parameters(parameters)
        answer = words["fallback"]
        if constant == (None,):
            answer = "None"
        elif not constant:
            answer += f"({passed})"
        text = _TEXT.format(name=name, declared=declared, passed=passed, answer=answer, **words)
        self._idle, self._target = words["idle"], words["target"]
        self._rest: Target = (_ignore if fallback is None else fallback), _ignore
        self._globals: dict[str, Any] = {
            **{f"default_{place}": parameter.default for place, parameter in enumerate(parameters)},
            "__builtins__": builtins,
            "__name__": __name__,
            "__tracebackhide__": True,
            words["idle"]: True,
            words["target"]: self._rest,
            words["fallback"]: constant[0] if constant else fallback,
            words["exception"]: BaseException,
        }
        made: dict[str, Any] = {}
        exec(compile_text(text, file), self._globals, made)  # noqa: S102 # of names that were checked to be identifiers
        (self.function,) = made.values()

    def point(self, target: "Target | None") -> None:
        """Let calls that begin from now on call a target; None for the fallback.

        Args:
            target: what is called, and what is called while an exception that it raised is handled, before that is
                raised again.
        """
        # In this order, a call that is not idle always finds a target.
        self._globals[self._target] = target or self._rest
        self._globals[self._idle] = target is None


def _ignore(*_: object, **__: object) -> None:
    pass


def _words(taken: "Iterable[str]") -> dict[str, str]:
    """Return the names of what the text uses of its own: arguments may have any name, so they make way."""
    names, suffix = set(taken), ""
    while any(word + suffix in names for word in _WORDS):
        suffix += "_"
    return {word: word + suffix for word in _WORDS}


def write_parameters(parameters: "Sequence[Parameter]") -> tuple[str, str]:
    """Return how parameters are declared, their defaults being globals ``default_0`` …, and how they are passed on."""
    declared: list[str] = []
    passed: list[str] = []
    kinds = [parameter.kind for parameter in parameters]
    for place, parameter in enumerate(parameters):
        name, kind = _STARS.get(parameter.kind, "") + parameter.name, parameter.kind
        if kind is Parameter.KEYWORD_ONLY and kinds.index(kind) == place and Parameter.VAR_POSITIONAL not in kinds:
            declared.append("*")
        declared.append(name if parameter.default is Parameter.empty else f"{name}=default_{place}")
        if kind is Parameter.POSITIONAL_ONLY and kinds.count(kind) == place + 1:
            declared.append("/")
        passed.append(f"{name}={name}" if kind is Parameter.KEYWORD_ONLY else name)
    return ", ".join(declared), ", ".join(passed)


def _constant(function: "Callable[..., Any]") -> "tuple[Any, ...]":
    """Return the constant that a function does nothing but return, in a tuple; an empty one if it does more."""
    if type(function) is not FunctionType:
        return ()
    steps = [step for step in get_instructions(function) if step.opname not in ("RESUME", "NOP")]
    names = tuple(step.opname for step in steps)
    if names not in (("RETURN_CONST",), ("LOAD_CONST", "RETURN_VALUE"), ("LOAD_SMALL_INT", "RETURN_VALUE")):
        return ()
    return (steps[0].argval,)


@lru_cache(maxsize=256)
def compile_text(text: str, file: str) -> CodeType:
    """Return the code of a text, compiled once."""
    return compile(text, file, "exec", dont_inherit=True)
