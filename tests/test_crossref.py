"""Calls of operations compared with a reference: what is found, what is skipped and why, and what is left alone."""

import asyncio
import contextvars
import random
import sys
import threading
import warnings
from collections import deque
from collections.abc import Coroutine, Iterable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from _sites import together

import plugframe
from plugframe import Host
from plugframe.errors import (
    BackendNotFoundError,
    CrossReferenceError,
    CrossReferenceWarning,
    NotRegisteredError,
    OperationSettingError,
)
from plugframe.operations.crossref.report import Report
from plugframe.testing.environments import distribution, write_tree

Rows = list[list[int]]
IMAGE = [[1, 2, 3], [4, 5, 6]]
OVERLOAD = "image.resize(image: list, width: int, height: int)"


@pytest.fixture
def host() -> Host:
    """Return a host with nothing installed."""
    return Host("myapp", path=[])


@pytest.fixture
def resize(host: Host) -> Any:
    """Return an operation that returns the upper left part of rows."""

    @host.operation("image.resize")
    def resize(image: Rows, width: int, height: int = 1) -> Rows:
        return [row[:width] for row in image[:height]]

    return resize


@pytest.fixture
def grow(host: Host) -> Any:
    """Return an operation that changes an argument, and says so."""

    @host.operation("image.grow", mutates=("image",))
    def grow(image: Rows, row: list[int]) -> int:
        image.append(list(row))
        return len(image)

    return grow


def transpose(image: Rows, width: int, height: int = 1) -> Rows:
    """Resize, with rows and columns exchanged."""
    return [list(column) for column in zip(*(row[:width] for row in image[:height]), strict=True)]


def crop(image: Rows, width: int, height: int = 1) -> Rows:
    """Resize as the operation does."""
    return [list(row[:width]) for row in image[:height]]


class Changeling:
    """Is copied as something else."""

    def __deepcopy__(self, _: object) -> str:
        return "another thing"


# What is found


def test_calls_that_do_what_the_reference_does_are_counted(host: Host, resize: Any) -> None:
    resize.backend("acme", crop)
    with host.ops.crossref() as report:
        assert resize(IMAGE, 2, 2) == [[1, 2], [4, 5]]
        assert resize(IMAGE, width=1) == [[1]]
    (line,) = report.lines()
    assert (line.operation, line.overload, line.checked) == ("image.resize", OVERLOAD, 2)
    assert (report.checked, report.matched, report.mismatched, report.skipped) == (2, 2, 0, {})
    assert report.mismatches == ()


def test_a_mismatch_is_raised_in_the_place_of_the_result(host: Host, resize: Any) -> None:
    resize.backend("acme", transpose)
    with host.ops.crossref() as report, pytest.raises(CrossReferenceError) as caught:
        resize(IMAGE, 3, 2)
    error = caught.value
    assert error.differences == ("output: length 3 != 2",)
    assert (error.operation, error.overload) == ("image.resize", OVERLOAD)
    assert (error.backend, error.reference) == ("acme", "default")
    assert str(error).splitlines() == [
        f"{OVERLOAD} by 'acme' of the host myapp does not do what the reference 'default' of the host myapp does:",
        "  output: length 3 != 2",
        "To see it again:",
        "  # host is the plugframe.Host that is named 'myapp'",
        "  with host.ops.crossref(reference='default'):",
        "      host.ops.image.resize.using('acme')(image=[[1, 2, 3], [4, 5, 6]], width=3, height=2)",
    ]
    assert isinstance(error, AssertionError)
    assert [(str(one), one.__traceback__) for one in report.mismatches] == [(str(error), None)]
    assert (report.mismatched, report.matched) == (1, 0)


