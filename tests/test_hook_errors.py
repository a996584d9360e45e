"""Exceptions of hooks tell whose they are, become what the policy says, and are the same however a hook runs."""

import logging
import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pluggy
import pytest
from _hooks import (
    WAYS,
    Hooked,
    Wrapper,
    fails,
    is_compiled,
    notes,
    old_passes,
    passes,
    render,
    says,
    take,
    whose,
    written,
)
from _sites import RENDERS, Site, plugin
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import plugframe
from plugframe import Host
from plugframe.errors import HookValidationError
from plugframe.hooks import callers

POLICIES = ("raise", "collect", "skip")
HEALTH = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much)


def raised(call: Callable[[], object]) -> BaseException:
    """Return what a call raises."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 # whatever it is
        call()
    return caught.value


def outcome_of(hooked: Hooked) -> BaseException:
    """Return what a call of a hook raises."""
    return raised(lambda: hooked.call(page="p"))


def called(call: Callable[[], Any], *, outside: bool) -> Any:
    """Call something, while another exception is being handled or not."""
    if not outside:
        return call()
    try:
        return int("outside")
    except ValueError:
        return call()


# Whose it is.


@pytest.mark.usefixtures("way")
def test_exception_tells_the_plugin_its_distribution_and_the_hook(site: Site) -> None:
    broken = "from myapp import hookimpl\n@hookimpl\ndef render(page): return 1 / page"
    site.install(plugin("first", RENDERS), plugin("outline", broken, version="2.1.post3"), plugin("zoom", RENDERS))
    call: Any = site.host.hook.render
    for _ in range(3):
        with pytest.raises(ZeroDivisionError) as caught:
            call(page=0)
        (note,) = notes(caught.value)
        for part in ("'outline'", "acme-outline", "2.1.post3", "'render'"):
            assert part in note
        assert note in "".join(traceback.format_exception(caught.value))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("place", range(5))
def test_note_names_the_plugin_that_raised_wherever_it_stands(place: int) -> None:
    hooked = Hooked()
    for number in range(5):
        hooked.put(f"p{number}", fails(LookupError()) if number == place else says(None))
    hooked.put("w1", passes, wrapper=True)
    assert whose(raised(lambda: hooked.call(page="p"))) == [f"'p{place}'"]
    hooked.drop("w1")
    assert whose(raised(lambda: hooked.call(page="p"))) == [f"'p{place}'"]
    hooked.drop("p4" if place == 0 else "p0")
    assert whose(raised(lambda: hooked.call(page="p"))) == [f"'p{place}'"]


# What a wrapper does; whether it is of the old style; whose the exception is that leaves where an implementation fails,
# and where none does.
WRAPPERS = {
    "passes": ("return (yield)", False, "broken", None),
    "before": ("raise LookupError('mine')\n    yield", False, "w", "w"),
    "after": ("yield\n    raise LookupError('mine')", False, "broken", "w"),
    "never": ("if page == 0: yield", False, "w", "w"),
    "twice": ("yield\n    yield", False, "broken", "w"),
    "swallows, twice": ("try:\n        yield\n    except ValueError:\n        yield", False, "w", None),
    "instead": ("try:\n        yield\n    except ValueError:\n        raise LookupError('mine')", False, "w", None),
    "from": ("try:\n        yield\n    except ValueError as e:\n        raise LookupError from e", False, "w", None),
    "again": ("try:\n        yield\n    except ValueError as e:\n        raise e", False, "broken", None),
    "finally": ("try:\n        return (yield)\n    finally:\n        page = 5", False, "broken", None),
    "old passes": ("yield", True, "broken", None),
    "old before": ("raise LookupError('mine')\n    yield", True, "w", "w"),
    "old force": ("(yield).force_exception(LookupError('mine'))", True, "w", "w"),
    "old never": ("if page == 0: yield", True, "w", "w"),
    "old twice": ("yield\n    yield", True, "w", "w"),
}


def wrapped_in(case: str, where: str) -> Hooked:
    """Return a hook with a wrapper among others and implementations of which one fails."""
    body, old, *_ = WRAPPERS[case]
    hooked = Hooked()
    hooked.put("last", says(1))
    hooked.put("broken", fails(ValueError("inner")))
    hooked.put("first", says(1))
    if "inside" in where:
        hooked.put("in", passes, wrapper=True)
    hooked.put("w", written(f"def render(page):\n    {body}"), wrapper=not old, hookwrapper=old)
    if "outside" in where:
        hooked.put("out", passes, wrapper=True)
        hooked.put("old", old_passes, hookwrapper=True)
    return hooked


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("case", WRAPPERS)
def test_exception_that_passes_wrappers_is_noted_once(case: str) -> None:
    *_, with_failure, without = WRAPPERS[case]
    for where in ("alone", "inside", "outside", "inside and outside"):
        hooked = wrapped_in(case, where)
        found = [whose(outcome_of(hooked)) for _ in range(2)]
        assert (where, found) == (where, [[f"'{with_failure}'"]] * 2)
        if without:
            hooked.drop("broken")
            assert (where, whose(outcome_of(hooked))) == (where, [f"'{without}'"])


@pytest.mark.usefixtures("way")
def test_exception_that_is_the_cause_of_a_wrappers_is_noted_too() -> None:
    hooked = Hooked()
    hooked.put("broken", fails(ValueError("inner")))
    hooked.put("w", written(f"def render(page):\n    {WRAPPERS['from'][0]}"), wrapper=True)
    error = raised(lambda: hooked.call(page="p"))
    assert whose(error) == ["'w'"]
    assert whose(error.__cause__) == ["'broken'"]


@pytest.mark.usefixtures("way")
def test_wrapper_sees_the_note_on_what_it_is_thrown() -> None:
    hooked = Hooked()
    seen: list[list[str]] = []

    def catches() -> Wrapper:
        try:
            return (yield)
        except ValueError as error:
            seen.append(whose(error))
            return []

    hooked.put("broken", fails(ValueError("inner")))
    hooked.put("w", catches, wrapper=True)
    assert hooked.call(page="p") == []
    assert seen == [["'broken'"]]


@pytest.mark.usefixtures("way")
def test_old_wrapper_that_raises_is_noted_and_warned_of() -> None:
    hooked = Hooked()
    hooked.put("x", says(1))
    hooked.put("w", written("def render():\n    yield\n    raise LookupError('mine')"), hookwrapper=True)
    with pytest.warns(pluggy.PluggyTeardownRaisedWarning, match="Plugin: w, Hook: render") as caught:
        error = raised(lambda: hooked.call(page="p"))
    assert whose(error) == ["'w'"]
    assert {one.filename for one in caught} == {__file__}


@pytest.mark.usefixtures("way")
def test_each_of_nested_hooks_adds_its_own_note() -> None:
    hooked = Hooked()
    inner: Any = hooked.host.hookspec(written("def inner(page): ..."))
    hooked.put("deep", fails(LookupError("deep")), hook="inner")
    hooked.put("shallow", lambda page: inner(page=page))
    for _ in range(2):
        error = raised(lambda: hooked.call(page="p"))
        assert len(notes(error)) == len(["inner", "outer"])
        first, second = notes(error)
        assert "'inner'" in first
        assert "'deep'" in first
        assert "'render'" in second
        assert "'shallow'" in second


@pytest.mark.usefixtures("way")
def test_hook_that_calls_itself_notes_once_for_each_plugin() -> None:
    hooked = Hooked()

    def again(page: int) -> Any:
        return hooked.call(page=page - 1) if page else 1 / page

    hooked.put("again", again)
    assert whose(raised(lambda: hooked.call(page=3))) == ["'again'"]


@pytest.mark.usefixtures("way")
def test_exception_that_is_raised_again_and_again_is_noted_once() -> None:
    hooked = Hooked()
    error = LookupError("the same")
    hooked.put("x", fails(error))
    for _ in range(3):
        assert raised(lambda: hooked.call(page="p")) is error
    assert whose(error) == ["'x'"]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration, RuntimeError])
def test_exception_of_any_kind_is_noted(kind: type[BaseException]) -> None:
    hooked = Hooked()
    error = kind("mine")
    hooked.put("x", fails(error))
    assert outcome_of(hooked) is error
    assert whose(error) == ["'x'"]
    hooked.drop("x")
    hooked.put("w", passes, wrapper=True)
    hooked.put("old", old_passes, hookwrapper=True)
    error = kind("mine")
    hooked.put("x", fails(error))
    assert outcome_of(hooked) is error
    assert whose(error) == ["'x'"]


@dataclass(frozen=True)
class FrozenError(Exception):
    """An exception that lets nothing be added to it."""

    code: int = 1


class RefusesError(Exception):
    """An exception whose notes are nobody's."""

    def add_note(self, note: str, /) -> None:
        """Refuse."""
        raise AssertionError(note)


