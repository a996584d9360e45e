"""Does ``plugframe``'s plugin manager do what pluggy's does? Random programs are run with both, and compared.

``Sameness`` is a hypothesis state machine: each rule draws an action and lets it happen in two worlds that are alike
but for the manager. ``python tests/_sameness.py --programs N [--seconds S] [--seed K]`` runs it as often as one likes.
"""

import argparse
import gc
import itertools
import secrets
import sys
import time
import traceback
import warnings
import weakref
from collections.abc import Sequence
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pluggy
from _sameness_plugins import (
    BASES,
    ERRORS,
    End,
    Implementation,
    Plugin,
    Signature,
    Specification,
    Specifications,
)
from _sameness_worlds import (
    CHANGES,
    HOOKS,
    Action,
    Ask,
    Call,
    Change,
    Leave,
    Monitor,
    Register,
    Specify,
    Tally,
    Undo,
    Unregister,
    World,
)
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from plugframe.hooks import callers
from plugframe.hooks.manager import PluginManager

STEPS = 10  # actions in each program, besides those that begin it
BATCH = 500  # programs, whose choices hypothesis remembers


def _signatures(
    required: str, defaulted: str, *, positional: Sequence[int] = (0,), more: Sequence[str]
) -> list[Signature]:
    """Return all signatures of some parts; each part is a word of one-letter parameters, ``e`` meaning ``error``."""
    long = {"c": "caller", "e": "error", "r": "result", "u": "unknown"}
    parts = [
        [tuple(long.get(one, one) for one in word) for word in ("", *words.split())] for words in (required, defaulted)
    ]
    product = itertools.product(parts[0], parts[1], positional, more)
    return [Signature(*one) for one in product if not set(one[0]).intersection(one[1])]


# Hypothesis draws one of many much faster than many of a few: what belongs together is drawn together.
SIGNATURES = _signatures("x yx xy ze c w", "y zr u", positional=(0, 0, 1, 3), more=("", "", "*, only=0", "**rest"))
SPECIFIED = _signatures("x xy xyz ezxc xw", "z yr", more=("", "", "**rest"))
FLAGS = ((), (), (), ("tryfirst",), ("trylast",), ("tryfirst", "trylast"), ("optionalhook",))
VALUES = ("none", "text", "one", "zero", "false", "list", "shared", "argument", "error", "iterator")
RAISES = [End(how, error=error) for how in ("raise", "handling", "from", "from none", "again") for error in ERRORS]
FORCES = [End("force", error=error) for error in ERRORS]
RETURNS = [End(value=value) for value in VALUES]
WRAPPING = [End("pass"), End("mutate"), End("get")]
# What implementations do besides.
ACTS: tuple[tuple[Action, ...], ...] = (
    (), (), (), (), (), (),
    (Call("alpha"),), (Call("beta", lets_through=True),), (Call("gamma", handling=True),), (Call("beta", "less"),),
    (Call("alpha", via="subset"),), (Call("alpha", via="fresh", which=-1),),
    (Unregister(),), (Unregister(), Register(which=-1, name="d")), (Unregister(0),), (Register(which=1, name="e"),),
    (Monitor("watch"),), (Monitor("trace"),), (Undo(),), (Monitor("replace"),), (Change("alpha"),),
    (Change("beta", "clear"),), (Ask("set_blocked"),), (Ask("unblock"),),
    (Specify(Specifications(specifications=(Specification("gamma", signature=Signature(("x",))),))),),
    (Change("alpha"), Call("alpha", lets_through=True)),
)  # fmt: skip
NAMES = st.sampled_from(("a", "b", "c", "canonical"))
PLUGINS = st.integers(-1, 5)
HOOK = st.sampled_from(HOOKS)


def _few(strategy: "st.SearchStrategy[Any]", least: int, most: int) -> "st.SearchStrategy[tuple[Any, ...]]":
    return st.one_of([st.tuples(*[strategy] * number) for number in range(least, most + 1)])


