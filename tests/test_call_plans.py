"""Plans are compiled once for a structure, run the current hooks, run nothing when they are made, and do not stay."""

import gc
import operator
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from _intercepted import Intercepted, resize
from _sites import together

from plugframe.calls.plans import keys, planning
from plugframe.calls.plans.keys import Key, token_of
from plugframe.calls.plans.planning import Plans, PlansInfo
from plugframe.calls.plans.tracing import Placeholder, Saved
from plugframe.errors import CallPlanError

THREADS = 8


class _Scale:
    """An argument pre-hook that says of itself what it does: it multiplies."""

    def __init__(self, factor: int, *, by: str = "lift") -> None:
        self.factor = factor
        self.by = by
        self.runs = 0

    def __call__(self, value: int) -> int:
        self.runs += 1
        return value * self.factor

    def compiled_args(self, key: Key) -> None:
        key.specialize(operator.mul)
        if self.by == "lift":
            key.lift(self.factor, "factor")
        else:
            key.specialize(self.factor)

    def apply_with_saved(self, args: tuple[Any, ...], saved: Saved) -> Any:
        factor = saved.swap("factor") if self.by == "lift" else self.factor
        assert self.factor is factor
        return saved.record(operator.mul, args[0], factor)


@pytest.fixture
def called() -> Intercepted:
    return Intercepted("planned")


def adding(more: int) -> Callable[[int], int]:
    """Return a closure."""
    return lambda width: width + more


def made(called: Intercepted) -> int:
    """Return how many plans were made so far."""
    return called.hooks.plans.info().misses


# What a plan depends on.


def test_four_closures_of_one_shape_share_a_plan_and_each_runs_when_it_is_current(called: Intercepted) -> None:
    for number in range(4):
        with called.hooks.register_pre_hook(adding(number), argument="width"):
            assert called([], 2) == [[], 2 + number, 3, "near"]
    assert called.hooks.plans.info() == PlansInfo(hits=3, misses=1, maxsize=planning.MOST, currsize=1)


def test_hook_that_is_added_takes_another_plan_and_one_that_is_removed_the_first(called: Intercepted) -> None:
    called.hooks.register_pre_hook(called.tells("first"))
    called([], 2)
    with called.hooks.register_pre_hook(called.tells("second")):
        called([], 2)
        assert made(called) == 2
    called([], 2)
    assert (made(called), called.ran()) == (2, ["first", "call", "first", "second", "call", "first", "call"])


def test_order_argument_plugin_and_options_are_parts_of_the_key(called: Intercepted) -> None:
    ways: list[Callable[[], Any]] = [
        lambda: called.hooks.register_pre_hook(print, argument="width"),
        lambda: called.hooks.register_pre_hook(print, argument="height"),
        lambda: called.hooks.register_pre_hook(print, argument="height", plugin="acme"),
        lambda: called.hooks.register_post_hook(lambda _a, _r: None),
        lambda: called.hooks.register_post_hook(lambda _a, _r: None, always=True),
        lambda: called.hooks.register_post_hook(lambda _a, _r: None, errors="collect"),
    ]
    for number, register in enumerate(ways):
        with register():
            called([], 2)
        assert made(called) == number + 1
    for register in ways:
        with register():
            called([], 2)
    assert made(called) == len(ways)
    for first, second in ((_Scale(2), called.tells("x")), (called.tells("x"), _Scale(2))):
        with called.hooks.register_pre_hook(first, argument="width"):  # noqa: SIM117 # one after the other
            with called.hooks.register_pre_hook(second, argument="width"):
                called([], 2)
    assert made(called) == len(ways) + 2


def test_owner_key_tells_functions_apart(called: Intercepted) -> None:
    called.hooks.register_pre_hook(called.tells("it"))
    assert called.hooks.plan(resize, ("acme", 1)).key != called.hooks.plan(resize, ("other", 1)).key
    assert called.hooks.plan(resize, ("acme", 1)).key == called.hooks.plan(resize, ("acme", 1)).key


def test_lifted_value_may_change_and_the_current_one_is_used(called: Intercepted) -> None:
    hook = _Scale(2)
    called.hooks.register_pre_hook(hook, argument="width")
    function = called.wrapped()
    for factor in (2, 3, 3, 5):
        hook.factor = factor
        assert function([], 2) == [[], 2 * factor, 3, "near"]
    assert (made(called), hook.runs) == (1, 0)
    with called.hooks.register_pre_hook(_Scale(7), argument="width", prepend=True):
        assert called([], 2) == [[], 2 * 7 * 5, 3, "near"]