def test_the_call_that_is_shown_imports_the_host_from_where_the_operation_was_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module: Any = ModuleType("acme_application")
    monkeypatch.setitem(sys.modules, "acme_application", module)
    source = """
from plugframe import Host
application = Host("myapp", path=[])

@application.operation("rows.first")
def first(rows: list, *more: int, places: int = 1, **options: int) -> list:
    return rows[:places]
"""
    exec(source, vars(module))  # noqa: S102 # a module that needs no file
    module.first.backend("acme", lambda rows, *more, places=1, **options: tuple(rows[:places]))
    with module.application.ops.crossref(), pytest.raises(CrossReferenceError) as caught:
        module.first([1, 2], 3, places=2, **{"a": 4, "b-c": 5})
    assert caught.value.reproduction.splitlines() == [
        "from acme_application import application as host",
        "with host.ops.crossref(reference='default'):",
        "    host.ops.rows.first.using('acme')([1, 2], 3, places=2, a=4, **{'b-c': 5})",
    ]
    with pytest.raises(CrossReferenceError) as again:
        exec(caught.value.reproduction, {})  # noqa: S102 # what was shown
    assert str(again.value) == str(caught.value)


def test_the_call_that_is_shown_says_what_of_it_cannot_be_written(host: Host) -> None:
    class Local:
        pass

    @host.operation("local.take")
    def take(local: object, place: int) -> int:
        return place

    take.backend("acme", lambda local, place: str(place))
    with host.ops.crossref(), pytest.raises(CrossReferenceError) as caught:
        take(Local(), 1)
    assert caught.value.call == "host.ops.local.take.using('acme')(local=..., place=1)"
    assert "\n# a test_the_call_that_is_shown_says_what_of_it_cannot_be_written" in caught.value.reproduction
    assert "can be neither written nor pickled" in caught.value.reproduction


def test_the_default_host_is_shown_by_its_name() -> None:
    host = Host("plugframe", path=[])

    @host.operation("number.same")
    def same(number: int) -> int:
        return number

    same.backend("acme", str)
    with host.ops.crossref(), pytest.raises(CrossReferenceError) as caught:
        same(1)
    assert caught.value.reproduction.startswith("from plugframe import default_host as host\n")


def test_a_mismatch_may_be_warned_of_where_the_call_stands(host: Host, resize: Any) -> None:
    resize.backend("acme", transpose)
    with host.ops.crossref(on_mismatch="warn"), pytest.warns(CrossReferenceWarning, match="length 3 != 2") as caught:
        assert resize(IMAGE, 3, 2) == [[1, 4], [2, 5], [3, 6]]
    assert [warning.filename for warning in caught] == [__file__]


def test_mismatches_may_be_collected(host: Host, resize: Any) -> None:
    resize.backend("acme", transpose)
    with host.ops.crossref(on_mismatch="collect") as report:
        assert resize(IMAGE, 3, 2) == [[1, 4], [2, 5], [3, 6]]
        assert resize(IMAGE, 1, 2) == [[1, 4]]
    assert [one.differences for one in report.mismatches] == [("output: length 3 != 2",), ("output: length 1 != 2",)]


def test_values_are_compared_only_where_that_is_asked(host: Host, resize: Any) -> None:
    resize.backend("acme", lambda image, width, height=1: [[0] * width] * height)
    with host.ops.crossref():
        resize(IMAGE, 2)
    with host.ops.crossref(equal=True), pytest.raises(CrossReferenceError) as caught:
        resize(IMAGE, 2)
    assert caught.value.differences == ("output[0][0]: 0 != 1", "output[0][1]: 0 != 2")
    assert "crossref(reference='default', equal=True)" in caught.value.reproduction
    with (
        host.ops.crossref(equal=lambda got, expected: abs(got - expected) < 2),
        pytest.raises(CrossReferenceError) as caught,
    ):
        resize(IMAGE, 2)
    assert caught.value.differences == ("output[0][1]: 0 != 2",)


def test_a_backend_may_be_the_reference(host: Host, resize: Any) -> None:
    resize.backend("good", crop)
    resize.backend("bad", transpose)
    with host.ops.crossref(reference="good") as report:
        resize.using("default")(IMAGE, 3, 2)
        resize.using("good")(IMAGE, 3, 2)
        with pytest.raises(CrossReferenceError, match=r"by 'bad' of the host myapp .* 'good' of the host myapp"):
            resize.using("bad")(IMAGE, 3, 2)
    assert (report.checked, report.skipped) == (2, {"'good' itself was called": 1})


