"""Classes below a package: ``from myapp.classes.vision import ResNet``, for the default host and any other."""

import copy
import importlib
import inspect
import pickle
import pkgutil
import sys
import unittest
import warnings
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from _sites import Site, fresh, plugin, site_at, together

from plugframe import Host
from plugframe.errors import NotRegisteredError, PluginImportError, RegistrationError
from plugframe.namespaces.mounts import finder

# The site's application is a module, so its classes are below a package beside it.
MOUNTS = '"""The classes."""\nimport myapp\nmyapp.host.classes.mount(__name__)\n'
MODELS = "class Net: ...\nclass Deep: ...\n"
DECLARED = {
    "vision.Net": "acme_x_models:Net",
    "vision.deep.er.Net": "acme_x_models:Deep",
    "audio.Net": "acme_x_audio:Net",
    "broken.Net": "acme_x_broken:Net",
}
PACKAGE = "myapp_classes"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    before = list(sys.meta_path)
    with site_at(tmp_path / "site") as made:
        made.install(plugin("x", "raise SystemExit", also={"myapp.classes": DECLARED}))
        made.install({"acme_x_models.py": MODELS, "acme_x_audio.py": MODELS, "acme_x_broken.py": "1 / 0"})
        made.install({PACKAGE: {"__init__.py": MOUNTS}})
        yield made
        mount = finder.mounted(f"{PACKAGE}.")
        if mount is not None:
            finder.remove(mount)
    assert [one for one in sys.meta_path if one not in before] == []


@pytest.fixture
def package(site: Site) -> Any:
    """Return the package that the classes are mounted under."""
    assert site.host.classes is not None
    return importlib.import_module(PACKAGE)


def loaded() -> set[str]:
    """Return the modules of plugins that were imported."""
    return {name for name in sys.modules if name.startswith("acme_")}


@pytest.mark.parametrize(
    "statement",
    [
        "import myapp_classes.vision; found = myapp_classes.vision.Net",
        "import myapp_classes.vision as vision; found = vision.Net",
        "from myapp_classes import vision; found = vision.Net",
        "from myapp_classes.vision import Net as found",
        "import myapp_classes; found = myapp_classes.vision.Net",
        "import importlib; found = importlib.import_module('myapp_classes.vision').Net",
        "found = __import__('myapp_classes.vision', fromlist=['Net']).Net",
        "import myapp_classes.vision.deep.er; found = myapp_classes.vision.Net",
        "import pkgutil; found = pkgutil.resolve_name('myapp_classes.vision:Net')",
        "import pkgutil; found = pkgutil.resolve_name('myapp_classes.vision.Net')",
    ],
)
def test_class_is_imported_by_every_statement(site: Site, statement: str) -> None:
    scope: dict[str, Any] = {}
    exec(statement, scope)  # noqa: S102 # the statements are above
    assert scope["found"] is sys.modules["acme_x_models"].Net
    assert scope["found"] is site.host.classes.vision.Net
    assert loaded() == {"acme_x_models"}


@pytest.mark.parametrize("first", ["host", "import"])
def test_namespace_is_the_same_object_as_that_of_the_host(site: Site, package: Any, first: str) -> None:
    names = ("vision.deep.er", "vision.deep", "vision", "audio")
    found: dict[str, list[object]] = {}
    for way in (first, "import" if first == "host" else "host"):
        for name in names:
            one: object = importlib.import_module(f"{PACKAGE}.{name}") if way == "import" else None
            found.setdefault(way, []).append(one or attrgetter(name)(site.host.classes))
    assert found["host"] == found["import"]
    assert package.vision is site.host.classes.vision
    assert package.vision.deep is site.host.classes.vision.deep
    assert loaded() == set()


