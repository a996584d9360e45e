"""What settings decide about plugins, before anything of them is imported, and that nothing gets around it."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from _sites import site_at
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from plugframe import Host
from plugframe.discovery.snapshot import current_environment, discover
from plugframe.errors import (
    BackendNotFoundError,
    NotRegisteredError,
    PluginBlockedError,
    PluginImportError,
    RequiredPluginError,
    UnboundSlotError,
)
from plugframe.policy.compatibility import Compatibility, host_distribution
from plugframe.policy.plugins import Plugins
from plugframe.records import Distribution, LoadResult
from plugframe.testing.environments import Tree, distribution, on_path, write_tree

CANARY = "raise SystemExit('it was imported')"


def plugin(name: str, *, version: str = "1.0", requires: tuple[str, ...] = (), **more: Any) -> Tree:
    """Return the tree of the distribution ``acme-NAME`` with a plugin of each kind, whose import ends the process."""
    module = f"acme_{name}"
    entry_points = {
        "myapp.plugins": {name: module},
        "myapp.hooks": {f"{name}.render": f"{module}:render"},
        "myapp.classes": {f"{name}.Net": f"{module}:Net"},
        "myapp.callbacks": {f"show_{name}": f"{module}:show"},
        "myapp.libraries": {f"{name}lib": f"{module}.lib"},
        "myapp.operations": {f"image.resize.{name}": f"{module}:resize"},
    }
    return distribution(
        f"acme-{name}",
        version,
        entry_points=entry_points,
        requires=requires,
        modules={module: {"__init__.py": CANARY, "lib.py": CANARY}},
        **more,
    )


def states(folder: Path, settings: Mapping[str, object] | None = None, **more: Any) -> dict[str, str]:
    """Return the states of the plugins that are installed in a folder, by name."""
    plugins = Plugins("myapp", discover(current_environment([os.fspath(folder)])), settings, **more)
    return {plugin.name: plugin.state for plugin in plugins.everything()}


def reason(folder: Path, name: str, settings: Mapping[str, object] | None = None) -> str:
    """Return why a plugin has its state."""
    return Plugins("myapp", discover(current_environment([os.fspath(folder)])), settings)[name].decision.reason


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the application, and three plugins of which one came along and one nobody knows how."""
    for tree in (
        distribution("myapp", "2.1", entry_points={"plugframe.hosts": {"myapp": "myapp:host"}}, requested=False),
        plugin("vision"),
        plugin("speech", requested=False),
        plugin("sound", requested=False, installer="conda"),
        plugin("alone", requested=False, installer="conda"),
        distribution("acme-bundle", requires=("acme-speech", "Acme.Sound>=1")),
    ):
        write_tree(tmp_path, tree)
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "running"),
    [
        ({}, "alone sound speech vision"),
        ({"mode": "open"}, "alone sound speech vision"),
        ({"mode": "direct"}, "alone vision"),
        ({"mode": "direct", "allow": ["ACME-speech"]}, "alone speech vision"),
        ({"mode": "allow-list"}, ""),
        ({"mode": "allow-list", "allow": ["acme.vision", "Speech"]}, "speech vision"),
        ({"mode": "allow-list", "allow": ["acme-vision:vision", "other:speech"]}, "vision"),
        ({"disable": ["vision", "acme_speech"]}, "alone sound"),
        ({"disable": ["acme-vision:vision", "acme-vision:speech"]}, "alone sound speech"),
        ({"mode": "allow-list", "allow": ["vision"], "disable": ["vision"]}, ""),
        ({"mode": "allow-list", "enable": ["vision"]}, ""),
        ({"disable": ["acme-vision"], "enable": ["acme-vision:vision"]}, "alone sound speech vision"),
        ({"disable": ["vision"], "enable": ["acme-vision"]}, "alone sound speech"),
        ({"hosts": {"other": {"disable": ["vision"]}}}, "alone sound speech vision"),
    ],
)
def test_modes_and_names_decide_which_plugins_run(folder: Path, settings: dict[str, object], running: str) -> None:
    found = states(folder, settings)
    assert " ".join(name for name, state in found.items() if state == "available") == running


