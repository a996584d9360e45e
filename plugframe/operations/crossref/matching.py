"""Whether values match in structure and metadata, for whoever compares implementations by other means."""

from inspect import signature
from itertools import islice

from plugframe.errors import CrossReferenceError
from plugframe.operations.crossref.differences import Comparison, compare_metadata, equal_values, type_difference

__tracebackhide__ = True  # pytest's reports are of those who compare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Description = Callable[[], str]
    Equal = bool | Callable[[Any, Any], object]

_MOST_TOLD = 20


def check_metadata_matches(
    got: object, expected: object, description: "Description", *, equal: "Equal" = False
) -> None:
    """Check that two trees of values match in structure and in the metadata of their leaves.

    Lists, tuples, dictionaries (with the order of their keys) and data classes are structure; what else is compared of
    a leaf than its type, ``plugframe.register_value_type`` says.

    Args:
        got: what was found.
        expected: what it should be like.
        description: returns what was compared, for the message; it is called only when something differs.
        equal: compare the values of leaves, too: True by ``==``, with NaN equal to NaN, or a function of two leaves.

    Raises:
        CrossReferenceError: they differ, an AssertionError.
        TypeError: ``description`` cannot be called without arguments, or ``equal`` is neither a bool nor a function.

    Example:
        >>> check_metadata_matches([1, "a"], [2, "b"], lambda: "the row")
        >>> check_metadata_matches([1, "a"], (1, "a"), lambda: "the row")
        Traceback (most recent call last):
        plugframe.errors.crossref.CrossReferenceError: the row:
          output: type list != tuple
    """
    _check_description(description)
    _raise(Comparison(equal=equality(equal)).compare(got, expected, "output"), description)


def check_value_metadata_matches(got: object, expected: object, description: "Description") -> None:
    """Check that two values match in type and metadata, without looking into lists, tuples or dictionaries.

    Args:
        got: what was found.
        expected: what it should be like.
        description: returns what was compared, for the message; it is called only when something differs.

    Raises:
        CrossReferenceError: they differ, an AssertionError.
        TypeError: ``description`` cannot be called without arguments.

    Example:
        >>> check_value_metadata_matches(1, 2.0, lambda: "the sum")
        Traceback (most recent call last):
        plugframe.errors.crossref.CrossReferenceError: the sum:
          output: type int != float
    """
    _check_description(description)
    found = [*type_difference(got, expected, "output")] or compare_metadata(got, expected, "output")
    _raise(found, description)


def equality(equal: "Equal") -> "Callable[[Any, Any], object] | None":
    """Return how leaves are compared by value, None for not at all.

    Raises:
        TypeError: it is neither a bool nor a function.
    """
    if isinstance(equal, bool):
        return equal_values if equal else None
    if not callable(equal):
        message = f"equal is True, False or a function of two values; got {equal!r}"
        raise TypeError(message)
    return equal


def tell(differences: "Iterable[str]") -> tuple[str, ...]:
    """Return as many differences as somebody reads."""
    found = tuple(islice(differences, _MOST_TOLD + 1))
    return found if len(found) <= _MOST_TOLD else (*found[:_MOST_TOLD], "… and more")


def _check_description(description: object) -> None:
    problem = "cannot be called"
    if callable(description):
        try:
            signature(description).bind()
        except TypeError as error:
            problem = f"cannot be called without arguments ({error})"
        except ValueError:
            return  # It does not tell its signature, as some builtins do not.
        else:
            return
    message = f"a description is a function without arguments that returns text; {description!r} {problem}"
    raise TypeError(message)


def _raise(differences: "Iterable[str]", description: "Callable[[], object]") -> None:
    found = tell(differences)
    if not found:
        return
    failure = None
    try:
        what = description()
    except Exception as error:  # noqa: BLE001 # what differs must be told, whatever the description does
        what, failure = f"<a description that raises {type(error).__name__}: {error}>", error
    raise CrossReferenceError(what if isinstance(what, str) else repr(what), found) from failure
