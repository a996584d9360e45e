"""A routine's shape to the source of one function: no loop, no dictionary, one line for each step.

``write`` is the main function. What the source uses from outside, such as the steps' functions, stands in it as a mark,
which ``fill`` replaces: by a name or a constant where it is compiled, by what it is where a traceback shows it.
"""

from functools import lru_cache

from plugframe.calls.steps import Errors, Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from plugframe.calls.steps import Shape

MARK = "\N{SYMBOL FOR SUBSTITUTE}"
_FEW = 8  # results that are put in a list together
_LOCALS = (
    "caller", "context", "entered", "error", "extra", "failure", "failures", "outcome", "result", "results", "stop",
    "value",
)  # fmt: skip


@lru_cache(maxsize=512)
def write(shape: "Shape") -> tuple[str, dict[int, int]]:
    """Return the source of a function of this shape, and which line belongs to which step.

    Args:
        shape: the parameters and the steps.

    Returns:
        The text and line number to step. In the text stand between two ``MARK``: a step's number for its function,
        ``owner_`` and the number for the object of a method; ``missing``, ``complete``, ``leave``, ``refuse``,
        ``watch``, ``tell``, ``failed``, ``grouped``, ``coroutine``, ``unawaited``, ``refused`` and ``set_context`` for
        what it uses, and builtins, whose names arguments may have; for outcome wrappers ``outcome`` for the class of
        what they are sent, ``doubled``, ``converted``, and with the step's number behind it ``torn_`` and ``escaped_``:
        see ``hooks.outcomes``.
    """
    return _Writer(shape).function()


