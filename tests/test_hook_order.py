"""Plugins say by name whom they are called before and after; circles are refused, and chance decides nothing."""

import itertools
from typing import Any

import pluggy
import pytest
from _hooks import Hooked, Wrapper, says, written
from _sites import RENDERS, Site, plugin, site_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import plugframe
from plugframe import Host
from plugframe.errors import HookValidationError

NAMES = "abcdef"
HEALTH = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much)


class DropIn:
    """What ``Hooked`` is, of the manager that takes the place of pluggy's."""

    def __init__(self) -> None:
        """Specify the hook."""
        self.manager = plugframe.PluginManager("myapp")
        mark = pluggy.HookspecMarker("myapp")
        source = "class Specifications:\n    @mark\n    def render(self, page): ..."
        self.manager.add_hookspecs(written(source, mark=mark))
        self.call = self.manager.hook.render

    def put(self, name: str, function: Any, **options: Any) -> Any:
        """Register a plugin that implements the hook by a function."""
        made = written("class Plugin: ...")()
        made.render = plugframe.HookimplMarker("myapp")(**options)(function)
        self.manager.register(made, name=name)
        return made

    def drop(self, name: str) -> None:
        """Unregister a plugin."""
        assert self.manager.unregister(name=name)


@pytest.fixture(params=["host", "drop-in"])
def hooked(request: pytest.FixtureRequest, way: str) -> Any:  # noqa: ARG001 # taken before the hook is made
    return Hooked() if request.param == "host" else DropIn()


def wraps(name: str, seen: list[str]) -> Any:
    """Return a wrapper that tells that it started."""

    def wrapper() -> Wrapper:
        seen.append(name)
        return (yield)

    return wrapper


def test_without_wishes_the_last_that_came_is_called_first(hooked: Any) -> None:
    for name in "abc":
        hooked.put(name, says(name))
    assert hooked.call(page="p") == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"a": {"before": ("c",)}}, "bac"),
        ({"c": {"after": ("a",)}}, "bac"),
        ({"a": {"before": ("b", "c")}}, "acb"),
        ({"b": {"before": ("c",), "after": ("a",)}}, "abc"),
        ({"a": {"before": ("b",)}, "b": {"before": ("c",)}}, "abc"),
        ({"a": {"trylast": True, "before": ("c",)}}, "bac"),
        ({"c": {"tryfirst": True, "after": ("a",)}}, "bac"),
        ({"a": {"tryfirst": True}, "b": {"before": ("a",)}}, "cba"),
        ({"a": {"tryfirst": True}, "b": {"before": ("a",)}, "c": {"trylast": True}}, "bac"),
        ({"c": {"trylast": True}, "b": {"after": ("c",)}}, "acb"),
        ({"a": {"before": ("nobody",), "after": ("nobody else",)}}, "cba"),
        ({"a": {"before": ("a",), "after": ("a",)}}, "cba"),
        ({"a": {"before": ()}, "b": {"after": ()}}, "cba"),
    ],
)
def test_plugins_are_called_as_they_ask(hooked: Any, options: dict[str, Any], expected: str) -> None:
    for name in "abc":
        hooked.put(name, says(name), **options.get(name, {}))
    for _ in range(2):
        assert "".join(hooked.call(page="p")) == expected


@pytest.mark.parametrize("order", list(itertools.permutations("abc")))
def test_wish_holds_whoever_comes_first_and_whenever_the_hook_is_called(hooked: Any, order: tuple[str, ...]) -> None:
    options: dict[str, Any] = {"a": {"before": ("b",)}, "b": {}, "c": {"after": ("b",)}}
    come: set[str] = set()
    found: list[str] = []
    for name in order:
        hooked.put(name, says(name), **options[name])
        come.add(name)
        found = hooked.call(page="p")
        assert {*found} == come
        for one, other in ("ab", "bc"):
            assert not {one, other} <= come or found.index(one) < found.index(other)
    assert found == ["a", "b", "c"]


