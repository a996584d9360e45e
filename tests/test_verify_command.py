"""``plugframe verify``: every file of a lock, whatever became of it, and what is there and not in the lock."""

import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _command import rows, run
from _locked import CANARY, Installed, module_tree, plugin, recorded

from plugframe.cli.progress import Progress
from plugframe.policy.locking import lockfile
from plugframe.testing.environments import distribution

VISION = plugin(
    "vision",
    {"acme_vision": {"__init__.py": "", "plugin.py": CANARY, "deep": {"__init__.py": "", "net.py": ""}}},
    target="acme_vision.plugin",
    requires=("acme-base",),
)
BASE = recorded(
    distribution(
        "acme-base", requested=False, modules={"acme_base.py": "", "acme_space": {"base": {"__init__.py": ""}}}
    )
)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    made = Installed(tmp_path, VISION, BASE)
    made.lock()
    monkeypatch.chdir(made.project)
    return made


def verify(installed: Installed, *arguments: str) -> Any:
    return run("verify", "--static", "--python", os.fspath(installed.prefix), *arguments)


def found(installed: Installed, *arguments: str) -> tuple[int, set[tuple[str, str, str]]]:
    """Return the exit code, and plugin, status and path below the site-packages of what is not ok."""
    done = verify(installed, "--json", *arguments)
    document = json.loads(done.stdout)
    return done.exit_code, {
        (row["plugin"], row["status"], os.path.relpath(row["file"], installed.site))
        for row in document["files"]
        if row["status"] != "ok"
    }


def test_what_was_locked_is_ok(installed: Installed) -> None:
    done = verify(installed)
    assert (done.exit_code, done.stderr) == (0, "")
    lock = lockfile.load(os.fspath(installed.lock_file))
    count = sum(len(one.files) for one in lock.distributions.values())
    assert done.stdout == f"plugframe.lock: {count} ok\n"
    every = rows(verify(installed, "--all").stdout.rpartition("plugframe.lock:")[0])
    assert {row["STATUS"] for row in every} == {"ok"}
    assert len(every) == count
    assert {row["PLUGIN"] for row in every} == {"vision", "acme-base"}


def _write(path: str, text: str = "evil = 1\n") -> Callable[[Path], object]:
    def change(site: Path) -> None:
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, encoding="utf-8")

    return change


def _linked(path: str) -> Callable[[Path], object]:
    def change(site: Path) -> None:
        (site / path).rename(site / "real")
        (site / path).symlink_to(site / "real")

    return change


