"""What goes to a native function and comes back: values, errors, objects; nothing is taken for what it is not."""

import copy
import ctypes
import gc
import inspect
import pickle
import sys
import threading
from array import array
from collections.abc import Iterator
from typing import Any

import pytest
from _native import everything, needs_compiler
from _sites import together

import plugframe
from plugframe import Library
from plugframe.errors import NativeError, NativeMemoryError, NativeTypeError, NativeValueError

pytestmark = needs_compiler


@pytest.fixture
def library() -> Iterator[Library]:
    """Return the library with everything, loaded by a host of this test's own."""
    loaded = plugframe.Host("values", path=[]).load_library(everything())
    yield loaded
    loaded.disable()


@pytest.fixture
def functions(library: Library) -> Any:
    return library.functions


@pytest.mark.parametrize("number", [0, 1, -1, (1 << 63) - 1, -1 << 63, True])
def test_whole_numbers_of_64_bits_pass_both_ways(functions: Any, number: int) -> None:
    assert functions.echo_int(number) == number
    assert functions.add(number, 0) == number
    assert type(functions.add(number, 0)) is int


@pytest.mark.parametrize("number", [0.0, -0.0, 1.5, float("inf"), sys.float_info.max, 5e-324, 7])
def test_floats_pass_both_ways(functions: Any, number: float) -> None:
    assert repr(functions.echo_float(number)) == repr(float(number))
    assert functions.half(number) == number / 2


def test_not_a_number_passes(functions: Any) -> None:
    assert functions.half(float("nan")) != functions.half(float("nan"))


@pytest.mark.parametrize("text", ["", "plain", "zero\0inside", "üñí ☃ 𝄞", "x" * 100_000])
def test_text_passes_both_ways_as_utf_8(functions: Any, text: str) -> None:
    assert functions.copy_text(text) == text
    assert functions.echo_text(text) == text


@pytest.mark.parametrize("raw", [b"", b"\0\1\2", b"caf\xe9", bytes(100_000)])
def test_bytes_pass_both_ways(functions: Any, raw: bytes) -> None:
    assert functions.copy_bytes(raw) == raw


@pytest.mark.parametrize("numbers", [[], [1], range(1000), (-1 << 63, 0, (1 << 63) - 1), array("q", [4, 5])])
def test_arrays_of_whole_numbers_are_copied_both_ways(functions: Any, numbers: Any) -> None:
    found = functions.copy_ints(numbers)
    assert (type(found), list(found)) == (array, list(numbers))


def test_arrays_of_floats_are_copied_both_ways(functions: Any) -> None:
    assert functions.copy_floats([1, 2.5, float("inf")]) == array("d", [1.0, 2.5, float("inf")])


@pytest.mark.parametrize("name", ["echo_int", "echo_float", "echo_bool", "echo_text"])
def test_none_passes_where_a_question_mark_admits_it(functions: Any, name: str) -> None:
    assert getattr(functions, name)(None) is None


def test_truth_values_pass_both_ways(functions: Any) -> None:
    assert [functions.both(one, other) for one in (True, False) for other in (True, False)] == [
        True,
        False,
        False,
        False,
    ]
    assert functions.both(True, True) is True
    assert functions.echo_bool(False) is False


def test_function_without_a_result_returns_none(functions: Any) -> None:
    assert functions.nothing() is None


def test_every_result_is_released_once(functions: Any) -> None:
    before = functions.released_count()
    functions.copy_text("a")
    functions.copy_bytes(b"")
    functions.copy_ints([1])
    assert functions.released_count() == before + 3