def with_notes(found: Any) -> Exception:
    """Return an exception whose notes are no list."""
    error = LookupError("mine")
    error.__notes__ = found
    return error


NOTELESS: dict[str, Callable[[], Exception]] = {
    "frozen": FrozenError,
    "refuses": RefusesError,
    "number": lambda: with_notes(5),
    "tuple": lambda: with_notes(("a",)),
    "none": lambda: with_notes(None),
}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", NOTELESS)
def test_exception_that_takes_no_note_is_raised_as_it_is(kind: str) -> None:
    for policy in POLICIES:
        hooked = Hooked(errors=policy)
        error = NOTELESS[kind]()
        hooked.put("y", says("y"))
        hooked.put("x", fails(error))
        if policy == "skip":
            assert hooked.call(page="p") == ["y"]
        else:
            found = outcome_of(hooked)
            inner = found.exceptions if isinstance(found, ExceptionGroup) else (found,)
            assert inner == (error,)
            assert inner[0] is error
        assert [one.error for one in hooked.call.results(page="p")] == [error, None]


@pytest.mark.usefixtures("way")
def test_drop_in_manager_notes_nothing() -> None:
    manager = plugframe.PluginManager("myapp")
    mark = pluggy.HookimplMarker("myapp")
    made, around = written("class Plugin: ...")(), written("class Plugin: ...")()
    made.render = mark(fails(LookupError()))
    around.render = mark(wrapper=True)(passes)
    manager.register(made)
    for _ in range(3):
        assert notes(raised(manager.hook.render)) == []
    manager.register(around)
    for _ in range(3):
        assert notes(raised(manager.hook.render)) == []


