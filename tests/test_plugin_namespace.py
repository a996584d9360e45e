"""Plugins as names of one of the application's packages: the same modules as under their own names."""

import ast
import importlib
import importlib.resources
import importlib.util
import inspect
import pickle
import pkgutil
import sys
import unittest
from collections.abc import Iterator
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import pytest
from _naming import ROOT, application, forget, named, named_site, package
from _sites import Site, fresh, plugin

import plugframe
from plugframe import Host
from plugframe.errors import (
    DeclarationError,
    NamespaceError,
    NotRegisteredError,
    PluginBlockedError,
    PluginImportError,
    PluginModuleNotFoundError,
    PluginNotFoundError,
    ReferenceNotFoundError,
)

MODELS = "class ResNet: ...\n"
PROBES = (
    "__path__x",
    "__wrapped__",
    "__file_",
    "__test__",
    "_repr_html_",
    "_x",
    "__warningregistry__",
    "_is_coroutine",
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with named_site(tmp_path / "site") as made:
        yield made


def attributes(module: str = "myapp.plugins") -> set[str]:
    return set(vars(sys.modules[module]))


def take(name: str) -> Any:
    """Import a name from the package, by a statement."""
    scope: dict[str, Any] = {}
    exec(f"from myapp.plugins import {name} as it", scope)  # noqa: S102 # what statements do is done by C code
    return scope["it"]


def aliases() -> list[str]:
    return sorted(name for name in sys.modules if name.startswith("myapp.plugins."))


@pytest.mark.parametrize(
    "code",
    [
        "import myapp.plugins.x; it = myapp.plugins.x",
        "import myapp.plugins.x as it",
        "from myapp.plugins import x as it",
        "import importlib; it = importlib.import_module('myapp.plugins.x')",
        "import acme_x, myapp.plugins.x as it",
        "import myapp.plugins.x, acme_x as it",
        "from myapp.plugins.x.models import ResNet as R; import acme_x.models as m; assert m.ResNet is R; it=m.acme_x",
        "import acme_x.models; import myapp.plugins.x.models as m; assert m is acme_x.models; it = m.acme_x",
        "import myapp.plugins.x.deep.er as m; import acme_x.deep.er as n; assert m is n; import acme_x as it",
        "import myapp; it = myapp.plugins.x",
    ],
)
def test_plugin_is_one_module_under_both_names_in_any_order(
    site: Site, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(sys, "ran", [], raising=False)
    if code.startswith("import myapp;"):
        code = f"import myapp.plugins\n{code}"
    tree: Any = package("x", init="import sys\nsys.ran.append(__name__)", models=f"import acme_x\n{MODELS}")
    tree["acme_x"]["deep"] = {"__init__.py": "", "er.py": ""}
    site.install(tree)
    scope: dict[str, Any] = {}
    exec(code, scope)  # noqa: S102 # statements are what is tested
    assert scope["it"] is sys.modules["acme_x"] is import_module("myapp.plugins.x")
    assert vars(sys)["ran"] == ["acme_x"]
    for alias in aliases():
        assert sys.modules[alias] is sys.modules[alias.replace("myapp.plugins.x", "acme_x")]


def test_real_module_is_not_changed_by_having_an_alias(site: Site) -> None:
    site.install(package("x", models=MODELS))
    real = [import_module("acme_x"), import_module("acme_x.models")]
    before = [{**vars(module), "class": type(module)} for module in real]
    spec = [vars(module.__spec__).copy() for module in real]
    import_module("myapp.plugins.x.models")
    x = take("x")

    assert x is real[0]
    assert [{**vars(module), "class": type(module)} for module in real] == before
    assert [vars(module.__spec__) for module in real] == spec
    assert [module.__name__ for module in real] == ["acme_x", "acme_x.models"]


def test_real_module_that_is_first_imported_by_its_alias_is_an_ordinary_one(site: Site) -> None:
    site.install(package("x", init="from myapp.plugins.x import models\nimport myapp.plugins.x", models=MODELS))
    module = import_module("myapp.plugins.x")
    assert (type(module).__name__, type(module.__spec__).__name__) == ("module", "ModuleSpec")
    assert type(sys.modules["myapp.plugins"]).__name__ == "module"
    assert module.__spec__ is not None
    assert module.__spec__.name == module.__name__ == "acme_x"
    assert module.__spec__.loader is module.__loader__
    assert importlib.util.find_spec("acme_x") is module.__spec__


def test_importing_the_application_imports_no_plugin_and_looks_at_nothing(site: Site) -> None:
    site.install(plugin("x", "raise SystemExit"))
    told = fresh(
        """
        import sys
        import myapp.plugins
        print("acme_x" in sys.modules, myapp.host._plugins)
        """,
        site.folder,
    )
    assert told == "False None\n"


def test_probes_raise_attribute_errors_look_at_nothing_and_leave_nothing(site: Site) -> None:
    site.install(plugin("x", "raise SystemExit"))
    module = import_module("myapp.plugins")
    before = dict(vars(module))
    for name in PROBES:
        with pytest.raises(AttributeError, match=f"module 'myapp.plugins' has no attribute '{name}'"):
            getattr(module, name)
        assert importlib.util.find_spec(f"myapp.plugins.{name}") is None
    assert site.host._plugins is None  # noqa: SLF001 # what is to be shown: nothing was looked at
    assert not hasattr(module, "nothing")
    assert vars(module) == before
    assert aliases() == []


def test_walks_over_all_modules_load_nothing(site: Site) -> None:
    site.install(plugin("x", "raise SystemExit"))
    module = import_module("myapp.plugins")
    inspect.stack()
    inspect.getmodule(sys._getframe())  # noqa: SLF001 # a frame, as debuggers have
    inspect.unwrap(module)  # type: ignore[arg-type]
    inspect.getmembers_static(module)
    with unittest.TestCase().assertWarns(UserWarning):
        import warnings

        warnings.warn("x", UserWarning, stacklevel=1)
    for other in list(sys.modules.values()):
        for name in ("__file__", "__warningregistry__", "__path__", "__spec__"):
            hasattr(other, name)
    repr(module)
    assert [one.name for one in pkgutil.walk_packages(module.__path__, "myapp.plugins.")] == []
    assert "acme_x" not in sys.modules


def test_names_are_told_without_importing_a_plugin(site: Site) -> None:
    site.install(
        named({"a": "acme_a", "b": "acme_b:Thing.part", "two words": "acme_a", "z": ""}), application(base="X = 1")
    )
    module = import_module("myapp.plugins")
    made = site.host.namespace("myapp.plugins")
    assert made.names == ("a", "b")
    assert {"a", "b", "host", "__name__"} <= set(dir(module))
    assert "two words" not in dir(module)
    assert dir(module) == sorted(dir(module))
    assert not [name for name in sys.modules if name.startswith("acme_")]
    scope: dict[str, Any] = {}
    exec("from myapp.plugins import *", scope)  # noqa: S102 # a statement that functions cannot have
    assert not [name for name in sys.modules if name.startswith("acme_")]


def test_loaded_name_is_a_plain_attribute(site: Site) -> None:
    site.install(plugin("x"), named({"y": "acme_y:Thing"}, acme_y="class Thing: ..."))
    module = import_module("myapp.plugins")
    assert module.x is vars(module)["x"]
    assert module.y is vars(module)["y"] is sys.modules["acme_y"].Thing
    assert sys.modules["myapp.plugins.x"] is module.x


def test_importing_does_not_load_the_plugin_and_loading_gives_the_same_module(site: Site) -> None:
    site.install(plugin("x"))
    module = import_module("myapp.plugins.x")
    (result,) = site.host.report()
    assert result.state == "available"
    assert site.load("x").state == "loaded"
    assert sys.modules["acme_x"] is module


def test_object_is_an_attribute_and_not_a_module(site: Site) -> None:
    site.install(named({"y": "acme_y:Thing.part"}, acme_y="class Thing:\n    part = [1]"))
    with pytest.raises(PluginModuleNotFoundError) as caught:
        import_module("myapp.plugins.y")
    told = str(caught.value)
    assert "myapp.plugins:y from acme-names 1.0" in told
    assert "'myapp.plugins.y' is no module: it stands for the object acme_y:Thing.part" in told
    assert "from myapp.plugins import y" in told
    assert isinstance(caught.value, ModuleNotFoundError)
    assert caught.value.name == "myapp.plugins.y"
    assert "acme_y" not in sys.modules
    y = take("y")

    assert y == [1]
    assert aliases() == []


@pytest.mark.parametrize("target", ["acme_y:gone", "acme_y:None_", "acme_y:fails"])
def test_object_that_is_not_there_is_an_import_error_that_can_be_tried_again(site: Site, target: str) -> None:
    code = """
        None_ = None
        def __getattr__(name):
            if name == "fails":
                raise OSError("no device")
            raise AttributeError(name)
        """
    site.install(named({"y": target}, acme_y=code))
    module = import_module("myapp.plugins")
    for _ in range(2):
        with pytest.raises(PluginImportError, match=r"cannot load myapp\.plugins:y from acme-names 1\.0: ") as caught:
            _ = module.y
        assert isinstance(caught.value.__cause__, ReferenceNotFoundError | OSError)
    assert "y" not in attributes()
    setattr(sys.modules["acme_y"], target.partition(":")[2], 7)
    assert module.y == 7


def test_unknown_name_is_told_with_those_like_it(site: Site) -> None:
    site.install(plugin("vision"))
    module = import_module("myapp.plugins")
    with pytest.raises(NotRegisteredError, match=r"no plugin of myapp named 'visoin'.*did you mean 'vision'\?"):
        _ = module.visoin
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'myapp\.plugins\.visoin'"):
        import_module("myapp.plugins.visoin")
    with pytest.raises(ImportError, match="cannot import name 'visoin'"):
        take("visoin")


@pytest.mark.parametrize(
    "code", ["import myapp.plugins.x", "from myapp.plugins import x", "import myapp.plugins.x.deep"]
)
def test_module_that_is_not_installed_is_told_with_plugin_distribution_and_entry_point(site: Site, code: str) -> None:
    site.install(named({"x": "acme_gone.plugin"}))
    with pytest.raises(PluginModuleNotFoundError) as caught:
        exec(code, {})  # noqa: S102 # statements are what is tested
    told = str(caught.value)
    assert "myapp.plugins:x from acme-names 1.0: there is no module 'acme_gone.plugin'" in told
    assert "Next: " in told
    assert caught.value.name == "myapp.plugins.x"
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


FAILURES = [
    ("import acme_no_such", ModuleNotFoundError),
    ("raise AttributeError('x')", AttributeError),
    ("raise AttributeError('x', name='x')", AttributeError),
    ("import acme_x.gone", ModuleNotFoundError),
    ("raise SystemExit(3)", SystemExit),
    ("def f(:", SyntaxError),
    ("1 / 0", ZeroDivisionError),
    ("raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})", Exception),
    ("def f(): f()\nf()", RecursionError),
    ("import sys; del sys.modules[__name__]", KeyError),
    ("raise ImportError", ImportError),
]


@pytest.mark.parametrize(("code", "cause"), FAILURES)
@pytest.mark.parametrize("way", ["import myapp.plugins.x", "from myapp.plugins import x"])
def test_failure_is_an_import_error_with_its_cause_and_leaves_nothing_behind(
    site: Site, way: str, code: str, cause: type[BaseException]
) -> None:
    own = f"import myapp.plugins.x, myapp.plugins.x.models\nfrom . import models\n{code}\n"
    site.install(package("x", init=code if cause is SyntaxError else own, models=MODELS))
    import_module("myapp.plugins")
    before, modules = attributes(), set(sys.modules)
    for _ in range(2):
        with pytest.raises(PluginImportError, match=r"cannot load myapp\.plugins:x from acme-x 1\.0: ") as caught:
            exec(way, {})  # noqa: S102 # statements are what is tested
        assert not isinstance(caught.value, ModuleNotFoundError)
        assert isinstance(caught.value.__cause__, cause)
        assert "Next: " in str(caught.value)
        assert attributes() == before
        assert not [name for name in set(sys.modules) - modules if name.startswith(("acme", "myapp"))]
    site.install(package("x", init="fine = 1", models=MODELS))
    assert import_module("myapp.plugins.x").fine == 1


def test_plugin_that_fails_under_its_own_name_leaves_no_alias_of_itself(site: Site) -> None:
    site.install(package("x", init="import myapp.plugins.x\nimport myapp.plugins.x.models\n1 / 0", models=MODELS))
    import_module("myapp.plugins")
    before = attributes()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            import_module("acme_x")
        assert aliases() == []
        assert attributes() == before


def test_failing_submodule_leaves_the_plugin_as_it_was(site: Site) -> None:
    site.install(package("x", models="import myapp.plugins.x.models\n1 / 0"))
    module = import_module("myapp.plugins.x")
    before = set(vars(module))
    with pytest.raises(PluginImportError, match="ZeroDivisionError"):
        import_module("myapp.plugins.x.models")
    assert set(vars(module)) == before
    assert aliases() == ["myapp.plugins.x"]
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'myapp\.plugins\.x\.gone'"):
        import_module("myapp.plugins.x.gone")
    assert importlib.util.find_spec("myapp.plugins.x.gone") is None


@pytest.mark.parametrize("way", ["import myapp.plugins.x", "from myapp.plugins import x"])
def test_interruption_passes_and_leaves_nothing_behind(site: Site, way: str) -> None:
    site.install(package("x", init="import myapp.plugins.x\nraise KeyboardInterrupt"))
    import_module("myapp.plugins")
    with pytest.raises(KeyboardInterrupt):
        exec(way, {})  # noqa: S102 # statements are what is tested
    assert aliases() == []
    assert "x" not in attributes()


def test_plugin_that_may_not_run_is_not_imported(site: Site) -> None:
    site.install(named({"x": "not a reference"}))
    made = site.host.namespace("myapp.plugins")
    for way in ("import myapp.plugins.x", "from myapp.plugins import x"):
        with pytest.raises(PluginImportError, match=r"myapp\.plugins:x from acme-names 1\.0: it is broken: ") as caught:
            exec(way, {})  # noqa: S102 # statements are what is tested
        assert isinstance(caught.value.__cause__, PluginBlockedError)
    assert made.names == ()
    assert "x" not in dir(sys.modules["myapp.plugins"])


def test_names_that_cannot_be_reached_are_told_and_harm_nobody(site: Site) -> None:
    names = ("class", "my-plugin", "__dict__", "_x", "base", "host", "two.words", "loop", "fine")
    site.install(
        named(
            {name: "acme_fine" if name != "loop" else "myapp.plugins.fine" for name in names},
            acme_fine="",
        ),
        application(base="X = 1"),
    )
    made = site.host.namespace("myapp.plugins")
    told = {one.message.split("'")[1]: one for one in made.problems}
    assert sorted(told) == ["__dict__", "_x", "base", "class", "host", "my-plugin", "two.words"]
    assert {one.code for one in told.values()} == {"PF170"}
    assert {one.distribution for one in told.values()} == {"acme-names"}
    assert all(one.fix and one.effect and one.path for one in told.values())
    assert "no identifier" in told["my-plugin"].message
    assert "keyword" in told["class"].message
    assert "submodule" in told["base"].message
    assert "attribute" in told["host"].message
    for name in ("class", "my-plugin", "_x", "__dict__"):
        with pytest.raises(PluginImportError, match=r"myapp\.plugins cannot declare the name") as caught:
            import_module(f"myapp.plugins.{name}")
        assert isinstance(caught.value.__cause__, DeclarationError)
    assert import_module("myapp.plugins.fine") is import_module("myapp.plugins.loop") is sys.modules["acme_fine"]
    assert site.load("fine").state == "loaded"


def test_entry_points_that_only_name_each_other_are_an_error(site: Site) -> None:
    site.install(named({"x": "myapp.plugins.y", "y": "myapp.plugins.x", "z": "myapp.plugins.z"}))
    import_module("myapp.plugins")
    for name in "xyz":
        with pytest.raises(PluginImportError):
            import_module(f"myapp.plugins.{name}")
    assert aliases() == []


def test_real_submodules_and_folders_of_the_package_win(site: Site) -> None:
    site.install(
        application(base="X = 1", folder={"data.txt": "x"}, inner={"__init__.py": "", "leaf.py": "Y = 1"}),
        named({"base": "acme_a", "folder": "acme_a", "inner": "acme_a"}, acme_a="raise SystemExit"),
    )
    base, folder, inner = (take("base"), take("folder"), take("inner"))

    assert (base.X, base.__name__, folder.__name__) == (1, "myapp.plugins.base", "myapp.plugins.folder")
    assert import_module("myapp.plugins.inner.leaf").Y == 1
    assert inner is sys.modules["myapp.plugins.inner"]
    assert "acme_a" not in sys.modules
    made = site.host.namespace("myapp.plugins")
    made.unload("base")
    assert sys.modules["myapp.plugins.base"] is base
    forget("myapp.plugins.base")
    vars(sys.modules["myapp.plugins"]).pop("base")
    assert sys.modules["myapp.plugins"].base is sys.modules["myapp.plugins.base"]
    forget("myapp.plugins.folder")  # its path asks for that of the package, which is gone at the end


def test_plugin_that_is_a_submodule_of_the_package_itself_is_no_problem(site: Site) -> None:
    site.install(application(base="X = 1"), named({"base": "myapp.plugins.base"}))
    made = site.host.namespace("myapp.plugins")
    assert made.problems == ()
    assert import_module("myapp.plugins.base").X == 1
    assert site.load("base").state == "loaded"


def test_what_a_plugin_has_under_its_submodules_name_stays(site: Site) -> None:
    site.install(package("x", init="from .tree import tree", tree="def tree(): ..."))
    tree = import_module("myapp.plugins.x").tree
    module = import_module("myapp.plugins.x.tree")
    assert sys.modules["acme_x"].tree is tree is module.tree
    assert type(sys.modules["acme_x"]).__name__ == "module"
    real: Any = sys.modules["acme_x"]
    real.tree = module  # anybody else may set it
    assert real.tree is module


def test_packages_own_getattr_and_dir_keep_working(site: Site) -> None:
    root = (
        "from myapp import host\ndef __getattr__(name):\n    return f'own {name}'\ndef __dir__():\n    return ['own']\n"
    )
    site.install(plugin("x"), application(root=f"{root}host.namespace(__name__)\n"))
    module: Any = import_module("myapp.plugins")
    assert module.x is import_module("acme_x")
    assert (module.y, module.__wrapped__) == ("own y", "own __wrapped__")
    assert dir(module) == ["own", "x"]
    site.host.namespace("myapp.plugins").remove()
    assert vars(module)["__getattr__"]("x") == "own x"
    assert dir(module) == ["own"]


def test_unloading_takes_aliases_below_along_and_keeps_the_real_modules(site: Site) -> None:
    site.install(package("x", models=MODELS), package("xx"), named({"y": "acme_y:Thing"}, acme_y="class Thing: ..."))
    made = site.host.namespace("myapp.plugins")
    module = import_module("myapp.plugins")
    import_module("myapp.plugins.x.models")
    import_module("myapp.plugins.xx")
    thing = module.y
    real = sys.modules["acme_x"]
    made.unload("x")
    made.unload("y")
    assert aliases() == ["myapp.plugins.xx"]
    assert {"x", "y"} & attributes() == set()
    assert sys.modules["acme_x"] is real
    assert real.models is sys.modules["acme_x.models"]
    assert import_module("myapp.plugins.x.models") is real.models
    assert module.x is real
    assert module.y is thing
    with pytest.raises(PluginNotFoundError, match=r"no plugin named 'xy'. Did you mean 'x"):
        made.unload("xy")


def test_removed_namespace_leaves_the_package_and_the_path_as_they_were(site: Site) -> None:
    site.install(package("x", models=MODELS), plugin("y"), application(root="host = 1\n", base="X = 1"))
    module = import_module("myapp.plugins")
    import_module("myapp.plugins.base")
    before, path = dict(vars(module)), list(sys.meta_path)
    made = site.host.namespace("myapp.plugins")
    assert sys.meta_path[1:] == path
    import_module("myapp.plugins.x.models")
    assert module.y is import_module("acme_y")
    made.remove()
    made.remove()
    assert vars(module) == before
    assert sys.meta_path == path
    assert aliases() == ["myapp.plugins.base"]
    with pytest.raises(ModuleNotFoundError):
        import_module("myapp.plugins.x")
    again = site.host.namespace("myapp.plugins")
    assert import_module("myapp.plugins.x") is sys.modules["acme_x"]
    assert again.names == ("x", "y")


def test_namespace_is_made_once_and_imports_its_package(site: Site) -> None:
    site.install(plugin("x"))
    path = list(sys.meta_path)
    made = site.host.namespace("myapp.plugins")
    assert "myapp.plugins" in sys.modules
    assert made is site.host.namespace("myapp.plugins")
    assert len(sys.meta_path) == len(path) + 1
    assert repr(made) == "<plugins of myapp as myapp.plugins>"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "a package's full name is needed"),
        ("myapp..plugins", "a package's full name is needed"),
        (".plugins", "a package's full name is needed"),
        (None, "a package's full name is needed"),
        (sys, "a package's full name is needed"),
        ("acme_flat", "it is no package. Next: make it a folder with an __init__.py"),
        ("acme_other_name", "that is another name of 'acme_x'"),
        ("acme_portions", "it has no __init__.py, so that other distributions may have a part of it"),
        ("__main__", "it is no package"),
    ],
)
def test_what_is_no_package_of_its_own_is_refused(site: Site, name: Any, told: str) -> None:
    site.install({"acme_flat.py": "", "acme_portions": {"one.py": ""}}, package("x"))
    sys.modules["acme_other_name"] = import_module("acme_x")
    path = list(sys.meta_path)
    with pytest.raises(NamespaceError) as caught:
        site.host.namespace(name)
    assert told in str(caught.value)
    assert "Next: " in str(caught.value)
    assert sys.meta_path == path


