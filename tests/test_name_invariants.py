"""What holds of every name that loads on first use: 29 invariants, a test each."""

import importlib
import importlib.resources
import inspect
import pickle
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pluggy
import pytest
from _naming import application, forget, named_site, package
from _sites import Site, fresh, together

import plugframe
import plugframe.classes  # its finder is there before every test
from plugframe.errors import PluginImportError
from plugframe.namespaces.mounts import finder

PROBES = (
    "__path__x",
    "__wrapped__",
    "__warningregistry__",
    "__torch_function__",
    "_repr_html_",
    "_ipython_display_",
    "nope",
)
SELF_ALIAS = """
    import threading
    import acme_gate
    acme_gate.begun.set()
    acme_gate.may_go.wait(5)
    import myapp.plugins.vision as mine
    from myapp.plugins import vision as also
    value = (mine is also, mine.__name__)
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with the application, and two plugins that are packages."""
    with named_site(tmp_path / "site") as made:
        made.install(
            package("vision", init="runs = []\nruns.append(1)", models="class ResNet: ..."),
            package("audio", init="runs = 1", deep="runs = 1"),
        )
        yield made


def plugins() -> Any:
    """Return the application's package of plugins."""
    return importlib.import_module("myapp.plugins")


def loaded() -> set[str]:
    """Return the names of the plugins' modules that are imported, aliases included."""
    return {name for name in sys.modules if name.startswith(("acme_", "myapp.plugins."))}


def attached(site: Site, code: str, **modules: str) -> Any:
    """Install a package ``acme_lazy`` with attached names, and import it."""
    files = {f"{name}.py": textwrap.dedent(text) for name, text in modules.items()}
    site.install({"acme_lazy": {"__init__.py": textwrap.dedent(code), **files}})
    return importlib.import_module("acme_lazy")


def test_01_importing_the_host_imports_no_plugin(site: Site) -> None:
    code = "import sys, myapp, myapp.plugins; print(sorted(n for n in sys.modules if n.startswith('acme')))"
    assert fresh(code, site.folder) == "[]\n"


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("first", ["acme_vision", "myapp.plugins.vision", "attribute"])
def test_02_the_alias_is_the_real_module_in_any_order(first: str) -> None:
    _ = plugins().vision if first == "attribute" else importlib.import_module(first)
    real = importlib.import_module("acme_vision")
    assert importlib.import_module("myapp.plugins.vision") is real
    assert plugins().vision is real


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("first", ["acme_vision.models", "myapp.plugins.vision.models"])
def test_03_the_same_holds_of_all_below_it(first: str) -> None:
    importlib.import_module(first)
    assert importlib.import_module("myapp.plugins.vision.models") is importlib.import_module("acme_vision.models")
    space: dict[str, Any] = {}
    exec("from myapp.plugins.vision.models import ResNet", space)  # noqa: S102 # the statement that users write
    assert space["ResNet"].__module__ == "acme_vision.models"


@pytest.mark.usefixtures("site")
def test_04_the_real_module_keeps_its_spec_name_loader_and_path() -> None:
    names = ("acme_vision", "acme_vision.models")
    plain = [importlib.import_module(name) for name in names]
    before = [
        (m.__name__, repr(m.__spec__), type(m.__spec__), type(m.__loader__), getattr(m, "__path__", 0)) for m in plain
    ]
    forget("acme_vision")
    aliased = [importlib.import_module(name.replace("acme_", "myapp.plugins.")) for name in names]
    after = [
        (m.__name__, repr(m.__spec__), type(m.__spec__), type(m.__loader__), getattr(m, "__path__", 0)) for m in aliased
    ]
    assert [one[:1] + one[2:] for one in after] == [one[:1] + one[2:] for one in before]
    assert [m.__spec__.origin for m in aliased if m.__spec__] == [m.__spec__.origin for m in plain if m.__spec__]


def test_05_no_code_of_a_plugin_runs_twice(site: Site) -> None:
    site.install({"acme_counted.py": "runs: list[str] = []"})
    site.install(
        package(
            "vision",
            init="import acme_counted; acme_counted.runs.append(__name__)",
            models="from . import deep",
            deep="import acme_counted; acme_counted.runs.append(__name__)",
        )
    )
    for name in ("myapp.plugins.vision.models", "acme_vision.deep", "myapp.plugins.vision.deep", "acme_vision"):
        importlib.import_module(name)
    assert plugins().vision.deep
    assert importlib.import_module("acme_counted").runs == ["acme_vision", "acme_vision.deep"]


