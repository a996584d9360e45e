"""A live function runs whatever it was given last, under every name of argument, in any number, in all threads."""

import gc
import inspect
import linecache
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import pytest
from _hooks import WAYS, Hooked, Wrapper, around, fails, is_compiled, passes, says, shown, take, written
from _sites import PATIENCE, together

from plugframe.calls import functions, showing
from plugframe.calls.functions import LiveFunction, compile_method
from plugframe.calls.source import MARK, fill
from plugframe.calls.steps import Errors, Kind, Routine, Step

# What a generated function calls its own things, the builtins that it uses, and what else could be in its way.
NAMES = [
    "caller", "entered", "error", "extra", "failure", "failures", "outcome", "result", "results", "stop", "value",
    "wrapper0", "wrapper1", "call", "bind", "target", "use_0", "use_1", "use_target", "use_watch", "use_leave", "watch",
    "leave", "refuse", "complete", "missing", "failed", "grouped", "doubled", "converted", "torn_0", "escaped_0",
    "owner_0", "use_owner_0", "next", "Exception", "BaseException", "StopIteration", "RuntimeError", "print", "len",
    "type", "match", "case", "_", "__", "__builtins__", "__name__", "__class__", "cls", "arguments", "ﬁle",
    "function", "name", "hook", "policy", "first", "implementations", "kwargs", "args", "firstresult", "größe", "名前",
]  # fmt: skip
MANY = 300
SECONDS = 0.25
"""How long threads are let run against each other."""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    return take(request.param, monkeypatch)


@pytest.fixture
def switching() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


@pytest.fixture(params=[True, False], ids=["exchanged", "closed over"])
def exchangeable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> object:
    """Make live functions in both of the ways; what this interpreter cannot do is left out."""
    chosen: object = request.param
    if chosen and not functions.EXCHANGEABLE:
        pytest.skip("this interpreter does not exchange code")
    monkeypatch.setattr(functions, "EXCHANGEABLE", chosen)
    return chosen


def live(*parameters: str, **defaults: Any) -> LiveFunction:
    """Return a live function that returns its arguments."""
    made = LiveFunction("page", (*parameters, *defaults), defaults)
    made.hand_to(lambda given: given)
    return made


def nobody(error: BaseException, step: int | None) -> None:
    """Be told of an exception."""


# What is made of routines alone.


def test_reference_to_a_live_function_stays_good_whatever_its_body_is(exchangeable: object) -> None:
    made = live("page")
    kept: Any = made.function
    assert kept(page=1) == {"page": 1}
    made.run(Routine("page", ("page",), [Step(str, ("page",)), Step(repr, ("page",))]), tell=nobody)
    assert kept(page="p") == ["p", "'p'"]
    made.hand_to(len)
    assert kept(page=1) == 1
    assert kept is made.function
    assert (kept.__closure__ is None) is exchangeable


@pytest.mark.parametrize(
    ("positional", "keywords"), [((1,), {}), ((), {}), ((), {"page": 1, "width": 2}), ((1,), {"page": 1})]
)
@pytest.mark.usefixtures("exchangeable")
def test_arguments_that_are_not_the_parameters_reach_no_body(positional: Any, keywords: dict[str, int]) -> None:
    made = live("page")
    function: Any = made.function
    for _ in range(2):
        with pytest.raises(TypeError, match="argument"):
            function(*positional, **keywords)
        made.run(Routine("page", ("page",), [Step(fails(AssertionError()), ())]), tell=nobody)


@pytest.mark.usefixtures("exchangeable")
def test_defaults_stay_when_the_body_is_exchanged() -> None:
    made = live("page", width=[80])
    function: Any = made.function
    assert function(page=1) == {"page": 1, "width": [80]}
    made.run(Routine("page", ("page", "width"), [Step(lambda *given: given, ("width", "page"))]), tell=nobody)
    assert function(page=1) == [([80], 1)]
    assert function(page=1, width=None) == [(None, 1)]


@pytest.mark.usefixtures("exchangeable")
def test_function_without_parameters_and_steps_returns_a_fresh_list() -> None:
    made = live()
    function: Any = made.function
    assert function() == {}
    made.run(Routine("page", (), []), tell=nobody)
    first = function()
    assert first == []
    assert function() is not first
    made.run(Routine("page", (), [], first_result=True), tell=nobody)
    assert function() is None
    with pytest.raises(TypeError):
        function(page=1)


