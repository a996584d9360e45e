"""A host's hook is one live function that calls what plugins implement, however often, and whatever comes and goes."""

import asyncio
import inspect
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import FunctionType
from typing import Any

import pluggy
import pytest
from _hooks import (
    WAYS,
    Hooked,
    Wrapper,
    around,
    fails,
    is_compiled,
    old_passes,
    passes,
    render,
    says,
    shown,
    whose,
    written,
)
from _sites import PATIENCE, RENDERS, Site, fresh, plugin

import plugframe
from plugframe import Host
from plugframe.errors import HookArgumentError, NotRegisteredError
from plugframe.hooks import callers

HOME = os.path.dirname(os.path.dirname(os.path.abspath(plugframe.__file__ or "")))
OFTEN = 100
"""Calls, after which a hook is compiled as it is by default."""


def states(host: Host) -> dict[str, str]:
    """Return what became of each plugin, by name."""
    return {result.plugin.name: result.state for result in host.report()}


# One function, however it runs.


def test_hook_is_one_function_whatever_comes_and_goes(way: str) -> None:
    hooked = Hooked()
    kept = hooked.call
    assert type(kept) is FunctionType
    for _ in range(3):
        assert hooked.host.hook.render is kept
        assert kept(page="p") == []
        hooked.put("a", says("a"))
        hooked.put("b", says("b"))
        assert kept(page="p") == ["b", "a"]
        assert is_compiled(kept) is (way != "cold")
        hooked.drop("a")
        assert kept(page="p") == ["b"]
        hooked.drop("b")
        assert vars(hooked.host.hook)["render"] is kept


@pytest.mark.usefixtures("way")
def test_hook_is_described_like_its_specification() -> None:
    specification = written(
        '''
        def page_title(page: str, *, width: int = 80) -> "list[str]":
            """Return a title."""
        '''
    )
    hooked = Hooked(specification)
    for _ in range(2):
        call = hooked.call
        assert (call.__name__, call.__qualname__, call.__module__) == ("page_title", "page_title", "written")
        assert call.__doc__ == "Return a title."
        assert str(inspect.signature(call)) == "(page: str, *, width: int = 80) -> 'list[str]'"
        assert call.__annotations__ == specification.__annotations__
        assert inspect.unwrap(call) is specification
        if "x" not in hooked.plugins:
            hooked.put("x", says(1))
        assert call(page="p") == [1]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("positional", "keywords"),
    [
        (("p",), {}),
        (("p", 80), {}),
        (("p",), {"page": "p"}),
        ((), {}),
        ((), {"width": 80}),
        ((), {"page": "p", "pages": "p"}),
        ((), {"Page": "p"}),
        ((), {"page": "p", "self": "p"}),
    ],
)
def test_wrong_arguments_are_a_type_error_that_names_the_hook_and_nothing_has_run(
    positional: tuple[str, ...], keywords: dict[str, Any]
) -> None:
    hooked = Hooked()
    seen: list[str] = []
    hooked.put("x", lambda: seen.append("x"))
    hooked.put("around", around(lambda: seen.append("around"), lambda result: result), wrapper=True)
    for _ in range(2):
        with pytest.raises(TypeError, match=r"render\(\)"):
            hooked.call(*positional, **keywords)
        with pytest.raises(TypeError, match=r"render\(\)|positional"):
            hooked.call.results(*positional, **keywords)
        assert seen == []
        hooked.call(page="p")
        seen.clear()


def test_wrong_arguments_load_no_plugin(site: Site) -> None:
    site.install(plugin("x", RENDERS))
    call: Any = site.host.hook.render
    for wrong in (call, lambda: call(pages="p"), lambda: call("p"), call.results):
        with pytest.raises(TypeError):
            wrong()
    assert states(site.host) == {"x": "available"}


@pytest.mark.usefixtures("way")
def test_defaults_of_the_specification_are_what_implementations_get() -> None:
    hooked = Hooked(written("def render(page, width=80, *, depth=[3], title): ..."))
    hooked.put("all", written("def render(title, width, depth, page): return page, width, depth, title"))
    hooked.put("own", written("def render(width=1, *, depth=2): return width, depth"))
    hooked.put("more", written("def render(page, more='own'): return page, more"))
    for _ in range(2):
        assert hooked.call(page="p", title="t") == [("p", "own"), (80, [3]), ("p", 80, [3], "t")]
        assert hooked.call(page="p", title="t", width=None, depth=0) == [("p", "own"), (None, 0), ("p", None, 0, "t")]
    with pytest.raises(TypeError, match="title"):
        hooked.call(page="p")