def test_package_that_cannot_be_imported_is_the_applications_own_error(site: Site) -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'acme_no_such'"):
        site.host.namespace("acme_no_such")


def test_package_belongs_to_one_host_and_a_host_may_have_several(site: Site) -> None:
    site.install(plugin("x"), {"myapp": {"more": {"__init__.py": ""}}})
    first = site.host.namespace("myapp.plugins")
    second = site.host.namespace("myapp.more")
    assert first is not second
    assert import_module("myapp.plugins.x") is import_module("myapp.more.x")
    other = Host("other", path=[site.folder])
    with pytest.raises(NamespaceError, match=r"it is the namespace of myapp's. Next: give each host a package"):
        other.namespace("myapp.plugins")
    second.remove()
    assert other.namespace("myapp.more").names == ()


def test_namespace_in_a_package_below_another_has_its_own_names(site: Site) -> None:
    site.install(
        plugin("x", also={"other.plugins": {"z": "acme_x"}}), plugin("inner"), application(inner={"__init__.py": ""})
    )
    site.host.namespace("myapp.plugins")
    other = Host("other", path=[site.folder])
    made = other.namespace("myapp.plugins.inner")
    assert made.names == ("z",)
    assert import_module("myapp.plugins.inner.z") is import_module("myapp.plugins.x")
    with pytest.raises(ModuleNotFoundError):
        import_module("myapp.plugins.inner.x")