def test_the_reference_is_the_function_of_the_overload_that_was_called(host: Host, resize: Any) -> None:
    @resize.overload  # type: ignore[untyped-decorator] # of what a fixture returns
    def _(image: bytes, width: int, height: int = 1) -> bytes:
        return image[: width * height]

    resize.backend("acme", lambda image, width, height=1: image[:width])
    with host.ops.crossref(equal=True) as report:
        assert resize(b"abcdef", 3) == b"abc"
    assert [(line.overload, line.matched) for line in report.lines()] == [
        ("image.resize(image: bytes, width: int, height: int)", 1)
    ]


def test_of_a_fake_only_structure_and_metadata_count(host: Host, resize: Any) -> None:
    @resize.fake  # type: ignore[untyped-decorator] # of what a fixture returns
    def _(image: Rows, width: int, height: int = 1) -> Rows:
        return [[0] * width for _ in range(height)]

    resize.backend("bad", transpose)
    with host.ops.crossref(reference="fake") as report:
        assert resize.using("default")(IMAGE, 3, 2) == IMAGE
        with pytest.raises(CrossReferenceError, match="length 3 != 2"):
            resize.using("bad")(IMAGE, 3, 2)
    assert report.checked == 2


def test_a_fake_changes_nothing_and_is_not_expected_to(host: Host, grow: Any) -> None:
    grow.fake(lambda image, row: 0)
    image = [[1]]
    with host.ops.crossref(reference="fake") as report:
        assert grow(image, [2]) == 2
    assert report.matched == 1


def test_loopback_finds_chance(host: Host) -> None:
    chance = random.Random(0)  # noqa: S311 # no secret

    @host.operation("numbers.draw")
    def draw(most: int) -> float:
        return chance.random() * most

    with host.ops.crossref(reference="loopback"), pytest.raises(CrossReferenceError, match=r"output: 0\.\d+ != 0\.\d+"):
        draw(1)
    with host.ops.crossref(reference="loopback", equal=False):
        draw(1)


def test_loopback_finds_dependence_on_an_identity(host: Host) -> None:
    known = [1]

    @host.operation("numbers.known")
    def is_known(one: list[int]) -> bool:
        return one is known

    with host.ops.crossref(reference="loopback"), pytest.raises(CrossReferenceError, match="output: True != False"):
        is_known(known)


def test_defaults_are_known_by_their_identity(host: Host) -> None:
    missing = object()

    @host.operation("numbers.first")
    def first(numbers: list[int], default: object = missing) -> object:
        return "nothing" if default is missing else [*numbers, default][0]

    with host.ops.crossref(reference="loopback") as report:
        assert first([]) == "nothing"
        assert first([], None) is None
    assert report.matched == 2


def test_containers_of_what_only_has_its_identity_match_their_copies(host: Host) -> None:
    class Node:
        def __init__(self, name: str) -> None:
            self.name = name

    @host.operation("graph.keep")
    def keep(nodes: object, *, fresh: bool = False) -> object:
        return type(nodes)([Node("c")]) if fresh and isinstance(nodes, list | deque) else nodes

    values: list[object] = [{Node("a"), Node("b"), 3}, frozenset([Node("a")]), deque([Node("a"), 1]), [{Node("a")}]]
    with host.ops.crossref(reference="loopback") as report:
        for value in values:
            assert keep(value) is value
        assert keep([Node("a")], fresh=True) != keep(deque([Node("a")]), fresh=True)
    assert (report.matched, report.skipped) == (6, {})
    keep.backend("acme", lambda nodes, *, fresh=False: {*nodes, 4} if isinstance(nodes, set) else deque([*nodes, 4]))
    for value in ({1, Node("a")}, deque([1])):
        with host.ops.crossref(equal=True), pytest.raises(CrossReferenceError):
            keep(value)


def test_arguments_of_any_names_are_compared(host: Host) -> None:
    @host.operation("numbers.name")
    def name(*, function: str, **named: int) -> list[object]:
        return [function, named]

    name.backend("acme", lambda *, function, **named: [function, named])
    with host.ops.crossref(equal=True) as report:
        assert name(function="f", self=1, call=2, reference=3) == ["f", {"self": 1, "call": 2, "reference": 3}]
    assert (report.matched, report.skipped) == (1, {})


