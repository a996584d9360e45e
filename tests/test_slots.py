"""Callback slots: what a call does bound and unbound, who bound it, and what becomes of it when bindings change."""

import copy
import inspect
import itertools
import logging
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, assert_type

import pytest
from _sites import RENDERS, Site, fresh, plugin, site_at

from plugframe import Host
from plugframe.errors import (
    NotRegisteredError,
    PluginImportError,
    RegistrationError,
    SignatureMismatchError,
    SlotBoundError,
    UnboundSlotError,
)
from plugframe.handles import RemovableHandle
from plugframe.registry.callbacks import Callbacks

MINE = "myapp.callbacks:progress from acme-x 1.0"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path / "site") as made:
        yield made


@pytest.fixture
def callbacks() -> Callbacks:
    return Host("myapp", path=[]).callbacks


def binds(code: str, name: str = "progress", letter: str = "x") -> Any:
    """Return a distribution whose entry point binds ``show`` of a module of its own to a slot."""
    module = f"acme_{letter}_show"
    declared = {"myapp.callbacks": {name: f"{module}:show"}}
    return {**plugin(letter, "raise SystemExit", also=declared), f"{module}.py": code}


def test_unbound_slot_does_what_its_default_does(callbacks: Callbacks) -> None:
    frames = callbacks.slot("frames", "(limit: int = 3) -> list[str]", default=lambda limit=5: ["none"] * limit)
    quiet = callbacks.slot("quiet", "(value)")
    unit = callbacks.slot("unit", "(value)", default=lambda value: ("a", 1))  # noqa: ARG005 # its answer is constant
    assert (frames(), frames(1), frames(limit=2)) == (["none"] * 3, ["none"], ["none"] * 2)
    assert (quiet(1), quiet(value=1), unit(1)) == (None, None, ("a", 1))
    wrong: Any
    for wrong in (quiet, lambda: quiet(1, 2), lambda: unit(other=1)):
        with pytest.raises(TypeError):
            wrong()


def test_slots_import_nothing_of_a_plugin_until_one_that_is_bound_is_called(site: Site) -> None:
    site.install(binds("def show(*args, **kwargs): return 'shown'"))
    told = fresh(
        """
        import sys
        from myapp import host
        known = set(sys.modules)
        progress = host.callbacks.slot("progress")
        other = host.callbacks.slot("other", default=lambda: "unbound")
        asked = progress.bound, progress.provider, other.bound, other(), host.callbacks.unbound()
        asked += host.callbacks.undeclared(), host.callbacks.providers(), repr(host.callbacks)
        print([name for name in sys.modules if name.startswith("acme")], other(), progress())
        print([name for name in sys.modules if name.startswith("acme")], asked[:5])
        """,
        site.folder,
    )
    assert told == (
        f"[] unbound shown\n['acme_x_show'] (True, {MINE!r}, False, 'unbound', ('other',))\n"
    )  # the plugin itself was never loaded


def test_declaring_a_slot_does_not_decide_where_plugins_are_looked_for(site: Site) -> None:
    host = site.host
    progress = host.callbacks.slot("progress", default=lambda: "default")
    seen: list[str] = []
    progress.watch(lambda slot: seen.append(slot.provider))
    assert not progress.bound
    site.install(binds("def show(): return 'shown'"))
    assert progress() == "shown"
    assert (progress.bound, progress.provider, seen) == (True, MINE, [MINE])
    assert list(host.plugins) == ["x"]


def test_required_slot_raises_until_it_is_bound(callbacks: Callbacks) -> None:
    frames = callbacks.slot("frames", "()", required=True)
    for _ in range(3):
        with pytest.raises(UnboundSlotError, match=r"slot 'frames' of myapp must be bound.*Next: ") as caught:
            frames()
        assert (caught.value.host, caught.value.slot) == ("myapp", "frames")
    with frames.bind(lambda: 5):
        assert (frames(), frames()) == (5, 5)
    with pytest.raises(UnboundSlotError):
        frames()
    with pytest.raises(RegistrationError, match="it is required, and has a default"):
        callbacks.slot("both", required=True, default=lambda: None)


