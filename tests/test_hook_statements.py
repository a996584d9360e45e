"""What is promised of call hooks, statement by statement; of calls that are planned, and of those that are not."""

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from inspect import BoundArguments, signature
from typing import Any

import pytest
from _intercepted import WAYS, Intercepted, resize
from _sites import together

from plugframe import Host, RemovableHandle
from plugframe.calls.plans.hooks import Outcome
from plugframe.calls.registering import CallHooks
from plugframe.errors import CallHookError

THREADS = 8


def render(page: str) -> str:
    """Specify a hook."""
    raise NotImplementedError(page)


@pytest.fixture(params=WAYS)
def called(request: pytest.FixtureRequest) -> Intercepted:
    return Intercepted(request.param)


def test_01_order_is_argument_pre_call_pre_implementation_call_post_commit(called: Intercepted) -> None:
    called.hooks.register_commit_hook(called.tells("commit"))
    called.hooks.register_post_hook(called.tells("post"))
    called.hooks.register_pre_hook(called.tells("pre"))
    called.hooks.register_pre_hook(called.tells("argument"), argument="width")
    assert called([], 2) == [[], 2, 3, "near"]
    assert called.ran() == ["argument", "pre", "call", "post", "commit"]


def test_01_hooks_of_a_host_run_before_those_of_the_callable() -> None:
    for way in WAYS:
        everywhere = CallHooks("all that myapp calls")
        called = Intercepted(way, parent=everywhere)
        for hooks, where in ((called.hooks, "here"), (everywhere, "host")):
            hooks.register_pre_hook(called.tells(f"argument {where}"), argument="image")
            hooks.register_pre_hook(called.tells(f"pre {where}"))
            hooks.register_post_hook(called.tells(f"post {where}"))
            hooks.register_commit_hook(called.tells(f"commit {where}"))
        called([], 2)
        assert called.ran() == [
            "argument host", "argument here", "pre host", "pre here", "call",
            "post host", "post here", "commit host", "commit here",
        ]  # fmt: skip


def test_02_first_in_runs_first_unless_another_is_prepended(called: Intercepted) -> None:
    register: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (called.hooks.register_pre_hook, {"argument": "width"}), (called.hooks.register_pre_hook, {}),
        (called.hooks.register_post_hook, {}), (called.hooks.register_commit_hook, {}),
    ]  # fmt: skip
    for number, (add, options) in enumerate(register):
        for name in "bc":
            add(called.tells(f"{number}{name}"), **options)
        add(called.tells(f"{number}a"), prepend=True, **options)
    called([], 2)
    assert called.ran() == ["0a", "0b", "0c", "1a", "1b", "1c", "call", "2a", "2b", "2c", "3a", "3b", "3c"]


def test_03_each_call_runs_the_hooks_that_there_were_when_it_began(called: Intercepted) -> None:
    handles: dict[str, RemovableHandle] = {}

    def meddle(_: object) -> None:
        called.events.append("first")
        handles["first"].remove()
        handles["second"].remove()
        handles["late"] = called.hooks.register_pre_hook(called.tells("late"))

    handles["first"] = called.hooks.register_pre_hook(meddle)
    handles["second"] = called.hooks.register_pre_hook(called.tells("second"))
    called([], 2)
    assert called.ran() == ["first", "second", "call"]
    called([], 2)
    assert called.ran() == ["late", "call"]


@pytest.mark.parametrize("value", [0, False])
def test_04_none_keeps_and_a_falsy_value_replaces_an_argument(called: Intercepted, value: object) -> None:
    called.hooks.register_pre_hook(called.tells("kept"), argument="width")
    assert called([], 2) == [[], 2, 3, "near"]
    called.hooks.register_pre_hook(called.tells("replaced", value), argument="width")
    called.hooks.register_pre_hook(called.tells("replaced", ""), argument="mode")
    assert called([], 2) == [[], value, 3, ""]
    assert type(called([], 2)[1]) is type(value)


def test_04_none_keeps_and_a_falsy_value_replaces_the_result() -> None:
    for way in WAYS:
        called = Intercepted(way, lambda: "result")
        values: list[object] = [None, 0, "", [], False]
        for value in values:
            called.hooks.register_post_hook(called.tells("post", value))
            assert called() == ("result" if value is None else value)