def test_host_that_was_made_anew_takes_the_place_of_the_one_before(site: Site) -> None:
    site.install(plugin("x"))
    import_module("myapp.plugins.x")
    importlib.reload(sys.modules["myapp"])
    module = importlib.reload(sys.modules["myapp.plugins"])
    assert site.host.namespace("myapp.plugins").names == ("x",)
    assert module.x is sys.modules["acme_x"]
    forget("myapp")
    assert import_module("myapp.plugins").x is sys.modules["acme_x"]
    site.host.namespace("myapp.plugins").remove()
    assert "__getattr__" not in attributes()


def test_default_host_is_a_host_like_any_other(site: Site) -> None:
    site.install(
        {"myapp": {"more": {"__init__.py": "import plugframe\nplugframe.default_host.namespace(__name__)\n"}}},
        plugin("x", also={"plugframe.plugins": {"acme_default": "acme_x"}}),
    )
    plugframe.default_host.refresh()
    try:
        assert import_module("myapp.more.acme_default") is import_module("acme_x")
    finally:
        site.uninstall("x")
        plugframe.default_host.refresh()


def test_newly_installed_plugin_is_there_after_invalidating_caches(site: Site) -> None:
    site.install(plugin("x"))
    module = import_module("myapp.plugins")
    assert module.x
    looks = []
    refresh = site.host.refresh

    def look() -> None:
        looks.append(1)
        refresh()

    made = site.host.namespace("myapp.plugins")
    made.table._refresh = look  # noqa: SLF001 # counts the looks
    site.install(plugin("y"), named({"z": "acme_z:Z"}, acme_z="Z = 1"))
    invalidate_caches()
    assert looks == []
    assert import_module("myapp.plugins.y") is sys.modules["acme_y"]
    assert module.z == 1
    assert list(made.names) == ["x", "y", "z"]
    assert looks == [1]
    refresh()
    assert list(made.names) == ["x", "y", "z"]
    assert looks == [1]
    site.uninstall("y")
    made.unload("y")
    invalidate_caches()
    assert list(made.names) == ["x", "z"]
    assert not hasattr(module, "y")