def chain(error: BaseException | None, depth: int = 6) -> Any:
    """Return an exception with its causes and contexts, as can be compared."""
    if error is None or not depth:
        return None
    cause, context = chain(error.__cause__, depth - 1), chain(error.__context__, depth - 1)
    return type(error).__name__, str(error), cause, context, error.__suppress_context__


CHAINS = {
    "plain": "raise LookupError('mine')",
    "from": "raise LookupError('mine') from KeyError('cause')",
    "handling": "try:\n        1 / 0\n    except ZeroDivisionError:\n        raise LookupError('mine')",
    "from none": "try:\n        1 / 0\n    except ZeroDivisionError:\n        raise LookupError('mine') from None",
    "handling from": "try:\n        1 / 0\n    except ZeroDivisionError:\n        raise LookupError from KeyError(1)",
}


def chain_of(call: Callable[[], Any], *, outside: bool) -> Any:
    """Return the chain of what is raised by a call."""
    try:
        called(call, outside=outside)
    except ExceptionGroup as group:
        return chain(group.exceptions[0])
    except LookupError as error:
        return chain(error)
    raise AssertionError


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("wrapper", ["", "wrapper", "hookwrapper"])
@pytest.mark.parametrize("policy", ["raise", "collect"])
@pytest.mark.parametrize("outside", [False, True], ids=["", "handling an exception"])
def test_cause_and_context_are_what_they_are_without_a_hook(wrapper: str, policy: str, *, outside: bool) -> None:
    wrong = {}
    for case, body in CHAINS.items():
        function = written(f"def render():\n    {body}")
        hooked = Hooked(errors=policy)
        hooked.put("x", function)
        if wrapper:
            options: dict[str, Any] = {wrapper: True}
            hooked.put("w", passes if wrapper == "wrapper" else old_passes, **options)
        expected = chain_of(function, outside=outside)
        for _ in range(2):
            found = chain_of(lambda: hooked.call(page="p"), outside=outside)  # noqa: B023 # called at once
            if found != expected:
                wrong[case] = (found, expected)
        told = called(lambda: hooked.call.results(page="p"), outside=outside)[-1].error  # noqa: B023
        if chain(told) != expected:
            wrong[f"{case}, results"] = (chain(told), expected)
    assert wrong == {}


