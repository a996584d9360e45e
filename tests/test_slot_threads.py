"""Slots from many threads at once: no call sees a half of a binding, no binding is lost, and nothing waits for ever."""

import gc
import itertools
import random
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _sites import PATIENCE, Site, fresh, plugin, site_at, together

from plugframe import Host
from plugframe.calls.entries import Entries
from plugframe.errors import SlotBoundError
from plugframe.namespaces.names import Addition
from plugframe.registry.bindings import Bindings
from plugframe.registry.callbacks import Callbacks

ROUNDS = 300


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path / "site") as made:
        yield made


@pytest.fixture
def callbacks() -> Callbacks:
    return Host("myapp", path=[]).callbacks


@pytest.fixture(autouse=True)
def often() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def failing(index: int) -> Any:
    """Return a function that raises its number."""

    def fail(value: int) -> None:
        raise ValueError(index, value)

    return fail


def test_call_while_others_bind_and_unbind_has_one_whole_binding(callbacks: Callbacks) -> None:
    slot = callbacks.slot("fail", "(value)", default=lambda value: ("default", value))
    stop = threading.Event()

    def bind(index: int) -> int:
        for _ in range(ROUNDS):
            with slot.bind(failing(index), provider=f"acme-{index}", replace=True):
                assert slot.bound
        return index

    def call() -> int:
        raised = 0
        for value in itertools.count():
            if stop.is_set():
                return raised
            try:
                assert slot(value) == ("default", value)
            except ValueError as error:
                index, given = error.args
                assert given == value
                assert error.__notes__ == [f"raised in the slot 'fail' by the function of acme-{index}"]
                raised += 1
        return 0

    def run(index: int) -> int:
        if index >= 4:
            return call()
        try:
            return bind(index)
        finally:
            with counted:
                left[0] -= 1
                if not left[0]:
                    stop.set()

    counted, left = threading.Lock(), [4]
    results = together(8, run)
    assert results[:4] == [0, 1, 2, 3]
    assert all(isinstance(one, int) for one in results), results
    assert (slot(1), slot.bound, slot.provider) == (("default", 1), False, "")


def test_of_threads_that_bind_at_once_one_wins_and_the_others_are_told_who(callbacks: Callbacks) -> None:
    for turn in range(30):
        name = f"slot{turn}"
        slot = callbacks.slot(name)

        def bind(index: int, name: str = name) -> object:
            return callbacks.bind(name, lambda: index, provider=f"acme-{index}")

        results = together(4, bind)
        (winner,) = [index for index, one in enumerate(results) if not isinstance(one, SlotBoundError)]
        assert (slot(), slot.provider) == (winner, f"acme-{winner}")
        assert {one.present for one in results if isinstance(one, SlotBoundError)} == {f"acme-{winner}"}


def test_bindings_that_threads_stack_and_remove_in_any_order_are_all_gone_at_last(callbacks: Callbacks) -> None:
    slot = callbacks.slot("stacked", default=lambda: -1)
    bottom = slot.bind(lambda: -2)

    def run(index: int) -> None:
        draw = random.Random(index)  # noqa: S311 # the same at each run
        handles = []
        for turn in range(ROUNDS):
            handles.append(slot.bind(lambda turn=turn: turn, replace=True))
            if draw.random() < 0.6:
                handles.pop(draw.randrange(len(handles))).remove()
        draw.shuffle(handles)
        for handle in handles:
            handle.remove()

    assert together(4, run) == [None] * 4
    assert (slot(), slot.bound) == (-2, True)
    together(4, lambda _: bottom.remove())
    assert (slot(), slot.bound) == (-1, False)


def test_handle_that_threads_remove_at_once_removes_its_own_binding_alone(callbacks: Callbacks) -> None:
    slot = callbacks.slot("kept")
    slot.bind(lambda: "kept")
    for _ in range(50):
        handle = slot.bind(lambda: "over", replace=True)
        assert together(3, handle.__exit__) == [None] * 3
        assert slot() == "kept"


