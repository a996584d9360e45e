"""What a program does, as data, and the world of one plugin manager in which it does it.

An action does the same in each world: at the top of a program, or from within an implementation that is being called.
"""

# What is compared is also what pluggy keeps to itself, and what it is given against its annotations.
# mypy: disable-error-code="attr-defined,assignment,func-returns-value"
# pyright: reportPrivateImportUsage=false, reportIncompatibleMethodOverride=false, reportAttributeAccessIssue=false
# ruff: noqa: E501, PLR0911, RUF009, SLF001, TRY301

import os
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest import mock

import pluggy
from _sameness_plugins import (
    PROJECT,
    Described,
    Implementation,
    Player,
    Plugin,
    Specifications,
    build_function,
    build_plugin,
    build_specifications,
)
from pluggy import _manager

import plugframe
from plugframe.calls.showing import PREFIX

HOOKS = ("alpha", "beta", "gamma")
_DEEPEST, _LONGEST, _MOST = 4, 60, 12
# A warning may point into either, where somebody puts one more frame into the way of a call.
_FRAMEWORKS = (os.path.dirname(pluggy.__file__), os.path.dirname(plugframe.__file__))
_ADDRESS = re.compile(r"0x[0-9a-f]+")
# Which class of callers it is, and how many arguments it has, nobody asks of the message for a call by position.
_REFUSED = re.compile(r"(?:[\w.<>]+\.)?(?:__call__|call)\(\) (?:takes .* positional argument|got multiple values).*")
_PLAIN = {int, str, bool, type(None)}


def show(value: object) -> str:
    """Return what a value is, without what differs between two that are made alike."""
    if type(value) in _PLAIN:
        return repr(value)
    if type(value) is list:
        return f"[{', '.join(map(show, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(show, value))})"
    if type(value) is dict:
        return f"{{{', '.join(f'{key!r}: {show(one)}' for key, one in value.items())}}}"
    if isinstance(value, BaseException):
        return show_error(value)
    if isinstance(value, pluggy.HookImpl):
        return f"{value!r}.{value.function.__name__}"
    if isinstance(value, pluggy.Result):
        return f"Result({show(value.exception if value.exception is not None else value.get_result())})"
    return (
        _ADDRESS.sub("0x", repr(value)) if isinstance(value, (type, pluggy.HookCaller)) else f"<{type(value).__name__}>"
    )


def show_error(error: BaseException | None, seen: dict[int, int] | None = None) -> str:
    """Return an exception with its cause and context, and theirs, and the plugins' functions that it passed."""
    seen = {} if seen is None else seen
    if error is None or id(error) in seen or len(seen) > _MOST:
        return "-" if error is None else f"#{seen.get(id(error))}"
    seen[id(error)] = len(seen)
    try:
        text = _ADDRESS.sub("0x", str(error))
        if _REFUSED.search(text):
            text = "refused"  # in the interpreter's words, which differ from one version to the next
    except LookupError:
        text = "unspeakable"
    frames, entry = [], error.__traceback__
    while entry is not None:
        if entry.tb_frame.f_code.co_filename == "<sameness>":
            frames.append(f"{entry.tb_frame.f_code.co_name}:{entry.tb_lineno}")
        entry = entry.tb_next
    notes = f" notes {error.__notes__}" if hasattr(error, "__notes__") else ""
    return (
        f"{type(error).__name__}({text!r}{notes} from {show_error(error.__cause__, seen)}"
        f" in {show_error(error.__context__, seen)}{' hidden' * error.__suppress_context__} at {' '.join(frames[-_MOST:])})"
    )


def is_compiled(caller: object) -> bool:
    """Return whether what a call of a caller runs was generated for it."""
    code = getattr(type(caller).__call__, "__code__", None)
    return code is not None and code.co_filename.startswith(PREFIX)


class Tally:
    """How much was compared."""

    def __init__(self) -> None:
        self.programs = self.steps = self.calls = self.compiled = 0

    def __str__(self) -> str:
        return (
            f"{self.programs} programs, {self.steps} steps, {self.calls} hook calls,"
            f" {self.compiled} of them by compiled callers"
        )


