"""Call hooks around a host's hooks, in every way in which they run, and around callables of every signature."""

import asyncio
import copy
import gc
import inspect
import pickle
import threading
import traceback
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any, Literal, Protocol, TypedDict

import pytest
from _hooks import WAYS as HOOK_WAYS
from _hooks import is_compiled, take, written
from _intercepted import WAYS, Intercepted
from _sites import RENDERS, Site, plugin, site_at, together

import plugframe
from plugframe import Host, suspend_interception
from plugframe.calls.interception import Interception
from plugframe.calls.registering import CallHooks
from plugframe.errors import CallHookError, CoroutineHookError

THREADS = 8
CALLS = 70
"""More than it takes for a hook's call to be compiled."""
NAMED = [
    written(f"def f({name}, other={name!r}, *, {name}_=5): return {name}, other, {name}_")
    for name in (
        "arguments", "result", "value", "fate", "made0", "error", "call", "use_0", "function", "watch", "kind", "new",
        "isinstance", "BaseException", "is_suspended", "use_is_suspended", "größe", "_", "self", "outcome", "types_0",
    )
]  # fmt: skip
"""Functions with parameters named as what is generated names its own things."""


class Page:
    """A host with a hook ``render`` and what implements it.

    Attributes:
        log: what ran, in order.
    """

    def __init__(self, **options: Any) -> None:
        self.host = Host("myapp", path=[])
        self.log: list[Any] = []

        def render(page: str, width: int = 80) -> str:
            raise NotImplementedError(page, width)

        self.render: Any = self.host.hookspec(**options)(render)
        for name in ("a", "b"):
            self.add(name)

    def add(self, name: str) -> None:
        """Register a plugin that implements the hook."""

        class Plugin:
            @self.host.hookimpl
            def render(_, page: str, width: int) -> str:  # noqa: N805 # the outer one is meant
                self.log.append(name)
                return f"{name}:{page}:{width}"

        self.host.manager.register(Plugin(), name=name)

    def ran(self) -> list[Any]:
        """Return what ran since this was asked last."""
        log = self.log[:]
        self.log.clear()
        return log