def test_reloading_the_real_module_executes_it_and_the_alias_stays_the_same(site: Site) -> None:
    site.install(plugin("x", "value = 1\ntimes = globals().get('times', 0) + 1"))
    module = import_module("myapp.plugins.x")
    assert importlib.reload(sys.modules["acme_x"]) is module
    assert importlib.reload(module) is module
    assert module.times == 3
    assert sys.modules["myapp.plugins.x"] is module is sys.modules["acme_x"]
    assert module.__name__ == "acme_x"


def test_resources_and_sources_are_those_of_the_real_module(site: Site) -> None:
    tree: Any = package("x", models=MODELS)
    tree["acme_x"]["data.txt"] = "data"
    site.install(tree)
    module = import_module("myapp.plugins.x")
    files = importlib.resources.files("myapp.plugins.x")
    assert files == importlib.resources.files("acme_x") == importlib.resources.files(module)
    assert files.joinpath("data.txt").read_text(encoding="utf-8") == "data"
    models = import_module("myapp.plugins.x.models")
    assert inspect.getsource(models.ResNet) == MODELS
    assert inspect.getmodule(models.ResNet) is models
    assert [one.name for one in pkgutil.walk_packages(module.__path__, "myapp.plugins.x.")] == [
        "myapp.plugins.x.models"
    ]
    assert pkgutil.resolve_name("myapp.plugins.x.models:ResNet") is models.ResNet


