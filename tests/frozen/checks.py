"""An application with plugins, frozen by PyInstaller with the hook that plugframe ships: ``tox run -e frozen``.

Freezing takes most of a minute and needs an index of packages, so that the ordinary tests leave this file out: its name
is not that of a test.
"""

import json
import sys
from pathlib import Path

import pytest
from frozen.application import Frozen

ONE_FILE = pytest.mark.parametrize("one_file", [False, True], ids=["onedir", "onefile"])


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Frozen:
    """Return the frozen application, made once."""
    return Frozen(tmp_path_factory.mktemp("frozen"))


@ONE_FILE
def test_plugins_are_listed_with_their_versions_and_not_imported(frozen: Frozen, *, one_file: bool) -> None:
    code = """
        found = {name: plugin.distribution.version for name, plugin in myapp.host.plugins.items()}
        print(json.dumps([found, [name for name in sys.modules if name.startswith("acme")]]))
    """
    assert json.loads(frozen.run(code, one_file=one_file)) == [
        {"broken": "0.1", "registering": "1.2", "vision": "1.2"},
        [],
    ]


@ONE_FILE
def test_a_class_is_imported_when_it_is_first_used(frozen: Frozen, *, one_file: bool) -> None:
    code = """
        dir(myapp.host.classes.vision)
        assert "acme_classes.nets" not in sys.modules
        print(myapp.host.classes.vision.ResNet.layers, "acme_classes.nets" in sys.modules)
    """
    assert frozen.run(code, one_file=one_file) == "50 True\n"


@ONE_FILE
def test_a_hook_is_called(frozen: Frozen, *, one_file: bool) -> None:
    code = """
        assert "acme_vision" not in sys.modules
        print(myapp.render(page="p"))
    """
    assert frozen.run(code, one_file=one_file) == "['acme_vision: p']\n"


def test_a_class_that_is_registered_by_its_reference_is_there(frozen: Frozen) -> None:
    code = """
        myapp.host.load("registering")
        assert "acme_registered" not in sys.modules
        print(myapp.host.classes.vision.Registered.__module__)
    """
    assert frozen.run(code) == "acme_registered.nets\n"


def test_classes_and_plugins_are_imported_through_the_packages_of_the_application(frozen: Frozen) -> None:
    code = """
        import myapp.plugins.vision
        from myapp.plugins.vision.models import Model
        from myapp.classes.vision import ResNet

        import acme_vision, acme_vision.models, acme_classes.nets

        assert myapp.plugins.vision is acme_vision
        assert Model is acme_vision.models.Model
        print(ResNet is acme_classes.nets.ResNet, ResNet is myapp.host.classes.vision.ResNet)
    """
    assert frozen.run(code) == "True True\n"


def test_a_class_survives_pickling_into_another_process(frozen: Frozen) -> None:
    written = frozen.run("print(pickle.dumps(myapp.host.classes.vision.ResNet()).hex())").strip()
    code = f"print(type(pickle.loads(bytes.fromhex({written!r}))).layers)"
    assert frozen.run(code) == "50\n"


@pytest.mark.parametrize(
    ("use", "value", "module"),
    [
        ("acme_lazy.shapes.sides", "3", "acme_lazy.shapes"),
        ("acme_lazy.Red", "red", "acme_lazy.colors"),
        ("acme_stubbed.parts.number", "7", "acme_stubbed.parts"),
        ("acme_stubbed.hammer", "bang", "acme_stubbed.tools"),
        ("acme_computed.deep.depth", "9", "acme_computed.deep"),
        ("myapp.reports.title", "a report", "myapp.reports"),
    ],
)
def test_attached_names_load_at_their_first_use(frozen: Frozen, use: str, value: str, module: str) -> None:
    code = f"""
        import acme_lazy, acme_stubbed, acme_computed

        before = {module!r} in sys.modules
        print({use}, before, {module!r} in sys.modules)
    """
    assert frozen.run(code) == f"{value} False True\n"


