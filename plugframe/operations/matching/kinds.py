"""Annotations as sets of values: whether they admit a value, and which of two is the narrower."""

import inspect
import types
from abc import ABCMeta
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    is_typeddict,
    runtime_checkable,
)

from plugframe.operations.matching.conditions import Condition, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_ANY = object()
_TOLD_BY_TYPE = (type.__instancecheck__, ABCMeta.__instancecheck__)
_WIDER: "dict[type, tuple[type, ...]]" = {float: (int,), complex: (float, int)}  # PEP 484, "the numeric tower"


@runtime_checkable
class _Nothing(Protocol):
    """A protocol without members: whatever it has is what every protocol has."""

    _: int


_NO_MEMBERS = {*dir(_Nothing), *vars(_Nothing), "_", "__orig_bases__", "__type_params__"}


class Alternative:
    """One member of a union: a class or protocol, and what is demanded beside.

    Attributes:
        base: the class; ``object`` for anything.
        value: the one value that a Literal admits.
        conditions: see ``conditions``.
        members: what a value must have, where the base is a protocol.
    """

    __slots__ = ("base", "value", "conditions", "members")

    def __init__(self, base: type, *, value: object = _ANY, conditions: tuple[Condition, ...] = ()) -> None:
        self.base = base
        self.value = value
        self.conditions = conditions
        self.members = _members(base)

    @property
    def is_by_type(self) -> bool:
        """Whether the type of a value is all that tells if it is admitted."""
        plain = self.value is _ANY and not self.conditions and not self.members
        return plain and type(self.base).__instancecheck__ in _TOLD_BY_TYPE

    @property
    def is_open(self) -> bool:
        """Whether classes that exist already can become subclasses, by registration."""
        return isinstance(self.base, ABCMeta)

    def accepts(self, value: object) -> bool:
        """Return whether a value is admitted."""
        if self.value is not _ANY:
            return type(value) is self.base and value == self.value
        fits = self._fits(value) if self.members else isinstance(value, (self.base, *_WIDER.get(self.base, ())))
        return fits and all(condition.accepts(value) for condition in self.conditions)

    def _fits(self, value: object) -> bool:
        # Looked up without running properties or a __getattr__ of the value's.
        return all(inspect.getattr_static(value, name, _ANY) is not _ANY for name in self.members)

    def is_within(self, other: "Alternative") -> bool:
        """Return whether all that this admits is admitted by another, too."""
        if other.value is not _ANY and not (self.value is not _ANY and other.accepts(self.value)):
            return False
        return self._is_subclass(other) and all(
            any(condition.covers(own) for own in self.conditions) for condition in other.conditions
        )

    def _is_subclass(self, other: "Alternative") -> bool:
        if other.members:
            if self.members or self.base is object:
                return other.members <= self.members
            # What is no method may be an attribute that its instances get: a class does not tell.
            methods = (name for name in other.members if hasattr(other.base, name))
            return all(hasattr(self.base, name) for name in methods)
        return issubclass(self.base, (other.base, *_WIDER.get(other.base, ())))

    def __repr__(self) -> str:
        name = "Any" if self.base is object else getattr(self.base, "__qualname__", repr(self.base))
        if self.value is not _ANY:
            return f"Literal[{self.value!r}]"
        return f"Annotated[{name}, {', '.join(map(repr, self.conditions))}]" if self.conditions else name


