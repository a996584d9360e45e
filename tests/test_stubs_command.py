"""``plugframe stubs`` writes and checks the stubs of lazy packages, and imports none of them."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from _command import run, run_process

from plugframe.testing.environments import Tree, write_tree

INIT = "raise SystemExit('imported')\nfrom plugframe import attach\n__getattr__, __dir__, __all__ = attach({})\n"
STUBBED = "from plugframe import attach_stub\n__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)\n"
PACKAGES: Tree = {
    "acme": {
        "__init__.py": INIT.format("__name__, ['models'], {'io': ['read']}"),
        "models.py": "",
        "io.py": "def read(): ...",
        "deep": {"down": {"__init__.py": INIT.format("__name__, ['x']"), "x.py": ""}},
        "plain": {"__init__.py": ""},
    },
    "stubbed": {"__init__.py": STUBBED, "__init__.pyi": "from . import x", "x.py": ""},
    ".hidden": {"__init__.py": INIT.format("__name__, ['x']")},
    "venv": {"pyvenv.cfg": "", "lib": {"__init__.py": INIT.format("__name__, ['x']")}},
}
WRITTEN = ("acme/__init__.pyi", "acme/deep/down/__init__.pyi", "stubbed/__init__.lazy")


def states(shown: str, folder: Path) -> dict[str, str]:
    """Return what the command said of each file, by its path in a folder."""
    lines = (line.split("\t") for line in shown.splitlines())
    return {os.path.relpath(path, folder): state for state, path in lines}


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return the files of a folder, with their content and time of change."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {os.fspath(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_missing_files_are_found_then_written_then_current(tmp_path: Path) -> None:
    write_tree(tmp_path, PACKAGES)
    before = snapshot(tmp_path)
    checked = run("stubs", "--check", os.fspath(tmp_path))
    assert (checked.exit_code, states(checked.stdout, tmp_path)) == (1, dict.fromkeys(WRITTEN, "missing"))
    assert snapshot(tmp_path) == before
    assert checked.stderr.count("PF180") == len(WRITTEN)
    assert f"plugframe stubs {tmp_path / 'acme'}" in checked.stderr
    written = run("stubs", os.fspath(tmp_path))
    assert (written.exit_code, states(written.stdout, tmp_path)) == (0, dict.fromkeys(WRITTEN, "written"))
    after = snapshot(tmp_path)
    assert set(after) - set(before) == {os.fspath(tmp_path / path) for path in WRITTEN}
    for arguments in (["stubs"], ["stubs", "--check"]):
        again = run(*arguments, os.fspath(tmp_path))
        assert (again.exit_code, again.stderr) == (0, "")
        assert states(again.stdout, tmp_path) == dict.fromkeys(WRITTEN, "current")
    assert snapshot(tmp_path) == after


def test_outdated_file_is_found_and_written_anew(tmp_path: Path) -> None:
    write_tree(tmp_path, PACKAGES)
    run("stubs", os.fspath(tmp_path))
    (tmp_path / "acme" / "__init__.py").write_text(INIT.format("__name__, ['models']"))
    (tmp_path / "stubbed" / "__init__.pyi").write_text("from . import x, y")
    checked = run("stubs", "--check", os.fspath(tmp_path))
    assert checked.exit_code == 1
    assert sorted(states(checked.stdout, tmp_path).values()) == ["current", "outdated", "outdated"]
    assert run("stubs", os.fspath(tmp_path)).exit_code == 0
    assert "read" not in (tmp_path / "acme" / "__init__.pyi").read_text()
    assert run("stubs", "--check", os.fspath(tmp_path)).exit_code == 0


def test_document_has_each_file_and_each_finding(tmp_path: Path) -> None:
    write_tree(tmp_path, {"acme": {"__init__.py": INIT.format("__name__, names()")}, **PACKAGES, "plain": {}})
    write_tree(tmp_path, {"odd": {"__init__.py": INIT.format("__name__, names()")}})
    done = run("stubs", "--json", os.fspath(tmp_path))
    document = json.loads(done.stdout)
    assert (done.exit_code, document["schema"]) == (1, 1)
    assert {row["state"] for row in document["stubs"]} == {"written", "refused"}
    (finding,) = document["diagnostics"]
    assert (finding["code"], finding["line"], finding["path"]) == (
        "PF181",
        3,
        os.fspath(tmp_path / "odd" / "__init__.py"),
    )
    assert finding["effect"]
    assert finding["fix"]


def test_stub_written_by_hand_is_never_changed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"acme": {**PACKAGES["acme"], "__init__.pyi": "from . import models as models"}})  # type: ignore[dict-item] # a tree
    done = run("stubs", os.fspath(tmp_path))
    assert done.exit_code == 1
    assert "PF182 this stub, which somebody wrote by hand, lacks read." in done.stderr
    assert (tmp_path / "acme" / "__init__.pyi").read_text() == "from . import models as models"


def test_one_bad_file_is_reported_and_the_others_are_written(tmp_path: Path) -> None:
    write_tree(tmp_path, {**PACKAGES, "bad": {"__init__.py": b"def ("}, "latin": {"__init__.py": b"\n\n\xe9"}})
    done = run("stubs", os.fspath(tmp_path))
    assert done.exit_code == 1
    assert done.stderr.count("PF183") == 2
    assert f"it is not UTF-8: unexpected end of data ({tmp_path / 'latin' / '__init__.py'}:3)" in done.stderr
    assert all((tmp_path / path).exists() for path in WRITTEN)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_folder_that_cannot_be_written_is_a_finding_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    write_tree(tmp_path, PACKAGES)
    (tmp_path / "acme").chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        done = run("stubs", os.fspath(tmp_path))
    finally:
        (tmp_path / "acme").chmod(stat.S_IRWXU)
    assert done.exit_code == 1
    assert "it cannot be written" in done.stderr


def test_place_of_a_stub_that_is_a_folder_is_a_finding_and_nothing_is_left(tmp_path: Path) -> None:
    write_tree(tmp_path, {"acme": {"__init__.py": STUBBED, "__init__.pyi": "", "__init__.lazy": {"x": ""}}})
    before = snapshot(tmp_path)
    done = run("stubs", os.fspath(tmp_path))
    assert (done.exit_code, "PF183" in done.stderr) == (1, True)
    assert snapshot(tmp_path) == before


def test_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    done = run("stubs", os.fspath(tmp_path / "nowhere"))
    assert done.exit_code == 2
    assert "nowhere' cannot be looked through: No such file" in done.stderr


def test_folder_without_lazy_packages_is_said_to_have_none(tmp_path: Path) -> None:
    done = run("stubs", os.fspath(tmp_path))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no package calls attach" in done.stderr


def test_package_file_and_folder_named_together_count_once_and_links_end(tmp_path: Path) -> None:
    write_tree(tmp_path, PACKAGES)
    (tmp_path / "acme" / "loop").symlink_to(tmp_path, target_is_directory=True)
    done = run("stubs", os.fspath(tmp_path / "acme" / "__init__.py"), os.fspath(tmp_path))
    assert states(done.stdout, tmp_path) == dict.fromkeys(WRITTEN, "written")


def test_command_is_told_of_and_works_in_a_process_of_its_own(tmp_path: Path) -> None:
    write_tree(tmp_path, PACKAGES)
    assert "stubs" in run("--help").stdout
    done = run_process("stubs", "--check", os.fspath(tmp_path), PYTHONPATH=os.pathsep.join(sys.path))
    assert done.returncode == 1
    assert run_process("stubs", os.fspath(tmp_path), PYTHONPATH=os.pathsep.join(sys.path)).returncode == 0


def test_plugframes_own_packages_have_what_they_need() -> None:
    package = os.path.dirname(sys.modules["plugframe"].__file__ or "")
    done = run("stubs", "--check", package)
    assert (done.exit_code, done.stderr) == (0, "")