def test_an_attached_package_loads_all_at_once_on_request(frozen: Frozen) -> None:
    code = "import acme_lazy; print('acme_lazy.shapes' in sys.modules, 'acme_lazy.colors' in sys.modules)"
    assert frozen.run(code, PLUGFRAME_EAGER_IMPORT="1") == "True True\n"


def test_sixteen_threads_that_use_a_class_first_get_the_same_one(frozen: Frozen) -> None:
    code = """
        barrier, found = threading.Barrier(16), []

        def use():
            barrier.wait(20)
            found.append(myapp.host.classes.vision.ResNet)

        threads = [threading.Thread(target=use) for _ in range(16)]
        [thread.start() for thread in threads]
        [thread.join(20) for thread in threads]
        print(len(found), len(set(found)))
    """
    assert frozen.run(code) == "16 1\n"


def test_what_is_missing_is_told_while_freezing_and_when_it_is_loaded(frozen: Frozen) -> None:
    [warning] = [line for line in frozen.log.splitlines() if "WARNING: plugframe" in line]  # nothing else is wrong
    assert "myapp.plugins:broken from acme-broken 0.1: no module acme_broken.nowhere" in warning
    code = "print(json.dumps([(result.state, result.reason) for result in myapp.host.load('broken')]))"
    [(state, reason)] = json.loads(frozen.run(code))
    assert state == "broken"
    assert "acme_broken" in reason


def test_plugins_of_other_hosts_and_the_tools_of_plugframe_are_left_out(frozen: Frozen) -> None:
    code = """
        tools = ("plugframe.cli", "plugframe.testing", "plugframe.freezing")
        unused = ("acme_other", "acme_unwanted", "acme_vision.excluded", "acme_classes.unused", "myapp.unused")
        for name in (*unused, *tools):
            try:
                __import__(name)
            except ImportError:
                continue
            print(name)
    """
    assert frozen.run(code) == ""
    assert not list(frozen.folder.rglob("acme_other*"))


def test_a_shared_library_lies_beside_the_modules_of_its_package(frozen: Frozen) -> None:
    [library] = frozen.folder.rglob("libstats.so")
    assert library.parent.name == "acme_native"


def test_every_module_comes_from_the_bundle(frozen: Frozen) -> None:
    code = """
        myapp.host.load("vision")
        acme = [vars(module) for name, module in sys.modules.items() if name.startswith(("acme", "myapp", "plugframe"))]
        print(all(own["__file__"].startswith(sys._MEIPASS) for own in acme if own.get("__file__")), len(acme) > 20)
    """
    assert frozen.run(code) == "True True\n"


@ONE_FILE
def test_nothing_is_left_behind_that_grows_with_every_start(frozen: Frozen, *, one_file: bool) -> None:
    # The index keeps nothing that changed within two seconds: unpacking a large application takes longer.
    code = "import time; time.sleep(2.5); list(myapp.host.plugins)"
    for _ in range(2):
        frozen.run(code, one_file=one_file)
    assert frozen.kept() == []


def test_a_folder_that_users_add_to_the_path_is_looked_at_too(frozen: Frozen, tmp_path: Path) -> None:
    info = tmp_path / "acme_added-4.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-added\nVersion: 4.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[myapp.plugins]\nadded = acme_added\n", encoding="utf-8")
    (tmp_path / "acme_added.py").write_text("here = 1\n", encoding="utf-8")
    code = f"""
        sys.path.append({str(tmp_path)!r})
        (result,) = myapp.host.load("added")
        print(result.state, sys.modules["acme_added"].here)
    """
    assert frozen.run(code) == "loaded 1\n"


def test_the_interpreter_that_froze_it_is_the_one_that_runs(frozen: Frozen) -> None:
    assert frozen.run("print(sys.version_info[:2], sys.frozen)") == f"{sys.version_info[:2]} True\n"
