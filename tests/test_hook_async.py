"""A hook is awaited whether its plugins are coroutines or not, wrappers run around it, and nothing is left over."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import wraps
from typing import Any

import pytest
from _hooks import (
    Hooked,
    Wrapper,
    fails,
    notes,
    nothing_left_unawaited,
    old_passes,
    passes,
    render,
    says,
    whose,
    written,
)
from _sites import PATIENCE, Site, plugin

from plugframe import Host
from plugframe.errors import CoroutineHookError
from plugframe.hooks import callers

VARIABLE: ContextVar[str] = ContextVar("VARIABLE", default="unset")
POLICIES = ("raise", "collect", "skip")
CONCURRENT = pytest.mark.parametrize("concurrent", [False, True], ids=["in order", "concurrent"])


def run(awaited: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine function to its end; nothing may be left unawaited, and no task running."""

    async def main() -> Any:
        try:
            async with asyncio.timeout(PATIENCE):
                return await awaited()
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert left == set()

    with nothing_left_unawaited():
        return asyncio.run(main())


def awaits(value: Any, log: list[Any] | None = None, seconds: float = 0) -> Callable[[], Coroutine[Any, Any, Any]]:
    """Return an implementation that returns a value after a while."""

    async def implementation() -> Any:
        if log is not None:
            log.append(("begin", value))
        await asyncio.sleep(seconds)
        if log is not None:
            log.append(("end", value))
        return value

    return implementation


def async_fails(error: BaseException, seconds: float = 0) -> Callable[[], Coroutine[Any, Any, Any]]:
    """Return an implementation that raises an exception after a while."""

    async def implementation() -> Any:
        await asyncio.sleep(seconds)
        raise error

    return implementation


def sleeps(log: list[str]) -> Callable[[], Coroutine[Any, Any, Any]]:
    """Return an implementation that waits until it is cancelled, and tells that it was."""

    async def implementation() -> None:
        log.append("sleeps")
        try:
            await asyncio.sleep(PATIENCE * 2)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    return implementation


# Results.


@CONCURRENT
@pytest.mark.usefixtures("way")
def test_coroutines_and_plain_functions_are_awaited_together_in_order(*, concurrent: bool) -> None:
    hooked = Hooked(written("async def render(page, *, width=80): ..."), concurrent=concurrent)
    hooked.put("plain", says("plain"))
    hooked.put("awaited", awaits("awaited", seconds=0.01))
    hooked.put("nothing", awaits(None))
    hooked.put("given", written("async def render(page, width): return page, width"))
    hooked.put("keyword", written("async def render(*, width, own=1): return width, own"))
    hooked.put("task", lambda: asyncio.ensure_future(asyncio.sleep(0, "task")))
    hooked.put("last", awaits("last"), trylast=True)
    for _ in range(3):
        found = run(lambda: hooked.call.acall(page="p"))
        assert found == ["task", (80, 1), ("p", 80), "awaited", "plain", "last"]
    hooked.drop("given")
    assert run(lambda: hooked.call.acall(page="p", width=3)) == ["task", (3, 1), "awaited", "plain", "last"]


@CONCURRENT
def test_hook_without_implementations_is_an_empty_list(*, concurrent: bool) -> None:
    hooked = Hooked(concurrent=concurrent)
    assert run(lambda: hooked.call.acall(page="p")) == []
    hooked.put("plain", says("plain"))
    assert run(lambda: hooked.call.acall(page="p")) == ["plain"]


def test_in_order_each_is_done_before_the_next_begins() -> None:
    log: list[Any] = []
    hooked = Hooked()
    hooked.put("b", awaits("b", log))
    hooked.put("plain", lambda: log.append("plain"))
    hooked.put("a", awaits("a", log, 0.01))
    assert run(lambda: hooked.call.acall(page="p")) == ["a", "b"]
    assert log == [("begin", "a"), ("end", "a"), "plain", ("begin", "b"), ("end", "b")]