def test_namespace_is_an_honest_module(package: Any) -> None:
    deep = importlib.import_module(f"{PACKAGE}.vision.deep")
    spec = deep.__spec__
    assert spec is not None
    assert (deep.__name__, deep.__package__, deep.__path__) == (spec.name, spec.name, [])
    assert spec.name == f"{PACKAGE}.vision.deep"
    assert (spec.parent, spec.origin, spec.has_location, spec.submodule_search_locations) == (
        spec.name,
        None,
        False,
        [],
    )
    assert deep.__loader__ is spec.loader
    assert not hasattr(deep, "__file__")
    assert inspect.getmodule(deep) is deep
    assert repr(package) == f"<module '{PACKAGE}' from {package.__file__!r}>"
    assert repr(deep) == f"<classes of {PACKAGE}.vision.deep: er>"
    assert find_spec(f"{PACKAGE}.vision.deep") is spec


def test_package_keeps_what_it_is(package: Any) -> None:
    assert package.__doc__ == "The classes."
    assert package.__spec__.name == PACKAGE
    assert {"vision", "audio", "myapp", "__path__", "__file__"} <= set(dir(package))
    assert not any(hasattr(package, name) for name in ("__wrapped__", "_x", "shape", "visoin", "get", "add"))
    with pytest.raises(NotRegisteredError, match=r"'visoin' is registered; did you mean 'vision'"):
        _ = package.visoin
    exec(f"from {PACKAGE} import *", {})  # noqa: S102 # the only way to write it in a function
    assert loaded() == set()


def test_name_that_is_not_registered_is_not_made_up(package: Any) -> None:
    for name in ("visoin", "vision.Net", "vision.Nett", "vision.deep.e", "acme_x", "vision.deep.er.Net.x"):
        with pytest.raises(ModuleNotFoundError) as caught:
            importlib.import_module(f"{PACKAGE}.{name}")
        assert caught.value.name is not None
        assert f"{PACKAGE}.{name}".startswith(caught.value.name)
    assert find_spec(f"{PACKAGE}.visoin") is None
    with pytest.raises(ImportError, match=r"cannot import name 'Nett'"):
        exec(f"from {PACKAGE}.vision import Nett", {})  # noqa: S102 # the only way to write it for a name in a variable
    assert sorted(name for name in sys.modules if name.startswith(f"{PACKAGE}.")) == [
        f"{PACKAGE}.vision",
        f"{PACKAGE}.vision.deep",
        f"{PACKAGE}.vision.deep.er",
    ]
    assert package.vision.deep.er.__name__ == f"{PACKAGE}.vision.deep.er"


def test_broken_class_shows_its_cause_where_it_is_imported_by_name(package: Any, site: Site) -> None:
    for _ in range(2):
        with pytest.raises(PluginImportError, match=r"broken\.Net from acme-x 1\.0: ZeroDivisionError") as caught:
            exec("from myapp_classes.broken import Net", {})  # noqa: S102 # as above
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
    site.install({"acme_x_broken.py": MODELS})
    assert package.broken.Net.__module__ == "acme_x_broken"


def test_what_the_package_really_has_comes_first(site: Site) -> None:
    site.install({PACKAGE: {"vision.py": "real = True", "audio": {"__init__.py": "", "inner.py": "real = True"}}})
    also = {"myapp.classes": {"audio.inner.Net": "acme_y:Net", "audio.virtual.Net": "acme_y:Net", "own.N": "acme_y:N"}}
    site.install(plugin("y", also=also))
    package: Any = importlib.import_module(PACKAGE)
    assert package.vision.real
    assert importlib.import_module(f"{PACKAGE}.audio.inner").real
    assert package.audio.__file__ is not None
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{PACKAGE}.audio.virtual")
    assert importlib.import_module(f"{PACKAGE}.own") is site.host.classes.own
    assert site.host.classes.vision.Net.__module__ == "acme_x_models"


def test_attribute_that_the_package_has_is_never_overwritten(site: Site, package: Any) -> None:
    own = package.myapp
    with site.host.classes.add("myapp.Net", dict):
        assert package.myapp is own
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"{PACKAGE}.myapp")
        assert site.host.classes.myapp.Net is dict
    assert package.myapp is own


