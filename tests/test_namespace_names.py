"""Names of plugins in a package, at the edges: what passes, which are reachable, and what is told of the others."""

import asyncio
import copy
import importlib.util
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _naming import application, named, named_site
from _sites import Site

import plugframe
from plugframe.errors import DeclarationError, NotRegisteredError, PluginImportError, PluginNotFoundError
from plugframe.testing.environments import distribution


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with named_site(tmp_path / "site") as made:
        yield made


class Stop(BaseException):
    """A wish to stop of somebody's own."""


@pytest.mark.parametrize("kind", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit, Stop])
@pytest.mark.parametrize("way", ["alias", "module", "object", "class"])
def test_wish_to_stop_passes_and_leaves_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException], way: str
) -> None:
    monkeypatch.setattr(sys, "stops", [kind], raising=False)
    names = {"x": "acme_x", "y": "acme_y:Thing"}
    tree = distribution(
        "acme",
        entry_points={"myapp.plugins": names, "myapp.classes": {"a.Thing": "acme_x:Thing"}},
        modules={
            "acme_x.py": "import acme_stop\nacme_stop.ask()\nclass Thing: ...\n",
            "acme_y.py": "import acme_stop\ndef __getattr__(name):\n    acme_stop.ask()\n    return 1\n",
            "acme_stop.py": "import sys\ndef ask():\n    if sys.stops: raise sys.stops.pop()\n",
        },
    )
    site.install(tree)
    plugins = import_module("myapp.plugins")
    ways: dict[str, Callable[[], Any]] = {
        "alias": lambda: import_module("myapp.plugins.x"),
        "module": lambda: plugins.x,
        "object": lambda: plugins.y,
        "class": lambda: site.host.classes.get("a.Thing"),
    }
    with pytest.raises(kind):
        ways[way]()
    assert not {"acme_x", "myapp.plugins.x"} & set(sys.modules)
    assert ways[way]()


@pytest.mark.parametrize("order", [1, -1])
def test_plugin_named_like_an_attribute_is_hidden_by_it_for_every_import(site: Site, order: int) -> None:
    site.install(
        named({"host": "acme_x", "limit": "acme_x", "x": "acme_x"}, acme_x=""),
        application(root="from myapp import host\nlimit = None\nhost.namespace(__name__)\n"),
    )
    made = site.host.namespace("myapp.plugins")
    for name in ("host", "limit")[::order]:
        before = vars(sys.modules["myapp.plugins"])[name]
        for wanted in (f"myapp.plugins.{name}", f"myapp.plugins.{name}.below"):
            with pytest.raises(PluginImportError, match="the package has an attribute of that name"):
                import_module(wanted)
        assert vars(sys.modules["myapp.plugins"])[name] is before
    assert "acme_x" not in sys.modules
    assert made.names == ("x",)
    assert [one.message.split("'")[1] for one in made.problems] == ["host", "limit"]


def test_plugin_that_was_imported_stays_a_name(site: Site) -> None:
    odd = "import sys\nclass Odd: ...\nsys.modules[__name__] = Odd()\n"
    site.install(named({"x": "acme_x", "y": "acme_y", "z": "acme_x:__name__"}, acme_x="", acme_y=odd))
    made = site.host.namespace("myapp.plugins")
    names = made.names
    for name in names:
        if name != "z":
            import_module(f"myapp.plugins.{name}")
        assert getattr(sys.modules["myapp.plugins"], name)
        assert made.names == names
        sys.modules.pop(f"myapp.plugins.{name}", None)
        assert made.names == names
    assert made.problems == ()


@pytest.mark.parametrize("module", ["myapp.plugins.x", "myapp.plugins.x.below", "myapp.plugins.y", "myapp.plugins.y:z"])
def test_entry_point_that_leads_to_itself_is_refused_and_told_of(site: Site, module: str) -> None:
    site.install(named({"x": module, "y": "myapp.plugins.x", "fine": "acme_fine", "two": "myapp.plugins.fine"}))
    site.install({"acme_fine.py": ""})
    plugins = import_module("myapp.plugins")
    made = site.host.namespace("myapp.plugins")
    told = r"myapp\.plugins:x from acme-names 1\.0: .*that entry point again.*have its authors put"
    for way in (lambda: import_module("myapp.plugins.x"), lambda: plugins.x):
        with pytest.raises(PluginImportError, match=told) as caught:
            way()
        assert str(caught.value).count("cannot load") == 1
    assert made.names == ("fine", "two")
    assert [one.message.split("'")[1] for one in made.problems] == ["x", "y"]
    assert plugins.two is plugins.fine


