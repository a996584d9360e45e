"""Stubs that say what a package attaches: read at run time, prebuilt, and written."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _sites import fresh, site_at

from plugframe import attach_stub
from plugframe.namespaces.lazy import stubs
from plugframe.namespaces.lazy.twins import Twin, twin_of, write
from plugframe.testing.environments import write_tree

STUB = """
from __future__ import annotations
from typing import Any, Protocol as P
import os
from os.path import join as join
from . import models, io as files
from .io import read as read, write as save
from .io import extra as extra
VALUE: Any
"""
INIT = "from plugframe import attach_stub\n__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)\n"
FILES = {"models.py": "", "io.py": "def read(): ...\ndef write(): ...\nextra = 1"}
NAMES = ["extra", "files", "join", "models", "read", "save"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on the path, whose modules are forgotten afterwards."""
    with site_at(tmp_path):
        yield tmp_path


def package(folder: Path, stub: str = STUB, init: str = INIT) -> Path:
    """Write a package, and return its ``__init__.py``."""
    write_tree(folder, {"acme_stubbed": {"__init__.py": init, "__init__.pyi": stub, **FILES}})
    importlib.invalidate_caches()
    return folder / "acme_stubbed" / "__init__.py"


def twin(path: Path) -> Twin:
    """Return the twin of a file that attaches something."""
    found = twin_of(os.fspath(path))
    assert found is not None
    return found


def test_names_that_the_stub_imports_are_attached(folder: Path) -> None:
    package(folder)
    acme: Any = importlib.import_module("acme_stubbed")
    assert acme.__all__ == NAMES
    assert (acme.save.__name__, acme.files.extra, acme.join("a", "b")) == ("write", 1, os.path.join("a", "b"))


def test_stub_is_parsed_once_at_most_and_never_when_its_names_are_prebuilt(folder: Path) -> None:
    path = package(folder)
    code = """
        import sys, acme_stubbed
        print(*acme_stubbed.__all__, "ast" in sys.modules)
    """
    assert fresh(code, folder) == f"{' '.join(NAMES)} True\n"
    assert write(twin(path)).state == "written"
    assert fresh(code, folder) == f"{' '.join(NAMES)} False\n"
    path.with_suffix(".pyi").write_text(f"{STUB}from .io import later")
    assert fresh(code, folder) == f"{' '.join(sorted([*NAMES, 'later']))} True\n"


@pytest.mark.parametrize("damage", [b"", b"\xff", b"plugframe lazy names 1 00\n\tmodels\n", b"\n", b"x" * 99, "cut"])
def test_damaged_prebuilt_names_are_passed_over(folder: Path, damage: Any) -> None:
    path = package(folder)
    prebuilt = Path(write(twin(path)).path)
    prebuilt.write_bytes(prebuilt.read_bytes()[:-3] if damage == "cut" else damage)
    assert attach_stub("acme_stubbed", os.fspath(path))[2] == NAMES


def test_prebuilt_names_are_those_of_the_stub(folder: Path) -> None:
    path = package(folder)
    parsed = stubs.names_in(os.fspath(path) + "i")
    write(twin(path))
    assert stubs.names_in(os.fspath(path) + "i") == parsed
    empty = package(folder, "")
    write(twin(empty))
    assert stubs.names_in(os.fspath(empty) + "i") == ([], {})


@pytest.mark.parametrize(
    ("stub", "message"),
    [
        ("from ..mod import func", "Only within-module imports are supported"),
        ("from .mod import *", "lazy stub loader does not support star import"),
        ("from . import *", "lazy stub loader does not support star import"),
        ("def (", r"__init__.pyi:1 is no Python"),
        ("\x00", "is no Python"),
        ("from .io import read as __call__", "'__call__'"),
        ("from .io import read, read as read\nfrom .models import read", "'read': it stands for"),
    ],
)
def test_stub_that_cannot_be_lazy_is_refused(folder: Path, stub: str, message: str) -> None:
    path = package(folder, stub)
    with pytest.raises(ValueError, match=message):
        attach_stub("acme_stubbed", os.fspath(path))
    found = twin(path)
    assert found.state == "refused"
    assert found.content is None


def test_stub_that_is_not_there_or_not_utf_8_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="Cannot load imports from non-existent stub"):
        attach_stub("acme_stubbed", "not a file")
    path = package(folder)
    path.with_suffix(".pyi").write_bytes(b"name = '\xff'\nfrom . import models")
    with pytest.raises(ValueError, match="is no Python"):
        attach_stub("acme_stubbed", os.fspath(path))
    path.with_suffix(".pyi").unlink()
    assert (twin(path).state, "does not exist" in twin(path).reason) == ("refused", True)


ATTACHING = [
    "from plugframe import attach\n__getattr__, __dir__, __all__ = attach({})",
    "from plugframe import attach as lazily\n__getattr__, __dir__, __all__ = lazily({})",
    "import plugframe\n__getattr__, __dir__, __all__ = plugframe.attach({})",
    "import plugframe as pf\n__getattr__, __lazy_dir__, _ = pf.attach({})",
    "import plugframe.namespaces.attaching as a\n__getattr__, __dir__, __all__ = a.attach({})",
    "from plugframe.namespaces import attaching\n__getattr__, __dir__, __all__ = attaching.attach({})",
    "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach({})",
    "from lazy_loader import attach\n_result = attach({})\n__getattr__ = _result[0]",
    "try:\n    from plugframe import attach\nexcept ImportError:\n    pass\nelse:\n    __getattr__, *_ = attach({})",
]


