"""An overlay makes any Python program leave out entry points, and nothing is left of it when the program ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from _installed import make_venv
from _overlaid import GROUP, stall, told, told_under, visible, without
from _sites import RENDERS, Site, plugin

from plugframe.overlay.folder import overlay
from plugframe.policy import overlays
from plugframe.policy.overlays import Selection
from plugframe.testing.environments import Tree, distribution, write_tree

NAMES = f"""
    import importlib.metadata
    print(*sorted(entry.name for entry in importlib.metadata.entry_points(group={GROUP!r})))
"""
EVERY_WAY = f"""
    import importlib.metadata, importlib_metadata, pluggy

    def names(found):
        return sorted(entry.name for entry in found if entry.group == {GROUP!r})

    ways = [names(module.entry_points(group={GROUP!r})) for module in (importlib.metadata, importlib_metadata)]
    for module in (importlib.metadata, importlib_metadata):
        ways.append(names(entry for one in module.distributions() for entry in one.entry_points))
    manager = pluggy.PluginManager("shop")
    manager.load_setuptools_entrypoints({GROUP!r})
    ways.append(sorted(name for name, _ in manager.list_name_plugin()))
    assert all(way == ways[0] for way in ways), ways
    print(*ways[0])
"""
HOST_TELLS = """
    import myapp
    print({plugin.name: (plugin.state, plugin.decision.reason) for plugin in myapp.host.plugins.values()})
    print(*myapp.host.hook.render(page="p"))
    try:
        print(myapp.host.classes.b.Net)
    except AttributeError as error:
        print(error)
"""


@pytest.fixture(autouse=True)
def stalls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with visible(tmp_path / "site", monkeypatch, *map(stall, "abc")) as folder:
        yield folder


def test_every_way_to_read_entry_points_leaves_out_what_is_named() -> None:
    assert told_under(without(("stall_b", "b")), EVERY_WAY) == "a c"


def test_every_way_to_read_entry_points_keeps_only_what_is_named() -> None:
    assert told_under(without(("stall_b", "b"), only=True), EVERY_WAY) == "b"


def test_groups_that_are_not_spoken_of_are_whole() -> None:
    assert told_under(without(("stall_b", "b"), group="another", only=True), NAMES) == "a b c"


@pytest.mark.skipif(find_spec("pkg_resources") is None, reason="pkg_resources is not installed")
def test_pkg_resources_leaves_out_what_is_named() -> None:
    code = f"import pkg_resources; print(*sorted(e.name for e in pkg_resources.iter_entry_points({GROUP!r})))"
    assert told_under(without(("stall_b", "b")), code) == "a c"


def test_of_two_distributions_with_one_name_the_named_one_goes_however_it_is_spelled(stalls: Path) -> None:
    write_tree(stalls, distribution("Other.Stall--B", entry_points={GROUP: {"b": "other_b"}}))
    code = NAMES + f"\n    print([e.value for e in importlib.metadata.entry_points(group={GROUP!r}, name='b')])"
    assert told_under(without(("other_stall_b", "b")), code).splitlines() == ["a b c", "['stall_b']"]
    assert told_under(without(("stall_b", "b")), code).splitlines() == ["a b c", "['other_b']"]


def test_distribution_without_a_name_in_its_metadata_is_told_by_its_folder(stalls: Path) -> None:
    write_tree(stalls, {"bare_stall-1.dist-info": {"entry_points.txt": f"[{GROUP}]\nz = bare\n"}})
    assert told_under(without(("bare_stall", "z")), NAMES) == "a b c"


def test_modules_through_which_entry_points_are_read_look_untouched() -> None:
    code = """
        import importlib.metadata as one, importlib.machinery as machinery
        assert type(one.__spec__.loader) is type(one.__loader__) is machinery.SourceFileLoader
        print(one.__file__.endswith("__init__.py"), len(one.distribution("stall-a").files or ()))
    """
    assert told_under(without(("stall_b", "b")), code) == "True 0"


def test_processes_under_the_command_leave_out_the_same() -> None:
    code = f"""
        import subprocess, sys, textwrap
        print(subprocess.run([sys.executable, "-c", textwrap.dedent({NAMES!r})], capture_output=True, text=True).stdout)
    """
    assert told_under(without(("stall_b", "b")), code) == "a c"


def test_path_is_what_it_was_but_for_the_overlay(stalls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; print(sys.path)"
    for value in (os.fspath(stalls), ""):
        monkeypatch.setenv("PYTHONPATH", value)
        plain = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        with overlay(without()) as made:
            path = told(code, made).replace(f"{made.folder!r}, ", "")
        assert path == plain.strip()


@pytest.mark.parametrize(("option", "obeys"), [("-P", True), ("-s", True), ("-I", False), ("-E", False), ("-S", False)])
def test_overlay_knows_whether_it_was_obeyed(option: str, obeys: bool) -> None:  # noqa: FBT001 # pytest's way
    with overlay(without(("stall_b", "b"))) as made:
        assert not made.taken_up()
        told("pass", made, option)
        assert made.taken_up() is obeys


def test_sitecustomize_of_the_environment_runs_all_the_same(stalls: Path) -> None:
    write_tree(stalls, {"sitecustomize.py": "customised = __file__"})
    code = NAMES + "\n    import sitecustomize; print(sitecustomize.customised)"
    assert told_under(without(("stall_b", "b")), code).splitlines() == ["a c", os.fspath(stalls / "sitecustomize.py")]


def test_nested_overlays_all_count_and_the_environments_sitecustomize_runs_once(
    stalls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(stalls, {"sitecustomize.py": "import sys; sys.customised = getattr(sys, 'customised', 0) + 1"})
    code = NAMES + "\n    import sys; print(sys.customised)"
    with overlay(without(("stall_b", "b"))) as outer:
        for name, value in outer.variables().items():
            monkeypatch.setenv(name, value)
        with overlay(without(("stall_c", "c"))) as inner:
            assert told(code, inner).splitlines() == ["a", "1"]
            assert outer.taken_up()
        assert told(code, outer).splitlines() == ["a c", "1"]


def test_module_that_a_pth_file_has_imported_is_changed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    made = make_venv(tmp_path / "venv", *map(stall, "ab"), {"early.pth": "import importlib.metadata\n"})
    with overlay(without(("stall_b", "b"))) as over:
        assert told(NAMES, over, python=os.fspath(made.python)) == "a"


def test_caches_that_others_keep_of_entry_points_go_with_the_overlay(stalls: Path) -> None:
    stand_ins: Tree = {
        "stevedore": {"__init__.py": "", "_cache.py": "class Cache: _dir = '/home/me'\n_c = Cache()"},
        "plux": {"__init__.py": "", "runtime": {"__init__.py": "", "cache.py": "def get_user_cache_dir(): ..."}},
    }
    write_tree(stalls, stand_ins)
    code = """
        import plux.runtime.cache, stevedore._cache
        print(stevedore._cache._c._dir, plux.runtime.cache.get_user_cache_dir(), sep="\\n")
    """
    with overlay(without()) as made:
        assert told(code, made).splitlines() == [made.folder, made.folder]


def test_nothing_is_left_when_the_command_is_killed_or_the_block_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    before = set(tmp_path.iterdir())
    with overlay(without()) as made:
        code = "import os; print('here', flush=True); os.kill(os.getpid(), 9)"
        done = subprocess.run([sys.executable, "-c", code], env=made.variables(), capture_output=True, check=False)
        assert (done.returncode, made.taken_up()) == (-signal.SIGKILL, True)
    with pytest.raises(ZeroDivisionError), overlay(without()):
        raise ZeroDivisionError
    assert set(tmp_path.iterdir()) == before


def test_process_that_outlives_the_overlay_starts_others_that_see_everything() -> None:
    with overlay(without(("stall_b", "b"))) as made:
        pass
    assert told(NAMES, made) == "a b c"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with the application and three plugins, one of them with a class."""
    with visible(tmp_path / "app", monkeypatch) as folder:
        made = Site(folder)
        made.install(*(plugin(name, RENDERS) for name in "ac"))
        made.install(plugin("b", RENDERS + "class Net: ...", also={"myapp.classes": {"b.Net": "acme_b:Net"}}))
        yield folder


