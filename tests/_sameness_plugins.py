"""Plugins and specifications as data, from which the same is built for each of two plugin managers.

An implementation's description says what its functions take and do; ``build_plugin`` and ``build_specifications`` make
real functions of it, with real parameters, whose code both managers share: what pluggy tells about it is the same.
"""

# Exceptions are raised where their context comes about.
# ruff: noqa: E501, TRY301

import functools
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from types import MethodType, ModuleType
from typing import Any, Protocol

import pluggy

PROJECT = "sameness"


class Described:
    """What is written as a call of its class with everything that is not as usual."""

    def __repr__(self) -> str:
        assert hasattr(self, "__dataclass_fields__")
        values = [(one.name, getattr(self, one.name), one.default) for one in fields(self)]  # type: ignore[arg-type] # only dataclasses are described
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value, usual in values if value != usual)})"


class Stage(Protocol):
    """Where an implementation plays: it tells what it does, and may act on the manager that calls it."""

    def log(self, *entry: object) -> None:
        """Add to the trace."""

    def act(self, action: Any, player: "Player") -> None:
        """Let an implementation do something to its manager."""

    def count(self, change: int) -> None:
        """Count the wrappers that have begun and not ended."""

    def close(self, label: str) -> None:
        """Note that a wrapper was closed before its call had ended."""


@dataclass(frozen=True, repr=False)
class Signature(Described):
    """The parameters of a function."""

    required: tuple[str, ...] = ()
    defaulted: tuple[str, ...] = ()
    positional: int = 0
    more: str = ""

    def text(self, first: str) -> str:
        """Return it as source, after a first parameter."""
        names = [*self.required, *(f"{name}='default {name}'" for name in self.defaulted)]
        if 0 < self.positional <= len(names):
            names.insert(self.positional, "/")
        return ", ".join(filter(None, (first, *names, self.more)))

    def given(self) -> str:
        """Return the source of a dictionary of what the function was given."""
        names = [*self.required, *self.defaulted]
        rest = {"**rest": "rest", "*, only=0": "only"}.get(self.more)
        return "{" + ", ".join(f"{name!r}: {name}" for name in (*names, *([rest] if rest else ()))) + "}"


@dataclass(frozen=True, repr=False)
class End(Described):
    """How a function ends.

    ``how`` is ``return``, ``raise``, ``handling`` (raise while handling another exception), ``from``, ``from none`` or
    ``again`` (raise the same instance each time); wrappers also ``pass`` (hand on what came), ``mutate`` (change the
    list that came), and the old ones ``force`` (an exception) and ``get`` (the result, or raise).
    """

    how: str = "return"
    value: str = "none"
    error: str = "ValueError"


@dataclass(frozen=True, repr=False)
class Implementation(Described):
    """A hook implementation.

    ``way`` is how its function is put into the plugin; ``style`` what a wrapper does with exceptions at its yield;
    ``yields`` how often it does, 3 meaning that it does not let itself be closed at the second.
    """

    hook: str = "alpha"
    kind: str = ""
    flags: tuple[str, ...] = ()
    signature: Signature = Signature()
    way: str = "method"
    named: bool = False
    style: str = "except"
    yields: int = 1
    acts: tuple[Any, ...] = ()
    later: tuple[Any, ...] = ()
    begin: End = End()
    end: End = End()

    @property
    def generates(self) -> bool:
        """Whether its function is a generator function."""
        return self.kind in {"wrapper", "hookwrapper", "both"}

    def options(self) -> dict[str, Any]:
        """Return what it is marked with."""
        kinds = {"both": ("wrapper", "hookwrapper"), "": (), "hollow": ("wrapper",)}.get(self.kind, (self.kind,))
        return {**dict.fromkeys((*kinds, *self.flags), True), "specname": self.hook if self.named else None}


@dataclass(frozen=True, repr=False)
class Plugin(Described):
    """What is registered."""

    kind: str = "instance"
    implementations: tuple[Implementation, ...] = ()


@dataclass(frozen=True, repr=False)
class Specification(Described):
    """A hook specification."""

    hook: str = "alpha"
    mode: str = ""
    signature: Signature = Signature()
    way: str = "method"
    warned: str = ""


