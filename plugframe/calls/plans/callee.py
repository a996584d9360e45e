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
    from collections.abc import Callable, Mapping
    from typing import Any

    Types = tuple[type, ...]

_PROMOTED = {float: (float, int), complex: (complex, float, int)}  # PEP 484: an int is welcome where a float is
_STARRED: "dict[object, Types]" = {Parameter.VAR_POSITIONAL: (tuple,), Parameter.VAR_KEYWORD: (dict,)}


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

    def __init__(self, name: str, signature: Signature) -> None:
        """Look at a signature."""
        self.name = name
        self.signature = signature
        known = {one.name: _STARRED.get(one.kind) or _types(one.annotation) for one in signature.parameters.values()}
        self.types: dict[str, Types] = {parameter: types for parameter, types in known.items() if types}
        self.result_types = _types(signature.return_annotation)
        # A class attribute hides the slot of the same name: what is the same for all calls is not stored for each.
        members = {"__slots__": (), "_signature": signature, "called": name}
        self.arguments = type(CallArguments.__name__, (CallArguments,), members)

    def new(self, values: "dict[str, Any]") -> CallArguments:
        """Return arguments with a value for each parameter, in their order."""
        made: CallArguments = object.__new__(self.arguments)
        made._values = values  # noqa: SLF001 # of this module
        return made


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


def _types(annotation: object) -> "Types | None":
    """Return the classes that a value must be of one of, or None where asking for that would not be cheap and right."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        several = [_types(one) for one in typing.get_args(annotation)]
        return None if None in several else tuple(dict.fromkeys(one for some in several for one in some or ()))
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
