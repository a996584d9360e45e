"""What a written stub says of the names that a package defines beside those that it attaches, and of ``__all__``."""

import os
from pathlib import Path

import pytest

from plugframe.namespaces.lazy.twins import Twin, twin_of
from plugframe.testing.environments import write_tree

CALL = "from plugframe import attach\n__getattr__, __dir__, __all__ = attach(__name__, ['models'])\n"
DEFINED = 'VERSION = "1"\n_LIMIT = 3\n'


def twin(folder: Path, source: str) -> Twin:
    """Write a package whose ``__init__.py`` goes on after the call, and return its twin."""
    write_tree(folder, {"acme_own": {"__init__.py": CALL + source, "models.py": "", "io.py": "def read(): ..."}})
    found = twin_of(os.fspath(folder / "acme_own" / "__init__.py"))
    assert found is not None
    return found


def exported(stub: str) -> list[str]:
    """Return the names in a stub's ``__all__``."""
    return [line.strip(' ",') for line in stub.partition("__all__ = [\n")[2].splitlines()[:-1]]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("", ["models"]),
        ("__all__ += ['VERSION']", ["models", "VERSION"]),
        ("__all__ += ('VERSION', '_LIMIT')", ["models", "VERSION", "_LIMIT"]),
        ("__all__.extend(['VERSION', 'models'])", ["models", "VERSION"]),
        ("__all__.append('_LIMIT')", ["models", "_LIMIT"]),
        ("if VERSION:\n    __all__ += ['VERSION']", ["models", "VERSION"]),
        ("__all__ = ['VERSION']", ["VERSION"]),
        ("__all__: list[str] = ['VERSION', 'models']\n__all__ += ['_LIMIT']", ["VERSION", "models", "_LIMIT"]),
        ("__all__ = ['VERSION']\n_, __dir__, __all__ = _result", ["models"]),
        ("from os.path import join\n__all__ += ['join']", ["models", "join"]),
        ("_number = len(__all__)\ndef __dir__(): return __all__", ["models"]),
    ],
)
def test_names_that_are_added_to_all_are_in_the_stub_and_in_its_all(
    tmp_path: Path, change: str, names: list[str]
) -> None:
    found = twin(tmp_path, DEFINED + change)
    assert (found.state, found.reason) == ("missing", "")
    stub = (found.content or b"").decode()
    assert exported(stub) == names
    assert [name for name in names if f"\n{name}: " not in stub and f" as {name}\n" not in stub] == []


@pytest.mark.parametrize(
    "change",
    [
        "__all__ += VERSION.split()",
        "__all__ += [name for name in VERSION]",
        "__all__ += [VERSION]",
        "__all__ = sorted(__all__)",
        "__all__ *= 2",
        "__all__.remove('models')",
        "__all__.extend(VERSION)",
        "__all__[:] = []",
        "del __all__[0]",
        "del __all__",
    ],
)
def test_other_changes_of_all_are_a_finding_with_their_line(tmp_path: Path, change: str) -> None:
    found = twin(tmp_path, DEFINED + change)
    assert (found.state, found.line, found.content) == ("refused", 5, None)
    assert found.reason.startswith("it changes __all__ by what is no list of names that is written out")


def test_name_in_all_that_nothing_defines_is_a_finding(tmp_path: Path) -> None:
    found = twin(tmp_path, "__all__ += ['missing']")
    assert (found.state, found.line) == ("refused", 2)
    assert "'missing' in __all__" in found.reason


def test_name_that_is_set_twice_alike_has_one_line(tmp_path: Path) -> None:
    found = twin(tmp_path, "import sys\nif sys.platform == 'linux':\n    FAST = True\nelse:\n    FAST = False\n")
    assert (found.state, (found.content or b"").count(b"FAST: bool\n")) == ("missing", 1)


@pytest.mark.parametrize(
    "source",
    ["SIZE = 1\nSIZE = '1'\n", "try:\n    from .io import read\nexcept ImportError:\n    from .models import read\n"],
)
def test_name_that_is_set_in_two_ways_is_a_finding(tmp_path: Path, source: str) -> None:
    found = twin(tmp_path, source)
    assert (found.state, found.content) == ("refused", None)
    assert "in more than one way" in found.reason


def test_name_that_is_attached_and_imported_alike_has_one_line(tmp_path: Path) -> None:
    found = twin(tmp_path, "from . import models\n")
    assert (found.state, (found.content or b"").count(b" as models\n")) == ("missing", 1)


def test_name_that_is_attached_and_defined_otherwise_is_a_finding(tmp_path: Path) -> None:
    found = twin(tmp_path, "models = 3\n")
    assert (found.state, found.line) == ("refused", 2)
    assert "it attaches 'models' and defines it itself" in found.reason


def test_names_inside_of_a_comprehension_are_none_of_the_package(tmp_path: Path) -> None:
    found = twin(tmp_path, "_SIZES = {size: [part for part in 'ab'] for size in range(3)}\n")
    assert (found.state, found.reason) == ("missing", "")