@pytest.mark.usefixtures("site")
def test_host_has_what_is_left_out_as_disabled_and_nothing_of_it_is_reached() -> None:
    with overlay(without(("acme_b", "b"), group="myapp.plugins")) as made:
        states, rendered, message = told(HOST_TELLS, made).splitlines()
    assert "'b': ('disabled', 'left out by a test')" in states
    assert states.count("available") == 2
    assert sorted(rendered.replace(": p", "").split()) == ["acme_a", "acme_c"]
    assert "'b'" in message


def test_index_on_disk_knows_nothing_of_an_overlay(stalls: Path, cache_folder: str) -> None:
    code = """
        import plugframe
        from plugframe.discovery.snapshot import current_environment
        list(plugframe.Host("shop").plugins.values())
        print(*current_environment().path, sep="\\n")
    """
    with overlay(without(group="shop.plugins")) as made:
        path = told(code, made).splitlines()
        kept = [file.read_bytes() for file in Path(cache_folder).rglob("*") if file.is_file()]
    assert os.fspath(stalls) in path
    assert made.folder not in path
    assert kept
    assert not [content for content in kept if made.folder.encode() in content]


def test_selection_reads_back_what_it_wrote_and_nothing_else() -> None:
    chosen = Selection(reason="a\nb", only=True, groups=["x", "y"], entries=[("x", "acme", "a = b")])
    assert Selection.parse(chosen.text()) == chosen.replace(reason="a b")
    for damaged in ("", "reason", "reason\nmaybe\n0", "reason\nonly\nx", "reason\nonly\n0\nx\ny", "reason\nonly\n9\nx"):
        with pytest.raises(ValueError):  # noqa: PT011 # of several kinds, one of which says not enough values
            Selection.parse(damaged)


def test_overlays_that_cannot_be_read_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / overlays.FILE).write_bytes(b"\xff\xfe")
    monkeypatch.setenv(overlays.VARIABLE, os.pathsep.join(map(os.fspath, (tmp_path / "damaged", tmp_path / "gone"))))
    assert overlays.selections_here() == ()
    assert overlays.judge_here() is None