@pytest.mark.parametrize(
    ("method", "options", "hook", "told"),
    [
        ("register_pre_hook", {"argument": "width"}, lambda: 1, "must take 1 argument, the argument's value"),
        ("register_pre_hook", {}, lambda _a, _b: 1, "must take 1 argument, the call's arguments"),
        ("register_post_hook", {}, lambda _: 1, "must take 2 arguments, the call's arguments and its result"),
        ("register_commit_hook", {}, lambda: 1, "must take 2 arguments, the call's arguments and its result"),
    ],
)
def test_05_arity_is_checked_when_a_hook_is_registered(
    called: Intercepted, method: str, options: dict[str, Any], hook: Callable[..., Any], told: str
) -> None:
    with pytest.raises(CallHookError, match=r"hook acme\.count of plugin 'acme' on 'image.resize'") as caught:
        getattr(called.hooks, method)(hook, plugin="acme", label="acme.count", **options)
    assert told in str(caught.value)
    assert called.hooks.call_hooks() == ()


@pytest.mark.parametrize(
    ("method", "options", "value", "told"),
    [
        ("register_pre_hook", {"argument": "width"}, "2", "'2' (str), and the argument 'width' is int"),
        ("register_pre_hook", {}, {"width": "2"}, "'2' (str), and the argument 'width' is int"),
        ("register_pre_hook", {}, {"widht": 2}, "'widht', which is no argument; did you mean 'width'?"),
        ("register_pre_hook", {}, (1, 2), "(1, 2) (tuple), and returns None, the call's arguments, or a mapping"),
        ("register_pre_hook", {}, BoundArguments(signature(resize), {"image": []}), "lack 'width'"),
        ("register_post_hook", {}, (), "() (tuple), and a result is list"),
        ("register_post_hook", {"always": True}, "x", "'x' (str), and a result is list"),
    ],
)
def test_05_what_a_hook_returns_is_checked_and_the_error_names_hook_and_plugin(
    called: Intercepted, method: str, options: dict[str, Any], value: object, told: str
) -> None:
    getattr(called.hooks, method)(called.tells("it", value), plugin="acme", label="acme.count", **options)
    with pytest.raises((CallHookError, ExceptionGroup)) as caught:
        called([], 2)
    error = caught.value.exceptions[0] if isinstance(caught.value, ExceptionGroup) else caught.value
    assert isinstance(error, CallHookError)
    assert (error.called, error.plugin) == ("image.resize", "acme")
    assert f"acme.count of plugin 'acme' on 'image.resize': it returned {told}" in str(error) or told in str(error)
    assert error.__notes__ == [f"raised by the {error.hook} of plugin 'acme' on 'image.resize'"]


def test_06_argument_hook_follows_its_parameter_however_it_is_given(called: Intercepted) -> None:
    seen: list[object] = []
    called.hooks.register_pre_hook(seen.append, argument="height")
    called([], 2, 7)
    called([], height=8, width=2)
    called([], 2)
    assert seen == [7, 8, 3]


def test_06_argument_hook_sees_what_those_before_it_made_of_its_argument_alone(called: Intercepted) -> None:
    seen: list[object] = []
    called.hooks.register_pre_hook(lambda width: width + 1, argument="width")
    called.hooks.register_pre_hook(seen.append, argument="width")
    called.hooks.register_pre_hook(lambda _: {"width": 9})  # changes it after, whatever is registered later
    called.hooks.register_pre_hook(seen.append, argument="width")
    assert called([], 2) == [[], 9, 3, "near"]
    assert seen == [3, 3]


def test_06_unknown_argument_gets_near_matches(called: Intercepted) -> None:
    with pytest.raises(CallHookError, match="there is no argument 'widht'; did you mean 'width'"):
        called.hooks.register_pre_hook(print, argument="widht")
    with pytest.raises(CallHookError, match=r"there is no argument 'x'; there are 'image', 'width', 'height', 'mode'"):
        called.hooks.register_pre_hook(print, argument="x")


def test_06_argument_hook_of_a_host_is_for_callables_that_have_the_argument() -> None:
    for way in WAYS:
        everywhere = CallHooks("all that myapp calls")
        one, other = Intercepted(way, parent=everywhere), Intercepted(way, lambda page: page, parent=everywhere)
        everywhere.register_pre_hook(lambda width: width * 2, argument="width")
        assert one([], 2) == [[], 4, 3, "near"]
        assert other("p") == "p"
        assert (len(one.hooks.call_hooks()), len(other.hooks.call_hooks())) == (1, 0)