def test_concurrent_implementations_wait_for_each_other_and_return_in_their_own_order() -> None:
    hooked = Hooked(concurrent=True)
    events: dict[str, asyncio.Event] = {}

    def meets(name: str, other: str, seconds: float) -> Callable[[], Coroutine[Any, Any, str]]:
        async def implementation() -> str:
            events.setdefault(name, asyncio.Event()).set()
            await events.setdefault(other, asyncio.Event()).wait()
            await asyncio.sleep(seconds)
            return name

        return implementation

    hooked.put("c", meets("c", "a", 0.0))
    hooked.put("plain", says("plain"))
    hooked.put("b", meets("b", "c", 0.01))
    hooked.put("a", meets("a", "b", 0.02))
    assert run(lambda: hooked.call.acall(page="p")) == ["a", "b", "plain", "c"]


def test_firstresult_stops_at_the_first_and_begins_no_other() -> None:
    log: list[Any] = []
    hooked = Hooked(firstresult=True)
    hooked.put("never", awaits("never", log))
    hooked.put("first", awaits("first", log))
    hooked.put("nothing", awaits(None, log))
    assert run(lambda: hooked.call.acall(page="p")) == "first"
    assert ("begin", "never") not in log
    hooked.drop("first")
    hooked.drop("never")
    assert run(lambda: hooked.call.acall(page="p")) is None


def test_historic_hook_is_awaited_like_it_is_called_and_reaches_those_that_come_later() -> None:
    hooked = Hooked(written("def started(at): ..."), historic=True)
    seen: list[Any] = []
    hooked.put("early", written("def started(at): seen.append(('early', at)); return 1", seen=seen))
    assert run(lambda: hooked.call.acall(at=1)) is None
    hooked.put("late", written("def started(at): seen.append(('late', at)); return 1", seen=seen))
    assert seen == [("early", 1), ("late", 1)]


@pytest.mark.parametrize("wrong", [{}, {"page": 1, "pages": 2}, {"width": 3}])
def test_wrong_arguments_are_a_type_error_and_nothing_has_run(wrong: dict[str, int]) -> None:
    hooked = Hooked()
    hooked.put("x", pytest.fail)
    with pytest.raises(TypeError, match=r"render\(\)"):
        run(lambda: hooked.call.acall(**wrong))
    with pytest.raises(TypeError):
        hooked.call.acall("p")


def test_argument_may_be_named_self() -> None:
    hooked = Hooked(written("async def render(self, arguments): ..."))
    hooked.put("x", written("async def render(arguments, self): return arguments, self"))
    assert run(lambda: hooked.call.acall(self=1, arguments=2)) == [(2, 1)]


@CONCURRENT
def test_first_call_loads_the_installed_plugins(site: Site, *, concurrent: bool) -> None:
    code = "from myapp import hookimpl\n@hookimpl\nasync def title(page): return page"
    site.install(plugin("a", code), plugin("b", code.replace("async ", "")), plugin("c", "1 / 0"))
    call: Any = site.host.hookspec(concurrent=concurrent)(written("def title(page): ..."))
    assert run(lambda: call.acall(page="p")) == ["p", "p"]
    assert run(lambda: site.host.hook.title.acall(page="q")) == ["q", "q"]
    assert [result.state for result in site.host.report()] == ["loaded", "loaded", "broken"]


def test_hook_without_specification_is_awaited_too(site: Site) -> None:
    site.install(plugin("a", "from myapp import hookimpl\n@hookimpl\nasync def theme(page): return page"))
    assert run(lambda: site.host.hook.theme.acall(page="p")) == ["p"]


# Wrappers.


@CONCURRENT
def test_wrappers_of_both_kinds_run_around_what_is_awaited(*, concurrent: bool) -> None:
    log: list[Any] = []

    def new() -> Wrapper:
        log.append("new begins")
        result = yield
        log.append(f"new {result}")
        return [*result, "new"]

    def old() -> Wrapper:
        log.append("old begins")
        outcome = yield
        log.append(f"old {outcome.get_result()}")
        outcome.force_result([*outcome.get_result(), "old"])

    hooked = Hooked(concurrent=concurrent)
    hooked.put("a", awaits("a", log))
    hooked.put("plain", says("plain"))
    hooked.put("old", old, hookwrapper=True)
    hooked.put("new", new, wrapper=True)
    assert run(lambda: hooked.call.acall(page="p")) == ["plain", "a", "old", "new"]
    assert log == [
        "new begins", "old begins", ("begin", "a"), ("end", "a"),
        "old ['plain', 'a']", "new ['plain', 'a', 'old']",
    ]  # fmt: skip


