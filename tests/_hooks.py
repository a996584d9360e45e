"""Hooks of a host whose plugins are plain functions, called in each of the ways in which a hook runs."""

import gc
import linecache
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from plugframe import Host
from plugframe.calls import functions
from plugframe.hooks import callers

WAYS = ("cold", "compiled", "closed over")
NEVER = 10**9

Wrapper = Generator[None, Any, Any]


def take(way: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let hooks that are made from now on always run in one way, and return it.

    Args:
        way: ``cold``, step by step for ever; ``compiled``, from the first call on; ``closed over``, compiled too, as on
            an interpreter without a global lock.
        monkeypatch: undoes it.
    """
    monkeypatch.setattr(callers, "WARM", NEVER if way == "cold" else 1)
    monkeypatch.setattr(callers, "COOLEST", NEVER if way == "cold" else 1)
    if way == "closed over":
        monkeypatch.setattr(functions, "EXCHANGEABLE", False)
    return way


def written(source: str, **given: Any) -> Any:
    """Return what a source defines last; ``given`` are names that it may use."""
    scope: dict[str, Any] = {"__name__": "written", **given}
    exec(compile(dedent(source), "<written by the test>", "exec"), scope)  # noqa: S102 # parameters of any name
    return list(scope.values())[-1]


def shown(function: Any) -> str:
    """Return the generated source that a traceback through a hook's function shows just now."""
    code = function.__closure__[0].cell_contents.__code__ if function.__closure__ else function.__code__
    return "".join(linecache.getlines(code.co_filename))


def is_compiled(function: Any) -> bool:
    """Return whether a hook's function runs its implementations itself."""
    source = shown(function)
    assert source.startswith("def call(")
    return "return target({" not in source


def render(page: str, width: int = 80) -> Any:
    """Return the lines of a page."""


class Hooked:
    """A host without installed plugins, and one hook of it."""

    def __init__(self, specification: Callable[..., Any] = render, **options: Any) -> None:
        """Declare a hook, with the options of ``hookspec``."""
        self.host = Host("myapp", path=[])
        self.name = specification.__name__
        self.call: Any = self.host.hookspec(**options)(specification)
        self.plugins: dict[str, Any] = {}

    def put(self, name: str, function: Callable[..., Any], *, hook: str = "", **options: Any) -> Any:
        """Register a plugin that implements a hook by a function, and return the plugin."""
        plugin = ModuleType(name)
        setattr(plugin, hook or self.name, self.host.hookimpl(**options)(function))
        assert self.host.manager.register(plugin, name=name) == name
        self.plugins[name] = plugin
        return plugin

    def drop(self, name: str) -> None:
        """Unregister a plugin."""
        assert self.host.manager.unregister(name=name) is self.plugins.pop(name)


def says(value: Any) -> Callable[[], Any]:
    """Return an implementation that returns a value."""

    def implementation() -> Any:
        return value

    return implementation


def fails(error: BaseException) -> Callable[[], Any]:
    """Return an implementation that raises an exception."""

    def implementation() -> Any:
        raise error

    return implementation


def around(before: Callable[[], object], after: Callable[[Any], Any]) -> Callable[[], Wrapper]:
    """Return a wrapper that does something before its yield, and makes something of the result."""

    def wrapper() -> Wrapper:
        before()
        return after((yield))

    return wrapper


def passes() -> Wrapper:
    """Be a wrapper that hands on what comes."""
    return (yield)


def old_passes() -> Wrapper:
    """Be an old-style wrapper that hands on what comes."""
    yield


def notes(error: BaseException | None) -> list[str]:
    """Return the notes on an exception."""
    return list(getattr(error, "__notes__", ()))


def whose(error: BaseException | None) -> list[str]:
    """Return the plugins that the notes on an exception name, in quotes."""
    return [note.partition("plugin ")[2].partition(" from ")[0] for note in notes(error)]


@contextmanager
def nothing_left_unawaited() -> Iterator[None]:
    """Let a coroutine that nobody awaited, or an exception that nobody could be told, be an error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect(1)  # the young are enough, and of the old there are many where many tests run
    assert [str(one.message) for one in caught] == []
