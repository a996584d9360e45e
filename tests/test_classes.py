"""Classes from plugins, ``host.classes.vision.ResNet``: found by name, imported when used, replaced and restored."""

import copy
import doctest
import gc
import inspect
import pickle
import sys
import threading
import unittest
import warnings
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any, assert_type
from unittest import mock

import pytest
from _sites import Site, fresh, plugin, together

from plugframe import Host
from plugframe.errors import (
    NotRegisteredError,
    PlugframeError,
    PluginImportError,
    RegistrationConflictError,
    RegistrationError,
)
from plugframe.handles import RemovableHandle
from plugframe.namespaces.names import Addition, Names
from plugframe.policy.findings import findings
from plugframe.policy.groups import RESERVED

PROBES = (
    "__wrapped__", "__file__", "__path__", "__warningregistry__", "__test__", "__torch_function__", "_repr_html_",
    "_is_coroutine_mark", "shape", "visoin", "_tree_",
)  # fmt: skip
MODELS = "class Net: ...\nclass Deep: ...\nthing = 5\n"
DECLARED = {"vision.Net": "acme_x_models:Net", "vision.deep.Net": "acme_x_models:Deep", "audio.Net": "acme_x_audio:Net"}


@pytest.fixture
def host(site: Site) -> Host:
    """Return the host of a site with one distribution that declares classes; nothing of it was imported."""
    site.install(plugin("x", "raise SystemExit", also={"myapp.classes": DECLARED}))
    site.install({"acme_x_models.py": MODELS, "acme_x_audio.py": MODELS})
    return site.host


def registering(*lines: str) -> str:
    """Return the code of a plugin that registers classes."""
    body = "\n".join(f"    {line}" for line in lines)
    return f"""
import plugframe

class Net: ...

@plugframe.hookimpl
def plugframe_register_classes(classes):
{body}
"""


def loaded() -> set[str]:
    """Return the modules of plugins that were imported."""
    return {name for name in sys.modules if name.startswith("acme_")}


# Names and what they mean


def test_class_is_imported_when_it_is_used_and_then_a_plain_attribute(host: Host) -> None:
    assert sorted(host.classes) == ["audio.Net", "vision.Net", "vision.deep.Net"]
    vision = host.classes.vision
    assert loaded() == set()
    net = host.classes.vision.Net
    assert net is sys.modules["acme_x_models"].Net
    assert loaded() == {"acme_x_models"}
    assert vars(vision)["Net"] is net
    assert vars(host)["classes"].vision is vision
    assert host.classes.get("vision.Net") is net
    assert host.classes.vision.deep.Net is sys.modules["acme_x_models"].Deep


def test_namespace_is_the_same_object_each_time(host: Host) -> None:
    deep = host.classes.vision.deep
    host.refresh()
    assert host.classes.vision.deep is deep
    assert isinstance(deep, ModuleType)
    assert inspect.ismodule(deep)
    assert (deep.__name__, deep.__package__) == ("myapp.classes.vision.deep", "myapp.classes.vision.deep")


def test_attribute_of_a_name_that_was_put_together_is_read_like_any_other(host: Host) -> None:
    net = getattr(host.classes.vision, "Met".replace("M", "N"))
    (name,) = (name for name, value in vars(host.classes.vision).items() if value is net)
    assert name is sys.intern("Net")


def test_namespace_that_begins_no_registered_name_is_not_made_up(host: Host) -> None:
    for name in ("visoin", "Net", "vision_", "a", "acme_x", "None"):
        with pytest.raises(AttributeError):
            getattr(host.classes, name)
    with pytest.raises(NotRegisteredError) as caught:
        _ = host.classes.visoin
    assert caught.value.near == ("vision",)
    with pytest.raises(NotRegisteredError) as caught:
        _ = host.classes.vision.dep
    assert caught.value.near[0] == "vision.deep"
    assert set(vars(host.classes.vision)) - {"__getattr__"} == set(vars(ModuleType("x")))
    assert loaded() == set()