class Kind:
    """What a parameter's annotation admits: any of some alternatives.

    Example:
        >>> kind_of(int | None), kind_of(list[int]).accepts([]), kind_of(float).accepts(1)
        (int | NoneType, True, True)
        >>> kind_of(int).is_within(kind_of(float)), kind_of(bool).is_within(kind_of(int | str))
        (True, True)
    """

    __slots__ = ("alternatives",)

    def __init__(self, alternatives: "Iterable[Alternative]") -> None:
        self.alternatives = tuple(alternatives)

    @property
    def is_by_type(self) -> bool:
        """Whether the type of a value is all that tells if it is admitted."""
        return all(one.is_by_type for one in self.alternatives)

    @property
    def is_open(self) -> bool:
        """Whether classes that exist already can come to be admitted, by registration with an ABC."""
        return any(one.is_open for one in self.alternatives)

    def accepts(self, value: object) -> bool:
        """Return whether a value is admitted."""
        return any(one.accepts(value) for one in self.alternatives)

    def is_within(self, other: "Kind") -> bool:
        """Return whether all that this admits is admitted by another, too."""
        return all(any(mine.is_within(theirs) for theirs in other.alternatives) for mine in self.alternatives)

    def is_apart(self, other: "Kind") -> bool:
        """Return whether, as far as classes tell, nothing is admitted by both."""
        return not any(
            one.is_within(theirs) or theirs.is_within(one) for one in self.alternatives for theirs in other.alternatives
        )

    def part_for(self, value: object) -> "Kind":
        """Return the part of it that admits a value."""
        return Kind(one for one in self.alternatives if one.accepts(value))

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.alternatives))


def kind_of(annotation: Any) -> Kind:  # noqa: ANN401 # annotations are anything
    """Return what an evaluated annotation admits; what it says of the inside of containers is not looked at.

    Args:
        annotation: a class, a generic by its origin, a union, Optional, Literal, an ABC, a Protocol, a TypeVar by its
            bound or constraints, ``Annotated`` by the conditions in it, or what a registered reader reads. What is
            nothing of these admits anything.
    """
    return Kind(_alternatives(annotation, ()))


def _alternatives(annotation: Any, conditions: tuple[Condition, ...]) -> list[Alternative]:  # noqa: ANN401
    annotation = read(annotation)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return [Alternative(type(part), value=part, conditions=conditions) for part in parts]
    if origin is Annotated:
        conditions = (*conditions, *(part for part in parts[1:] if isinstance(part, Condition)))
        inner: tuple[Any, ...] = parts[:1]
    else:
        inner = parts if origin in (Union, types.UnionType) else _meant(annotation)
    if inner:
        return [one for part in inner for one in _alternatives(part, conditions)]
    base: Any = type(None) if annotation is None else origin or annotation
    if is_typeddict(base):
        base = dict
    return [Alternative(base if _can_be_asked(base) else object, conditions=conditions)]


def _can_be_asked(base: Any) -> bool:  # noqa: ANN401
    """Return whether it is a class that tells of values; Any, and some of others' making, refuse to be asked."""
    if not isinstance(base, type) or _members(base):
        return isinstance(base, type)
    try:
        isinstance(None, base)
    except Exception:  # noqa: BLE001 # a metaclass of somebody's own
        return False
    return True


def _meant(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return what a name for other types stands for; nothing where it is none."""
    if isinstance(annotation, TypeVar):
        return annotation.__constraints__ or (object if annotation.__bound__ is None else annotation.__bound__,)
    if isinstance(annotation, NewType):
        return (annotation.__supertype__,)
    alias = get_origin(annotation)
    if hasattr(type(alias), "__value__"):  # a ``type`` statement's, with parameters
        return (alias.__value__[get_args(annotation)],)
    return (annotation.__value__,) if hasattr(type(annotation), "__value__") else ()


def _members(base: type) -> frozenset[str]:
    """Return what a value must have to be of a protocol by its structure; nothing where a class is no protocol."""
    if not getattr(base, "_is_protocol", False) or base.__module__ in ("typing", "collections.abc", "os", "contextlib"):
        return frozenset()
    protocols = (one for one in base.__mro__ if getattr(one, "_is_protocol", False))
    return frozenset(name for one in protocols for name in _own_names(one)) - _NO_MEMBERS


def _own_names(protocol: type) -> "Iterable[str]":
    yield from vars(protocol)
    yield from inspect.get_annotations(protocol)