@pytest.mark.usefixtures("way")
def test_nothing_of_the_specification_runs() -> None:
    hooked = Hooked(written("def render(page):\n    raise AssertionError"))
    assert hooked.call(page="p") == []


# The same results cold, while warming, and compiled.


def make_list() -> Hooked:
    hooked = Hooked()
    hooked.put("text", says("text"))
    hooked.put("nothing", says(None))
    hooked.put("zero", says(0))
    hooked.put("false", says(False), trylast=True)
    hooked.put("empty", says([]), tryfirst=True)
    return hooked


def make_first() -> Hooked:
    hooked = Hooked(firstresult=True)
    hooked.put("never", fails(AssertionError()), trylast=True)
    hooked.put("zero", says(0))
    hooked.put("nothing", says(None))
    return hooked


def make_nothing() -> Hooked:
    hooked = Hooked(firstresult=True)
    hooked.put("nothing", says(None))
    return hooked


def make_wrapped() -> Hooked:
    def adds(page: str) -> Wrapper:
        result = yield
        return [*result, page]

    def forces() -> Wrapper:
        outcome = yield
        outcome.force_result([*outcome.get_result(), "old"])

    hooked = make_list()
    hooked.put("adds", adds, wrapper=True)
    hooked.put("forces", forces, hookwrapper=True, tryfirst=True)
    hooked.put("passes", passes, wrapper=True, trylast=True)
    hooked.put("old_passes", old_passes, hookwrapper=True)
    return hooked


def make_first_wrapped() -> Hooked:
    hooked = make_first()
    hooked.put("around", around(lambda: None, lambda result: [result]), wrapper=True)
    return hooked


def make_caught() -> Hooked:
    def catches() -> Wrapper:
        try:
            return (yield)
        except LookupError as error:
            return str(error)

    hooked = Hooked()
    hooked.put("never", fails(AssertionError()))
    hooked.put("broken", fails(LookupError("caught")))
    hooked.put("catches", catches, wrapper=True)
    return hooked


CASES: dict[str, tuple[Callable[[], Hooked], Any]] = {
    "list": (make_list, [[], 0, "text", False]),
    "first": (make_first, 0),
    "nothing": (make_nothing, None),
    "wrapped": (make_wrapped, [[], 0, "text", False, "p", "old"]),
    "first wrapped": (make_first_wrapped, [0]),
    "caught": (make_caught, "caught"),
}


@pytest.mark.parametrize("case", CASES)
def test_calls_return_the_same_cold_warming_and_compiled(case: str) -> None:
    make, expected = CASES[case]
    hooked = make()
    found = [hooked.call(page="p") for _ in range(OFTEN)]
    assert found == [expected] * OFTEN
    assert is_compiled(hooked.call)
    if isinstance(expected, list):
        assert len({id(one) for one in found}) == OFTEN


def test_hook_is_compiled_after_as_many_calls_as_it_says() -> None:
    hooked = make_list()
    for _ in range(callers.WARM - 1):
        hooked.call(page="p")
    assert not is_compiled(hooked.call)
    hooked.call(page="p")
    assert is_compiled(hooked.call)
    hooked.put("more", says("more"))
    assert not is_compiled(hooked.call)
    assert hooked.call(page="p") == [[], "more", 0, "text", False]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("case", CASES)
def test_case_is_the_same_in_each_way(case: str) -> None:
    make, expected = CASES[case]
    hooked = make()
    assert [hooked.call(page="p") for _ in range(3)] == [expected] * 3


@pytest.mark.usefixtures("way")
def test_list_that_a_caller_changes_is_its_own() -> None:
    hooked = Hooked()
    hooked.put("x", says("x"))
    hooked.call(page="p").append("mine")
    assert hooked.call(page="p") == ["x"]


