"""Each plugin imported alone in a process of its own: what it took, what it touched, and every way to fail."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _hostile import CODE, everything_hostile, hostile
from _overlaid import is_running, until, visible

from plugframe.cli.imports import FIELDS, import_each
from plugframe.cli.placing import place
from plugframe.discovery.snapshot import current_environment, discover
from plugframe.overlay.importing import Imported, findings, import_alone
from plugframe.overlay.targets import Target, targets
from plugframe.testing.environments import Tree, distribution, write_tree

MEGABYTES = 1024
SECONDS = 2.0
HOSTS = {"plugframe.hosts": {"myapp": "myapp:host"}}

# The state, the code, what the reason has, and the line of the plugin's module.
ENDS = {
    "broken": ("error", "PF200", "RuntimeError: acme-broken is broken", 5),
    "hanging": ("timeout", "PF201", "it did not end within 2 s", 5),
    "segfaulting": ("killed", "PF202", "ended by signal 11 (SIGSEGV)", 4),
    "exiting": ("exited", "PF203", "it ends the process, with exit code 3", 4),
    "leaving": ("exited", "PF203", "it ends the process at once, with exit code 4", 0),
    "recursing": ("recursion", "PF204", "RecursionError: maximum recursion depth exceeded", 5),
    "eating": ("memory", "PF205", "MemoryError", 2),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with visible(tmp_path / "site", monkeypatch) as made:
        yield made


def installed(folder: Path, *trees: Tree) -> tuple[Target, ...]:
    """Write distributions and return the plugins of the host ``myapp`` among all that is in the folder."""
    for tree in trees:
        write_tree(folder, tree)
    return targets(discover(current_environment([os.fspath(folder)])), hosts=["myapp"])


def alone(folder: Path, *trees: Tree, seconds: float = 30.0, megabytes: int = 0) -> Imported:
    (target,) = installed(folder, *trees)
    return import_alone(target, sys.executable, seconds=seconds, megabytes=megabytes)


def plugin(code: str, **declared: dict[str, str]) -> Tree:
    """Return a distribution with the plugin ``vision`` in the module ``acme``, and what else it declares by group."""
    groups = {f"myapp.{kind}": entries for kind, entries in declared.items()}
    return distribution("acme", entry_points={"myapp.plugins": {"vision": "acme"}, **groups}, modules={"acme.py": code})


def test_every_hostile_plugin_has_its_end() -> None:
    assert set(ENDS) == set(CODE)


@pytest.mark.parametrize("name", ENDS)
def test_hostile_plugin_is_told_by_how_it_ends_and_where(folder: Path, name: str) -> None:
    state, code, reason, line = ENDS[name]
    seconds = SECONDS if name == "hanging" else 30.0
    result = alone(folder, hostile(name), seconds=seconds, megabytes=MEGABYTES)
    assert (result.state, result.reason.startswith(reason)) == (state, True), result
    module = folder / f"acme_{name}.py"
    assert result.where == (f"{module}:{line}" if line else "")
    (finding,) = findings(result, required_by=("office",))
    assert (finding.code, finding.line, finding.distribution) == (code, line, f"acme-{name}")
    assert finding.path == os.fspath(module) if line else finding.path.endswith(".dist-info")
    assert f"myapp.plugins:{name} cannot be imported: {reason}" in finding.message
    assert finding.effect
    assert f"acme-{name}" in finding.fix


def test_good_plugin_is_imported_with_all_that_it_declares_and_what_that_took_is_told(folder: Path) -> None:
    code = "import wave\nhoard = b'x' * (32 << 20)\nclass Net: ...\ndef render(): ..."
    also = {"acme_more.py": "def shows(): ..."}
    declared: dict[str, dict[str, str]] = {
        "hooks": {"vision.render": "acme:render"},
        "classes": {"vision.Net": "acme:Net"},
        "callbacks": {"progress": "acme_more:shows"},
        "libraries": {"stats": "acme._native.libstats"},
    }
    result = alone(folder, plugin(code, **declared), also)
    assert (result.state, result.reason, result.traceback, findings(result)) == ("ok", "", "", ())
    assert result.modules >= 3
    assert result.seconds > 0
    assert result.memory > 32 << 20 or not os.path.exists("/proc/self/status")


def test_declared_name_that_is_not_there_is_an_error(folder: Path) -> None:
    result = alone(folder, plugin("", classes={"vision.Net": "acme:Net"}))
    assert (result.state, result.reason) == ("error", "AttributeError: module 'acme' has no attribute 'Net'")


def test_exception_is_told_with_its_traceback_whatever_it_does_when_it_is_looked_at(folder: Path) -> None:
    code = "class Odd(Exception):\n    def __str__(self): raise SystemExit\n\ndef fail():\n    raise Odd\nfail()"
    result = alone(folder, plugin(code))
    assert (result.state, result.reason) == ("error", "Odd: (its message cannot be shown)")
    assert "in fail" in result.traceback


def test_syntax_error_is_told_with_its_own_place(folder: Path) -> None:
    result = alone(folder, plugin("x = 1\ndef ("))
    assert (result.state, result.where) == ("error", f"{folder / 'acme.py'}:2")


def test_sockets_processes_and_files_that_an_import_touches_are_disclosed(folder: Path, tmp_path: Path) -> None:
    written = tmp_path / "written.txt"
    code = f"""
