"""Which plugins the hook for PyInstaller puts into an application; PyInstaller itself is played.

A real application is frozen by ``tests/frozen``.
"""

import os
from pathlib import Path

import pytest
from _bundles import BOMB, application, frozen, plugin

from plugframe.freezing import get_hook_dirs
from plugframe.freezing.settings import Settings
from plugframe.testing.environments import Tree, distribution


def test_pyinstaller_finds_the_hook_in_the_folder_that_is_named_for_it() -> None:
    [folder] = get_hook_dirs()
    assert [name for name in os.listdir(folder) if name.startswith("hook-")] == ["hook-plugframe.py"]


def test_the_wheel_names_the_folder_for_pyinstaller() -> None:
    project = Path(__file__).parent.parent / "pyproject.toml"
    assert 'hook-dirs = "plugframe.freezing:get_hook_dirs"' in project.read_text(encoding="utf-8")


def test_plugins_are_put_in_with_their_metadata_and_none_of_their_code_is_run(tmp_path: Path) -> None:
    modules: Tree = {"acme": {"__init__.py": BOMB, "nets.py": BOMB, "other.py": BOMB}, "acme_whole.py": BOMB}
    tree = plugin("acme-vision", modules, plugins={"vision": "acme_whole"}, classes={"vision.Net": "acme.nets:Net"})
    bundle = frozen(tmp_path, application(), tree)
    assert bundle.added == {"myapp", "acme_whole", "acme", "acme.nets"}
    assert bundle.metadata == ["acme-vision"]


def test_a_plugin_that_is_a_package_is_put_in_whole(tmp_path: Path) -> None:
    modules: Tree = {
        "acme": {"__init__.py": "", "a.py": "", "__main__.py": "", "below": {"__init__.py": "", "b.py": ""}}
    }
    bundle = frozen(tmp_path, application(), plugin("acme", modules, plugins={"vision": "acme"}))
    assert bundle.added == {"myapp", "acme", "acme.a", "acme.below", "acme.below.b"}


def test_a_plugin_that_is_an_object_of_a_package_is_not(tmp_path: Path) -> None:
    modules: Tree = {"acme": {"__init__.py": "", "a.py": ""}}
    bundle = frozen(tmp_path, application(), plugin("acme", modules, plugins={"vision": "acme:plugin"}))
    assert bundle.added == {"myapp", "acme"}


def test_what_plugframe_imports_late_is_put_in_and_its_tools_are_not(tmp_path: Path) -> None:
    modules = frozen(tmp_path, application()).modules
    assert {"plugframe.host", "plugframe.loading.plugins", "plugframe.namespaces.attaching"} <= modules
    assert not {name for name in modules if name.startswith(("plugframe.cli", "plugframe.testing"))}
    assert not {name for name in modules if name.startswith("plugframe.freezing")}


@pytest.mark.parametrize(
    "code",
    [
        "import plugframe\nhost = plugframe.Host('myapp')\n",
        "import plugframe as p\nhost = p.Host(name='myapp', activation='eager')\n",
        "from plugframe import Host as Application\n\ndef make():\n    return Application('myapp')\n",
        "from plugframe.host import Host\nhost = Host('myapp')\n",
        "import plugframe.host\nhost = plugframe.host.Host('myapp')\n",
    ],
)
def test_a_host_is_known_by_the_module_that_makes_it(tmp_path: Path, code: str) -> None:
    tree = plugin("acme", {"acme.py": ""}, plugins={"vision": "acme"})
    assert frozen(tmp_path, application(code), tree).metadata == ["acme"]


@pytest.mark.parametrize(
    "code",
    [
        "from other import Host\nhost = Host('myapp')\n",
        "import plugframe\nname = 'myapp'\n",
        "from .plugframe import Host\nhost = Host('myapp')\n",
    ],
)
def test_a_text_that_names_no_host_is_taken_for_none(tmp_path: Path, code: str) -> None:
    tree = plugin("acme", {"acme.py": ""}, plugins={"vision": "acme"})
    assert frozen(tmp_path, application(code), tree).metadata == []


def test_a_declared_host_counts_if_its_module_is_in_the_application(tmp_path: Path) -> None:
    hosts = distribution("hosts", entry_points={"plugframe.hosts": {"myapp": "myapp:host", "other": "other:host"}})
    mine = plugin("acme", {"acme.py": ""}, plugins={"vision": "acme"})
    others = distribution("theirs", entry_points={"other.plugins": {"x": "theirs"}}, modules={"theirs.py": ""})
    bundle = frozen(tmp_path, application("import plugframe\n"), hosts, mine, others)
    assert bundle.metadata == ["acme"]


