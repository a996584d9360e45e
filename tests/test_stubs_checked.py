"""mypy and pyright accept the stubs that ``plugframe stubs`` writes, and refuse what a package does not have.

This is the half of invariant 29 (``test_name_invariants``) that is about type checkers.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from _command import run

from plugframe.testing.environments import write_tree

PATIENCE = 300
ATTACH = """
import lazy_loader
from plugframe import attach

__version__ = "1.0"
__getattr__, __dir__, __all__ = attach(
    __name__,
    ["models", "tables as sheets"],
    {"io": ["read", "write as save"], "tree": ["tree"], "=collections": ["OrderedDict"]},
    extras={"save": "files"},
)
"""
PACKAGE = {
    "__init__.py": ATTACH,
    "models.py": "class Net:\n    layers: int = 3\n",
    "tables.py": "rows: int = 1\n",
    "io.py": "def read(path: str) -> bytes: return path.encode()\ndef write(path: str) -> int: return len(path)\n",
    "tree.py": "def tree() -> str:\n    return ''\n",
    "py.typed": "",
}
RIGHT = """
from typing import assert_type

import acme_checked
from acme_checked import models, read, sheets
from acme_checked import *

assert_type(read("x"), bytes)
assert_type(acme_checked.save("x"), int)
assert_type(acme_checked.models.Net().layers, int)
assert_type(sheets.rows, int)
assert_type(acme_checked.tree(), str)
assert_type(acme_checked.__version__, str)
assert_type(OrderedDict[str, int]().popitem(), tuple[str, int])
assert_type(models.Net.layers, int)
"""
WRONG = "import acme_checked\nfrom acme_checked import rread\n\nacme_checked.modles\nacme_checked.read(3)\n"
CHECKERS = {
    "mypy": ("--strict", "--no-incremental", "--cache-dir", os.devnull),
    "pyright": ("--pythonpath", sys.executable),
}


@pytest.fixture(params=CHECKERS)
def checker(request: pytest.FixtureRequest) -> list[str]:
    """Return the command line of a type checker, if it is installed here."""
    name: str = request.param
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed in this environment; that of tox that is called type has it")
    return [sys.executable, "-m", name, *CHECKERS[name]]


def check(checker: list[str], folder: Path, code: str) -> tuple[int, str]:
    """Check code that uses the package, and return the checker's exit code and what it said."""
    write_tree(folder, {"acme_checked": PACKAGE, "use.py": code})
    assert run("stubs", os.fspath(folder)).exit_code == 0
    done = subprocess.run(
        [*checker, "use.py"], cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
        env={**os.environ, "MYPYPATH": os.fspath(folder)},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_checker_sees_what_every_name_stands_for(checker: list[str], tmp_path: Path) -> None:
    code, told = check(checker, tmp_path, RIGHT)
    assert code == 0, told


def test_checker_refuses_names_and_arguments_that_do_not_exist(checker: list[str], tmp_path: Path) -> None:
    code, told = check(checker, tmp_path, WRONG)
    assert code == 1, told
    assert [name for name in ("rread", "modles", "3") if name not in told] == []


def test_checker_accepts_the_stub_itself(checker: list[str], tmp_path: Path) -> None:
    check(checker, tmp_path, "")
    done = subprocess.run(
        [*checker, "acme_checked/__init__.pyi"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