@pytest.mark.usefixtures("exchangeable")
def test_watcher_is_told_from_which_step_an_exception_came() -> None:
    told: list[tuple[str, int | None]] = []
    error = KeyError("it failed")
    for place in range(4):
        steps = [Step(says(None), ()) for _ in range(4)]
        steps[place] = Step(fails(error), ())
        made = live()
        made.run(Routine("page", (), steps), tell=lambda given, step: told.append((repr(given), step)))
        function: Any = made.function
        with pytest.raises(KeyError) as caught:
            function()
        assert caught.value is error
    assert told == [(repr(error), place) for place in range(4)]


@pytest.mark.usefixtures("exchangeable")
def test_routine_that_collects_tells_each_failure_with_its_step() -> None:
    collected: list[tuple[int, str]] = []

    def failed(step: int, error: Exception, failures: list[Exception]) -> None:
        collected.append((step, str(error)))
        failures.append(error)

    steps = [Step(fails(ValueError("0")), ()), Step(says(1), ()), Step(fails(ValueError("2")), ())]
    made = live()
    made.run(
        Routine("page", (), steps, errors=Errors.COLLECT),
        tell=nobody,
        failed=failed,
        grouped=lambda failures: ExceptionGroup("all", failures),
    )
    function: Any = made.function
    with pytest.raises(ExceptionGroup, match="all") as caught:
        function()
    assert [str(error) for error in caught.value.exceptions] == ["0", "2"]
    assert collected == [(0, "0"), (2, "2")]


@pytest.mark.usefixtures("exchangeable")
def test_method_is_given_what_a_call_leaves_out_or_has_too_much() -> None:
    def incomplete(one: object, given: dict[str, object]) -> object:
        return type(one).__name__, given

    routine = Routine("page", ("page", "width"), [Step(lambda *given: given, ("page", "width"))])
    method = compile_method(routine, {"width": 80}, incomplete)
    kind = type("Caller", (), {"__call__": method})
    called: Any = kind()
    assert called(page=1) == [(1, 80)]
    assert called(page=1, width=None) == [(1, None)]
    assert called(width=1) == ("Caller", {"width": 1})
    assert called(page=1, more=2) == ("Caller", {"page": 1, "width": 80, "more": 2})
    with pytest.raises(TypeError):
        called(1)


@pytest.mark.usefixtures("exchangeable")
def test_method_may_have_an_argument_of_any_name() -> None:
    wrong: dict[str, Exception] = {}
    for name in NAMES:
        parameter = written(f"def page({name}): ...").__code__.co_varnames[0]
        steps = [Step(written(f"def around({name}):\n    return [(yield), {name}]"), (parameter,), kind=Kind.WRAPPER)]
        steps.append(Step(says(1), ()))
        method = compile_method(Routine("page", (parameter,), steps), {}, lambda _, given: given)
        called: Any = type("Caller", (), {"__call__": method})()
        try:
            assert called(**{parameter: 5}) == [[1], 5]
            assert called(**{f"{parameter}_": 5}) == {f"{parameter}_": 5}
        except Exception as error:  # noqa: BLE001 # all that are wrong are told together
            wrong[name] = error
    assert wrong == {}


def test_source_is_kept_for_tracebacks_under_a_name_of_its_own() -> None:
    text = f"def call(*, page):\n    return {MARK}0{MARK}(page)\n"
    file = showing.show("page", text, ["outline.page"])
    assert (file[0], file[-1]) == ("<", ">")
    assert linecache.getlines(file) == ["def call(*, page):\n", "    return outline.page(page)\n"]
    linecache.checkcache()
    assert linecache.getline(file, 2) == "    return outline.page(page)\n"
    assert showing.show("page", text, ["outline.page"]) == file
    assert showing.show("page", text, ["other.page"]) != file


def test_label_with_marks_is_shown_as_it_is() -> None:
    text = f"def call():\n    {MARK}0{MARK}()\n    return 1\n"
    file = showing.show("page", text, [f"a{MARK}1{MARK}b"])
    assert linecache.getlines(file)[1:] == [f"    a{MARK}1{MARK}b()\n", "    return 1\n"]


def test_sources_that_are_no_longer_shown_are_forgotten() -> None:
    before = sum(file.startswith(showing.PREFIX) for file in linecache.cache)
    for number in range(2000):
        showing.show(f"page{number}", "def call(): ...\n", ())
    after = sum(file.startswith(showing.PREFIX) for file in linecache.cache)
    assert after < 1100
    assert before <= after
    assert linecache.getlines(showing.show("page0", "def call(): ...\n", ()))


def test_text_without_marks_is_left_as_it_is() -> None:
    assert fill("def call(): ...\n", pytest.fail) == "def call(): ...\n"