def fill(text: str, reference: "Callable[[str], str]") -> str:
    """Return a text in which what stands between marks is replaced.

    Example:
        >>> fill(f"x = {MARK}0{MARK}(page)", lambda name: f"f{name}")
        'x = f0(page)'
    """
    pieces = text.split(MARK)
    return "".join(reference(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def keyword_only(parameters: "Sequence[str]") -> str:
    """Return a function's parameters, all by keyword.

    Example:
        >>> keyword_only(("page", "width"))
        '*, page, width'
    """
    return ", ".join(("*", *parameters)) if parameters else ""


def outside(text: str) -> list[str]:
    """Return what a text uses from outside, each once, sorted."""
    return sorted(set(text.split(MARK)[1::2]))


def mark(name: object) -> str:
    """Return what stands in a text for something from outside."""
    return f"{MARK}{name}{MARK}"


class _Writer:
    def __init__(self, shape: "Shape") -> None:
        self.parameters, self.defaults, self.steps, self.first_result, self.errors, self.guarded, self.watched = shape
        # An argument may have any name: the function's own names make way.
        self.suffix = ""
        while any(name + self.suffix in self.parameters for name in (*_LOCALS, *self._step_names())):
            self.suffix += "_"
        self.lines: list[str] = []
        self.places: dict[int, int] = {}

    def _step_names(self) -> "Iterator[str]":
        names = ("value" if kind is Kind.PLAIN else "wrapper" for _, _, kind, _ in self.steps)
        return (f"{name}{place}" for place, name in enumerate(names))

    def own(self, name: str) -> str:
        return name + self.suffix

    def add(self, depth: int, *lines: str, step: int | None = None) -> None:
        for line in lines:
            self.lines.append("    " * depth + line)
            if step is not None:
                self.places[len(self.lines)] = step

    def function(self) -> tuple[str, dict[int, int]]:
        self.add(0, f"def call({self._signature()}):")
        if self.guarded:
            self._guard()
        depth = 1
        if self.watched:
            self.add(1, "try:")
            depth = 2
        if any(kind is not Kind.PLAIN for _, _, kind, _ in self.steps):
            self._wrapped(depth)
        elif self.guarded:
            self._raised_again(depth)
        else:
            self._plain(depth)
        if self.watched:
            error = self.own("error")
            self.add(1, f"except {mark('BaseException')} as {error}:")
            self.add(2, f"{mark('watch')}({error})", "raise")
        return "\n".join(self.lines) + "\n", self.places

    def _signature(self) -> str:
        keywords = keyword_only(self.parameters)
        if not self.guarded:
            return keywords
        return ", ".join(filter(None, (self.own("caller"), "/", keywords, f"**{self.own('extra')}")))

    def _guard(self) -> None:
        own = self.own
        tests = [f"{name} is {mark('missing')}" for name in self.parameters if name not in self.defaults]
        given = ", ".join(f"{name!r}: {name}" for name in self.parameters)
        self.add(1, f"if {' or '.join((*tests, own('extra')))}:")
        self.add(2, f"return {mark('complete')}({own('caller')}, {{{given}}}, {own('extra')})")

    def _call(self, place: int) -> str:
        positional, keywords, _, is_method = self.steps[place]
        owner = (mark(f"owner_{place}"),) if is_method else ()
        return f"{mark(place)}({', '.join((*owner, *positional, *(f'{name}={name}' for name in keywords)))})"

    def _plain(self, depth: int) -> None:
        if self.errors is not Errors.RAISE:
            self._tolerant(depth)
        elif self.first_result:
            self._first(depth)
        elif 0 < len(self.steps) <= _FEW:
            self._few(depth)
        else:
            self.add(depth, f"{self.own('results')} = []")
            for place in range(len(self.steps)):
                self._append(depth, place)
            self.add(depth, f"return {self.own('results')}")

    def _raised_again(self, depth: int) -> None:
        """Raise what a step raised anew, as pluggy does: where an exception is being handled, that is its context."""
        own = self.own
        self.add(depth, "try:")
        self._plain(depth + 1)
        self.add(depth, f"except {mark('BaseException')} as {own('error')}:")
        self.add(depth + 1, f"{own('failure')} = {own('error')}")
        self.add(depth, "try:")
        self.add(depth + 1, f"raise {own('failure')}")
        self.add(depth, "finally:")
        self.add(depth + 1, f"{own('failure')} = None")

    def _few(self, depth: int) -> None:
        """Make the list at once, which is faster than to append where nearly all return something."""
        values = [self.own(f"value{place}") for place in range(len(self.steps))]
        for place, value in enumerate(values):
            self.add(depth, f"{value} = {self._call(place)}", step=place)
        self.add(depth, f"if {' and '.join(f'{value} is not None' for value in values)}:")
        self.add(depth + 1, f"return [{', '.join(values)}]")
        value, several = self.own("value"), ", ".join((*values, ""))
        self.add(depth, f"return [{value} for {value} in ({several}) if {value} is not None]")

    def _first(self, depth: int) -> None:
        value = self.own("value")
        for place in range(len(self.steps)):
            self.add(depth, f"{value} = {self._call(place)}", step=place)
            self.add(depth, f"if {value} is not None:")
            self._look(depth + 1, place, value)
            self.add(depth + 1, f"return {value}")
        self.add(depth, "return None")

    def _look(self, depth: int, place: int, value: str) -> None:
        """Refuse a coroutine: where one value is looked at, not each, that costs next to nothing."""
        if self.watched:
            self.add(depth, f"if {mark('type')}({value}) is {mark('coroutine')}:")
            self.add(depth + 1, f"{mark('unawaited')}({place}, {value})", step=place)

    def _append(self, depth: int, place: int) -> None:
        value = self.own("value")
        self.add(depth, f"{value} = {self._call(place)}", step=place)
        self.add(depth, f"if {value} is not None:")
        self.add(depth + 1, f"{self.own('results')}.append({value})")

    def _tolerant(self, depth: int) -> None:
        own = self.own
        self.add(depth, f"{own('results')} = []", f"{own('failures')} = []")
        for place in range(len(self.steps)):
            self.add(depth, "try:")
            self.add(depth + 1, f"{own('value')} = {self._call(place)}", step=place)
            self._look(depth + 1, place, own("value"))
            self.add(depth, f"except {mark('Exception')} as {own('error')}:")
            self.add(depth + 1, f"{mark('failed')}({place}, {own('error')}, {own('failures')})")
            self.add(depth, "else:")
            self.add(depth + 1, f"if {own('value')} is not None:")
            if self.first_result:
                self.add(depth + 2, f"if {own('failures')}:")
                self.add(depth + 3, f"raise {mark('grouped')}({own('failures')})")
                self.add(depth + 2, f"return {own('value')}")
            else:
                self.add(depth + 2, f"{own('results')}.append({own('value')})")
        self.add(depth, f"if {own('failures')}:")
        self.add(depth + 1, f"raise {mark('grouped')}({own('failures')})")
        self.add(depth, "return None" if self.first_result else f"return {own('results')}")

    def _wrapped(self, depth: int) -> None:
        own = self.own
        self.add(depth, f"{own('entered')} = 0", f"{own('failure')} = {own('result')} = None", "try:")
        inner = depth + 1
        wrappers = [place for place, (_, _, kind, _) in enumerate(self.steps) if kind is not Kind.PLAIN]
        for place in wrappers:
            self._enter(inner, place)
        if self.first_result:
            self.add(inner, "while True:")
            inner += 1
        else:
            self.add(inner, f"{own('results')} = {own('result')} = []")
        for place in range(len(wrappers), len(self.steps)):
            if self.first_result:
                self.add(inner, f"{own('result')} = {self._call(place)}", step=place)
                self.add(inner, f"if {own('result')} is not None:")
                self._look(inner + 1, place, own("result"))
                self.add(inner + 1, "break")
            else:
                self._append(inner, place)
        if self.first_result:
            self.add(inner, "break")
        self.add(depth, f"except {mark('BaseException')} as {own('error')}:")
        self._fail(depth + 1, own("error"))
        if self.watched:
            self.add(depth + 1, f"{mark('watch')}({own('error')})")
        for place in reversed(wrappers):
            self._leave(depth, place)
        self.add(depth, f"if {own('failure')} is not None:")
        self.add(depth + 1, "try:")
        self.add(depth + 2, f"raise {own('failure')}")
        self.add(depth + 1, "finally:")
        if self.watched:  # Raising it, or throwing it into wrappers, makes whatever is being handled its context.
            self.add(depth + 2, f"{mark('set_context')}({own('failure')}, {own('context')})")
        self.add(depth + 2, f"{own('failure')} = None")  # or the exception and this frame would keep each other
        self.add(depth, f"return {own('result')}")

    def _fail(self, depth: int, error: str, step: int | None = None) -> None:
        """Keep an exception for the wrappers around; tell whose it is, if somebody is told."""
        own = self.own
        self.add(depth, f"{own('failure')} = {error}")
        if self.watched:
            self.add(depth, f"{own('context')} = {own('failure')}.__context__")
            if step is not None:
                self.add(depth, f"{mark('tell')}({own('failure')}, {step})")

    def _enter(self, depth: int, place: int) -> None:
        own, wrapper = self.own, self.own(f"wrapper{place}")
        self.add(depth, f"{wrapper} = {self._call(place)}", step=place)
        self.add(depth, "try:")
        self.add(depth + 1, f"{mark('next')}({wrapper})", step=place)
        self.add(depth, f"except {mark('StopIteration')}:")
        self.add(depth + 1, f"{mark('refuse')}({wrapper}, 'did not yield')", step=place)
        self.add(depth, f"{own('entered')} = {place + 1}")

    def _leave(self, depth: int, place: int) -> None:
        own, wrapper = self.own, self.own(f"wrapper{place}")
        outcome = self.steps[place][2] is Kind.OUTCOME_WRAPPER
        self.add(depth, f"if {own('entered')} > {place}:")
        self.add(depth + 1, f"if {own('failure')} is None:")
        (self._leave_with_outcome if outcome else self._leave_with_result)(depth + 2, place, wrapper)
        self.add(depth + 1, "else:")
        result = f"{own('result')}, {own('failure')}"
        how = mark(f"escaped_{place}") if outcome else mark("leave")
        if self.watched:
            self.add(depth + 2, f"{own('error')} = {own('failure')}")
        self.add(depth + 2, f"{result} = {how}({wrapper}, {result})", step=place)
        if self.watched:
            self.add(depth + 2, f"if {own('failure')} is not None and {own('failure')} is not {own('error')}:")
            self._fail(depth + 3, own("failure"), place)
            self.add(depth + 2, f"{own('error')} = None")
            coroutine = f"{mark('type')}({own('result')}) is {mark('coroutine')}"
            self.add(depth + 1, f"if {coroutine} and {own('failure')} is None:")
            self.add(depth + 2, f"{result} = {mark('refused')}({place}, {own('result')})", f"{own('context')} = None")

    def _leave_with_result(self, depth: int, place: int, wrapper: str) -> None:
        own = self.own
        self.add(depth, "try:")
        self.add(depth + 1, f"{wrapper}.send({own('result')})", step=place)
        self.add(depth + 1, f"{wrapper}.close()", step=place)
        self.add(depth, f"except {mark('StopIteration')} as {own('stop')}:")
        self.add(depth + 1, f"{own('result')} = {own('stop')}.value")
        self.add(depth, f"except {mark('BaseException')} as {own('error')}:")
        self._fail(depth + 1, own("error"), place)
        self.add(depth, "else:")
        self.add(depth + 1, f"{mark('refuse')}({wrapper}, 'has second yield')", step=place)

    def _leave_with_outcome(self, depth: int, place: int, wrapper: str) -> None:
        own = self.own
        self.add(depth, f"{own('outcome')} = {mark('outcome')}({own('result')}, None)", "try:")
        self.add(depth + 1, f"{wrapper}.send({own('outcome')})", step=place)
        self._fail(depth + 1, f"{mark('doubled')}({wrapper})", place)
        self.add(depth, f"except {mark('StopIteration')}:", "    pass")
        self.add(depth, f"except {mark('BaseException')} as {own('error')}:")
        self._fail(depth + 1, f"{mark(f'torn_{place}')}({own('error')})", place)
        self.add(depth, f"if {own('failure')} is None:", "    try:")
        self.add(depth + 2, f"{own('result')} = {own('outcome')}.get_result()", step=place)
        self.add(depth + 1, f"except {mark('BaseException')} as {own('error')}:")
        self._fail(depth + 2, f"{mark('converted')}({own('error')})", place)