@pytest.mark.parametrize(
    ("value", "described"),
    [
        (b"abc", "kind 6, item 5, count 3"),
        (bytearray(7), "kind 6, item 5, count 7"),
        (array("h", [1, 2]), "kind 6, item 2, count 2"),
        (array("L", [1, 2]), f"kind 6, item {8 if array('L').itemsize == 8 else 7}, count 2"),
        (array("f", [1]), "kind 6, item 9, count 1"),
        (memoryview(array("d", range(6))), "kind 6, item 10, count 6"),
        (memoryview(bytes(12)).cast("B", (3, 4)), "kind 6, item 5, count 12"),
        ((ctypes.c_int32 * 3)(), "kind 6, item 3, count 3"),
        (None, "kind 0, item 0, count 0"),
        (b"", "kind 6, item 5, count 0"),
    ],
)
def test_buffer_of_anything_is_lent_with_what_its_items_are(functions: Any, value: object, described: str) -> None:
    assert functions.describe(value) == described


def test_buffer_is_not_copied(functions: Any) -> None:
    room = bytearray(4)
    functions.fill(room, 65)
    assert room == b"AAAA"
    part = memoryview(bytearray(b"....."))
    functions.fill(part[1:4], 66)
    assert part.tobytes() == b".BBB."


def test_buffer_is_free_again_after_the_call_also_after_one_that_failed(functions: Any) -> None:
    room = bytearray(4)
    functions.fill(room, 1)
    with pytest.raises(NativeTypeError):
        functions.fill(room, "x")
    with pytest.raises(NativeTypeError) as caught:
        functions.describe_floats(room)
    room.append(1)  # would be a BufferError
    assert "items have the format 'B'" in str(caught.value)


def test_numpy_arrays_are_lent_as_any_buffer(functions: Any) -> None:
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    assert functions.describe_floats(numpy.zeros((3, 4))) == "kind 6, item 10, count 12"
    room = numpy.zeros(5, dtype=numpy.uint8)
    functions.fill(room, 9)
    assert room.tolist() == [9] * 5
    assert functions.add(numpy.int64(3), numpy.uint8(4)) == 7
    for unfit in (
        numpy.zeros(4)[::2],
        numpy.zeros((2, 3)).T,
        numpy.zeros(2, ">f8"),
        numpy.zeros(2, "f4"),
        numpy.array(["x"]),
    ):
        with pytest.raises((NativeTypeError, NativeValueError)):
            functions.describe_floats(unfit)
    room.flags.writeable = False
    with pytest.raises(NativeValueError, match="may not be written to"):
        functions.fill(room, 9)


class Awkward:
    """What raises whenever it is looked at."""

    def __repr__(self) -> str:
        raise LookupError

    def __index__(self) -> int:
        raise TypeError


REFUSED = [
    ("add", ("x", 1), TypeError, "a should be int, and is of str: 'x'"),
    ("add", (1, 2.0), TypeError, "b should be int, and is of float: 2.0"),
    ("add", (1, None), TypeError, "b should be int, and is of NoneType: None"),
    ("add", (1, 1 << 63), ValueError, "b should be int, and is of int: 9223372036854775808"),
    ("add", (Awkward(), 1), TypeError, "a should be int, and is of Awkward: .its repr raises LookupError"),
    ("half", ("x",), TypeError, "a should be float, and is of str"),
    ("half", (1 << 2000,), ValueError, "a should be float, and is of int"),
    ("both", (1, True), TypeError, "a should be bool, and is of int: 1"),
    ("echo_int", (1 << 63,), ValueError, "a should be int., and is of int"),
    ("copy_text", (b"x",), TypeError, "a should be text, and is of bytes"),
    ("copy_text", ("\ud800",), ValueError, "surrogates not allowed"),
    ("copy_bytes", ("x",), TypeError, "a should be bytes, and is of str"),
    ("copy_bytes", (bytearray(1),), TypeError, "a should be bytes, and is of bytearray"),
    ("copy_ints", ([1.5],), TypeError, r"a should be array.int64., and is of list"),
    ("copy_ints", ("12",), TypeError, r"a should be array.int64., and is of str"),
    ("copy_ints", ([1 << 63],), ValueError, r"a should be array.int64., and is of list"),
    ("copy_ints", (5,), TypeError, r"a should be array.int64., and is of int"),
    ("describe", ("x",), TypeError, "a should be buffer., and is of str"),
    ("describe", (memoryview(bytes(6))[::2],), ValueError, "do not lie side by side"),
    ("describe_floats", (bytes(8),), TypeError, "the format 'B'"),
    ("describe_bytes", (b"x",), ValueError, "may not be written to"),
    ("describe_bytes", (array("b", [1]),), TypeError, "the format 'b'"),
]