def test_the_reference_changes_a_copy_of_a_default_that_can_be_changed(host: Host) -> None:
    kept: list[int] = []

    @host.operation("numbers.keep", mutates=("known",))
    def keep(number: int, known: list[int] = kept) -> int:
        known.append(number)
        return len(known)

    def acme(number: int, known: Any = None) -> int:
        known.append(number)
        return len(known)

    keep.backend("acme", acme)
    with host.ops.crossref(equal=True) as report:
        assert (keep(5), keep(6)) == (1, 2)
    assert (report.matched, kept) == (2, [5, 6])


def test_a_change_that_is_not_declared_is_found(host: Host, resize: Any) -> None:
    def greedy(image: Rows, width: int, height: int = 1) -> Rows:
        return [[image[row].pop(0) for _ in range(width)] for row in range(height)]

    resize.backend("greedy", greedy)
    image = [[1, 2, 3]]
    for reference in ("default", "loopback"):
        with host.ops.crossref(reference=reference), pytest.raises(CrossReferenceError) as caught:
            resize(image, 1)
        assert "argument 'image'[0]: length" in caught.value.differences[0]
        assert "(changed by the call, and not declared in mutates)" in caught.value.differences[0]
    assert image == [[3]]


def test_a_reference_that_changes_what_it_should_not_is_found_and_harms_nobody(host: Host, resize: Any) -> None:
    def greedy(image: Rows, width: int, height: int = 1) -> Rows:
        found = crop(image, width, height)
        image.clear()
        return found

    resize.backend("greedy", greedy)
    image = [[1, 2, 3]]
    with host.ops.crossref(reference="greedy"), pytest.raises(CrossReferenceError) as caught:
        resize.using("default")(image, 1)
    assert caught.value.differences == (
        "argument 'image': length 0 != 1 (changed by the reference, and not declared in mutates)",
    )
    assert image == [[1, 2, 3]]


def test_changes_that_are_declared_are_compared_afterwards(host: Host, grow: Any) -> None:
    def lazy(image: Rows, row: list[int]) -> int:
        return len(image) + len([row])

    def late(image: Rows, row: list[int]) -> int:
        image.append([0] * len(row))
        return len(image)

    image = [[1]]
    with host.ops.crossref(reference="default", equal=True):
        grow.backend("late", late)
        with pytest.raises(CrossReferenceError) as caught:
            grow.using("late")(image, [2])
        assert caught.value.differences == ("argument 'image' afterwards[1][0]: 0 != 2",)
        grow.backend("lazy", lazy)
        with pytest.raises(CrossReferenceError) as caught:
            grow.using("lazy")(image, [2])
        assert caught.value.differences == ("argument 'image' afterwards: length 2 != 3",)
        assert "(image=[[1], [0]], row=[2])" in caught.value.call  # what it was before
    with host.ops.crossref(reference="loopback") as report:
        assert grow.using("default")(image, [3]) == 3
    assert (image, report.matched) == ([[1], [0], [3]], 1)


def test_an_argument_that_is_never_equal_to_its_copy_is_not_taken_for_changed(host: Host) -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            return False

        __hash__ = None  # type: ignore[assignment]

    @host.operation("odd.take")
    def take(odd: object) -> int:
        return 1

    with host.ops.crossref(reference="loopback") as report:
        assert take(SimpleNamespace(inner=[Odd(), float("nan")])) == 1
    assert report.matched == 1


# What is raised


def fail(error: type[Exception]) -> Any:
    """Return a backend that raises."""

    def raises(image: Rows, width: int, height: int = 1) -> Rows:
        message = f"{width} is too much"
        raise error(message)

    return raises


def test_an_exception_of_one_of_both_is_a_mismatch(host: Host, resize: Any) -> None:
    resize.backend("acme", fail(ValueError))
    with host.ops.crossref() as report, pytest.raises(CrossReferenceError) as caught:
        resize(IMAGE, 2)
    assert caught.value.differences == ("raised: ValueError: 2 is too much != nothing",)
    assert isinstance(caught.value.__cause__, ValueError)
    with host.ops.crossref(reference="acme"), pytest.raises(CrossReferenceError) as caught:
        resize.using("default")(IMAGE, 2)
    assert caught.value.differences == ("raised: nothing != ValueError: 2 is too much",)
    assert isinstance(caught.value.__cause__, ValueError)
    assert report.mismatched == 1