class _Choice:
    """What there is to choose from, not shown: hypothesis keeps a text of all strategies for each program."""

    def __init__(self, *parts: Sequence[Any]) -> None:
        self.choices = [one for part in parts for one in part]

    def __call__(self, number: int) -> Any:
        return self.choices[number]


def _one(*parts: Sequence[Any]) -> "st.SearchStrategy[Any]":
    choice = _Choice(*parts)
    return st.integers(0, len(choice.choices) - 1).map(choice)


SPECIFICATION = st.builds(
    Specification,
    hook=HOOK,
    mode=st.sampled_from(("", "", "", "firstresult", "firstresult", "historic")),
    signature=_one(SPECIFIED),
    way=st.sampled_from(("method", "method", "static", "class", "no self")),
    warned=st.sampled_from(("", "", "", "", "all", "x", "y")),
)
SPECIFICATIONS = st.builds(
    Specifications, kind=st.sampled_from(("class", "module", "instance")), specifications=_few(SPECIFICATION, 1, 3)
)
IMPLEMENTATION = st.builds(
    Implementation,
    hook=HOOK,
    flags=_one(FLAGS),
    signature=_one(SIGNATURES),
    way=st.sampled_from(("method", "method", "static", "class", "function", "bound", "wrapped")),
    named=st.booleans(),
    acts=_one(ACTS),
    end=_one(RETURNS * 12, RAISES),
)
WRAPPER = st.builds(
    Implementation,
    hook=HOOK,
    kind=st.sampled_from(
        ("wrapper", "wrapper", "wrapper", "hookwrapper", "hookwrapper", "hookwrapper", "both", "hollow")
    ),
    flags=_one(FLAGS),
    signature=_one(SIGNATURES),
    way=st.sampled_from(("method", "static", "function", "wrapped")),
    named=st.booleans(),
    style=st.sampled_from(("except", "pass", "later", "exception")),
    yields=st.sampled_from((1, 1, 1, 1, 1, 0, 2, 3)),
    acts=_one(ACTS),
    later=_one(ACTS),
    begin=_one([End()] * 180, RAISES),
    end=_one(WRAPPING * 20, RETURNS * 6, RAISES, FORCES * 5),
)
PLUGIN = st.builds(
    Plugin,
    kind=st.sampled_from(("instance", "instance", "class", "module", "slots", *BASES)),
    implementations=_few(st.one_of(IMPLEMENTATION, IMPLEMENTATION, WRAPPER), 1, 3),
)
SIMPLE_CALL = st.builds(
    Call,
    hook=HOOK,
    arguments=st.sampled_from(("fit", "fit", "all", "full", "less", "more")),
    times=st.sampled_from((1, 2, 3, 5, 40)),
    handling=st.booleans(),
)
CALL = st.builds(
    Call,
    hook=HOOK,
    arguments=st.sampled_from(("fit", "fit", "fit", "all", "full", "less", "more", "none", "odd", "self")),
    how=st.sampled_from(("call", "call", "call", "call", "historic", "extra", "positional")),
    via=st.sampled_from(("hook", "fresh", "subset")),
    which=PLUGINS,
    times=st.sampled_from((1, 2, 3, 5, 40)),
    handling=st.booleans(),
    strict=st.booleans(),
    callback=st.sampled_from(("", "tell", "fail")),
    more=_few(IMPLEMENTATION, 0, 2),
)
WARMTHS = st.sampled_from(((1, 1), (2, 2), (3, 3), (2, 4096), (32, 32), (32, 4096)))
MANAGERS = st.sampled_from(("plain",) * 8 + ("inner", "super", "by name", "instance"))
MONITORS = ("watch", "trace", "edit", "force", "fail", "replace", "original", "mock", "own")
QUESTIONS = (
    "check_pending", "get_plugins", "is_registered", "get_name", "get_hookcallers", "get_canonical_name", "get_plugin",
    "has_plugin", "is_blocked", "set_blocked", "unblock",
)  # fmt: skip


