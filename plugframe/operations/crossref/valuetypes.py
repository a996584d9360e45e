"""How values of a type are described, copied, compared and written, by tables that anybody may extend.

Types are named by reference, such as ``numpy:ndarray``, so that nothing is imported to know how their values look: a
value can only be there when its type is.
"""

import sys
import threading
from functools import partial

from plugframe.errors import RegistrationError
from plugframe.handles import RemovableHandle
from plugframe.operations.crossref import arrays
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    Metadata = Callable[[Any], Mapping[str, object]]
    Expression = tuple[str, tuple[str, ...]] | tuple[str, tuple[str, ...], *tuple[str, ...]]


class ValueType(Record):
    """What is known of the values of one type; what is None is looked for further along its method resolution order.

    Attributes:
        metadata: returns what is compared of a value besides its type, by name, such as its shape.
        snapshot: returns a copy that shares nothing which either could change.
        equal: returns whether two values of equal metadata are equal.
        expression: returns Python that makes such a value, and the modules that must be imported for it.
    """

    __slots__ = ("metadata", "snapshot", "equal", "expression")

    metadata: "Metadata | None"
    snapshot: "Callable[[Any], Any] | None"
    equal: "Callable[[Any, Any], object] | None"
    expression: "Callable[[Any], Expression | None] | None"

    def __init__(
        self,
        *,
        metadata: "Metadata | None" = None,
        snapshot: "Callable[[Any], Any] | None" = None,
        equal: "Callable[[Any, Any], object] | None" = None,
        expression: "Callable[[Any], Expression | None] | None" = None,
    ) -> None:
        self._fill(metadata, snapshot, equal, expression)


_BUILT_IN: "dict[type | str, ValueType]" = {
    "numpy:ndarray": ValueType(
        metadata=arrays.describe_array,
        snapshot=arrays.copy_array,
        equal=arrays.equal_arrays,
        expression=arrays.write_array,
    ),
    "numpy.ma:MaskedArray": ValueType(equal=arrays.equal_masked_arrays),
    "numpy:generic": ValueType(metadata=arrays.describe_scalar, expression=arrays.write_scalar),
    "pandas:DataFrame": ValueType(metadata=arrays.describe_frame, equal=arrays.equal_frames),
    "pandas:Series": ValueType(metadata=arrays.describe_series, equal=arrays.equal_frames),
    "pandas:Index": ValueType(metadata=arrays.describe_series, equal=arrays.equal_frames),
}
_registered: "dict[type | str, ValueType]" = {}
_registering = threading.Lock()


def register_value_type(
    of: "type | str",
    *,
    metadata: "Metadata | None" = None,
    snapshot: "Callable[[Any], Any] | None" = None,
    equal: "Callable[[Any, Any], object] | None" = None,
    expression: "Callable[[Any], Expression | None] | None" = None,
) -> RemovableHandle:
    """Say how cross-reference checks describe, copy, compare and write the values of a type and its subclasses.

    What is left out is taken from the next class in its method resolution order of which it is known, and is at last
    what Python itself does. NumPy's arrays and pandas' frames are known already, and may be told of anew.

    Args:
        of: the class, or its reference ``module:Class``, for which nothing is imported.
        metadata: returns what is compared besides the type, by name: ``{"shape": (2, 3)}``.
        snapshot: returns a copy that shares nothing which either could change; by default ``copy.deepcopy``.
        equal: returns whether two values are equal, of which type and metadata are; by default ``==``.
        expression: returns Python that makes such a value, the modules to import for that, and what it lacks, if
            anything: ``("numpy.zeros((2, 3))", ("numpy",), "an array is written without its values")``. None leaves it
            to a pickle.

    Returns:
        A handle that takes it back, a context manager.

    Raises:
        RegistrationError: it is no class or reference, what is given cannot be called, nothing is given, or somebody
            has registered the type already.

    Example:
        >>> with register_value_type("fractions:Fraction", metadata=lambda value: {"sign": value >= 0}):
        ...     from fractions import Fraction
        ...     find_value_function("metadata", Fraction)(Fraction(1, 2))
        {'sign': True}
    """
    made = ValueType(metadata=metadata, snapshot=snapshot, equal=equal, expression=expression)
    problem = _problem(of, made)
    with _registering:
        if not problem and _registered.setdefault(of, made) is not made:
            problem = "it is registered already, and must be registered once"
    if problem:
        message = f"the value type {of!r} cannot be registered: {problem}"
        raise RegistrationError(message)
    return RemovableHandle(f"the value type {of!r}", partial(_registered.pop, of, None))


def _problem(of: object, made: ValueType) -> str:
    if not isinstance(of, type):
        parts = of.split(":") if type(of) is str else []
        if len(parts) != 2 or not all(word.isidentifier() for part in parts for word in part.split(".")):  # noqa: PLR2004 # a pair
            return "it is neither a class nor a reference such as 'numpy:ndarray'"
    given = {name: function for name, function in made.asdict().items() if function is not None}
    if not given:
        return "give at least one of metadata, snapshot, equal and expression"
    wrong = [name for name, function in given.items() if not callable(function)]
    return f"its {wrong[0]} cannot be called: {given[wrong[0]]!r}" if wrong else ""


def find_value_function(what: str, of: type) -> "Callable[..., Any] | None":
    """Return what is known of a type's values: its ``metadata``, ``snapshot``, ``equal`` or ``expression``, or None."""
    # Most values are of builtin types, and most checks know of none of these.
    for table in _tables_of_builtin(of) if of.__module__ == "builtins" else _tables(of):
        function: Callable[..., Any] | None = getattr(table, what)
        if function is not None:
            return function
    return None


def _tables_of_builtin(of: type) -> "list[ValueType]":
    if not _registered:
        return []
    found = [_registered.get(key) for cls in of.__mro__ for key in (cls, f"builtins:{cls.__qualname__}")]
    return [table for table in found if table is not None]


def _tables(of: type) -> "Iterator[ValueType]":
    registered = _loaded(dict(_registered))
    built_in = _loaded(_BUILT_IN)
    for cls in of.__mro__:
        for known in (registered, built_in):
            if cls in known:
                yield known[cls]


def _loaded(table: "dict[type | str, ValueType]") -> "dict[object, ValueType]":
    """Return what is known by class; references to what is not imported have no values."""
    found: dict[object, ValueType] = {}
    for of, known in table.items():
        cls: object = of
        if isinstance(of, str):
            module, _, path = of.partition(":")
            cls = sys.modules.get(module)
            for word in path.split("."):
                cls = getattr(cls, "__dict__", {}).get(word)
        if isinstance(cls, type):
            found.setdefault(cls, known)
    return found
