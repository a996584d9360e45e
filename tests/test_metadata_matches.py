"""Structure and metadata of values: what is compared, how differences are told, and what others say of their types."""

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from plugframe.errors import CrossReferenceError, RegistrationError
from plugframe.operations.crossref.matching import check_metadata_matches, check_value_metadata_matches
from plugframe.operations.crossref.valuetypes import register_value_type


class Point(NamedTuple):
    """A tuple with names."""

    x: object
    y: object


@dataclass
class Box:
    """A data class, of which one field does not count."""

    corner: object
    width: object
    note: object = field(default=None, compare=False)


class Opaque:
    """Has a state, and nothing but its identity to be equal by."""

    def __init__(self, **state: object) -> None:
        vars(self).update(state)


class Slotted:
    """The same, without a dictionary."""

    __slots__ = ("content",)

    def __init__(self, content: object) -> None:
        self.content = content


class Private:
    """The same, of names that are its own."""

    __slots__ = ("__content",)

    def __init__(self, content: object) -> None:
        self.__content = content


class Incomparable:
    """Raises when it is compared."""

    def __eq__(self, other: object) -> bool:
        message = "never compare me"
        raise RuntimeError(message)

    __hash__ = None  # type: ignore[assignment]


class Shy:
    """Cannot be shown."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shy) and self.number == other.number

    def __repr__(self) -> str:
        raise LookupError

    __hash__ = None  # type: ignore[assignment]


def differences(got: object, expected: object, **options: Any) -> tuple[str, ...]:
    """Return how two values differ."""
    try:
        check_metadata_matches(got, expected, lambda: "they", **options)
    except CrossReferenceError as error:
        return error.differences
    return ()


def cyclic(leaf: object) -> list[object]:
    """Return a list that contains itself and a leaf."""
    made: list[object] = [leaf]
    made.append(made)
    return made


@pytest.mark.parametrize(
    ("got", "expected", "told"),
    [
        (1, 2, ()),
        (1, 1.0, ("output: type int != float",)),
        (True, 1, ("output: type bool != int",)),
        ((1, 2), [1, 2], ("output: type tuple != list",)),
        ([1], [1, 2], ("output: length 1 != 2",)),
        ([1, [2, "x"]], [1, [2, b"x"]], ("output[1][1]: type str != bytes",)),
        ({"a": 1}, {"b": 1}, ("output: keys ['a'] != ['b']",)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ("output: order of keys ['a', 'b'] != ['b', 'a']",)),
        ({"a": (1,)}, {"a": (None,)}, ("output['a'][0]: type int != NoneType",)),
        (OrderedDict(a=1), {"a": 1}, ("output: type OrderedDict != dict",)),
        (Point(1, 2), Point(1, "2"), ("output.y: type int != str",)),
        (Box(1, 2), Box(1, 2.0), ("output.width: type int != float",)),
        (Box(1, 2, note=1), Box(1, 2, note="x"), ()),
        (cyclic(1), cyclic(2), ()),
        (cyclic(1), cyclic("x"), ("output[0]: type int != str",)),
        ([1, "a", None], ["1", "a", 0], ("output[0]: type int != str", "output[2]: type NoneType != int")),
    ],
)
def test_trees_are_compared_by_structure_and_types(got: object, expected: object, told: tuple[str, ...]) -> None:
    assert differences(got, expected) == told


@pytest.mark.parametrize(
    ("got", "expected", "told"),
    [
        ([1, 2], [1, 3], ("output[1]: 2 != 3",)),
        (math.nan, float("nan"), ()),
        (complex(math.nan, 1), complex(math.nan, 1), ()),
        ({"a": {1}}, {"a": {2}}, ("output['a']: {1} != {2}",)),
        (Box(1, 2, note=1), Box(1, 2, note=2), ()),
        (Opaque(x=1), Opaque(x=1), ()),
        (Opaque(x=[1]), Opaque(x=[2]), ("output.x[0]: 1 != 2",)),
        (Slotted(1), Slotted(2), ("output.content: 1 != 2",)),
        (Private(1), Private(2), ("output._Private__content: 1 != 2",)),
        (object(), object(), ()),
        (math.sin, math.cos, ("output: <built-in function sin> != <built-in function cos>",)),
        ("x" * 80, "x" * 80 + "y", ("output: values differ, of which both show '" + "x" * 58 + "…",)),
    ],
)
def test_values_are_compared_where_that_is_asked(got: object, expected: object, told: tuple[str, ...]) -> None:
    assert differences(got, expected, equal=True) == told
    assert differences(got, expected) == ()


def test_values_may_be_compared_by_a_function() -> None:
    assert differences([1.0, 2.0], [1.0 + 1e-12, 2.0], equal=math.isclose) == ()
    assert differences([1.0], [1.1], equal=math.isclose) == ("output[0]: 1.0 != 1.1",)
    assert differences([["x"]], [["y"]], equal=math.isclose) == (
        "output[0][0]: cannot be compared (TypeError: must be real number, not str)",
    )


def test_values_that_cannot_be_compared_are_told_of() -> None:
    assert differences(Incomparable(), Incomparable(), equal=True) == (
        "output: cannot be compared (RuntimeError: never compare me)",
    )


def test_a_value_whose_repr_raises_is_told_of_all_the_same() -> None:
    assert differences(Shy(1), Shy(2), equal=True) == (
        "output: values differ, of which both show <Shy whose repr raises LookupError>",
    )


def test_types_of_one_name_are_told_apart() -> None:
    other = type("Opaque", (), {"__module__": "elsewhere"})
    assert differences(Opaque(), other()) == (f"output: type {__name__}.Opaque != elsewhere.Opaque",)


def test_a_generator_is_not_advanced() -> None:
    def count() -> Iterator[int]:
        yield from (1, 2)

    one, other = count(), count()
    assert differences([one], [other], equal=True) == ()
    assert (list(one), list(other)) == ([1, 2], [1, 2])


def test_of_many_differences_the_first_are_told() -> None:
    told = differences([1] * 30, ["x"] * 30)
    assert told[:1] + told[-2:] == (
        "output[0]: type int != str",
        "output[19]: type int != str",
        "… and more",
    )


def test_one_value_is_compared_without_looking_into_it() -> None:
    check_value_metadata_matches([1], ["x", "y"], lambda: "the list")
    with pytest.raises(CrossReferenceError) as caught:
        check_value_metadata_matches([1], (1,), lambda: "the list")
    assert str(caught.value) == "the list:\n  output: type list != tuple"
    assert isinstance(caught.value, AssertionError)


def test_a_description_is_called_only_when_something_differs() -> None:
    calls = []

    def describe() -> str:
        calls.append(1)
        return "these two"

    check_metadata_matches(1, 1, describe)
    check_value_metadata_matches(1, 1, describe)
    assert not calls
    with pytest.raises(CrossReferenceError, match="these two"):
        check_metadata_matches(1, "x", describe)
    assert calls == [1]


@pytest.mark.parametrize("check", [check_metadata_matches, check_value_metadata_matches])
@pytest.mark.parametrize(
    ("description", "problem"),
    [("text", "cannot be called"), (None, "cannot be called"), (lambda x: x, "without arguments")],
)
def test_a_description_that_could_not_be_called_is_refused_though_nothing_differs(
    check: Any, description: Any, problem: str
) -> None:
    with pytest.raises(TypeError, match=problem):
        check(1, 1, description)


@pytest.mark.parametrize(
    ("description", "shown"),
    [(lambda: 1 / 0, "ZeroDivisionError: division by zero"), (lambda: ("not", "text"), "('not', 'text')")],
)
def test_a_description_that_fails_hides_no_difference(description: Any, shown: str) -> None:
    with pytest.raises(CrossReferenceError) as caught:
        check_metadata_matches(1, "x", description)
    assert shown in str(caught.value)
    assert "output: type int != str" in str(caught.value)


def test_a_description_that_does_not_tell_its_signature_is_taken() -> None:
    class Untold:
        @property
        def __signature__(self) -> None:
            raise ValueError

        def __call__(self) -> str:
            return "they"

    with pytest.raises(CrossReferenceError, match="they:"):
        check_metadata_matches(1, "x", Untold())


def test_what_compares_values_is_a_bool_or_a_function() -> None:
    with pytest.raises(TypeError, match="got 'yes'"):
        differences(1, 1, equal="yes")


# What others say of their types


def test_a_type_may_have_metadata_and_an_equality_of_its_own() -> None:
    with register_value_type(
        Fraction, metadata=lambda one: {"sign": one >= 0}, equal=lambda one, other: abs(one) == abs(other)
    ):
        assert differences(Fraction(1), Fraction(-1)) == ("output: sign True != False",)
        assert differences([Fraction(1, 2)], [Fraction(1, 3)], equal=True) == (
            "output[0]: Fraction(1, 2) != Fraction(1, 3)",
        )
    assert differences(Fraction(1), Fraction(-1)) == ()


def test_metadata_of_a_type_is_that_of_its_subclasses_until_one_says_otherwise() -> None:
    class Ratio(Fraction):
        pass

    with register_value_type("fractions:Fraction", metadata=lambda one: {"whole": one.denominator == 1}):
        assert differences(Ratio(1), Ratio(1, 2)) == ("output: whole True != False",)
        with register_value_type(Ratio, metadata=lambda one: {"numerator": one.numerator}):
            assert differences(Ratio(1), Ratio(1, 2)) == ()
            assert differences(Fraction(1), Fraction(1, 2)) == ("output: whole True != False",)


def test_metadata_that_only_one_of_two_has_differs() -> None:
    with register_value_type(Opaque, metadata=vars):
        assert differences(Opaque(x=1), Opaque(y=1)) == ("output: y missing != 1", "output: x 1 != missing")


def test_a_container_with_metadata_of_its_own_is_a_leaf() -> None:
    with register_value_type(OrderedDict, metadata=lambda one: {"columns": list(one)}):
        assert differences(OrderedDict(a=1), OrderedDict(a="x")) == ()
        assert differences(OrderedDict(a=1), OrderedDict(b=1)) == ("output: columns ['a'] != ['b']",)


@pytest.mark.parametrize(
    ("of", "inside"), [(str, ("output[0]: size 2 != 3",)), ("builtins:str", ("output[0]: size 2 != 3",)), (object, ())]
)
def test_a_builtin_type_may_have_metadata_too(of: Any, inside: tuple[str, ...]) -> None:
    with register_value_type(of, metadata=lambda one: {"size": len(one)}):
        assert differences("ab", "abc") == ("output: size 2 != 3",)
        assert differences(["ab"], ["abc"]) == inside  # of an object, which every list is, too, nothing is inside
    assert differences("ab", "abc") == ()


@pytest.mark.parametrize(
    ("of", "given", "problem"),
    [
        ("fractions", {"equal": max}, "neither a class nor a reference"),
        (3, {"equal": max}, "neither a class nor a reference"),
        ("fractions:Fra ction", {"equal": max}, "neither a class nor a reference"),
        (Fraction, {}, "give at least one"),
        (Fraction, {"metadata": "shape"}, "its metadata cannot be called: 'shape'"),
    ],
)
def test_what_cannot_be_a_value_type_is_refused(of: Any, given: dict[str, Any], problem: str) -> None:
    with pytest.raises(RegistrationError, match=problem):
        register_value_type(of, **given)


def test_a_type_is_registered_once() -> None:
    with register_value_type(Opaque, metadata=vars), pytest.raises(RegistrationError, match="registered already"):
        register_value_type(Opaque, metadata=vars)
    register_value_type(Opaque, metadata=vars).remove()


# NumPy's arrays


@pytest.fixture
def numpy() -> Any:
    """Return NumPy."""
    return pytest.importorskip("numpy", reason="NumPy is not installed")


def test_arrays_differ_in_shape_type_and_strides(numpy: Any) -> None:
    ones = numpy.ones((2, 3))
    assert differences(ones, numpy.zeros((2, 3))) == ()
    assert differences(ones, numpy.ones((3, 2))) == (
        "output: shape (2, 3) != (3, 2)",
        "output: strides {0: 24, 1: 8} != {0: 16, 1: 8}",
    )
    assert differences([{"x": ones.astype("f4")}], [{"x": ones.astype("f4").astype("i4")}]) == (
        "output[0]['x']: dtype float32 != int32",
    )
    assert differences(numpy.ones((2, 2)).T, numpy.ones((2, 2))) == ("output: strides {0: 8, 1: 16} != {0: 16, 1: 8}",)
    assert differences(numpy.float32(1), numpy.float32(2)) == ()
    assert differences(numpy.float64(1), 1.0) == ("output: type float64 != float",)


def test_strides_of_dimensions_that_are_never_stepped_along_are_not_compared(numpy: Any) -> None:
    rows = numpy.ones((4, 3))
    assert rows[:1].T.strides != numpy.ones((3, 1)).strides
    assert differences(rows[:1].T, numpy.ones((3, 1))) == ()
    assert differences(numpy.ones((0, 3)).T, numpy.ones((3, 0))) == ()


def test_arrays_are_equal_by_their_elements_and_nan_to_itself(numpy: Any) -> None:
    one = numpy.array([1.0, numpy.nan])
    assert differences([one], [one.copy()], equal=True) == ()
    assert differences([one], [numpy.array([numpy.nan, 1.0])], equal=True) == (
        "output[0]: array([ 1., nan]) != array([nan, 1.])",
    )
    texts = numpy.array(["a", None], dtype=object)
    assert differences(texts, texts.copy(), equal=True) == ()


class Frame:
    """Answers what a pandas data frame is asked."""

    def __init__(self, columns: dict[str, str]) -> None:
        self.shape = (2, len(columns))
        self.columns = tuple(columns)
        self.dtypes = tuple(columns.values())

    def equals(self, other: "Frame") -> bool:
        """Return whether another has the same columns."""
        return self.columns == other.columns


def test_frames_differ_in_shape_columns_and_their_types(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = type(math)("pandas")
    stand_in.DataFrame = Frame  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "pandas", stand_in)
    assert differences(Frame({"a": "int64"}), Frame({"a": "int64"}), equal=True) == ()
    assert differences(Frame({"a": "int64"}), Frame({"a": "float64"})) == ("output: dtypes ['int64'] != ['float64']",)
    assert differences(Frame({"a": "int64", "b": "object"}), Frame({"b": "object", "a": "int64"})) == (
        "output: columns ['a', 'b'] != ['b', 'a']",
        "output: dtypes ['int64', 'object'] != ['object', 'int64']",
    )