def test_spec_of_an_alias_tells_the_truth_and_imports_nothing(site: Site) -> None:
    site.install(package("x", models=MODELS), named({"y": "acme_x.models"}))
    spec = importlib.util.find_spec("myapp.plugins.x")
    real = importlib.util.find_spec("acme_x")
    assert spec is not None
    assert real is not None
    assert spec.name == "myapp.plugins.x"
    assert all(getattr(spec, name) == getattr(real, name) for name in ("origin", "has_location", "cached"))
    assert list(spec.submodule_search_locations or ()) == list(real.submodule_search_locations or ())
    loader: Any = spec.loader
    assert loader.is_package("myapp.plugins.x")
    assert loader.get_source("myapp.plugins.x") == ""
    assert loader.get_filename("myapp.plugins.x") == real.origin
    assert loader.get_code("myapp.plugins.x").co_filename == real.origin
    assert not [name for name in sys.modules if name.startswith("acme_")]
    below = importlib.util.find_spec("myapp.plugins.y")
    assert below is not None
    assert (below.submodule_search_locations, below.parent) == (None, "acme_x")
    assert not [name for name in sys.modules if name.startswith("acme_")]
    gone = importlib.util.find_spec("myapp.plugins.y")
    assert gone is not None
    (site.folder / "acme_x" / "models.py").unlink()
    invalidate_caches()
    assert (gone.origin, gone.has_location, gone.cached, gone.submodule_search_locations) == (None, False, None, None)
    with pytest.raises(ImportError, match=r"'acme_x\.models' cannot be looked at"):
        gone.loader.get_source("myapp.plugins.y")  # type: ignore[union-attr]
    assert repr(spec).startswith("AliasSpec(name='myapp.plugins.x', loader=<alias of acme_x>")