class World:
    """One plugin manager and everything that was made for it."""

    def __init__(self, base: type[pluggy.PluginManager], kind: str, caught: list[warnings.WarningMessage]) -> None:
        self.trace: list[str] = []
        self.closed: list[str] = []
        self.open = 0
        self.pool: list[Any] = []
        self.subsets: list[pluggy.HookCaller] = []
        self.undos: list[Callable[[], object]] = []
        self.kept: list[object] = []
        self.depth = self.length = self.calls = self.compiled = 0
        self.caught = caught
        self.manager = make_manager(base, kind, self)

    def log(self, *entry: object) -> None:
        """Add to the trace."""
        self.trace.append(" ".join(map(show, entry)))

    def count(self, change: int) -> None:
        """Count the wrappers that have begun and not ended."""
        self.open += change

    def close(self, label: str) -> None:
        """Note that a wrapper was closed before its call had ended."""
        self.closed.append(label)

    def act(self, action: "Action", player: Player | None = None) -> None:
        """Let an action happen, unless too much is happening."""
        self.length += 1
        if self.depth >= _DEEPEST or self.length > _LONGEST:
            self.log("enough")
            return
        self.depth += 1
        try:
            self.log("did", action.do(self, player))
        except BaseException as error:
            if player is None or action.lets_through:
                raise
            self.log("failed", error)
        finally:
            self.depth -= 1

    def step(self, action: "Action") -> list[str]:
        """Let an action happen; return all that could be seen of it."""
        self.trace, self.length, self.depth = [], 0, 0
        before = len(self.caught)
        try:
            self.act(action)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not error.args:
                raise
            self.log("raised", error)
        for one in self.caught[before:]:
            inside = one.filename.startswith(_FRAMEWORKS)
            self.log("warned", one.category, str(one.message), inside or (one.filename, one.lineno))
        return self.trace

    def state(self) -> list[str]:
        """Return what a manager tells of itself."""
        manager = self.manager
        lines = [f"{name} {show(plugin)}" for name, plugin in manager.list_name_plugin()]
        for name, caller in vars(manager.hook).items():
            spec = caller.spec
            lines.append(f"{name} {caller!r} {caller.name} {caller.is_historic()} {caller.has_spec()}")
            lines.append(show(caller.get_hookimpls()))
            if spec is not None:
                lines.append(f"{spec.argnames} {spec.kwargnames} {spec.kwargdefaults} {spec.opts}")
            if caller._call_history is not None:  # pytest replaces it
                lines.append(show([kwargs for kwargs, _ in caller._call_history]))  # the same
        lines.extend(show(subset.get_hookimpls()) for subset in self.subsets if not self.has_unhashable())
        return lines

    def end(self) -> None:
        """Let go of all that was made, but not of what was noted."""
        self.pool, self.subsets, self.undos, self.kept = [], [], [], []
        del self.manager

    def has_unhashable(self) -> bool:
        """Return whether there is a plugin of which it depends on the order whether leaving out others fails."""
        return any(type(plugin).__hash__ is None for plugin in self.pool)

    def plugin(self, which: int, player: Player | None) -> Any:
        """Return a plugin by its number, -1 being that of an implementation that acts."""
        if which < 0 and player is not None:
            return self.pool[player.plugin]
        return self.pool[which % len(self.pool)] if self.pool else "nobody"

    def execute(self, name: str, methods: Any, arguments: Any, first: bool) -> object:  # noqa: FBT001 # pluggy's signature
        """Execute a call as pluggy does, and tell."""
        self.log("executes", name, list(methods), dict(arguments), first)
        return _manager._multicall(name, methods, arguments, first)  # what others call here


def make_manager(base: type[pluggy.PluginManager], kind: str, world: World) -> pluggy.PluginManager:
    """Return a manager, perhaps of a class that overrides something.

    Args:
        base: pluggy's class, or ours.
        kind: what the class overrides.
        world: where it tells that it was called.
    """
    if kind == "inner":  # as python-lsp-server

        class Inner(base):  # type: ignore[misc,valid-type] # one of two classes
            def _hookexec(self, *arguments: Any) -> object:
                world.log("inner", arguments[0], list(arguments[1]), dict(arguments[2]), arguments[3])
                return self._inner_hookexec(*arguments)

        return Inner(PROJECT)
    if kind == "super":

        class Super(base):  # type: ignore[misc,valid-type] # one of two classes
            def _hookexec(self, *arguments: Any) -> object:
                world.log("super", *arguments[:2])
                return super()._hookexec(*arguments)

        return Super(PROJECT)
    if kind == "by name":  # as pytest

        class ByName(base):  # type: ignore[misc,valid-type] # one of two classes
            def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
                options = super().parse_hookimpl_opts(plugin, name)
                return {} if options is None and name.startswith("gamma") else options

        return ByName(PROJECT)
    manager = base(PROJECT)
    if kind == "instance":
        manager._hookexec = world.execute
    return manager