# What becomes of it.


@pytest.mark.usefixtures("way")
def test_collected_exceptions_are_raised_together_in_order_after_all_have_run(way: str) -> None:
    hooked = Hooked(errors="collect")
    seen: list[str] = []
    hooked.put("last", lambda: seen.append("last"))
    hooked.put("c", fails(ValueError("c")))
    hooked.put("middle", lambda: seen.append("middle"))
    hooked.put("b", fails(ExceptionGroup("b", [LookupError("inside")])))
    hooked.put("a", fails(LookupError("a")), tryfirst=True)
    for _ in range(2):
        seen.clear()
        group = raised(lambda: hooked.call(page="p"))
        assert type(group) is ExceptionGroup
        assert "'render'" in str(group)
        assert "3" in str(group)
        assert [str(error) for error in group.exceptions] == ["a", "b (1 sub-exception)", "c"]
        assert [whose(error) for error in group.exceptions] == [["'a'"], ["'b'"], ["'c'"]]
        assert notes(group) == []
        assert group.__cause__ is None
        assert group.__context__ is None
        assert seen == ["middle", "last"]
    assert is_compiled(hooked.call) is (way != "cold")
    for name in "abc":
        hooked.drop(name)
    assert hooked.call(page="p") == []


@pytest.mark.usefixtures("way")
def test_skipped_exception_is_logged_with_the_plugin_and_the_hook(
    way: str, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.install(plugin("x", "from myapp import hookimpl\n@hookimpl\ndef title(page): return 1 / page", version="3.7"))
    host = site.host
    call: Any = host.hookspec(errors="skip")(written("def title(page): ..."))
    own = written("class Own: ...")()
    own.title = host.hookimpl(says("own"))
    host.manager.register(own, name="own")
    with caplog.at_level(logging.DEBUG, "plugframe.hooks"):
        assert call(page=0) == ["own"]
        assert call(page=1) == ["own", 1.0]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("plugframe.hooks", logging.ERROR)
    for part in ("'x'", "acme-x", "3.7", "'title'"):
        assert part in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert whose(record.exc_info[1]) == ["'x'"]
    assert is_compiled(call) is (way != "cold")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_ordinary_exception_always_passes_at_once(policy: str, kind: type[BaseException]) -> None:
    hooked = Hooked(errors=policy)
    seen: list[str] = []
    hooked.put("never", lambda: seen.append("never"))
    hooked.put("stops", fails(kind("stop")))
    hooked.put("broken", fails(ValueError()) if policy != "raise" else says(None))
    for _ in range(2):
        for _ in range(2):
            error = outcome_of(hooked)
            assert type(error) is kind
            assert whose(error) == ["'stops'"]
        if "w" not in hooked.plugins:
            hooked.put("w", passes, wrapper=True)
    assert seen == []


@pytest.mark.usefixtures("way")
def test_firstresult_under_each_policy() -> None:
    for policy in POLICIES:
        hooked = Hooked(firstresult=True, errors=policy)
        seen: list[str] = []
        hooked.put("never", lambda seen=seen: seen.append("never"))
        hooked.put("answer", says("answer"))
        hooked.put("broken", fails(LookupError("broken")))
        hooked.put("nothing", says(None))
        for _ in range(2):
            if policy == "skip":
                assert hooked.call(page="p") == "answer"
                continue
            error = raised(lambda: hooked.call(page="p"))  # noqa: B023 # called at once
            inner = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
            assert isinstance(error, ExceptionGroup) is (policy == "collect")
            assert [whose(one) for one in inner] == [["'broken'"]]
        assert seen == []
        hooked.drop("answer")
        hooked.drop("never")
        if policy == "skip":
            assert hooked.call(page="p") is None
        hooked.drop("broken")
        assert hooked.call(page="p") is None


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
def test_wrappers_are_thrown_what_the_policy_raises(kind: str) -> None:
    body = {
        "wrapper": "try:\n        return (yield)\n    except Exception as e:\n        seen.append(e)\n        raise",
        "hookwrapper": "outcome = yield\n    seen.append(outcome.exception)",
    }[kind]
    for policy, expected in zip(POLICIES, ("ValueError", "ExceptionGroup", "NoneType"), strict=True):
        seen: list[Any] = []
        hooked = Hooked(errors=policy)
        hooked.put("last", fails(LookupError("last")))
        hooked.put("first", fails(ValueError("first")))
        options: dict[str, Any] = {kind: True}
        hooked.put("w", written(f"def render():\n    {body}", seen=seen), **options)
        with suppress(ValueError, ExceptionGroup):
            assert hooked.call(page="p") == []
        assert [type(one).__name__ for one in seen] == ([] if (policy, kind) == ("skip", "wrapper") else [expected])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "case", ["before", "after", "never", "twice", "old before", "old force", "old never", "old twice"]
)
def test_wrapper_that_fails_is_skipped_and_logged(case: str, caplog: pytest.LogCaptureFixture) -> None:
    body, old, *_ = WRAPPERS[case]
    hooked = Hooked(errors="skip")
    hooked.put("x", says("x"))
    hooked.put("in", passes, wrapper=True)
    hooked.put("w", written(f"def render(page):\n    {body}"), wrapper=not old, hookwrapper=old)
    hooked.put("out", passes, wrapper=True)
    with caplog.at_level(logging.DEBUG, "plugframe.hooks"):
        assert hooked.call(page="p") == ["x"]
    assert [record.getMessage().count("'w'") for record in caplog.records] == [1]