def test_07_arguments_are_always_bound_arguments_with_defaults(called: Intercepted) -> None:
    seen: list[BoundArguments] = []
    called.hooks.register_pre_hook(seen.append)
    called.hooks.register_post_hook(lambda arguments, _: seen.append(arguments))
    called.hooks.register_commit_hook(lambda arguments, _: seen.append(arguments))
    called([], mode="far", width=2)
    for arguments in seen:
        assert isinstance(arguments, BoundArguments)
        assert list(arguments.arguments.items()) == [("image", []), ("width", 2), ("height", 3), ("mode", "far")]
        assert (arguments.args, arguments.kwargs) == (([], 2, 3), {"mode": "far"})
        assert arguments.signature == signature(resize)
        assert arguments == signature(resize).bind([], 2, 3, mode="far")
    assert [getattr(arguments, "called", "") for arguments in seen] == ["image.resize"] * 3


def test_07_arguments_are_replaced_by_what_is_returned_and_not_by_changing_them(called: Intercepted) -> None:
    def change(arguments: BoundArguments) -> None:
        arguments.arguments["width"] = 9

    def widen(arguments: BoundArguments) -> BoundArguments:
        another = copy.copy(arguments)
        another.arguments["width"] *= 2
        return another

    with called.hooks.register_pre_hook(change), pytest.raises(TypeError, match="does not support item assignment"):
        called([], 2)
    with called.hooks.register_pre_hook(lambda given: setattr(given, "arguments", {})), pytest.raises(AttributeError):
        called([], 2)
    called.hooks.register_pre_hook(widen)
    called.hooks.register_pre_hook(lambda given: {"height": given.arguments["width"]})
    assert called([], 2) == [[], 4, 4, "near"]


@pytest.mark.parametrize("hook", [None, "acme.hook", 3])
def test_08_what_cannot_be_called_is_rejected_when_it_is_registered(called: Intercepted, hook: Any) -> None:
    for register in (
        called.hooks.register_pre_hook, called.hooks.register_post_hook, called.hooks.register_commit_hook,
    ):  # fmt: skip
        with pytest.raises(CallHookError, match=f"{hook!r} cannot be called"):
            register(hook)


def test_08_coroutine_function_is_rejected_since_nothing_would_await_it(called: Intercepted) -> None:
    async def hook(_: object) -> None:
        pass

    with pytest.raises(CallHookError, match="coroutine function, and nothing would await it"):
        called.hooks.register_pre_hook(hook)


def test_09_handle_is_idempotent_and_removes_its_own_only(called: Intercepted) -> None:
    hook = called.tells("it")
    first, second = called.hooks.register_pre_hook(hook), called.hooks.register_pre_hook(hook)
    first.remove()
    first.remove()
    called([], 2)
    assert called.ran() == ["it", "call"]
    with second:
        pass
    called([], 2)
    assert called.ran() == ["call"]


def test_09_handles_are_made_and_removed_by_many_threads_at_once(called: Intercepted) -> None:
    keep = called.hooks.register_pre_hook(called.tells("kept"))

    def churn(number: int) -> None:
        for _ in range(20):
            handle = called.hooks.register_post_hook(called.tells(number))
            called([], 2)
            handle.remove()
            handle.remove()

    assert together(THREADS, churn) == [None] * THREADS
    assert all(called.events.count(number) >= 20 for number in range(THREADS))
    called.ran()
    called([], 2)
    assert called.ran() == ["kept", "call"]
    keep.remove()
    assert called.hooks.call_hooks() == ()


def test_09_handle_is_safe_after_its_owner_is_gone_and_does_not_keep_it() -> None:
    called = Intercepted("planned")
    handle = called.hooks.register_pre_hook(print)
    called.wrapped()
    alive = weakref.ref(called.hooks)
    del called
    gc.collect()
    assert alive() is None
    handle.remove()
    handle.remove()


def test_10_commit_hook_that_returns_something_is_an_error(called: Intercepted) -> None:
    called.hooks.register_commit_hook(called.tells("commit", 0), plugin="acme")
    with pytest.raises(CallHookError, match=r"it returned 0 \(int\), and the call is over"):
        called([], 2)


