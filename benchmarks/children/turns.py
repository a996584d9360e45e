"""Contestants that take turns in one process, so that whatever slows the machine down slows all of them."""

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from time import perf_counter_ns
from typing import Any

from benchmarks.measure import Comparison, MeasurementError

BLOCKS = 60  # turns of each contestant
BLOCK_NS = 1_000_000  # how long a turn is: short enough that most turns are not disturbed
WRITTEN_OUT = 10  # calls in the body of a block's loop, so that the loop itself weighs next to nothing

_SOURCE = """\
def block(count, {parameters}):
    start = clock()
    for _ in repeat(None, count):
{calls}
    return clock() - start

def once({parameters}):
    return {call}
"""


def define(source: str, name: str, **variables: object) -> Any:  # noqa: ANN401  # whatever the source defines
    """Run a source of our own and return what it defines under a name: a code object that nothing else shares."""
    namespace: dict[str, Any] = {"__name__": __name__, **variables}
    exec(compile(source, f"<{name}>", "exec"), namespace)  # noqa: S102  # all sources are written in this package
    return namespace[name]


class Contestant:
    """One who takes turns: a call written out in a function, where what it starts from is a local variable."""

    def __init__(self, who: str, call: str, **variables: object) -> None:
        """Write the functions that make the call.

        Args:
            who: how the report names it.
            call: the expression, such as ``host.hook.h(a=1, b=2)``.
            variables: the local variables that the expression needs.
        """
        self.who = who
        self._values = tuple(variables.values())
        calls = "\n".join([f"        {call}"] * WRITTEN_OUT)
        source = _SOURCE.format(parameters=", ".join(variables), calls=calls, call=call)
        self._block = define(source, "block", clock=perf_counter_ns, repeat=repeat)
        self._once = define(source, "once")

    def result(self) -> object:
        """Make the call once."""
        return self._once(*self._values)

    def time(self, count: int) -> int:
        """Return the nanoseconds of so many times ``WRITTEN_OUT`` calls."""
        elapsed: int = self._block(count, *self._values)
        return elapsed

    def turn(self) -> Callable[[], float]:
        """Return what makes a block of calls and returns the nanoseconds of one, warmed up."""
        count = 1
        while (elapsed := self.time(count)) < BLOCK_NS // 2:
            count *= 2
        count = max(1, round(count * BLOCK_NS / elapsed))
        return lambda: self.time(count) / (count * WRITTEN_OUT)


def compare(ours: Contestant, *peers: Contestant) -> Comparison:
    """Time calls in blocks that take turns, and compare ours with the fastest of the peers.

    Raises:
        MeasurementError: they return different things.
    """
    results = {one.who: one.result() for one in (ours, *peers)}
    if any(result != results[ours.who] for result in results.values()):
        message = f"different results: {results}"
        raise MeasurementError(message)
    return summarize(take_turns({one.who: one.turn() for one in (ours, *peers)}, BLOCKS))


def take_turns(turns: Mapping[str, Callable[[], float]], count: int) -> dict[str, list[float]]:
    """Let each take its turn so many times, forth and back (a, b, b, a …), without the garbage collector.

    Args:
        turns: who, and what measures it once and returns nanoseconds.
        count: how many turns each takes.

    Returns:
        The nanoseconds of each, turn by turn.
    """
    times: dict[str, list[float]] = {who: [] for who in turns}
    order = list(turns.items())
    gc.collect()
    gc.disable()
    try:
        for _ in range(count):
            for who, turn in order:
                times[who].append(turn())
            order.reverse()
    finally:
        gc.enable()
    return times


def summarize(times: Mapping[str, Sequence[float]]) -> Comparison:
    """Compare the first with the fastest of the others, by the medians of all turns and of the ratios of each turn."""
    (_, ours), *others = times.items()
    who, peer = min(others, key=lambda other: statistics.median(other[1]))
    return Comparison(
        peer=who,
        ours_ns=statistics.median(ours),
        peer_ns=statistics.median(peer),
        ratio=statistics.median(one / other for one, other in zip(ours, peer, strict=True)),
    )