def test_bad_policy_is_a_value_error_that_names_the_policies() -> None:
    host = Host("myapp", path=[])
    wrong: Any
    for wrong in ("ignore", "", "RAISE", None, 5, ["raise"]):
        with pytest.raises(ValueError, match="'raise', 'collect', 'skip'"):
            host.hookspec(errors=wrong)(render)
    assert "render" not in dir(host.hook)


@pytest.mark.usefixtures("way")
def test_policy_holds_for_plugins_that_come_to_a_historic_hook_later(caplog: pytest.LogCaptureFixture) -> None:
    hooked = Hooked(written("def started(at): ..."), historic=True, errors="skip")
    hooked.put("early", fails(LookupError("early")))
    assert hooked.call(at=1) is None
    hooked.put("late", fails(LookupError("late")))
    assert ["'early'" in one.getMessage() for one in caplog.records] == [True, False]
    hooked = Hooked(written("def started(at): ..."), historic=True)
    assert hooked.call(at=1) is None
    error = raised(lambda: hooked.put("late", fails(LookupError("late"))))
    assert whose(error) == ["'late'"]


# All of this together, in each way, and as pluggy has it. Wrappers that yield twice are left out: those around them are
# left only by the garbage collector, with pluggy as with us.

ERRORS = {kind.__name__: kind for kind in (LookupError, ValueError, StopIteration, RuntimeError, KeyboardInterrupt)}
PLAIN = {
    "nothing": "return None",
    "says": "return [name]",
    "raises": "raise error(name)",
    "raises handling": "try:\n        1 / 0\n    except ZeroDivisionError:\n        raise error(name)",
    "raises from": "raise error(name) from KeyError(name)",
}
NEW = {
    "passes": "return (yield)",
    "adds": "result = yield\n    return [result, name]",
    "none": "yield",
    "before": "raise error(name)\n    yield",
    "after": "yield\n    raise error(name)",
    "catches": "try:\n        return (yield)\n    except BaseException as e:\n        log.append(1)\n    return name",
    "instead": "try:\n        return (yield)\n    except Exception:\n        raise error(name)",
    "from": "try:\n        return (yield)\n    except Exception as e:\n        raise error(name) from e",
    "never": "if name == 0: yield",
}
OLD = {
    "passes": "yield",
    "forces": "(yield).force_result(name)",
    "excepts": "(yield).force_exception(error(name))",
    "before": "raise error(name)\n    yield",
    "never": "if name == 0: yield",
}
IMPLEMENTATION = st.one_of(
    st.tuples(st.just(""), st.sampled_from(list(PLAIN)), st.sampled_from(list(ERRORS))),
    st.tuples(st.just(""), st.sampled_from(list(PLAIN)), st.sampled_from(list(ERRORS))),
    st.tuples(st.just("wrapper"), st.sampled_from(list(NEW)), st.sampled_from(list(ERRORS))),
    st.tuples(st.just("hookwrapper"), st.sampled_from(list(OLD)), st.sampled_from(list(ERRORS))),
)


