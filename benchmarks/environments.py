"""The virtual environment that everything is measured in, and the variables that its processes see."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import MeasurementError

INSTALL_TIMEOUT = 600
# What a developer's or a CI's shell sets must not reach the children: it would change what is cached and drawn.
_DROPPED = ("PYTHON", "PLUGFRAME", "XDG_", "VIRTUAL_ENV", "COV_", "COVERAGE_")
_DROPPED_NAMES = frozenset(("CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "TTY_COMPATIBLE"))
_VERSIONS = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with plugframe and its peers.

    Attributes:
        root: the folder that holds it, and everything else that is made for measuring.
        python: its interpreter.
        versions: the name of every distribution in it to its version.
    """

    root: Path
    python: Path
    versions: dict[str, str]

    def script(self, name: str) -> Path:
        """Return the path of one of its console scripts."""
        return self.python.with_name(name + (".exe" if os.name == "nt" else ""))

    def empty_folder(self) -> Path:
        """Return a folder for processes to work in, so that the working directory adds nothing to find."""
        folder = self.root / "empty"
        folder.mkdir(exist_ok=True)
        return folder

    def home(self, name: str) -> Path:
        """Return a new empty home folder, so that no contender sees another's cache or anybody's settings.

        Raises:
            FileExistsError: there is one of this name already.
        """
        folder = self.root / "homes" / name
        folder.mkdir(parents=True)
        return folder

    def variables(self, *, home: Path, path: Path | None = None) -> dict[str, str]:
        """Return the environment variables of a process.

        Args:
            home: where it keeps its caches, whatever it calls them on this system.
            path: a folder of distributions for its path, through ``PYTHONPATH``; None for none.
        """
        kept = _inherited()
        kept |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LOCALAPPDATA": str(home / "cache")}
        kept |= {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        return kept | ({"PYTHONPATH": str(path)} if path else {})


def _inherited() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED) and name not in _DROPPED_NAMES
    }


@contextlib.contextmanager
def workspace(parent: Path, *, keep: bool) -> Iterator[Path]:
    """Make a folder for one measurement, and remove it afterwards unless it is to be kept.

    Args:
        parent: where to make it; made when it does not exist.
        keep: leave it, and print where it is.

    Raises:
        MeasurementError: it would be below ``/tmp``, where stevedore keeps no cache and would look slower than it is.
    """
    parent = parent.absolute()
    if str(parent).startswith("/tmp"):  # noqa: S108  # That is what stevedore asks; nothing is made there.
        message = f"{parent} is below /tmp, where stevedore keeps no cache: choose another with --workdir"
        raise MeasurementError(message)
    parent.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix="plugframe-benchmarks-", dir=parent))
    try:
        yield root
    finally:
        if keep:
            print(f"kept: {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)


def create(root: Path, project: Path, *, peers: Sequence[str] = ()) -> Environment:
    """Make a virtual environment, and install the project and its benchmark peers into it, bytecode included.

    setuptools is removed: only Pythons before 3.12 put it there, and its ``.pth`` file makes every start slower.

    Args:
        root: where to make it.
        project: the folder of the project's ``pyproject.toml``.
        peers: requirements of further peers.

    Raises:
        MeasurementError: a step failed or took too long.
    """
    folder = root / "venv"
    print("making the environment ...", file=sys.stderr)
    _run([sys.executable, "-m", "venv", str(folder)])
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _run([*pip, "install", str(project), *requirements(project, "bench")])
    site_packages = _run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    _run([str(python), "-m", "compileall", "-q", site_packages])
    if peers:  # They may hold files that no Python compiles; pip compiles the others.
        _run([*pip, "install", *peers])
    _run([*pip, "uninstall", "--yes", "setuptools"])
    return Environment(root, python, json.loads(_run([str(python), "-c", _VERSIONS])))


def requirements(project: Path, group: str) -> list[str]:
    """Return the requirements of a dependency group of a ``pyproject.toml``, included groups resolved.

    Raises:
        MeasurementError: there is no such group.

    Source: PEP 735.
    """
    groups = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8")).get("dependency-groups", {})
    if group not in groups:
        message = f"{project / 'pyproject.toml'} has no dependency group {group}"
        raise MeasurementError(message)
    found: list[str] = []
    for entry in groups[group]:
        found += [entry] if isinstance(entry, str) else requirements(project, entry["include-group"])
    return found


def _run(command: Sequence[str]) -> str:
    """Return what a command of the set-up wrote to standard output."""
    try:
        done = subprocess.run(
            command, env=_inherited(), timeout=INSTALL_TIMEOUT, check=True, capture_output=True, encoding="utf-8"
        )
    except subprocess.CalledProcessError as error:
        message = f"{' '.join(command)}: {error}\n{error.stderr}"
        raise MeasurementError(message) from error
    except (OSError, subprocess.SubprocessError) as error:
        message = f"{' '.join(command)}: {error}"
        raise MeasurementError(message) from error
    return done.stdout
