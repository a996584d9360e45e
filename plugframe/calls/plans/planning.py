"""Plans: what a call with call hooks does is compiled once for all hooks of the same structure.

``Plans.body`` is the main function.
"""

import builtins
import threading
from collections import OrderedDict
from functools import partial
from typing import Any, NamedTuple

from plugframe.calls.forwarding import Forwarding
from plugframe.calls.functions import compile_function
from plugframe.calls.plans.checking import late, mistyped, replaced, returned
from plugframe.calls.plans.hooks import Outcome
from plugframe.calls.plans.keys import UnplannableError, is_keyed, read
from plugframe.calls.plans.plain import Fate, note, run, run_async
from plugframe.calls.plans.suspension import is_suspended
from plugframe.calls.plans.tracing import trace
from plugframe.calls.plans.writing import header, write_plan
from plugframe.calls.showing import show
from plugframe.calls.source import mark, outside
from plugframe.calls.watching import Watcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from plugframe.calls.plans.callee import Callee
    from plugframe.calls.plans.hooks import CallHook
    from plugframe.calls.plans.keys import Key
    from plugframe.calls.plans.tracing import Traced

    Hooks = tuple[CallHook, ...]
    Function = Callable[..., Any]
    Called = Function | Forwarding

MOST = 64  # plans of one callable; those that were used last are kept


class Body(NamedTuple):
    """A function to be: its text, what stands for the marks in it, and the file that tracebacks show."""

    text: str
    values: "Mapping[str, object]"
    place: str


class Plan(NamedTuple):
    """What calls with hooks of one structure do.

    Attributes:
        key: what it depends on.
        text: of a function that does it.
        places: line of the text to number of the hook.
        traces: what each hook does.
        plugins: whose hooks take part.
    """

    key: "Hashable"
    text: str
    places: "Mapping[int, int]"
    traces: "tuple[Traced, ...]"
    plugins: frozenset[str]