@pytest.mark.parametrize(
    ("taken", "wanted"), [("vision.Net", "vision.Net.Deep"), ("vision.Net.Deep", "vision.Net"), ("a.b.C.D", "a.b")]
)
def test_name_cannot_be_a_class_and_a_namespace(site: Site, taken: str, wanted: str) -> None:
    site.install(plugin("a", registering(f"classes.add('{taken}', Net)")))
    site.install(plugin("z", registering(f"classes.add('{wanted}', Net, replace=True)")))
    a, z = site.host.load_all()
    assert (a.state, z.state) == ("loaded", "broken")
    for part in (taken, wanted, "acme-a 1.0", "acme-z 1.0", "a class and a namespace"):
        assert part in z.reason
    with pytest.raises(RegistrationConflictError) as caught:
        site.host.classes.add(wanted, dict)
    assert (caught.value.name, caught.value.other) == (wanted, taken)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert list(site.host.classes) == [taken]


def test_declared_class_that_would_be_a_namespace_of_another_is_left_out_with_a_finding(site: Site) -> None:
    site.install(plugin("b", also={"myapp.classes": {"vision.Net.Deep": "acme_b:Deep", "vision.Other": "acme_b:O"}}))
    site.install(plugin("a", also={"myapp.classes": {"vision.Net": "acme_a:Net"}}))
    assert list(site.host.classes) == ["vision.Net", "vision.Other"]
    plugins = site.host.plugins
    found = [*findings("myapp", plugins.everything(), plugins.snapshot.entry_points)]
    (one,) = [diagnostic for diagnostic in found if diagnostic.code == "PF143"]
    assert one.distribution == "acme-b"
    assert "acme-a 1.0 declares 'vision.Net'" in one.message
    with pytest.raises(NotRegisteredError, match=r"myapp\.classes:vision\.Net\.Deep from acme-b 1\.0 declares it"):
        site.host.classes.get("vision.Net.Deep")