def test_name_that_python_reads_as_another_is_no_name(site: Site) -> None:
    site.install(named({"\ufb01le": "acme_x", "größe": "acme_x", "\uff41": "acme_x"}, acme_x=""))
    made = site.host.namespace("myapp.plugins")
    assert made.names == ("größe",)
    assert ["file" in one.message or "'a'" in one.message for one in made.problems] == [True, True]
    with pytest.raises(PluginImportError, match="Python reads it as 'file'"):
        import_module("myapp.plugins.\ufb01le")
    assert import_module("myapp.plugins.größe") is sys.modules["acme_x"]


@pytest.mark.parametrize(
    "names", [(["\uff41"], None), (None, {"sub": ["\uff41"]}), (["fine"], {"sub": ["x as \uff41"]})]
)
def test_declared_name_that_python_reads_as_another_is_refused(names: tuple[Any, Any]) -> None:
    with pytest.raises(DeclarationError, match="Python reads it as 'a'"):
        plugframe.attach("acme_lazy", *names)


def test_declared_name_of_other_letters_is_as_good_as_any() -> None:
    _, list_names, every = plugframe.attach("acme_lazy", ["größe"], {"größe": ["maß"]})
    assert {"größe", "maß"} == set(every) == set(list_names())


def test_namespace_of_classes_is_told_as_such_where_a_class_is_asked_for(site: Site) -> None:
    classes = {"vision.ResNet": "acme_x:ResNet", "audio.class": "acme_x:ResNet"}
    site.install(distribution("acme", entry_points={"myapp.classes": classes}))
    told = {}
    for name in ("vision", "audio"):
        with pytest.raises(NotRegisteredError) as caught:
            site.host.classes.get(name)
        told[name] = str(caught.value)
    assert told["vision"] == (
        "no class named 'vision' is registered. 'vision' is a namespace of classes, and has 'vision.ResNet'. Next: ask"
        " for a class by its full name"
    )
    assert "myapp.classes:audio.class from acme 1.0 declares it and is left out" in told["audio"]


def test_what_cannot_be_a_name_is_no_class(site: Site) -> None:
    odd: list[Any] = [[], {}, None, 3]
    for wrong in odd:
        assert wrong not in site.host.classes
        with pytest.raises(NotRegisteredError, match=r"no class named .* is registered") as caught:
            site.host.classes.get(wrong)
        assert caught.value.__cause__ is None


def test_name_that_is_no_module_has_no_spec_and_still_tells_why_when_it_is_imported(site: Site) -> None:
    names = {"object": "acme_x:Thing", "gone": "acme_gone", "lost": "acme_gone.x", "host": "acme_x", "x": "acme_x"}
    site.install(named(names, acme_x="class Thing: ..."))
    site.host.namespace("myapp.plugins")
    found = {name: importlib.util.find_spec(f"myapp.plugins.{name}") for name in names}
    assert [name for name, spec in found.items() if spec] == ["x"]
    assert "acme_x" not in sys.modules
    for name in ("object", "gone", "lost", "host"):
        with pytest.raises(PluginImportError, match=r"cannot load myapp\.plugins:"):
            import_module(f"myapp.plugins.{name}")


def test_copy_of_a_host_or_its_hooks_is_usable(site: Site) -> None:
    host = site.host
    assert host.classes is not None
    assert copy.deepcopy(host) is copy.copy(host) is host
    assert copy.deepcopy({"host": host})["host"] is host
    assert repr(copy.deepcopy(host.hook)) == repr(host.hook)
    with pytest.raises(AttributeError, match="_nothing"):
        _ = type(host.hook).__new__(type(host.hook))._nothing  # noqa: SLF001 # as copying asks, before there is a host


def test_unloading_what_cannot_be_a_name_is_told_as_unknown(site: Site) -> None:
    made = site.host.namespace("myapp.plugins")
    odd: list[Any] = [None, 3, []]
    for wrong in odd:
        with pytest.raises(PluginNotFoundError, match="myapp has no plugin named"):
            made.unload(wrong)