def test_function_of_a_slot_stays_good(callbacks: Callbacks) -> None:
    frames = callbacks.slot("frames")
    fetched = callbacks.frames
    assert fetched is frames is callbacks.find("frames") is copy.deepcopy(frames)
    assert (fetched.__name__, fetched.name, fetched.required) == ("frames", "frames", False)
    assert (fetched(), fetched.bound, fetched.provider) == (None, False, "")
    handle = callbacks.bind("frames", lambda: 1, provider="acme")
    assert (fetched(), fetched.bound, fetched.provider) == (1, True, "acme")
    second = frames.bind(lambda: 2, replace=True)
    assert (fetched(), fetched.provider, callbacks.providers()) == (2, "myapp", {"frames": "myapp"})
    handle.remove()
    assert (fetched(), fetched.provider) == (2, "myapp")
    second.remove()
    assert (fetched(), fetched.bound, fetched.provider, callbacks.unbound()) == (None, False, "", ("frames",))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(frames)


def test_handle_removes_once_and_is_a_context_manager(callbacks: Callbacks) -> None:
    frames = callbacks.slot("frames")
    first = frames.bind(lambda: 1)
    with frames.bind(lambda: 2, replace=True) as handle:
        assert (isinstance(handle, RemovableHandle), frames()) == (True, 2)
    handle.remove()
    with pytest.raises(ZeroDivisionError), frames.bind(lambda: 1 / 0, replace=True):
        frames()
    assert frames() == 1
    assert repr(first) == "<handle of what myapp bound to frames>"
    for _ in range(3):
        first.remove()
    assert (frames(), repr(first)) == (None, "<handle of what myapp bound to frames, removed>")
    frames.bind(lambda: 3)  # and drop the handle
    assert frames() == 3


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_bindings_stack_and_may_be_removed_in_any_order(callbacks: Callbacks, order: tuple[int, ...]) -> None:
    slot = callbacks.slot("slot_of_four", default=lambda: "default")
    one: Callable[[], int] = lambda: 0  # noqa: E731 # the same function twice
    handles = [slot.bind(function, replace=True) for function in (one, lambda: 1, one, lambda: 3)]
    left = [0, 1, 0, 3]
    places = [0, 1, 2, 3]
    for index in order:
        handles[index].remove()
        left.pop(places.index(index))
        places.remove(index)
        assert slot() == (left[-1] if left else "default")
        assert slot.bound is bool(left)


def test_binding_over_a_bound_slot_is_refused_unless_it_replaces(site: Site) -> None:
    site.install(binds("def show(): return 'declared'"))
    progress = site.host.callbacks.slot("progress")
    with pytest.raises(SlotBoundError) as caught:
        progress.bind(lambda: "mine")
    assert (caught.value.slot, caught.value.present, caught.value.refused) == ("progress", MINE, "myapp")
    assert "acme_x_show" not in sys.modules
    with progress.bind(lambda: "mine", replace=True):
        assert (progress(), progress.provider) == ("mine", "myapp")
        with pytest.raises(SlotBoundError):
            progress.bind(lambda: "again")
    assert (progress(), progress.provider) == ("declared", MINE)


REGISTERS = """
import plugframe

@plugframe.hookimpl
def plugframe_register_callbacks(callbacks):
    callbacks.add("progress", {target})
"""


@pytest.mark.parametrize("target", ["lambda done: f'{done} done'", "'acme_late:show'"])
def test_plugin_binds_from_code_a_function_or_its_reference(site: Site, target: str) -> None:
    site.install(plugin("x", REGISTERS.format(target=target)), {"acme_late.py": "show = '{} done'.format"})
    progress = site.host.callbacks.slot("progress", "(done, /)")
    assert (progress.bound, progress(5)) == (False, None)
    result = site.load("x")
    assert (result.state, result.registered) == ("loaded", ("callbacks:progress",))
    assert "acme_late" not in sys.modules
    assert (progress(5), progress.provider) == ("5 done", "myapp.plugins:x from acme-x 1.0")