def test_a_host_that_a_plugin_makes_has_its_plugins_too(tmp_path: Path) -> None:
    code = "import plugframe\ninner = plugframe.Host('inner')\n"
    outer = plugin("acme", {"acme.py": code}, plugins={"vision": "acme"})
    inner = distribution("deep", entry_points={"inner.plugins": {"deep": "deep"}}, modules={"deep.py": ""})
    assert frozen(tmp_path, application(), outer, inner).added == {"myapp", "acme", "deep"}


def test_the_default_host_counts_always(tmp_path: Path) -> None:
    tree = distribution("acme", entry_points={"plugframe.classes": {"a.B": "acme:B"}}, modules={"acme.py": ""})
    assert frozen(tmp_path, application("import plugframe\n"), tree).added == {"myapp", "acme"}


def test_the_spec_file_names_the_hosts(tmp_path: Path) -> None:
    mine = plugin("acme", {"acme.py": ""}, plugins={"vision": "acme"})
    others = distribution("theirs", entry_points={"other.plugins": {"x": "theirs"}}, modules={"theirs.py": ""})
    assert frozen(tmp_path, application(), mine, others, settings={"hosts": ["other"]}).metadata == ["theirs"]
    assert frozen(tmp_path, settings={"hosts": []}).metadata == []


def test_the_spec_file_leaves_distributions_out_however_their_names_are_spelt(tmp_path: Path) -> None:
    one = plugin("acme.one", {"acme_one.py": ""}, plugins={"one": "acme_one"})
    two = plugin("acme-two", {"acme_two.py": ""}, plugins={"two": "acme_two"})
    bundle = frozen(tmp_path, application(), one, two, settings={"exclude": ["Acme_One"]})
    assert (bundle.metadata, bundle.added) == (["acme-two"], {"myapp", "acme_two"})


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (["myapp"], TypeError, "is a mapping of hosts and exclude to lists"),
        ({"excludes": ["acme"]}, ValueError, "has the settings hosts and exclude; got 'excludes'"),
        ({"hosts": "myapp"}, TypeError, "\"hosts\"] is a list of names; got 'myapp'"),
        ({"exclude": [1]}, TypeError, '"exclude"] is a list of names; got [1]'),
        ({"exclude": 1}, TypeError, "got 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(given: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        Settings(given)
    assert words in str(caught.value)


def test_settings_that_name_nothing_that_is_installed_are_told(tmp_path: Path) -> None:
    tree = plugin("acme-vision", {"acme.py": ""}, plugins={"vision": "acme"})
    bundle = frozen(tmp_path, application(), tree, settings={"hosts": ["mayapp"], "exclude": ["acme-visoin"]})
    [exclude, hosts] = bundle.warnings
    assert "'acme_visoin', and no installed distribution is named so; did you mean 'acme_vision'?" in exclude
    assert "'mayapp', and no installed host with plugins is named so; did you mean 'myapp'?" in hosts


def test_entry_points_that_lead_nowhere_are_told_with_whose_they_are(tmp_path: Path) -> None:
    entries = {"a": "acme", "b": "acme.nowhere", "c": "gone:plugin", "d": "not a reference"}
    told = frozen(tmp_path, application(), plugin("acme", {"acme.py": ""}, plugins=entries)).warnings
    assert len(told) == 3
    assert any("myapp.plugins:b from acme 1.2: no module acme.nowhere can be imported here" in one for one in told)
    assert any("myapp.plugins:d from acme 1.2: its entry point cannot be used" in one for one in told)
    assert all('Next: mend or uninstall acme, or name it in hooksconfig["plugframe"]["exclude"]' in one for one in told)


def test_metadata_that_cannot_be_copied_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    zipped = plugin("acme-zipped", {"zipped.py": ""}, plugins={"zipped": "zipped"})
    other = plugin("acme-other", {"other.py": ""}, plugins={"other": "other"})
    bundle = frozen(tmp_path, application(), zipped, other)
    assert bundle.metadata == ["acme-other"]
    [warning] = bundle.warnings
    assert "the metadata of acme-zipped 1.2 cannot be copied: it is in an egg" in warning


def test_a_shared_library_is_put_in_beside_its_package(tmp_path: Path) -> None:
    native: Tree = {"__init__.py": "", "libstats.so": b"\x7fELF", "libstats.txt": "", "libother.so": b""}
    entries = {"stats": "acme.native.libstats", "gone": "acme.native.libgone"}
    tree = plugin("acme", {"acme": {"__init__.py": BOMB, "native": native}}, libraries=entries)
    bundle = frozen(tmp_path, application(), tree)
    assert bundle.files == {"acme.native": ["libstats.so"]}
    [warning] = bundle.warnings
    assert "myapp.libraries:gone from acme 1.2: no shared library acme.native.libgone is here" in warning