def test_specialized_value_has_a_plan_of_its_own(called: Intercepted) -> None:
    hook = _Scale(2, by="specialize")
    called.hooks.register_pre_hook(hook, argument="width")
    function = called.wrapped()
    for factor, plans in ((2, 1), (3, 2), (2, 2), (True, 3), (1, 4)):
        hook.factor = factor
        assert function([], 2) == [[], 2 * factor, 3, "near"]
        assert made(called) == plans
    assert hook.runs == 0


def test_shape_of_what_a_hook_says_is_part_of_the_key(called: Intercepted) -> None:
    hook = _Scale(2)
    called.hooks.register_pre_hook(hook, argument="width")
    function = called.wrapped()
    for by, plans in (("lift", 1), ("specialize", 2), ("lift", 2)):
        hook.by = by
        assert (function([], 2), made(called)) == ([[], 4, 3, "near"], plans)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True), (1, 1.0), (0.0, -0.0), ((1,), (True,)), ((), frozenset()), ("1", 1), ("a", b"a"), (None, "None"),
        (frozenset({1}), frozenset({True})), (print, "print"), (int, bool), (..., None), (float("nan"), 1.0),
    ],
)  # fmt: skip
def test_constants_that_are_equal_or_alike_are_told_apart(one: object, other: object) -> None:
    assert token_of(one) != token_of(other)
    assert token_of(one) == token_of(one)


@pytest.mark.parametrize("constant", [[], {}, object(), (1, []), bytearray(b"x"), lambda: 1])
def test_what_is_no_constant_must_be_lifted(constant: object) -> None:
    if callable(constant):
        assert token_of(constant) == token_of(constant)
        return
    with pytest.raises(TypeError, match="is no constant, so lift it"):
        token_of(constant)


def test_keys_use_numbers_that_are_never_given_again() -> None:
    seen = set()
    for _ in range(200):

        def function() -> None:
            pass

        seen.add(token_of(function))  # Most of them lie where the one before lay.
        del function
    assert len(seen) == 200
    gc.collect()
    assert len(keys._numbers._known) < 200 + len(sys.modules)  # noqa: SLF001 # the table that must not grow


def test_classes_of_one_name_do_not_share_a_plan(called: Intercepted) -> None:
    def hook_class(more: int) -> type:
        class Hook:
            def __call__(self, value: int) -> int:
                return value + more

            def compiled_args(self, key: Key) -> None:
                key.specialize(operator.add)
                key.specialize(more)

            def apply_with_saved(self, args: tuple[Any, ...], saved: Saved) -> Any:
                return saved.record(operator.add, args[0], more)

        return Hook

    for more in (1, 1, 5):
        with called.hooks.register_pre_hook(hook_class(more)(), argument="width"):
            assert called([], 2)[1] == 2 + more
    assert made(called) == 3


# Tracing.


def test_nothing_runs_while_a_call_is_planned(called: Intercepted) -> None:
    called.hooks.register_pre_hook(called.fails("a", AssertionError()), argument="width", label="a")
    called.hooks.register_pre_hook(called.fails("b", AssertionError()), label="b")
    called.hooks.register_post_hook(called.fails("c", AssertionError()), plugin="acme", label="c")
    called.hooks.register_commit_hook(called.fails("d", AssertionError()), label="d")
    called.hooks.register_pre_hook(_Scale(2), argument="height", label="scale")
    called.wrapped()
    plan = called.hooks.plan(called.inner)
    assert called.events == []
    assert str(plan).splitlines() == [
        "image.resize, planned",
        "0. argument pre-hook a",
        "1. argument pre-hook scale",
        "2. call pre-hook b",
        "3. call _intercepted.Intercepted.inner",
        "4. post-hook c of plugin 'acme'",
        "5. commit hook d",
    ]
    assert [node.after for node in plan.nodes] == [(), (), (0, 1), (0, 1, 2), (0, 1, 2, 3), (0, 1, 2, 3, 4)]
    assert [node.calls for node in plan.nodes] == [None, 1, None, None, None, None]


def test_effects_happen_once_a_call_and_commit_waits_for_its_effect(called: Intercepted) -> None:
    called.hooks.register_commit_hook(called.tells("commit"))
    called.hooks.register_post_hook(called.tells("post"))
    for _ in range(3):
        called([], 2)
        assert called.ran() == ["call", "post", "commit"]
    nodes = called.hooks.plan(called.inner).nodes
    effect = next(place for place, node in enumerate(nodes) if node.step == "call")
    assert all(effect in node.after for node in nodes if node.step == "commit hook")