# What hooks make of them.


def call_with_argument_named(name: str, errors: str) -> None:
    """Make sure that each kind of implementation is given an argument of some name, and call the hook with it."""
    specification = written(f"def render({name}, *, {name}_=2): ...")
    parameter, more = inspect.signature(specification).parameters
    hooked = Hooked(specification, errors=errors)
    hooked.put("one", written(f"def render({name}): return {name}"))
    hooked.put("two", written(f"def render({name}_): return {name}_"))
    hooked.put("none", written(f"def render({name}_, {name}): return None"))
    assert hooked.call(**{parameter: 5}) == [2, 5]
    hooked.put("broken", written(f"def render({name}):\n    if {name} == 6: raise LookupError({name})"))
    if errors == "skip":
        assert hooked.call(**{parameter: 6, more: 7}) == [7, 6]
    else:
        with pytest.raises((LookupError, ExceptionGroup)) as caught:
            hooked.call(**{parameter: 6})
        error = caught.value.exceptions[0] if isinstance(caught.value, ExceptionGroup) else caught.value
        assert error.args == (6,)
    hooked.put("around", written(f"def render({name}):\n    return [*(yield), {name}]"), wrapper=True)
    hooked.put("old", written(f"def render({name}_):\n    (yield).get_result().append({name}_)"), hookwrapper=True)
    hooked.put("nothing", passes, wrapper=True)
    assert hooked.call(**{parameter: 5, more: 7}) == [7, 5, 5, 7]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("errors", ["raise", "collect", "skip"])
def test_argument_may_have_any_name(errors: str) -> None:
    wrong: dict[str, Exception] = {}
    for name in NAMES:
        try:
            call_with_argument_named(name, errors)
        except Exception as error:  # noqa: BLE001 # all that are wrong are told together
            wrong[name] = error
    assert wrong == {}


