"""Routines to functions: a source is compiled once a shape, and every function has what it uses in it.

``compile_method`` makes the ``__call__`` of a class made for one caller; ``LiveFunction`` is one function whose body is
exchanged while every reference to it stays good.
"""

import builtins
import sys
from functools import lru_cache, partial
from types import CellType, CodeType, CoroutineType, FunctionType

from plugframe.calls.showing import show
from plugframe.calls.source import fill, keyword_only, mark, outside, write
from plugframe.calls.watching import Watcher
from plugframe.calls.wrapping import leave, refuse, set_context

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from inspect import Parameter
    from typing import Any, NoReturn

    from plugframe.calls.steps import Routine

# A function's code is exchanged under running calls, and has functions among its constants. An interpreter without a
# global lock allows neither: it keeps constants for ever, and looks at code without counting itself as a user of it.
EXCHANGEABLE = sys.implementation.name == "cpython" and "free-threading" not in sys.version

_CONSTANT = "\0"  # begins a constant that stands for what a text uses from outside
_GLOBALS = {"__builtins__": builtins, "__tracebackhide__": True}  # the second hides the functions from pytest's reports
_BUILTINS = {kind.__name__: kind for kind in (BaseException, Exception, StopIteration, next, type)}
_missing = object()


def compile_method(
    routine: "Routine",
    defaults: "Mapping[str, object]",
    incomplete: "Callable[[Any, dict[str, object]], object]",
) -> "Callable[..., Any]":
    """Return a function for a class's ``__call__`` that runs a routine.

    Args:
        routine: what it does.
        defaults: values of parameters that a call may leave out.
        incomplete: is given the object and the arguments of a call with other arguments than the parameters.
    """

    def complete(caller: object, given: dict[str, object], extra: dict[str, object]) -> object:
        arguments = {name: value for name, value in given.items() if value is not _missing}
        return incomplete(caller, {**arguments, **extra})

    text, _ = write(routine.shape(defaults, guarded=True, watched=False))
    values = _values(routine, complete=complete, missing=_missing)
    place = show(routine.name, text, routine.labels())
    code, names = _global_code(text, routine.parameters)
    # Globals of its own: cells are copied at each call, and a circle through a constant is never freed.
    made = FunctionType(
        _named(code, "__call__", place), {**_GLOBALS, **{name: values[use] for name, use in names.items()}}, "__call__"
    )
    made.__kwdefaults__ = {name: defaults.get(name, _missing) for name in routine.parameters}
    return made


def compile_function(
    name: str, parameters: "Sequence[Parameter]", text: str, values: "Mapping[str, object]", place: str
) -> "Callable[..., Any]":
    """Return a function that is the text of one, with what it uses from outside.

    Args:
        name: its name.
        parameters: its own, whose defaults it gets.
        text: the function, with marks, and the defaults as ``write_parameters`` writes them; see ``source.write``.
        values: what stands for the marks.
        place: stands for the file in tracebacks; see ``showing.show``.
    """
    defining, names = _defining_code(text, tuple(one.name for one in parameters))
    defaults = {f"default_{place}": one.default for place, one in enumerate(parameters)}
    # Globals of its own: cells are copied at each call, and a circle through a constant is never freed.
    uses = {**_GLOBALS, **defaults, **{variable: values[use] for variable, use in names.items()}}
    code = _named(_only_code(defining.co_consts), name, place)
    # By a statement: from Python 3.13 on, calls of a function that FunctionType made are never specialised.
    constants = tuple(code if isinstance(one, CodeType) else one for one in defining.co_consts)
    made: dict[str, Callable[..., Any]] = {}
    exec(defining.replace(co_consts=constants), uses, made)  # noqa: S102 # a definition, and nothing else
    (function,) = made.values()
    return function


class LiveFunction:
    """One function of keyword arguments whose body is exchanged: by what each call is handed to, or by a routine.

    A call that runs goes on with the body with which it began. Exchanging the body is one store, which every reference
    to the function sees at its next call.
    """

    def __init__(self, name: str, parameters: "tuple[str, ...]", defaults: "Mapping[str, object]") -> None:
        """Make the function; it is to be given a body before its first call.

        Args:
            name: its name.
            parameters: the names of its arguments; a call must give each that has no default.
            defaults: values of those that a call may leave out.
        """
        self.name = name
        self.parameters = parameters
        self._exchangeable = EXCHANGEABLE
        self._target = CellType()
        given = ", ".join(f"{name!r}: {name}" for name in parameters)
        self._handing = f"def call({keyword_only(parameters)}):\n    return {mark('target')}({{{given}}})\n"
        if self._exchangeable:
            self.function = FunctionType(_constant_code(self._handing), _GLOBALS, name)
        else:
            passed = ", ".join(f"{name}={name}" for name in parameters)
            text = f"def call({keyword_only(parameters)}):\n    return {mark('target')}({passed})\n"
            self.function = _close_over(text, {"target": self._target}, parameters)
            self.function.__code__ = _named(self.function.__code__, name, show(name, text, ()))
        self.function.__kwdefaults__ = dict(defaults)

    def hand_to(self, target: "Callable[[dict[str, object]], object]") -> None:
        """Let each call be handed, as one dictionary of its arguments, to a function."""
        self.become(self._handing, {"target": target}, show(self.name, self._handing, ()))

    def run(self, routine: "Routine", **uses: "Callable[..., Any]") -> None:
        """Let each call run a routine.

        Args:
            routine: what it does; its parameters are the function's.
            uses: ``tell`` is given each exception and the number of the step that it came from, or None; ``unawaited``
                is given the number of a step that returned a coroutine, and the coroutine, and raises;
                where the routine collects or skips exceptions, ``failed`` is given each, with its step's number and the
                list to collect it in, and ``grouped`` makes the exception to raise of that list.
        """
        text, places = write(routine.shape({}, guarded=False, watched=True))
        uses = {"unawaited": _refuse_coroutine, "set_context": set_context, "coroutine": CoroutineType, **uses}
        uses["refused"] = partial(_refused, uses["unawaited"], uses["tell"])
        values = _values(routine, watch=Watcher(uses["tell"], places), **uses)
        self.become(text, values, show(routine.name, text, routine.labels()))

    def become(self, text: str, values: "Mapping[str, object]", place: str) -> None:
        """Let each call run a text.

        Args:
            text: of a function of the same keyword arguments, with marks; see ``source.write``.
            values: what stands for the marks.
            place: stands for the file in tracebacks; see ``showing.show``.
        """
        if self._exchangeable:
            self.function.__code__ = _named(_with_constants(text, values), self.name, place)
        else:
            made = _close_over(text, values, self.parameters)
            made.__code__ = _named(made.__code__, self.name, place)
            self._target.cell_contents = made