def test_module_made_by_hand_from_a_spec_has_what_the_real_one_has(site: Site) -> None:
    site.install(package("x", init="value = 1"))
    spec = importlib.util.find_spec("myapp.plugins.x")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.value == 1
    assert sys.modules["myapp.plugins.x"] is sys.modules["acme_x"]


def test_lazy_loader_over_an_alias_is_refused_by_python(site: Site) -> None:
    site.install(plugin("x", "value = 1"))
    spec = importlib.util.find_spec("myapp.plugins.x")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with pytest.raises(ValueError, match="substituted"):
        _ = module.value


def test_objects_of_a_plugin_pickle_by_their_real_name(site: Site) -> None:
    site.install(package("x", models=MODELS), named({"y": "acme_x.models:ResNet"}))
    y = take("y")

    kept = pickle.dumps(y())
    assert b"acme_x.models" in kept
    assert b"myapp" not in kept
    told = fresh(f"import pickle; print(type(pickle.loads({kept!r})).__module__)", site.folder)
    assert told == "acme_x.models\n"


@pytest.mark.parametrize("name", ["x", "x.models", "y"])
def test_plugins_run_as_programs_under_their_alias(site: Site, name: str) -> None:
    code = "from . import other\nprint(__name__, __package__, __spec__.name, other.__name__)"
    site.install(package("x", models=code, __main__=code, other=""), named({"y": "acme_x.models"}))
    told = fresh(
        f"import runpy, sys; sys.argv[:] = ['x']; runpy.run_module('myapp.plugins.{name}', run_name='__main__')",
        site.folder,
    )
    spec = f"myapp.plugins.{name}" + (".__main__" if name == "x" else "")
    assert told == f"__main__ acme_x {spec} acme_x.other\n"


