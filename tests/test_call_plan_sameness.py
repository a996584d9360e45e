"""What is planned does what the plain way does: the same events in the same order, and the same result or exception."""

import asyncio
import operator
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from plugframe.calls.interception import Interception
from plugframe.calls.plans.hooks import Outcome
from plugframe.calls.plans.keys import Key
from plugframe.calls.plans.suspension import suspend_interception
from plugframe.calls.plans.tracing import Saved
from plugframe.calls.registering import CallHooks
from plugframe.handles import RemovableHandle

DEPTH = 3
"""How deep hooks call the callable that they are around."""
FAILURES: dict[str, type[BaseException]] = {"fail": ValueError, "stop": KeyboardInterrupt}
PLUGINS = ("", "acme", "other")


def implementation(image: str, width: int = 2, *rest: int, mode: str = "near", **more: int) -> str:
    """Return what it is given, as one text; fail where it is asked to."""
    if mode == "fail":
        raise LookupError(image)
    return f"{image}:{width}:{rest}:{mode}:{more}"


class World:
    """One callable and its host's call hooks, whose calls go one way; it tells what happens."""

    def __init__(self, *, planned: bool) -> None:
        self.planned = planned
        self.events: list[object] = []
        self.everywhere = CallHooks("all")
        self.hooks = Interception("image.resize", implementation, parent=self.everywhere)
        self.handles: dict[int, RemovableHandle] = {}
        self.depth = 0

    def call(self, *args: Any, **kwargs: Any) -> None:
        """Make a call and tell how it came out."""
        self.tell(lambda: self.hooks.wrap(self.inner, planned=self.planned)(*args, **kwargs))

    def call_async(self, *args: Any, **kwargs: Any) -> None:
        """Make a call that is awaited, and tell how it came out."""

        async def inner(*args: Any, **kwargs: Any) -> str:
            await asyncio.sleep(0)
            return self.inner(*args, **kwargs)

        self.tell(lambda: run(self.hooks.wrap(inner, asynchronous=True, planned=self.planned)(*args, **kwargs)))

    def inner(self, *args: Any, **kwargs: Any) -> str:
        """Tell of a call, and do what it is for."""
        self.events.append(("call", args, kwargs))
        return implementation(*args, **kwargs)

    def tell(self, do: Callable[[], object]) -> None:
        """Do something, and keep what comes of it."""
        try:
            self.events.append(("result", do()))
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 # it is what is compared
            self.events.append(shown(error))

    def hook(self, number: int, what: str, value: Any) -> Callable[..., Any]:
        """Return a call hook."""

        def plain(*given: Any) -> Any:
            self.events.append((number, what, *map(seen, given)))
            self.act(number, what)
            return value

        if what in ("scale", "odd"):
            return _Scale(value if isinstance(value, str | int) else "x", odd=what == "odd")
        return plain

    def act(self, number: int, what: str) -> None:
        """Do what a hook does besides returning something."""
        if what in FAILURES:
            raise FAILURES[what](number)
        if what == "nest" and self.depth < DEPTH:
            self.depth += 1
            self.call(f"nested {number}")
            self.depth -= 1
        elif what == "remove":
            for handle in tuple(self.handles.values())[::2]:
                handle.remove()
        elif what == "add":
            self.handles[-number] = self.hooks.register_post_hook(lambda *_: self.events.append(("added", number)))
        elif what == "suspend":
            with suspend_interception():
                self.call("suspended")

    def register(self, number: int, where: str, kind: str, options: dict[str, Any], hook: Callable[..., Any]) -> None:
        """Register a hook of a kind, here or for the host."""
        hooks = self.everywhere if where == "host" else self.hooks
        self.handles[number] = getattr(hooks, f"register_{kind}_hook")(hook, label=str(number), **options)


class _Scale:
    """A hook that takes part in plans: it multiplies its last argument, and returns nothing where that fails."""

    def __init__(self, factor: Any, *, odd: bool) -> None:
        self.factor = factor
        self.odd = odd

    def __call__(self, *given: Any) -> Any:
        return multiply(given[-1], self.factor)

    def compiled_args(self, key: Key) -> None:
        """Say what a plan depends on."""
        key.specialize(multiply)
        key.lift(self.factor, "factor")
        key.specialize(self.odd)
        if self.odd:
            raise ValueError(self.odd)

    def apply_with_saved(self, args: tuple[Any, ...], saved: Saved) -> Any:
        """Record the multiplication."""
        return saved.record(multiply, args[-1], saved.swap("factor"))