def test_reasons_say_who_decided_and_how_it_came_along(folder: Path) -> None:
    assert states(folder, {"mode": "direct"})["speech"] == "blocked"
    told = reason(folder, "speech", {"mode": "direct"})
    assert told == (
        "the mode is direct in the application itself, and acme-speech 1.0 came along as a dependency of acme-bundle"
    )
    assert "acme-sound 1.0 may have come along as a dependency" in reason(folder, "sound", {"mode": "direct"})
    assert reason(folder, "vision", {"mode": "allow-list"}).endswith("and the list lacks it")
    assert reason(folder, "vision", {"disable": {"vision": "it is slow"}}) == "it is slow (in the application itself)"


def test_what_nothing_requires_any_more_was_asked_for_by_nobody(tmp_path: Path) -> None:
    write_tree(tmp_path, plugin("left", requested=False))
    assert states(tmp_path, {"mode": "direct"}) == {"left": "blocked"}
    assert "nobody asked for acme-left 1.0" in reason(tmp_path, "left", {"mode": "direct"})


def test_the_hosts_own_plugins_are_direct(tmp_path: Path) -> None:
    entry_points = {"plugframe.hosts": {"myapp": "x:y"}, "myapp.plugins": {"builtin": "x"}}
    write_tree(tmp_path, distribution("acme-shop", entry_points=entry_points, requested=False))
    write_tree(tmp_path, distribution("suite", requires=("acme-shop",)))
    assert states(tmp_path, {"mode": "direct"}) == {"builtin": "available"}


def test_a_disable_ends_on_its_day_and_says_so(folder: Path) -> None:
    past = {"disable": {"vision": {"reason": "it is slow", "until": "2020-01-01"}}}
    assert states(folder, past)["vision"] == "available"
    told = reason(folder, "vision", past)
    assert told.startswith("no more disabled: it is slow (in the application itself until 2020-01-01)")
    later = {"disable": {"vision": {"until": "9999-12-31"}}}
    assert states(folder, later)["vision"] == "disabled"


def test_settings_that_cannot_be_used_let_no_plugin_run_and_are_told(folder: Path) -> None:
    assert set(states(folder, {"disabel": ["vision"]}).values()) == {"blocked"}
    told = reason(folder, "vision", {"disabel": ["vision"]})
    assert "settings that may disable it cannot be used" in told
    assert "'disabel'" in told