def test_wrappers_are_put_in_order_among_themselves(hooked: Any) -> None:
    seen: list[str] = []
    hooked.put("plain", says("plain"))
    hooked.put("a", wraps("a", seen), wrapper=True, before=("c",))
    hooked.put("b", wraps("b", seen), wrapper=True, tryfirst=True)
    hooked.put("c", wraps("c", seen), wrapper=True)
    hooked.put("d", wraps("d", seen), wrapper=True, after=("b", "a"), before=("plain",))
    assert hooked.call(page="p") == ["plain"]
    assert seen.index("a") < seen.index("c")
    assert seen.index("a") < seen.index("d")
    assert seen[0] == "b"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("wrapper", {}), ("plain", {"before": ("first",)})),
        (("plain", {"before": ("second",)}), ("wrapper", {})),
        (("plain", {}), ("wrapper", {"after": ("first",)})),
    ],
)
def test_nothing_can_be_called_before_a_wrapper(hooked: Any, first: Any, second: Any) -> None:
    for name, (kind, wishes) in (("first", first), ("second", second)):
        function = wraps(name, []) if kind == "wrapper" else says(name)
        options = {**wishes, "wrapper": kind == "wrapper"}
        if name == "first":
            hooked.put(name, function, **options)
        else:
            with pytest.raises(HookValidationError, match="wrapper"):
                hooked.put(name, function, **options)
    assert hooked.call(page="p") == ([] if first[0] == "wrapper" else ["first"])


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("how", ["before", "after", "both"])
def test_circle_is_refused_and_printed_and_nothing_is_registered(hooked: Any, number: int, how: str) -> None:
    names = NAMES[:number]

    def wish(place: int) -> dict[str, Any]:
        wishes = {"before": (names[(place + 1) % number],), "after": (names[place - 1],)}
        return wishes if how == "both" else {how: wishes[how]}

    hooked.put("z", says("z"))
    for place, name in enumerate(names[:-1]):
        hooked.put(name, says(name), **wish(place))
    before = hooked.call(page="p")
    with pytest.raises(HookValidationError) as caught:
        hooked.put(names[-1], says(names[-1]), **wish(number - 1))
    circle = [repr(name) for name in names]
    turns = [circle[turn:] + circle[: turn + 1] for turn in range(number)]
    assert any(" before ".join(turn) in str(caught.value) for turn in turns), str(caught.value)
    assert "circle" in str(caught.value)
    assert "'render'" in str(caught.value)
    assert hooked.call(page="p") == before
    manager = hooked.manager if isinstance(hooked, DropIn) else hooked.host.manager
    assert not manager.has_plugin(names[-1])
    hooked.drop(names[0])
    hooked.put(names[-1], says(names[-1]), **wish(number - 1))
    assert sorted(hooked.call(page="p")) == sorted({*names[1:], "z"})


def test_circle_in_one_hook_registers_nothing_in_the_others(hooked: Any) -> None:
    hooked.put("a", says("a"), before=("b",))
    made = written("class Plugin: ...")()
    mark = plugframe.HookimplMarker("myapp")
    made.render = mark(before=("a",))(says("b"))
    made.another, made.zzz = mark(says("b")), mark(says("b"))
    manager = hooked.manager if isinstance(hooked, DropIn) else hooked.host.manager
    with pytest.raises(HookValidationError):
        manager.register(made, name="b")
    assert not manager.is_registered(made)
    assert hooked.call(page="p") == ["a"]
    for name in ("another", "zzz"):
        caller = getattr(manager.hook, name, None)
        assert caller is None or caller.get_hookimpls() == []


def test_plugin_that_asks_for_a_circle_by_two_implementations_of_a_hook_is_not_registered(hooked: Any) -> None:
    hooked.put("a", says("a"))
    made = written("class Plugin: ...")()
    mark = plugframe.HookimplMarker("myapp")
    made.render = mark(before=("a",))(says("b"))
    made.second = mark(specname="render", after=("a",))(says("b"))
    manager = hooked.manager if isinstance(hooked, DropIn) else hooked.host.manager
    with pytest.raises(HookValidationError, match="circle"):
        manager.register(made, name="b")
    assert not manager.is_registered(made)
    assert hooked.call(page="p") == ["a"]


@pytest.mark.parametrize("wrong", ["outline", 5, None, [1], (None,), b"a", {"a": 1}, object()])
@pytest.mark.parametrize("option", ["before", "after"])
def test_wish_that_is_no_list_of_names_is_a_type_error(option: str, wrong: Any) -> None:
    options: dict[str, Any] = {option: wrong}
    for mark in (Host("myapp", path=[]).hookimpl, plugframe.hookimpl, plugframe.HookimplMarker("myapp")):
        with pytest.raises(TypeError, match=option):
            mark(**options)(says(1))