import os, socket, subprocess, sys
with socket.socket() as server, socket.socket() as client:
    server.bind(("127.0.0.1", 0))
    server.listen()
    client.connect(server.getsockname())
subprocess.run([sys.executable, "-S", "-c", ""])
open({os.fspath(written)!r}, "w").close()
open({os.fspath(written)!r}).close()
"""
    result = alone(folder, plugin(code))
    assert (result.state, result.files) == ("ok", (os.fspath(written),))
    assert [what.partition(" (")[0] for what in result.sockets] == ["bind to", "connect to"]
    (process,) = result.processes
    assert sys.executable in process
    told = {finding.code: finding.message for finding in findings(result)}
    assert set(told) == {"PF210", "PF211", "PF212"}
    assert told["PF210"].endswith("uses the network when it is imported: " + result.sockets[0] + " and 1 more")


def test_import_leaves_no_bytecode_and_no_core(folder: Path, tmp_path: Path) -> None:
    assert alone(folder, hostile("segfaulting")).state == "killed"
    assert not list(folder.rglob("*.pyc"))
    assert {path.name for path in tmp_path.iterdir()} == {"site"}


def test_process_that_an_import_leaves_behind_is_ended(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "pid"
    code = "import subprocess\nleft = subprocess.Popen(['sleep', '99'])\n"
    code += f"with open({os.fspath(path)!r}, 'w') as file: file.write(str(left.pid))"
    assert alone(folder, plugin(code)).state == "ok"
    until(lambda: not is_running(int(path.read_text())))


def test_what_a_plugin_writes_into_the_report_is_not_taken_for_more_than_text(folder: Path) -> None:
    code = "import sys, os\nos.write(int(3), b\"('failed', \")\nfor number in range(3, 9):\n"
    code += (
        "    try: os.write(number, b\"('memory', 1)\\n('ended', [1])\\n(((\\n\")\n    except OSError: pass\nos._exit(0)"
    )
    result = alone(folder, plugin(code))
    assert (result.state, result.modules) == ("ok", 0)


def test_each_plugin_is_imported_whatever_becomes_of_the_others(folder: Path) -> None:
    trees = [tree for name, tree in zip(CODE, everything_hostile(), strict=True) if name not in ("hanging", "eating")]
    known = installed(folder, *trees, plugin("import json"))
    rows, found = import_each(known, place(None), megabytes=0)
    assert [row["state"] for row in rows] == ["error", "exited", "exited", "recursion", "killed", "ok"]
    assert [finding.code for finding in found] == ["PF200", "PF203", "PF203", "PF204", "PF202"]
    assert set(FIELDS) <= set(rows[0])