@pytest.mark.parametrize(
    "target", ["lambda: None", "lambda done, more: None", "lambda finished: None", "type('C', (), {})"]
)
def test_plugin_whose_function_does_not_fit_registers_nothing(site: Site, target: str) -> None:
    site.install(plugin("x", REGISTERS.format(target=target)), plugin("z", RENDERS))
    progress = site.host.callbacks.slot("progress", "(done)")
    (x, z) = site.host.load_all()
    assert (x.state, x.registered, z.state) == ("broken", (), "loaded")
    for part in ("slot progress(done)", "acme-x 1.0", "it does not accept progress("):
        assert part in x.reason
    assert (progress(1), progress.bound, site.host.callbacks.unbound()) == (None, False, ("progress",))


def test_plugin_that_fails_after_binding_leaves_the_slot_as_it_was(site: Site) -> None:
    code = REGISTERS.format(target="print") + "from myapp import hookimpl\n@hookimpl\ndef render(pages): ...\n"
    site.install(plugin("x", code))
    progress = site.host.callbacks.slot("progress", default=lambda: "default")
    bottom = progress.bind(lambda: "bottom")
    bottom.remove()
    seen: list[tuple[bool, object]] = []
    progress.watch(lambda slot: seen.append((slot.bound, slot())))
    assert site.load("x").state == "broken"
    assert (progress(), progress.provider) == ("default", "")
    assert seen[-1:] in ([], [(False, "default")])


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("import acme_nowhere", ("ModuleNotFoundError", "acme_nowhere")),
        ("raise SystemExit", ("SystemExit",)),
        ("show = 5", ("an object of int",)),
        ("", ("no 'show'",)),
        ("def show(): ...", ("progress(done, *, total=0)", "it does not accept progress(")),
        ("def show(finished, *, total=0): ...", ("it does not accept progress(",)),
        ("def show(done, *, total): ...", ("it does not accept progress(…): missing", "total")),
        ("async def show(done, *, total=0): ...", ("coroutine function",)),
    ],
)
def test_declared_function_that_cannot_be_had_is_an_error_at_each_call_until_it_is_mended(
    site: Site, code: str, parts: tuple[str, ...]
) -> None:
    site.install(binds(code))
    progress = site.host.callbacks.slot("progress", "(done, *, total=0)", default=lambda *_, **__: "default")
    for _ in range(2):
        with pytest.raises(PluginImportError) as caught:
            progress(1)
        assert [part for part in (*parts, MINE, "Next: ") if part not in str(caught.value)] == []
        assert caught.value.plugin == MINE
    assert (progress.bound, progress.provider) == (True, MINE)
    sys.modules.pop("acme_x_show", None)
    site.install({"acme_x_show.py": "def show(done, *, total=7): return done, total"})
    site.host.refresh()
    assert (progress(1), progress(1, total=2)) == ((1, 0), (1, 2))


def test_refresh_binds_and_unbinds_what_entry_points_declare(site: Site) -> None:
    progress = site.host.callbacks.slot("progress", default=lambda: "default")
    assert progress() == "default"
    seen: list[str] = []
    progress.watch(lambda slot: seen.append(slot.provider))
    site.install(binds("def show(): return 'shown'"))
    assert progress() == "default"
    site.host.refresh()
    assert (progress.bound, progress(), progress.provider) == (True, "shown", MINE)
    site.host.refresh()
    over = progress.bind(lambda: "over", replace=True)
    site.uninstall("x")
    site.host.refresh()
    assert (progress(), progress.provider) == ("over", "myapp")
    over.remove()
    assert (progress(), progress.bound, seen) == ("default", False, [MINE, "myapp", ""])