def test_hook_is_as_it_was_when_a_trace_raises_and_nothing_is_kept_of_it(called: Intercepted) -> None:
    class Fails(_Scale):
        fails = True

        def apply_with_saved(self, args: tuple[Any, ...], saved: Saved) -> Any:
            value = super().apply_with_saved(args, saved)
            if self.fails:
                message = "half way"
                raise RuntimeError(message)
            return value

    hook = Fails(3)
    called.hooks.register_pre_hook(hook, argument="width", plugin="acme", label="fails")
    function = called.wrapped()
    for _ in range(2):
        assert function([], 2) == [[], 6, 3, "near"]
        assert hook.factor == 3
    assert (hook.runs, called.hooks.plans.info().currsize) == (2, 0)
    reason = "the argument pre-hook fails of plugin 'acme': its apply_with_saved cannot be used: RuntimeError: half way"
    plan = called.hooks.plan(called.inner)
    assert (plan.reason, plan.is_planned) == (reason, False)
    assert str(plan).startswith(f"image.resize, the plain way, since {reason}\n0. argument pre-hook fails")
    hook.fails = False
    assert function([], 2) == [[], 6, 3, "near"]
    assert (hook.runs, called.hooks.plans.info().currsize) == (2, 1)
    assert called.hooks.plan(called.inner).is_planned


class _Odd:
    """A hook for an argument that is planned, or not, by what is given."""

    def __init__(self, compiled_args: Callable[..., Any], apply: Callable[..., Any]) -> None:
        self.factor = 3
        self.ask = compiled_args
        self._apply = apply

    def __call__(self, value: int) -> int:
        return value * self.factor

    def compiled_args(self, key: Key) -> Any:
        return self.ask(self, key)

    def apply_with_saved(self, args: tuple[Any, ...], saved: Saved) -> Any:
        return self._apply(self, args, saved)


def _nothing(*_: object) -> None:
    pass


@pytest.mark.parametrize(
    ("compiled_args", "apply", "told"),
    [
        (lambda _, _k: 1 / 0, _nothing, "its compiled_args raised ZeroDivisionError: division by zero"),
        (lambda _, _k: 3, _nothing, "its compiled_args returned 3, and returns nothing"),
        (lambda _, key: key.specialize([]), _nothing, "TypeError: [] is no constant, so lift it"),
        (lambda _, key: (key.lift(1, "a"), key.lift(2, "a"))[2:], _nothing, "ValueError: 'a' is lifted already"),
        (_nothing, lambda *_: 6, "it returned 6, and returns None or what stands for a value"),
        (_nothing, lambda _h, a, s: s.record(operator.mul, *a, 3), "is used, and compiled_args neither lifts nor"),
        (_nothing, lambda _h, _a, s: s.record(s.hook, [1]), "[1] is used, and compiled_args neither lifts nor"),
        (_nothing, lambda _h, _a, s: s.lifted("factor"), "'factor' was not lifted by compiled_args"),
        (_nothing, lambda _h, _a, s: s.swap("factor"), "'factor' was not lifted by compiled_args"),
        (_nothing, lambda _h, a, _s: a[0] * 3, "the value of %call argument is not known while a call is planned"),
        (_nothing, lambda _h, a, _s: 1 if a[0] else 2, "the value of %call argument is not known"),
        (_nothing, lambda _h, a, _s: a[0] == 3, "the value of %call argument is not known"),
        (_nothing, lambda _h, a, _s: a[0].bit_length(), "the value of %call argument is not known"),
        (_nothing, lambda _h, _a, _s: Saved(Key(), 1, 1).hook, "stands for a value of another hook"),
    ],
)
def test_hook_that_cannot_be_planned_goes_the_plain_way_and_the_reason_is_told(
    called: Intercepted, compiled_args: Callable[..., Any], apply: Callable[..., Any], told: str
) -> None:
    called.hooks.register_pre_hook(_Odd(compiled_args, apply), argument="width", label="odd")
    assert called([], 2) == [[], 6, 3, "near"]
    reason = called.hooks.plan(called.inner).reason
    assert reason.startswith("the argument pre-hook odd: ")
    assert told in reason
    assert called.hooks.plans.info().currsize == 0


def test_nothing_is_recorded_after_the_plan_is_made(called: Intercepted) -> None:
    kept: list[Saved] = []

    def keep(_: object, args: tuple[Any, ...], saved: Saved) -> Any:
        kept.append(saved)
        return saved.record(saved.hook, *args)

    called.hooks.register_pre_hook(_Odd(_nothing, keep), argument="width")
    assert called([], 2) == [[], 6, 3, "near"]
    with pytest.raises(CallPlanError, match="the plan is made"):
        kept[0].record(kept[0].hook)
    assert type(kept[0].hook) is Placeholder
    with pytest.raises(CallPlanError, match="is not known while a call is planned"):
        bool(kept[0].hook)