def test_plugin_that_puts_something_in_its_own_place_is_that(site: Site) -> None:
    code = """
        import sys
        class Other:
            value = 1
            def __getattr__(self, name):
                return lambda *_: 1
        sys.modules[__name__] = Other()
        """
    site.install(plugin("x", code))
    import_module("myapp.plugins.x")
    x = take("x")

    assert x is sys.modules["acme_x"] is sys.modules["myapp.plugins.x"]
    assert x.value == 1


def test_plugins_that_import_each_other_by_their_aliases(site: Site) -> None:
    site.install(
        plugin("x", "import myapp.plugins.y\nfrom myapp.plugins import y\nX = 1"),
        plugin("y", "import myapp.plugins.x\nfrom myapp.plugins import x\nY = 1"),
    )
    x, y = take("x"), take("y")

    assert (x.y, y.x) == (y, x)
    assert (x.X, y.Y) == (1, 1)


def test_plugin_can_be_monkeypatched_on_the_package(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.install(plugin("x"))
    module = import_module("myapp.plugins")
    real = module.x
    monkeypatch.setattr("myapp.plugins.x", 5)
    assert module.x == 5
    assert import_module("myapp.plugins.x") is real
    monkeypatch.undo()
    assert module.x is real


@pytest.mark.skipif(sys.version_info < (3, 15), reason="lazy imports are of Python 3.15 and newer")
def test_lazily_imported_plugins_are_imported_when_they_are_used(site: Site) -> None:
    site.install(package("x", init="value = 1", models=MODELS), plugin("y", "value = 2"), plugin("z", "value = 3"))
    told = fresh(
        """
        import sys
        import myapp.plugins
        lazy from myapp.plugins import x
        lazy import myapp.plugins.y as why
        lazy from myapp.plugins.x.models import ResNet
        def loaded():
            return [name for name in ("acme_x", "acme_y", "acme_x.models") if name in sys.modules]
        print(loaded())
        print(x.value, loaded())
        print(why.value, ResNet.__module__, loaded())
        import acme_x, acme_y
        print(x is acme_x, why is acme_y)
        """,
        site.folder,
    )
    assert told.splitlines() == [
        "[]",
        "1 ['acme_x']",
        "2 acme_x.models ['acme_x', 'acme_y', 'acme_x.models']",
        "True True",
    ]


@pytest.mark.skipif(sys.version_info < (3, 15), reason="lazy imports are of Python 3.15 and newer")
def test_all_imports_may_be_lazy(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_LAZY_IMPORTS", "all")
    site.install(package("x", init="import myapp.plugins.x\nfrom myapp.plugins.x.models import ResNet", models=MODELS))
    told = fresh(
        """
        import sys
        from myapp.plugins import x
        from myapp.plugins.x.models import ResNet
        print("acme_x" in sys.modules)
        print(x.__name__, ResNet.__module__, x.ResNet is ResNet, sys.modules["myapp.plugins.x"] is x)
        """,
        site.folder,
    )
    assert told == "False\nacme_x acme_x.models True True\n"


def test_page_of_the_manual_shows_code_that_is_python() -> None:
    page = (Path(__file__).parent.parent / "docs" / "namespaces.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```python\n")[1:]]
    assert blocks
    for block in blocks:
        ast.parse(block)
    assert ROOT.strip().splitlines()[-1].strip() in page