def send(caller: Any, arguments: Mapping[str, object], how: str, more: Any) -> Any:
    """Call a hook, each side from the same lines."""
    if how == "historic":
        return caller.call_historic(more, arguments)
    if how == "extra":
        return caller.call_extra(more, arguments)
    if how == "positional":
        return caller(1, **arguments)
    return caller(**arguments)


class Action(Described):
    """Something that a program does."""

    lets_through = False

    def do(self, world: World, player: Player | None) -> object:
        """Do it in a world; an implementation may be who does it."""
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Call(Action):
    """Call a hook, a number of times.

    ``via`` is ``hook``, ``fresh`` (a subset made for the call) or ``subset`` (one of those that were made before), of
    which ``which`` tells the plugin that is left out or the number. ``arguments`` are those that ``fit``, ``less``,
    ``more``, ``full`` (with those that have defaults), ``none``, ``all`` (that any implementation takes), ``odd`` (no
    identifier) or ``self``.
    """

    hook: str = "alpha"
    arguments: str = "fit"
    how: str = "call"
    via: str = "hook"
    which: int = 0
    times: int = 1
    handling: bool = False
    strict: bool = False
    callback: str = ""
    more: tuple[Implementation, ...] = ()
    lets_through: bool = False
    repeat: ClassVar[int] = 1

    def do(self, world: World, player: Player | None) -> object:
        """Call; tell the result of each time."""
        caller = self._caller(world, player)
        if caller is None:
            return "no caller"
        for _ in range(self.times * (self.repeat if self.times > 1 and player is None else 1) - 1):
            try:
                self._tell(world, self._once(world, caller))
            except BaseException as error:  # noqa: BLE001 # whatever it is, it is compared
                world.log("raised", error)
        return self._tell(world, self._once(world, caller))

    def _caller(self, world: World, player: Player | None) -> Any:
        if self.via == "subset":
            return world.subsets[self.which % len(world.subsets)] if world.subsets else None
        if self.via == "fresh" and hasattr(world.manager.hook, self.hook) and not world.has_unhashable():
            return world.manager.subset_hook_caller(self.hook, [world.plugin(self.which, player)])
        return getattr(world.manager.hook, self.hook, None)

    def _once(self, world: World, caller: Any) -> object:
        how, more = self.how, None
        if caller.is_historic() and how == "call":
            how = "historic"
        if how == "historic":
            more = _callback(world, self.callback)
        elif how == "extra":
            more = [build_function(Player(world, f"extra {place}", 0, one), f"extra{place}")
                    for place, one in enumerate(self.more)]  # fmt: skip
        world.calls += 1
        world.compiled += how == "call" and is_compiled(caller)
        arguments = self._arguments(caller)
        with warnings.catch_warnings():
            if self.strict:
                warnings.simplefilter("error")
            if not self.handling:
                return send(caller, arguments, how, more)
            try:
                raise LookupError(self.hook)
            except LookupError:
                return send(caller, arguments, how, more)

    def _arguments(self, caller: pluggy.HookCaller) -> dict[str, object]:
        kind, spec, taken = (
            self.arguments,
            caller.spec,
            caller._orig._hookimpls if hasattr(caller, "_orig") else caller.get_hookimpls(),
        )
        wanted = dict.fromkeys(name for one in taken for name in one.argnames)
        names = list(spec.argnames if spec is not None else wanted)
        if kind == "less":
            names = names[:-1]
        elif kind == "none":
            names = []
        elif kind == "full" and spec is not None:
            names.extend(spec.kwargnames)
        elif kind == "all":
            names.extend(name for one in taken for name in (*one.argnames, *one.kwargnames))
        more = {"more": "surplus", "odd": "no name", "self": "self"}.get(kind)
        return {name: {"x": 1, "y": None, "z": ["z"]}.get(name, name) for name in (*names, *([more] if more else ()))}

    def _tell(self, world: World, result: object) -> object:
        if type(result) is list:
            world.log("result", result, any(result is one for one in world.kept))
            world.kept = [*world.kept[-3:], result]
            result.append("touched")
        else:
            world.log("result", result)
        return "call"