BAD_NAMES = [
    "Net", "", ".", ".Net", "vision.", "vision..Net", "vision.2d", "vision.a-b", "vision. Net", "vision._Net",
    "vision.__init__", "_vision.Net", "vision.class", "None.Net", "vision.ﬁt", "add.Net", "get.Net", "mount.Net",
    "provider.Net", None, 5, b"vision.Net", ("vision", "Net"),
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_name_that_could_not_be_reached_is_refused_with_whose_it_is(site: Site, name: Any) -> None:
    for call in (f"classes.add({name!r}, Net)", f"classes.add({name!r})(Net)", f"classes.add({name!r}, 'acme_x:Net')"):
        site.install(plugin("x", registering("classes.add('vision.Good', Net)", call)))
        sys.modules.pop("acme_x", None)
        result = site.load("x")
        assert result.state == "broken"
        assert f"myapp.plugins:x from acme-x 1.0 registers the class {name!r}: " in result.reason
        assert list(site.host.classes) == []
    with pytest.raises(RegistrationError, match="the host myapp registers the class"):
        site.host.classes.add(name, dict)


@pytest.mark.parametrize(
    "target", [5, None, "", "acme", ":Net", "acme:", "acme:a-b", "a b:Net", "acme:Net:x", print, {}, "acme..b:Net"]
)
def test_target_that_is_no_class_is_refused(site: Site, target: Any) -> None:
    with pytest.raises(RegistrationError, match=r"the host myapp registers .* as the class 'vision\.Net', which"):
        site.host.classes.add("vision.Net", target)
    assert list(site.host.classes) == []


def test_reserved_names_are_the_methods_of_the_registry(host: Host) -> None:
    public = {name for name in dir(type(host.classes)) if not name.startswith("_")}
    assert public == set(RESERVED["classes"])


def test_declared_name_like_a_method_is_left_out_with_a_finding(site: Site) -> None:
    site.install(plugin("x", also={"myapp.classes": {"get.Net": "acme_x:Net", "vision.for": "acme_x:Net"}}))
    host = site.host
    assert list(host.classes) == []
    assert host.classes.get.__name__ == "get"
    found = findings("myapp", host.plugins.everything(), host.plugins.snapshot.entry_points)
    assert sorted((one.code, one.message.rpartition(": ")[2]) for one in found) == [
        ("PF143", "'for' is a keyword"),
        ("PF143", "'get' is a method there"),
    ]
    assert host.plugins["x"].provides == {}


def test_type_checkers_take_any_class_and_namespace(host: Host) -> None:
    assert_type(host.classes.vision.Net, Any)
    assert_type(host.classes.vision, Any)
    with host.classes.add("a.B", dict) as handle:
        assert_type(handle, RemovableHandle)
    assert isinstance(type(host).__dict__["classes"], type(Host.classes))


# What is not there, and what fails


def test_unknown_class_is_told_with_the_plugins_that_may_register_it(site: Site) -> None:
    site.install(*(plugin(name, registering(f"classes.add('{name}.Net', Net)")) for name in "abcde"))
    assert not hasattr(site.host.classes, "d")
    with pytest.raises(NotRegisteredError) as caught:
        _ = site.host.classes.d
    assert str(caught.value) == (
        "no namespace of classes named 'd' is registered. What is not loaded yet may register it: myapp.plugins:d from "
        "acme-d 1.0, myapp.plugins:a from acme-a 1.0, myapp.plugins:b from acme-b 1.0 and 2 more. "
        "Next: host.load_all()"
    )
    assert loaded() == set()
    other = pickle.loads(pickle.dumps(caught.value))
    assert (str(other), other.hint, other.name) == (str(caught.value), caught.value.hint, "d")
    site.host.load_all()
    assert site.host.classes.d.Net.__module__ == "acme_d"
    with pytest.raises(NotRegisteredError) as caught:
        _ = site.host.classes.zzzz
    assert str(caught.value) == "no namespace of classes named 'zzzz' is registered"


def test_unknown_class_is_told_with_the_plugin_that_could_not_be_loaded(site: Site) -> None:
    site.install(plugin("x", "1 / 0"), plugin("y"))
    site.host.load_all()
    with pytest.raises(NotRegisteredError) as caught:
        _ = site.host.classes.vision
    assert "myapp.plugins:x from acme-x 1.0, which may register it, could not be loaded: ZeroDivi" in str(caught.value)
    assert "Next: " in str(caught.value)


def test_unknown_class_is_told_with_the_declaration_that_cannot_be_used(site: Site) -> None:
    site.install(plugin("x", also={"myapp.classes": {"vision.Net": "no reference!"}}))
    for ask in (lambda: site.host.classes.vision, lambda: site.host.classes.get("vision.Net")):
        with pytest.raises(NotRegisteredError, match=r"myapp\.classes:vision\.Net from acme-x 1\.0 declares it and is"):
            ask()


def test_unknown_class_of_a_namespace_that_is_there_tells_no_stranger(host: Host) -> None:
    with pytest.raises(NotRegisteredError) as caught:
        _ = host.classes.vision.Nett
    assert str(caught.value).startswith("no class named 'vision.Nett' is registered; did you mean 'vision.Net'")
    assert caught.value.hint.endswith("Next: host.load('x')")


def test_message_is_made_when_it_is_shown_only(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def explain(*_: object) -> str:
        asked.append(1)
        return "who knows"

    monkeypatch.setattr("plugframe.loading.registration.explain_absence", explain)
    assert not any(hasattr(site.host.classes, name) for name in PROBES)
    assert asked == []
    with pytest.raises(NotRegisteredError) as caught:
        _ = site.host.classes.vision
    assert asked == []
    assert (str(caught.value), repr(caught.value.hint)) == (f"{caught.value}", "'who knows'")
    assert asked == [1]


@pytest.mark.parametrize(
    "body",
    [
        "import acme_nowhere",
        "1 / 0",
        "raise SystemExit",
        "raise AttributeError('Net')",
        "raise AttributeError(name='Net')",
        "Net = 5",
        "Net = None",
        "import sys\nNet = sys",
        "def __getattr__(name): raise AttributeError(name)",
        "def __getattr__(name): import acme_nowhere",
        "def Net(): ...",
        "",
        "class Net(",
        "import sys\nsys.modules[__name__] = 5",
    ],
)
def test_declared_class_that_fails_is_an_import_error_that_can_be_tried_again(
    host: Host, site: Site, body: str
) -> None:
    site.install({"acme_x_models.py": body})
    for ask in (lambda: host.classes.vision.Net, lambda: host.classes.get("vision.Net")):
        with pytest.raises(PluginImportError) as caught:
            ask()
        assert isinstance(caught.value, ImportError)
        assert not isinstance(caught.value, AttributeError)
        assert "myapp.classes:vision.Net from acme-x 1.0" in str(caught.value)
        assert "Net" not in vars(host.classes.vision)
    with pytest.raises(PluginImportError):  # it is there, and broken: not a missing name
        hasattr(host.classes.vision, "Net")
    sys.modules.pop("acme_x_models", None)
    site.install({"acme_x_models.py": MODELS})
    assert host.classes.vision.Net.__name__ == "Net"


def test_interrupt_while_a_class_is_imported_comes_through(host: Host, site: Site) -> None:
    site.install({"acme_x_models.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        _ = host.classes.vision.Net
    site.install({"acme_x_models.py": MODELS})
    assert host.classes.vision.Net.__name__ == "Net"


# Looking loads nothing


def looks(host: Host, thing: Any) -> dict[str, Callable[[], object]]:
    """Return ways to look at the registry or a namespace."""
    names = dir(thing)
    return {
        "dir": lambda: dir(thing),
        "iter": lambda: list(thing),
        "len": lambda: len(thing),
        "in": lambda: ["Net" in thing, "vision.Net" in thing, 5 in thing, [] in thing, None in thing],
        "bool": lambda: bool(thing),
        "repr": lambda: (repr(thing), f"{thing}", str(vars(host))),
        "copy": lambda: (copy.copy(thing), copy.deepcopy(thing), copy.deepcopy({"a": [thing]})),
        "hash": lambda: (hash(thing), thing == thing, thing != host, weakref.ref(thing)()),  # noqa: PLR0124 # on purpose
        "probes": lambda: [hasattr(thing, name) for name in PROBES],
        "static": lambda: inspect.getmembers_static(thing),
        "unwrap": lambda: inspect.unwrap(thing),
        "getmodule": lambda: (inspect.getmodule(thing), inspect.getdoc(thing)),
        "predicates": lambda: [getattr(inspect, name)(thing) for name in dir(inspect) if name.startswith("is")],
        "stack": inspect.stack,
        "doctest": lambda: doctest.DocTestFinder(exclude_empty=False).find(thing, name="x", module=False),
        "warns": lambda: unittest.TestCase().assertWarns(UserWarning, lambda: warnings.warn("x", stacklevel=1)),
        "completion": lambda: [inspect.getattr_static(thing, name, None) for name in names],
        "garbage": lambda: [isinstance(one, int) for one in gc.get_objects() if one is thing],
    }


@pytest.mark.parametrize("way", looks(Host("x", path=[]), Host("x", path=[]).classes))
def test_looking_at_classes_loads_nothing_and_leaves_no_trace(host: Host, way: str) -> None:
    for thing in (host.classes, host.classes.vision, host.classes.vision.deep):
        before = set(vars(thing))
        looks(host, thing)[way]()
        assert set(vars(thing)) - {"__warningregistry__"} == before
    assert loaded() == set()


def test_names_of_the_registry_and_of_namespaces_are_the_registered_ones(host: Host) -> None:
    classes: Any = host.classes
    assert dir(classes.vision) == ["Net", "deep"]
    assert {"audio", "vision", "add", "get", "mount", "provider"} <= set(dir(classes))
    assert (list(classes.vision), len(classes.vision)) == (["Net", "deep.Net"], 2)
    assert ("Net" in classes.vision, "deep.Net" in classes.vision, "deep" in classes.vision) == (True, True, False)
    assert ("vision.Net" in classes, "vision" in classes, len(classes)) == (True, False, 3)
    assert repr(classes) == "<classes of myapp: audio.Net, vision.Net, vision.deep.Net>"
    assert repr(classes.vision) == "<classes of myapp.classes.vision: Net, deep>"
    assert not any(hasattr(classes.vision, name) for name in PROBES)


def test_representation_of_very_many_classes_is_short(site: Site) -> None:
    for number in range(50):
        site.host.classes.add(f"vision.C{number}", dict)
    assert repr(site.host.classes.vision).endswith(" and 30 more>")


def test_copy_of_a_namespace_is_the_namespace(host: Host) -> None:
    for thing in (host.classes, host.classes.vision):
        assert copy.copy(thing) is thing
        assert copy.deepcopy([thing])[0] is thing


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_namespace_that_is_not_mounted_refuses_to_be_pickled_and_says_what_to_do(host: Host, protocol: int) -> None:
    for thing in (host.classes, host.classes.vision):
        with pytest.raises(pickle.PicklingError, match=r"host\.classes\.mount\(\)"):
            pickle.dumps(thing, protocol)


def test_reading_all_members_loads_all_as_it_says(host: Host) -> None:
    assert [name for name, _ in inspect.getmembers(host.classes.vision) if not name.startswith("_")] == ["Net", "deep"]
    assert loaded() == {"acme_x_models"}


STATIC = "getattr_static" in inspect.getsource(mock.NonCallableMock._mock_add_spec)  # noqa: SLF001 # reads its source


@pytest.mark.skipif(not STATIC, reason="this interpreter's mock reads every attribute that dir() names")
def test_mock_of_a_namespace_loads_nothing(host: Host) -> None:
    stand_in = mock.Mock(spec=host.classes.vision)
    assert {"Net", "deep"} <= set(dir(stand_in))
    assert loaded() == set()


def test_class_can_be_patched_for_a_while(host: Host) -> None:
    with mock.patch.object(host.classes.vision, "Net", dict):
        assert host.classes.vision.Net is dict
        host.classes.add("audio.Other", int)
        assert host.classes.vision.Net is dict
    assert host.classes.vision.Net is sys.modules["acme_x_models"].Net


# Twice the same name


def test_class_that_two_register_is_a_conflict_that_names_both(host: Host, site: Site) -> None:
    site.install(plugin("z", registering("classes.add('vision.Net', Net)")))
    host.refresh()
    result = site.load("z")
    assert result.state == "broken"
    assert "myapp.plugins:z from acme-z 1.0" in result.reason
    assert "myapp.classes:vision.Net from acme-x 1.0" in result.reason
    with pytest.raises(RegistrationConflictError) as caught:
        host.classes.add("vision.Net", dict)
    assert (caught.value.present, caught.value.refused) == (
        "myapp.classes:vision.Net from acme-x 1.0",
        "the host myapp",
    )
    assert loaded() == {"acme_z"}


def test_handle_restores_what_was_replaced(host: Host) -> None:
    vision = host.classes.vision
    first = vision.Net
    handle = host.classes.add("vision.Net", dict, replace=True)
    assert (vision.Net, host.classes.provider("vision.Net")) == (dict, "the host myapp")
    assert repr(handle) == "<handle of the class 'vision.Net' of the host myapp>"
    handle.remove()
    handle.remove()
    assert vision.Net is first
    assert repr(handle) == "<handle of the class 'vision.Net' of the host myapp, removed>"
    with host.classes.add("vision.Net", int, replace=True) as inside:
        assert isinstance(inside, RemovableHandle)
        assert vision.Net is int
    assert vision.Net is first


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_replacements_are_removed_in_any_order(host: Host, order: tuple[int, ...]) -> None:
    kinds = [type(f"C{number}", (), {}) for number in range(3)]
    handles = [host.classes.add("vision.Net", kind, replace=True) for kind in kinds]
    left = dict(enumerate(kinds))
    for index in order:
        assert host.classes.vision.Net is left[max(left)]
        handles[index].remove()
        del left[index]
    assert host.classes.vision.Net is sys.modules["acme_x_models"].Net


def test_handle_neither_copies_nor_pickles(host: Host) -> None:
    handle = host.classes.add("a.B", dict)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match=r"a\.B.*neither copied nor pickled"):
            attempt(handle)
    del handle
    gc.collect()
    assert host.classes.a.B is dict


def test_name_whose_only_class_is_removed_is_gone_with_its_namespace(site: Site) -> None:
    classes = site.host.classes
    with classes.add("a.b.C", dict):
        inner = classes.a.b
        assert inner.C is dict
    assert not hasattr(classes, "a")
    assert "a" not in dir(classes)
    assert (list(inner), hasattr(inner, "C"), "C" in vars(inner)) == ([], False, False)
    classes.add("a.b.C", int)
    assert [classes.a.b, inner.C] == [inner, int]


def test_plugin_replaces_what_another_registers_and_restores_it(host: Host, site: Site) -> None:
    first = host.classes.vision.Net
    code = registering("globals()['handle'] = classes.add('vision.Net', Net, replace=True)")
    site.install(plugin("z", code))
    host.refresh()
    assert site.load("z").state == "loaded"
    assert host.classes.vision.Net.__module__ == "acme_z"
    assert host.classes.provider("vision.Net") == "myapp.plugins:z from acme-z 1.0"
    sys.modules["acme_z"].handle.remove()
    assert host.classes.vision.Net is first


def test_plugin_that_fails_after_replacing_has_replaced_nothing(host: Host, site: Site) -> None:
    first = host.classes.vision.Net
    code = registering("classes.add('vision.Net', Net, replace=True)")
    wrong = "\n@plugframe.hookimpl\ndef plugframe_register_operations(operations): operations.add('x', 5)\n"
    site.install(plugin("z", code + wrong))
    host.refresh()
    assert site.load("z").state == "broken"
    assert host.classes.vision.Net is first


def test_plugin_that_is_revoked_restores_what_it_replaced(host: Host, site: Site) -> None:
    first = host.classes.vision.Net
    late = "\nfrom myapp import hookimpl\n@hookimpl\ndef finish(wrong): ...\n"
    site.install(plugin("z", registering("classes.add('vision.Net', Net, replace=True)") + late))
    host.refresh()
    assert site.load("z").state == "loaded"
    assert host.classes.vision.Net is not first

    @host.hookspec
    def finish(right: str) -> None: ...

    assert host.report()[-1].state == "broken"
    assert host.classes.vision.Net is first
    assert callable(finish)


def test_handle_that_a_plugin_removes_while_it_registers_registers_nothing(site: Site) -> None:
    lines = ("classes.add('vision.Net', Net).remove()", "classes.add('vision.Net', 'acme_x:Net')")
    site.install(plugin("x", registering(*lines)))
    assert site.load("x").registered == ("classes:vision.Net",)
    assert site.host.classes.vision.Net.__module__ == "acme_x"


def test_plugin_registers_by_decorator(site: Site) -> None:
    lines = (
        "@classes.add('vision.Made')",
        "class Made: ...",
        "assert Made.__name__ == 'Made'",
        "globals()['M'] = Made",
    )
    site.install(plugin("x", registering(*lines)))
    assert site.load("x").reason == ""
    assert site.host.classes.vision.Made is sys.modules["acme_x"].M


# Changes


def test_no_class_outlives_its_registration(host: Host, site: Site) -> None:
    vision = host.classes.vision
    first = vision.Net
    site.uninstall("x")
    host.refresh()
    assert not hasattr(vision, "Net")
    assert not hasattr(host.classes, "vision")
    assert first.__name__ == "Net"
    also = {"myapp.classes": {"vision.Net": "acme_y:Net"}}
    site.install(plugin("y", "class Net: ...", also=also))
    host.refresh()
    assert vision.Net.__module__ == "acme_y"
    host.refresh()
    assert vision.Net.__module__ == "acme_y"


def test_class_that_was_dropped_is_freed(site: Site) -> None:
    kind = type("Gone", (), {})
    alive = weakref.ref(kind)
    with site.host.classes.add("a.B", kind):
        assert site.host.classes.a.B is kind
        del kind
    gc.collect()
    assert alive() is None


def test_finalizer_of_a_dropped_class_may_ask_for_classes(host: Host) -> None:
    seen: list[object] = []
    kind: Any = type("Gone", (), {})
    weakref.finalize(kind, lambda: seen.append(("vision.Net" in host.classes, host.classes.audio.Net)))
    handle = host.classes.add("a.B", kind)
    assert host.classes.a.B is kind
    del kind

    def remove(_: int) -> object:
        handle.remove()
        return gc.collect() >= 0

    assert together(1, remove) == [True]
    assert seen == [(True, sys.modules["acme_x_audio"].Net)]


def test_finalizer_that_runs_amid_a_change_may_ask_for_classes(host: Host) -> None:
    asked: list[object] = []

    class Circular:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            asked.append(host.classes.vision.Net)

    def change(_: int) -> object:
        for number in range(50):
            Circular()
            host.classes.add(f"a.C{number}", dict)
        return len(host.classes)

    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        done = together(1, change)
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert (done, len(asked)) == ([53], 50)


def test_classes_may_change_while_they_are_iterated(host: Host) -> None:
    for number, _ in enumerate(host.classes):
        host.classes.add(f"more.C{number}", dict)
    for name in host.classes.more:
        host.classes.add(f"others.{name}", dict)
    assert len(host.classes) == 9


def test_class_that_is_replaced_while_it_is_imported_is_not_kept(host: Host, site: Site) -> None:
    slow = "import myapp\nmyapp.host.classes.add('vision.Net', dict, replace=True)\nclass Net: ...\n"
    site.install({"acme_x_models.py": slow})
    assert host.classes.vision.Net.__module__ == "acme_x_models"
    assert host.classes.vision.Net is dict


def test_importing_a_class_may_register_others(host: Host, site: Site) -> None:
    more = "import myapp\nmyapp.host.classes.add('vision.More', dict)\nclass Net: ...\n"
    site.install({"acme_x_models.py": more})
    vision = host.classes.vision
    net = vision.Net
    assert vars(vision)["Net"] is net
    assert vision.More is dict


def test_modules_of_two_classes_may_need_each_other(host: Host, site: Site) -> None:
    site.install(
        {
            "acme_x_models.py": "import myapp\nclass Net: ...\nbase = myapp.host.classes.audio.Net\n",
            "acme_x_audio.py": "import myapp\nclass Net: ...\nbase = myapp.host.classes.vision.Net\n",
        }
    )
    assert host.classes.vision.Net is sys.modules["acme_x_audio"].base


# Threads

SLOW = "import time, builtins\nbuiltins.acme_runs = getattr(builtins, 'acme_runs', 0) + 1\ntime.sleep(0.1)\n"


def test_threads_that_use_a_class_first_get_one_object_and_import_it_once(
    host: Host, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    monkeypatch.setattr(builtins, "acme_runs", 0, raising=False)
    site.install({"acme_x_models.py": SLOW + "def __getattr__(name):\n    return type(name, (), {})\n"})
    found = together(16, lambda _: (host.classes, host.classes.vision, host.classes.vision.Net))
    assert found == [found[0]] * 16
    assert (builtins.acme_runs, len(set(map(id, found)))) == (1, 16)  # type: ignore[attr-defined] # set above


def test_no_lock_is_held_while_a_class_is_imported(host: Host, site: Site) -> None:
    code = """
        import threading, myapp
        done = []
        def others():
            done.append(myapp.host.classes.audio.Net)
            done.append(myapp.host.classes.add("other.Net", dict))
            myapp.host.refresh()
            done.append(list(myapp.host.classes))
        thread = threading.Thread(target=others)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
        class Net: ...
    """
    site.install({"acme_x_models.py": inspect.cleandoc(code)})
    assert host.classes.vision.Net.__name__ == "Net"
    assert len(sys.modules["acme_x_models"].done) == 3


def test_threads_that_replace_and_read_see_only_what_is_registered(host: Host) -> None:
    first = host.classes.vision.Net
    kinds = [type(f"C{number}", (), {}) for number in range(4)]
    stop = threading.Event()

    def work(index: int) -> object:
        if index < 4:
            for _ in range(100):
                with host.classes.add("vision.Net", kinds[index], replace=True):
                    assert host.classes.vision.Net in kinds
            stop.set()
            return None
        while not stop.is_set():
            assert host.classes.vision.Net in {first, *kinds}
            assert set(host.classes) == set(DECLARED)
        return None

    assert together(8, work) == [None] * 8
    assert host.classes.vision.Net is first


def test_replaced_class_is_never_read_after_the_replacement(host: Host) -> None:
    vision = host.classes.vision

    def work(index: int) -> object:
        own = f"own{index}"
        for number in range(200):
            kind = type(f"C{number}", (), {})
            with host.classes.add(f"{own}.Net", kind):
                assert getattr(host.classes, own).Net is kind
            assert not hasattr(host.classes, own)
            assert vision.Net.__name__ == "Net"
        return None

    assert together(8, work) == [None] * 8


def test_refreshes_while_threads_read_do_no_harm(host: Host) -> None:
    def work(index: int) -> object:
        for _ in range(30):
            if index == 0:
                host.refresh()
            assert host.classes.vision.Net.__name__ == "Net"
            assert host.classes.vision.deep.Net.__name__ == "Deep"
        return None

    assert together(6, work) == [None] * 6


# Pickles of classes and their instances


def test_class_from_a_plugin_unpickles_in_a_fresh_process_that_has_only_the_host(host: Host, site: Site) -> None:
    site.install(plugin("z", registering("@classes.add('made.Here')", "class Here: ...", "classes.add('z.Net', Net)")))
    host.refresh()
    host.load("z")
    for kind in (host.classes.vision.Net, host.classes.z.Net):
        data = pickle.dumps([kind, kind()])
        told = fresh(f"import myapp, pickle; print(pickle.loads({data!r})[0].__module__)", site.folder)
        assert told.strip() == kind.__module__
    with pytest.raises((pickle.PicklingError, AttributeError)):  # a local class, as anywhere
        pickle.dumps(host.classes.made.Here)


def test_class_whose_module_does_not_exist_is_used_and_cannot_be_pickled(site: Site) -> None:
    kind = type("Net", (), {"__module__": "acme_nowhere"})
    site.host.classes.add("vision.Net", kind)
    assert site.host.classes.vision.Net is kind
    with pytest.raises(pickle.PicklingError, match="acme_nowhere"):
        pickle.dumps(kind)


@pytest.mark.parametrize("name", ["vision.Net", "vision.deep.Net"])
def test_odd_classes_are_classes(site: Site, name: str) -> None:
    class Meta(type):
        def __eq__(cls, other: object) -> bool:
            raise RuntimeError

        def __hash__(cls) -> int:
            raise RuntimeError

        def __bool__(cls) -> bool:
            raise RuntimeError

        def __repr__(cls) -> str:
            raise RuntimeError

        def __getattr__(cls, name: str) -> object:
            raise RuntimeError

    kind = Meta("Odd", (), {})
    handle = site.host.classes.add(name, kind)
    assert site.host.classes.get(name) is kind
    with site.host.classes.add(name, Meta("Other", (), {}), replace=True):
        assert site.host.classes.get(name) is not kind
    assert site.host.classes.get(name) is kind
    site.host.refresh()
    assert site.host.classes.get(name) is kind
    handle.remove()
    assert name not in site.host.classes


def test_errors_are_those_of_plugframe_and_builtins() -> None:
    assert issubclass(NotRegisteredError, AttributeError)
    assert issubclass(NotRegisteredError, PlugframeError)


def test_names_tell_their_namespaces() -> None:
    names = Names(
        [Addition(name=name, provider="acme", target="a:b") for name in ("b.c.D", "a.B", "a.B", "a.B.c", "b.c", "b.A")],
        by_part=True,
    )
    assert names.full == ("a.B", "b.A", "b.c.D")
    assert names.children == {"": ("a", "b"), "a": ("B",), "b": ("A", "c"), "b.c": ("D",)}
    assert Names().children == {"": ()}
