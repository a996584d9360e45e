"""What annotations demand beyond a class: conditions in ``Annotated``, and readers of annotations of others' making.

This is the extension point for what types alone do not tell, such as the rank of an array. Nothing of NumPy is imported
for its arrays: what an annotation holds of it is there already.
"""

from typing import Annotated, Any, get_args, get_origin

from plugframe.errors import RegistrationError
from plugframe.handles import RemovableHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[Any], Any]


class Condition:
    """What a value must fulfil beside being of a class: ``Annotated[ndarray, Rank(2)]``.

    Subclass it for conditions of your own; two overloads are told apart by which condition covers the other.
    """

    __slots__ = ()

    def accepts(self, value: object) -> bool:
        """Return whether a value fulfils it."""
        raise NotImplementedError

    def covers(self, other: "Condition") -> bool:
        """Return whether all that fulfils another condition fulfils this one, too."""
        return self == other


class Rank(Condition):
    """The number of dimensions of an array, its ``ndim``.

    Example:
        >>> Rank(2).accepts(memoryview(b"flat")), Rank(1).accepts(memoryview(b"flat"))
        (False, True)
    """

    __slots__ = ("dimensions",)

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions

    def accepts(self, value: object) -> bool:
        """Return whether a value has so many dimensions."""
        return getattr(value, "ndim", None) == self.dimensions

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rank) and other.dimensions == self.dimensions

    def __hash__(self) -> int:
        return hash(("Rank", self.dimensions))

    def __repr__(self) -> str:
        return f"Rank({self.dimensions})"


class Element(Condition):
    """The type of an array's elements, as its ``dtype.type`` tells it: ``numpy.float64``, or ``numpy.floating``."""

    __slots__ = ("kind",)

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def accepts(self, value: object) -> bool:
        """Return whether a value's elements are of the type."""
        found = getattr(getattr(value, "dtype", None), "type", None)
        return isinstance(found, type) and issubclass(found, self.kind)

    def covers(self, other: Condition) -> bool:
        """Return whether another demands the same type or a subclass."""
        return isinstance(other, Element) and issubclass(other.kind, self.kind)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and other.kind is self.kind

    def __hash__(self) -> int:
        return hash(("Element", self.kind))

    def __repr__(self) -> str:
        return f"Element({self.kind.__name__})"


_readers: "tuple[Reader, ...]" = ()


def register_annotation(reader: "Reader") -> RemovableHandle:
    """Let a function read annotations that plugframe does not understand, for all operations declared from then on.

    Args:
        reader: is given an annotation and returns one that says the same, such as ``Annotated[Frame, Columns("x")]``,
            or None where it is not for it to tell.

    Returns:
        What takes it away again.

    Raises:
        RegistrationError: it cannot be called.

    Example:
        >>> with register_annotation(lambda given: Annotated[list, Rank(1)] if given == "vector" else None):
        ...     read("vector")
        typing.Annotated[list, Rank(1)]
    """
    if not callable(reader):
        message = f"{reader!r} cannot read annotations: it cannot be called"
        raise RegistrationError(message)
    entry: Reader = lambda annotation: reader(annotation)  # noqa: E731, PLW0108 # the same reader may be there twice
    globals()["_readers"] = (*_readers, entry)
    return RemovableHandle(
        f"a reader of annotations, {reader!r}",
        lambda: globals().update(_readers=tuple(one for one in _readers if one is not entry)),
    )


def read(annotation: Any) -> Any:  # noqa: ANN401 # annotations are anything
    """Return an annotation as the last registered reader that knows it puts it."""
    for reader in (*reversed(_readers), _read_array):
        found = reader(annotation)
        if found is not None:
            return found
    return annotation


def _read_array(annotation: Any) -> Any:  # noqa: ANN401
    """Read ``ndarray[shape, dtype[type]]``, which ``numpy.typing.NDArray`` is, by its names alone."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if (getattr(origin, "__module__", ""), getattr(origin, "__name__", "")) != ("numpy", "ndarray"):
        return None
    conditions: list[Condition] = []
    shape, *elements = parts
    sizes = get_args(shape) if get_origin(shape) is tuple else (...,)
    if ... not in sizes:
        conditions.append(Rank(len(sizes)))
    inside = (one for element in elements for one in get_args(element))
    conditions.extend(Element(one) for one in inside if isinstance(one, type) and one is not Any)
    return Annotated[origin, *conditions] if conditions else origin
