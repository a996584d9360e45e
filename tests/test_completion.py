"""What shells complete: commands, options, and the names of plugins, hosts and groups, without importing a plugin."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from _command import run, variables

from plugframe.testing.environments import distribution, write_tree


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a folder with a host and plugins whose import would end the process."""
    modules = {"acme_vision.py": "raise SystemExit('it was imported')"}
    entries = {"myapp.plugins": {"vision": "acme_vision", "voice": "acme_vision"}, "plugframe.hosts": {"myapp": "m:h"}}
    write_tree(tmp_path / "site", distribution("acme-vision", entry_points=entries, modules=modules))
    return tmp_path / "site"


def complete(site: Path, *words: str) -> list[str]:
    """Return what click completes for the last of some words, in a process of its own."""
    home = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))
    asked = {
        "_PLUGFRAME_COMPLETE": "bash_complete", "COMP_WORDS": "\n".join(("plugframe", *words)),
        "COMP_CWORD": str(len(words)), "PYTHONPATH": os.pathsep.join([os.fspath(site), home]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-P", "-m", "plugframe"], env=variables(**asked), capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("gra",), ["graph"]),
        (("check", "v"), ["vision", "voice"]),
        (("check", "--host", "my"), ["myapp"]),
        (("list", "--group", "myapp.p"), ["myapp.plugins"]),
        (("quarantine", "clear", "v"), []),
        (("quarantine", ""), ["clear", "list"]),
        (("graph", "--format", "d"), ["dot"]),
    ],
)
def test_names_are_completed_without_importing_a_plugin(
    site: Path, words: tuple[str, ...], expected: list[str]
) -> None:
    assert complete(site, *words) == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_a_real_bash_completes_the_name_of_a_plugin(site: Path, tmp_path: Path) -> None:
    home = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))
    program = tmp_path / "plugframe"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m plugframe "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = """
        eval "$(plugframe completion bash)"
        complete -p plugframe
        COMP_WORDS=(plugframe check vis)
        COMP_CWORD=2
        _plugframe_completion plugframe
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join([str(site), home])}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=variables(**path), capture_output=True, text=True, check=False, timeout=60
    )
    shown = done.stdout.splitlines()
    assert "_plugframe_completion" in shown[0]
    assert shown[1:] == ["vision"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_script(shell: str) -> None:
    done = run("completion", shell)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"_PLUGFRAME_COMPLETE={shell}_complete" in done.stdout


def test_the_shell_is_taken_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("completion").stdout == run("completion", "fish").stdout
    monkeypatch.setenv("SHELL", "/bin/csh")
    done = run("completion")
    assert done.exit_code == 2
    assert "there is none for csh" in done.stderr


def test_an_environment_that_cannot_be_read_completes_to_nothing(site: Path, tmp_path: Path) -> None:
    assert complete(site, "check", "--python", os.fspath(tmp_path / "nowhere"), "v") == []
