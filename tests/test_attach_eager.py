"""Packages that attach their names, where a variable of the environment has all of them imported at once."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from _sites import site_at

from plugframe.testing.environments import write_tree

Write = Callable[..., Any]
CODE = """
    from plugframe import attach
    __getattr__, __dir__, __all__ = attach(__name__, {})
"""


@pytest.fixture(params=["PLUGFRAME_EAGER_IMPORT", "EAGER_IMPORT"])
def write(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Return what writes a package and imports it, all at once; each module is given by its name."""
    monkeypatch.setenv(request.param, "1")

    def made(arguments: str, **modules: str) -> Any:
        files = {f"{name}.py": dedent(code) for name, code in modules.items()}
        write_tree(tmp_path, {"acme_eager": {"__init__.py": dedent(CODE).format(arguments), **files}})
        importlib.invalidate_caches()
        return importlib.import_module("acme_eager")

    with site_at(tmp_path):
        yield made


@pytest.mark.parametrize("arguments", ["['b'], {'io': ['read']}", "['b'], {'io': ['read']}, extras={'read': 'files'}"])
def test_submodule_may_ask_the_package_for_its_other_names(write: Write, arguments: str) -> None:
    acme = write(arguments, b="from acme_eager import read\nimport acme_eager\nacme_eager.read", io="def read(): ...")
    assert acme.b.read is acme.read is acme.io.read


def test_submodule_may_ask_the_package_for_all_names(write: Write) -> None:
    acme = write("['b'], {'io': ['read']}", b="from acme_eager import *\nstar = read", io="def read(): ...")
    assert acme.b.star is acme.read
    assert acme.__all__ == ["b", "read"]


def test_reloaded_package_asks_by_its_new_names(write: Write) -> None:
    acme = write("['io'], {'plots': ['draw']}, extras={'draw': 'plots'}", io="", plots="import acme_nowhere")
    write("['b'], {'new': ['read']}", b="from acme_eager import read", new="def read(): ...")
    assert importlib.reload(acme).b.read is acme.read


def test_package_has_no_getattr_from_the_first_miss_on(write: Write) -> None:
    acme = write("['io'], {'files': ['read'], 'tree': ['tree']}", io="", files="def read(): ...", tree="tree = 1")
    with pytest.raises(AttributeError, match="module 'acme_eager' has no attribute 'nope'"):
        _ = acme.nope
    assert "__getattr__" not in vars(acme)
    assert type(acme).__name__ == "module"
    assert (acme.tree, {"io", "read", "tree"} <= set(dir(acme))) == (1, True)


def test_package_that_lacks_an_optional_name_keeps_asking_for_it(write: Write) -> None:
    acme = write("['io'], {'plots': ['draw']}, extras={'draw': 'plots'}", io="", plots="import acme_nowhere")
    assert not hasattr(acme, "nope")
    with pytest.raises(ImportError, match=r"acme_eager\[plots\]"):
        _ = acme.draw