class PlansInfo(NamedTuple):
    """How often plans were used, how often made, how many there may be, and how many there are."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


class Plans:
    """The plans of one callable, of which those are kept that were used last."""

    def __init__(self, callee: "Callee", *, most: int = MOST) -> None:
        """Begin with none."""
        self._callee = callee
        self._most = most
        self._plans: OrderedDict[Hashable, Plan] = OrderedDict()
        self._lock = threading.RLock()
        self._hits = self._misses = self._drops = 0

    def info(self) -> PlansInfo:
        """Return how often plans were used and made."""
        return PlansInfo(self._hits, self._misses, self._most, len(self._plans))

    def drop(self, plugin: str | None = None) -> None:
        """Forget the plans in which hooks of a plugin take part; None for all."""
        with self._lock:
            self._drops += 1
            for key, plan in tuple(self._plans.items()):
                if plugin is None or plugin in plan.plugins:
                    del self._plans[key]

    def find(
        self, hooks: "Hooks", key: "Hashable", *, asynchronous: bool = False, forwards: bool = False
    ) -> "tuple[Plan, tuple[Key, ...]]":
        """Return the plan for hooks, which is made if there is none, and what the hooks say of themselves now.

        No lock is held while hooks are asked, and nothing is kept where one of them cannot take part.

        Raises:
            UnplannableError: one cannot; the message says whose, and why.
        """
        keys = tuple(_of(hook, partial(read, hook)) for hook in hooks)
        whole = (key, asynchronous, forwards, tuple(tuple(one.shape) for one in keys))
        with self._lock:
            plan, drops = self._plans.get(whole), self._drops
            if plan is not None:
                self._plans.move_to_end(whole)
                self._hits += 1
                return plan, keys
        traces = tuple(_of(hook, partial(trace, hook, one)) for hook, one in zip(hooks, keys, strict=True))
        text, places = write_plan(self._callee, hooks, traces, asynchronous=asynchronous, forwards=forwards)
        plan = Plan(whole, text, places, traces, frozenset(hook.plugin for hook in hooks))
        with self._lock:
            self._misses += 1
            if drops == self._drops:  # else a plugin went meanwhile, perhaps one of these
                self._plans[whole] = plan
                while len(self._plans) > self._most:
                    self._plans.popitem(last=False)
        return plan, keys

    def body(self, hooks: "Hooks", function: "Called", key: "Hashable", *, asynchronous: bool = False) -> Body:
        """Return a function that makes a call with hooks: planned if it can be, else the plain way.

        Args:
            hooks: those that take part, sorted by kind.
            function: does what the call is for; of one that only hands calls on, a plan takes the place.
            key: says which function that is; one with another key has another plan.
            asynchronous: whether the function is a coroutine function.
        """
        if any(map(is_keyed, hooks)):
            return self._looking(hooks, function, key, asynchronous=asynchronous)
        try:
            plan, keys = self.find(hooks, key, asynchronous=asynchronous, forwards=isinstance(function, Forwarding))
        except UnplannableError:
            return self.plain(hooks, function, asynchronous=asynchronous)
        return self._fill(plan, keys, hooks, function)

    def plain(self, hooks: "Hooks", function: "Called", *, asynchronous: bool = False) -> Body:
        """Return a function that makes a call with hooks step by step."""
        head, passed = header(self._callee, asynchronous=asynchronous)
        given = ", ".join(f"{name!r}: {name}" for name in self._callee.signature.parameters)
        wait = "await " * asynchronous
        text = (
            f"{head}\n"
            f"    if {mark('is_suspended')}():\n"
            f"        return {wait}{mark('function')}({passed})\n"
            f"    return {wait}{mark('run')}({{{given}}})\n"
        )
        whole = function_of(function)
        runs = partial(run_async if asynchronous else run, self._callee, hooks, whole)
        values = {"is_suspended": is_suspended, "function": whole, "run": runs}
        return Body(text, values, show(self._callee.name, text, ()))

    def _looking(self, hooks: "Hooks", function: "Called", key: "Hashable", *, asynchronous: bool) -> Body:
        """Return a function that asks the hooks at each call what it depends on; some say so themselves."""
        head, passed = header(self._callee, asynchronous=asynchronous)
        text = f"{head}\n    return {'await ' * asynchronous}{mark('current')}()({passed})\n"
        current = _Current(self, hooks, function, key, asynchronous=asynchronous)
        return Body(text, {"current": current}, show(self._callee.name, text, ()))

    def _fill(self, plan: Plan, keys: "Sequence[Key]", hooks: "Hooks", function: "Called") -> Body:
        """Return the function of a plan, with the hooks as they are now."""
        callee = self._callee
        values: dict[str, object] = {
            "function": function_of(function), "forwarding": function, "is_suspended": is_suspended,
            "new": object.__new__, "kind": callee.arguments, "fate": Fate, "outcome": Outcome,
            "new_tuple": tuple.__new__, "called": callee.name, "result_types": callee.result_types,
            "watch": Watcher(partial(_tell, callee.name, hooks), plan.places),
        }  # fmt: skip
        values |= {f"types_{place}": callee.types.get(name) for place, name in enumerate(callee.signature.parameters)}
        for place, (hook, one, traced) in enumerate(zip(hooks, keys, plan.traces, strict=True)):
            values[str(place)] = hook.function
            values |= {f"lift_{place}_{many}": value for many, value in enumerate(one.lifted.values())}
            values |= {f"constant_{place}_{many}": value for many, value in enumerate(traced.constants)}
        for name in outside(plan.text):
            what, _, number = name.rpartition("_")
            if what in _REFUSALS:
                values[name] = partial(_REFUSALS[what], callee, hooks[int(number)])
            elif name not in values:
                values[name] = getattr(builtins, name)
        labels = [hook.label for hook in hooks]
        return Body(plan.text, values, show(callee.name, plan.text, labels))

    def compiled(self, body: Body) -> "Function":
        """Return a body as a function of its own."""
        return compile_function(self._callee.name, tuple(self._callee.signature.parameters.values()), *body)


class _Current:
    """Finds the function for what the hooks say of themselves now; of the last one it asks whether it still is that."""

    __slots__ = ("_asynchronous", "_function", "_hooks", "_key", "_last", "_plans")

    def __init__(
        self, plans: Plans, hooks: "Hooks", function: "Called", key: "Hashable", *, asynchronous: bool
    ) -> None:
        self._plans = plans
        self._hooks = hooks
        self._function = function
        self._key = key
        self._asynchronous = asynchronous
        self._last: tuple[Plan | None, tuple[object, ...], Function] = None, (), function_of(function)

    def __call__(self) -> "Function":
        try:
            plan, keys = self._plans.find(
                self._hooks,
                self._key,
                asynchronous=self._asynchronous,
                forwards=isinstance(self._function, Forwarding),
            )
        except UnplannableError:
            return self._plans.compiled(self._plans.plain(self._hooks, self._function, asynchronous=self._asynchronous))
        lifted = tuple(value for one in keys for value in one.lifted.values())
        before, values, function = self._last
        same = before is plan and all(one is other for one, other in zip(lifted, values, strict=True))
        if not same:
            body = self._plans._fill(plan, keys, self._hooks, self._function)  # noqa: SLF001 # of this module
            function = self._plans.compiled(body)
            self._last = plan, lifted, function
        return function


def function_of(called: "Called") -> "Function":
    """Return what does all that a call is for."""
    return called.function if isinstance(called, Forwarding) else called


_REFUSALS: "dict[str, Function]" = {"mistyped": mistyped, "replaced": replaced, "returned": returned, "late": late}


def _tell(called: str, hooks: "Hooks", error: BaseException, step: int | None) -> None:
    if step is not None:
        note(called, hooks[step], error)


def _of(hook: "CallHook", ask: "Callable[[], Any]") -> Any:  # noqa: ANN401 # what it is asked for
    try:
        return ask()
    except UnplannableError as error:
        whose = f" of plugin {hook.plugin!r}" if hook.plugin else ""
        message = f"the {hook}{whose}: {error}"
        raise UnplannableError(message) from error
