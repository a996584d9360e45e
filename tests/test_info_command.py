"""``plugframe info``: all of a plugin that can be told without running it."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from _command import run, run_process
from _installed import make_environment
from _overlaid import visible

from plugframe.testing.environments import Tree, distribution, write_tree

RECORD = "acme_vision/__init__.py,,\nacme_vision/lost.py,,\nacme_vision-1.10.dist-info/METADATA,,\n"
VISION = distribution(
    "Acme-Vision",
    "1.10",
    entry_points={
        "shop.plugins": {"vision": "acme_vision.plugin"},
        "shop.hooks": {"vision.render": "acme_vision.plugin:render"},
        "shop.classes": {"vision.ResNet": "acme_vision.models:ResNet"},
        "pytest11": {"acme": "acme_vision.testing"},
    },
    requires=("shop>=3", "numpy; extra == 'fast'"),
    modules={"acme_vision": {"__init__.py": "import os\nos._exit(7)\n", "models.py": "import os\nos._exit(7)\n"}},
)
TREES = (
    distribution("shop", "3.0", entry_points={"plugframe.hosts": {"shop": "shop:host"}}),
    VISION,
    distribution("acme-office", requires=("acme-vision",)),
    distribution("acme-two", entry_points={"shop.plugins": {"two": "two", "three": "three"}}),
)


@pytest.fixture
def where(tmp_path: Path) -> list[str]:
    """Return the options that name an environment with some plugins."""
    root = make_environment(tmp_path / "env", *TREES)
    (site(tmp_path) / "acme_vision-1.10.dist-info" / "RECORD").write_text(RECORD, encoding="utf-8")
    return ["--static", "--python", root]


def site(tmp_path: Path) -> Path:
    """Return the folder that the distributions are in."""
    return tmp_path / "env" / "lib" / "python3.12" / "site-packages"


def info(where: list[str], name: str, *more: str) -> list[dict[str, Any]]:
    """Return what the command tells of a name, as rows."""
    done = run("info", name, "--json", *where, *more)
    assert done.exit_code == 0, done.output
    rows: list[dict[str, Any]] = json.loads(done.stdout)["plugins"]
    return rows


def test_all_that_a_plugin_declares_is_told_with_its_file_and_line(where: list[str], tmp_path: Path) -> None:
    (row,) = info(where, "vision")
    assert (row["distribution"], row["version"], row["state"]) == ("Acme-Vision", "1.10", "available")
    assert row["direct_requirers"] == ["acme-office"]
    assert row["requires"] == ["shop>=3", "numpy; extra == 'fast'"]
    assert [(one["group"], one["name"]) for one in row["declares"]] == [
        ("shop.plugins", "vision"),
        ("shop.hooks", "vision.render"),
        ("shop.classes", "vision.ResNet"),
    ]
    for one in row["declares"]:
        path, _, line = one["place"].rpartition(":")
        assert Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1] == f"{one['name']} = {one['value']}"
    assert [one["file"] for one in row["declares"]] == ["", "", os.fspath(site(tmp_path) / "acme_vision" / "models.py")]


def test_files_are_told_with_the_hashes_that_they_have_now(where: list[str], tmp_path: Path) -> None:
    assert "files" not in info(where, "vision")[0]
    (row,) = info(where, "vision", "--files")
    present, lost, metadata = row["files"]
    content = (site(tmp_path) / "acme_vision" / "__init__.py").read_bytes()
    assert (present["sha256"], present["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (lost["sha256"], bool(lost["problem"])) == (None, True)
    assert metadata["path"].endswith("METADATA")
    shown = run("info", "vision", "--files", *where).stdout
    assert present["sha256"] in shown
    assert lost["problem"] in shown


def test_a_distribution_without_a_record_is_told(where: list[str], tmp_path: Path) -> None:
    (site(tmp_path) / "acme_vision-1.10.dist-info" / "RECORD").unlink()
    ((only,),) = (row["files"] for row in info(where, "vision", "--files"))
    assert only["path"] == "RECORD"
    assert "cannot be read" in only["problem"]


def test_a_distribution_tells_of_each_of_its_plugins(where: list[str]) -> None:
    assert [row["name"] for row in info(where, "ACME_two")] == ["three", "two"]
    shown = run("info", "acme-two", *where).stdout
    assert shown.startswith("three of shop\n")
    assert "\n\ntwo of shop\n" in shown


def test_it_is_told_for_people_line_by_line(where: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUGFRAME_DISABLE", "vision")
    shown = run("info", "vision", *where).stdout
    for line in (
        "vision of shop\n",
        "  state:        disabled\n",
        "  why:          in the variable PLUGFRAME_DISABLE\n",
        "  version:      1.10\n",
        "  shop.classes:vision.ResNet\n",
        "  requires\n    shop>=3\n",
        "  required directly by\n    acme-office\n",
        "  settings\n    disabled: in the variable PLUGFRAME_DISABLE\n",
        "  next: take vision out of the variable PLUGFRAME_DISABLE\n",
    ):
        assert line in shown


def test_control_characters_are_shown_not_obeyed(tmp_path: Path) -> None:
    hostile: Tree = distribution("acme", "1\x1b[2J", entry_points={"shop.plugins": {"x\x1b[31m": "acme"}})
    where = make_environment(tmp_path / "env", hostile, TREES[0])
    done = run("info", "acme", "--static", "--python", where)
    assert "\x1b" not in done.stdout.replace("\x1b[33m", "").replace("\x1b[0m", "")


def test_a_name_that_means_nothing_is_an_error_with_what_is_like_it(where: list[str]) -> None:
    done = run("info", "visoin", *where)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "did you mean vision?" in done.stderr


def test_info_and_why_of_this_environment_import_no_plugin(tmp_path: Path) -> None:
    for tree in TREES:
        write_tree(tmp_path, tree)
    home = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))
    for name in ("info", "why"):
        done = run_process(name, "vision", "--json", PYTHONPATH=os.pathsep.join((os.fspath(tmp_path), home)))
        assert (done.returncode, json.loads(done.stdout)["plugins"][0]["name"]) == (0, "vision"), done.stderr


@pytest.mark.parametrize(
    ("code", "state", "told"),
    [
        ("raise RuntimeError('no \\x1b[31mway')\n", "error", "no \\x1b[31mway"),
        ("import os\nos._exit(7)\n", "exited", "result:       exited"),
        ("", "ok", "result:       ok"),
    ],
)
def test_its_error_or_its_load_time_is_told_when_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, code: str, state: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    plugin = distribution("acme-six", entry_points={"shop.plugins": {"six": "acme_six"}}, modules={"acme_six.py": code})
    with visible(tmp_path / "site", monkeypatch) as site:
        write_tree(site, plugin)
        done = run("info", "six", "--host", "shop", "--errors", "--json")
        assert done.exit_code == 0, done.output
        (row,) = json.loads(done.stdout)["plugins"]
        assert (row["state"], row["import"]["state"]) == ("available", state)
        assert ("RuntimeError" in (row["import"]["traceback"] or "")) is (state == "error")
        shown = run("info", "six", "--host", "shop", "--errors").stdout
        assert told in shown
        assert "\x1b" not in shown
        assert "import" not in json.loads(run("info", "six", "--host", "shop", "--json").stdout)["plugins"][0]


def test_running_nothing_and_importing_are_not_asked_for_at_once(where: list[str]) -> None:
    done = run("info", "vision", "--errors", *where)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--errors imports the plugin" in done.stderr