def test_exceptions_of_different_types_are_a_mismatch_and_of_one_are_not(host: Host, resize: Any) -> None:
    resize.backend("acme", fail(ValueError))
    resize.backend("same", fail(ValueError))
    resize.backend("other", fail(KeyError))
    with host.ops.crossref(reference="acme") as report:
        with pytest.raises(ValueError, match="2 is too much"):
            resize.using("same")(IMAGE, 2)
        with pytest.raises(CrossReferenceError, match="raised: KeyError: '2 is too much' != ValueError: 2 is too much"):
            resize.using("other")(IMAGE, 2)
    assert (report.matched, report.mismatched) == (1, 1)


def test_where_mismatches_are_not_raised_the_exception_of_the_call_is(host: Host, resize: Any) -> None:
    resize.backend("acme", fail(ValueError))
    with host.ops.crossref(on_mismatch="collect") as report, pytest.raises(ValueError, match="2 is too much") as caught:
        resize(IMAGE, 2)
    assert report.mismatched == 1
    assert caught.value.__context__ is None


def test_a_mismatch_in_a_call_that_an_implementation_makes_is_told_once(host: Host, resize: Any) -> None:
    @host.operation("image.thumbnail")
    def thumbnail(image: Rows) -> Rows:
        found: Rows = resize(image, 3, 2)
        return found

    resize.backend("acme", transpose)
    with host.ops.crossref(reference="loopback", equal=False) as report:
        thumbnail(IMAGE)
    assert report.checked == 2
    thumbnail.backend("mine", thumbnail.default)
    with host.ops.crossref(reference="default") as report, pytest.raises(CrossReferenceError) as caught:
        thumbnail.using("mine")(IMAGE)
    assert caught.value.operation == "image.resize"
    assert report.skipped == {"a call that it made is a mismatch itself": 1}


def test_what_ends_the_program_is_not_taken_for_a_difference(host: Host, resize: Any) -> None:
    def stop(image: Rows, width: int, height: int = 1) -> Rows:
        raise KeyboardInterrupt

    resize.backend("acme", stop)
    for reference, called in (("acme", "default"), ("default", "acme")):
        with host.ops.crossref(reference=reference) as report, pytest.raises(KeyboardInterrupt):
            resize.using(called)(IMAGE, 1)
        assert report.checked == 0


# What is skipped, and why


def test_an_iterator_is_left_to_the_call(host: Host) -> None:
    @host.operation("numbers.total")
    def total(numbers: Iterable[int]) -> int:
        return sum(numbers)

    total.backend("acme", lambda numbers: 0)
    with host.ops.crossref(equal=True) as report:
        assert total.using("default")(iter([1, 2])) == 3
        assert total.using("acme")(number for number in (1, 2)) == 0
        with pytest.raises(CrossReferenceError, match="output: 0 != 3"):
            total.using("acme")([1, 2])
    assert report.skipped == {
        "'default' itself was called": 1,
        "the argument 'numbers' is or holds an iterator (generator), which only the call itself may advance": 1,
    }
    assert report.mismatched == 1
    with host.ops.crossref(reference="loopback") as report:
        assert total.using("default")(iter([1, 2])) == 3
    assert list(report.skipped.values()) == [1]


def test_what_returns_an_iterator_is_left_to_the_caller(host: Host) -> None:
    @host.operation("numbers.count")
    def count(most: int) -> Iterable[int]:
        return iter(range(most))

    @host.operation("numbers.generate")
    def generate(most: int) -> Iterator[int]:
        yield from range(most)

    with host.ops.crossref(reference="loopback") as report:
        assert list(count(2)) == [0, 1]
        assert list(generate(2)) == [0, 1]
    assert report.skipped == {
        "it is a generator function, which does nothing until its result is used": 1,
        "it returns an iterator (range_iterator), which only the caller may advance": 1,
    }


def test_an_iterator_in_the_place_of_something_else_is_a_mismatch(host: Host) -> None:
    @host.operation("numbers.count")
    def count(most: int) -> Iterable[int]:
        return iter(range(most))

    count.backend("acme", lambda most: list(range(most)))
    with host.ops.crossref(), pytest.raises(CrossReferenceError, match="output: type list != range_iterator"):
        count(2)
    with host.ops.crossref(reference="acme", on_mismatch="collect") as report:
        assert list(count.using("default")(2)) == [0, 1]
    assert [one.differences for one in report.mismatches] == [("output: type range_iterator != list",)]