@dataclass(frozen=True, repr=False)
class Specifications(Described):
    """A class, module or object with specifications."""

    kind: str = "class"
    specifications: tuple[Specification, ...] = (Specification(),)


class OddError(Exception):
    """An exception that is false, and cannot be made of its ``args``."""

    def __init__(self, first: object, *, second: object) -> None:
        super().__init__("odd", first)
        self.second = second

    def __bool__(self) -> bool:
        return False


class UnspeakableError(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        message = "unspeakable"
        raise LookupError(message)


ERRORS: dict[str, Callable[[str], BaseException]] = {
    "ValueError": ValueError,
    "KeyError": KeyError,
    "RuntimeError": RuntimeError,
    "StopIteration": StopIteration,
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": SystemExit,
    "GeneratorExit": GeneratorExit,
    "StopAsyncIteration": StopAsyncIteration,
    "HookCallError": pluggy.HookCallError,
    "group": lambda label: ExceptionGroup(label, [ValueError(label), KeyError(label)]),
    "odd": lambda label: OddError(label, second=label),
    "unspeakable": UnspeakableError,
}


class Player:
    """An implementation in the world of one manager."""

    def __init__(self, stage: Stage, label: str, plugin: int, described: Implementation) -> None:
        self.stage = stage
        self.label = label
        self.plugin = plugin
        self.described = described
        self.kept: BaseException | None = None
        self.shared: list[object] = ["shared"]

    def play(self, given: dict[str, object]) -> object:
        """Do what an implementation does that does not wrap."""
        self.stage.log(self.label, given, sys.exc_info()[1])
        for action in self.described.acts:
            self.stage.act(action, self)
        return self.finish(self.described.end, given)

    def start(self, given: dict[str, object]) -> "Scene":
        """Do what a wrapper does before its yield."""
        self.stage.log(self.label, "begins", given, sys.exc_info()[1])
        for action in self.described.acts:
            self.stage.act(action, self)
        if self.described.begin.how != "return":
            self.finish(self.described.begin, given)
        return Scene(self, given)

    def finish(self, end: End, given: dict[str, object], error: BaseException | None = None) -> object:
        """Return or raise."""
        if end.how in {"raise", "again", "force"}:
            raise self.error(end)
        if end.how == "from":
            raise self.error(end) from error
        if end.how == "from none":
            raise self.error(end) from None
        if end.how == "handling":
            try:
                raise LookupError(self.label)
            except LookupError:
                raise self.error(end)  # noqa: B904 # the context is what is looked at
        return self.value(end.value, given)

    def error(self, end: End) -> BaseException:
        """Return an exception, a new one unless it is to be the same each time."""
        if end.how == "again" and self.kept is not None:
            return self.kept
        self.kept = ERRORS[end.error](self.label)
        return self.kept

    def value(self, name: str, given: dict[str, object]) -> object:
        """Return a value of a kind."""
        values: dict[str, Callable[[], object]] = {
            "zero": lambda: 0,
            "false": lambda: False,
            "one": lambda: 1,
            "text": lambda: self.label,
            "list": lambda: [self.label],
            "shared": lambda: self.shared,
            "argument": lambda: next(iter(given.values()), None),
            "iterator": lambda: iter([5]),
            "error": lambda: ValueError(self.label),
        }
        return values.get(name, lambda: None)()


class Scene:
    """One call of a wrapper."""

    def __init__(self, player: Player, given: dict[str, object]) -> None:
        self.player = player
        self.given = given
        self.silent = not player.described.yields
        self.ended = False
        player.stage.count(1)

    def quit(self) -> object:
        """End without having yielded."""
        return self.player.finish(self.player.described.end, self.given)

    def more(self, got: object, error: BaseException | None) -> "Iterator[None]":
        """Yield once more than wrappers may, or not."""
        yields = 0 if self._is_closing(got, error) else self.player.described.yields
        if yields == 2:  # a second time
            yield
        elif yields > 2:  # and does not let itself be closed
            try:
                yield
            except GeneratorExit:
                yield

    def end(self, got: object, error: BaseException | None) -> object:
        """End with the result or the exception that came."""
        player = self.player
        if self._is_closing(got, error):
            if error is not None:
                raise error
            return None
        self.ended = True
        player.stage.log(player.label, "ends", got, error, sys.exc_info()[1])
        for action in player.described.later:
            player.stage.act(action, player)
        if isinstance(got, pluggy.Result):
            return self._end_old(got)
        return self._end_new(got, error)

    def over(self) -> None:
        """Note that the generator has ended.

        One that is left behind by a wrapper that yields twice is closed when it is collected. pluggy's way around old
        ones then sends them a result that holds the ``GeneratorExit``; whether ours does is not compared.
        """
        self.player.stage.count(-1)
        if not self.ended:
            self.player.stage.close(self.player.label)

    def _is_closing(self, got: object, error: BaseException | None) -> bool:
        # Ours have arguments; the one by which a generator is closed, whenever that may be, has none.
        if isinstance(got, pluggy.Result):
            error = got.exception
        return type(error) is GeneratorExit and not error.args

    def _end_new(self, got: object, error: BaseException | None) -> object:
        end = self.player.described.end
        if end.how in {"pass", "mutate", "get"}:
            if error is not None:
                raise error
            _mutate(got, end)
            return got
        return self.player.finish(end, self.given, error)

    def _end_old(self, outcome: "pluggy.Result[Any]") -> object:
        player, end = self.player, self.player.described.end
        if end.how == "return":
            outcome.force_result(player.value(end.value, self.given))
        elif end.how == "force":
            outcome.force_exception(player.error(end))
        elif end.how == "get":
            player.stage.log(player.label, "gets", outcome.get_result())
        elif end.how == "mutate":
            if outcome.exception is None:
                _mutate(outcome.get_result(), end)
        elif end.how != "pass":
            player.finish(end, self.given, outcome.exception)
        return "ignored"


def _mutate(got: object, end: End) -> None:
    if end.how == "mutate" and isinstance(got, list):
        got.reverse()
        got.append("mutated")


_PLAIN = """
def bind(play):
    def {name}({parameters}):
        return play({given})
    return {name}
"""
_YIELDS = {
    "pass": "got, error = (yield), None",
    "except": """try:
                got, error = (yield), None
            except BaseException as error:
                yield from scene.more(None, error)
                return scene.end(None, error)""",
    "later": """got = error = None
            try:
                got = yield
            except BaseException as caught:
                error = caught""",
    "exception": """try:
                got, error = (yield), None
            except Exception as error:
                return scene.end(None, error)""",
}
_WRAPPER = """
def bind(start):
    def {name}({parameters}):
        scene = start({given})
        try:
            if scene.silent:
                return scene.quit()
            {yielding}
            yield from scene.more(got, error)
            return scene.end(got, error)
        finally:
            scene.over()
    return {name}
"""


@lru_cache(maxsize=4096)
def _binder(source: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "<sameness>", "exec"), names)  # noqa: S102 # real parameters are what pluggy looks at
    binder: Callable[..., Any] = names["bind"]
    return binder


