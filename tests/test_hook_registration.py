"""What a manager finds in a plugin without asking it for anything, and what it does when something is wrong."""

from types import ModuleType, SimpleNamespace
from typing import Any

import pluggy
import pytest

from plugframe import HookimplMarker, PluginManager
from plugframe.errors import HookValidationError

hookspec = pluggy.HookspecMarker("atlas")
hookimpl = HookimplMarker("atlas")


class Specifications:
    """Two hooks."""

    @hookspec
    def draw(self, city: str, scale: int) -> None:
        """Draw a city."""

    @hookspec
    def name(self, city: str) -> None:
        """Name a city."""


@pytest.fixture
def manager() -> PluginManager:
    made = PluginManager("atlas")
    made.add_hookspecs(Specifications)
    return made


def state(manager: pluggy.PluginManager) -> object:
    """Return what a manager knows, so that it can be compared."""
    hooks = {name: [one.plugin_name for one in caller.get_hookimpls()] for name, caller in vars(manager.hook).items()}
    return manager.list_name_plugin(), hooks


def test_lazy_attributes_of_a_module_are_not_resolved(manager: PluginManager) -> None:
    plugin = ModuleType("lazy_atlas")
    asked = []

    def resolve(name: str) -> object:
        asked.append(name)
        raise ImportError(name)

    vars(plugin)["__getattr__"] = resolve
    vars(plugin)["__dir__"] = lambda: ["draw", "heavy"]
    plugin.draw = hookimpl(lambda city: city)  # type: ignore[attr-defined] # it is a module made by hand
    manager.register(plugin)
    assert manager.hook.draw(city="Bergen", scale=1) == ["Bergen"]
    assert [name for name in asked if not name.startswith("__")] == []


def test_properties_and_other_descriptors_are_not_run(manager: PluginManager) -> None:
    class Explosive:
        def __get__(self, *_: object) -> object:
            pytest.fail("a descriptor was run")

    class Plugin:
        heavy = Explosive()

        @property
        def expensive(self) -> object:
            pytest.fail("a property was run")

        def __getattr__(self, name: str) -> object:
            if not name.startswith("__"):
                pytest.fail(f"{name} was asked for")
            raise AttributeError(name)

        @hookimpl
        def draw(self, city: str) -> str:
            return city

    manager.register(Plugin())
    assert manager.hook.draw(city="Bergen", scale=1) == ["Bergen"]


def plugins() -> dict[str, Any]:
    """Return plugins of every make that pluggy knows, each with at least one implementation."""

    class Methods:
        @hookimpl
        def draw(self, city: str) -> str:
            return f"method {city}"

        @hookimpl
        @staticmethod
        def name(city: str) -> str:
            return f"static {city}"

    class Below(Methods):
        @hookimpl
        @classmethod
        def draw(cls, city: str) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] # plugins are free to
            return f"{cls.__name__} {city}"

    class Silenced(Methods):
        def draw(self, city: str) -> str:  # no implementation any more
            pytest.fail(city)

    class Slotted:
        __slots__ = ("draw",)

        def __init__(self) -> None:
            self.draw = hookimpl(lambda city: f"slot {city}")

    class Metaclass(type):
        @hookimpl
        def draw(cls, city: str) -> str:
            return f"metaclass {city}"

    class WithMetaclass(metaclass=Metaclass):
        pass

    class Falsy(Methods):
        def __bool__(self) -> bool:
            return False

    class Reversed:
        @staticmethod
        @hookimpl
        def draw(city: str) -> str:
            return f"below {city}"

    return {
        "methods": Methods(),
        "below": Below(),
        "silenced": Silenced(),
        "slotted": Slotted(),
        "class": Reversed,
        "metaclass, nobody's": WithMetaclass,
        "falsy": Falsy(),
        "reversed": Reversed(),
        "own attribute": SimpleNamespace(draw=hookimpl(lambda city: f"attribute {city}")),
        "bound elsewhere": SimpleNamespace(draw=Methods().draw),
        "class in place of a function, nobody's": SimpleNamespace(draw=hookimpl(Falsy)),
    }


@pytest.mark.parametrize("kind", plugins())
def test_plugin_of_every_make_is_found_as_pluggy_finds_it(kind: str) -> None:
    results = []
    for cls in (pluggy.PluginManager, PluginManager):
        manager = cls("atlas")
        manager.add_hookspecs(Specifications)
        name = manager.register(plugins()[kind], name="it")
        calls = (manager.hook.draw(city="Bergen", scale=1), manager.hook.name(city="Bergen"))
        callers = manager.get_hookcallers(manager.get_plugin("it"))
        results.append((name, calls, [caller.name for caller in callers or ()]))
    assert results[0] == results[1]
    assert any(results[1][1]) is ("nobody's" not in kind)


def test_plugin_with_one_wrong_implementation_changes_nothing(manager: PluginManager) -> None:
    class Wrong:
        @hookimpl
        def draw(self, city: str) -> str:
            return city

        @hookimpl
        def name(self, town: str) -> str:
            return town

    before = state(manager)
    with pytest.raises(pluggy.PluginValidationError, match="town"):
        manager.register(Wrong())
    assert state(manager) == before


def test_circle_is_refused_before_anything_changes(manager: PluginManager) -> None:
    def plugin(before: tuple[str, ...]) -> object:
        return SimpleNamespace(name=hookimpl(lambda city: city), draw=hookimpl(before=before)(lambda city: city))

    manager.register(plugin(("b",)), name="a")
    manager.register(plugin(("c",)), name="b")
    known = state(manager)
    with pytest.raises(HookValidationError, match="'c' before 'a' before 'b' before 'c'"):
        manager.register(plugin(("a",)), name="c")
    assert state(manager) == known


def test_overridden_parsing_is_asked_for_every_name() -> None:
    class Named(PluginManager):
        def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:  # noqa: ARG002 # pluggy's signature
            return {} if name.startswith("atlas_") else None

    manager = Named("atlas")
    manager.register(SimpleNamespace(atlas_draw=lambda city: city, draw=hookimpl(lambda city: city)))
    assert list(vars(manager.hook)) == ["atlas_draw"]
    assert manager.hook.atlas_draw(city="Bergen") == ["Bergen"]
