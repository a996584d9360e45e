"""A folder of distributions that this process and its children see, and programs that tell what they see of it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from plugframe.overlay.folder import Overlay, overlay
from plugframe.policy.overlays import Selection
from plugframe.testing.environments import Tree, distribution, on_path, write_tree

PATIENCE = 30
GROUP = "shop.stalls"
HOME = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))


@contextmanager
def visible(folder: Path, monkeypatch: pytest.MonkeyPatch, *trees: Tree) -> Iterator[Path]:
    """Write distributions into a folder that stands on the path of this process and of those that it starts."""
    for tree in trees:
        write_tree(folder, tree)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((os.fspath(folder), HOME)))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    with on_path(folder):
        yield folder


def stall(name: str, code: str = "", *, requires: tuple[str, ...] = (), distributed: str = "") -> Tree:
    """Return a distribution with the entry point NAME in the group of these tests, in the module ``stall_NAME``."""
    module = f"stall_{name.replace('-', '_')}"
    return distribution(
        distributed or f"stall-{name}",
        entry_points={GROUP: {name: module}},
        requires=requires,
        modules={f"{module}.py": dedent(code)},
    )


def without(*entries: tuple[str, str], group: str = GROUP, only: bool = False) -> Selection:
    """Return the selection that leaves out entry points, by the normalised names of distributions, and their names."""
    named = [(group, key, name) for key, name in entries]
    return Selection(reason="left out by a test", only=only, groups=[group], entries=named)


def told(code: str, made: Overlay, *options: str, python: str = sys.executable, cwd: Path | None = None) -> str:
    """Run code in a process under an overlay, and return what it printed."""
    done = subprocess.run(
        [python, *options, "-c", dedent(code)],
        env=made.variables(),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Error in sitecustomize" not in done.stderr
    return done.stdout.strip()


def told_under(selection: Selection, code: str, *options: str) -> str:
    """Run code in a process under an overlay of its own, and return what it printed."""
    with overlay(selection) as made:
        return told(code, made, *options)


def script(folder: Path, name: str, code: str) -> Sequence[str]:
    """Write a program, and return the command line that runs it."""
    path = folder / name
    path.write_text(dedent(code), encoding="utf-8")
    return ["python", os.fspath(path)]


def is_running(pid: int) -> bool:
    """Return whether there is a process that has not ended; one that nobody has waited for yet has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        state = "" if os.path.exists("/proc/self/stat") else "?"
    if state != "?":
        return state not in ("", "Z", "X")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: it never does.
    """
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