def make_function(number: int, kind: str, what: str, error: str, log: list[str]) -> Any:
    """Return the implementation of a plugin."""
    body = {"": PLAIN, "wrapper": NEW, "hookwrapper": OLD}[kind][what]
    source = f"def render(page):\n    log.append(name)\n    {body}"
    return written(source, name=f"p{number}", error=ERRORS[error], log=log)


def outcome(hooked: Any, *, outside: bool = False, with_notes: bool = False) -> Any:
    """Return what a call of a hook comes to, as can be compared."""

    def describe(error: BaseException) -> Any:
        told = notes(error) if with_notes else ()
        inner = [describe(one) for one in error.exceptions] if isinstance(error, BaseExceptionGroup) else []
        return chain(error), told, inner

    try:
        return repr(called(lambda: hooked.call(page="p", width=80), outside=outside))
    except BaseException as error:  # noqa: BLE001 # it is what is compared
        return describe(error)


@pytest.mark.parametrize("way", WAYS[1:])
@pytest.mark.parametrize("with_notes", [False, True], ids=["", "with notes"])
@pytest.mark.parametrize("outside", [False, True], ids=["", "handling an exception"])
@settings(max_examples=120, deadline=None, suppress_health_check=HEALTH, derandomize=True, database=None)
@given(implementations=st.lists(IMPLEMENTATION, max_size=5), policy=st.sampled_from(POLICIES), first=st.booleans())
def test_compiled_calls_come_to_what_others_come_to(
    implementations: list[tuple[str, str, str]], policy: str, way: str, *, first: bool, outside: bool, with_notes: bool
) -> None:
    # What the interpreter makes of a StopIteration that leaves a generator gets its context from where that happened.
    assume(not outside or all(one[2] != "StopIteration" for one in implementations))
    found = []
    logger = logging.getLogger("plugframe.hooks")
    logger.disabled = True
    try:
        for one_way in ("cold", way):
            log: list[str] = []
            with pytest.MonkeyPatch.context() as patch:
                take(one_way, patch)
                hooked = Hooked(errors=policy, firstresult=first)
                for number, one in enumerate(implementations):
                    options: dict[str, Any] = {one[0]: True} if one[0] else {}
                    hooked.put(f"p{number}", make_function(number, *one, log), **options)
                for _ in range(2):
                    log.clear()
                    told = outcome(hooked, outside=outside, with_notes=with_notes)
                    found.append((told, [*log]))
    finally:
        logger.disabled = False
    assert found[2:] == found[:2]


