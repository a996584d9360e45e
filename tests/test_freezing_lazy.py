"""Which modules that load on first use the hook for PyInstaller puts into an application."""

import os
import sys
from pathlib import Path

import pytest
from _bundles import BOMB, application, frozen, plugin

from plugframe.freezing.lazy import names_of
from plugframe.freezing.places import below, find
from plugframe.freezing.reading import Mentions
from plugframe.testing.environments import Tree, write_tree

ATTACHED: Tree = {"shapes.py": "", "colors.py": "", "more.py": "", "tools": {"__init__.py": "", "saw.py": ""}}


@pytest.mark.parametrize(
    ("code", "added"),
    [
        ("import plugframe as lazy\nx = lazy.attach(__name__, ['shapes'])\n", {"acme.shapes"}),
        ("from plugframe import attach as a\nx = a(__name__, submod_attrs={'colors': ['Red']})\n", {"acme.colors"}),
        (
            "import plugframe\nx = plugframe.attach(__name__, {'tools'}, {'tools': ['saw']})\n",
            {"acme.tools", "acme.tools.saw"},
        ),
        (
            "import plugframe\nx = plugframe.attach(__name__, None, {'tools.saw': ['cut']})\n",
            {"acme.tools", "acme.tools.saw"},
        ),
        ("import plugframe\nx = plugframe.attach(__name__, ['shapes as forms'])\n", {"acme.shapes"}),
        ("import plugframe\nx = plugframe.attach(__name__, ['nowhere'])\n", set()),
        (
            "import plugframe\nx = plugframe.attach(__name__, NAMES)\n",
            {"acme.shapes", "acme.colors", "acme.more", "acme.tools", "acme.tools.saw"},
        ),
        ("import plugframe\nx = plugframe.load('acme.more')\n", {"acme.more"}),
        ("import other, plugframe\nx = other.attach(__name__, ['shapes'])\n", set()),
    ],
)
def test_what_a_package_attaches_is_put_in(tmp_path: Path, code: str, added: set[str]) -> None:
    tree: Tree = {"acme": {"__init__.py": code + BOMB, **ATTACHED}}
    bundle = frozen(tmp_path, tree, modules=("acme",))
    assert bundle.added == {"acme", *added}


def test_what_is_attached_elsewhere_is_put_in(tmp_path: Path) -> None:
    code = "import plugframe\nx = plugframe.attach(__name__, [], {'=acme_other.deep': ['name']})\n"
    tree: Tree = {"acme.py": code, "acme_other": {"__init__.py": "", "deep.py": ""}}
    assert frozen(tmp_path, tree, modules=("acme",)).added == {"acme", "acme_other", "acme_other.deep"}


def test_what_is_attached_may_attach_more(tmp_path: Path) -> None:
    tree: Tree = {"__init__.py": ""}
    for name in "dcba":
        tree = {"__init__.py": f"import plugframe\nx = plugframe.attach(__name__, [{name!r}])\n", name: tree}
    assert frozen(tmp_path, {"top": tree}, modules=("top",)).added == {
        "top",
        "top.a",
        "top.a.b",
        "top.a.b.c",
        "top.a.b.c.d",
    }


def test_a_stub_is_put_in_with_what_it_declares(tmp_path: Path) -> None:
    package: Tree = {
        "__init__.py": "import plugframe\nx = plugframe.attach_stub(__name__, __file__)\n",
        "__init__.pyi": "from . import shapes as shapes\nfrom .colors import Red as Red\n",
        "__init__.lazy": "stale\n",
        **ATTACHED,
    }
    bundle = frozen(tmp_path, {"acme": {"__init__.py": "", "deep": package}}, modules=("acme", "acme.deep"))
    assert bundle.added == {"acme", "acme.deep", "acme.deep.shapes", "acme.deep.colors"}
    assert bundle.files == {"acme.deep": ["__init__.pyi", "__init__.lazy"]}


@pytest.mark.parametrize(
    ("code", "stub"),
    [
        ("import plugframe\nx = plugframe.attach_stub(__name__, __file__)\n", None),
        ("import plugframe\nx = plugframe.attach_stub(__name__, __file__)\n", "from . import (\n"),
        ("import plugframe\nthis is no Python\n", None),
        ("import plugframe\nx = '\0'\n", None),
        ("# coding: nowhere\nimport plugframe\n", None),
    ],
)
def test_a_source_that_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path, code: str, stub: str | None) -> None:
    files = {"__init__.py": code} | ({} if stub is None else {"__init__.pyi": stub})
    tree = plugin("acme-vision", {"acme": files, "vision.py": ""}, plugins={"vision": "vision"})
    bundle = frozen(tmp_path, application(), tree, modules=("acme", "myapp"))
    assert bundle.metadata == ["acme-vision"]
    [warning] = bundle.warnings
    assert "what loads on first use in acme is left out" in warning


def test_references_that_a_plugin_registers_are_put_in(tmp_path: Path) -> None:
    code = "def register(classes):\n    classes.add('a.B', 'acme_nets.deep:B')\n    classes.add('x', 'no:where')\n"
    modules: Tree = {"acme.py": code, "acme_nets": {"__init__.py": BOMB, "deep.py": BOMB, "other.py": ""}}
    bundle = frozen(tmp_path, application(), plugin("acme", modules, plugins={"vision": "acme"}))
    assert bundle.added == {"myapp", "acme", "acme_nets", "acme_nets.deep"}


def test_packages_that_plugins_are_imported_from_are_put_in_though_nothing_names_them(tmp_path: Path) -> None:
    packages: dict[str, Tree] = {
        "plugins": {"__init__.py": "from myapp import host\nhost.namespace(__name__)\n"},
        "classes": {"__init__.py": "from myapp import host\nhost.classes.mount(__name__)\n"},
        "damaged": {"__init__.py": "this is no Python\n"},
        "other": {"__init__.py": "import logging\nlog = logging.getLogger(__name__)\n"},
    }
    assert frozen(tmp_path, application(**packages)).added == {"myapp", "myapp.plugins", "myapp.classes"}


def test_modules_are_found_by_the_path_without_importing_their_packages(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"a": {"__init__.py": BOMB, "b": {"__init__.py": BOMB, "c.py": BOMB}}, "n": {"m": {"x.py": BOMB}}}
    )
    path = [os.fspath(tmp_path)]
    before = set(sys.modules)
    assert [bool(find(name, path)) for name in ("a", "a.b.c", "n.m.x", "a.c", "a.b.c.d", "", "a..b", "/a")] == [
        True, True, True, False, False, False, False, False,
    ]  # fmt: skip
    assert list(below("a", path)) == ["a.b", "a.b.c"]
    assert set(sys.modules) == before


def test_names_of_what_is_attached_may_be_modules() -> None:
    assert names_of("a", ["b as x"], {"c.d": ["e as f"]}) == {"a.b", "a.c.d", "a.c.d.e"}


def test_what_is_computed_is_no_mention() -> None:
    calls = ("plugframe.Host(NAME)", "plugframe.Host()", "plugframe.load(*NAMES)", "x.add('a', b':c')", "[].add(1)")
    mentions = Mentions("\n".join(("import plugframe", *calls)))
    assert (mentions.hosts, mentions.modules, mentions.mounts) == (set(), set(), False)