def multiply(value: Any, factor: Any) -> Any:
    """Multiply what can be multiplied, by a number or by the length of anything else."""
    if isinstance(value, int | str):
        return operator.mul(value, factor if isinstance(factor, int) else len(factor))
    return None


def run(coroutine: Any) -> object:
    """Run a coroutine that waits for nothing."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def seen(given: Any) -> object:
    """Return what a hook was given, as a value that can be compared."""
    if isinstance(given, Outcome):
        return "outcome", given.result, shown(given.error)
    return (given.called, dict(given.arguments)) if hasattr(given, "arguments") else given


def shown(error: BaseException | None) -> object:
    """Return an exception as a value, with its notes, its cause and the exceptions in it."""
    if error is None:
        return None
    inside = [shown(one) for one in error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    notes = getattr(error, "__notes__", [])
    return type(error).__name__, str(error), notes, shown(error.__cause__), inside, type(error.__context__).__name__


values = st.sampled_from([None, None, 0, 3, "", "w", False, [1], {}, {"width": 5}, {"width": "x"}, {"widht": 1}])
acts = st.sampled_from(["say", "say", "say", "scale", "odd", "fail", "stop", "nest", "remove", "add", "suspend"])
kinds: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(
        st.just("pre"), st.fixed_dictionaries({"argument": st.sampled_from(["image", "width", "rest", "mode", "more"])})
    ),
    st.tuples(st.just("pre"), st.just({})),
    st.tuples(
        st.just("post"),
        st.fixed_dictionaries({"always": st.booleans(), "errors": st.sampled_from(["raise", "raise", "collect"])}),
    ),
    st.tuples(st.just("commit"), st.just({})),
)


class Sameness(RuleBasedStateMachine):
    """Two worlds to which the same is done."""

    def __init__(self) -> None:
        super().__init__()
        self.worlds = (World(planned=True), World(planned=False))
        self.number = 0

    @rule(
        kind=kinds,
        act=acts,
        value=values,
        where=st.sampled_from(["here", "here", "host"]),
        plugin=st.sampled_from(PLUGINS),
        prepend=st.booleans(),
    )
    def register(
        self, kind: tuple[str, dict[str, Any]], act: str, value: Any, where: str, plugin: str, *, prepend: bool
    ) -> None:
        """Register the same hook in both."""
        self.number += 1
        if kind[0] == "commit" and act in ("scale", "odd"):
            act = "say"
        for world in self.worlds:
            hook = world.hook(self.number, act, value)
            options = {**kind[1], "plugin": plugin, "prepend": prepend}
            world.register(self.number, where, kind[0], options, hook)

    @rule(number=st.integers(1, 20))
    def remove(self, number: int) -> None:
        """Remove the same hook from both; if it was removed, nothing happens."""
        for world in self.worlds:
            if number in world.handles:
                world.handles[number].remove()

    @rule(plugin=st.sampled_from(PLUGINS), everywhere=st.booleans())
    def remove_plugin(self, plugin: str, *, everywhere: bool) -> None:
        """Remove a plugin's hooks from both."""
        for world in self.worlds:
            (world.everywhere if everywhere else world.hooks).remove_call_hooks(plugin=plugin)

    @rule(
        width=st.integers(-1, 3),
        mode=st.sampled_from(["near", "near", "fail"]),
        rest=st.lists(st.integers(), max_size=2),
    )
    def call(self, width: int, mode: str, rest: list[int]) -> None:
        """Make the same call in both."""
        for world in self.worlds:
            world.call("i", width, *rest, mode=mode, key=1)

    @rule(mode=st.sampled_from(["near", "fail"]))
    def call_async(self, mode: str) -> None:
        """Make the same call, to be awaited, in both."""
        for world in self.worlds:
            world.call_async(image="i", mode=mode)

    @rule(kwargs=st.sampled_from([{}, {"image": "i", "width": 1, "other": 2}]))
    def call_wrongly_or_with_defaults(self, kwargs: dict[str, Any]) -> None:
        """Make a call that lacks an argument, or leaves out what has a default."""
        for world in self.worlds:
            world.call(**kwargs)

    @invariant()
    def are_the_same(self) -> None:
        """Whatever was done, the same happened."""
        planned, plain = (world.events for world in self.worlds)
        assert planned == plain
        for world in self.worlds:
            assert world.depth == 0
            assert [str(one) for one in world.hooks.call_hooks()] == [
                str(one) for one in self.worlds[0].hooks.call_hooks()
            ]
            world.events.clear()


Sameness.TestCase.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)
TestSameness = Sameness.TestCase