@settings(max_examples=250, deadline=None, suppress_health_check=HEALTH, derandomize=True, database=None)
@given(implementations=st.lists(IMPLEMENTATION, max_size=5), first=st.booleans())
def test_calls_come_to_what_they_come_to_with_pluggy(
    implementations: list[tuple[str, str, str]], *, first: bool
) -> None:
    log: list[str] = []
    functions = [make_function(number, *one, log) for number, one in enumerate(implementations)]
    hooked = Hooked(firstresult=first)
    manager = pluggy.PluginManager("myapp")
    mark = pluggy.HookspecMarker("myapp")(firstresult=first)
    manager.add_hookspecs(
        written("class Specifications:\n    @mark\n    def render(self, page, width): ...", mark=mark)
    )
    for number, (function, (kind, *_)) in enumerate(zip(functions, implementations, strict=True)):
        options: dict[str, Any] = {kind: True} if kind else {}
        manager.register(hooked.put(f"p{number}", function, **options))
    found = []
    for one in (SimpleNamespace(call=manager.hook.render), hooked):
        log.clear()
        found.append((outcome(one), [*log]))
    assert found[0] == found[1]


# What does not fit.


SPECIFICATION = "@myapp.host.hookspec{}\ndef title(page, width=80, *, depth): ..."
MODULE = "from myapp import hookimpl\n\n@hookimpl{}\n"
IN_CLASS = "from myapp import hookimpl\n\nclass Plugin:\n    @hookimpl\n    {}\n"
WRAPPER, OLD_WRAPPER = MODULE.format("(wrapper=True)"), MODULE.format("(hookwrapper=True)")
BOTH = MODULE.format("(wrapper=True, hookwrapper=True)")
PLAINLY = MODULE.format("")
MISUSES = {
    "argument": ("", PLAINLY + "def title(pgae): ...", ("'pgae'", "did you mean 'page'", "width", "depth")),
    "unlike": ("", PLAINLY + "def title(zzz): ...", ("'zzz'", "page", "width", "depth")),
    "keyword": ("", PLAINLY + "def title(*, dpeth): ...", ("'dpeth'", "did you mean 'depth'")),
    "several": ("", PLAINLY + "def title(pgae, *, dpeth): ...", ("'pgae'", "'dpeth'")),
    "no yield": ("", WRAPPER + "def title(): ...", ("wrapper", "yield")),
    "old no yield": ("", OLD_WRAPPER + "def title(): ...", ("wrapper", "yield")),
    "async": ("", WRAPPER + "async def title(): ...", ("wrapper", "async")),
    "async yield": ("", WRAPPER + "async def title(): yield", ("wrapper", "async")),
    "both": ("", BOTH + "def title(): yield", ("wrapper=True", "hookwrapper=True")),
    "historic": ("(historic=True)", WRAPPER + "def title(): yield", ("wrapper", "historic")),
    "old historic": ("(historic=True)", OLD_WRAPPER + "def title(): yield", ("wrapper", "historic")),
    "position": ("", PLAINLY + "def title(page=3, /): ...", ("'page'", "position", "default")),
    "class": ("", IN_CLASS.format("def title(self, page): ...") + "plugin = Plugin", ("'self'", "not the class")),
    "no self": ("", IN_CLASS.format("def title(page): ...") + "plugin = Plugin()", ("'page'", "'self'")),
}


@pytest.mark.parametrize("case", MISUSES)
def test_plugin_that_misuses_a_hook_is_told_what_where_and_which(site: Site, case: str) -> None:
    options, code, parts = MISUSES[case]
    site.install({"acme_hooks.py": f"import myapp\n\n\n{SPECIFICATION.format(options)}"})
    target = "{module}:plugin" if "plugin =" in code else "{module}"
    site.install(plugin("outline", code, target=target, version="1.2"), plugin("other", RENDERS))
    host = site.host
    __import__("acme_hooks")
    with pytest.raises(ExceptionGroup) as caught:
        host.load("outline", strict=True)
    error = caught.value.exceptions[0].__cause__
    assert isinstance(error, HookValidationError)
    message = str(error)
    line = next(number for number, text in enumerate(code.splitlines(), 1) if "@hookimpl" in text)
    places = (f"{site.folder / 'acme_outline.py'}:{line}", f"{site.folder / 'acme_hooks.py'}:4")
    expected = ("'outline'", "acme-outline 1.2", "'title'", *parts, *places)
    assert [part for part in expected if part not in message] == [], message
    assert str(pickle.loads(pickle.dumps(error))) == message
    assert [result.state for result in host.load_all()] == ["loaded", "broken"]
    assert host.hook.render(page="p") == ["acme_other: p"]