def test_10_commit_hooks_are_skipped_on_failure(called: Intercepted) -> None:
    called.hooks.register_commit_hook(called.tells("commit"))
    ways: list[tuple[Callable[..., RemovableHandle], dict[str, Any]]] = [
        (called.hooks.register_pre_hook, {"argument": "width"}),
        (called.hooks.register_pre_hook, {}),
        (called.hooks.register_post_hook, {}),
        (called.hooks.register_post_hook, {"errors": "collect"}),
        (called.hooks.register_post_hook, {"always": True}),
    ]
    for register, options in ways:
        with register(called.fails("it", KeyError("x")), **options), pytest.raises((KeyError, ExceptionGroup)):
            called([], 2)
        assert "commit" not in called.ran()
    called([], 2)
    assert called.ran() == ["call", "commit"]


def test_11_hook_that_runs_always_is_given_the_outcome(called: Intercepted) -> None:
    seen: list[Outcome] = []
    called.hooks.register_post_hook(lambda _, outcome: seen.append(outcome), always=True)
    called([], 2)
    assert seen == [Outcome([[], 2, 3, "near"], None)]
    assert seen[0].succeeded
    failure = KeyError("x")
    for options in ({"argument": "width"}, {}):
        with called.hooks.register_pre_hook(called.fails("pre", failure), **options), pytest.raises(KeyError):  # type: ignore[arg-type]
            called([], 2)
        assert (seen[-1].result, seen[-1].error, seen[-1].succeeded) == (None, failure, False)


def test_11_hook_that_runs_always_is_given_the_arguments_as_they_were_when_the_call_failed(called: Intercepted) -> None:
    seen: list[object] = []
    called.hooks.register_post_hook(lambda arguments, _: seen.append(arguments.arguments["width"]), always=True)
    called.hooks.register_pre_hook(lambda width: width + 1, argument="width")
    called.hooks.register_pre_hook(called.fails("x", KeyError("x")), argument="image")
    with pytest.raises(KeyError):
        called([], 2)
    assert seen == [3]


def test_11_errors_of_hooks_that_run_always_join_a_group_with_the_failure(called: Intercepted) -> None:
    failure, one, other = KeyError("call"), ValueError("one"), OSError("other")
    called.hooks.register_post_hook(called.tells("skipped"))
    called.hooks.register_post_hook(called.fails("one", one), always=True)
    called.hooks.register_post_hook(called.fails("other", other), always=True)
    with pytest.raises(ExceptionGroup, match=r"2 exceptions of image\.resize and its post-hooks") as alone:
        called([], 2)
    assert alone.value.exceptions == (one, other)
    assert called.ran() == ["call", "skipped", "one", "other"]
    called.hooks.register_pre_hook(called.fails("pre", failure))
    with pytest.raises(ExceptionGroup) as group:
        called([], 2)
    assert group.value.exceptions == (failure, one, other)
    assert called.ran() == ["pre", "one", "other"]


def test_11_failure_comes_out_as_it_is_where_hooks_that_run_always_are_well(called: Intercepted) -> None:
    failure = KeyError("x")
    context = failure.__context__ = OSError("before")
    called.hooks.register_post_hook(called.tells("always"), always=True)
    called.hooks.register_pre_hook(called.fails("pre", failure))
    try:
        raise ZeroDivisionError  # noqa: TRY301 # something is being handled while the call is made
    except ZeroDivisionError:
        with pytest.raises(KeyError) as caught:
            called([], 2)
    assert caught.value is failure
    assert caught.value.__context__ is not context  # Raising it in the hook made what was handled there its context.
    assert isinstance(caught.value.__context__, ZeroDivisionError)


def test_11_failure_cannot_be_undone(called: Intercepted) -> None:
    called.hooks.register_post_hook(called.tells("always", ["instead"]), always=True, plugin="acme")
    assert called([], 2) == ["instead"]
    called.hooks.register_pre_hook(called.fails("pre", KeyError("x")))
    with pytest.raises(ExceptionGroup) as group:
        called([], 2)
    assert [type(one) for one in group.value.exceptions] == [KeyError, CallHookError]
    assert "after a failure, which nothing undoes" in str(group.value.exceptions[1])


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_11_interrupt_is_never_hidden_in_a_group(called: Intercepted, kind: type[BaseException]) -> None:
    called.hooks.register_post_hook(called.fails("one", ValueError("one")), always=True)
    called.hooks.register_post_hook(called.fails("two", kind("stop")), always=True)
    called.hooks.register_post_hook(called.tells("three"), always=True)
    with pytest.raises(kind) as caught:
        called([], 2)
    assert called.ran() == ["call", "one", "two", "three"]
    assert isinstance(caught.value.__cause__, ExceptionGroup)


