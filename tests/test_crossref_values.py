"""Copies of arguments, and Python that makes them again."""

import base64
import datetime as dt
import enum
import functools
import io
import itertools
import math
import pickle
import threading
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugframe.operations.crossref.differences import Comparison, equal_values
from plugframe.operations.crossref.expressions import write
from plugframe.operations.crossref.snapshots import NotCheckedError, snapshot
from plugframe.operations.crossref.valuetypes import register_value_type


class Colour(enum.Enum):
    """One of a few."""

    RED = 1


class Flags(enum.Flag):
    """Some of a few."""

    A = 1
    B = 2


class Point(NamedTuple):
    """A tuple with names."""

    x: object
    y: object


@dataclass(frozen=True)
class Box:
    """A data class."""

    corner: object
    width: object = 3


@dataclass
class Derived:
    """A data class with a field that its constructor does not take."""

    width: int
    twice: int = field(init=False)

    def __post_init__(self) -> None:
        self.twice = 2 * self.width


@dataclass
class Scaled:
    """A data class whose constructor takes what is no field."""

    width: int
    by: InitVar[int]

    def __post_init__(self, by: int) -> None:
        self.width *= by


class Unpicklable:
    """Cannot be pickled, nor copied."""

    def __reduce__(self) -> Any:
        message = "not me"
        raise TypeError(message)


def same(one: object, other: object) -> bool:
    """Return whether two values are of one structure, metadata and value."""
    return not list(Comparison(equal=equal_values).compare(one, other, "it"))


def pickled(value: object) -> str:
    """Return a value as text."""
    return base64.b64encode(pickle.dumps(value)).decode()


def cyclic() -> list[object]:
    """Return a list that contains itself."""
    made: list[object] = [1]
    made.append(made)
    return made


VALUES: list[Any] = [
    None, True, 3, -1.5, 2j, "te'xt\n", b"\x00'", ..., range(1, 9, 2), slice(1, None), math.inf, -math.inf, math.nan,
    complex(math.nan, -math.inf), [], [[1], (2,), ()], {"a": {1: [None]}}, {1}, set(), frozenset({(1, 2)}), int,
    math.sin, Box, Colour.RED, Flags.A | Flags.B, Point(1, [2]), Box([1]), Derived(2), Scaled(2, by=3),
    dt.date(2024, 2, 29), cyclic(), functools.partial(max, 1), Box(Box(math.nan)), {Colour.RED: Point},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_is_written_as_python_that_makes_it(value: Any) -> None:
    made = write(value)
    assert made.missing == ()
    again = eval(made.text, {name.partition(".")[0]: __import__(name) for name in made.modules})  # noqa: S307 # ours
    assert type(again) is type(value)
    assert same(again, value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"rows": [(1,), "x"]}, "{'rows': [(1,), 'x']}"),
        ([math.nan, -math.inf], "[float('nan'), float('-inf')]"),
        (Point(1, None), f"{__name__}.Point(x=1, y=None)"),
        (Box(1), f"{__name__}.Box(corner=1, width=3)"),
        (Colour.RED, f"{__name__}.Colour.RED"),
        (dt.timedelta(1), f"pickle.loads(base64.b64decode({pickled(dt.timedelta(1))!r}))"),
    ],
)  # fmt: skip
def test_what_is_plain_is_written_plainly(value: object, text: str) -> None:
    assert write(value).text == text


def test_what_can_be_neither_written_nor_pickled_is_told_with_the_reason() -> None:
    made = write([1, Unpicklable(), (threading.Lock(),)])
    assert made.text == "[1, ..., (...,)]"
    assert made.missing == (
        "a Unpicklable can be neither written nor pickled (TypeError: not me)",
        "a lock can be neither written nor pickled (TypeError: cannot pickle '_thread.lock' object)",
    )