@pytest.mark.parametrize("source", ATTACHING)
def test_stub_has_what_is_attached_under_whatever_name_attach_is_imported(folder: Path, source: str) -> None:
    arguments = "__name__, submodules={'models'}, submod_attrs={'io': ('read', 'write as save'), '=os.path': ['join']}"
    path = package(folder, init=source.format(arguments))
    path.with_suffix(".pyi").unlink()
    found = write(twin(path))
    assert (found.state, Path(found.path)) == ("written", path.with_suffix(".pyi"))
    assert Path(found.path).read_text().partition("\n")[2] == (
        "from . import models as models\nfrom os.path import join as join\nfrom .io import read as read\n"
        'from .io import write as save\n\n__all__ = [\n    "join",\n    "models",\n    "read",\n    "save",\n]\n'
    )
    assert twin(path).state == "current"


def test_stub_shows_the_packages_own_simple_names_and_leaves_optional_ones_out_of_star(folder: Path) -> None:
    own = (
        "from plugframe import attach\nimport os\nfrom .io import write\n__version__ = '1'\nLIMIT: int = 3\n_own = os\n"
    )
    call = "__getattr__, __dir__, __all__ = attach(__name__, ['models'], {'io': ['read']}, extras={'read': 'x'})\n"
    path = package(folder, init=own + call)
    path.with_suffix(".pyi").unlink()
    assert Path(write(twin(path)).path).read_text().partition("\n")[2] == (
        "from . import models as models\nfrom .io import read as read\n\nfrom .io import write as write\n"
        '__version__: str\nLIMIT: int\n\n__all__ = [\n    "models",\n]\n'
    )


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("names = ['a']\nattach(__name__, names)", 3, "must be written out"),
        ("attach(__name__, ['a'] + ['b'])", 2, "must be written out"),
        ("attach(__name__, None, {'io': [n for n in 'ab']})", 2, "must be written out"),
        ("attach(__name__, **{})", 2, "must be written out"),
        ("attach(*())", 2, "must be written out"),
        ("attach(__name__, 'models')", 2, "must be written out"),
        ("attach(__name__, None, ['io'])", 2, "must be written out"),
        ("attach(__name__)\nattach(__name__)", 3, "is called a second time"),
        ("attach(__name__, ['class'])", 2, "'class': it is a keyword"),
        ("attach(__name__, None, {'io': ['models']})", 2, "which is its submodule"),
        ("attach(__name__, ['models'])\ndef shout(): ...", 3, "it defines 'shout' itself"),
        ("attach(__name__, ['models'])\nclass Own: ...", 3, "it defines 'Own' itself"),
        ("attach(__name__, ['models'])\nfrom .io import *", 3, "it defines '*' itself"),
        ("attach(__name__, ['models'])\ntable = {}", 3, "it defines 'table' itself"),
    ],
)
def test_what_cannot_be_told_without_running_it_is_refused_with_its_line(
    folder: Path, source: str, line: int, reason: str
) -> None:
    path = package(folder, init="from plugframe import attach\n" + source)
    path.with_suffix(".pyi").unlink()
    found = twin(path)
    assert (found.state, found.line, found.content) == ("refused", line, None)
    assert reason in found.reason


def test_hand_written_stub_is_left_as_it_is_and_what_it_lacks_is_told(folder: Path) -> None:
    call = (
        "from plugframe import attach\n__getattr__, __dir__, __all__ = attach(__name__, ['models'], {'io': ['read']})"
    )
    path = package(folder, "from . import models as models\ndef read() -> str: ...", init=call)
    assert (twin(path).state, twin(path).content) == ("own", None)
    package(folder, "from . import models as models", init=call)
    assert (twin(path).state, twin(path).content) == ("incomplete", None)
    assert "lacks read." in twin(path).reason


def test_type_checking_block_takes_the_place_of_a_stub(folder: Path) -> None:
    head = "import typing\nfrom plugframe import attach\nif typing.TYPE_CHECKING:\n    from . import models as models\n"
    call = "else:\n    __getattr__, __dir__, __all__ = attach(__name__, ['models'{}])\n"
    path = package(folder, init=head + call.format(""))
    path.with_suffix(".pyi").unlink()
    assert twin(path).state == "own"
    package(folder, init=head + call.format(", 'io'")).with_suffix(".pyi").unlink()
    assert (twin(path).state, "lacks io." in twin(path).reason) == ("incomplete", True)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def attach(*_): ...\nattach(__name__, ['x'])",
        "import os\nos.attach()",
        "from other import attach\nattach()",
    ],
)
def test_package_that_attaches_nothing_needs_no_stub(folder: Path, source: str) -> None:
    assert twin_of(os.fspath(package(folder, init=source))) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"def (", "it is no Python"), (b"\n\xff", "it is not UTF-8"), (b"\x00", "null bytes")],
)
def test_file_that_is_no_python_is_unreadable(folder: Path, content: bytes, reason: str) -> None:
    path = package(folder)
    path.write_bytes(content)
    found = twin(path)
    assert found.state == "unreadable"
    assert reason in found.reason