@pytest.mark.usefixtures("way")
def test_plugin_may_implement_a_hook_twice() -> None:
    hooked = Hooked()
    made = written("class Plugin: ...")()
    made.render = hooked.host.hookimpl(says(1))
    made.other = hooked.host.hookimpl(specname="render")(says(2))
    hooked.host.manager.register(made, name="x")
    assert sorted(hooked.call(page="p")) == [1, 2]
    hooked.host.manager.unregister(made)
    assert hooked.call(page="p") == []


@pytest.mark.usefixtures("way")
def test_historic_hook_returns_nothing_and_reaches_the_plugins_that_come_later() -> None:
    hooked = Hooked(written("def started(at, where='here'): ..."), historic=True)
    seen: list[tuple[str, object, object]] = []

    def notes(plugin: str) -> Any:
        source = "def started(at, *, where): seen.append((plugin, at, where)); return 'lost'"
        return written(source, plugin=plugin, seen=seen)

    hooked.put("early", notes("early"))
    assert [hooked.call(at=at) for at in range(3)] == [None] * 3
    hooked.put("late", notes("late"))
    assert hooked.call(at=3, where="there") is None
    assert seen == [
        *(("early", at, "here") for at in range(3)),
        *(("late", at, "here") for at in range(3)),
        ("late", 3, "there"),
        ("early", 3, "there"),
    ]
    hooked.drop("early")
    seen.clear()
    hooked.call(at=4)
    assert seen == [("late", 4, "here")]
    for wrong in ({}, {"at": 1, "more": 2}):
        with pytest.raises(TypeError):
            hooked.call(**wrong)


@pytest.mark.usefixtures("way")
def test_installed_plugins_are_loaded_by_the_first_call_however_it_is_made(site: Site) -> None:
    for name in "abc":
        also = {"myapp.hooks": {f"{name}.of_{name}": f"acme_{name}:of_{name}"}}
        code = f"from myapp import hookimpl\n@hookimpl\ndef of_{name}(page): return page"
        site.install(plugin(name, code, also=also))
    for name in "abc":
        site.host.hookspec(written(f"def of_{name}(page): ..."))
    hooks: Any = site.host.hook
    assert hooks.of_a(page="p") == ["p"]
    assert states(site.host) == {"a": "loaded", "b": "available", "c": "available"}
    assert [one.value for one in hooks.of_b.results(page="p")] == ["p"]
    assert states(site.host) == {"a": "loaded", "b": "loaded", "c": "available"}


@pytest.mark.usefixtures("way")
def test_hook_that_was_called_often_sees_what_is_installed_and_loaded_later(site: Site) -> None:
    site.install(plugin("a", RENDERS))
    kept = site.host.hook.render
    assert [kept(page="p") for _ in range(3)] == [["acme_a: p"]] * 3
    site.install(plugin("b", RENDERS))
    site.host.refresh()
    assert [kept(page="p") for _ in range(3)] == [["acme_b: p", "acme_a: p"]] * 3


def test_hook_that_was_never_called_sees_what_is_installed_after_others_found_nothing(site: Site) -> None:
    site.host.hookspec(written("def other(): ..."))
    assert site.host.hook.other() == []
    site.install(plugin("x", RENDERS))
    site.host.refresh()
    assert site.host.hook.render(page="p") == ["acme_x: p"]


# Tracebacks.


@pytest.mark.parametrize("way", WAYS[1:], indirect=True)
@pytest.mark.parametrize("separator", ["", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
@pytest.mark.usefixtures("way")
def test_traceback_shows_the_generated_line_of_the_plugin(separator: str) -> None:
    hooked = Hooked()
    hooked.put("last", says(1))
    hooked.put("broken", fails(LookupError("it failed")))
    hooked.put(f"outline{separator}page", says(1))
    with pytest.raises(LookupError) as caught:
        hooked.call(page="p")
    lines = "".join(traceback.format_exception(caught.value)).splitlines()
    place = next(number for number, line in enumerate(lines) if "broken.implementation()" in line)
    assert lines[place - 1].startswith('  File "<')
    assert '>", line ' in lines[place - 1]
    assert lines[place - 1].endswith("in render")
    assert "outline" in shown(hooked.call)


def test_every_generated_file_name_is_in_angle_brackets(way: str) -> None:
    hooked = Hooked()
    hooked.put("around", passes, wrapper=True)
    hooked.put("x", fails(LookupError()))
    with pytest.raises(LookupError) as caught:
        hooked.call(page="p")
    names = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__) if "<" in frame.filename]
    assert names
    assert all((name[0], name[-1]) == ("<", ">") for name in names)
    assert way == "cold" or any("around.passes" in frame for frame in [shown(hooked.call)])


