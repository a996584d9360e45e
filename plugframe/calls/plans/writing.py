"""A plan to the source of one function: what ``plain.run`` does, without a loop, one step after the other.

``write_plan`` is the main function. What the source uses from outside stands in it as a mark: see ``source.fill``.
"""

from plugframe.calls.forwarding import write_parameters
from plugframe.calls.plans.hooks import ARGUMENT, COMMIT, POST, PRE
from plugframe.calls.source import mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugframe.calls.plans.callee import Callee
    from plugframe.calls.plans.hooks import CallHook
    from plugframe.calls.plans.tracing import Recorded, Reference, Traced

_LOCALS = ("arguments", "error", "fate", "made", "result", "target", "value")


def header(callee: "Callee", *, asynchronous: bool) -> tuple[str, str]:
    """Return the first line of a function with a callee's parameters, and how they are passed on."""
    declared, passed = write_parameters(tuple(callee.signature.parameters.values()))
    return f"{'async ' if asynchronous else ''}def call({declared}):", passed


def write_plan(
    callee: "Callee",
    hooks: "Sequence[CallHook]",
    traces: "Sequence[Traced]",
    *,
    asynchronous: bool,
    forwards: bool = False,
) -> tuple[str, dict[int, int]]:
    """Return the source of a function that makes a call with its call hooks, and which line belongs to which hook.

    Args:
        callee: what is called.
        hooks: those that take part, sorted by kind.
        traces: what each does.
        asynchronous: whether the call is awaited.
        forwards: whether what it does is a ``Forwarding``.

    Returns:
        The text and line number to number of the hook. In the text stand between two ``MARK`` a hook's number for the
        hook; behind ``lift_`` or ``constant_`` its number and another for what it uses; behind ``mistyped_``,
        ``replaced_``, ``returned_`` and ``late_`` its number, for what refuses what it returned; ``types_`` and a
        parameter's number, ``result_types``, ``function``, ``forwarding``, ``is_suspended``, ``new``, ``kind``,
        ``fate``, ``called``, ``outcome``, ``new_tuple``, ``watch`` and builtins.
    """
    return _Writer(callee, hooks, traces, asynchronous=asynchronous, forwards=forwards).function()