class Sameness(RuleBasedStateMachine):
    """Two managers to which the same happens.

    ``bases`` are their classes, and ``tally`` counts what was compared, over all machines.
    """

    bases: tuple[type[pluggy.PluginManager], type[pluggy.PluginManager]] = (pluggy.PluginManager, PluginManager)
    tally = Tally()

    def __init__(self) -> None:
        super().__init__()
        self.former = callers.WARM, callers.COOLEST
        self.recorder = warnings.catch_warnings(record=True)
        caught = self.recorder.__enter__()
        assert caught is not None
        self.caught = caught
        warnings.simplefilter("always")
        gc.disable()  # so that what is made in a program is young, and quickly collected at its end
        self.worlds: list[World] = []

    @initialize(kind=MANAGERS, warmth=WARMTHS, given=_few(SPECIFICATIONS, 0, 2), first=PLUGIN, second=PLUGIN)
    def begin(
        self, kind: str, warmth: tuple[int, int], given: tuple[Specifications, ...], first: Plugin, second: Plugin
    ) -> None:
        """Make the worlds, with some specifications and two plugins."""
        callers.WARM, callers.COOLEST = warmth
        self.worlds = [World(base, kind, self.caught) for base in self.bases]
        for specifications in given:
            self.happen(Specify(specifications))
        self.happen(Register(first, name="a"))
        self.happen(Register(second, name="b"))

    @rule(action=CALL)
    def call(self, action: Call) -> None:
        """Call a hook."""
        self.happen(action)

    @rule(action=SIMPLE_CALL)
    def call_simply(self, action: Call) -> None:
        """Call a hook as it is usually called."""
        self.happen(action)

    @rule(one=SIMPLE_CALL, other=SIMPLE_CALL)
    def call_two(self, one: Call, other: Call) -> None:
        """Call two hooks."""
        self.happen(one)
        self.happen(other)

    @rule(action=st.builds(Register, plugin=PLUGIN, name=NAMES, strict=st.booleans()))
    def register(self, action: Register) -> None:
        """Register a new plugin."""
        self.happen(action)

    @rule(action=st.one_of(
        st.builds(Register, which=PLUGINS, name=NAMES),
        st.builds(Unregister, which=PLUGINS),
        st.builds(Unregister, which=PLUGINS, name=NAMES, both=st.booleans()),
    ))  # fmt: skip
    def reregister(self, action: Action) -> None:
        """Register or unregister a plugin that was made before."""
        self.happen(action)

    @rule(action=st.builds(Specify, specifications=SPECIFICATIONS, strict=st.booleans()))
    def specify(self, action: Specify) -> None:
        """Add specifications."""
        self.happen(action)

    @rule(action=st.builds(Leave, hook=HOOK, which=_few(PLUGINS, 1, 2)))
    def leave(self, action: Leave) -> None:
        """Make a caller that leaves out plugins."""
        self.happen(action)

    @rule(action=st.one_of(
        st.builds(Undo, st.integers(-2, 1)),
        st.builds(Monitor, st.sampled_from(MONITORS), HOOK),
    ))  # fmt: skip
    def monitor(self, action: Action) -> None:
        """Watch or replace the execution of calls, or undo it."""
        self.happen(action)

    @rule(action=st.builds(Change, hook=HOOK, how=st.sampled_from(tuple(CHANGES))))
    def change(self, action: Change) -> None:
        """Change what a caller has."""
        self.happen(action)

    @rule(action=st.builds(Ask, what=st.sampled_from(QUESTIONS), name=NAMES, which=PLUGINS))
    def ask(self, action: Ask) -> None:
        """Ask a manager."""
        self.happen(action)

    def happen(self, action: Action) -> None:
        """Let an action happen in both worlds, and compare all that can be seen of it."""
        self.tally.steps += 1
        compare(*(world.step(action) for world in self.worlds))
        compare(*(world.state() for world in self.worlds))

    def teardown(self) -> None:
        """Let everything go, and compare what becomes of it."""
        callers.WARM, callers.COOLEST = self.former
        try:
            if self.worlds:
                self._end(failed=sys.exc_info()[1] is not None)
        finally:
            gc.enable()
            self.recorder.__exit__(None, None, None)

    def _end(self, *, failed: bool) -> None:
        self.tally.programs += 1
        self.tally.calls += self.worlds[1].calls
        self.tally.compiled += self.worlds[1].compiled
        managers = [weakref.ref(world.manager) for world in self.worlds]
        for world in self.worlds:
            world.end()
        self.caught.clear()
        gc.collect(0)
        if any(manager() is not None for manager in managers) or any(world.open for world in self.worlds):
            gc.collect()
        if not failed:
            compare(*(sorted(world.closed) for world in self.worlds))
            # Before 3.13 the standard library may keep classes that getattr_static looked at.
            kept = managers[1]() is not None and managers[0]() is None
            compare([], ["the manager is never collected"] * kept)


