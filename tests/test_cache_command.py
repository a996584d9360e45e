"""``plugframe cache``: what it tells of the index on disk, and what it deletes."""

import json
import os
from pathlib import Path

import pytest
from _command import run, run_process
from _installed import make_environment

from plugframe.testing.environments import distribution

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def fill() -> list[Path]:
    """Have an index written, by listing this environment, and return its files."""
    assert run_process("list").returncode == 0
    return sorted(Path(os.environ["PLUGFRAME_CACHE"]).iterdir())


def test_info_tells_the_folder_and_each_file(cache_folder: str) -> None:
    files = fill()
    done = run("cache", "info")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"folder: {cache_folder}\n" in done.stdout
    assert len(files) == 1
    assert f"{files[0]}  {files[0].stat().st_size} bytes" in done.stdout
    assert done.stdout.endswith("\n1 file\n")


def test_info_as_json_tells_the_same(cache_folder: str) -> None:
    files = fill()
    found = json.loads(run("cache", "info", "--json").stdout)
    assert (found["schema"], found["folder"]) == (1, cache_folder)
    assert [(file["path"], file["bytes"]) for file in found["files"]] == [
        (os.fspath(file), file.stat().st_size) for file in files
    ]


def test_an_index_is_kept_in_the_folder_that_the_setting_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = tmp_path / "ünï cäche" / "below"
    monkeypatch.setenv("PLUGFRAME_CACHE", os.fspath(where))
    assert [file.parent for file in fill()] == [where]
    assert os.fspath(where) in run("cache", "info").stdout


def test_an_empty_cache_is_told_and_made_by_nobody_who_only_asks(cache_folder: str) -> None:
    for arguments, expected in ((("info",), "0 files"), (("clear",), "deleted 0 files")):
        done = run("cache", *arguments)
        assert (done.exit_code, done.stderr) == (0, "")
        assert expected in done.stdout
    assert not os.path.exists(cache_folder)


@pytest.mark.parametrize("setting", ["off", "OFF", "0", "no", "false"])
def test_a_cache_that_is_off_is_told_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("PLUGFRAME_CACHE", setting)
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path))
    assert run("list").exit_code == 0
    assert list(tmp_path.iterdir()) == []
    done = run("cache", "info")
    assert done.exit_code == 0
    assert "PLUGFRAME_CACHE" in done.stdout
    assert json.loads(run("cache", "info", "--json").stdout) == {
        "schema": 1, "folder": None, "problem": "PLUGFRAME_CACHE says so", "files": []
    }  # fmt: skip
    assert run("cache", "clear").exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="XDG's variable counts on Linux")
def test_without_a_setting_the_cache_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUGFRAME_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path))
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    folder = json.loads(run("cache", "info", "--json").stdout)["folder"]
    assert Path(folder).is_relative_to(tmp_path)


def test_clear_deletes_the_index_and_the_next_listing_makes_it_anew() -> None:
    before = fill()
    done = run("cache", "clear")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "deleted 1 file\n", "")
    assert not any(file.exists() for file in before)
    assert fill() == before


def test_clear_deletes_what_an_interrupted_write_left_behind(cache_folder: str) -> None:
    (file,) = fill()
    leftover = file.with_name(f"{file.name}.4711.2a.tmp")
    leftover.write_bytes(b"half an ind")
    assert os.fspath(leftover) in run("cache", "info").stdout
    assert run("cache", "clear").stdout == "deleted 2 files\n"
    assert os.listdir(cache_folder) == []


@pytest.mark.parametrize("name", ["notes.txt", "notes.index", "book.index.tmp", "subject.index.2.tmp"])
def test_clear_leaves_alone_what_is_not_ours(cache_folder: str, name: str) -> None:
    fill()
    other = Path(cache_folder) / name
    other.write_text("somebody's", encoding="utf-8")
    run("cache", "clear")
    assert other.read_text(encoding="utf-8") == "somebody's"


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_clear_follows_no_link(cache_folder: str, tmp_path: Path) -> None:
    (file,) = fill()
    target = tmp_path / "precious"
    target.write_text("somebody's", encoding="utf-8")
    file.unlink()
    file.symlink_to(target)
    assert run("cache", "clear").exit_code == 0
    assert target.exists()
    assert os.listdir(cache_folder) == []


def test_clear_fails_where_something_is_left_and_names_it() -> None:
    (file,) = fill()
    file.unlink()
    file.mkdir()  # A folder in a file's place cannot be deleted as a file, not even by root.
    done = run("cache", "clear")
    assert (done.exit_code, done.stdout) == (1, "deleted 0 files\n")
    assert f"cannot delete {file}" in done.stderr


@pytest.mark.skipif(AS_ROOT or os.name == "nt", reason="nothing is forbidden to this user by a file's mode")
def test_a_folder_that_cannot_be_written_is_no_obstacle_to_listing(cache_folder: str) -> None:
    (file,) = fill()
    os.chmod(cache_folder, 0o500)
    try:
        assert run("list").exit_code == 0
        done = run("cache", "clear")
        assert (done.exit_code, file.exists()) == (1, True)
        assert f"cannot delete {file}" in done.stderr
    finally:
        os.chmod(cache_folder, 0o700)


@pytest.mark.parametrize("what", ["file", "below a file", "unreadable"])
def test_a_cache_folder_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    where = tmp_path / "cache"
    if what == "unreadable":
        where.mkdir(mode=0o000)
        if os.access(where, os.R_OK):
            pytest.skip("nothing is forbidden to this user by a folder's mode")
    else:
        where.write_text("no folder", encoding="utf-8")
    setting = where / "below" if what == "below a file" else where
    monkeypatch.setenv("PLUGFRAME_CACHE", os.fspath(setting))
    folder = make_environment(tmp_path / "env", distribution("acme", entry_points={"shop.plugins": {"a": "b"}}))
    assert "available" in run("list", "--static", "--python", folder, "--host", "shop").stdout
    done = run("cache", "info")
    assert "Traceback" not in done.output
    assert "cannot" in done.output or "no folder" in done.output
    assert os.fspath(setting) in done.output
    assert run("cache", "clear").exit_code in (0, 1)


def test_a_damaged_index_is_listed_deleted_and_no_obstacle(cache_folder: str) -> None:
    (file,) = fill()
    before = run_process("list", "--groups")
    file.write_bytes(b"\xff\x00 not an index")
    assert run("cache", "info").stdout.endswith("\n1 file\n")
    after = run_process("list", "--groups")
    assert (after.returncode, after.stdout) == (0, before.stdout)
    assert run("cache", "clear").stdout == "deleted 1 file\n"
    assert os.listdir(cache_folder) == []


@pytest.mark.parametrize(
    ("arguments", "explained"), [(("cleer",), ["cleer", "clear"]), (("info", "--jsn"), ["--jsn", "--json"])]
)
def test_wrong_arguments_are_refused(arguments: tuple[str, ...], explained: list[str]) -> None:
    done = run("cache", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert [part for part in explained if part not in done.stderr] == []