@CONCURRENT
def test_wrapper_may_catch_what_a_coroutine_raises(*, concurrent: bool) -> None:
    def catches() -> Wrapper:
        try:
            return (yield)
        except LookupError as error:
            return str(error), whose(error)

    hooked = Hooked(concurrent=concurrent)
    hooked.put("broken", async_fails(LookupError("caught")))
    hooked.put("catches", catches, wrapper=True)
    assert run(lambda: hooked.call.acall(page="p")) == ("caught", ["'broken'"])


@CONCURRENT
@pytest.mark.parametrize("how", ["task.cancel", "timeout", "timeout around"])
def test_cancellation_reaches_the_coroutines_and_the_wrappers(how: str, *, concurrent: bool) -> None:
    log: list[str] = []

    def watches() -> Wrapper:
        try:
            return (yield)
        except BaseException as error:
            log.append(type(error).__name__)
            raise
        finally:
            log.append("left")

    hooked = Hooked(concurrent=concurrent, errors="skip")
    hooked.put("later", sleeps(log))
    hooked.put("sleeps", sleeps(log))
    hooked.put("plain", says("plain"))
    hooked.put("watches", watches, wrapper=True)
    hooked.put("old", old_passes, hookwrapper=True)

    async def cancel() -> None:
        task = asyncio.create_task(hooked.call.acall(page="p"))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert notes(caught.value) == []

    async def time_out() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await hooked.call.acall(page="p")

    async def wait() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hooked.call.acall(page="p"), 0.02)

    run({"task.cancel": cancel, "timeout": time_out, "timeout around": wait}[how])
    number = 2 if concurrent else 1
    assert log == ["sleeps"] * number + ["cancelled"] * number + ["CancelledError", "left"]


@CONCURRENT
def test_wrapper_may_answer_in_place_of_what_was_cancelled(*, concurrent: bool) -> None:
    def answers() -> Wrapper:
        try:
            return (yield)
        except asyncio.CancelledError:
            return ["answer"]

    log: list[str] = []
    hooked = Hooked(concurrent=concurrent)
    hooked.put("sleeps", sleeps(log))
    hooked.put("answers", answers, wrapper=True)

    async def cancel() -> Any:
        task = asyncio.create_task(hooked.call.acall(page="p"))
        await asyncio.sleep(0.01)
        task.cancel()
        return await task

    assert run(cancel) == ["answer"]


@CONCURRENT
def test_call_that_was_cancelled_before_it_began_runs_nothing(*, concurrent: bool) -> None:
    hooked = Hooked(concurrent=concurrent)
    hooked.put("x", awaits("x"))
    hooked.put("plain", pytest.fail)

    async def cancel() -> None:
        task = asyncio.create_task(hooked.call.acall(page="p"))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancel)


def test_failure_of_one_cancels_the_others_that_run_concurrently() -> None:
    log: list[str] = []
    hooked = Hooked(concurrent=True)
    hooked.put("sleeps", sleeps(log))
    hooked.put("broken", async_fails(LookupError("broken"), 0.01))
    with pytest.raises(LookupError) as caught:
        run(lambda: hooked.call.acall(page="p"))
    assert whose(caught.value) == ["'broken'"]
    assert log == ["sleeps", "cancelled"]


def test_plain_function_that_fails_at_once_leaves_no_coroutine_unawaited() -> None:
    hooked = Hooked(concurrent=True)
    hooked.put("never", awaits("never"))
    hooked.put("broken", fails(LookupError("broken")))
    hooked.put("first", awaits("first"))
    with pytest.raises(LookupError):
        run(lambda: hooked.call.acall(page="p"))