def _callback(world: World, kind: str) -> Callable[[object], None] | None:
    def tell(result: object) -> None:
        world.log("callback", result)

    def fail(result: object) -> None:
        message = f"callback {show(result)}"
        raise ValueError(message)

    return {"tell": tell, "fail": fail}.get(kind)


@dataclass(frozen=True, repr=False)
class Register(Action):
    """Register a plugin: a new one, or one that was made before."""

    plugin: Plugin | None = None
    which: int = 0
    name: str = "a"
    strict: bool = False

    def do(self, world: World, player: Player | None) -> object:
        """Register it."""
        if self.plugin is not None:
            world.pool.append(build_plugin(world, len(world.pool), self.plugin))
        plugin = world.pool[-1] if self.plugin is not None else world.plugin(self.which, player)
        canonical = self.name == "canonical" and hasattr(plugin, "__name__")
        with warnings.catch_warnings():
            if self.strict:
                warnings.simplefilter("error")
            return world.manager.register(plugin, None if canonical else self.name)


@dataclass(frozen=True, repr=False)
class Unregister(Action):
    """Unregister a plugin: itself, by its name, or by both."""

    which: int = -1
    name: str = ""
    both: bool = False

    def do(self, world: World, player: Player | None) -> object:
        """Unregister it."""
        if self.name and not self.both:
            return world.manager.unregister(name=self.name)
        return world.manager.unregister(world.plugin(self.which, player), self.name or None)


@dataclass(frozen=True, repr=False)
class Ask(Action):
    """Ask or tell a manager something about a name or a plugin: ``what`` is the name of a method."""

    what: str = "check_pending"
    name: str = "a"
    which: int = 0

    def do(self, world: World, player: Player | None) -> object:
        """Call the method."""
        method = getattr(world.manager, self.what)
        if self.what == "check_pending":
            return method()
        if self.what == "get_plugins":
            return sorted(map(show, method()))
        if self.what in {"is_registered", "get_name", "get_hookcallers", "get_canonical_name"}:
            return _ADDRESS.sub("0x", re.sub(r"'\d{6,}'", "id", show(method(world.plugin(self.which, player)))))
        return method(self.name)


@dataclass(frozen=True, repr=False)
class Specify(Action):
    """Add specifications."""

    specifications: Specifications = Specifications()
    strict: bool = False

    def do(self, world: World, player: Player | None) -> object:  # noqa: ARG002 # no matter who does it
        """Add them."""
        made = build_specifications(self.specifications)
        with warnings.catch_warnings():
            if self.strict:
                warnings.simplefilter("error")
            return world.manager.add_hookspecs(made)


@dataclass(frozen=True, repr=False)
class Leave(Action):
    """Make a caller that leaves out plugins, and keep it."""

    hook: str = "alpha"
    which: tuple[int, ...] = (0,)

    def do(self, world: World, player: Player | None) -> object:
        """Make it."""
        if world.has_unhashable():
            return "unhashable"
        caller = world.manager.subset_hook_caller(self.hook, [world.plugin(one, player) for one in self.which])
        world.subsets.append(caller)
        return caller


