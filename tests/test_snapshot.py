"""What a snapshot answers, whose path it is about, and which path entries are never kept."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from _answers import (
    GROUP,
    cache_at,
    codes,
    environment_of,
    facts,
    info,
    keep_young_files,
    names,
    output,
    plugin,
    process_environment,
    write_zip,
)

from plugframe.discovery.snapshot import Environment, current_environment, discover
from plugframe.testing.environments import distribution, write_tree


@pytest.fixture
def several(tmp_path: Path) -> Environment:
    """Return an environment with copies, defects and several groups."""
    many = distribution(
        "many", entry_points={GROUP: {"b": "m:b", "a": "m:a"}, "z.group": {"z": "m"}, "a group": {"x": "m"}}
    )
    write_tree(tmp_path / "one", {**many, "stale-1.0.dist-info": {}, "bad-1.0.dist-info": info("[g]\nbroken\na = b c")})
    write_tree(tmp_path / "two", {**plugin("Many", "9.0", entry="hidden"), **plugin("stale", entry="real")})
    return environment_of(tmp_path / "one", tmp_path / "two")


def test_names_groups_and_entry_points_agree(several: Environment) -> None:
    for deep in (False, True):
        snapshot = discover(several, deep=deep)
        assert snapshot.groups() == {"a group": 1, "g": 1, GROUP: 3, "z.group": 1}
        assert [*snapshot.groups()] == sorted(snapshot.groups())
        everything = snapshot.entry_points()
        for group, count in snapshot.groups().items():
            of_group = snapshot.entry_points(group)
            assert of_group == tuple(entry for entry in everything if entry.group == group)
            assert len(of_group) == count
            places = snapshot.names(group)
            assert [name for _, name in places] == [entry.name for entry in of_group]
            assert [snapshot.distribution_at(place) for place, _ in places] == [
                entry.distribution for entry in of_group
            ]
        assert names(snapshot) == ["b", "a", "real"]
        assert names(snapshot, "no such group") == []
        assert snapshot.entry_points("no such group") == ()


def test_shadowed_distributions_are_apart_from_those_that_count(several: Environment) -> None:
    snapshot = discover(several)
    assert sorted(str(found) for found in snapshot.distributions()) == ["acme 1.0", "many 1.0", "stale 1.0"]
    assert sorted(str(found) for found, _ in snapshot.shadowed()) == ["Many 9.0", "stale 1.0"]
    assert all(reason for _, reason in snapshot.shadowed())
    assert [entry.name for entry in snapshot.entry_points(shadowed=True)] == ["hidden"]
    assert snapshot.entry_points(GROUP, shadowed=True) == snapshot.entry_points(shadowed=True)
    assert snapshot.entry_points("z.group", shadowed=True) == ()


def test_diagnostics_are_sorted_and_told_once(several: Environment) -> None:
    found = discover(several, deep=True).diagnostics()
    assert [one.code for one in found] == sorted(one.code for one in found)
    assert len({(one.code, one.path, one.line, one.message) for one in found}) == len(found)
    assert {one.code for one in found} >= {"PF103", "PF106", "PF112", "PF121"}
    assert all(os.path.lexists(one.path) for one in found)
    assert all(str(one).startswith(one.code) for one in found)


def test_quick_look_finds_what_is_wrong_with_entry_points(several: Environment) -> None:
    with cache_at("off"):
        assert codes(discover(several)) >= {"PF103", "PF106", "PF121"}


def test_snapshot_does_not_change_with_the_environment(several: Environment) -> None:
    snapshot = discover(several, deep=True)
    before = facts(snapshot, diagnostics=True)
    write_tree(Path(several.path[0]), plugin("new"))
    assert facts(snapshot, diagnostics=True) == before
    assert "new" in names(discover(several))


@pytest.mark.parametrize("deep", [True, False])
def test_snapshot_of_an_environment_that_is_gone_answers_without_error(
    several: Environment, monkeypatch: pytest.MonkeyPatch, *, deep: bool
) -> None:
    keep_young_files(monkeypatch)
    for _ in ("scanned", "from the index"):
        snapshot = discover(several, deep=deep)
        parked = [(path, f"{path}-gone") for path in several.path]
        for path, gone in parked:
            os.rename(path, gone)
        assert "b" in names(snapshot)
        facts(snapshot, diagnostics=True)
        for path, gone in parked:
            os.rename(gone, path)


def test_records_of_a_snapshot_are_values(several: Environment) -> None:
    first, second = (discover(several, deep=True) for _ in range(2))
    assert first.entry_points() == second.entry_points()
    assert first.diagnostics() == second.diagnostics()
    assert pickle.loads(pickle.dumps(first.entry_points())) == first.entry_points()  # just made
    assert len({*first.entry_points(), *second.entry_points()}) == len(first.entry_points())


def test_environment_keeps_each_path_entry_once_in_order() -> None:
    made = Environment(["/b", "/a", "/b", "/a/"], prefix="/", base_prefix="/", cache_tag="x")
    assert made.path == ("/b", "/a", "/a/")
    assert not made.is_current
    assert made.live == frozenset()


def test_current_environment_is_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    made = current_environment()
    assert made.is_current
    assert made.path[0] == os.fspath(tmp_path)
    assert (made.prefix, made.base_prefix) == (sys.prefix, sys.base_prefix)
    assert current_environment(["/x"]).path == ("/x",)


def test_change_of_the_path_is_seen_by_the_next_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, plugin("acme"))
    assert "acme" not in names(discover())
    monkeypatch.syspath_prepend(tmp_path)
    assert "acme" in names(discover())
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != os.fspath(tmp_path)])
    assert "acme" not in names(discover())


def test_looking_imports_and_runs_nothing_of_a_plugin(tmp_path: Path) -> None:
    trap = "raise SystemExit('a plugin was imported')"
    write_tree(
        tmp_path,
        {**plugin("acme", value="acme.sub:x"), "acme": {"__init__.py": trap, "sub.py": trap}, "acme.pth": trap},
    )
    code = """
        import sys
        from _answers import facts
        sys.path.insert(0, sys.argv[1])
        from plugframe.discovery.snapshot import discover
        for deep in (False, True):
            facts(discover(deep=deep), diagnostics=True)
        print("acme" in sys.modules)
    """
    assert output(code, tmp_path) == "False\n"


# The working folder and the script's are never kept: they would fill the index, and change all the time.

LOOKS = """
    import os, sys
    from plugframe.discovery import files
    from plugframe.discovery.snapshot import discover
    files.RACY_NS = -10**9
    if len(sys.argv) > 1:
        os.chdir(sys.argv[1])
    for _ in range(2):
        snapshot = discover()
        assert [name for _, name in snapshot.names("myapp.plugins")] == ["acme"], snapshot.environment.path
    print(len(snapshot.index.found))