# What is done to the installation, and what is told: plugin, status, path.
CHANGES: dict[str, tuple[Callable[[Path], object], set[tuple[str, str, str]]]] = {
    "modified": (_write("acme_vision/plugin.py"), {("vision", "modified", "acme_vision/plugin.py")}),
    "as long as before": (
        _write("acme_vision/plugin.py", CANARY.swapcase()),
        {("vision", "modified", "acme_vision/plugin.py")},
    ),
    "missing": (lambda site: (site / "acme_base.py").unlink(), {("acme-base", "missing", "acme_base.py")}),
    "extra module": (_write("acme_vision/deep/more.py"), {("vision", "extra", "acme_vision/deep/more.py")}),
    "extra data": (_write("acme_vision/data.json"), {("vision", "extra", "acme_vision/data.json")}),
    "extra metadata": (
        _write("acme_vision-1.0.dist-info/top_level.txt"),
        {("vision", "extra", "acme_vision-1.0.dist-info/top_level.txt")},
    ),
    "extra link": (
        lambda site: (site / "acme_vision" / "etc").symlink_to("/etc"),
        {("vision", "extra", "acme_vision/etc")},
    ),
    "extra beside a module": (_write("acme_base/__init__.py"), {("acme-base", "extra", "acme_base/__init__.py")}),
    "extra in a shared folder": (_write("acme_space/__init__.py"), {("acme-base", "extra", "acme_space/__init__.py")}),
    "somebody else's in a shared folder": (_write("acme_space/other/__init__.py"), set()),
    "bytecode of a source": (_write("acme_vision/__pycache__/plugin.cpython-313.opt-1.pyc"), set()),
    "bytecode of nothing": (
        _write("acme_vision/__pycache__/gone.cpython-313.pyc"),
        {("vision", "extra", "acme_vision/__pycache__/gone.cpython-313.pyc")},
    ),
    "bytecode beside a source": (_write("acme_vision/plugin.pyc"), {("vision", "extra", "acme_vision/plugin.pyc")}),
    "module is a link": (_linked("acme_vision/plugin.py"), {("vision", "modified", "acme_vision/plugin.py")}),
    "folder is a link": (
        _linked("acme_vision/deep"),
        {
            ("vision", "modified", "acme_vision/deep/__init__.py"),
            ("vision", "modified", "acme_vision/deep/net.py"),
            ("vision", "extra", "acme_vision/deep"),
        },
    ),
    "uninstalled": (
        lambda site: shutil.rmtree(site / "acme_base-1.0.dist-info"),
        {("acme-base", "missing", "acme-base")},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_difference_is_told_and_is_a_mismatch(installed: Installed, change: str) -> None:
    apply, expected = CHANGES[change]
    apply(installed.site)
    code, told = found(installed)
    told = {(whose, status, "acme-base" if path.endswith("acme-base") else path) for whose, status, path in told}
    assert told == expected
    assert code == (3 if expected else 0)


def test_folders_in_folders_are_looked_through_to_the_end(installed: Installed) -> None:
    deep = installed.site / "acme_vision" / "deep"
    descriptor = os.open(deep, os.O_RDONLY)
    for _ in range(200):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    assert found(installed) == (0, set())
    (deep / "d" / "d" / "evil.py").write_text("", encoding="utf-8")
    assert found(installed) == (3, {("vision", "extra", "acme_vision/deep/d/d/evil.py")})


def test_plugin_that_no_lock_has_is_unlocked_and_so_is_what_one_needs_by_now(installed: Installed) -> None:
    needs = plugin("late", module_tree(acme_late=""), requires=("acme-deep",))
    installed.install(needs, recorded(distribution("acme-deep", modules=module_tree(acme_deep=""))))
    assert found(installed) == (
        3, {("late", "unlocked", "acme_late-1.0.dist-info"), ("acme-deep", "unlocked", "acme_deep-1.0.dist-info")},
    )  # fmt: skip
    assert found(installed, "--no-deps") == (3, {("late", "unlocked", "acme_late-1.0.dist-info")})


def test_what_plugins_need_is_passed_over_when_nobody_asks(installed: Installed) -> None:
    (installed.site / "acme_base.py").unlink()
    assert found(installed, "--no-deps") == (0, set())


def test_record_that_was_rewritten_is_told_apart_and_is_no_mismatch(installed: Installed) -> None:
    record = installed.site / "acme_vision-1.0.dist-info" / "RECORD"
    text = record.read_text(encoding="utf-8").replace("acme_vision/plugin.py,sha256=", "acme_vision/plugin.py,sha256=x")
    record.write_text(text + "../../../../x.py,,\n", encoding="utf-8")
    code, told = found(installed)
    assert code == 0
    assert {(status, path) for _, status, path in told} >= {
        ("record", "acme_vision-1.0.dist-info/RECORD"), ("record", "acme_vision/plugin.py"),
    }  # fmt: skip
    assert "leads out of" in verify(installed).stdout


def test_other_version_is_named(installed: Installed) -> None:
    shutil.rmtree(installed.site / "acme_vision-1.0.dist-info")
    installed.install(plugin("vision", module_tree(acme_vision=""), version="2.0"))
    done = verify(installed)
    assert done.exit_code == 3
    assert "version 2.0 is installed, and 1.0 is locked" in done.stdout
    assert "next: " in done.stderr


def test_lock_that_is_not_there_is_an_error_that_says_what_to_do(installed: Installed) -> None:
    done = verify(installed, "--lock", "nowhere.lock")
    assert (done.exit_code, done.stdout) == (2, "")
    assert (
        done.stderr == "Error: nowhere.lock: there is no such lock file. Next: plugframe lock --output nowhere.lock\n"
    )


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_long_work_shows_on_a_terminal_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]
) -> None:
    shown, now = stream(), [0.0]
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = Progress("verifying")
    for number in range(4):
        now[0] = number / 8
        progress("x.py", 1_500_000)
    progress.close()
    lines = [line.rstrip() for line in shown.getvalue().split("\r")]
    expected = ["", "verifying 3 files, 4 MB", "verifying 4 files, 6 MB", "", ""]
    assert lines == (expected if stream is Terminal else [""])