@pytest.mark.parametrize("kind", [tuple, list, set, frozenset])
def test_wish_may_be_any_list_of_names(hooked: Any, kind: Any) -> None:
    hooked.put("a", says("a"), before=kind(["b", "c"]))
    for name in "bc":
        hooked.put(name, says(name))
    assert hooked.call(page="p") == ["a", "c", "b"]


def test_unregistering_restores_the_order(hooked: Any) -> None:
    for name in "abc":
        hooked.put(name, says(name))
    hooked.put("d", says("d"), before=("a",), after=("b",), trylast=True)
    assert hooked.call(page="p") == ["c", "b", "d", "a"]
    hooked.drop("d")
    assert hooked.call(page="p") == ["c", "b", "a"]
    hooked.put("e", says("e"))
    assert hooked.call(page="p") == ["e", "c", "b", "a"]
    hooked.drop("c")
    hooked.put("c", says("c"), after=("a",))
    hooked.drop("a")
    assert hooked.call(page="p") == ["c", "e", "b"]


def test_own_plugins_marks_are_pluggys_besides() -> None:
    function = Host("myapp", path=[]).hookimpl(tryfirst=True, before=("b",))(says(1))
    options = function.myapp_impl  # type: ignore[attr-defined]
    assert options["tryfirst"] is True
    assert options["before"] == ("b",)
    assert "after" not in options
    manager = pluggy.PluginManager("myapp")
    made = written("class Plugin: ...")()
    made.render = function
    manager.register(made)
    assert manager.hook.render() == [1]


# Installed plugins, which different hooks load in different orders.

CODE = """
from myapp import hookimpl

@hookimpl
def of_{name}(page): return page

@hookimpl(before={before!r}, after={after!r}, tryfirst={first}, trylast={last})
def render(page): return {name!r}
"""


def test_order_of_installed_plugins_does_not_depend_on_which_was_loaded_first(site: Site) -> None:
    site.install(*(plugin(name, RENDERS) for name in "abc"))
    for order in itertools.permutations("abc"):
        host = Host("myapp", path=[str(site.folder)])
        call: Any = host.hookspec(written("def render(page): ..."))
        host.load(*order)
        assert call(page="p") == ["acme_c: p", "acme_b: p", "acme_a: p"]


def test_own_plugins_of_the_application_are_called_before_the_installed(site: Site) -> None:
    site.install(plugin("a", RENDERS), plugin("z", RENDERS))
    host = site.host
    made = written("class Own: ...")()
    made.render = host.hookimpl(says("own"))
    host.manager.register(made, name="own")
    assert host.hook.render(page="p") == ["own", "acme_z: p", "acme_a: p"]


def test_installed_plugins_that_ask_for_a_circle_break_one_of_them_and_the_host_goes_on(site: Site) -> None:
    for name, other in ("ab", "ba"):
        code = CODE.format(name=name, before=(other,), after=(), first=False, last=False)
        site.install(plugin(name, code))
    site.install(plugin("c", RENDERS))
    assert site.host.hook.render(page="p") == ["acme_c: p", "a"]
    broken = site.host.report()[1]
    assert broken.state == "broken"
    assert "hook 'render' of plugin 'b' from acme-b 1.0: " in broken.reason
    assert "'a' before 'b' before 'a'" in broken.reason or "'b' before 'a' before 'b'" in broken.reason


WISHES = st.fixed_dictionaries(
    {},
    optional={
        "before": st.lists(st.sampled_from([*NAMES, "absent"]), max_size=2, unique=True).map(tuple),
        "after": st.lists(st.sampled_from([*NAMES, "absent"]), max_size=2, unique=True).map(tuple),
        "tryfirst": st.booleans(),
        "trylast": st.booleans(),
        "wrapper": st.sampled_from([False, False, False, True]),
    },
)


def constraints(plugins: dict[str, dict[str, Any]]) -> set[tuple[str, str]]:
    """Return the pairs of plugins of which the first asks, or is asked, to be called before the second."""
    pairs = {(name, other) for name, wish in plugins.items() for other in wish.get("before", ())}
    pairs |= {(other, name) for name, wish in plugins.items() for other in wish.get("after", ())}
    return {(one, other) for one, other in pairs if one != other and {one, other} <= plugins.keys()}


