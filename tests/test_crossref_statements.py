"""What must hold of cross-reference checks, statement by statement; 1 to 8 and 15 are of operations as such."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

import plugframe
from plugframe import Host
from plugframe.calls.plans.suspension import is_suspended
from plugframe.errors import CrossReferenceError

PATIENCE = 20.0


@pytest.fixture
def host() -> Host:
    """Return a host with nothing installed."""
    return Host("myapp", path=[])


Declared = tuple[Any, list[str]]


@pytest.fixture
def scale(host: Host) -> Declared:
    """Return an operation with a backend ``acme``, and the list of who ran."""
    ran: list[str] = []

    @host.operation("numbers.scale")
    def scale(numbers: list[int], by: int) -> list[int]:
        ran.append("default")
        return [by * number for number in numbers]

    def acme(numbers: list[int], by: int) -> list[int]:
        ran.append("acme")
        return [number * by for number in numbers]

    scale.backend("acme", acme)
    return scale, ran


def test_9_the_real_implementation_runs_once_and_its_own_object_is_returned(host: Host) -> None:
    returned: list[object] = []

    @host.operation("numbers.copy")
    def copy_numbers(numbers: list[int]) -> list[int]:
        return list(numbers)

    def acme(numbers: list[int]) -> list[int]:
        returned.append(list(numbers))
        return returned[-1]  # type: ignore[return-value] # the list from above

    copy_numbers.backend("acme", acme)
    with host.ops.crossref() as report:
        got = copy_numbers([1, 2])
    assert len(returned) == report.checked == 1
    assert got is returned[0]
    with host.ops.crossref(reference="loopback"):
        got = copy_numbers([1, 2])
    assert len(returned) == 3
    assert got is returned[2]  # the reference, the same function, came first


def test_10_the_reference_sees_the_arguments_from_before_the_call_even_if_the_call_changes_them(host: Host) -> None:
    seen: list[tuple[str, list[int]]] = []

    @host.operation("numbers.clear", mutates=("numbers",))
    def clear(numbers: list[int]) -> None:
        seen.append(("default", list(numbers)))
        numbers.clear()

    def acme(numbers: list[int]) -> None:
        seen.append(("acme", list(numbers)))
        del numbers[:]

    clear.backend("acme", acme)
    numbers = [1, 2]
    with host.ops.crossref() as report:
        clear(numbers)
    assert seen == [("default", [1, 2]), ("acme", [1, 2])]
    assert (numbers, report.matched) == ([], 1)


def test_11_hooks_and_nested_checks_are_suspended_inside_and_restored_after_an_exception(host: Host) -> None:
    seen: list[tuple[str, bool, int]] = []

    @host.operation("numbers.inner")
    def inner(number: int) -> int:
        return number

    @host.operation("numbers.outer")
    def outer(number: int) -> int:
        before = report.checked + report.mismatched
        inner(number)
        seen.append(("default", bool(is_suspended()), report.checked + report.mismatched - before))
        raise LookupError

    def acme(number: int) -> int:
        before = report.checked + report.mismatched
        inner(number)
        seen.append(("acme", bool(is_suspended()), report.checked + report.mismatched - before))
        raise LookupError

    outer.backend("acme", acme)
    inner.backend("acme", lambda number: number)
    hooked: list[object] = []
    with host.ops.crossref() as report, outer.register_pre_hook(hooked.append), inner.register_pre_hook(hooked.append):
        for _ in range(2):
            with pytest.raises(LookupError):
                outer(1)
    assert seen == [("default", True, 0), ("acme", False, 1)] * 2
    assert len(hooked) == 4  # of the real calls only: outer's own and the one that it made, twice
    assert not is_suspended()


def test_12_a_difference_in_structure_is_found(host: Host, scale: Declared) -> None:
    operation, _ = scale
    operation.backend("tuples", lambda numbers, by: tuple(number * by for number in numbers))
    operation.backend("nested", lambda numbers, by: [[number * by] for number in numbers])
    operation.backend("longer", lambda numbers, by: [*numbers, by])
    found = {}
    for backend in ("tuples", "nested", "longer"):
        with host.ops.crossref(), pytest.raises(CrossReferenceError) as caught:
            operation.using(backend)([1], 2)
        found[backend] = caught.value.differences
    assert found == {
        "tuples": ("output: type tuple != list",),
        "nested": ("output[0]: type list != int",),
        "longer": ("output: length 2 != 1",),
    }


def test_13_the_message_evaluates_to_what_reproduces_the_mismatch(host: Host, scale: Declared) -> None:
    operation, _ = scale
    operation.backend("bad", lambda numbers, by: [float(number * by) for number in numbers])
    with host.ops.crossref(), pytest.raises(CrossReferenceError) as caught:
        operation.using("bad")([1, 2], by=3)
    message = str(caught.value)
    lines = [line.strip() for line in message.splitlines()]
    (call,) = [line for line in lines if line.startswith("host.ops.")]
    assert call == caught.value.call == "host.ops.numbers.scale.using('bad')(numbers=[1, 2], by=3)"
    assert eval(call, {"host": host}) == [3.0, 6.0]  # noqa: S307 # what the message shows
    with pytest.raises(CrossReferenceError) as again:
        exec(caught.value.reproduction, {"host": host})  # noqa: S102 # the same
    assert str(again.value) == message


def test_14_other_threads_and_tasks_are_not_affected(host: Host, scale: Declared) -> None:
    operation, ran = scale

    def elsewhere(call: Callable[[], object]) -> list[str]:
        thread = threading.Thread(target=call)
        del ran[:]
        thread.start()
        thread.join(PATIENCE)
        return list(ran)

    with host.ops.crossref() as report:
        assert elsewhere(lambda: operation([1], 2)) == ["acme"]
        assert report.checked == 0
        operation([1], 2)
        assert report.checked == 1

    async def check(inside: asyncio.Event, done: asyncio.Event) -> int:
        with host.ops.crossref() as report:
            operation([1], 2)
            inside.set()
            await done.wait()
            operation([1], 2)
        return report.checked

    async def main() -> tuple[int, list[str]]:
        inside, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(check(inside, done))
        await inside.wait()
        del ran[:]
        operation([1], 2)
        others = list(ran)
        done.set()
        return await task, others

    assert asyncio.run(main()) == (2, ["acme"])


def test_16_a_description_is_checked_to_be_callable_and_called_only_for_a_message() -> None:
    calls: list[str] = []

    def describe() -> str:
        calls.append("described")
        return "scale([1], 2)"

    wrong: Any = "scale([1], 2)"
    for check in (plugframe.check_metadata_matches, plugframe.check_value_metadata_matches):
        with pytest.raises(TypeError, match="a description is a function without arguments"):
            check(1, 1, wrong)
        check(1, 1, describe)
        assert calls == []
        with pytest.raises(CrossReferenceError, match=r"scale\(\[1\], 2\):\n  output: type int != str"):
            check(1, "1", describe)
        assert calls.pop() == "described"