def test_hook_whose_copy_is_itself_cannot_be_swapped_in(called: Intercepted) -> None:
    class Alone(_Scale):
        def __copy__(self) -> "Alone":
            return self

    hook = Alone(3)
    called.hooks.register_pre_hook(hook, argument="width")
    assert called([], 2) == [[], 6, 3, "near"]
    assert "the copy of the hook is the hook itself" in called.hooks.plan(called.inner).reason
    assert (hook.factor, hook.runs) == (3, 1)


def test_other_threads_never_see_what_stands_for_a_value(called: Intercepted) -> None:
    hook, seen = _Scale(3), set()
    called.hooks.register_pre_hook(hook, argument="width")

    def churn(number: int) -> None:
        for turn in range(40):
            if number % 2:
                called.hooks.plans.drop()
                called.hooks.plan(called.inner)
            else:
                seen.add(type(hook.factor))
                hook.factor = 3 + turn % 3
                assert type(called.wrapped()([], 2)[1]) is int

    assert together(THREADS, churn) == [None] * THREADS
    assert seen == {int}


def test_recorded_functions_are_called_in_order_with_the_values_of_each_call(called: Intercepted) -> None:
    log: list[object] = []

    class Audit:
        """A post-hook that records two functions, of which it lifts one, and replaces the result by another."""

        def __call__(self, arguments: Any, result: list[Any]) -> list[Any]:
            log.append(arguments.called)
            return [*result, len(result)]

        def compiled_args(self, key: Key) -> None:
            key.lift(log.append)
            key.specialize(_longer)
            key.specialize(operator.attrgetter)

        def apply_with_saved(self, args: tuple[Any, ...], saved: Saved) -> Any:
            arguments, result = args
            saved.record(saved.lifted("0"), arguments)
            return saved.record(_longer, result, more=None)

    called.hooks.register_post_hook(Audit())
    assert called([], 2) == [[], 2, 3, "near", 4]
    assert [one.arguments["width"] for one in log if not isinstance(one, str)] == [2]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("apply", "width"),
    [
        (lambda _h, a, s: s.record(operator.mul, s.record(operator.mul, *a, s.lifted("factor")), *a), 12),
        (lambda _h, a, s: (s.record(operator.mul, *a, s.lifted("factor")), s.record(operator.mul, *a, *a))[0], 6),
        (lambda _h, _a, s: s.lifted("factor"), 3),
        (lambda _h, a, _s: a[0], 2),
        (lambda _h, a, s: (s.record(operator.mul, *a, *a), None)[1], 2),
        (lambda h, a, s: s.record(h.pick, *a, b=s.lifted("factor")), 3),
    ],
)  # fmt: skip
def test_what_is_recorded_may_use_what_was_recorded_before(
    called: Intercepted, apply: Callable[..., Any], width: int
) -> None:
    class Records(_Odd):
        pick = staticmethod(_pick)

    def compiled_args(hook: _Odd, key: Key) -> None:
        key.specialize(operator.mul)
        key.specialize(_pick)
        key.lift(hook.factor, "factor")

    called.hooks.register_pre_hook(Records(compiled_args, apply), argument="width")
    assert called([], 2) == [[], width, 3, "near"]
    assert called.hooks.plan(called.inner).reason == ""


def _pick(_: object, *, b: int) -> int:
    return b


def test_hook_that_only_records_goes_the_plain_way_if_it_cannot(called: Intercepted) -> None:
    class Fails:
        def __call__(self, width: int) -> int:
            return width + 1

        def apply_with_saved(self, _: object, saved: Saved) -> object:
            return saved.lifted("nothing")

    called.hooks.register_pre_hook(Fails(), argument="width")
    assert called([], 2) == [[], 3, 3, "near"]
    assert "'nothing' was not lifted" in called.hooks.plan(called.inner).reason


def _longer(result: list[Any], *, more: object) -> list[Any]:
    return [*result, len(result), *([] if more is None else [more])]


@pytest.mark.parametrize("kind", ["argument", "pre", "post", "always", "commit"])
def test_hook_that_records_nothing_does_nothing(called: Intercepted, kind: str) -> None:
    class Silent:
        def __call__(self, *_: object) -> None:
            raise AssertionError

        def apply_with_saved(self, _args: object, _saved: Saved) -> None:
            pass

    register: dict[str, Callable[[], Any]] = {
        "argument": lambda: called.hooks.register_pre_hook(Silent(), argument="width"),
        "pre": lambda: called.hooks.register_pre_hook(Silent()),
        "post": lambda: called.hooks.register_post_hook(Silent()),
        "always": lambda: called.hooks.register_post_hook(Silent(), always=True),
        "commit": lambda: called.hooks.register_commit_hook(Silent()),
    }
    register[kind]()
    assert called([], 2) == [[], 2, 3, "near"]


