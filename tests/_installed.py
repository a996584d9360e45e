"""Environments with something installed in them: folders as data, and virtual environments filled from wheels."""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from plugframe.testing.environments import Tree, write_tree

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLES = CHECKOUT / "example_plugins"
PATIENCE = 300
"""Seconds; pip may have to wait for the network."""

_BUILD = """
import os, sys
from hatchling.build import build_wheel

for project in sys.argv[2:]:
    os.chdir(project)
    build_wheel(sys.argv[1])
"""

Ran = subprocess.CompletedProcess[str]


def make_environment(root: Path, *distributions: Tree) -> str:
    """Write distributions to the folders of an environment that can be listed with ``--static``; return its folder."""
    for tree in distributions:
        write_tree(root / "lib" / "python3.12" / "site-packages", tree)
    return os.fspath(root)


def make_venv(root: Path, *distributions: Tree) -> "Installation":
    """Make a virtual environment without pip, and write distributions to its site-packages."""
    venv.create(root, with_pip=False)
    made = Installation(root)
    for tree in distributions:
        write_tree(made.site, tree)
    return made


def build_wheels(into: Path, *projects: Path) -> None:
    """Build projects with the build hook that they all name in their ``pyproject.toml``, hatchling's."""
    into.mkdir(exist_ok=True)
    check(subprocess.run([sys.executable, "-c", _BUILD, into, *projects], capture_output=True, text=True, check=False))


def write_wheel(into: Path, name: str, version: str, tree: Tree) -> Path:
    """Write a wheel out of the tree of a distribution, as ``plugframe.testing.environments`` makes it."""
    path = into / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in _members(tree):
            archive.writestr(member, content)
    return path


def _members(tree: Tree, prefix: str = "") -> Iterator[tuple[str, str | bytes]]:
    for name, content in tree.items():
        if isinstance(content, (str, bytes)):
            yield prefix + name, content
        else:
            yield from _members(content, f"{prefix}{name}/")


def check(done: Ran) -> Ran:
    """Return a finished process if it succeeded.

    Raises:
        AssertionError: it did not; the message is what it said.
    """
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done


class Installation:
    """A virtual environment, and the commands that are installed in it."""

    def __init__(self, prefix: Path) -> None:
        """Take a folder that is a virtual environment already."""
        self.prefix = prefix
        self.scripts = prefix / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / "python"
        self.site = next(iter([*prefix.glob("lib/python*/site-packages"), *prefix.glob("Lib/site-packages")]))

    def variables(self, **changed: str) -> dict[str, str]:
        """Return the variables for its processes: this one's, without those that would give them another path."""
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        cache = os.fspath(self.prefix / "plugframe-cache")
        return {**kept, "PYTHONIOENCODING": "utf-8", "PLUGFRAME_CACHE": cache, **changed}

    def run(self, command: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Ran:
        """Run one of its commands, such as ``python``, outside of the checkout."""
        return subprocess.run(
            [self.scripts / command, *arguments],
            cwd=self.prefix,
            env=env or self.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    def pip(self, *arguments: str | Path) -> Ran:
        """Run its pip, which must succeed."""
        return check(self.run("python", "-m", "pip", *arguments))