PYTEST_FILE = """
    from plugframe import Host
    from plugframe.hooks import callers

    def make(warm):
        callers.WARM = warm
        host = Host("myapp", path=[])

        @host.hookspec
        def render(page): ...

        class Plugin:
            @host.hookimpl
            def render(self, page):
                return 1 / page  # of the plugin

        class Around:
            @host.hookimpl(wrapper=True)
            def render(self):
                return (yield)

        host.manager.register(Plugin(), name="outline")
        if warm % 2:
            host.manager.register(Around(), name="around")
        return render

    def test_cold():
        make(1000)(page=0)

    def test_compiled():
        make(2)(page=1), make(2)(page=0)

    def test_compiled_from_the_first_call():
        render = make(2)
        render(page=1), render(page=1), render(page=1)
        render(page=0)

    def test_wrapped():
        render = make(3)
        render(page=1), render(page=1), render(page=1), render(page=1)
        render(page=0)
"""


@pytest.fixture(scope="module")
def shown_by_pytest(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what pytest prints of tests that fail in a hook."""
    folder = tmp_path_factory.mktemp("shown")
    (folder / "test_page.py").write_text(dedent(PYTEST_FILE), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        env={**os.environ, "PYTHONPATH": HOME, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert "4 failed" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("# of the plugin\n") >= len("1234")
    return done.stdout


def test_pytest_hides_what_is_generated(shown_by_pytest: str) -> None:
    assert "<plugframe hook" not in shown_by_pytest


def test_pytest_hides_what_runs_it(shown_by_pytest: str) -> None:
    assert [line for line in shown_by_pytest.splitlines() if HOME in line] == []


# Who said what.


@pytest.mark.usefixtures("way")
def test_results_tell_who_said_what(site: Site) -> None:
    broken = "from myapp import hookimpl\n@hookimpl\ndef render(page): return 1 / page"
    around_it = "from myapp import hookimpl\n@hookimpl(wrapper=True)\ndef render(): return len((yield))"
    silent = "from myapp import hookimpl\n@hookimpl\ndef render(): pass"
    site.install(plugin("a", RENDERS, version="2.5"), plugin("b", broken), plugin("c", silent), plugin("w", around_it))
    host = site.host
    own = written("class Own: ...")()
    own.render = host.hookimpl(says("own"))
    host.manager.register(own, name="own")
    for page in (1, 1):
        found = host.hook.render.results(page=page)
        assert [(one.plugin, str(one.distribution), one.wrapper, one.value, one.error) for one in found] == [
            ("w", "acme-w 1.0", True, 3, None),
            ("own", "None", False, "own", None),
            ("c", "acme-c 1.0", False, None, None),
            ("b", "acme-b 1.0", False, 1.0, None),
            ("a", "acme-a 2.5", False, "acme_a: 1", None),
        ]
        assert all(0.0 <= one.seconds < PATIENCE for one in found)
    found = host.hook.render.results(page=0)
    by_name = {one.plugin: one for one in found}
    assert [one.plugin for one in found] == ["w", "own", "c", "b", "a"]
    error = by_name["b"].error
    assert isinstance(error, ZeroDivisionError)
    assert whose(error) == ["'b'"]
    assert by_name["b"].value is None
    assert by_name["a"].value == "acme_a: 0"
    assert (by_name["w"].value, by_name["w"].error) in {(None, error), (None, None)}
    with pytest.raises((AttributeError, TypeError)):
        setattr(found[0], "value", 1)  # noqa: B010 # which checkers refuse, too


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("errors", ["raise", "collect", "skip"])
def test_results_run_all_although_some_fail(errors: str) -> None:
    hooked = Hooked(errors=errors)
    seen: list[BaseException | None] = []

    def watches() -> Wrapper:
        try:
            return (yield)
        except Exception as error:
            seen.append(error)
            raise

    hooked.put("a", says("a"))
    hooked.put("broken", fails(LookupError("broken")))
    hooked.put("nothing", says(None))
    hooked.put("worse", fails(ValueError("worse")))
    hooked.put("watches", watches, wrapper=True)
    found = hooked.call.results(page="p")
    assert [one.plugin for one in found] == ["watches", "worse", "nothing", "broken", "a"]
    assert [(one.value, repr(one.error)) for one in found[1:]] == [
        (None, "ValueError('worse')"), (None, "None"), (None, "LookupError('broken')"), ("a", "None"),
    ]  # fmt: skip
    expected = {
        "raise": ["ValueError"],
        "collect": ["ExceptionGroup"],
        "skip": [],
    }
    assert [type(error).__name__ for error in seen] == expected[errors]
    assert found[0].value == (["a"] if errors == "skip" else None)


@pytest.mark.parametrize("errors", ["raise", "collect", "skip"])
@pytest.mark.parametrize("kind", ["before", "after", "old after", "twice", "never"])
def test_results_keep_what_a_wrapper_raises_with_it(errors: str, kind: str) -> None:
    hooked = Hooked(errors=errors)
    bodies = {
        "before": "raise LookupError('mine')\n    yield",
        "after": "yield\n    raise LookupError('mine')",
        "old after": "yield\n    raise LookupError('mine')",
        "twice": "yield\n    yield",
        "never": "if page == 0: yield",
    }
    hooked.put("x", says("x"))
    function = written(f"def render(page):\n    {bodies[kind]}")
    options: dict[str, Any] = {"hookwrapper" if kind == "old after" else "wrapper": True}
    hooked.put("outer", passes, wrapper=True)
    hooked.put("around", function, **options, trylast=True)
    if kind == "old after":
        with pytest.warns(pluggy.PluggyTeardownRaisedWarning):
            found = hooked.call.results(page="p")
    else:
        found = hooked.call.results(page="p")
    told = {one.plugin: one for one in found}
    error = told["around"].error
    assert isinstance(error, RuntimeError if kind in {"twice", "never"} else LookupError)
    assert told["around"].value is None
    assert whose(error) == ["'around'"]


def test_results_of_firstresult_stop_at_the_first() -> None:
    hooked = Hooked(firstresult=True)
    hooked.put("never", fails(AssertionError()))
    hooked.put("first", says("first"))
    hooked.put("nothing", says(None))
    hooked.put("broken", fails(LookupError("broken")))
    hooked.put("around", around(lambda: None, lambda result: [result]), wrapper=True)
    found = hooked.call.results(page="p")
    assert [(one.plugin, one.value) for one in found[1:]] == [("broken", None), ("nothing", None), ("first", "first")]


def test_results_let_through_what_is_no_ordinary_exception() -> None:
    hooked = Hooked(errors="skip")
    seen: list[str] = []
    hooked.put("never", lambda: seen.append("never"))
    hooked.put("stops", fails(KeyboardInterrupt()))

    def watches() -> Wrapper:
        try:
            return (yield)
        finally:
            seen.append("left")

    hooked.put("watches", watches, wrapper=True)
    with pytest.raises(KeyboardInterrupt) as caught:
        hooked.call.results(page="p")
    assert (seen, whose(caught.value)) == (["left"], ["'stops'"])


def test_results_note_on_what_a_wrapper_lets_through_whose_it_is() -> None:
    hooked = Hooked()
    hooked.put("stops", written("def render():\n yield\n raise SystemExit"), wrapper=True)
    with pytest.raises(SystemExit) as caught:
        hooked.call.results(page="p")
    assert whose(caught.value) == ["'stops'"]


def test_results_of_a_historic_hook_reach_the_plugins_that_come_later() -> None:
    hooked = Hooked(written("def started(at, where='here'): ..."), historic=True)
    seen: list[object] = []
    assert hooked.call.results(at=1) == ()
    hooked.put("late", written("def started(at, where): seen.append((at, where))", seen=seen))
    assert seen == [(1, "here")]


def test_results_refuse_positional_arguments_by_the_name_of_the_hook() -> None:
    with pytest.raises(TypeError, match=r"^render\.results\(\) takes 0 positional arguments but 1 given$"):
        Hooked().call.results("p")


@pytest.mark.parametrize("errors", ["raise", "collect"])
def test_call_without_an_argument_is_a_type_error_also_where_nothing_specifies_the_hook(errors: str) -> None:
    hooked = Hooked(errors=errors)
    hooked.put("x", lambda page: page)
    hooked.put("y", lambda name: name, hook="theme")
    with pytest.raises(HookArgumentError, match=r"'theme' must be called with 'name': plugin 'y' takes it") as caught:
        hooked.host.hook.theme()
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, pluggy.HookCallError)
    assert whose(caught.value) == ["'y'"]
    with pytest.raises(TypeError):
        asyncio.run(hooked.host.hook.theme.acall())


def test_results_use_the_defaults_of_the_specification() -> None:
    hooked = Hooked()
    hooked.put("x", written("def render(page, width): return page, width"))
    assert [one.value for one in hooked.call.results(page="p")] == [("p", 80)]
    with pytest.raises(TypeError, match="'widht'; did you mean 'width'"):
        hooked.call.results(page="p", widht=3)
    with pytest.raises(TypeError, match="'page'"):
        hooked.call.results()


# Names.


def test_unknown_hook_is_an_attribute_error_with_those_like_it(site: Site) -> None:
    site.install(plugin("x", RENDERS))
    with pytest.raises(AttributeError) as caught:
        site.host.hook.rendr(page="p")
    assert isinstance(caught.value, NotRegisteredError)
    assert str(caught.value) == "no hook named 'rendr' is registered; did you mean 'render'?"
    assert caught.value.name == "rendr"
    assert not hasattr(site.host.hook, "nothing_like_it")
    with pytest.raises(AttributeError):
        site.host.manager.hook.rendr(page="p")


@pytest.mark.parametrize("name", ["_private", "__wrapped__", "__iter__", "_repr_html_", "_ipython_display_", "__len__"])
def test_name_that_begins_with_an_underscore_loads_nothing(site: Site, name: str) -> None:
    code = f"{RENDERS}\n    @hookimpl\n    def {name}(): return 1\n"
    site.install(plugin("x", code if not name.startswith("__") else RENDERS))
    hook: Any = site.host.hook
    with pytest.raises(AttributeError, match=name):
        getattr(hook, name)
    assert not hasattr(hook, name)
    assert states(site.host) == {"x": "available"}


def test_looking_at_the_hooks_loads_nothing(site: Site) -> None:
    declares = {"myapp.hooks": {"x.theme": "acme_x:theme", "x.render": "acme_x:render"}}
    site.install(plugin("x", "raise SystemExit", also=declares), plugin("y", "raise SystemExit"))
    host = site.host
    assert dir(host.hook) == ["render", "theme"]
    assert repr(host.hook) == "<hooks of myapp>"
    assert callable(host.hook.theme)
    assert host.hook.theme is host.hook.theme
    assert host.hook.render is host.hook.render
    assert dir(host.hook) == ["render", "theme"]
    assert set(states(host).values()) == {"available"}


THEME = "from myapp import hookimpl\n@hookimpl\ndef theme(name): return name.upper()"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("also", [None, {"myapp.hooks": {"x.theme": "acme_x:theme"}}])
def test_hook_without_specification_is_called_with_whatever_plugins_take(site: Site, also: Any) -> None:
    site.install(plugin("x", THEME, also=also))
    hooks: Any = site.host.hook
    for _ in range(3):
        assert hooks.theme(name="dark") == ["DARK"]
        assert hooks.theme(name="dark", more=1) == ["DARK"]
    assert hooks.theme.__name__ == "theme"
    assert [one.value for one in hooks.theme.results(name="dark")] == ["DARK"]
    with pytest.raises(TypeError):
        hooks.theme("dark")
    with pytest.raises((TypeError, pluggy.HookCallError), match="name"):
        hooks.theme()
    assert "theme" in dir(site.host.hook)
    with pytest.raises(AttributeError) as caught:
        hooks.theme(name=5)
    assert whose(caught.value) == ["'x'"]


def test_hook_that_one_plugin_declares_loads_no_other(site: Site) -> None:
    other = plugin("y", "raise SystemExit", also={"myapp.hooks": {"y.render": "acme_y:render"}})
    site.install(plugin("x", THEME, also={"myapp.hooks": {"x.theme": "acme_x:theme"}}), other)
    hooks: Any = site.host.hook
    assert hooks.theme(name="dark") == ["DARK"]
    assert states(site.host) == {"x": "loaded", "y": "available"}


@pytest.mark.usefixtures("way")
def test_function_that_was_taken_before_the_specification_came_obeys_it() -> None:
    host = Host("myapp", path=[])
    made = written("class Plugin: ...")()
    made.render = host.hookimpl(fails(LookupError("skipped")))
    host.manager.register(made, name="x")
    before: Any = host.hook.render
    with pytest.raises(LookupError):
        before(page="p")
    live: Any = host.hookspec(errors="skip")(render)
    assert host.hook.render is live
    for call in (live, before):
        assert call(page="p") == []
        assert [repr(one.error) for one in call.results(page="p")] == ["LookupError('skipped')"]
        with pytest.raises(TypeError):
            call(pages="p")


@pytest.mark.usefixtures("way")
def test_specifications_that_the_manager_is_given_are_honoured_too() -> None:
    host = Host("myapp", path=[])
    made = written("class Plugin: ...")()
    made.render = host.hookimpl(says("x"))
    host.manager.register(made, name="x")
    before: Any = host.hook.render
    assert before(anything=1) == ["x"]
    source = """
        class Specifications:
            @mark(firstresult=True)
            def render(self, page, width=80):
                "Return a page."
    """
    host.manager.add_hookspecs(written(source, mark=pluggy.HookspecMarker("myapp")))
    for call in (host.hook.render, before):
        for _ in range(2):
            assert call(page="p") == "x"
            with pytest.raises(TypeError):
                call(pages="p")
    assert inspect.unwrap(host.hook.render).__doc__ == "Return a page."


# What is pluggy's.


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("errors", ["raise", "collect", "skip"])
def test_monitoring_sees_each_call_and_changes_nothing(errors: str) -> None:
    hooked = Hooked(errors=errors)
    hooked.put("a", written("def render(page): return page"))
    hooked.call(page="p")
    seen: list[Any] = []
    undo = hooked.host.manager.add_hookcall_monitoring(
        lambda name, implementations, arguments: seen.append((name, len(implementations), dict(arguments))),
        lambda outcome, name, *_: seen.append((name, outcome.exception or outcome.get_result())),
    )
    assert hooked.call(page="p") == ["p"]
    assert seen == [("render", 1, {"page": "p", "width": 80}), ("render", ["p"])]
    hooked.put("broken", fails(LookupError("broken")))
    hooked.put("around", passes, wrapper=True)
    seen.clear()
    if errors == "skip":
        assert hooked.call(page="p") == ["p"]
        error = None
    else:
        with pytest.raises((LookupError, ExceptionGroup)) as caught:
            hooked.call(page="p")
        error = caught.value
        assert seen[1] == ("render", error)
    inner = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
    assert whose(inner) == (["'broken'"] if error else [])
    assert len(seen) == len([0, 1])
    undo()
    seen.clear()
    hooked.drop("broken")
    assert [hooked.call(page="p") for _ in range(3)] == [["p"]] * 3
    assert seen == []


@pytest.mark.usefixtures("way")
def test_tracing_tells_of_each_call() -> None:
    hooked = Hooked()
    hooked.put("a", says("a"))
    hooked.call(page="p")
    told: list[str] = []
    hooked.host.manager.trace.root.setwriter(told.append)
    undo = hooked.host.manager.enable_tracing()
    assert hooked.call(page="p") == ["a"]
    undo()
    assert hooked.call(page="p") == ["a"]
    text = "".join(told)
    assert text.count("render") == len("01")
    assert "finish render --> ['a']" in text


@pytest.mark.usefixtures("way")
def test_execution_that_somebody_sets_is_what_runs() -> None:
    hooked = Hooked(errors="collect")
    hooked.put("broken", fails(LookupError("broken")))
    hooked.put("a", says("a"))
    manager: Any = hooked.host.manager
    with pytest.raises(ExceptionGroup):
        hooked.call(page="p")
    usual, seen = manager._inner_hookexec, []  # noqa: SLF001 # which others set

    def execute(name: str, implementations: Any, arguments: Any, first: Any) -> Any:
        seen.append((name, [one.plugin_name for one in implementations], dict(arguments), bool(first)))
        return usual(name, implementations, arguments, first)

    manager._inner_hookexec = execute  # noqa: SLF001
    with pytest.raises(ExceptionGroup) as caught:
        hooked.call(page="p")
    assert whose(caught.value.exceptions[0]) == ["'broken'"]
    assert seen == [("render", ["broken", "a"], {"page": "p", "width": 80}, False)]
    manager._inner_hookexec = lambda *_: "mine"  # noqa: SLF001
    assert hooked.call(page="p") == "mine"
    manager._inner_hookexec = usual  # noqa: SLF001
    with pytest.raises(ExceptionGroup):
        hooked.call(page="p")
    hooked.drop("broken")
    assert hooked.call(page="p") == ["a"]
    assert len(seen) == 1


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("errors", ["raise", "collect", "skip"])
def test_pluggys_own_callers_run_the_same_under_the_same_policy(errors: str) -> None:
    hooked = Hooked(errors=errors)
    hooked.put("left", fails(AssertionError("left out")))
    hooked.put("a", written("def render(page, width): return page, width"))
    hooked.put("broken", fails(LookupError("broken")))
    manager: Any = hooked.host.manager
    extra = written("def render(page, width): return 'extra', page")
    less = manager.subset_hook_caller("render", [hooked.plugins["left"]])
    hooked.put("late", says("late"))
    ways: dict[str, Callable[[], Any]] = {
        "hook": lambda: manager.hook.render(page="p", width=3),
        "defaults": lambda: manager.hook.render(page="p"),
        "subset": lambda: less(page="p", width=3),
        "extra": lambda: manager.hook.render.call_extra([extra], {"page": "p", "width": 3}),
    }
    for _ in range(3):
        for name, call in ways.items():
            width = 80 if name == "defaults" else 3
            expected = ["late", ("p", width)]
            if errors == "skip":
                found = call()
                assert found == ([("extra", "p"), *expected] if name == "extra" else expected), name
                continue
            with pytest.raises((LookupError, ExceptionGroup)) as caught:
                call()
            errors_of = caught.value.exceptions if isinstance(caught.value, ExceptionGroup) else [caught.value]
            told = [whose(error) for error in errors_of]
            if errors == "raise":
                assert told == [["'broken'"]], name
            else:
                assert told == ([["'broken'"]] if name == "subset" else [["'broken'"], ["'left'"]]), name


@pytest.mark.usefixtures("way")
def test_extra_implementation_may_take_arguments_by_keyword_only() -> None:
    hooked = Hooked(written("def render(page, *, width=80): ..."))
    extra = written("def render(*, width): return width")
    manager: Any = hooked.host.manager
    assert manager.hook.render.call_extra([extra], {"page": "p", "width": 3}) == [3]


@pytest.mark.usefixtures("way")
def test_manager_is_pluggys_to_everybody() -> None:
    hooked = Hooked()
    made = hooked.put("x", says("x"))
    manager = hooked.host.manager
    assert isinstance(manager, pluggy.PluginManager)
    assert isinstance(manager.hook.render, pluggy.HookCaller)
    assert manager.get_plugins() == {made}
    assert [one.plugin_name for one in manager.hook.render.get_hookimpls()] == ["x"]
    assert hooked.call(page="p") == manager.hook.render(page="p", width=80) == ["x"]
    manager.set_blocked("x")
    assert hooked.call(page="p") == []
    manager.check_pending()


@pytest.mark.usefixtures("way")
def test_drop_in_manager_takes_the_place_of_pluggys_with_a_hosts_marks() -> None:
    host = Host("myapp", path=[])
    manager = plugframe.PluginManager("myapp")
    mark = pluggy.HookspecMarker("myapp")
    source = "class Specifications:\n    @mark\n    def render(self, page): ..."
    manager.add_hookspecs(written(source, mark=mark))
    made = written("class Plugin: ...")()
    made.render = host.hookimpl(says("x"))
    manager.register(made)
    assert [manager.hook.render(page="p") for _ in range(3)] == [["x"]] * 3


def test_hooks_are_typed_as_they_run() -> None:
    told = fresh(
        """
        import typing_hooks
        print(typing_hooks.check())
        """,
        Path(__file__).parent,
    )
    assert told == "all as typed\n"
