"""What is called, as far as call hooks must know it: its parameters, their types, and how hooks see its arguments."""

import inspect
import sys
import types
import typing
from inspect import BoundArguments, Parameter, Signature
from types import MappingProxyType

if sys.version_info >= (3, 14):
    from annotationlib import Format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Types = tuple[type, ...]

_PROMOTED = {float: (float, int), complex: (complex, float, int)}  # PEP 484: an int is welcome where a float is


class CallArguments(BoundArguments):
    """The arguments of one call, defaults included, as call hooks see them: they can be read, and not changed.

    A hook that wants others returns them. ``copy.copy`` of this is a plain ``inspect.BoundArguments``, which can be
    changed and returned. ``called`` is the name of what is called.
    """

    __slots__ = ("_values",)

    called = ""
    if TYPE_CHECKING:
        _values: dict[str, Any]

    @property
    def arguments(self) -> "Mapping[str, Any]":  # type: ignore[override] # an attribute, there, which can be set
        """Parameter to value, in the order of the signature; it cannot be changed."""
        return MappingProxyType(self._values)

    def apply_defaults(self) -> None:
        """Do nothing: the defaults are in it."""

    def __reduce__(self) -> "tuple[Any, ...]":
        return BoundArguments, (self.signature, dict(self._values))


class Callee:
    """A callable, as call hooks know it; an immutable value.

    Attributes:
        name: what people call it by.
        signature: of its calls.
        types: parameter to the classes that a value may be of; those that cannot be told cheaply are left out.
        result_types: the same for its result; None where it cannot be told.
        arguments: makes the arguments that hooks see, by ``new``.
    """

    __slots__ = ("arguments", "name", "result_types", "signature", "types")

    def __init__(self, name: str, signature: Signature, *others: Signature) -> None:
        """Look at a signature, and at others of the same parameters whose types are accepted, too."""
        self.name = name
        self.signature = signature
        every = (signature, *others)
        self.types: dict[str, Types] = {}
        for parameter, one in signature.parameters.items():
            known = [other.parameters[parameter].annotation for other in every if parameter in other.parameters]
            types = _starred(one, signature) or (_united(known) if len(known) == len(every) else None)
            if types:
                self.types[parameter] = types
        self.result_types = _united([other.return_annotation for other in every])
        # A class attribute hides the slot of the same name: what is the same for all calls is not stored for each.
        members = {"__slots__": (), "_signature": signature, "called": name}
        self.arguments = type(CallArguments.__name__, (CallArguments,), members)

    def new(self, values: "dict[str, Any]") -> CallArguments:
        """Return arguments with a value for each parameter, in their order."""
        made: CallArguments = object.__new__(self.arguments)
        made._values = values  # noqa: SLF001 # of this module
        return made


class _Keywords(type):
    """What is asked whether a value can be passed on by keyword: a dictionary of names that no parameter has."""

    taken: frozenset[str]

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, dict) and all(type(name) is str and name not in cls.taken for name in value)


def _starred(parameter: Parameter, signature: Signature) -> "Types | None":
    if parameter.kind is Parameter.VAR_POSITIONAL:
        return (tuple,)
    if parameter.kind is not Parameter.VAR_KEYWORD:
        return None
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    taken = frozenset(one.name for one in signature.parameters.values() if one.kind in named)
    return (_Keywords("dict of other names to values", (), {"taken": taken}),)


def read_signature(function: "Callable[..., Any] | Signature") -> Signature:
    """Return a signature with its annotations as values where they can be had.

    Those that only type checkers can resolve stay what they are, and count as none.
    """
    if isinstance(function, Signature):
        return function
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # noqa: BLE001 # annotations are code
        if sys.version_info >= (3, 14):
            return inspect.signature(function, annotation_format=Format.FORWARDREF)
        return inspect.signature(function)


def _united(annotations: "Sequence[object]") -> "Types | None":
    several = [_types(one) for one in annotations]
    return None if None in several else tuple(dict.fromkeys(one for some in several for one in some or ()))


def _types(annotation: object) -> "Types | None":
    """Return the classes that a value must be of one of, or None where asking for that would not be cheap and right."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _united(typing.get_args(annotation))
    if origin is typing.Annotated:
        return _types(typing.get_args(annotation)[0])
    found = types.NoneType if annotation is None else origin or annotation
    if typing.is_typeddict(found):
        return (dict,)
    if isinstance(found, type) and _can_be_asked(found):
        return _PROMOTED.get(found, (found,))
    return None


def _can_be_asked(kind: type) -> bool:
    # A Protocol looks at every attribute of each value; Any, and what others make, refuses to be asked.
    if kind in (Parameter.empty, object) or getattr(kind, "_is_protocol", False):
        return False
    try:
        isinstance(None, kind)
    except Exception:  # noqa: BLE001 # a metaclass of somebody's own
        return False
    return True