def test_mount_is_idempotent_and_its_handle_undoes_it(site: Site, package: Any) -> None:
    classes = site.host.classes
    vision = importlib.import_module(f"{PACKAGE}.vision")
    handle = classes.mount(PACKAGE)
    assert classes.mount(PACKAGE) is handle
    assert importlib.reload(package) is package
    assert classes.mount(PACKAGE) is handle
    before = len(sys.meta_path)
    handle.remove()
    handle.remove()
    assert len(sys.meta_path) <= before
    assert not hasattr(package, "vision")
    assert "__getattr__" not in vars(package)
    assert [name for name in sys.modules if name.startswith(f"{PACKAGE}.")] == []
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{PACKAGE}.vision")
    assert classes.vision is vision
    assert (vision.__name__, vision.__spec__, hasattr(vision, "__path__")) == ("myapp.classes.vision", None, False)
    again = classes.mount(PACKAGE)
    assert again is not handle
    assert importlib.import_module(f"{PACKAGE}.vision") is vision
    assert vision.__name__ == f"{PACKAGE}.vision"


def test_mount_imports_a_package_that_was_not(site: Site) -> None:
    assert PACKAGE not in sys.modules
    handle = site.host.classes.mount(PACKAGE)
    assert site.host.classes.mount(PACKAGE) is handle
    assert importlib.import_module(f"{PACKAGE}.vision") is site.host.classes.vision


def test_package_that_is_imported_anew_is_mounted_anew(site: Site, package: Any) -> None:
    assert package.vision is site.host.classes.vision
    del sys.modules[PACKAGE]
    other = importlib.import_module(PACKAGE)
    assert other is not package
    assert other.vision is site.host.classes.vision
    assert not hasattr(package, "vision")