@pytest.fixture(params=HOOK_WAYS)
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Page:
    take(request.param, monkeypatch)
    return Page()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site without plugins."""
    with site_at(tmp_path / "site") as made:
        yield made


# Hooks of a host.


def test_call_hooks_run_around_all_implementations_of_a_hook(page: Page) -> None:
    page.render.register_pre_hook(str.upper, argument="page")
    page.render.register_pre_hook(lambda given: page.log.append(given.called))
    page.render.register_post_hook(lambda _, result: [*result, len(result)])
    page.render.register_commit_hook(lambda given, result: page.log.append((given.kwargs, result)))
    expected = ["b:P:80", "a:P:80", 2]
    for _ in range(CALLS):
        assert page.host.hook.render(page="p") == expected
        assert page.ran() == ["render", "b", "a", ({"page": "P", "width": 80}, expected)]


def test_function_that_was_fetched_before_has_the_hooks_and_loses_them(page: Page) -> None:
    function: Any = page.host.hook.render
    assert function(page="p") == ["b:p:80", "a:p:80"]
    with page.render.register_post_hook(lambda _, result: result[:1]):
        for _ in range(CALLS):
            assert function(page="p") == ["b:p:80"]
    for _ in range(CALLS):
        assert function(page="p") == ["b:p:80", "a:p:80"]
    assert page.host.hook.render is function


def test_hook_without_call_hooks_runs_what_it_ran_before(monkeypatch: pytest.MonkeyPatch) -> None:
    take("compiled", monkeypatch)
    before, after = Page(), Page()
    after.render.register_pre_hook(print).remove()
    with after.host.calls.register_commit_hook(print):
        pass
    for one in (before, after):
        for _ in range(CALLS):
            one.render(page="p")
    assert is_compiled(before.render)
    assert is_compiled(after.render)
    assert before.render.__code__.co_code == after.render.__code__.co_code


def test_plugin_that_comes_later_is_called_inside_of_the_hooks(page: Page) -> None:
    page.render.register_post_hook(lambda _, result: len(result))
    with pytest.raises(CallHookError, match=r"it returned 2 \(int\), and a result is list"):
        page.render(page="p")
    page.render.remove_call_hooks()
    page.render.register_post_hook(lambda _, result: [len(result)])
    assert page.render(page="p") == [2]
    page.add("c")
    assert page.render(page="p") == [3]
    page.host.manager.unregister(name="a")
    assert page.render(page="p") == [2]


def test_first_result_is_what_post_hooks_are_given(page: Page) -> None:
    first = Page(firstresult=True)
    seen: list[object] = []
    first.render.register_post_hook(lambda _, result: seen.append(result))
    with first.render.register_post_hook(lambda _, _r: ""):
        assert first.render(page="p") == ""
    assert (first.render(page="p"), seen) == ("b:p:80", ["b:p:80"] * 2)
    with first.render.register_post_hook(lambda _, _r: 3), pytest.raises(CallHookError, match="is str or NoneType"):
        first.render(page="p")
    assert page.render.call_hooks() == ()


def test_historic_call_is_remembered_with_what_the_pre_hooks_made_of_it() -> None:
    host, seen = Host("myapp", path=[]), []

    @host.hookspec(historic=True)
    def started(version: str) -> None:
        raise NotImplementedError(version)

    class Plugin:
        @host.hookimpl
        def started(self, version: str) -> None:
            seen.append(version)

    started.register_pre_hook(str.upper, argument="version")
    started.register_commit_hook(lambda _, result: seen.append(result))
    started(version="v1")
    host.manager.register(Plugin())
    assert seen == [None, "V1"]


def test_hooks_for_a_host_reach_hooks_made_before_and_after(page: Page) -> None:
    handle = page.host.calls.register_pre_hook(str.upper, argument="page")

    @page.host.hookspec
    def later(page: str, *, mode: str = "near") -> str:
        raise NotImplementedError(page, mode)

    @page.host.hookspec
    def other(width: int) -> int:
        raise NotImplementedError(width)

    class Plugin:
        @page.host.hookimpl
        def later(self, page: str, mode: str) -> str:
            return page + mode

        @page.host.hookimpl
        def other(self, width: int) -> int:
            return width

    page.host.manager.register(Plugin())
    for _ in range(CALLS):
        assert page.render(page="p") == ["b:P:80", "a:P:80"]
        assert later(page="p") == ["Pnear"]
        assert other(width=1) == [1]
    assert [one.host_wide for one in page.render.call_hooks()] == [True]
    handle.remove()
    assert (page.render(page="p"), later(page="p")) == (["b:p:80", "a:p:80"], ["pnear"])


def test_hooks_and_operations_of_a_host_have_its_call_hooks_alike() -> None:
    page = Page()

    @page.host.operation("text.shout")
    def shout(page: str) -> str:
        return page + "!"

    page.host.calls.register_pre_hook(str.upper, argument="page", label="upper")
    page.host.calls.register_commit_hook(lambda given, _: page.log.append(given.called))
    assert (shout("p"), page.render(page="p")) == ("P!", ["b:P:80", "a:P:80"])
    assert page.ran() == ["text.shout", "b", "a", "render"]
    with suspend_interception():
        assert (shout("p"), page.render(page="p")) == ("p!", ["b:p:80", "a:p:80"])
    page.host.calls.remove_call_hooks()
    assert (shout("p"), page.render(page="p")) == ("p!", ["b:p:80", "a:p:80"])


def test_hook_without_specification_refuses_call_hooks_until_it_has_one(page: Page) -> None:
    class Plugin:
        @page.host.hookimpl
        def shine(self, light: int) -> int:
            return light

    page.host.manager.register(Plugin())
    opened = page.host.hook.shine
    for ask in (lambda: opened.register_pre_hook(print), opened.call_hooks, lambda: opened.plan(light=1)):
        with pytest.raises(CallHookError, match="the hook has no specification yet, which tells its arguments"):
            ask()

    @page.host.hookspec
    def shine(light: int) -> int:
        raise NotImplementedError(light)

    opened.register_pre_hook(lambda light: light + 1, argument="light")
    assert opened(light=1) == shine(light=1) == [2]


def test_results_are_asked_of_with_what_the_pre_hooks_made_of_the_arguments(page: Page) -> None:
    page.render.register_pre_hook(str.upper, argument="page")
    page.render.register_pre_hook(lambda _: {"width": 1})
    page.render.register_post_hook(lambda *_: page.log.append("post"))
    page.render.register_commit_hook(lambda *_: page.log.append("commit"))
    for _ in range(3):
        assert [one.value for one in page.render.results(page="p")] == ["b:P:1", "a:P:1"]
    assert page.ran() == ["b", "a"] * 3


def test_awaited_call_has_the_hooks_around_it(page: Page) -> None:
    class Plugin:
        @page.host.hookimpl
        async def render(self, page: str) -> str:
            await asyncio.sleep(0)
            return f"awaited {page}"

    page.host.manager.register(Plugin(), name="awaited")
    page.render.register_pre_hook(str.upper, argument="page")
    page.render.register_post_hook(lambda _, result: page.log.append(list(result)))
    page.render.register_post_hook(lambda _, outcome: page.log.append(outcome.error), always=True)
    page.render.register_commit_hook(lambda *_: page.log.append("commit"))
    expected = ["awaited P", "b:P:80", "a:P:80"]
    for _ in range(3):
        assert asyncio.run(page.render.acall(page="p")) == expected
        assert page.ran() == ["b", "a", expected, None, "commit"]
    with pytest.raises(CoroutineHookError):
        page.render(page="p")
    assert isinstance(page.ran()[-1], CoroutineHookError)


def test_awaited_call_that_is_cancelled_runs_the_hooks_that_run_always(page: Page) -> None:
    class Plugin:
        @page.host.hookimpl
        async def render(self) -> None:
            await asyncio.sleep(60)

    page.host.manager.register(Plugin(), name="slow")
    page.render.register_post_hook(lambda _, outcome: page.log.append(type(outcome.error)), always=True)
    page.render.register_commit_hook(lambda *_: page.log.append("commit"))

    async def main() -> None:
        task = asyncio.ensure_future(page.render.acall(page="p"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert page.ran()[-1] is asyncio.CancelledError


def test_plan_of_a_hook_shows_and_makes_the_call(page: Page) -> None:
    page.render.register_pre_hook(str.upper, argument="page", plugin="acme")
    plan = page.render.plan(page="p")
    assert isinstance(plan, plugframe.CallPlan)
    assert str(plan).splitlines() == [
        "render, planned",
        "0. argument pre-hook str.upper of plugin 'acme'",
        "1. call the implementations of render",
    ]
    assert page.ran() == []
    assert plan(page="p") == ["b:P:80", "a:P:80"]
    with pytest.raises(TypeError, match=r"missing a required .*argument: 'page'"):
        page.render.plan(pgae="p")


def test_wrong_call_of_a_hook_is_told_before_any_call_hook_runs(page: Page) -> None:
    page.render.register_pre_hook(lambda _: page.log.append("pre"))
    for _ in range(2):
        with pytest.raises(TypeError, match="argument"):
            page.render(pgae="p")
        with pytest.raises(TypeError, match="argument"):
            page.render("p")
    assert page.ran() == []


def test_call_hooks_registered_while_a_plugin_is_loaded_are_the_plugins() -> None:
    loading: list[str | None] = [None]
    everywhere = CallHooks("all", loading=lambda: loading[0])
    hooks = Interception("render", lambda page: page, parent=everywhere)
    loading[0] = "acme"
    hooks.register_pre_hook(print)
    everywhere.register_pre_hook(print, plugin="other")
    loading[0] = None
    hooks.register_pre_hook(print)
    assert [one.plugin for one in hooks.call_hooks()] == ["other", "acme", ""]


INTERCEPTS = """
    from myapp import host, hookimpl

    host.hook.render.register_post_hook(lambda call, result: [*result, "by the hook"])
    host.calls.register_commit_hook(lambda call, result: None)

    @hookimpl
    def render(page):
        return __name__