@pytest.mark.parametrize("value", ["1", "yes", "TRUE", "on"])
def test_safe_mode_lets_no_plugin_run(folder: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PLUGFRAME_SAFE_MODE", value)
    assert set(states(folder, {"enable": ["vision"]}).values()) == {"blocked"}
    assert "PLUGFRAME_SAFE_MODE" in reason(folder, "vision")


@pytest.mark.parametrize("value", ["", "0", "no", "Off", "false"])
def test_safe_mode_can_be_off(folder: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PLUGFRAME_SAFE_MODE", value)
    assert set(states(folder).values()) == {"available"}


def test_one_that_may_not_run_does_not_keep_others_of_its_name_from_running(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_tree(tmp_path, distribution(name, entry_points={"myapp.plugins": {"vision": name}}))
    environment = discover(current_environment([os.fspath(tmp_path)]))
    found = Plugins("myapp", environment, {"disable": ["first"]})
    assert [(one.distribution.name, one.state) for one in found.everything()] == [
        ("second", "available"),
        ("first", "disabled"),
    ]
    assert found["vision"].distribution.name == "second"
    assert {one.state for one in Plugins("myapp", environment, {"disable": ["vision"]}).everything()} == {"disabled"}


# What a plugin requires of the host that is installed.


@pytest.mark.parametrize(
    ("requirement", "state"),
    [
        ("myapp", "available"),
        ("myapp>=2", "available"),
        ("MyApp >= 2.1, <3", "available"),
        ("myapp>=3", "incompatible"),
        ("myapp<2.1", "incompatible"),
        ("myapp==2.1.0", "available"),
        ("myapp==2.*", "available"),
        ("myapp~=2.0", "available"),
        ("myapp~=2.2", "incompatible"),
        ("myapp!=2.1", "incompatible"),
        ("myapp[fast]>=3", "incompatible"),
        ("myapp (>=3)", "incompatible"),
        ("myapp>=3; python_version < '3'", "available"),
        ("myapp>=3; extra == 'new'", "available"),
        ("myapp>=3; python_version >= '3'", "incompatible"),
        ("myapp @ https://example.org/myapp.whl", "available"),
        ("myapp-extras>=3", "available"),
        ("myapp>=three", "available"),
    ],
)
def test_a_plugin_that_requires_another_version_of_the_host_is_incompatible(
    tmp_path: Path, requirement: str, state: str
) -> None:
    write_tree(tmp_path, distribution("myapp", "2.1"))
    write_tree(tmp_path, plugin("vision", requires=("click>=99", requirement)))
    assert states(tmp_path) == {"vision": state}
    if state == "incompatible":
        assert reason(tmp_path, "vision") == f"acme-vision 1.0 requires {requirement}, and myapp 2.1 is installed"
        overridden = {"override-incompatible": ["acme-vision"]}
        assert states(tmp_path, overridden) == {"vision": "available"}
        assert "override-incompatible lets it run" in reason(tmp_path, "vision", overridden)


def test_the_host_belongs_to_the_distribution_that_declares_it_or_that_has_its_name(tmp_path: Path) -> None:
    write_tree(tmp_path, distribution("myapp", "1.0"))
    snapshot = discover(current_environment([os.fspath(tmp_path)]))
    assert str(host_distribution("myapp", snapshot)) == "myapp 1.0"
    assert host_distribution("other", snapshot) is None
    write_tree(tmp_path, distribution("acme-suite", "7.0", entry_points={"plugframe.hosts": {"myapp": "suite:host"}}))
    snapshot = discover(current_environment([os.fspath(tmp_path)]))
    assert str(host_distribution("myapp", snapshot)) == "acme-suite 7.0"


def test_of_two_copies_of_the_host_the_one_that_counts_decides(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", distribution("myapp", "1.0"))
    write_tree(tmp_path / "b", distribution("myapp", "2.0"))
    snapshot = discover(current_environment([os.fspath(tmp_path / "b"), os.fspath(tmp_path / "a")]))
    assert str(host_distribution("myapp", snapshot)) == "myapp 2.0"


NUMBERS = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
CLAUSES = st.tuples(
    st.sampled_from((">=", "<=", "==", "!=", ">", "<", "~=")), NUMBERS, st.sampled_from(("", "rc1", ".*"))
)


@hypothesis_settings(deadline=None)
@given(version=NUMBERS, clauses=st.lists(CLAUSES, max_size=3), spaces=st.sampled_from(("", " ")))
@example(version="1.0", clauses=[("==", "1", "")], spaces="")
def test_plain_versions_are_compared_as_packaging_compares_them(
    version: str, clauses: list[tuple[str, str, str]], spaces: str
) -> None:
    specifier = f"{spaces},".join(f"{operator}{spaces}{number}{rest}" for operator, number, rest in clauses)
    try:
        expected = SpecifierSet(specifier).contains(version, prereleases=True)
    except ValueError:
        return
    host = Distribution(name="myapp", version=version, key="myapp", location="", metadata_path="")
    made_for = host.replace(name="acme", key="acme", requires=(f"myapp{spaces}{specifier}",))
    assert (Compatibility(host).problem(made_for) == "") is expected


# Nothing of a plugin that may not run can be reached.


@pytest.fixture
def denied(tmp_path: Path) -> Callable[..., Host]:
    """Return what makes a host whose plugin ``vision`` ends whoever imports it."""
    write_tree(tmp_path, plugin("vision"))

    def make(**options: Any) -> Host:
        return Host("myapp", path=[tmp_path], **{"settings": {"disable": {"vision": "it is slow"}}, **options})

    return make


WAYS: dict[str, Callable[[Host], object]] = {
    "a hook": lambda host: host.hook.render(),
    "a class": lambda host: host.classes.vision.Net,
    "a class by name": lambda host: host.classes.get("vision.Net"),
    "a library": lambda host: host.libraries.get("visionlib"),
    "a backend": lambda host: host.ops.backend_names.get("image.resize.vision"),
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_a_denied_plugin_declares_can_be_reached_and_the_error_says_why(
    tmp_path: Path, denied: Callable[..., Host], way: str
) -> None:
    host = denied()
    with on_path(tmp_path), pytest.raises(NotRegisteredError) as raised:
        WAYS[way](host)
    told = str(raised.value)
    assert "acme-vision 1.0 declares it and is disabled: it is slow" in told
    assert "Next: plugframe enable vision --host myapp" in told
    assert not any(name.startswith("acme") for name in sys.modules)


def test_backend_of_a_denied_plugin_cannot_be_named_and_the_error_says_why(
    tmp_path: Path, denied: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    host = denied()

    @host.operation("image.resize")
    def resize(image: list[int]) -> list[int]:
        return image

    operation: Any = resize
    ways: list[Callable[[], object]] = [
        lambda: operation.using("vision"),
        lambda: host.ops.prefer("vision"),
        lambda: host.ops.disable("vision", operation="image.resize"),
        lambda: host.ops.configure(backends=["vision"]),
    ]
    with on_path(tmp_path):
        for way in ways:
            with pytest.raises(BackendNotFoundError, match=r"acme-vision 1\.0 declares it and is disabled: it is slow"):
                way()
        monkeypatch.setenv("MYAPP_BACKENDS", "vision")
        host.refresh()
        with pytest.raises(BackendNotFoundError, match=r"which MYAPP_BACKENDS names.*Next: plugframe enable vision"):
            resize([])
        with pytest.raises(BackendNotFoundError, match=r"'visio'.*Next: install the distribution"):
            operation.using("visio")
    assert not any(name.startswith("acme") for name in sys.modules)


def test_callbacks_of_a_denied_plugin_are_not_bound(tmp_path: Path, denied: Callable[..., Host]) -> None:
    host = denied()
    with on_path(tmp_path):
        show = host.callbacks.slot("show_vision", default=lambda: "the default")
        assert show() == "the default"
        assert not show.bound
        must = denied().callbacks.slot("show_vision", required=True)
        with pytest.raises(UnboundSlotError, match=r"acme-vision 1\.0 declares it and is disabled: it is slow"):
            must()


def test_hooks_of_a_host_pass_over_a_denied_plugin(tmp_path: Path, denied: Callable[..., Host]) -> None:
    for activation in ("declared", "learned", "eager"):
        host = denied(activation=activation)

        @host.hookspec
        def render() -> str: ...  # type: ignore[empty-body] # a specification

        with on_path(tmp_path):
            assert render() == []
            assert [result.state for result in host.load_all()] == ["disabled"]


def test_the_manager_loads_installed_plugins_as_pluggys_does_but_none_that_is_denied(
    tmp_path: Path, denied: Callable[..., Host]
) -> None:
    write_tree(tmp_path, distribution("acme-other", entry_points={"myapp.plugins": {"other": "string"}}))
    write_tree(tmp_path, distribution("acme-bad", entry_points={"myapp.plugins": {"bad": "no_such_module"}}))
    host = denied()
    with on_path(tmp_path):
        assert host.manager.load_setuptools_entrypoints("myapp.plugins", "vision") == 0
        assert host.manager.load_setuptools_entrypoints("myapp.plugins") == 1
        assert host.manager.load_setuptools_entrypoints("myapp.plugins") == 0
        assert [name for name, _ in host.manager.list_name_plugin()] == ["other"]
        found = {result.plugin.name: result.state for result in host.report()}
        assert found == {"bad": "broken", "other": "loaded", "vision": "disabled"}


def test_a_denied_plugin_cannot_be_loaded_and_every_message_repeats_why(
    tmp_path: Path, denied: Callable[..., Host]
) -> None:
    host = denied()
    with on_path(tmp_path):
        (result,) = host.load("vision")
        assert (result.state, result.reason) == ("disabled", "it is slow (in the application itself)")
        assert result.next_step == "plugframe enable vision --host myapp"
        assert host.report() == (result,)
        with pytest.raises(ExceptionGroup) as raised:
            host.load("vision", strict=True)
        (error,) = raised.value.exceptions
        assert isinstance(error, PluginBlockedError)
        assert "is disabled: it is slow" in str(error)
        assert "Next: plugframe enable vision" in str(error)


def test_a_denied_plugin_cannot_be_imported_by_its_name_in_the_hosts_package(tmp_path: Path) -> None:
    with site_at(tmp_path / "site") as site:
        site.install(plugin("vision"), {"app_names": {"__init__.py": NAMES, "plugins.py": ""}})
        site.install(
            {"app_names": {"plugins": {"__init__.py": "from app_names import host\nhost.namespace(__name__)"}}}
        )
        with pytest.raises(PluginImportError, match="it is disabled: it is slow"):
            importlib.import_module("app_names.plugins.vision")
        sys.modules["app_names"].host.namespace("app_names.plugins").remove()
        for name in [name for name in sys.modules if name.startswith("app_names")]:
            del sys.modules[name]


def test_a_denied_plugins_namespace_of_classes_cannot_be_imported_and_the_error_says_why(tmp_path: Path) -> None:
    with site_at(tmp_path / "site") as site:
        site.install(plugin("vision"), {"app_names": {"__init__.py": NAMES}})
        mounted = "from app_names import host\nhost.classes.mount(__name__)"
        site.install({"app_names": {"classes": {"__init__.py": mounted, "real.py": "", "vision.py": ""}}})
        site.install({"app_names": {"others": {"__init__.py": mounted}}})
        importlib.import_module("app_names.classes.real")
        assert sys.modules["app_names.classes"].__spec__ is not None
        assert importlib.import_module("app_names.classes.vision").__file__ is not None  # the package's own comes first
        for name in ("app_names.classes.visoin", "app_names.classes.vision.deeper"):
            with pytest.raises(ModuleNotFoundError, match=r"^No module named '[\w.]+'(; .* is not a package)?$"):
                importlib.import_module(name)
        sys.modules["app_names"].host.classes.mount("app_names.classes").remove()
        with pytest.raises(
            ModuleNotFoundError, match=r"acme-vision 1\.0 declares it and is disabled: it is slow"
        ) as raised:
            importlib.import_module("app_names.others.vision")
        assert "Next: plugframe enable vision --host myapp" in str(raised.value)
        assert raised.value.name == "app_names.others.vision"
        assert importlib.util.find_spec("app_names.others.__wrapped__") is None
        sys.modules["app_names"].host.classes.mount("app_names.others").remove()
        assert not any(name.startswith("acme") for name in sys.modules)
        for name in [name for name in sys.modules if name.startswith("app_names")]:
            del sys.modules[name]


NAMES = """
import os, plugframe
host = plugframe.Host(
    "myapp", path=[os.path.dirname(os.path.dirname(__file__))], settings={"disable": {"vision": "it is slow"}}
)
"""


def test_of_two_plugins_in_one_distribution_only_the_denied_ones_names_are_gone(tmp_path: Path) -> None:
    entry_points = {
        "myapp.plugins": {"one": "acme_one", "two": "acme_two"},
        "myapp.classes": {"one.Net": "acme_one:Net", "two.Net": "acme_two:Net", "shared.Net": "acme_one:Shared"},
    }
    write_tree(tmp_path, distribution("acme", entry_points=entry_points))
    settings = {"mode": "allow-list", "allow": ["acme:one"]}
    assert list(Host("myapp", path=[tmp_path], settings=settings).classes) == ["one.Net", "shared.Net"]
    assert list(Host("myapp", path=[tmp_path], settings={"disable": ["acme"]}).classes) == []


def test_a_refresh_sees_settings_that_changed(tmp_path: Path) -> None:
    write_tree(tmp_path, plugin("vision"))
    shipped = tmp_path / "shipped.toml"
    shipped.write_text("disable = ['vision']", encoding="utf-8")
    host = Host("myapp", path=[tmp_path], settings=shipped)
    assert list(host.classes) == []
    shipped.write_text("", encoding="utf-8")
    assert list(host.classes) == []
    assert host.refresh().changed == ("vision",)
    assert list(host.classes) == ["vision.Net"]


# Plugins that are required.


RENDERS = """
import plugframe

@plugframe.HookimplMarker("myapp")
def render():
    return "good"
"""


def required_host(tmp_path: Path, *names: str, settings: Mapping[str, object] | None = None) -> Host:
    """Return a host that requires plugins, of which ``good`` works and ``bad`` cannot be imported."""
    for name, code in (("good", RENDERS), ("bad", "1 / 0")):
        entry_points = {
            "myapp.plugins": {name: f"acme_{name}"},
            "myapp.hooks": {f"{name}.render": f"acme_{name}:render"},
        }
        requested = name == "good"
        tree = distribution(
            f"acme-{name}", entry_points=entry_points, modules={f"acme_{name}.py": code}, requested=requested
        )
        write_tree(tmp_path, tree)
    write_tree(tmp_path, distribution("acme-bundle", requires=("acme-bad",)))
    host = Host("myapp", path=[tmp_path], required=names, settings=settings)

    @host.hookspec
    def render() -> str: ...  # type: ignore[empty-body] # a specification

    return host


REQUIRED_IN_VAIN: list[tuple[str, Mapping[str, object], tuple[str, ...]]] = [
    ("godo", {}, ("'godo'", "is missing", "did you mean good?")),
    (
        "good",
        {"disable": {"good": "it is slow"}},
        ("is disabled: it is slow", "Next: plugframe enable good --host myapp"),
    ),
    ("acme-good", {"mode": "allow-list"}, ("is blocked", "the list lacks it", "somebody asked for it")),
    ("bad", {}, ("is broken", "ZeroDivisionError", "acme_bad.py:1", "required by acme-bundle", "Next: ")),
]


@pytest.mark.parametrize(("name", "settings", "told"), REQUIRED_IN_VAIN)
@pytest.mark.parametrize("way", ["load_all", "hook", "load"])
def test_a_host_does_not_go_on_without_what_it_requires(
    tmp_path: Path, name: str, settings: Mapping[str, object], told: tuple[str, ...], way: str
) -> None:
    host = required_host(tmp_path, name, settings=settings)
    ways: dict[str, Callable[[], object]] = {
        "load_all": host.load_all, "hook": host.hook.render, "load": lambda: host.load("bad", "good"),
    }  # fmt: skip
    with on_path(tmp_path):
        with pytest.raises(RequiredPluginError):
            ways[way]()
        with pytest.raises(RequiredPluginError) as again:
            ways[way]()
        message = str(again.value)
        assert [part for part in told if part not in message] == []
        assert "myapp does not go on without it" in message
        assert [plugin.name for plugin in host.plugins.values()] == ["bad", "good"]
        states = {result.plugin.name: result for result in host.report()}
        assert isinstance(states["good"], LoadResult)


def test_what_is_required_and_there_is_no_obstacle(tmp_path: Path) -> None:
    host = required_host(tmp_path, "ACME_good", settings={"disable": ["bad"], "require": ["good"]})
    with on_path(tmp_path):
        assert host.hook.render() == ["good"]
        assert [result.state for result in host.load_all()] == ["disabled", "loaded"]


def test_in_safe_mode_nothing_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = required_host(tmp_path, "good", "nowhere")
    monkeypatch.setenv("PLUGFRAME_SAFE_MODE", "1")
    with on_path(tmp_path):
        assert host.hook.render() == []
        assert {result.state for result in host.load_all()} == {"blocked"}


def test_a_report_tells_of_what_is_missing(tmp_path: Path) -> None:
    *_, last = required_host(tmp_path, "nowhere").report()
    assert (last.plugin.name, last.state) == ("nowhere", "missing")


def test_names_of_a_kind_need_the_records_of_those_alone_that_declare_it(tmp_path: Path) -> None:
    write_tree(tmp_path, plugin("vision"))
    for number in range(5):
        write_tree(tmp_path, distribution(f"other-{number}", entry_points={"myapp.plugins": {f"o{number}": "other"}}))
    snapshot = discover(current_environment([os.fspath(tmp_path)]))
    made: set[str] = set()
    original = snapshot.distribution_at

    def watch(place: tuple[int, int]) -> Distribution:
        found = original(place)
        made.add(found.name)
        return found

    snapshot.distribution_at = watch  # type: ignore[method-assign] # to see which are made
    assert [entry.name for entry in Plugins("myapp", snapshot).declared("classes")] == ["vision.Net"]
    assert made == {"acme-vision"}
    assert Plugins("myapp", snapshot, {"disable": ["vision"]}).declared("classes") == ()