REFUSED = {
    "elsewhere": ("other", "they are under 'myapp_classes'"),
    "module": ("plain", "a module without submodules"),
    "no_name": ("not a name", "no dotted name"),
    "number": (5, "no dotted name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_place_that_cannot_be_mounted_is_refused(site: Site, package: Any, case: str) -> None:
    site.install({"myapp_other": {"__init__.py": ""}, "myapp_plain.py": ""})
    name, reason = REFUSED[case]
    place: Any = f"myapp_{name}" if case in ("elsewhere", "module") else name
    with pytest.raises(RegistrationError, match=f"classes of the host 'myapp' cannot be mounted under .*{reason}"):
        site.host.classes.mount(place)
    assert package.vision.__name__ == f"{PACKAGE}.vision"


def test_package_of_another_host_or_with_attributes_of_its_own_is_refused(site: Site, package: Any) -> None:
    site.install({"myapp_own": {"__init__.py": "def __getattr__(name): raise AttributeError(name)"}})
    other = Host("other", path=[])
    with pytest.raises(RegistrationError, match="those of the host 'myapp' are there"):
        other.classes.mount(PACKAGE)
    with pytest.raises(RegistrationError, match="it has a __getattr__ of its own"):
        other.classes.mount("myapp_own")
    with pytest.raises(ModuleNotFoundError):
        other.classes.mount("myapp_nowhere")
    assert importlib.import_module(f"{PACKAGE}.vision") is package.vision


def test_namespace_that_lost_its_names_cannot_be_imported_any_more(site: Site, package: Any) -> None:
    vision = importlib.import_module(f"{PACKAGE}.vision")
    assert vision.Net is package.vision.Net
    importlib.import_module(f"{PACKAGE}.vision.deep.er")
    site.uninstall("x")
    site.host.refresh()
    assert [name for name in sys.modules if name.startswith(f"{PACKAGE}.")] == []
    assert not hasattr(package, "vision")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{PACKAGE}.vision")
    with site.host.classes.add("vision.Net", dict):
        assert importlib.import_module(f"{PACKAGE}.vision") is vision
        assert package.vision.Net is dict
    assert f"{PACKAGE}.vision" not in sys.modules


def test_replaced_class_is_replaced_below_the_package_too(site: Site) -> None:
    vision: Any = importlib.import_module(f"{PACKAGE}.vision")
    first = vision.Net
    with site.host.classes.add("vision.Net", dict, replace=True):
        assert vision.Net is dict
    assert vision.Net is first


def test_walks_over_all_modules_load_nothing(site: Site, package: Any) -> None:
    names = [f"{PACKAGE}.{name}" for name in ("vision", "vision.deep", "vision.deep.er", "audio", "broken")]
    mine = [package, *map(importlib.import_module, names)]
    before = [set(vars(one)) for one in mine]
    unittest.TestCase().assertWarns(UserWarning, lambda: warnings.warn("x", stacklevel=1))
    inspect.stack()
    inspect.getmodule(test_walks_over_all_modules_load_nothing)
    for one in mine:
        for name in ("__file__", "__path__", "__wrapped__", "__test__", "__spec__", "_x", "shape"):
            hasattr(one, name)
        inspect.getmembers_static(one)
        inspect.unwrap(one)
        assert (dir(one), repr(one)) != ([], "")
        list(pkgutil.iter_modules(getattr(one, "__path__", [])))
        assert sorted(map(str, files(one).iterdir())) == [] or one is package
        importlib.reload(one)
    importlib.invalidate_caches()
    assert [set(vars(one)) - {"__warningregistry__"} for one in mine] == before
    assert [sys.modules[name] for name in names] == mine[1:]
    assert loaded() == set()
    assert site.host.classes.vision is mine[1]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_mounted_namespace_pickles_by_its_name(site: Site, package: Any, protocol: int) -> None:
    for thing in (site.host.classes, site.host.classes.vision, package.vision.deep):
        assert pickle.loads(pickle.dumps(thing, protocol)) is thing
        assert copy.deepcopy(thing) is thing
    assert loaded() == set()


def test_namespace_and_class_unpickle_in_a_fresh_process(site: Site, package: Any) -> None:
    data = pickle.dumps([package.vision.deep, site.host.classes, package.vision.Net, package.vision.Net()])
    told = fresh(
        f"""
        import pickle, sys
        deep, classes, kind, instance = pickle.loads({data!r})
        import myapp
        assert deep is myapp.host.classes.vision.deep and classes is myapp.host.classes
        assert kind is classes.vision.Net is type(instance)
        print(deep, kind.__module__)
        """,
        site.folder,
    )
    assert told == f"<classes of {PACKAGE}.vision.deep: er> acme_x_models\n"


def test_threads_that_import_a_namespace_first_get_one_object(site: Site) -> None:
    def touch(index: int) -> object:
        name = ("vision", "vision.deep", "vision.deep.er")[index % 3]
        importlib.import_module(f"{PACKAGE}.{name}")
        return importlib.import_module(f"{PACKAGE}.vision").Net

    assert together(16, touch) == [site.host.classes.vision.Net] * 16
    assert sys.modules[f"{PACKAGE}.vision"] is site.host.classes.vision


def test_namespaces_come_and_go_while_threads_import_them(site: Site, package: Any) -> None:
    def touch(index: int) -> object:
        for _ in range(40):
            with site.host.classes.add(f"come{index}.Net", dict):
                assert importlib.import_module(f"{PACKAGE}.come{index}").Net is dict
                assert getattr(package, f"come{index}").Net is dict
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(f"{PACKAGE}.come{index}")
        return None

    assert together(6, touch) == [None] * 6


def test_default_host_mounts_its_classes_itself(tmp_path: Path) -> None:
    also = {"plugframe.classes": {"vision.Net": "acme_x:Net", "vision.deep.Net": "acme_x:Net"}}
    with site_at(tmp_path) as site:
        site.install(plugin("x", "class Net: ...", also=also))
        told = fresh(
            """
            import sys
            import plugframe.classes.vision.deep
            import plugframe
            assert "acme_x" not in sys.modules
            vision = plugframe.default_host.classes.vision
            assert plugframe.classes.vision is vision is sys.modules["plugframe.classes.vision"]
            from plugframe.classes.vision import Net
            assert Net is vision.deep.Net
            import pickle
            assert pickle.loads(pickle.dumps(vision)) is vision
            print(vision.__name__, Net.__module__, plugframe.classes.__spec__.name)
            """,
            site.folder,
        )
    assert told == "plugframe.classes.vision acme_x plugframe.classes\n"