def test_06_undeclared_probes_are_attribute_errors_that_import_and_leave_nothing(site: Site) -> None:
    lazy = attached(site, "import plugframe\n__getattr__, __dir__, __all__ = plugframe.attach(__name__, ['io'])", io="")
    for module in (plugins(), lazy, plugframe.classes):
        before, modules = dict(vars(module)), loaded()
        for name in PROBES:
            with pytest.raises(AttributeError):
                getattr(module, name)
        assert dict(vars(module)) == before
        assert loaded() == modules


def test_07_tools_that_look_at_all_modules_load_nothing(site: Site) -> None:
    code = """
        import copy, doctest, inspect, sys, unittest, warnings
        import myapp, myapp.plugins, plugframe.classes
        case = unittest.TestCase()
        with case.assertWarns(UserWarning):
            warnings.warn("x")
        inspect.stack()
        inspect.getmodule(len)
        inspect.unwrap(myapp.plugins)
        inspect.getmembers_static(myapp.plugins)
        doctest.DocTestFinder().find(myapp.plugins)
        for module in tuple(sys.modules.values()):
            repr(module)
            for probe in ("__file__", "__path__", "__wrapped__", "__warningregistry__", "__test__", "_is_coroutine"):
                hasattr(module, probe)
        print(sorted(n for n in sys.modules if n.startswith(("acme", "myapp.plugins."))))
    """
    assert fresh(code, site.folder) == "[]\n"


def test_08_dir_has_declared_and_real_names_and_loads_nothing(site: Site) -> None:
    site.install(application(base="x = 1"))
    before = loaded()
    assert {"audio", "vision", "__name__", "host"} <= set(dir(plugins()))
    assert loaded() == before


def test_09_star_import_succeeds_without_optional_names(site: Site) -> None:
    attached(
        site,
        """
        import plugframe
        __getattr__, __dir__, __all__ = plugframe.attach(
            __name__, ["io"], {"plots": ["draw"]}, extras={"draw": "plots"})
        """,
        io="",
        plots="import acme_that_is_not_there",
    )
    space: dict[str, Any] = {}
    exec("from acme_lazy import *", space)  # noqa: S102 # the statement that users write
    assert "io" in space
    assert "draw" not in space
    with pytest.raises(ImportError, match=r"acme_lazy\[plots\]"):
        exec("from acme_lazy import draw", space)  # noqa: S102 # the statement that users write


@pytest.mark.usefixtures("site")
def test_10_a_resolved_name_is_in_the_dict_and_asked_for_once() -> None:
    package = plugins()
    asked: list[str] = []
    original = package.__getattr__

    def watch(name: str) -> object:
        asked.append(name)
        found: object = original(name)
        return found

    package.__getattr__ = watch
    try:
        assert package.vision is package.vision
    finally:
        package.__getattr__ = original
    assert asked == ["vision"]
    assert vars(package)["vision"] is sys.modules["acme_vision"]


def test_11_a_completed_closed_namespace_has_no_getattr(site: Site) -> None:
    lazy = attached(
        site,
        "import plugframe\n__getattr__, __dir__, __all__ = plugframe.attach(__name__, ['io'], {'files': ['read']})",
        io="",
        files="def read(): ...",
    )
    assert lazy.io
    assert "__getattr__" in vars(lazy)
    assert lazy.read
    assert "__getattr__" not in vars(lazy)
    assert set(lazy.__all__) == {"io", "read"}
    with pytest.raises(AttributeError):
        _ = lazy.nope