@CONCURRENT
def test_generator_of_a_wrapper_is_closed_whatever_happens(*, concurrent: bool) -> None:
    hooked = Hooked(concurrent=concurrent)
    log: list[str] = []

    def watches(name: str) -> Callable[[], Wrapper]:
        def wrapper() -> Wrapper:
            try:
                return (yield)
            finally:
                log.append(name)

        return wrapper

    hooked.put("x", awaits("x"))
    hooked.put("broken", written("def render():\n    raise LookupError\n    yield"), wrapper=True)
    hooked.put("outer", watches("outer"), wrapper=True)
    with pytest.raises(LookupError) as caught:
        run(lambda: hooked.call.acall(page="p"))
    assert whose(caught.value) == ["'broken'"]
    assert log == ["outer"]


# Exceptions.


@CONCURRENT
@pytest.mark.parametrize("policy", POLICIES)
def test_policy_holds_for_coroutines_and_plain_functions(
    policy: str, caplog: pytest.LogCaptureFixture, *, concurrent: bool
) -> None:
    hooked = Hooked(errors=policy, concurrent=concurrent)
    hooked.put("last", says("last"))
    hooked.put("plain", fails(ValueError("plain")))
    hooked.put("middle", awaits("middle"))
    hooked.put("slow", async_fails(LookupError("slow"), 0.01))
    hooked.put("w", passes, wrapper=True)
    hooked.put("old", old_passes, hookwrapper=True)

    def call() -> Any:
        return run(lambda: hooked.call.acall(page="p"))

    error: BaseException | None = None
    with caplog.at_level(logging.DEBUG, "plugframe.hooks"):
        if policy == "skip":
            assert call() == ["middle", "last"]
        else:
            with pytest.raises((LookupError, ValueError, ExceptionGroup)) as caught:
                call()
            error = caught.value
    if policy == "raise":
        # Concurrently, the one that fails first in time is raised.
        assert repr(error) == ("ValueError('plain')" if concurrent else "LookupError('slow')")
        assert whose(error) == ["'plain'" if concurrent else "'slow'"]
    if policy == "collect":
        assert isinstance(error, ExceptionGroup)
        assert {repr(one) for one in error.exceptions} == {"LookupError('slow')", "ValueError('plain')"}
        assert sorted(whose(one)[0] for one in error.exceptions) == ["'plain'", "'slow'"]
        assert [len(notes(one)) for one in error.exceptions] == [1, 1]
        assert notes(error) == []
    messages = [record.getMessage() for record in caplog.records if record.name == "plugframe.hooks"]
    assert len(messages) == (2 if policy == "skip" else 0)
    assert all("'render'" in message for message in messages)


@CONCURRENT
def test_collected_exceptions_are_in_the_order_in_which_they_were_raised(*, concurrent: bool) -> None:
    hooked = Hooked(errors="collect", concurrent=concurrent)
    hooked.put("c", fails(ValueError("c")))
    hooked.put("b", async_fails(ValueError("b")))
    hooked.put("a", async_fails(ValueError("a"), 0.02))
    with pytest.raises(ExceptionGroup) as caught:
        run(lambda: hooked.call.acall(page="p"))
    assert [str(error) for error in caught.value.exceptions] == (["c", "b", "a"] if concurrent else ["a", "b", "c"])


@CONCURRENT
def test_results_are_those_of_a_call_where_some_are_skipped(*, concurrent: bool) -> None:
    hooked = Hooked(errors="skip", concurrent=concurrent)
    for name in "dcba":
        hooked.put(name, async_fails(ValueError(name)) if name in "bc" else awaits(name))
    assert run(lambda: hooked.call.acall(page="p")) == ["a", "d"]


@CONCURRENT
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("awaited", [False, True], ids=["plain", "awaited"])
def test_what_is_no_ordinary_exception_passes(kind: type[BaseException], *, concurrent: bool, awaited: bool) -> None:
    for policy in POLICIES:
        hooked = Hooked(errors=policy, concurrent=concurrent)
        log: list[str] = []
        source = "def render():\n    try:\n        return (yield)\n    finally:\n        log.append('left')"
        hooked.put("stops", async_fails(kind()) if awaited else fails(kind()))
        hooked.put("watches", written(source, log=log), wrapper=True)
        with pytest.raises(kind) as caught:
            asyncio.run(hooked.call.acall(page="p"))
        assert log == ["left"]
        assert whose(caught.value) == ["'stops'"]