"""


def run(*command: "str | Path", cwd: Path, cache: Path) -> str:
    """Run Python and return all that is in the index then."""
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env=process_environment(PLUGFRAME_CACHE=os.fspath(cache)),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0, "nothing was kept at all"
    (index,) = cache.glob("*.index")
    return index.read_text(encoding="utf-8")


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """Return a folder with a plugin's metadata, which is found because it is the working or the script's folder."""
    code = dedent(LOOKS)
    return write_tree(
        tmp_path / "application",
        {
            **plugin("acme"),
            "script.py": code,
            "package": {"__init__.py": "", "__main__.py": code},
            "__main__.py": code,
            "inner": {},
        },
    )


def test_working_folder_is_never_kept(application: Path, tmp_path: Path) -> None:
    assert os.fspath(application) not in run("-c", dedent(LOOKS), cwd=application, cache=tmp_path / "cache")


@pytest.mark.parametrize("name", ["package", "script"])
def test_working_folder_of_a_module_that_is_run_is_never_kept(application: Path, tmp_path: Path, name: str) -> None:
    assert os.fspath(application) not in run("-m", name, cwd=application, cache=tmp_path / "cache")


@pytest.mark.parametrize("name", ["package", "script"])
def test_former_working_folder_is_never_kept(application: Path, tmp_path: Path, name: str) -> None:
    found = run("-m", name, application / "inner", cwd=application, cache=tmp_path / "cache")
    assert os.fspath(application) not in found


@pytest.mark.parametrize("chdir", [(), ("/",)])
def test_folder_of_the_script_is_never_kept(application: Path, tmp_path: Path, chdir: tuple[str, ...]) -> None:
    assert os.fspath(application) not in run(application / "script.py", *chdir, cwd=tmp_path, cache=tmp_path / "cache")


def test_folder_of_a_script_named_relatively_is_never_kept(application: Path, tmp_path: Path) -> None:
    assert os.fspath(application) not in run("application/script.py", "/", cwd=tmp_path, cache=tmp_path / "cache")


def test_folder_of_a_script_that_is_a_link_is_never_kept(application: Path, tmp_path: Path) -> None:
    """Python puts the folder of the link's target on the path."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "command").symlink_to(application / "script.py")
    assert os.fspath(application) not in run(tmp_path / "bin" / "command", cwd=tmp_path, cache=tmp_path / "cache")


def test_folder_that_is_itself_run_is_never_kept(application: Path, tmp_path: Path) -> None:
    assert os.fspath(application) not in run(application, cwd=tmp_path, cache=tmp_path / "cache")


def test_archive_that_is_itself_run_is_never_kept(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "app.pyz", {**plugin("acme"), "__main__.py": dedent(LOOKS)})
    assert os.fspath(archive) not in run(archive, cwd=tmp_path, cache=tmp_path / "cache")


@pytest.mark.usefixtures("application")
def test_relative_path_entries_are_never_kept(tmp_path: Path) -> None:
    code = "import sys; sys.path.append('application')\n" + dedent(LOOKS)
    assert "application" not in run("-c", code, cwd=tmp_path, cache=tmp_path / "cache").replace(os.fspath(tmp_path), "")


def test_other_environments_have_no_folders_that_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_young_files(monkeypatch)
    monkeypatch.chdir(write_tree(tmp_path, plugin("acme")))
    environment = environment_of(tmp_path)
    discover(environment)
    assert discover(environment).index.found == [os.fspath(tmp_path)]
