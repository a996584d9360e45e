"""A handle undoes one thing, once, whoever asks for it and however late."""

import copy
import gc
import pickle
import weakref

import pytest
from _sites import together

import plugframe
from plugframe import RemovableHandle

THREADS = 8


def test_handle_undoes_once_by_call_and_at_the_end_of_a_block() -> None:
    undone: list[str] = []
    with RemovableHandle("a slot", lambda: undone.append("gone")) as handle:
        assert (undone, repr(handle)) == ([], "<handle of a slot>")
    handle.remove()
    assert (undone, repr(handle)) == (["gone"], "<handle of a slot, removed>")


def test_handle_is_public_and_what_a_host_hands_back() -> None:
    host = plugframe.Host("handles", path=[])
    host.callbacks.slot("progress")
    assert isinstance(host.callbacks.bind("progress", print), RemovableHandle)
    assert isinstance(host.classes.add("vision.Net", dict), RemovableHandle)


def test_handle_undoes_once_for_many_threads() -> None:
    for _ in range(50):
        undone: list[int] = []
        handle = RemovableHandle("a slot", lambda: undone.append(1))  # noqa: B023 # removed in this turn
        assert together(THREADS, lambda _: handle.remove()) == [None] * THREADS  # noqa: B023 # the same
        assert undone == [1]


def test_handle_that_fails_to_undo_says_so_once() -> None:
    def fail() -> None:
        message = "it is stuck"
        raise RuntimeError(message)

    handle = RemovableHandle("a slot", fail)
    with pytest.raises(RuntimeError, match="stuck"):
        handle.remove()
    handle.remove()


def test_removed_handle_keeps_nothing_alive() -> None:
    class Owner:
        def undo(self) -> None:
            pass

    owner = Owner()
    handle, alive = RemovableHandle("a slot", owner.undo), weakref.ref(owner)
    handle.remove()
    del owner
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("do", [copy.copy, copy.deepcopy, pickle.dumps])
def test_handle_is_neither_copied_nor_pickled(do: "object") -> None:
    assert callable(do)
    with pytest.raises(TypeError, match="<handle of a slot> undoes something in this process"):
        do(RemovableHandle("a slot", int))