def test_what_is_too_large_to_be_printed_is_told() -> None:
    made = write({"x": list(range(10_000))})
    assert made.text == "..."
    assert made.missing == ("a dict is too large to be printed (58,897 characters)",)


def test_a_type_may_say_how_it_is_written() -> None:
    with register_value_type(dt.date, expression=lambda one: (f"datetime.date{one.timetuple()[:3]}", ("datetime",))):
        made = write([dt.date(2024, 2, 29)])
    assert (made.text, made.modules) == ("[datetime.date(2024, 2, 29)]", ("datetime",))


EXAMPLES = settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
KEYS: st.SearchStrategy[object] = st.one_of(st.integers(), st.text("abé\n'\"\\", max_size=4))
LEAVES: st.SearchStrategy[object] = st.one_of(KEYS, st.none(), st.booleans(), st.floats(), st.binary(max_size=4))
TREES = st.recursive(
    LEAVES,
    lambda parts: st.lists(parts, max_size=4) | st.lists(parts, max_size=4).map(tuple)
    | st.dictionaries(KEYS, parts, max_size=4)
    | st.builds(Point, x=parts, y=parts) | st.builds(Box, corner=parts, width=parts),
    max_leaves=12,
)  # fmt: skip


@EXAMPLES
@given(TREES)
def test_any_tree_is_equal_to_its_copy_and_to_what_its_text_makes(value: object) -> None:
    (copied,) = snapshot({"x": value}).values()
    assert same(copied, value)
    made = write(value)
    assert made.missing == ()
    again = eval(made.text, {name.partition(".")[0]: __import__(name) for name in made.modules})  # noqa: S307 # ours
    assert same(again, value)


@EXAMPLES
@given(TREES, TREES)
def test_two_trees_are_equal_as_python_says_if_they_are_of_one_structure(one: object, other: object) -> None:
    if same(one, other) or not list(Comparison().compare(one, other, "it")):
        assert same(one, other) == (repr(one) == repr(other) or one == other)


# Copies


def test_copies_share_what_the_arguments_share_and_nothing_with_them() -> None:
    rows = [[1], [2]]
    copied = snapshot({"rows": rows, "first": rows[0], "text": "x"})
    assert copied == {"rows": rows, "first": [1], "text": "x"}
    assert copied["rows"][0] is copied["first"]
    copied["first"].append(3)
    assert rows == [[1], [2]]


def test_what_is_fixed_stands_for_itself() -> None:
    missing = object()
    assert snapshot({"x": [missing]}, fixed=[missing, None])["x"][0] is missing
    assert snapshot({"x": [missing]})["x"][0] is not missing


def generate() -> Iterator[int]:
    """Yield two numbers."""
    yield from (1, 2)


@pytest.mark.parametrize(
    "make", [generate, lambda: iter([1, 2]), lambda: map(int, "12"), lambda: itertools.islice([1, 2], 2)]
)
@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: {"deep": [(one,)]}, Box])
def test_an_iterator_is_not_copied_and_not_advanced(make: Any, wrap: Any) -> None:
    iterator = make()
    with pytest.raises(NotCheckedError, match=r"the argument 'rows' is or holds an iterator \(\w+\)"):
        snapshot({"rows": wrap(iterator)})
    assert list(iterator) == [1, 2]


def test_what_cannot_be_copied_is_told_with_the_reason() -> None:
    for value, reason in [
        (threading.Lock(), "'_thread.lock'"),
        (Unpicklable(), "TypeError: not me"),
        (io.BytesIO(b"x\n"), "BytesIO"),
    ]:
        with pytest.raises(NotCheckedError, match=f"the argument 'x' .*{reason}"):
            snapshot({"x": value})


def test_a_type_may_say_how_it_is_copied() -> None:
    class Handle:
        def __deepcopy__(self, _: object) -> Any:
            pytest.fail("it is asked first")

    with register_value_type(Handle, snapshot=lambda _: "a copy"):
        assert snapshot({"x": [Handle()]}) == {"x": ["a copy"]}