class _Writer:
    def __init__(
        self,
        callee: "Callee",
        hooks: "Sequence[CallHook]",
        traces: "Sequence[Traced]",
        *,
        asynchronous: bool,
        forwards: bool,
    ) -> None:
        self.callee = callee
        self.parameters = tuple(callee.signature.parameters)
        self.hooks = tuple(enumerate(hooks))
        self.traces = traces
        self.asynchronous = asynchronous
        # An argument may have any name: the function's own names make way.
        self.suffix = ""
        while any(name.startswith(own + self.suffix) for name in self.parameters for own in _LOCALS):
            self.suffix += "_"
        self.head, self.passed = header(callee, asynchronous=asynchronous)
        self.wait = "await " * asynchronous
        self.call = f"{self.wait}{mark('function')}({self.passed})"
        self.forwards = forwards
        self.lines: list[str] = []
        self.places: dict[int, int] = {}

    def own(self, name: str) -> str:
        return name + self.suffix

    def add(self, depth: int, *lines: str, hook: int | None = None) -> None:
        for line in lines:
            self.lines.append("    " * depth + line)
            if hook is not None:
                self.places[len(self.lines)] = hook

    def function(self) -> tuple[str, dict[int, int]]:
        self.add(0, self.head)
        self.add(1, f"if {mark('is_suspended')}():", f"    return {self.call}")
        if any(hook.always or hook.errors == "collect" for _, hook in self.hooks):
            self._fated()
        else:
            self._straight()
        return "\n".join(self.lines) + "\n", self.places

    def _straight(self) -> None:
        """Write a call of which the first exception is the end."""
        self.add(1, "try:")
        self._before()
        if self._has(POST) or self._has(COMMIT):
            self._call(2, f"{self.own('result')} = ")
            for place, hook in self.hooks:
                if hook.kind == POST:
                    self._post(2, place)
            self._commit(2)
        else:
            self._call(2, "return ")
        self._watch(1, "raise")

    def _call(self, depth: int, then: str) -> None:
        """Write what the hooks are around, and what becomes of its result."""
        if not self.forwards:
            self.add(depth, f"{then}{self.call}")
            return
        target, error, forwarding = self.own("target"), self.own("error"), mark("forwarding")
        given = ", ".join(filter(None, (target, error, self.passed)))
        self.add(depth, f"{target} = {forwarding}.target", "try:")
        self.add(depth + 1, f"{then}{self.wait}{target}({self.passed})")
        self.add(depth, f"except {forwarding}.expected as {error}:")
        self.add(depth + 1, f"{then}{self.wait}{forwarding}.otherwise({given})")

    def _fated(self) -> None:
        """Write a call of which some post-hooks run after an exception, too."""
        arguments, result, fate = self.own("arguments"), self.own("result"), self.own("fate")
        self.add(1, f"{arguments} = {result} = None", f"{fate} = {mark('fate')}()", "try:")
        self._before()
        self._call(2, f"{result} = ")
        self._watch(1, f"{fate}.fail({self.own('error')})")
        self.add(1, f"if {arguments} is None:")
        self._make_arguments(2)
        for place, hook in self.hooks:
            if hook.kind != POST:
                continue
            if not hook.always:
                self.add(1, f"if not {fate}.failed:")
            depth = 1 if hook.always else 2
            self.add(depth, "try:")
            self._post(depth + 1, place)
            how = "wait" if hook.always else {"raise": "fail", "collect": "collect"}[hook.errors]
            self._watch(depth, f"{fate}.{how}({self.own('error')})")
        self.add(1, f"if not {fate}.is_well:", f"    {fate}.finish({mark('called')})", "try:")
        self._commit(2)
        self._watch(1, "raise")

    def _has(self, *kinds: str) -> bool:
        return any(hook.kind in kinds for _, hook in self.hooks)

    def _watch(self, depth: int, then: str) -> None:
        error = self.own("error")
        self.add(depth, f"except {mark('BaseException')} as {error}:")
        self.add(depth + 1, f"{mark('watch')}({error})", then)

    def _make_arguments(self, depth: int) -> None:
        given = ", ".join(f"{name!r}: {name}" for name in self.parameters)
        arguments = self.own("arguments")
        self.add(depth, f"{arguments} = {mark('new')}({mark('kind')})", f"{arguments}._values = {{{given}}}")

    def _before(self) -> None:
        value, arguments = self.own("value"), self.own("arguments")
        for place, hook in self.hooks:
            if hook.kind == ARGUMENT and self._value(2, place):
                name = str(hook.argument)
                types = f"types_{self.parameters.index(name)}" if name in self.callee.types else ""
                self._check(3, place, types)
                self.add(3, f"{name} = {value}")
        if self._has(PRE, POST, COMMIT):
            self._make_arguments(2)
        for place, hook in self.hooks:
            if hook.kind == PRE and self._value(2, place):
                self.add(3, f"{arguments} = {mark(f'replaced_{place}')}({value}, {arguments})", hook=place)
                if self.parameters:
                    self.add(3, f"{', '.join((*self.parameters, ''))} = {arguments}._values.values()")

    def _post(self, depth: int, place: int) -> None:
        if not self._value(depth, place):
            if self.lines[-1].endswith("try:"):
                self.add(depth, "pass")
            return
        if self.hooks[place][1].always:
            self.add(depth + 1, f"if not {self.own('fate')}.is_well:")
            self.add(depth + 2, f"{mark(f'late_{place}')}()", hook=place)
        self._check(depth + 1, place, "result_types" if self.callee.result_types else "")
        self.add(depth + 1, f"{self.own('result')} = {self.own('value')}")

    def _commit(self, depth: int) -> None:
        for place, hook in self.hooks:
            if hook.kind == COMMIT and self._value(depth, place):
                self.add(depth + 1, f"{mark(f'returned_{place}')}({self.own('value')})", hook=place)
        self.add(depth, f"return {self.own('result')}")

    def _check(self, depth: int, place: int, types: str) -> None:
        if types:
            value = self.own("value")
            self.add(depth, f"if not {mark('isinstance')}({value}, {mark(types)}):", hook=place)
            self.add(depth + 1, f"{mark(f'mistyped_{place}')}({value})", hook=place)

    def _value(self, depth: int, place: int) -> bool:
        """Write what a hook does, and a condition on its value; return whether it has one."""
        traced, value = self.traces[place], self.own("value")
        for number, call in enumerate(traced.calls):
            last = traced.value == ("made", str(number)) and number == len(traced.calls) - 1
            target = value if last else f"{self.own('made')}{number}"
            self.add(depth, f"{target} = {self._recorded(place, call)}", hook=place)
            if last:
                self.add(depth, f"if {value} is not None:")
                return True
        if traced.value is None:
            return False
        self.add(depth, f"{value} = {self._refer(place, traced.value)}", f"if {value} is not None:", hook=place)
        return True

    def _recorded(self, place: int, call: "Recorded") -> str:
        given = [self._refer(place, one) for one in call.given]
        given += [f"{name}={self._refer(place, one)}" for name, one in call.keywords.items()]
        return f"{self._refer(place, call.function)}({', '.join(given)})"

    def _outcome(self) -> str:
        # Past the class's own way to be made, of a call that is well: that costs as much as a hook.
        fate, result = self.own("fate"), self.own("result")
        made = f"{mark('new_tuple')}({mark('outcome')}, ({result}, None))"
        return f"{made} if {fate}.is_well else {fate}.outcome({result})"

    def _refer(self, place: int, reference: "Reference") -> str:
        kind, name = reference
        if kind == "call":
            if name == "argument":
                return str(self.hooks[place][1].argument)
            return self._outcome() if name == "outcome" else self.own(name)
        if kind == "made":
            return f"{self.own('made')}{name}"
        return mark(place) if kind == "hook" else mark(f"{kind}_{place}_{name}")