@pytest.mark.usefixtures("way")
def test_arguments_of_all_these_names_together() -> None:
    hooked = Hooked(written(f"def render({', '.join(NAMES)}): ..."))
    hooked.put("all", written(f"def render({', '.join(NAMES)}): return [{', '.join(NAMES)}]"))
    hooked.put(
        "around", written(f"def render({', '.join(NAMES[::-1])}):\n    return [*(yield), 'around']"), wrapper=True
    )
    numbers = list(range(len(NAMES)))
    names = inspect.signature(hooked.call).parameters
    assert hooked.call(**dict(zip(names, numbers, strict=True))) == [numbers, "around"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("parameters", ["self, page", "page, self"])
def test_argument_may_be_named_self(parameters: str) -> None:
    hooked = Hooked(written(f"def render({parameters}): ..."))
    hooked.put("x", written("def render(page, self): return page, self"))
    assert hooked.call(page=1, self=2) == [(1, 2)]
    assert [one.value for one in hooked.call.results(page=1, self=2)] == [(1, 2)]


@pytest.mark.parametrize("number", [0, 1, 2, MANY])
@pytest.mark.parametrize("options", [{}, {"firstresult": True}, {"errors": "collect"}, {"errors": "skip"}])
def test_hook_has_any_number_of_implementations(way: str, number: int, options: dict[str, Any]) -> None:
    hooked = Hooked(**options)
    for place in range(number):
        hooked.put(f"p{place}", says(place if place != 1 else None))
    expected: Any = [place for place in reversed(range(number)) if place != 1]
    if options.get("firstresult"):
        expected = expected[0] if expected else None
    assert hooked.call(page="p") == expected
    assert is_compiled(hooked.call) is (way != "cold")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
def test_hook_has_any_number_of_wrappers(kind: str) -> None:
    hooked = Hooked()
    seen: list[int] = []

    def old(before: Callable[[], object], after: Callable[[Any], Any]) -> Callable[[], Wrapper]:
        def wrapper() -> Wrapper:
            before()
            (yield).force_result(after(None))

        return wrapper

    make = around if kind == "wrapper" else old
    for place in range(100):
        tell = partial(seen.append, place)
        wrapper = make(tell, lambda _, tell=tell: tell())  # type: ignore[misc] # mypy knows no such defaults
        options: dict[str, Any] = {kind: True}
        hooked.put(f"p{place}", wrapper, **options)
    assert hooked.call(page="p") is None
    assert seen == [*reversed(range(100)), *range(100)]


def test_more_implementations_than_are_compiled_are_called_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    take("compiled", monkeypatch)
    hooked = Hooked()
    for place in range(1001):
        plugin = written("def render(): return 1")
        hooked.put(f"p{place}", plugin)
    assert hooked.call(page="p") == [1] * 1001
    assert not is_compiled(hooked.call)
    hooked.drop("p0")
    assert hooked.call(page="p") == [1] * 1000


@pytest.mark.parametrize(
    "parameters", ["*, page", "*, width", "page, *, width", "width=3, *, page", "*, width=3, page=4"]
)
@pytest.mark.parametrize("kind", ["", "wrapper", "hookwrapper"])
def test_implementation_takes_arguments_by_keyword_only(way: str, kind: str, parameters: str) -> None:
    hooked = Hooked(written("def render(page, *, width=80): ..."))
    names = [name for name in ("page", "width") if name in parameters]
    bodies = {
        "": "return [{}]",
        "wrapper": "return [*(yield), [{}]]",
        "hookwrapper": "(yield).get_result().append([{}])",
    }
    function = written(f"def render({parameters}):\n    {bodies[kind].format(', '.join(names))}")
    options: dict[str, Any] = {kind: True} if kind else {}
    hooked.put("x", function, **options)
    expected = {"page": 1, "width": 2}
    assert hooked.call(page=1, width=2) == [[expected[name] for name in names]]
    expected = {"page": 1, "width": 80}
    assert hooked.call(page=1) == [[expected[name] for name in names]]
    assert is_compiled(hooked.call) is (way != "cold")


@pytest.mark.usefixtures("way")
def test_hook_has_any_number_of_arguments() -> None:
    names = [f"a{number}" for number in range(MANY)]
    hooked = Hooked(written(f"def render({', '.join(names)}): ..."))
    hooked.put("all", written(f"def render({', '.join(reversed(names))}): return [{', '.join(names)}]"))
    hooked.put("last", written(f"def render({names[-1]}): return {names[-1]}"))
    given = {name: number for number, name in enumerate(names)}
    assert hooked.call(**given) == [MANY - 1, list(range(MANY))]
    del given["a150"]
    with pytest.raises(TypeError, match="a150"):
        hooked.call(**given)


@pytest.mark.usefixtures("way")
def test_call_goes_on_as_it_began_while_an_implementation_changes_the_hook() -> None:
    hooked = Hooked()

    def change() -> str:
        if "late" not in hooked.plugins:
            hooked.put("late", says("late"), trylast=True)
            hooked.drop("last")
        return "changed"

    hooked.put("last", says("last"))
    hooked.put("first", change)
    hooked.put("around", passes, wrapper=True)
    assert hooked.call(page="p") == ["changed", "last"]
    assert hooked.call(page="p") == ["changed", "late"]


@pytest.mark.usefixtures("way")
def test_hook_calls_itself_again_after_it_was_changed() -> None:
    hooked = Hooked()

    def again(width: int) -> Any:
        if not width:
            return "end"
        hooked.put(f"more{width}", says(width))
        return hooked.call(page="p", width=width - 1)

    hooked.put("again", again, tryfirst=True)
    assert hooked.call(page="p", width=2) == [[["end", 1, 2], 2]]
    assert hooked.call(page="p", width=0) == ["end", 1, 2]


@pytest.mark.usefixtures("way")
def test_plugin_that_was_unregistered_is_let_go() -> None:
    hooked = Hooked()
    hooked.put("kept", says("kept"))

    def render() -> str:
        return "gone"

    function, plugin = weakref.ref(render), weakref.ref(hooked.put("x", render))
    del render
    assert hooked.call(page="p") == ["gone", "kept"]
    hooked.drop("x")
    assert hooked.call(page="p") == ["kept"]
    gc.collect()
    assert (function(), plugin()) == (None, None)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("options", [{}, {"firstresult": True}])
def test_exception_keeps_nothing_alive_once_it_was_handled(options: dict[str, Any]) -> None:
    hooked = Hooked(**options)

    class Local:
        """Something that an implementation has."""

    seen: list[weakref.ref[Local]] = []

    def broken() -> None:
        local = Local()
        seen.append(weakref.ref(local))
        raise ValueError

    hooked.put("x", broken)

    def call() -> None:
        with suppress(ValueError):
            hooked.call(page="p")

    call()
    gc.collect()
    gc.disable()
    try:
        call()
        assert [kept() for kept in seen] == [None, None]
    finally:
        gc.enable()


def test_hooks_of_one_shape_share_their_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    take("compiled", monkeypatch)
    one, two = Hooked(), Hooked()
    for hooked in (one, two):
        hooked.put("x", says(1))
        assert hooked.call(page="p") == [1]
    compiled: list[str] = []
    make = functions._compile  # noqa: SLF001 # whatever compiles a source

    def count(source: str) -> CodeType:
        compiled.append(source)
        return make(source)

    monkeypatch.setattr(functions, "_compile", count)
    three = Hooked()
    three.put("y", says(2))
    assert three.call(page="p") == [2]
    assert compiled == []


class Changing:
    """A hook that one thread changes for a while and others call.

    ``late`` is what a call returned that did not see the change before it, and what it should have; ``lost`` the same
    where no later call did.
    """

    def __init__(self, *, errors: str = "raise", wrapped: bool = False) -> None:
        """Make the hook."""
        self.hooked = Hooked(errors=errors)
        if wrapped:
            self.hooked.put("around", passes, wrapper=True)
        self.stopped = threading.Event()
        self.end = time.monotonic() + SECONDS
        self.late: list[Any] = []
        self.lost: list[Any] = []

    def change(self) -> None:
        """Register and unregister two plugins, and look whether calls see it."""
        hooked, a, b = self.hooked, says("a"), says("b")
        steps: list[tuple[Callable[[], object], list[str]]] = [
            (lambda: hooked.put("a", a), ["a"]),
            (lambda: hooked.put("b", b), ["b", "a"]),
            (lambda: hooked.drop("a"), ["b"]),
            (lambda: hooked.drop("b"), []),
        ]
        try:
            while time.monotonic() < self.end and not self.lost:
                for change, expected in steps:
                    change()
                    found = hooked.call(page="p")
                    if found != expected:
                        self.late.append((found, expected))
                        self.wait_for(expected)
        finally:
            self.stopped.set()

    def wait_for(self, expected: list[str]) -> None:
        """Call until what is returned is as it should be; give up after a while."""
        end = time.monotonic() + 1
        while (found := self.hooked.call(page="p")) != expected:
            if time.monotonic() > end:
                self.lost.append((found, expected))
                break
            time.sleep(0.001)

    def call(self) -> set[tuple[str, ...]]:
        """Return what calls return meanwhile."""
        seen: set[tuple[str, ...]] = set()
        while not self.stopped.is_set() and time.monotonic() < self.end + PATIENCE:
            seen.add(tuple(self.hooked.call(page="p")))
        return seen

    def run(self) -> list[set[tuple[str, ...]]]:
        """Let it happen, and return what each of the calling threads saw."""
        first, *seen = together(4, lambda index: self.call() if index else self.change())
        assert first is None
        assert all(isinstance(one, set) for one in seen), seen
        return [one for one in seen if isinstance(one, set)]


@pytest.mark.usefixtures("way", "switching")
@pytest.mark.parametrize(("errors", "wrapped"), [("raise", False), ("collect", False), ("raise", True)])
def test_calls_of_threads_see_a_whole_state_while_another_changes_it(errors: str, *, wrapped: bool) -> None:
    changing = Changing(errors=errors, wrapped=wrapped)
    for seen in changing.run():
        assert seen <= {(), ("a",), ("b", "a"), ("b",)}


@pytest.mark.usefixtures("way", "switching")
def test_change_is_never_lost_whatever_other_threads_compile_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(*given: Any) -> str:
        time.sleep(random.random() / 10_000)  # noqa: S311 # so that threads meet in every way
        return showing.show(*given)

    monkeypatch.setattr(functions, "show", slowly)
    changing = Changing()
    changing.run()
    assert changing.lost == []


@pytest.mark.usefixtures("way", "switching")
def test_thread_that_changed_a_hook_sees_that_at_its_next_call_whatever_others_compile() -> None:
    changing = Changing()
    changing.run()
    assert changing.late == []


@pytest.mark.usefixtures("way", "switching")
def test_arguments_of_threads_do_not_mix() -> None:
    hooked = Hooked()
    hooked.put("x", written("def render(page): return page"))
    hooked.put("around", written("def render(page):\n    return [*(yield), page]"), wrapper=True)
    end = time.monotonic() + SECONDS / 2

    def call(index: int) -> bool:
        while time.monotonic() < end:
            if hooked.call(page=index) != [index, index]:
                return False
        return True

    assert together(4, call) == [True] * 4


def test_source_of_a_closed_over_function_is_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    take("closed over", monkeypatch)
    hooked = Hooked()
    hooked.put("outline", says(1))
    assert hooked.call(page="p") == [1]
    assert isinstance(hooked.call, FunctionType)
    assert "outline.implementation()" in shown(hooked.call)