# NumPy's arrays


@pytest.fixture
def numpy() -> Any:
    """Return NumPy."""
    return pytest.importorskip("numpy", reason="NumPy is not installed")


ARRAYS = (
    "arange(6).reshape(2, 3)", "arange(6.0).reshape(2, 3).T", "arange(10.0)[::-2]", "array([nan, inf, -inf])",
    "zeros((0, 3))", "zeros((3,), 'c16')", "array(['a', 'bc'])", "float32(3)", "array(True)",
    "broadcast_to(arange(3), (2, 3))", "zeros(2, [('a', 'i4'), ('b', 'f8')])", "datetime64('2020')",
    "arange(4, dtype='>i4')", "array([b'x'])", "zeros((2, 1, 3))",
    "lib.stride_tricks.sliding_window_view(arange(5), 3)",
)  # fmt: skip


@pytest.mark.parametrize("text", ARRAYS)
def test_an_array_is_copied_and_written_with_its_strides(numpy: Any, text: str) -> None:
    value = eval(text, vars(numpy))  # noqa: S307 # ours
    (copied,) = snapshot({"x": value}).values()
    assert same(copied, value)
    if isinstance(value, numpy.ndarray):
        assert not numpy.shares_memory(copied, value)
        assert copied.flags.writeable == value.flags.writeable
    made = write(value)
    assert (made.modules, made.missing) == (("numpy",), ())
    assert same(eval(made.text, {"numpy": numpy}), value)  # noqa: S307 # ours


def test_an_array_in_a_data_class_is_copied_with_its_strides(numpy: Any) -> None:
    value = Box(numpy.arange(10.0)[::-2])
    (copied,) = snapshot({"x": value}).values()
    assert same(copied, value)


def test_a_large_array_is_written_without_its_values_and_says_so(numpy: Any) -> None:
    made = write([numpy.ones((10, 20), order="F")])
    assert made.text == "[numpy.zeros((10, 20), dtype='<f8', order='F')]"
    assert made.missing == ("an array is written without its values",)


def test_what_no_memory_of_bytes_can_hold_is_copied_too(numpy: Any) -> None:
    value = numpy.array([[1], None], dtype=object)
    (copied,) = snapshot({"x": value}).values()
    assert same(copied, value)
    copied[0].append(2)
    assert value[0] == [1]


def test_masked_arrays_are_compared_by_what_is_not_masked_and_pickled(numpy: Any) -> None:
    value = numpy.ma.masked_array([1.0, numpy.nan, 3.0], [0, 0, 1])
    assert same(value.copy(), value)
    assert same(numpy.ma.masked_array([1.0, numpy.nan, 4.0], [0, 0, 1]), value)
    assert not same(numpy.ma.masked_array([2.0, numpy.nan, 3.0], [0, 0, 1]), value)
    assert not same(numpy.ma.masked_array([1.0, numpy.nan, 3.0], [1, 0, 1]), value)
    assert same(numpy.ma.masked_array([1.0], [1]), numpy.ma.masked_array([2.0], [1]))
    made = write(value)
    assert made.text.startswith("pickle.loads")
    again = eval(made.text, {"pickle": pickle, "base64": base64})  # noqa: S307 # ours
    assert same(again, value)


def test_arrays_of_objects_are_compared_by_their_elements(numpy: Any) -> None:
    class Node:
        def __init__(self, name: str) -> None:
            self.name = name

    nodes = numpy.array([[Node("a"), None]], dtype=object)
    (copied,) = snapshot({"x": nodes}).values()
    assert list(Comparison(equal=equal_values).compare(copied, nodes, "x")) == []
    copied[0, 0].name = "b"
    assert list(Comparison(equal=equal_values).compare(copied, nodes, "x")) == ["x.flat[0].name: 'b' != 'a'"]
    assert list(Comparison().compare(copied, nodes, "x")) == []