@dataclass(frozen=True, repr=False)
class Monitor(Action):
    """Watch or replace the execution of calls.

    ``how`` is ``watch``, ``edit`` (the arguments before), ``force`` (a result after), ``fail`` (before), ``trace``,
    ``replace`` (``_inner_hookexec``), ``own`` (a caller's ``_hookexec``), ``original``, or ``mock`` (replace it for a call).
    """

    how: str = "watch"
    hook: str = "alpha"

    def do(self, world: World, player: Player | None) -> object:
        """Do it, and keep what undoes it."""
        if len(world.undos) > _MOST:
            return "enough"
        manager: Any = world.manager
        if self.how == "trace":
            manager.trace.root.setwriter(lambda text: world.log("traced", _ADDRESS.sub("0x", text)))
            world.undos.append(manager.enable_tracing())
        elif self.how in {"replace", "original"}:
            former = manager._inner_hookexec
            world.undos.append(lambda: setattr(manager, "_inner_hookexec", former))
            manager._inner_hookexec = world.execute if self.how == "replace" else _manager._multicall  # the seam
        elif self.how == "mock":
            with mock.patch.object(manager, "_inner_hookexec", world.execute):
                return Call(self.hook).do(world, player)
        elif self.how == "own":
            caller = getattr(manager.hook, self.hook)
            former = caller._hookexec
            world.undos.append(lambda: setattr(caller, "_hookexec", former))
            caller._hookexec = world.execute
        else:
            world.undos.append(manager.add_hookcall_monitoring(*self._watchers(world)))
        return None

    def _watchers(self, world: World) -> tuple[Callable[..., None], Callable[..., None]]:
        def before(name: str, methods: Sequence[object], arguments: dict[str, object]) -> None:
            world.log("before", name, list(methods), arguments)
            if self.how == "edit":
                arguments["x"] = "edited"
            if self.how == "fail":
                raise ValueError(name)

        def after(outcome: "pluggy.Result[Any]", name: str, methods: Sequence[object], arguments: object) -> None:
            world.log("after", outcome, name, list(methods), arguments)
            if self.how == "force":
                outcome.force_result("forced")

        return before, after


@dataclass(frozen=True, repr=False)
class Undo(Action):
    """Undo some watching or replacing, perhaps again, perhaps not the latest."""

    which: int = -1

    def do(self, world: World, player: Player | None) -> object:  # noqa: ARG002 # no matter who does it
        """Undo it."""
        return world.undos[self.which % len(world.undos)]() if world.undos else None


def _duck(implementation: pluggy.HookImpl) -> Any:
    return SimpleNamespace(**{name: getattr(implementation, name) for name in pluggy.HookImpl.__slots__})


def _assign(caller: Any) -> None:
    caller._hookimpls = caller._hookimpls[1:]


CHANGES: dict[str, Callable[[Any], object]] = {
    "reverse": lambda caller: caller._hookimpls.reverse(),
    "clear": lambda caller: caller._hookimpls.clear(),
    "pop": lambda caller: caller._hookimpls.pop(),
    "delete": lambda caller: caller._hookimpls.__delitem__(0),
    "append": lambda caller: caller._hookimpls.append(caller._hookimpls[0]),
    "insert": lambda caller: caller._hookimpls.insert(0, caller._hookimpls[-1]),
    "remove": lambda caller: caller._hookimpls.remove(caller._hookimpls[0]),
    "slice": lambda caller: caller._hookimpls.__setitem__(slice(None), caller._hookimpls[1:]),
    "extend": lambda caller: caller._hookimpls.extend(caller.get_hookimpls()),
    "add": lambda caller: caller._hookimpls.__iadd__(caller.get_hookimpls()[:1]),
    "multiply": lambda caller: caller._hookimpls.__imul__(2),
    "sort": lambda caller: caller._hookimpls.sort(key=lambda one: one.plugin_name),
    "duck": lambda caller: caller._hookimpls.append(_duck(caller._hookimpls[-1])),
    "assign": _assign,
    "no history": lambda caller: setattr(caller, "_call_history", None),
    "empty history": lambda caller: setattr(caller, "_call_history", []),
    "a history": lambda caller: setattr(caller, "_call_history", [({"x": 1, "y": 2, "z": 3}, None)]),
    "more history": lambda caller: caller._call_history.append(({"x": 1, "y": 2, "z": 3}, None)),
    "no specification": lambda caller: setattr(caller, "spec", None),
}


@dataclass(frozen=True, repr=False)
class Change(Action):
    """Change what a caller has, past its manager."""

    hook: str = "alpha"
    how: str = "reverse"

    def do(self, world: World, player: Player | None) -> object:  # noqa: ARG002 # no matter who does it
        """Change it."""
        caller = getattr(world.manager.hook, self.hook)
        if len(caller.get_hookimpls()) > _MOST and self.how in {"extend", "multiply"}:
            return "enough"
        CHANGES[self.how](caller)
        return "changed"