def test_plugin_of_the_application_that_misuses_a_hook_is_told_so_and_is_not_registered() -> None:
    hooked = Hooked()
    with pytest.raises(HookValidationError, match=r"plugin 'x'.*'pgae'.*did you mean 'page'") as caught:
        hooked.put("x", written("def render(pgae): ..."))
    assert __file__.replace("test_hook_errors", "_hooks") in caught.value.specification
    assert not hooked.host.manager.has_plugin("x")
    assert hooked.call(page="p") == []


def test_what_a_plugin_may_do_in_a_signature_fits() -> None:
    hooked = Hooked(written("def render(page, width=80, *, depth=3): ..."))
    fitting = (
        "", "page", "page, /", "page, width, depth", "*, depth", "depth, *, page", "page, own=1", "*, own=1", "*args",
        "**kwargs", "page, *args, **kwargs", "own=1, /", "width=1",
    )  # fmt: skip
    for parameters in fitting:
        hooked.put(parameters or "none", written(f"def render({parameters}): return 1"))
    assert hooked.call(page="p") == [1] * len(fitting)


@pytest.mark.parametrize("source", [
    "def render(*pages): ...", "def render(**pages): ...", "def render(page, *pages, width): ...",
    "render = lambda page: page", "render = 5", "render = None", "render = len", "render = 'render'",
    "class render: ...", "import functools\nrender = functools.partial(print)", "def _render(page): ...",
    "class Callable:\n    def __call__(self, page): ...\nrender = Callable()",
    "class A:\n    def render(self, page): ...\nrender = A().render",
])  # fmt: skip
def test_specification_that_makes_no_hook_is_a_type_error_and_declares_nothing(source: str) -> None:
    host = Host("myapp", path=[])
    wrong: Any = written(source)
    ways: list[Any] = [host.hookspec(), host.hookspec(firstresult=True)]
    for declare in ways if wrong is None else [host.hookspec, *ways]:  # hookspec(None) is a decorator
        with pytest.raises(TypeError):
            declare(wrong)
    assert dir(host.hook) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"firstresult": True, "historic": True}, "firstresult and historic"),
        ({"firstresult": True, "concurrent": True}, "firstresult and concurrent"),
    ],
)
def test_options_that_exclude_each_other_are_a_value_error(options: dict[str, Any], words: str) -> None:
    host = Host("myapp", path=[])
    with pytest.raises(ValueError, match=words):
        host.hookspec(**options)(render)
    assert dir(host.hook) == []


def test_hook_that_is_declared_twice_is_a_value_error_that_says_where() -> None:
    hooked = Hooked()
    for again in (render, written("def render(other): ...")):
        with pytest.raises(ValueError, match=r"'render' is specified already, at .*_hooks\.py:\d+"):
            hooked.host.hookspec(firstresult=True)(again)
    hooked.put("x", says(1))
    assert hooked.call(page="p") == [1]
    assert hooked.host.hook.render is hooked.call


def test_one_function_may_specify_the_hooks_of_two_hosts() -> None:
    specification = written("def render(page): ...")
    one, two = Hooked(specification), Hooked(specification, firstresult=True)
    for hooked in (one, two):
        hooked.put("x", says(1))
    assert (one.call(page="p"), two.call(page="p")) == ([1], 1)


def test_warmth_is_what_the_tests_make_of_it(way: str) -> None:
    hooked = Hooked()
    hooked.call(page="p")
    assert is_compiled(hooked.call) is (way != "cold")
    assert callers.WARM in {1, 10**9}
