"""The functions that calls of an operation go through, which cost little more than the implementation.

One is made when the operation is declared and never exchanged: it calls its target, as in ``calls.forwarding``, and has
somebody told if that declines. The target is the implementation itself where that is certain, and otherwise a function
that finds it by the types of the arguments that the implementations differ in.
"""

import builtins
from abc import get_cache_token
from itertools import count
from weakref import ref

from plugframe.calls.forwarding import Forwarding, compile_text, write_parameters
from plugframe.errors import Decline

__tracebackhide__ = True  # pytest's reports are of those who call operations and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from inspect import Parameter
    from types import CodeType
    from typing import Any

_MOST_TYPES = 1024  # in one table; beyond, it is begun anew
_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE: of a class that can go away
_WORDS = ("target", "declined", "call", "find", "kind", "key", "token", "seen", "decline", "error")
_FORWARD = """
def {name}({declared}):
    try:
        return {target}({passed})
    except {decline} as {error}:
        return {declined}({target}, {error}, {passed})
"""
_CHOOSE = """
def {name}({declared}):
    {call} = {find}({ids}) or {target}
    try:
        return {call}({passed})
    except {decline} as {error}:
        return {declined}({call}, {error}, {passed})
"""
_CHOOSE_OPEN = """
def {name}({declared}):
    if {token}() != {seen}:
        return {target}({passed})
    {call} = {find}({ids}) or {target}
    try:
        return {call}({passed})
    except {decline} as {error}:
        return {declined}({call}, {error}, {passed})
"""


class _Generated:
    """A generated function of an operation's parameters, and the globals that are its own."""

    def __init__(
        self,
        text: str,
        name: str,
        parameters: "Sequence[Parameter]",
        *,
        declined: "Callable[..., Any]",
        types: "Sequence[str]" = (),
    ) -> None:
        words = _words(parameters)
        declared, passed = write_parameters(parameters)
        source = text.format(
            name=name,
            declared=declared,
            passed=passed,
            ids=_key("{key}({kind}({one}))", types, words),
            **words,
        )
        self.words = words
        self.globals: dict[str, Any] = {
            **{f"default_{place}": parameter.default for place, parameter in enumerate(parameters)},
            "__builtins__": builtins,
            "__name__": __name__,
            "__tracebackhide__": True,
            words["declined"]: declined,
            words["decline"]: Decline,
            words["kind"]: type,
            words["key"]: id,
            words["token"]: get_cache_token,
        }
        made: dict[str, Any] = {}
        exec(compile_text(source, f"<plugframe operation {name}>"), self.globals, made)  # noqa: S102 # of identifiers
        (self.function,) = made.values()

    def set(self, word: str, value: object) -> None:
        self.globals[self.words[word]] = value


class Forward(_Generated, Forwarding):
    """A function that calls its target; where that declines, another is told, and says what the call returns."""

    expected = Decline

    def __init__(
        self, name: str, parameters: "Sequence[Parameter]", declined: "Callable[..., Any]", enter: "Callable[..., Any]"
    ) -> None:
        """Make the function.

        Args:
            name: the operation's own, without its namespace.
            parameters: the operation's; their defaults are passed on by each call that leaves them out.
            declined: is given the target, an exception, and the arguments. By then the target may be another one than
                raised it, which ``raised_by`` tells: to keep it for each call costs a tenth of one.
            enter: the first target.
        """
        super().__init__(_FORWARD, name, parameters, declined=declined)
        self.otherwise = declined
        self.point(enter)

    def point(self, target: "Callable[..., Any]") -> None:
        """Let calls that begin from now on call another target."""
        self.target = target
        self.set("target", target)


class ByTypes(_Generated):
    """A function that calls what is kept for the types of some arguments, and what it is given where nothing is.

    It keeps no class alive: what is kept for one that can go away goes with it.
    """

    def __init__(
        self,
        name: str,
        parameters: "Sequence[Parameter]",
        *,
        types: "Sequence[str]",
        is_open: bool,
        declined: "Callable[..., Any]",
        enter: "Callable[..., Any]",
    ) -> None:
        """Make the function, with nothing kept.

        Args:
            name: the operation's own, without its namespace.
            parameters: the operation's.
            types: the parameters whose types decide, one or more.
            is_open: whether registration with an ABC may change what they decide.
            declined: is given what was called, what it raised, and the arguments.
            enter: is called for types for which nothing is kept.
        """
        super().__init__(_CHOOSE_OPEN if is_open else _CHOOSE, name, parameters, declined=declined, types=types)
        self.types = tuple(types)
        self._table: dict[Any, Callable[..., Any]] = {}
        self._alive: dict[int, tuple[ref[type], ...]] = {}
        self._numbers = count()
        for word, value in (("find", self._table.get), ("target", enter), ("seen", get_cache_token())):
            self.set(word, value)

    def keep(self, types: "tuple[type, ...]", call: "Callable[..., Any]", token: object) -> None:
        """Have calls with arguments of some types call something from now on.

        Args:
            types: of the arguments that decide, in order.
            call: what is called.
            token: of the ABCs, from before that was found out.
        """
        if type(call).__dict__.keys() & {"__bool__", "__len__"}:
            return  # one that may count as nothing is looked for at each call
        if token != self.globals[self.words["seen"]] or len(self._table) >= _MOST_TYPES:
            self._table.clear()
            self._alive.clear()
            self.set("seen", token)
        key = tuple(map(id, types)) if len(self.types) > 1 else id(types[0])
        number, table, alive = next(self._numbers), self._table, self._alive

        def forget(_: object) -> None:
            # It is called before the memory of a class can be another's, so that no other has the key by then.
            table.pop(key, None)
            alive.pop(number, None)

        mortal = [one for one in types if one.__flags__ & _HEAP]
        if mortal:
            alive[number] = tuple(ref(one, forget) for one in mortal)
        table[key] = call


def raised_by(error: BaseException) -> "CodeType | None":
    """Return the code of what a generated function called, whose exception it handles; None where that has none."""
    below = error.__traceback__ and error.__traceback__.tb_next
    return below.tb_frame.f_code if below else None


def _words(parameters: "Sequence[Parameter]") -> dict[str, str]:
    """Return the names of what a text uses of its own: arguments may have any name, so they make way."""
    names, suffix = {parameter.name for parameter in parameters}, ""
    while any(word + suffix in names for word in _WORDS):
        suffix += "_"
    return {word: word + suffix for word in _WORDS}


def _key(text: str, types: "Sequence[str]", words: dict[str, str]) -> str:
    parts = [text.format(one=one, **words) for one in types]
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