def build_function(player: Player, name: str, first: str = "") -> Callable[..., Any]:
    """Return the function of an implementation.

    Args:
        player: what it does.
        name: its name.
        first: the parameter before those of the hook.
    """
    described = player.described
    template = _WRAPPER if described.generates else _PLAIN
    parameters, given = described.signature.text(first), described.signature.given()
    source = template.format(name=name, parameters=parameters, given=given, yielding=_YIELDS.get(described.style, ""))
    function: Callable[..., Any] = _binder(source)(player.start if described.generates else player.play)
    return function


def _wrapped(function: Callable[..., Any], stage: Stage) -> Callable[..., Any]:
    """Return a function around a function that can tell an argument by keyword from one by position."""

    @functools.wraps(function)
    def wrapper(*positional: object, **keywords: object) -> object:
        stage.log("given", positional[1:], keywords)
        return function(*positional, **keywords)

    return wrapper


class _Base:
    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class _Equal(_Base):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equal)

    def __hash__(self) -> int:
        return 1


BASES: dict[str, tuple[type, dict[str, Any]]] = {
    "instance": (_Base, {}),
    "falsy": (_Base, {"__bool__": lambda _: False}),
    "empty": (_Base, {"__len__": lambda _: 0}),
    "unhashable": (_Base, {"__hash__": None}),
    "equal": (_Equal, {}),
    "named": (_Base, {"__name__": "canonical"}),
}