# How long plans are kept.


def test_plans_are_bounded_and_those_used_last_are_kept(called: Intercepted) -> None:
    plans = Plans(called.hooks.callee, most=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        with called.hooks.register_pre_hook(print, plugin=name, argument="mode"):
            plans.find(called.hooks.call_hooks(), ())
    assert plans.info() == PlansInfo(hits=2, misses=4, maxsize=2, currsize=2)


def test_plans_are_dropped_with_their_plugin(called: Intercepted) -> None:
    called.hooks.register_pre_hook(called.tells("kept"), plugin="kept")
    called([], 2)
    called.hooks.register_pre_hook(called.tells("acme"), plugin="acme")
    called([], 2)
    assert called.hooks.plans.info().currsize == 2
    called.hooks.remove_call_hooks(plugin="acme")
    assert called.hooks.plans.info().currsize == 1
    called([], 2)
    assert made(called) == 2


def test_plan_that_is_made_while_a_plugin_goes_is_not_kept(called: Intercepted) -> None:
    def go(_: object, args: tuple[Any, ...], saved: Saved) -> Any:
        called.hooks.remove_call_hooks(plugin="acme")
        return saved.record(saved.hook, *args)

    called.hooks.register_pre_hook(_Odd(_nothing, go), argument="width", plugin="acme")
    assert called.wrapped()([], 2) == [[], 6, 3, "near"]
    assert called.hooks.plans.info().currsize == 0


def test_removed_hooks_and_dropped_owners_are_kept_by_no_plan() -> None:
    class Hook(_Scale):
        pass

    called = Intercepted("planned")
    hook = Hook(2)
    alive: list[Callable[[], object]] = [weakref.ref(hook), weakref.ref(called), weakref.ref(called.hooks)]
    handle = called.hooks.register_pre_hook(hook, argument="width", plugin="acme")
    assert called([], 2) == [[], 4, 3, "near"]
    handle.remove()
    del hook
    gc.collect()
    assert alive[0]() is None
    del called, handle
    gc.collect()
    assert [one() for one in alive] == [None] * 3


def test_threads_that_plan_at_once_get_what_is_right(called: Intercepted) -> None:
    called.hooks.register_pre_hook(_Scale(2), argument="width")

    def churn(number: int) -> None:
        for turn in range(30):
            with called.hooks.register_post_hook(lambda _, result: [*result, number], plugin=str(turn % 5)):
                result = called([], number)
            assert result[1] == 2 * number
            assert number in result[4:]

    assert together(THREADS, churn) == [None] * THREADS


# Plans as values.


def test_plan_is_called_with_the_current_hooks(called: Intercepted) -> None:
    handle = called.hooks.register_pre_hook(lambda width: width + 1, argument="width")
    plan = called.hooks.plan(called.inner)
    assert plan([], 2) == [[], 3, 3, "near"]
    handle.remove()
    with pytest.raises(CallPlanError, match=r"the plan of 'image\.resize' does not hold any more: .* plan it again"):
        plan([], 2)
    called.hooks.register_pre_hook(lambda width: width + 5, argument="width")
    assert plan([], width=2) == [[], 7, 3, "near"]


def test_plan_of_a_call_without_hooks_is_the_call(called: Intercepted) -> None:
    plan = called.hooks.plan(called.inner, call="resize of the host")
    assert [str(node) for node in plan.nodes] == ["call resize of the host"]
    assert plan([], 2) == [[], 2, 3, "near"]


def test_plan_that_is_not_planned_can_be_called_too(called: Intercepted) -> None:
    called.hooks.register_pre_hook(_Odd(lambda *_: 3, _nothing), argument="width")
    plan = called.hooks.plan(called.inner)
    assert not plan.is_planned
    assert plan([], 2) == [[], 6, 3, "near"]


def test_keyed_hook_that_becomes_odd_goes_the_plain_way_from_then_on(called: Intercepted) -> None:
    hook = _Odd(_nothing, lambda _, args, saved: saved.record(saved.hook, *args))
    called.hooks.register_pre_hook(hook, argument="width")
    function = called.wrapped()
    assert function([], 2) == [[], 6, 3, "near"]
    hook.ask = lambda *_: 3
    assert function([], 2) == [[], 6, 3, "near"]
    assert made(called) == 1