def test_exception_of_a_callback_says_whose_it_is_once(callbacks: Callbacks) -> None:
    class Unnotable(Exception):  # noqa: N818 # it is one
        @property
        def __notes__(self) -> list[str]:  # type: ignore[override] # pyright: ignore[reportIncompatibleVariableOverride] # a nasty one
            raise KeyError

    depth = callbacks.slot("depth", "(left: int)", default=lambda left: 1 // left)
    with pytest.raises(ZeroDivisionError) as caught:
        depth(0)
    assert not hasattr(caught.value, "__notes__")

    def descend(left: int) -> object:
        return depth(left - 1) if left else 1 // left

    depth.bind(descend, provider="acme 1.0")
    for _ in range(2):  # the first call after a change goes another way than the others
        with pytest.raises(ZeroDivisionError) as caught:
            depth(3)
        assert caught.value.__notes__ == ["raised in the slot 'depth' by the function of acme 1.0"]
        assert caught.value.__context__ is None
    for kind in (KeyboardInterrupt, GeneratorExit, StopIteration, Unnotable):

        def fail(left: int, kind: type[BaseException] = kind) -> None:
            raise kind(left)

        with depth.bind(fail, replace=True):
            for _ in range(2):
                with pytest.raises(kind) as stopped:
                    depth(3)
                assert stopped.value.args == (3,)


def test_callback_may_bind_unbind_and_call_its_own_slot(callbacks: Callbacks) -> None:
    slot = callbacks.slot("turn", "(n)", default=lambda n: ("default", n))
    handles: list[RemovableHandle] = []

    def first(n: int) -> object:
        handles.append(slot.bind(second, replace=True))
        return "first", slot(n + 1)

    def second(n: int) -> object:
        for handle in handles:
            handle.remove()
        return "second", slot(n + 1)

    handles.append(slot.bind(first))
    assert slot(1) == ("first", ("second", ("default", 3)))
    assert (slot(1), slot.bound) == (("default", 1), False)


def test_watcher_is_told_of_every_change_of_what_is_bound(
    callbacks: Callbacks, caplog: pytest.LogCaptureFixture
) -> None:
    slot = callbacks.slot("watched", default=lambda: "default")
    seen: list[tuple[str, object]] = []

    def fail(_: object) -> None:
        message = "of the watcher"
        raise ValueError(message)

    slot.watch(fail)
    ends = slot.watch(lambda one: seen.append((one.provider, one())))
    low = slot.bind(lambda: "low", provider="low")
    high = slot.bind(lambda: "high", provider="high", replace=True)
    with pytest.raises(SlotBoundError):
        slot.bind(lambda: "refused")
    middle = slot.bind(lambda: "top", provider="top", replace=True)
    high.remove()  # of which nobody notices anything
    middle.remove()
    low.remove()
    told = [("low", "low"), ("high", "high"), ("top", "top"), ("low", "low"), ("", "default")]
    assert seen == told
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * len(told)
    assert "watches the slot 'watched', raised" in caplog.text
    assert "ValueError: of the watcher" in caplog.text
    ends.remove()
    ends.remove()
    slot.bind(lambda: None)
    assert seen == told
    with pytest.raises(RegistrationError, match="cannot watch the slot 'watched'"):
        slot.watch(5)  # type: ignore[arg-type]


def test_binding_for_a_slot_that_nobody_declares_waits_for_it(site: Site) -> None:
    site.install(binds("def show(): return 'shown'"), binds("", name="early", letter="y"))
    callbacks = site.host.callbacks
    callbacks.bind("later", lambda value: value)
    callbacks.bind("unfit", lambda: 1, provider="acme")
    assert callbacks.undeclared() == ("early", "later", "progress", "unfit")
    with pytest.raises(NotRegisteredError, match="no slot named 'later' is registered"):
        _ = callbacks.later
    later = callbacks.slot("later", "(value)")
    unfit = callbacks.slot("unfit", "(value)")
    assert (later(3), later.provider, callbacks.undeclared()) == (3, "myapp", ("early", "progress"))
    assert unfit.provider == "acme"
    for _ in range(2):
        with pytest.raises(SignatureMismatchError, match=r"slot unfit\(value\) cannot have the function of acme: "):
            unfit(1)
    assert {"later", "unfit", "bind"} <= set(dir(callbacks))


def test_retracted_slot_can_be_declared_anew_and_the_old_one_is_unbound(callbacks: Callbacks) -> None:
    old = callbacks.slot("frames", default=lambda: "old")
    seen: list[bool] = []
    old.watch(lambda slot: seen.append(slot.bound))
    callbacks.bind("frames", lambda: "bound")
    for name in ("frames", "frames", "never"):
        callbacks.retract(name)
    assert (old(), old.bound, seen, callbacks.find("frames")) == ("old", False, [True, False], None)
    assert (callbacks.undeclared(), hasattr(callbacks, "frames")) == (("frames",), False)
    new = callbacks.slot("frames", default=lambda: "new")
    assert (new(), old(), callbacks.frames is new) == ("bound", "old", True)


class Counter:
    """Counts its calls."""

    def __init__(self, start: int = 0) -> None:
        """Start somewhere."""
        self.count = start

    def add(self, number: int = 1) -> int:
        """Add a number."""
        self.count += number
        return self.count

    def __call__(self, number: int = 1) -> int:
        """Add a number."""
        return self.add(number)


def test_anything_that_can_be_called_may_be_bound(callbacks: Callbacks) -> None:
    slot = callbacks.slot("number", "(number=2, /)")
    bound: list[Any] = [
        Counter,
        Counter().add,
        Counter(),
        partial(max, 1),
        int,
        len,
        "{}".format,
        partial(Counter.add, Counter()),
    ]
    answers = []
    for one in bound[:5] + bound[6:]:
        with slot.bind(one):
            answers.append([slot(5), slot()])
    assert (answers[0][0].count, answers[0][1].count) == (5, 2)
    assert answers[1:] == [[5, 7], [5, 7], [5, 2], [5, 2], ["5", "2"], [5, 7]]
    with pytest.raises(SignatureMismatchError):
        slot.bind(bound[5])


NO_SLOTS: list[tuple[Any, dict[str, Any]]] = [
    ("class", {}), ("bind", {}), ("find", {}), ("providers", {}), ("a.b", {}), (b"frames", {}), (5, {}),
    ("frames", {"signature": "("}), ("frames", {"signature": 5}), ("frames", {"default": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), NO_SLOTS)
def test_slot_that_cannot_be_is_refused_and_can_be_mended(
    callbacks: Callbacks, name: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(RegistrationError):
        callbacks.slot(name, **options)
    assert callbacks.providers() == {}
    assert callbacks.slot("frames")() is None


def test_binding_that_cannot_be_is_refused(callbacks: Callbacks) -> None:
    async def wait() -> None: ...

    wrong: Any = 5
    callbacks.slot("frames", "()")
    for name in ("frames", "later"):
        coroutine_functions: tuple[Any, ...] = (wait, partial(wait), type("Waits", (), {"__call__": wait})())
        for function in coroutine_functions:
            with pytest.raises(SignatureMismatchError, match="coroutine function"):
                callbacks.bind(name, function)
        for options in ({"function": wrong}, {"function": print, "provider": wrong}):
            with pytest.raises(RegistrationError):
                callbacks.bind(name, **options)
    for name in ("bind", "def", "_x", "a b", wrong):
        with pytest.raises(RegistrationError):
            callbacks.bind(name, print)
    with pytest.raises(SignatureMismatchError, match=r"myapp \(its default\)"):
        callbacks.slot("later", "(limit)", default=lambda: 1)
    assert callbacks.undeclared() == ()
    assert callbacks.unbound() == ("frames",)


def test_type_checkers_see_what_a_slot_takes_and_returns(callbacks: Callbacks) -> None:
    def frames(limit: int, /, *, deep: bool = False) -> list[str]:
        return ["deep"] * limit if deep else []

    given = callbacks.slot("given", frames, default=lambda *_, **__: ["none"])
    required = callbacks.slot("required_one", frames, required=True)
    maybe = callbacks.slot("maybe", frames)
    with given.bind(frames), required.bind(frames):
        assert assert_type(given(2, deep=True), list[str]) == ["deep", "deep"]
        assert assert_type(required(2), list[str]) == []
    assert assert_type(maybe(1), list[str] | None) is None
    assert assert_type(callbacks.maybe.bound, bool) is False
    with pytest.raises(TypeError):
        given("2", depth=True)  # type: ignore[call-arg,arg-type] # pyright: ignore[reportCallIssue,reportArgumentType]
    assert inspect.signature(given) == inspect.signature(frames)
