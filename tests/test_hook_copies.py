"""Copies of the drop-in manager and of its hooks are those that pluggy's would be, and nothing of what left is kept."""

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pluggy
import pytest
from _hooks import take

from plugframe import PluginManager
from plugframe.hooks import callers

hookspec, hookimpl = pluggy.HookspecMarker("x"), pluggy.HookimplMarker("x")
HOW: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda made: pickle.loads(pickle.dumps(made)),  # what was pickled just now
}


class Specifications:
    """Two hooks."""

    @hookspec
    def name(self, a: int) -> None:
        """Name something."""

    @hookspec(historic=True)
    def started(self, a: int) -> None:
        """Tell of a start."""


class Plugin:
    """Implements one of them."""

    def __init__(self, value: str) -> None:
        self.value = value

    @hookimpl
    def name(self, a: int) -> str:
        """Return a value and an argument."""
        return f"{self.value}{a}"


def made_of(kind: type[pluggy.PluginManager]) -> Any:
    """Return a manager with three plugins, whose hook was called."""
    manager = kind("x")
    manager.add_hookspecs(Specifications)
    for value in "abc":
        manager.register(Plugin(value), name=value)
    for _ in range(3):
        manager.hook.name(a=0)
    return manager


def told_by(caller: Any) -> list[list[str]]:
    """Return what several calls of a hook come to."""
    return [caller(a=1) for _ in range(3)]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("how", HOW)
def test_copied_manager_shares_with_the_other_what_pluggys_shares(how: str) -> None:
    told = []
    for kind in (pluggy.PluginManager, PluginManager):
        manager = made_of(kind)
        other = HOW[how](manager)
        told.append([told_by(manager.hook.name), told_by(other.hook.name)])
        other.register(Plugin("d"), name="d")
        told[-1] += [told_by(manager.hook.name), told_by(other.hook.name)]
        manager.unregister(name="b")
        told[-1] += [told_by(manager.hook.name), told_by(other.hook.name)]
        for one in (manager, other):
            one.add_hookcall_monitoring(lambda name, _, __: told[-1].append(name), lambda *_: None)
        told[-1] += [told_by(manager.hook.name), told_by(other.hook.name)]
    assert told[0] == told[1]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("how", HOW)
def test_copied_hook_shares_with_the_other_what_pluggys_shares(how: str) -> None:
    told = []
    for kind in (pluggy.PluginManager, PluginManager):
        manager = made_of(kind)
        other = HOW[how](manager.hook.name)
        told.append([told_by(manager.hook.name), told_by(other)])
        manager.register(Plugin("d"), name="d")
        told[-1] += [told_by(manager.hook.name), told_by(other)]
        manager.unregister(name="a")
        told[-1] += [told_by(manager.hook.name), told_by(other)]
    assert told[0] == told[1]


def test_copied_manager_is_compiled_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    take("compiled", monkeypatch)
    manager = made_of(PluginManager)
    other = copy.deepcopy(manager)
    assert told_by(other.hook.name) == told_by(manager.hook.name)
    assert type(other.hook.name) is not type(manager.hook.name)
    assert {type(one.hook.name).__base__ for one in (manager, other)} == {callers.Caller}


@pytest.mark.usefixtures("way")
def test_wrong_call_is_refused_in_pluggys_words() -> None:
    told = []
    for kind in (pluggy.PluginManager, PluginManager):
        hook = made_of(kind).hook.name
        with pytest.raises(TypeError) as caught:
            hook(1)
        told.append(str(caught.value))
    assert told[0] == told[1]


@pytest.mark.usefixtures("way")
def test_plugin_that_left_is_not_kept_by_what_subsets_asked_for() -> None:
    manager = PluginManager("x")
    manager.add_hookspecs(Specifications)
    stays, leaves = Plugin("a"), Plugin("b")
    manager.register(stays)
    manager.register(leaves)
    manager.subset_hook_caller("name", [])(a=1)
    for _ in range(3):
        manager.subset_hook_caller("name", [leaves])(a=1)
    seen = weakref.ref(leaves)
    manager.unregister(leaves)
    del leaves
    gc.collect()
    assert seen() is None


@pytest.mark.usefixtures("way")
def test_subsets_that_are_many_are_not_all_kept_and_those_that_are_held_stay_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callers, "MOST_VIEWS", 4)
    manager = PluginManager("x")
    manager.add_hookspecs(Specifications)
    plugins = [Plugin(value) for value in "abcdefghij"]
    for one in plugins:
        manager.register(one)
    held = [manager.subset_hook_caller("name", [one]) for one in plugins]
    everybody = [one.value for one in reversed(plugins)]
    for _ in range(3):
        for subset, left_out in zip(held, plugins, strict=True):
            expected = [f"{value}1" for value in everybody if value != left_out.value]
            assert [subset(a=1), subset(a=1)] == [expected] * 2
    caller: Any = manager.hook.name
    assert len(caller.views) == 4
    manager.register(Plugin("k"))
    manager.unregister(plugins[0])
    for subset, left_out in zip(held, plugins, strict=True):
        expected = [f"{value}1" for value in ["k", *everybody[:-1]] if value != left_out.value]
        assert [subset(a=1), subset(a=1)] == [expected] * 2