def test_a_coroutine_of_the_reference_is_closed(host: Host) -> None:
    async def later() -> int:
        return 1

    @host.operation("numbers.later")
    def call_later() -> Coroutine[Any, Any, int]:
        return later()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with host.ops.crossref(reference="loopback") as report:
            assert asyncio.run(call_later()) == 1
    assert report.skipped == {"it returns an iterator (coroutine), which only the caller may advance": 1}


def test_what_cannot_be_copied_is_skipped_with_the_reason(host: Host, resize: Any) -> None:
    resize.backend("acme", crop)
    lock = threading.Lock()
    with host.ops.crossref() as report:
        assert resize([[lock]], 1) == [[lock]]
    ((reason, number),) = report.skipped.items()
    assert "the argument 'image' cannot be copied (TypeError: cannot pickle '_thread.lock' object)" in reason
    assert number == 1


def test_what_is_copied_as_something_else_is_skipped(host: Host, resize: Any) -> None:
    resize.backend("acme", crop)
    with host.ops.crossref() as report:
        resize([[Changeling()]], 1)
    assert report.skipped == {
        "an argument does not copy faithfully (the copy of argument 'image'[0][0]: type str != Changeling)": 1
    }


def test_a_reference_that_is_not_there_or_does_not_want_the_call_is_a_reason(
    host: Host, resize: Any, grow: Any
) -> None:
    grow.backend("other", lambda image, row: 0)
    resize.backend("late", lambda image, width, height=1: decline())
    resize.backend("never", crop, can_run=lambda image, width, height: "only on Sundays")

    def decline() -> Rows:
        reason = "no memory"
        raise plugframe.Decline(reason)

    told = {}
    for reference in ("other", "late", "never", "fake"):
        with host.ops.crossref(reference=reference) as report:
            assert resize.using("default")(IMAGE, 1) == [[1]]
        ((told[reference], _),) = report.skipped.items()
    assert told == {
        "other": "it has no backend 'other'",
        "late": "the reference 'late' declined: no memory",
        "never": "the reference 'never' cannot run: only on Sundays",
        "fake": "it has no fake",
    }


def test_a_reference_that_does_not_take_these_arguments_is_a_reason(host: Host) -> None:
    @host.operation("text.join")
    def join(parts: list[str] | tuple[str, ...]) -> str:
        return "".join(parts)

    @join.overload
    def _(parts: bytes) -> bytes:
        return parts

    def of_lists(parts: list[str]) -> str:
        return "".join(parts)

    def asked(parts: bytes) -> bytes:
        return parts

    def raises(parts: bytes) -> bool:
        reason = "not now"
        raise plugframe.Decline(reason)

    wrong: Any = 1
    join.backend("lists", of_lists)
    join.backend("asked", asked, can_run=lambda parts: wrong)
    join.backend("willing", asked, can_run=lambda parts: True)
    join.backend("raises", asked, can_run=raises)
    told = {}
    calls: list[tuple[str, Any]] = [("lists", ["a"]), ("lists", ("a",)), ("lists", b"a")]
    for reference, parts in [*calls, ("asked", b"a"), ("willing", b"a"), ("raises", b"a")]:
        with host.ops.crossref(reference=reference) as report:
            join.using("default")(parts)
        told[reference, type(parts)] = next(iter(report.skipped), "checked")
    assert told == {
        ("lists", list): "checked",
        ("lists", tuple): "the reference 'lists' does not take it: 'parts' must be list, and is tuple",
        ("lists", bytes): "the reference 'lists' does not take it: it implements other overloads",
        (
            "asked",
            bytes,
        ): "its arguments cannot be compared (TypeError: can_run of the host myapp returned 1; it must be "
        "True, False, a text that says why not, or a plugframe.Verdict)",
        ("willing", bytes): "checked",
        ("raises", bytes): "the reference 'raises' cannot run: not now",
    }