@CONCURRENT
@pytest.mark.parametrize("case", ["plain", "from", "handling", "from none"])
def test_cause_and_context_are_left_as_they_are(case: str, *, concurrent: bool) -> None:
    bodies = {
        "plain": "raise LookupError('mine')",
        "from": "raise LookupError('mine') from KeyError('cause')",
        "handling": "try:\n        1 / 0\n    except ZeroDivisionError:\n        raise LookupError('mine')",
        "from none": "try:\n        1 / 0\n    except ZeroDivisionError:\n        raise LookupError('mine') from None",
    }

    def described(error: BaseException) -> Any:
        return repr(error), repr(error.__cause__), repr(error.__context__), error.__suppress_context__

    function = written(f"async def render():\n    {bodies[case]}")
    hooked = Hooked(concurrent=concurrent)
    hooked.put("x", function)
    with pytest.raises(LookupError) as expected:
        run(function)
    with pytest.raises(LookupError) as caught:
        run(lambda: hooked.call.acall(page="p"))
    assert described(caught.value) == described(expected.value)
    assert whose(caught.value) == ["'x'"]


@CONCURRENT
def test_group_that_an_implementation_raises_is_raised_as_it_is(*, concurrent: bool) -> None:
    group = ExceptionGroup("mine", [ValueError("a"), LookupError("b")])
    hooked = Hooked(concurrent=concurrent)
    hooked.put("x", async_fails(group))
    with pytest.raises(ExceptionGroup) as caught:
        run(lambda: hooked.call.acall(page="p"))
    assert caught.value is group
    assert whose(group) == ["'x'"]


def test_several_that_fail_at_once_are_raised_together_each_with_its_note() -> None:
    hooked = Hooked(concurrent=True)
    for name in "ab":
        hooked.put(name, fails(ValueError(name)))
    with pytest.raises((ExceptionGroup, ValueError)) as caught:
        run(lambda: hooked.call.acall(page="p"))
    errors = caught.value.exceptions if isinstance(caught.value, ExceptionGroup) else [caught.value]
    assert [whose(error) for error in errors] in ([["'b'"], ["'a'"]], [["'b'"]])


def test_nested_hooks_add_a_note_each() -> None:
    hooked = Hooked()
    inner: Any = hooked.host.hookspec(concurrent=True)(written("async def inner(page): ..."))
    hooked.put("deep", async_fails(LookupError("deep")), hook="inner")

    async def shallow(page: str) -> Any:
        return await inner.acall(page=page)

    hooked.put("shallow", shallow)
    with pytest.raises(LookupError) as caught:
        run(lambda: hooked.call.acall(page="p"))
    assert whose(caught.value) == ["'deep'", "'shallow'"]


# Context variables.