def _refuse_coroutine(_: int, coroutine: "CoroutineType[Any, Any, Any]") -> "NoReturn":
    coroutine.close()
    message = f"{coroutine.__qualname__} is a coroutine, which nothing would await"
    raise TypeError(message)


def _refused(
    unawaited: "Callable[..., object]", tell: "Callable[..., object]", step: int, coroutine: object
) -> tuple[None, BaseException | None]:
    """Return the result and the exception that come out of a wrapper that made a coroutine of the result."""
    failure: BaseException | None = None
    try:
        unawaited(step, coroutine)
    except BaseException as error:  # noqa: BLE001 # it is handed on to the wrapper around this one
        tell(error, step)
        failure = error
    return None, failure


def _values(routine: "Routine", **uses: object) -> "dict[str, object]":
    """Return what a routine's text uses from outside, by its name there."""
    steps = {str(place): step.function for place, step in enumerate(routine.steps)}
    owners = {f"owner_{place}": step.owner for place, step in enumerate(routine.steps)}
    return {**_BUILTINS, **steps, **owners, "leave": leave, "refuse": refuse, **routine.uses, **uses}


def _named(code: CodeType, name: str, place: str) -> CodeType:
    return code.replace(co_name=name, co_qualname=name, co_filename=place)


def _with_constants(text: str, values: "Mapping[str, object]") -> CodeType:
    """Return the code of a text with what it uses among its constants."""
    code = _constant_code(text)
    constants = tuple(
        values[value[1:]] if isinstance(value, str) and value[:1] == _CONSTANT else value for value in code.co_consts
    )
    return code.replace(co_consts=constants)


@lru_cache(maxsize=512)
def _constant_code(text: str) -> CodeType:
    """Compile a text whose marks become constants, to be put in their place.

    A condition around each keeps the compiler from warning that a string is called; it leaves no trace in the code.
    """
    return _compile(fill(text, lambda name: f"({_CONSTANT + name!r} if True else None)"))


@lru_cache(maxsize=512)
def _global_code(text: str, parameters: "tuple[str, ...]") -> "tuple[CodeType, dict[str, str]]":
    """Compile a text whose marks become globals; return the function's code and global to mark."""
    code, variables = _defining_code(text, parameters)
    return _only_code(code.co_consts), variables


@lru_cache(maxsize=512)
def _defining_code(text: str, parameters: "tuple[str, ...]") -> "tuple[CodeType, dict[str, str]]":
    """Compile it likewise; return the code that defines the function and global to mark."""
    variables = _variables(text, parameters)
    marks = {name: variable for variable, name in variables.items()}
    return _compile_definition(fill(text, marks.__getitem__)), variables


def _variables(text: str, parameters: "tuple[str, ...]") -> dict[str, str]:
    """Return a name that no parameter has for each mark of a text."""
    variables: dict[str, str] = {}
    for name in outside(text):
        variable = f"use_{name}"
        while variable in parameters:
            variable += "_"
        variables[variable] = name
    return variables


@lru_cache(maxsize=512)
def _closure_code(text: str, parameters: "tuple[str, ...]") -> "tuple[CodeType, dict[str, str]]":
    """Compile a text whose marks become free variables; return the code and free variable to mark."""
    variables = _variables(text, parameters)
    marks = {name: variable for variable, name in variables.items()}
    inner = "".join(f"    {line}\n" for line in fill(text, marks.__getitem__).splitlines())
    code = _only_code(_compile(f"def bind({', '.join(variables)}):\n{inner}").co_consts)
    return code.replace(co_firstlineno=1), variables  # as if nothing were around it


def _close_over(text: str, values: "Mapping[str, object]", parameters: "tuple[str, ...]") -> FunctionType:
    code, variables = _closure_code(text, parameters)
    given = (values[variables[variable]] for variable in code.co_freevars)
    closure = tuple(value if isinstance(value, CellType) else CellType(value) for value in given)
    return FunctionType(code, _GLOBALS, "call", None, closure)


def _compile(source: str) -> CodeType:
    return _only_code(_compile_definition(source).co_consts)


def _compile_definition(source: str) -> CodeType:
    return compile(source, "<plugframe>", "exec", dont_inherit=True)


def _only_code(constants: "tuple[object, ...]") -> CodeType:
    return next(constant for constant in constants if isinstance(constant, CodeType))