def test_a_reference_that_cannot_be_imported_is_a_reason(tmp_path: Path) -> None:
    declared = {"myapp.operations": {"text.shout.acme": "acme_nowhere:shout"}}
    write_tree(tmp_path, distribution("acme-shout", "1.2", entry_points=declared))
    host = Host("myapp", path=[tmp_path])

    @host.operation("text.shout")
    def shout(word: str) -> str:
        return word.upper()

    with host.ops.crossref(reference="acme") as report:
        assert shout.using("default")("a") == "A"
    ((reason, _),) = report.skipped.items()
    assert reason.startswith(
        "its backend 'acme' cannot be used (PluginImportError: cannot load myapp.operations:text.shout"
    )


def test_a_call_that_declines_is_counted_and_the_next_one_is_checked(host: Host, resize: Any) -> None:
    def decline(image: Rows, width: int, height: int = 1) -> Rows:
        reason = "too small"
        raise plugframe.Decline(reason)

    resize.backend("first", decline, before=("second",))
    resize.backend("second", crop)
    with host.ops.crossref() as report:
        assert resize(IMAGE, 1) == [[1]]
    assert (report.skipped, report.matched) == ({"'first' declined: too small": 1}, 1)


def test_values_whose_own_code_fails_are_skipped_and_returned(host: Host) -> None:
    class Broken:
        pass

    def describe(_: object) -> dict[str, object]:
        message = "no shape"
        raise LookupError(message)

    @host.operation("broken.make")
    def make() -> object:
        return Broken()

    with plugframe.register_value_type(Broken, metadata=describe), host.ops.crossref(reference="loopback") as report:
        assert isinstance(make(), Broken)
    assert report.skipped == {"its result cannot be compared (LookupError: no shape)": 1}


def test_a_sample_is_the_same_at_every_run(host: Host, resize: Any) -> None:
    resize.backend("acme", crop)

    def checked(seed: int) -> list[bool]:
        found = []
        with host.ops.crossref(sample=0.5, seed=seed) as report:
            for _ in range(40):
                before = report.checked
                resize(IMAGE, 1)
                found.append(report.checked > before)
            assert report.skipped == {"not in the sample": 40 - report.checked}
        return found

    assert checked(1) == checked(1) != checked(2)
    assert 5 < sum(checked(1)) < 35
    with host.ops.crossref(sample=0) as report:
        resize(IMAGE, 1)
    assert report.checked == 0


def test_only_some_operations_may_be_checked(host: Host, resize: Any, grow: Any) -> None:
    with host.ops.crossref(reference="loopback", operations="image.resize") as report:
        resize(IMAGE, 1)
        grow([[1]], [1])
    assert [line.operation for line in report.lines()] == ["image.resize"]
    assert report.never_called == ()
    with host.ops.crossref(reference="loopback", operations=["image.grow", "image.resize"]) as report:
        resize(IMAGE, 1)
    assert report.never_called == ("image.grow",)


def test_the_report_shows_what_was_checked_skipped_and_never_called(host: Host, resize: Any, grow: Any) -> None:
    resize.backend("acme", transpose)
    with host.ops.crossref(on_mismatch="collect") as report:
        resize(IMAGE, 1)
        resize(IMAGE, 3, 2)
        resize.using("default")(IMAGE, 1)
    assert str(report).splitlines() == [
        "compared with 'default': 2 calls checked, 1 mismatched, 1 skipped",
        "OVERLOAD                                            MATCHED  MISMATCHED  SKIPPED",
        "image.resize(image: list, width: int, height: int)  1        1           1",
        "skipped 1 of image.resize: 'default' itself was called",
        "never called: image.grow",
    ]
    assert repr(report) == "<report of 2 calls compared with 'default'>"