"""


def test_call_hooks_of_an_installed_plugin_are_its_own_and_go_with_it(site: Site) -> None:
    site.install(plugin("x", INTERCEPTS), plugin("y", RENDERS))
    host = site.host
    assert host.hook.render(page="p") == ["acme_y: p", "acme_x"]  # The call that imports the plugin began without.
    assert host.hook.render(page="p") == ["acme_y: p", "acme_x", "by the hook"]
    live: Any = host.hook.render
    assert [one.plugin for one in live.call_hooks()] == ["x", "x"]
    host.manager.unregister(name="x")
    assert host.hook.render(page="p") == ["acme_y: p"]


@pytest.mark.parametrize("end", ["raise ValueError", "raise SystemExit", "@hookimpl\ndef render(wrong): ..."])
def test_call_hooks_of_a_plugin_that_cannot_be_loaded_are_removed(site: Site, end: str) -> None:
    site.install(plugin("x", dedent(INTERCEPTS) + end))
    host = site.host
    assert site.load("x").state == "broken"
    live: Any = host.hook.render
    assert live.call_hooks() == ()
    assert live(page="p") == []


def test_call_hooks_that_the_host_registered_for_a_plugin_of_its_own_stay(site: Site) -> None:
    site.install(plugin("x", RENDERS))
    host = site.host
    host.manager.register(object(), name="x")
    live: Any = host.hook.render
    live.register_post_hook(lambda _, result: [*result, "kept"], plugin="x")
    assert site.load("x").state == "broken"
    assert live(page="p") == ["kept"]


# Suspending.


@pytest.mark.parametrize("way", WAYS)
def test_suspended_calls_run_no_hooks(way: str) -> None:
    called = Intercepted(way)
    called.hooks.register_pre_hook(called.tells("pre"))
    called.hooks.register_post_hook(called.tells("post"), always=True)
    function = called.wrapped()
    with suspend_interception():
        with suspend_interception():
            function([], 2)
        function([], 2)
    assert called.ran() == ["call", "call"]
    function([], 2)
    assert called.ran() == ["pre", "call", "post"]


def test_suspension_is_of_one_thread_and_one_task() -> None:
    called = Intercepted("planned", lambda: None)
    called.hooks.register_pre_hook(called.tells("pre"))
    function, inside, outside = called.wrapped(), threading.Event(), threading.Event()

    def suspended() -> None:
        with suspend_interception():
            inside.set()
            assert outside.wait(10)
            function()

    thread = threading.Thread(target=suspended)
    thread.start()
    assert inside.wait(10)
    function()
    assert called.ran() == ["pre", "call"]
    outside.set()
    thread.join()
    assert called.ran() == ["call"]

    async def one(turn: asyncio.Event, other: asyncio.Event) -> None:
        with suspend_interception():
            turn.set()
            await other.wait()
            function()

    async def both() -> None:
        turn, other = asyncio.Event(), asyncio.Event()
        task = asyncio.ensure_future(one(turn, other))
        await turn.wait()
        function()
        other.set()
        await task

    asyncio.run(both())
    assert called.ran() == ["pre", "call", "call"]


def test_suspension_does_not_leave_the_block_by_an_exception() -> None:
    called = Intercepted("planned")
    called.hooks.register_pre_hook(called.tells("pre"))

    @contextmanager
    def failing() -> Iterator[None]:
        with suspend_interception():
            yield

    with pytest.raises(ZeroDivisionError), failing():
        called([], 1 // 0)
    called([], 2)
    assert called.ran() == ["pre", "call"]


def test_suspension_ends_with_its_block_wherever_and_in_whatever_order_that_ends() -> None:
    called = Intercepted("planned", lambda: None)
    called.hooks.register_pre_hook(called.tells("pre"))
    function = called.wrapped()

    def block() -> Generator[None, None, None]:
        with suspend_interception():
            yield

    first, second, third = block(), block(), block()
    for generator in (first, second, third):
        next(generator)
    for generator in (first, third):
        generator.close()
        function()
    assert called.ran() == ["call"] * 2
    assert together(1, lambda _: second.close()) == [None]
    function()
    assert called.ran() == ["pre", "call"]

    async def outlive() -> None:
        go = asyncio.Event()

        async def later() -> None:
            function()
            await go.wait()
            function()

        with suspend_interception():
            task = asyncio.create_task(later())
            await asyncio.sleep(0)
        go.set()
        await task

    asyncio.run(outlive())
    assert called.ran() == ["call", "pre", "call"]


# Callables of every signature.


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (lambda: "none", (), {}),
        (lambda a, /, b=2, *c, d, e=[5], **f: (a, b, c, d, e, f), (1,), {"d": 4}),
        (lambda a, /, b=2, *c, d, e=[5], **f: (a, b, c, d, e, f), (1, 2, 3, 4), {"d": 4, "a": 9, "x": 1}),
        (lambda *args, **kwargs: (args, kwargs), (1, 2), {"args": 3, "kwargs": 4}),
        *((function, (1,), {}) for function in NAMED),
    ],
)  # fmt: skip
def test_any_signature_is_called_as_it_is(
    way: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    called = Intercepted(way, function)
    seen: list[Any] = []
    for name in inspect.signature(function).parameters:
        called.hooks.register_pre_hook(seen.append, argument=name)
    called.hooks.register_pre_hook(lambda given: given)
    called.hooks.register_post_hook(lambda given, outcome: seen.append((given, outcome)), always=True)
    called.hooks.register_commit_hook(lambda _, result: seen.append(result))
    assert called(*args, **kwargs) == function(*args, **kwargs)
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    assert seen[:-2] == list(bound.arguments.values())
    assert (seen[-2], seen[-1]) == ((bound, (function(*args, **kwargs), None)), function(*args, **kwargs))


@pytest.mark.parametrize("more", [{1: 2}, {"b": 2}, {"d": 2}, [("x", 2)], 5], ids=repr)
@pytest.mark.parametrize("way", WAYS)
def test_surplus_arguments_that_could_not_be_passed_on_are_refused(way: str, more: Any) -> None:
    def function(a: int, /, b: int = 2, *, d: int = 4, **f: int) -> list[Any]:
        return [a, b, d, f]

    called = Intercepted(way, function)
    for hook, argument in ((lambda _: more, "f"), (lambda _: {"f": more}, None)):
        with called.hooks.register_pre_hook(hook, argument=argument, plugin="acme"):
            with pytest.raises(CallHookError, match="the argument 'f' is dict of other names to values") as caught:
                called(1, x=1)
            assert caught.value.plugin == "acme"
    called.hooks.register_pre_hook(lambda _: {"a": 9, "y": 8}, argument="f")  # ``a`` can be given by position alone
    assert called(1, x=1) == [1, 2, 4, {"a": 9, "y": 8}]


@pytest.mark.parametrize("way", WAYS)
def test_wrong_call_is_told_as_of_the_function_and_before_any_hook_runs(way: str) -> None:
    called = Intercepted(way)
    called.hooks.register_pre_hook(called.tells("pre"))
    for args, kwargs in (((), {}), (([], 2, 3, 4), {}), (([],), {"widht": 2})):
        with pytest.raises(TypeError, match=r"image\.resize\(\) (missing|takes|got)"):
            called.wrapped()(*args, **kwargs)
    assert called.ran() == []


@pytest.mark.parametrize("way", WAYS)
def test_defaults_that_are_no_literals_are_the_functions_own(way: str) -> None:
    default: list[object] = []
    called = Intercepted(way, lambda found=default: found)
    called.hooks.register_pre_hook(called.tells("pre"))
    assert called() is default


class _Sized(Protocol):
    def __len__(self) -> int: ...


class _Options(TypedDict):
    mode: str


class _Strict(type):
    def __instancecheck__(cls, _: object) -> bool:
        raise TypeError


class _Unasked(metaclass=_Strict):
    pass


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (int, [0, True], ["", 1.0]), (float, [1, 1.5], ["1"]), (complex, [1, 1.5, 1j], ["1"]), (str, [""], [b""]),
        (int | None, [0], ["0"]), (list[int], [[], [""]], [()]), (dict[str, list[int]], [{}], [[]]),
        (Annotated[str, "any"], ["x"], [1]), (_Options, [{}], [[]]), (None | str | list[str], ["", []], [1]),
        (type[int], [int], [1]), (Callable[[int], int], [print], [3]),
        (Any, ["", 0], []), (object, ["", 0], []), (Literal["a"], ["b", 0], []), (_Sized, [0], []), ("int", [0], [""]),
        ("Missing", ["", 0], []), (inspect.Parameter.empty, ["", 0], []), (_Unasked, [0], []), (5, ["x"], []),
        (int | Literal["a"], ["x"], []),
    ],
)  # fmt: skip
def test_replaced_value_is_checked_against_what_can_be_told_of_its_type(
    annotation: Any, good: list[Any], bad: list[Any]
) -> None:
    def function(value: Any) -> Any:
        return value

    function.__annotations__ = {"value": annotation, "return": annotation}
    if annotation is inspect.Parameter.empty:
        function.__annotations__ = {}
    for way in WAYS:
        called = Intercepted(way, function)
        for value in good:
            with called.hooks.register_pre_hook(called.tells("pre", value), argument="value"):
                assert called("any") is value
            with called.hooks.register_post_hook(called.tells("post", value)):
                assert called("any") is value
        for value in bad:
            with called.hooks.register_pre_hook(called.tells("pre", value), argument="value"):  # noqa: SIM117 # first that
                with pytest.raises(CallHookError, match="and the argument 'value' is "):
                    called("any")
            with called.hooks.register_post_hook(called.tells("post", value)), pytest.raises(CallHookError):
                called("any")
    called = Intercepted("planned", function)
    called.hooks.register_pre_hook(called.tells("pre"))
    assert called(object) is object  # What the caller gives is the caller's business.


def test_types_of_several_signatures_are_accepted() -> None:
    def one(value: int) -> int:
        return value

    def other(value: str) -> str:
        return value

    called = Intercepted("planned", one)
    called.hooks.register_pre_hook(lambda value: {"value": str(value.arguments["value"])})
    with pytest.raises(CallHookError):
        called(1)
    called.hooks.accept(one, other)
    assert called(1) == "1"
    called.hooks.accept(one, lambda value: value)
    with called.hooks.register_post_hook(called.tells("post", 1.5)):
        assert called(1) == 1.5


@pytest.mark.parametrize("way", WAYS)
def test_hook_whose_signature_cannot_be_told_is_taken_to_fit(way: str) -> None:
    called = Intercepted(way, lambda value: value)
    called.hooks.register_pre_hook(type, argument="value")
    assert called(3) is int


@pytest.mark.parametrize("way", WAYS)
def test_message_is_made_whatever_a_hook_returns(way: str) -> None:
    class Unshown:
        def __repr__(self) -> str:
            raise ValueError

    for value, told in ((Unshown(), "something (Unshown)"), ("x" * 999, "'" + "x" * 76 + "... (str)")):
        called = Intercepted(way)
        called.hooks.register_post_hook(called.tells("post", value))
        with pytest.raises(CallHookError) as caught:
            called([], 2)
        assert told in str(caught.value)


# What is seen from outside.


@pytest.mark.parametrize("way", WAYS)
def test_exception_of_a_hook_tells_whose_it_is_once(way: str) -> None:
    called = Intercepted(way)

    def again(_: object) -> None:
        if len(called.events) < 3:
            called.events.append("again")
            called([], 2)
        raise KeyError

    called.hooks.register_pre_hook(again, plugin="acme", label="acme.again")
    with pytest.raises(KeyError) as caught:
        called([], 2)
    assert caught.value.__notes__ == ["raised by the call pre-hook acme.again of plugin 'acme' on 'image.resize'"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("options", [{}, {"always": True}, {"errors": "collect"}])
def test_exception_is_kept_by_nothing_after_the_call(way: str, options: dict[str, Any]) -> None:
    class LostError(Exception):
        pass

    def fail(*_: object) -> None:
        raise LostError

    called = Intercepted(way)
    called.hooks.register_post_hook(called.tells("always"), always=True)
    called.hooks.register_post_hook(fail, **options)
    gc.disable()
    try:
        alive: Callable[[], object] = object
        try:
            called([], 2)
        except (LostError, ExceptionGroup) as error:
            alive = weakref.ref(error)
        assert alive() is None
    finally:
        gc.enable()


def test_exception_of_the_function_is_nobodys_else() -> None:
    for way in WAYS:
        called = Intercepted(way, lambda: 1 // 0)
        called.hooks.register_pre_hook(called.tells("pre"))
        called.hooks.register_post_hook(called.tells("post"), always=True)
        with pytest.raises(ZeroDivisionError) as caught:
            called()
        assert not hasattr(caught.value, "__notes__")


def test_traceback_shows_the_planned_call_with_the_labels_of_the_hooks() -> None:
    called = Intercepted("planned")
    called.hooks.register_pre_hook(called.fails("pre", KeyError("x")), label="acme.check", argument="width")
    with pytest.raises(KeyError) as caught:
        called([], 2)
    assert "value = acme.check(width)" in "".join(traceback.format_exception(caught.value))


def test_call_hooks_of_a_host_cannot_be_pickled_and_are_there_once() -> None:
    host = Host("myapp", path=[])
    assert copy.deepcopy(host.calls) is host.calls
    assert repr(host.calls) == "<call hooks of all that myapp calls: 0>"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(host.calls)


def test_arguments_that_hooks_keep_can_be_copied_and_pickled() -> None:
    called = Intercepted("planned")
    kept: list[Any] = []
    called.hooks.register_pre_hook(kept.append)
    called([1], 2)
    for made in (copy.copy(kept[0]), copy.deepcopy(kept[0])):
        assert type(made) is inspect.BoundArguments
        assert made == kept[0]
        made.arguments["width"] = 5
        assert kept[0].arguments["width"] == 2
    kept[0].apply_defaults()
    assert repr(kept[0]) == "<CallArguments (image=[1], width=2, height=3, mode='near')>"


# Threads.


def test_hooks_are_registered_and_removed_while_other_threads_call(page: Page) -> None:
    def churn(number: int) -> object:
        for turn in range(15):
            if number % 2:
                hooks = page.host.calls if turn % 2 else page.render
                with hooks.register_post_hook(lambda _, result: [*result, "post"]):
                    found = page.render(page="p")
                assert found[2:].count("post") >= 1
            else:
                found = page.render(page="p")
            assert found[:2] == ["b:p:80", "a:p:80"]
            assert set(found[2:]) <= {"post"}
        return "done"

    assert together(THREADS, churn) == ["done"] * THREADS
    assert page.render(page="p") == ["b:p:80", "a:p:80"]
    assert page.render.call_hooks() == ()


def test_first_hooks_of_many_threads_are_all_there() -> None:
    for _ in range(10):
        page = Page()
        handles = together(THREADS, lambda number: page.render.register_pre_hook(print, label=str(number)))  # noqa: B023
        assert {one.label for one in page.render.call_hooks()} == set(map(str, range(THREADS)))
        for handle in handles:
            handle.remove()  # type: ignore[attr-defined]
        assert page.render(page="p") == ["b:p:80", "a:p:80"]