def can_be_met(plugins: dict[str, dict[str, Any]]) -> bool:
    """Return whether there is an order with all wrappers first in which all wishes hold."""
    pairs = constraints(plugins)
    wrappers = {name for name, wish in plugins.items() if wish.get("wrapper")}
    left = set(plugins)
    pairs |= {(one, other) for one in wrappers for other in left - wrappers}
    while ready := {name for name in left if not any(other == name and one in left for one, other in pairs)}:
        left -= ready
    return not left


def started(plugins: dict[str, dict[str, Any]], order: list[str], seen: list[str], *, drop_in: bool) -> list[str]:
    """Register plugins in an order, and return the order in which a call starts them."""
    hooked = DropIn() if drop_in else Hooked()
    for name in order:
        hooked.put(name, tells(name, seen, wraps=plugins[name].get("wrapper", False)), **plugins[name])
    found = []
    for _ in range(2):
        seen.clear()
        hooked.call(page="p")
        found.append([*seen])
    assert found[0] == found[1]
    return found[0]


def tells(name: str, seen: list[str], *, wraps: bool) -> Any:
    """Return an implementation that tells that it started."""
    source = "def render():\n    seen.append(name)"
    return written(f"{source}\n    return (yield)" if wraps else source, seen=seen, name=name)


@pytest.mark.parametrize("drop_in", [False, True])
@settings(max_examples=150, deadline=None, suppress_health_check=HEALTH, derandomize=True, database=None)
@given(plugins=st.dictionaries(st.sampled_from(NAMES), WISHES, max_size=6), data=st.data())
def test_all_wishes_hold_or_they_are_refused(*, drop_in: bool, plugins: dict[str, dict[str, Any]], data: Any) -> None:
    order = data.draw(st.permutations(sorted(plugins)))
    seen: list[str] = []
    if not can_be_met(plugins):
        with pytest.raises(HookValidationError):
            started(plugins, order, seen, drop_in=drop_in)
        return
    found = started(plugins, order, seen, drop_in=drop_in)
    assert sorted(found) == sorted(plugins)
    for one, other in constraints(plugins):
        assert found.index(one) < found.index(other), (one, other)


@settings(max_examples=100, deadline=None, suppress_health_check=HEALTH, derandomize=True, database=None)
@given(plugins=st.dictionaries(st.sampled_from(NAMES), WISHES, min_size=2, max_size=5), data=st.data())
def test_order_of_installed_plugins_is_the_same_whatever_loads_them(
    tmp_path_factory: pytest.TempPathFactory, plugins: dict[str, dict[str, Any]], data: Any
) -> None:
    if not can_be_met(plugins):
        return
    order = data.draw(st.permutations(sorted(plugins)))
    with site_at(tmp_path_factory.mktemp("site") / "site") as site:
        for name, wish in plugins.items():
            site.install(installed(name, wish))
        found = []
        for names in (sorted(plugins), order):
            # Another host has another application's marks: each is the same distribution's plugins from the start.
            host = Host("myapp", path=[str(site.folder)])
            call: Any = host.hookspec(written("def render(page, seen): ..."))
            hooks: Any = host.hook
            for name in names:
                assert getattr(hooks, f"of_{name}")(page="p") == ["p"]
            seen: list[str] = []
            call(page="p", seen=seen)
            found.append(seen)
    assert found[0] == found[1]
    for one, other in constraints(plugins):
        assert found[0].index(one) < found[0].index(other), (one, other)


def installed(name: str, wish: dict[str, Any]) -> dict[str, Any]:
    """Return the distribution of a plugin that has a hook of its own and asks for its place in another."""
    end = "return (yield)" if wish.get("wrapper") else "return None"
    code = f"""
        from myapp import hookimpl

        @hookimpl
        def of_{name}(page): return page

        @hookimpl(**{wish!r})
        def render(page, seen):
            seen.append({name!r})
            {end}
    """
    declares = {f"{name}.{hook}": f"acme_{name}:{hook}" for hook in (f"of_{name}", "render")}
    return plugin(name, code, also={"myapp.hooks": declares})