def build_plugin(stage: Stage, number: int, described: Plugin) -> object:
    """Return a plugin: a class, a module, or an instance of a class made for it.

    Args:
        stage: where its implementations play.
        number: which plugin it is.
        described: what it is to be.
    """
    name = f"Plugin{number}"
    inside: dict[str, Any] = {}
    outside: dict[str, Any] = {}
    mark = pluggy.HookimplMarker(PROJECT)
    for place, one in enumerate(described.implementations):
        attribute = f"{one.hook}_{place}" if one.named else one.hook
        player = Player(stage, f"{number}.{place}", number, one)
        first = {"method": "self", "wrapped": "self", "class": "cls", "bound": "self"}.get(one.way, "")
        if described.kind == "module" and one.way != "bound":
            first = ""
        function = build_function(player, attribute, first)
        mark(**one.options())(function)
        _place(one.way, attribute, function, (inside, outside), stage)
    return _plugin(described.kind, name, inside, outside)


def _place(
    way: str, attribute: str, function: Callable[..., Any], places: tuple[dict[str, Any], dict[str, Any]], stage: Stage
) -> None:
    inside, outside = places
    if way == "function":
        outside[attribute] = function
    elif way == "bound":
        outside[attribute] = MethodType(function, "somebody")
    elif way == "wrapped":
        inside[attribute] = _wrapped(function, stage)
    else:
        inside[attribute] = {"static": staticmethod, "class": classmethod}.get(way, lambda one: one)(function)


def _plugin(kind: str, name: str, inside: dict[str, Any], outside: dict[str, Any]) -> object:
    if kind == "module":
        module = ModuleType(name)
        plain = {key: value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
                 for key, value in inside.items()}  # fmt: skip
        vars(module).update(plain, **outside)
        return module
    if kind == "class":
        for function in inside.values():
            function.__qualname__ = f"{name}.{function.__name__}"
        return type(name, (), {**inside, **outside, "__module__": "plugins"})
    if kind == "slots":
        made = type(name, (_Base,), {"__slots__": (*outside, "empty"), **inside})()
        for key, value in outside.items():
            setattr(made, key, value)
        return made
    base, more = BASES[kind]
    instance = type(name, (base,), {**inside, **more})()
    vars(instance).update(outside)
    return instance


def build_specifications(described: Specifications) -> Any:
    """Return a class, module or object with marked specifications."""
    mark = pluggy.HookspecMarker(PROJECT)
    inside: dict[str, Any] = {}
    for one in described.specifications:
        first = {"method": "self", "class": "cls"}.get(one.way, "") if described.kind != "module" else ""
        source = _PLAIN.format(name=one.hook, parameters=one.signature.text(first), given="None")
        function = _binder(source)(print)
        function.__qualname__ = f"Specifications.{one.hook}" if described.kind != "module" else one.hook
        options: dict[str, Any] = {one.mode: True} if one.mode else {}
        if one.warned == "all":
            options["warn_on_impl"] = DeprecationWarning("implemented")
        elif one.warned:
            options["warn_on_impl_args"] = {one.warned: DeprecationWarning(f"{one.warned} taken")}
        mark(**options)(function)
        inside[one.hook] = {"static": staticmethod, "class": classmethod}.get(one.way, lambda one: one)(function)
    if described.kind == "module":
        module = ModuleType("specifications")
        plain = {key: value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
                 for key, value in inside.items()}  # fmt: skip
        vars(module).update(plain)
        return module
    made = type("Specifications", (), {**inside, "__module__": "specifications"})
    return made if described.kind == "class" else made()


Wrapping = Generator[None, object, object]