@pytest.mark.parametrize("variable", ["PLUGFRAME_EAGER_IMPORT", "EAGER_IMPORT"])
def test_11_neither_has_one_that_was_loaded_at_once_from_the_first_miss_on(
    site: Site, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """What ``attach`` returns is assigned after everything is there, and so is taken away later."""
    monkeypatch.setenv(variable, "1")
    lazy = attached(
        site,
        "import plugframe\n__getattr__, __dir__, __all__ = plugframe.attach(__name__, ['io'], {'files': ['read']})",
        io="from acme_lazy import read",
        files="def read(): ...",
    )
    with pytest.raises(AttributeError):
        _ = lazy.nope
    assert "__getattr__" not in vars(lazy)
    assert lazy.io.read is lazy.read


@pytest.mark.parametrize("cause", ["import acme_that_is_not_there", "raise AttributeError('inside')", "1 / 0"])
def test_12_importing_a_broken_name_shows_the_cause(site: Site, cause: str) -> None:
    site.install(package("broken", init=cause))
    plugins()
    with pytest.raises(ImportError) as caught:
        exec("from myapp.plugins import broken", {})  # noqa: S102 # the statement that users write
    error: BaseException | None = caught.value
    assert isinstance(error, PluginImportError)
    assert type(error.__cause__).__name__ in ("ModuleNotFoundError", "AttributeError", "ZeroDivisionError")
    assert "myapp.plugins:broken from acme-broken 1.0" in str(error)


def test_13_a_failure_leaves_nothing_behind_and_can_be_tried_again(site: Site) -> None:
    site.install(package("broken", init="from . import part\n1 / 0", part=""))
    package_of_plugins = plugins()
    before = loaded()
    for ask in (
        lambda: importlib.import_module("myapp.plugins.broken"),
        lambda: package_of_plugins.broken,
        lambda: importlib.import_module("myapp.plugins.broken.part"),
    ):
        with pytest.raises(ImportError):
            ask()
        assert loaded() == before
        assert "broken" not in vars(package_of_plugins)
    site.install(package("broken", init="whole = True", part=""))
    assert importlib.import_module("myapp.plugins.broken").whole


def test_14_a_plugin_that_imports_its_alias_and_fails_leaves_no_stale_alias(site: Site) -> None:
    site.install(
        package(
            "broken", init="import myapp.plugins.broken as me\nfrom myapp.plugins.broken import part\n1 / 0", part=""
        )
    )
    plugins()
    before = loaded()
    for name in ("acme_broken", "myapp.plugins.broken"):
        with pytest.raises((ImportError, ZeroDivisionError)):
            importlib.import_module(name)
        left = {one for one in loaded() - before if one != "acme_broken.part"}  # which a plain import leaves, too
        assert left == set()
        assert "broken" not in vars(plugins())
        forget("acme_broken")
    site.install(package("broken", init="import myapp.plugins.broken as me", part=""))
    broken = importlib.import_module("myapp.plugins.broken")
    assert broken.me is broken


def test_15_threads_that_touch_first_get_one_object_of_one_execution(site: Site) -> None:
    site.install({"acme_counted.py": "runs: list[str] = []"})
    site.install(
        package("slow", init="import time, acme_counted; acme_counted.runs.append(__name__); time.sleep(0.05)", part="")
    )
    package_of_plugins = plugins()
    ways: list[Callable[[], Any]] = [
        lambda: package_of_plugins.slow,
        lambda: importlib.import_module("myapp.plugins.slow"),
        lambda: importlib.import_module("acme_slow"),
        lambda: __import__("myapp.plugins.slow", fromlist=["x"]),
    ]
    results = together(16, lambda index: ways[index % 4]())
    assert {id(one) for one in results} == {id(sys.modules["acme_slow"])}
    assert importlib.import_module("acme_counted").runs == ["acme_slow"]


@pytest.mark.parametrize("way", ["statement", "attribute", "function"])
def test_16_a_race_for_a_plugin_that_imports_its_own_alias_leaks_no_placeholder(site: Site, way: str) -> None:
    site.install({"acme_gate.py": "import threading\nbegun = threading.Event()\nmay_go = threading.Event()"})
    site.install(package("vision", init=SELF_ALIAS))
    gate: Any = importlib.import_module("acme_gate")
    package_of_plugins = plugins()
    ask: dict[str, Callable[[], Any]] = {
        "statement": lambda: __import__("myapp.plugins.vision", fromlist=["x"]),
        "attribute": lambda: package_of_plugins.vision,
        "function": lambda: importlib.import_module("myapp.plugins.vision"),
    }

    def run(index: int) -> object:
        if index == 0:
            return importlib.import_module("acme_vision")
        gate.begun.wait(5)
        threading.Timer(0.05, gate.may_go.set).start()  # when the other one waits
        return ask[way]()

    results = together(2, run)
    assert {id(one) for one in results} == {id(sys.modules["acme_vision"])}
    assert sys.modules["acme_vision"].value == (True, "acme_vision")
    assert sys.modules["myapp.plugins.vision"] is sys.modules["acme_vision"]


def test_17_plugins_that_import_each_other_in_opposite_order_never_hang(site: Site) -> None:
    body = (
        "import time\ntime.sleep(0.01)\nimport myapp.plugins.{other} as other\nfrom myapp.plugins import {other} as two"
    )
    site.install(package("left", init=body.format(other="right")), package("right", init=body.format(other="left")))
    for _ in range(5):
        for name in ("left", "right"):
            site.host.namespace("myapp.plugins").unload(name)
            forget(f"acme_{name}")
        results = together(2, lambda index: importlib.import_module(f"myapp.plugins.{('left', 'right')[index]}"))
        assert [one.__name__ for one in results if inspect.ismodule(one)] == ["acme_left", "acme_right"], results
        assert sys.modules["acme_left"].other is sys.modules["acme_right"]


def test_18_names_that_begin_alike_do_not_collide(site: Site) -> None:
    site.install(package("vis", init="short = True"), package("visionary", init="long = True"))
    assert importlib.import_module("myapp.plugins.vis").short
    assert importlib.import_module("myapp.plugins.visionary").long
    assert importlib.import_module("myapp.plugins.vision") is importlib.import_module("acme_vision")
    site.install({"myapp": {"pluginsextra.py": "other = True"}})
    assert importlib.import_module("myapp.pluginsextra").other


@pytest.mark.usefixtures("site")
def test_19_foreign_names_cost_no_look_at_the_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins()
    (installed,) = [one for one in sys.meta_path if isinstance(one, finder.Finder)]

    def refuse(*_: object, **__: object) -> None:
        message = "a look at the file system"
        raise AssertionError(message)

    for function in ("stat", "listdir", "scandir", "open"):
        monkeypatch.setattr(f"os.{function}", refuse)
    monkeypatch.setattr(PathFinder, "find_spec", refuse)
    assert [installed.find_spec(name) for name in ("json", "myapp", "myapp.pluginsx", "numpy.linalg")] == [None] * 4


def test_20_installing_twice_is_once_and_uninstalling_restores_the_meta_path(site: Site) -> None:
    before = list(sys.meta_path)
    host = site.host
    first = host.namespace("myapp.plugins")
    assert host.namespace("myapp.plugins") is first
    assert len(sys.meta_path) <= len(before) + 1
    assert isinstance(sys.meta_path[0], finder.Finder)
    first.remove()
    assert sys.meta_path == before
    first.remove()
    assert sys.meta_path == before


def test_21_real_submodules_and_folders_win(site: Site) -> None:
    site.install(application(base="real = True", spread={"leaf.py": "real = True"}))
    site.install(package("base", init="real = False"), package("spread", init="real = False"))
    assert importlib.import_module("myapp.plugins.base").real
    assert importlib.import_module("myapp.plugins.spread.leaf").real
    assert plugins().base.real
    forget("myapp.plugins.spread")  # a folder without a file asks for its parent at each look


def test_22_resources_of_the_alias_are_those_of_the_real_module(site: Site) -> None:
    (site.folder / "acme_vision" / "labels.txt").write_text("cat", encoding="utf-8")
    assert importlib.resources.files("myapp.plugins.vision") == importlib.resources.files("acme_vision")
    assert (importlib.resources.files("myapp.plugins.vision") / "labels.txt").read_text(encoding="utf-8") == "cat"


def test_23_pickles_go_by_the_real_name_to_fresh_processes(site: Site) -> None:
    made = pickle.dumps(importlib.import_module("myapp.plugins.vision.models").ResNet())
    assert b"acme_vision.models" in made
    code = f"""
        import pickle
        one = pickle.loads({made!r})
        from myapp.plugins.vision.models import ResNet
        print(type(one) is ResNet)
    """
    assert fresh(code, site.folder) == "True\n"


def test_24_reloading_the_real_module_executes_it_and_the_alias_stays_the_same(site: Site) -> None:
    real = importlib.import_module("acme_vision")
    alias = importlib.import_module("myapp.plugins.vision")
    site.install(package("vision", init="fresh = True", models=""))
    assert importlib.reload(alias) is real
    assert real.fresh
    assert sys.modules["myapp.plugins.vision"] is real


def test_25_unloading_removes_aliases_recursively_and_keeps_the_real_modules(site: Site) -> None:
    real = importlib.import_module("myapp.plugins.audio.deep")
    site.host.namespace("myapp.plugins").unload("audio")
    assert {name for name in loaded() if "audio" in name} == {"acme_audio", "acme_audio.deep"}
    assert "audio" not in vars(plugins())
    assert importlib.import_module("myapp.plugins.audio.deep") is real


def test_26_invalidating_caches_reveals_new_plugins(site: Site) -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("myapp.plugins.late")
    site.install(package("late", init="here = True"))  # which invalidates the caches
    assert importlib.import_module("myapp.plugins.late").here
    assert "late" in site.host.plugins


def test_27_hook_implementations_are_found_by_pluggy_without_loading_what_is_undeclared(site: Site) -> None:
    """The manager of pluggy itself and that of plugframe find the same.

    It is the pluggy of this environment: 1.6 cannot be installed beside plugframe, which depends on 1.7 or newer.
    """
    site.install(
        {
            "acme_hooks": {
                "__init__.py": textwrap.dedent("""
                    import plugframe
                    from myapp import host
                    __getattr__, __dir__, __all__ = plugframe.attach(__name__, ["heavy"])

                    @host.hookimpl
                    def render(page): return "rendered"
                """),
                "heavy.py": "raise AssertionError('it was loaded')",
            }
        }
    )
    module = importlib.import_module("acme_hooks")
    for kind in (pluggy.PluginManager, plugframe.PluginManager):
        manager = kind("myapp")
        manager.register(module)
        callers = manager.get_hookcallers(module)
        assert callers is not None
        assert [caller.name for caller in callers] == ["render"]
    assert "acme_hooks.heavy" not in sys.modules


@pytest.mark.skipif(sys.version_info < (3, 15), reason="lazy imports came with Python 3.15")
@pytest.mark.parametrize("mode", ["normal", "all"])
def test_28_lazy_import_statements_work(site: Site, mode: str) -> None:
    code = f"""
        import sys
        sys.set_lazy_imports({mode!r})
        exec(compile('''
        lazy from myapp.plugins import vision
        lazy import myapp.plugins.audio as audio
        before = sorted(n for n in sys.modules if n.startswith("acme"))
        name = vision.__name__, audio.__name__
        after = "acme_vision" in sys.modules, vision is sys.modules["acme_vision"]
        '''.replace("        ", ""), "<lazy>", "exec"), globals())
        print(before, name, after)
    """
    assert fresh(code, site.folder) == "[] ('acme_vision', 'acme_audio') (True, True)\n"


@pytest.mark.skipif(sys.version_info < (3, 15), reason="lazy imports came with Python 3.15")
def test_28_lazy_import_statements_work_where_the_interpreter_makes_all_imports_lazy(site: Site) -> None:
    code = """
        import sys
        lazy from myapp.plugins import vision
        from myapp.plugins import audio
        print(sys.get_lazy_imports(), sorted(n for n in sys.modules if n.startswith("acme")))
        print(vision.__name__, "acme_vision" in sys.modules, "acme_audio" in sys.modules)
        print(vision is sys.modules["acme_vision"], audio.__name__)
    """
    told = fresh(code, site.folder, options=("-X", "lazy_imports=all"))
    assert told == "all []\nacme_vision True False\nTrue acme_audio\n"


def test_29_a_subinterpreter_has_a_finder_of_its_own(site: Site) -> None:
    """The invariant's other half, that type checkers accept the stubs, is in ``test_stubs_checked``."""
    code = """
        import sys
        import myapp.plugins.vision
        text = '''if True:
            import sys
            sys.path[:] = PATH
            import myapp.plugins
            assert [type(one).__name__ for one in sys.meta_path].count("Finder") == 1
            from myapp.plugins import vision
            assert vision is sys.modules["acme_vision"]
        '''.replace("PATH", repr(sys.path))
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        inner = interpreters.create("legacy") if sys.version_info >= (3, 13) else interpreters.create(isolated=False)
        print(interpreters.run_string(inner, text))
        interpreters.destroy(inner)
    """
    assert fresh(code, site.folder) == "None\n"