def sets(name: str, seen: list[str]) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return an implementation that looks at the context variable and sets it."""

    async def implementation() -> None:
        seen.append(VARIABLE.get())
        VARIABLE.set(name)

    return implementation


@CONCURRENT
def test_context_variables_of_the_caller_are_seen_and_those_of_others_as_documented(*, concurrent: bool) -> None:
    seen: list[str] = []
    hooked = Hooked(concurrent=concurrent)

    def plain() -> None:
        seen.append(VARIABLE.get())

    def around() -> Wrapper:
        seen.append(VARIABLE.get())
        VARIABLE.set("around")
        result = yield
        seen.append(VARIABLE.get())
        return result

    hooked.put("last", plain)
    hooked.put("b", sets("b", seen))
    hooked.put("a", sets("a", seen))
    hooked.put("around", around, wrapper=True)

    async def main() -> str:
        VARIABLE.set("caller")
        await hooked.call.acall(page="p")
        return VARIABLE.get()

    after = run(main)
    if concurrent:
        assert (seen, after) == (["caller", "around", "around", "around", "around"], "around")
    else:
        assert (seen, after) == (["caller", "around", "a", "b", "b"], "b")
    assert VARIABLE.get() == "unset"


# A plain call of coroutines.


def disguised(log: list[str]) -> Callable[[], Any]:
    """Return a plain function that returns a coroutine, as many decorators make them."""

    async def implementation() -> None:
        log.append("ran")

    @wraps(says(None))
    def wrapper() -> Any:
        return implementation()

    return wrapper


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_plain_call_of_a_coroutine_is_an_error_that_names_the_plugin_and_nothing_has_run(
    policy: str, *, wrapped: bool
) -> None:
    hooked = Hooked(errors=policy)
    log: list[str] = []
    hooked.put("plain", lambda: log.append("plain"))
    if wrapped:
        hooked.put("w", written("def render():\n    log.append('w')\n    yield", log=log), wrapper=True)
    hooked.call(page="p")
    log.clear()
    hooked.put("sleeper", awaits("sleeper"), trylast=True)
    with nothing_left_unawaited():
        for _ in range(2):
            with pytest.raises(CoroutineHookError, match=r"'sleeper'.*acall") as caught:
                hooked.call(page="p")
            assert isinstance(caught.value, TypeError)
            assert (caught.value.hook, "'sleeper'" in caught.value.plugin) == ("render", True)
            assert log == []
    hooked.drop("sleeper")
    hooked.call(page="p")
    assert "plain" in log


@pytest.mark.usefixtures("way")
def test_plain_call_of_an_installed_plugins_coroutine_names_the_distribution(site: Site) -> None:
    site.install(plugin("x", "from myapp import hookimpl\n@hookimpl\nasync def render(page): ...", version="4.2"))
    with pytest.raises(TypeError, match=r"'render'.*'x' from acme-x 4\.2.*await host\.hook\.render\.acall"):
        site.host.hook.render(page="p")


@pytest.mark.usefixtures("way")
def test_plain_call_of_a_historic_hook_with_a_coroutine_runs_nothing_of_it() -> None:
    hooked = Hooked(written("def started(at): ..."), historic=True)
    log: list[str] = []
    hooked.put("sleeper", awaits("sleeper"))
    hooked.put("plain", lambda: log.append("plain"))
    with nothing_left_unawaited(), pytest.raises(CoroutineHookError, match="'sleeper'"):
        hooked.call(at=1)
    assert log == []


@pytest.mark.usefixtures("way")
def test_call_through_the_manager_of_a_hook_with_a_coroutine_runs_nothing_of_it() -> None:
    hooked = Hooked()
    log: list[str] = []
    hooked.put("sleeper", awaits("sleeper"))
    hooked.put("plain", lambda: log.append("plain"))
    with nothing_left_unawaited(), pytest.raises(CoroutineHookError, match="'sleeper'"):
        hooked.host.manager.hook.render(page="p", width=80)
    assert log == []


@pytest.mark.parametrize("options", [{}, {"firstresult": True}])
@pytest.mark.parametrize("wrapped", [False, True])
def test_plain_function_that_returns_a_coroutine_is_an_error_too_and_the_coroutine_is_closed(
    options: dict[str, Any], *, wrapped: bool
) -> None:
    hooked = Hooked(**options)
    log: list[str] = []
    hooked.put("disguised", disguised(log))
    if wrapped:
        hooked.put("w", passes, wrapper=True)
    with nothing_left_unawaited():
        for _ in range(3 * callers.WARM):  # A hook of which one call saw a coroutine is never compiled.
            with pytest.raises(CoroutineHookError, match=r"'disguised'.*acall"):
                hooked.call(page="p")
    assert log == []
    assert run(lambda: hooked.call.acall(page="p")) in ([], None)
    assert log == ["ran"]


@pytest.mark.usefixtures("way")
def test_disguised_coroutine_under_a_policy_is_an_error_like_others(caplog: pytest.LogCaptureFixture) -> None:
    for policy in ("collect", "skip"):
        hooked = Hooked(errors=policy)
        hooked.put("plain", says("plain"))
        hooked.put("disguised", disguised([]))
        with nothing_left_unawaited():
            for _ in range(2):
                if policy == "skip":
                    assert hooked.call(page="p") == ["plain"]
                    continue
                with pytest.raises(ExceptionGroup) as caught:
                    hooked.call(page="p")
                assert [type(error) for error in caught.value.exceptions] == [CoroutineHookError]
    assert len(caplog.records) == len("12")


def late(make: Callable[[], Any]) -> Callable[..., Any]:
    """Return an implementation that returns a coroutine for a page of another name than ``p``."""
    implementation: Callable[..., Any] = written(
        "def render(page): return 'plain' if page == 'p' else make()", make=make
    )
    return implementation


async def dozes() -> None:
    """Do nothing, at some time."""


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("wrappers", [0, 1, 2])
def test_coroutine_that_a_compiled_firstresult_hook_gets_is_an_error(wrappers: int) -> None:
    hooked = Hooked(firstresult=True)
    hooked.put("late", late(dozes))
    for number in range(wrappers):
        hooked.put(f"w{number}", passes, wrapper=True)
    assert [hooked.call(page="p") for _ in range(3)] == ["plain"] * 3
    with nothing_left_unawaited():
        for _ in range(3):
            with pytest.raises(CoroutineHookError, match=r"'late'.*acall"):
                hooked.call(page="q")
    hooked.drop("late")
    assert hooked.call(page="q") is None


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("outer", [False, True])
@pytest.mark.parametrize("options", [{"wrapper": True}, {"hookwrapper": True}])
def test_coroutine_that_a_wrapper_makes_of_the_result_is_an_error_that_names_it(
    policy: str, options: dict[str, Any], *, outer: bool, caplog: pytest.LogCaptureFixture
) -> None:
    hooked = Hooked(errors=policy)
    new = "def render(page): result = yield; return result if page == 'p' else dozes()"
    old = "def render(page): outcome = yield; page == 'p' or outcome.force_result(dozes())"
    hooked.put("plain", says("plain"))
    hooked.put("made", written(old if "hookwrapper" in options else new, dozes=dozes), **options)
    seen: list[Any] = []
    if outer:
        watch = "def render(page):\n try: return (yield)\n except TypeError as error: seen.append(error); raise"
        hooked.put("outer", written(watch, seen=seen), wrapper=True, tryfirst=True)
    assert [hooked.call(page="p") for _ in range(3)] == [["plain"]] * 3
    with nothing_left_unawaited():
        if policy == "skip":
            assert hooked.call(page="q") == ["plain"]
            assert "'made'" in caplog.text
            return
        with pytest.raises(CoroutineHookError, match=r"'made'.*acall") as caught:
            hooked.call(page="q")
    assert whose(caught.value) == ["'made'"]
    assert (caught.value.__context__, seen) == (None, [caught.value] if outer else [])


def test_results_of_a_coroutine_tell_that_it_was_not_awaited() -> None:
    hooked = Hooked()
    hooked.put("plain", says("plain"))
    hooked.put("sleeper", awaits("sleeper"))
    with nothing_left_unawaited():
        sleeper, plain = hooked.call.results(page="p")
    assert isinstance(sleeper.error, CoroutineHookError)
    assert sleeper.value is None
    assert plain.value == "plain"


def test_coroutine_specification_may_be_called_plainly_where_all_are_plain() -> None:
    hooked = Hooked(written("async def render(page): ..."))
    hooked.put("plain", says("plain"))
    assert hooked.call(page="p") == ["plain"]


@CONCURRENT
def test_calls_of_one_loop_run_at_once_and_do_not_mix(*, concurrent: bool) -> None:
    hooked = Hooked(concurrent=concurrent)
    hooked.put("a", written("async def render(page): await sleep(0); return page", sleep=asyncio.sleep))
    hooked.put("w", written("def render(page):\n    return [*(yield), page]"), wrapper=True)

    async def main() -> list[Any]:
        return await asyncio.gather(*(hooked.call.acall(page=page) for page in range(50)))

    assert run(main) == [[page, page] for page in range(50)]


@CONCURRENT
def test_plugins_that_come_and_go_while_a_call_is_awaited_do_not_change_it(*, concurrent: bool) -> None:
    hooked = Hooked(concurrent=concurrent)
    hooked.put("gone", awaits("gone", seconds=0.01))

    async def changes() -> str:
        hooked.drop("gone")
        hooked.put("late", awaits("late"))
        return "changed"

    hooked.put("changes", changes)
    assert run(lambda: hooked.call.acall(page="p")) == ["changed", "gone"]


def test_concurrent_alone_changes_no_plain_call() -> None:
    host = Host("myapp", path=[])
    call: Any = host.hookspec(concurrent=True)(render)
    assert call(page="p") == []