def test_a_report_does_not_grow_for_ever() -> None:
    report = Report("default", operations=lambda: ())
    for number in range(1200):
        report.count("a.b", "a.b()", "mismatched")
        report.add(CrossReferenceError("a.b", (f"output: {number} != 0",)))
        report.count_skipped("a.b", "a.b()", f"reason {number}")
    assert (len(report.mismatches), report.mismatched) == (1000, 1200)
    assert (len(report.skipped), report.skipped["other reasons"]) == (51, 1150)


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"reference": "defualt"}, BackendNotFoundError, "'defualt'.*did you mean 'default'"),
        ({"reference": "acne"}, BackendNotFoundError, "did you mean 'acme'"),
        ({"reference": 3}, BackendNotFoundError, "no backend named '3'"),
        ({"on_mismatch": "rise"}, OperationSettingError, "on_mismatch is one of .*did you mean 'raise'"),
        ({"sample": 1.5}, ValueError, "from 0 to 1; got 1.5"),
        ({"sample": "all"}, ValueError, "from 0 to 1; got 'all'"),
        ({"sample": float("nan")}, ValueError, "from 0 to 1; got nan"),
        ({"operations": ["image.resise"]}, NotRegisteredError, "did you mean 'image.resize'"),
        ({"equal": "yes"}, TypeError, "got 'yes'"),
        ({"reference": "fake", "equal": True}, ValueError, "a fake has none"),
    ],
)
def test_options_that_mean_nothing_are_refused_at_once(
    host: Host, resize: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    resize.backend("acme", crop)
    with pytest.raises(error, match=message):
        host.ops.crossref(**options)


# Contexts


def test_a_check_ends_with_its_block_and_an_exception(host: Host, resize: Any) -> None:
    resize.backend("acme", transpose)
    with pytest.raises(LookupError), host.ops.crossref():
        raise LookupError
    assert resize(IMAGE, 3, 2) == [[1, 4], [2, 5], [3, 6]]


def test_the_inner_of_two_checks_counts(host: Host, resize: Any) -> None:
    resize.backend("acme", transpose)
    with host.ops.crossref() as outer:
        with host.ops.crossref(on_mismatch="collect") as inner:
            resize(IMAGE, 3, 2)
        with pytest.raises(CrossReferenceError):
            resize(IMAGE, 3, 2)
    assert (outer.checked, inner.checked) == (1, 1)


def test_checks_of_two_hosts_do_not_meet(host: Host, resize: Any) -> None:
    other = Host("other", path=[])

    @other.operation("text.double")
    def double(text: str) -> str:
        resize(IMAGE, 1)
        return text * 2

    with host.ops.crossref(reference="loopback") as mine, other.ops.crossref(reference="loopback") as theirs:
        double("x")
        resize(IMAGE, 1)
    assert [(line.operation, line.checked) for line in mine.lines()] == [("image.resize", 2)]
    assert [(line.operation, line.checked) for line in theirs.lines()] == [("text.double", 1)]


def test_checks_of_many_threads_are_their_own(host: Host, resize: Any) -> None:
    resize.backend("acme", transpose)

    def run(index: int) -> tuple[int, int]:
        if index % 2:
            assert [resize(IMAGE, 3, 2) for _ in range(20)] == [[[1, 4], [2, 5], [3, 6]]] * 20
            return 0, 0
        with host.ops.crossref(on_mismatch="collect", reference=("default", "loopback")[index % 4 // 2]) as report:
            for _ in range(20):
                resize(IMAGE, 3, 2)
        return report.checked, report.mismatched

    assert together(8, run) == [(20, 20), (0, 0), (20, 0), (0, 0)] * 2


def test_one_check_counts_the_calls_of_many_threads(host: Host, resize: Any) -> None:
    resize.backend("acme", crop)
    with host.ops.crossref(sample=0.5) as report:
        contexts = [contextvars.copy_context() for _ in range(4)]
        together(4, lambda index: contexts[index].run(lambda: [resize(IMAGE, 1) for _ in range(25)]))
        assert report.checked + report.skipped["not in the sample"] == 100
        found = report.checked
    with host.ops.crossref(sample=0.5) as report:
        for _ in range(100):
            resize(IMAGE, 1)
    assert report.checked == found


def test_a_task_that_outlives_the_check_goes_on_unchecked(host: Host, resize: Any) -> None:
    resize.backend("acme", transpose)

    async def work(go: asyncio.Event) -> Rows:
        await go.wait()
        found: Rows = resize(IMAGE, 3, 2)
        return found

    async def main() -> Rows:
        go = asyncio.Event()
        with host.ops.crossref():
            task = asyncio.create_task(work(go))
            await asyncio.sleep(0)
        go.set()
        return await task

    assert asyncio.run(main()) == [[1, 4], [2, 5], [3, 6]]