def test_12_exception_of_a_post_hook_ends_the_call_or_is_collected(called: Intercepted) -> None:
    one, other = ValueError("one"), OSError("other")
    called.hooks.register_post_hook(called.fails("one", one), errors="collect")
    called.hooks.register_post_hook(called.tells("two"))
    with called.hooks.register_post_hook(called.fails("other", other), errors="collect"):
        with pytest.raises(ExceptionGroup) as group:
            called([], 2)
        assert group.value.exceptions == (one, other)
        assert called.ran() == ["call", "one", "two", "other"]
    called.hooks.register_post_hook(called.fails("raised", other))
    called.hooks.register_post_hook(called.tells("never"))
    with pytest.raises(ExceptionGroup) as group:
        called([], 2)
    assert set(group.value.exceptions) == {one, other}
    assert called.ran() == ["call", "one", "two", "raised"]
    with pytest.raises(ValueError, match="errors of a post-hook is 'raise' or 'collect'; got 'skip'"):
        called.hooks.register_post_hook(print, errors="skip")  # type: ignore[arg-type]


def test_13_hooks_are_enumerated_and_removed_by_plugin(called: Intercepted) -> None:
    called.hooks.register_commit_hook(called.tells("c"), plugin="acme", label="c")
    called.hooks.register_pre_hook(called.tells("a"), argument="width", plugin="acme", label="a", prepend=True)
    called.hooks.register_post_hook(called.tells("b"), plugin="other", label="b", always=True)
    found = [(one.kind, one.plugin, one.label, one.argument, one.prepend) for one in called.hooks.call_hooks()]
    assert found == [
        ("argument", "acme", "a", "width", True), ("post", "other", "b", None, False),
        ("commit", "acme", "c", None, False),
    ]  # fmt: skip
    called.hooks.remove_call_hooks(plugin="acme")
    called([], 2)
    assert called.ran() == ["call", "b"]
    called.hooks.remove_call_hooks()
    called([], 2)
    assert called.ran() == ["call"]


def test_13_hooks_go_with_their_plugin() -> None:
    host = Host("myapp", path=[])
    live = host.hookspec(render)

    host.manager.register(object(), name="acme")
    live.register_post_hook(lambda _, result: [*result, "here"], plugin="acme")
    host.calls.register_post_hook(lambda _, result: [*result, "host"], plugin="acme")
    assert host.hook.render(page="p") == ["host", "here"]
    host.manager.unregister(name="acme")
    assert host.hook.render(page="p") == []
    assert live.call_hooks() == host.calls.call_hooks() == ()


def test_14_handles_and_call_hooks_are_not_copied_nor_pickled(called: Intercepted) -> None:
    handle = called.hooks.register_pre_hook(called.tells("it"))
    for do in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can be neither copied nor pickled"):
            do(handle)
    assert copy.deepcopy(called.hooks) is copy.copy(called.hooks) is called.hooks
    with pytest.raises(TypeError, match=r"the call hooks of 'image\.resize' are functions of this process"):
        pickle.dumps(called.hooks)


def test_14_live_function_that_is_copied_keeps_its_hooks() -> None:
    host = Host("myapp", path=[])
    live = host.hookspec(render)

    live.register_post_hook(lambda _, result: [*result, "post"])
    assert copy.deepcopy(live) is live
    assert copy.deepcopy({"render": live})["render"](page="p") == ["post"]


def test_15_hooks_are_kept_strongly_unless_a_method_is_to_go_with_its_object(called: Intercepted) -> None:
    class Counter:
        def __init__(self, name: str) -> None:
            self.name = name

        def count(self, _: object) -> None:
            called.events.append(self.name)

    kept, weak = Counter("kept"), Counter("weak")
    called.hooks.register_pre_hook(kept.count)
    called.hooks.register_pre_hook(lambda _: called.events.append("lambda"))
    called.hooks.register_pre_hook(weak.count, weak=True)
    before = called.wrapped()
    del kept
    gc.collect()
    before([], 2)
    assert called.ran() == ["kept", "lambda", "weak", "call"]
    del weak
    gc.collect()
    before([], 2)
    assert called.ran() == ["kept", "lambda", "call"]
    assert [one.weak for one in called.hooks.call_hooks()] == [False, False]


def test_15_only_bound_methods_are_kept_weakly(called: Intercepted) -> None:
    for hook in (lambda _: None, print, called):
        with pytest.raises(CallHookError, match="only bound methods are kept weakly"):
            called.hooks.register_pre_hook(hook, weak=True)