@pytest.mark.parametrize(("name", "values", "kind", "message"), REFUSED)
def test_argument_of_another_type_or_size_is_refused_by_name_before_the_call(
    functions: Any, name: str, values: tuple[object, ...], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        getattr(functions, name)(*values)
    assert isinstance(caught.value, NativeError)
    assert caught.value.function == f"everything.{name}"


def test_wrong_number_of_arguments_is_pythons_own_error_and_names_work(functions: Any) -> None:
    assert functions.add(b=1, a=2) == 3
    for values in ((), (1,), (1, 2, 3)):
        with pytest.raises(TypeError, match=r"add\(\)"):
            functions.add(*values)
    assert str(inspect.signature(functions.add)) == "(a, b)"
    assert functions.add.__doc__ == "add(a: int, b: int) -> int\n\nAdd two numbers."
    assert (functions.add.__module__, functions.add.__qualname__) == ("everything", "add")


CODES = [
    (1, NativeError, RuntimeError),
    (2, NativeTypeError, TypeError),
    (3, NativeValueError, ValueError),
    (4, NativeMemoryError, MemoryError),
    (5, NativeError, RuntimeError),
    (6, NativeError, RuntimeError),
    (7, NativeError, RuntimeError),
]


@pytest.mark.parametrize(("code", "ours", "builtin"), CODES)
def test_error_code_becomes_an_exception_with_the_librarys_message(
    functions: Any, code: int, ours: type[Exception], builtin: type[Exception]
) -> None:
    with pytest.raises(ours, match=r"^everything\.fail: no ☃ today$") as caught:
        functions.fail(code, "no ☃ today")
    assert isinstance(caught.value, builtin)
    with pytest.raises(ours, match=f"it failed with code {code} and no message"):
        functions.fail_in_silence(code)
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (type(copied), str(copied)) == (ours, str(caught.value))


@pytest.mark.parametrize("code", [8, -1, 12345, -(1 << 31)])
def test_error_code_that_means_nothing_is_an_error_all_the_same(functions: Any, code: int) -> None:
    with pytest.raises(NativeError, match=f"the error code {code}, which means nothing and says 'hm'"):
        functions.fail(code, "hm")


def test_long_message_is_cut_between_characters(functions: Any) -> None:
    with pytest.raises(NativeError) as caught:
        functions.fail(1, "☃" * 200)
    assert caught.value.reason == "☃" * 82


def test_message_that_is_rubbish_is_shown_as_far_as_it_goes(functions: Any) -> None:
    with pytest.raises(NativeError, match="\ufffd"):
        functions.fail_with_rubbish()
    assert functions.add(1, 2) == 3


WRONG = [
    (0, "a value of kind 2, and promises text"),
    (1, "text that is not UTF-8"),
    (2, "a count of -1"),
    (3, "at address 0 with a count of 5"),
    (4, "a count of 9223372036854775807"),
    (5, "kind 12345"),
    (6, "kind -1"),
    (7, "kind 9"),
    (8, "kind 5"),
    (9, "kind 3"),
    (10, "kind 0"),
]


@pytest.mark.parametrize(("how", "message"), WRONG)
def test_result_that_is_not_what_the_signature_promises_is_an_error(functions: Any, how: int, message: str) -> None:
    with pytest.raises(NativeError, match=message):
        functions.wrong(how)


@pytest.mark.parametrize("how", [0, 1, 2])
def test_array_that_is_not_what_the_signature_promises_is_an_error(functions: Any, how: int) -> None:
    with pytest.raises(NativeError, match=r"everything\.wrong_array: the library returned"):
        functions.wrong_array(how)
    assert list(functions.wrong_array(3)) == [1, 2]


def test_result_that_the_library_forgets_is_not_that_of_the_call_before(functions: Any) -> None:
    with pytest.raises(NativeError, match="a value of kind 0, and promises int"):
        functions.forgets()


def test_error_that_was_raised_is_not_seen_by_the_next_call(functions: Any) -> None:
    for _ in range(3):
        with pytest.raises(NativeError, match="no message"):
            functions.fail_in_silence(1)
        with pytest.raises(NativeError, match="first"):
            functions.fail(1, "first")


# Objects


@pytest.fixture
def box(library: Library) -> Any:
    return library.classes.Box


def test_object_lives_until_nobody_has_it_any_more(box: Any, functions: Any) -> None:
    before = functions.alive_count()
    made = box(5)
    assert (made.value(), isinstance(made, box), functions.alive_count()) == (5, True, before + 1)
    method = made.value
    del made
    gc.collect()
    assert (method(), functions.alive_count()) == (5, before + 1)
    del method
    gc.collect()
    assert functions.alive_count() == before


def test_constructor_that_fails_makes_nothing(box: Any, functions: Any) -> None:
    before = functions.alive_count()
    with pytest.raises(ValueError, match=r"everything\.Box: a box holds nothing below zero"):
        box(-1)
    with pytest.raises(TypeError):
        box()
    with pytest.raises(NativeTypeError, match="value should be int"):
        box("x")
    assert functions.alive_count() == before


def test_objects_are_arguments_and_results(box: Any, functions: Any) -> None:
    one, other = box(5), box(value=6)
    one.take(other)
    one.take(one)
    assert (one.value(), other.value(), one.twin().value()) == (22, 6, 22)
    assert functions.box_or_none(0) is None
    assert type(functions.box_or_none(3)) is box


def test_object_of_another_class_is_not_taken_for_one_of_this(library: Library, box: Any) -> None:
    bag = library.classes.Bag(1)
    for wrong in (bag, 5, None, object(), box):
        with pytest.raises(NativeTypeError):
            box(1).take(wrong)
        with pytest.raises(NativeTypeError, match="self should be Box"):
            box.value(wrong)


def test_object_that_was_never_made_is_not_given_to_the_library(box: Any) -> None:
    with pytest.raises(AttributeError):
        object.__new__(box).value()


def test_object_that_the_library_gives_twice_is_refused_the_second_time(box: Any, functions: Any) -> None:
    made = box(1)
    with pytest.raises(NativeError, match="had given before"):
        functions.same_box()
    with pytest.raises(NativeError, match="NULL"):
        functions.no_box()
    assert made.value() == 1


def test_object_is_not_copied_or_pickled(box: Any) -> None:
    made = box(1)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="lives in its native library"):
            attempt(made)


def test_class_can_be_subclassed_and_describes_itself(box: Any) -> None:
    class Labelled(box):  # type: ignore[misc] # what the library has is not known to the checker
        label = "mine"

    made = Labelled(4)
    assert (made.label, made.value(), type(made)) == ("mine", 4, Labelled)
    assert str(inspect.signature(box)) == "(value)"
    assert (box.__module__, box.__name__, box.__doc__) == ("everything", "Box", "Holds a number.")


# Threads


def test_calls_of_many_threads_do_not_meet(functions: Any, box: Any) -> None:
    def work(index: int) -> bool:
        for turn in range(2000):
            assert functions.add(index, turn) == index + turn
            assert functions.copy_text(f"{index} {turn}") == f"{index} {turn}"
            assert box(turn).twin().value() == turn
        return True

    before = functions.alive_count()
    assert together(8, work) == [True] * 8
    gc.collect()
    assert functions.alive_count() == before


def test_object_may_die_in_another_thread(box: Any, functions: Any) -> None:
    before = functions.alive_count()
    boxes = [box(1)]
    thread = threading.Thread(target=boxes.clear)
    thread.start()
    thread.join()
    assert functions.alive_count() == before