def test_watcher_that_looks_at_the_slot_ends_with_what_is_bound(callbacks: Callbacks) -> None:
    slot = callbacks.slot("watched", default=lambda: "default")
    table: list[object] = [None]
    lock = threading.Lock()

    def point(one: Any) -> None:
        with lock:
            table[0] = one()

    slot.watch(point)

    def run(index: int) -> None:
        for _ in range(ROUNDS // 3):
            slot.bind(lambda: index, replace=True).remove()

    assert together(4, run) == [None] * 4
    assert table == ["default"]
    slot.bind(lambda: "last")
    assert table == ["last"]


def test_threads_that_call_a_declared_slot_first_import_its_module_once(site: Site) -> None:
    code = "import time\nimport myapp\nmyapp.imported.append(1)\ntime.sleep(0.05)\ndef show(value): return value * 2\n"
    also = {"myapp.callbacks": {"double": "acme_show:show"}}
    site.install(plugin("x", also=also), {"acme_show.py": code})
    host = site.host
    imported: list[int] = []
    vars(sys.modules["myapp"])["imported"] = imported
    assert together(8, lambda index: host.callbacks.slot(f"other{index}")()) == [None] * 8
    double = host.callbacks.slot("double", "(value)")
    assert together(8, double) == [0, 2, 4, 6, 8, 10, 12, 14]
    assert imported == [1]


def test_refresh_while_others_call_and_bind_ends_with_what_is_installed(site: Site) -> None:
    also = {"myapp.callbacks": {"show": "acme_show:show"}}
    site.install(plugin("x", also=also), {"acme_show.py": "def show(): return 'declared'\n"})
    host = site.host
    show = host.callbacks.slot("show")

    def run(index: int) -> set[object]:
        seen = set()
        for _ in range(20):
            if index == 0:
                host.refresh()
            elif index == 1:
                show.bind(lambda: "bound", replace=True).remove()
            seen.add(show())
        return seen

    seen = together(4, run)
    assert all(isinstance(one, set) and one <= {"declared", "bound"} for one in seen), seen
    assert (show(), show.provider) == ("declared", "myapp.callbacks:show from acme-x 1.0")


def test_finalizers_that_bind_and_remove_while_others_are_bound_neither_hang_nor_are_lost(callbacks: Callbacks) -> None:
    slot = callbacks.slot("late", default=lambda: "default")
    watchers: Entries[object] = Entries()
    done: list[int] = []

    class Ring:
        """Something that only the collector frees."""

        def __init__(self) -> None:
            self.ring = self

    def end(*handles: Any) -> None:
        for handle in handles:
            handle.remove()
        slot.bind(lambda: "by a finalizer", replace=True).remove()
        done.append(1)

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for index in range(ROUNDS):
            ring = Ring()
            added = watchers.add(index, "an index"), slot.bind(lambda index=index: index, replace=True)
            weakref.finalize(ring, end, *added)
            del ring
            slot()
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert len(done) == ROUNDS
    assert (list(watchers), slot(), slot.bound) == ([], "default", False)


def test_bindings_that_the_collector_makes_within_others_are_all_kept(callbacks: Callbacks) -> None:
    slot = callbacks.slot("late", default=lambda: "default")
    within: list[tuple[Any, int]] = []
    busy: list[bool] = []
    draw = random.Random(0)  # noqa: S311 # the same at each run

    def intrude(*_: object) -> None:
        if not busy and draw.random() < 0.05:
            busy.append(True)
            number = len(within)
            within.append((slot.bind(lambda: number, replace=True), number))
            busy.clear()

    threshold = gc.get_threshold()
    gc.callbacks.append(intrude)
    gc.set_threshold(1)
    try:
        handles = [slot.bind(lambda: "another", replace=True) for _ in range(ROUNDS // 10)]
        for handle in handles:
            handle.remove()
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(intrude)
    assert within
    for handle, number in reversed(within):
        assert slot() == number
        handle.remove()
    assert (slot(), slot.bound) == ("default", False)


def test_function_that_was_replaced_while_it_was_imported_is_called_once(site: Site) -> None:
    code = (
        "import myapp\nmyapp.host.callbacks.bind('show', lambda: 'over', replace=True)\ndef show(): return 'declared'\n"
    )
    site.install(plugin("x", also={"myapp.callbacks": {"show": "acme_show:show"}}), {"acme_show.py": code})
    show = site.host.callbacks.slot("show")
    assert (show(), show(), show.provider) == ("declared", "over", "myapp")


def test_look_at_what_is_declared_that_a_change_overtakes_does_not_hide_it() -> None:
    overtaking: list[Any] = []

    def look() -> tuple[Addition, ...]:
        if overtaking:
            overtaking.pop()()
        return ()

    bindings = Bindings(resolve=str, fill=look, glimpse=look)
    callbacks = Callbacks(bindings, host="myapp")
    slot = callbacks.slot("show")
    seen: list[bool] = []
    slot.watch(lambda one: seen.append(one.bound))
    for expected in ([True], [True, False, True]):
        overtaking.append(lambda: callbacks.bind("show", lambda: "bound"))
        bindings.refill()
        assert (slot.bound, slot(), seen) == (True, "bound", expected)
        bindings.forget("myapp")
    assert (slot.bound, slot()) == (False, None)


def test_no_lock_is_held_while_anything_of_others_runs(callbacks: Callbacks) -> None:
    """Whatever runs waits for another thread, which uses the same slots."""

    def elsewhere() -> None:
        def use() -> None:
            with slot.bind(lambda value: value, replace=True):
                slot(1)
            callbacks.unbound()

        thread = threading.Thread(target=use, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        ran.append(1)

    class Slow:
        """Lets another thread use the slot whenever it is looked at."""

        @property
        def __signature__(self) -> Any:
            if ready:
                elsewhere()
            raise ValueError

        def __call__(self, value: object) -> object:
            elsewhere()
            return value

    ran: list[int] = []
    watched: list[int] = []
    ready: list[int] = []
    slot = callbacks.slot("slow", "(value)", default=Slow())
    ready.append(1)
    assert slot(2) == 2
    with slot.bind(Slow(), replace=True):
        assert slot(3) == 3

    def watch(_: object) -> None:
        if not watched:
            watched.append(1)
            elsewhere()

    slot.watch(watch)
    slot.bind(lambda value: value)
    assert watched == [1]
    assert len(ran) >= 4


def test_slot_that_a_foreign_thread_calls_at_the_end_of_the_interpreter_does_not_keep_it() -> None:
    told = fresh(
        """
        import threading
        import plugframe
        slot = plugframe.Host("myapp", path=[]).callbacks.slot("tick", "(n)")
        slot.bind(lambda n: n + 1)
        def run():
            n = 0
            while True:
                n = slot(n)
        for _ in range(4):
            threading.Thread(target=run, daemon=True).start()
        print(slot(1))
        """
    )
    assert told == "2\n"