def compare(theirs: list[str], ours: list[str]) -> None:
    """Compare what was seen of pluggy's manager and of ours.

    Raises:
        AssertionError: it is not the same; tells from where on.
    """
    if theirs == ours:
        return
    same = next((place for place, (one, other) in enumerate(zip(theirs, ours, strict=False)) if one != other), None)
    start = min(len(theirs), len(ours)) if same is None else same
    lines = [f"    {line}" for line in theirs[max(0, start - 3) : start]]
    lines.extend(f"  pluggy    {line}" for line in theirs[start : start + 2])
    lines.extend(f"  plugframe {line}" for line in ours[start : start + 2])
    raise AssertionError("pluggy and plugframe differ:\n" + "\n".join(lines))


def run(
    programs: int,
    *,
    seed: int | None = None,
    steps: int = STEPS,
    bases: tuple[type[pluggy.PluginManager], type[pluggy.PluginManager]] = Sameness.bases,
    tally: Tally | None = None,
    shrink: bool = True,
) -> Tally:
    """Run programs with both managers.

    Args:
        programs: how many.
        seed: of the random choices; without, they are the same each time.
        steps: actions in each program, besides those that begin it.
        bases: the managers' classes.
        tally: counts what was compared.
        shrink: make a program that shows a difference as small as it can be.

    Returns:
        The tally.

    Raises:
        AssertionError: the managers differ; its notes have the program.
    """
    counted = Tally() if tally is None else tally
    phases = (hypothesis.Phase.generate, hypothesis.Phase.shrink) if shrink else (hypothesis.Phase.generate,)
    settings = hypothesis.settings(
        max_examples=programs,
        stateful_step_count=steps + 1,
        derandomize=seed is None,
        deadline=None,
        database=None,
        print_blob=True,
        phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),  # pyright: ignore[reportArgumentType] # its metaclass
    )
    machine: Any = type("Sameness", (Sameness,), {"bases": bases, "tally": counted})
    if seed is not None:
        hypothesis.seed(seed)(machine)
    run_state_machine_as_test(machine, settings=settings)
    gc.collect()  # what outlived its program's own collection
    return counted


def main(arguments: list[str] | None = None) -> int:
    """Run as many programs as one likes, and print what was compared.

    Returns:
        0, or 1 where the managers differ.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=2000, help="how many programs")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no more when they are over")
    parser.add_argument("--seed", type=int, default=None, help="of the random choices")
    parser.add_argument("--steps", type=int, default=STEPS, help="actions in each program")
    parser.add_argument("--repeat", type=int, default=1, help="how often each repeated call is repeated")
    options = parser.parse_args(arguments)
    Call.repeat = options.repeat
    seed = options.seed if options.seed is not None else secrets.randbelow(2**32)
    tally, begun = Tally(), time.monotonic()
    while tally.programs < options.programs and time.monotonic() - begun < options.seconds:
        try:
            run(min(BATCH, options.programs - tally.programs), seed=seed, steps=options.steps, tally=tally)
        except Exception:  # noqa: BLE001 # whatever it is, it is shown with how much was run
            _print(f"{traceback.format_exc()}seed {seed}\n{tally} in {time.monotonic() - begun:.0f} s")
            return 1
        seed += 1
    _print(f"{tally} in {time.monotonic() - begun:.0f} s")
    return 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
