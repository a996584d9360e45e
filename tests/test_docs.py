"""The Python blocks of the pages on lazy names, plugins' names, classes and checks, run where the pages say."""

import fractions
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _naming import application, named_site, package
from _sites import Site, plugin

import plugframe
from plugframe.namespaces.mounts.finder import mounted, remove
from plugframe.testing.environments import Tree, distribution

DOCS = Path(__file__).parent.parent / "docs"
LAZY = {
    "models.py": "",
    "tables.py": "",
    "io.py": "def read(): ...\ndef write(): ...",
    "charts.py": "def plot(): ...",
}
MODELS: Tree = {"acme_vision": {"__init__.py": "", "models.py": "class ResNet: ...", "deep.py": "class Net: ..."}}
HOST = (
    "import os\nimport plugframe\n\nhost = plugframe.Host('myapp', path=[os.path.dirname(os.path.dirname(__file__))])"
)


def blocks(page: str, language: str = "python") -> list[str]:
    """Return a page's blocks of one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with the application."""
    with named_site(tmp_path / "site") as made:
        yield made


def test_attached_names_of_the_page_are_what_it_says(site: Site) -> None:
    init, _, _, _ = blocks("lazy-names.md")
    site.install({"acme_lazy": {"__init__.py": init, **LAZY}})
    acme: Any = importlib.import_module("acme_lazy")
    assert acme.__all__ == ["models", "read", "save", "sheets"]
    assert acme.sheets is importlib.import_module("acme_lazy.tables")
    assert (acme.read.__name__, acme.save.__name__, acme.plot.__name__) == ("read", "write", "plot")
    assert acme.models
    assert "__getattr__" not in vars(acme)


def test_loaded_module_of_the_page_is_imported_when_it_is_used(site: Site) -> None:
    _, code, _, _ = blocks("lazy-names.md")
    stand_in = {"acme_numpy.py": "from statistics import mean"}
    site.install(
        distribution("acme-numpy", "2.0", modules=stand_in),
        {"acme_use.py": code.replace("numpy", "acme_numpy").replace("acme_numpy >", "acme-numpy >")},
    )
    use: Any = importlib.import_module("acme_use")
    assert use.mean([1, 3]) == 2
    assert use.np is importlib.import_module("acme_numpy")


def test_stub_of_the_page_declares_the_names(site: Site) -> None:
    _, _, init, stub = blocks("lazy-names.md")
    site.install({"acme_lazy": {"__init__.py": init, "__init__.pyi": stub, **LAZY}})
    acme: Any = importlib.import_module("acme_lazy")
    assert acme.__all__ == ["models", "read", "save"]
    assert acme.save is importlib.import_module("acme_lazy.io").write


def test_plugins_are_imported_as_the_page_says(site: Site) -> None:
    root, use = blocks("namespaces.md")
    site.install(application(root=root), package("vision", models="class ResNet: ..."))
    space: dict[str, Any] = {}
    exec(use, space)  # noqa: S102 # the statements of the page
    assert space["vision"] is importlib.import_module("acme_vision")
    assert space["ResNet"].__module__ == "acme_vision.models"


@pytest.fixture
def classes(site: Site) -> Iterator[Any]:
    """Return the host's classes, mounted by the line of the page, with nothing provided yet."""
    _, mount = blocks("classes.md")
    site.install({"myapp": {"__init__.py": "", "host.py": HOST, "classes": {"__init__.py": mount}}})
    yield importlib.import_module("myapp.host").host.classes
    made = mounted("myapp.classes.")
    if made is not None:
        remove(made)


def test_declared_classes_of_the_page_are_imported_from_the_mounted_package(site: Site, classes: Any) -> None:
    (declared,) = blocks("classes.md", "toml")
    entry_points = tomllib.loads(declared)["project"]["entry-points"]
    site.install(distribution("acme-vision", entry_points=entry_points, modules=MODELS))
    names: Any = importlib.import_module("myapp.classes.vision")
    assert names is classes.vision
    assert names.ResNet is importlib.import_module("acme_vision.models").ResNet
    assert names.deep.Net is importlib.import_module("acme_vision.deep").Net


def test_registered_classes_of_the_page_are_there_when_their_plugin_is_loaded(site: Site, classes: Any) -> None:
    register, _ = blocks("classes.md")
    site.install(plugin("registers", register), MODELS)
    importlib.import_module("myapp.classes")
    (result,) = importlib.import_module("myapp.host").host.load("registers")
    assert result.state == "loaded", result
    names: Any = importlib.import_module("myapp.classes.vision")
    assert names.Small is classes.vision.Small
    assert names.ResNet is importlib.import_module("acme_vision.models").ResNet


CHECKED = """
import os
import plugframe

host = plugframe.Host("myapp", path=[os.path.dirname(os.path.dirname(__file__))])

@host.operation("image.resize")
def resize(image: list, width: int, height: int) -> list:
    return [row[:width] for row in image[:height]]

@host.operation("image.grow")
def grow(image: list) -> list:
    return image
"""
TRANSPOSES = "def resize(image, width, height):\n    return [list(column) for column in zip(*image)][:width]"


@pytest.fixture
def checked(site: Site) -> dict[str, Any]:
    """Return the names that the page on cross-reference checks uses, with a backend that exchanges rows and columns."""
    declared = {"myapp.operations": {"image.resize.acme": "acme_vision:resize"}}
    plugin_tree = distribution("acme-vision", "1.2", entry_points=declared, modules={"acme_vision.py": TRANSPOSES})
    site.install({"myapp": {"__init__.py": CHECKED}}, plugin_tree)
    host: Any = importlib.import_module("myapp").host
    return {"host": host, "image": host.ops.image}


def test_mismatch_and_report_of_the_page_are_what_it_says(checked: dict[str, Any]) -> None:
    code, _, _ = blocks("crossref.md")
    message, report = blocks("crossref.md", "text")
    with pytest.raises(AssertionError) as caught:
        exec(code, checked)  # noqa: S102 # the block of the page
    assert f"{caught.value}\n" == message
    image: list[list[int]] = [[1, 2, 3], [4, 5, 6]]
    with checked["host"].ops.crossref(on_mismatch="collect") as found:
        checked["image"].resize(image, 3, 2)
        checked["image"].resize([[1, 2], [2, 3]], 2, 2)
        checked["image"].resize.using("default")(image, 3, 2)
    assert f"{found}\n" == report


def test_value_type_of_the_page_is_compared_and_written_as_it_says(checked: dict[str, Any]) -> None:
    _, register, check = blocks("crossref.md")
    exec(register, checked)  # noqa: S102 # the blocks of the page
    with checked["handle"]:
        exec(check, checked)  # noqa: S102
        half, third = fractions.Fraction(1, 2), fractions.Fraction(1, 3)
        plugframe.check_metadata_matches(half, third, lambda: "they")
        with pytest.raises(AssertionError, match="whole False != True"):
            plugframe.check_metadata_matches(half, fractions.Fraction(1), lambda: "they")
        with pytest.raises(AssertionError, match=r"Fraction\(1, 2\) != Fraction\(1, 3\)"):
            plugframe.check_metadata_matches(half, third, lambda: "they", equal=True)


def test_operations_of_the_page_find_what_it_says(site: Site) -> None:
    declare, backend, register, condition = blocks("operations.md")
    (declared,) = blocks("operations.md", "toml")
    entry_points = tomllib.loads(declared)["project"]["entry-points"]
    modules: Tree = {"acme_vision": {"__init__.py": "", "resize.py": backend}}
    site.install(distribution("acme-vision", entry_points=entry_points, modules=modules))
    host = importlib.import_module("myapp").host
    space: dict[str, Any] = {"host": host, "plugframe": importlib.import_module("plugframe")}
    exec(declare, space)  # noqa: S102 # the statements of the page
    exec(condition, space)  # noqa: S102
    resize = space["resize"]
    assert "acme_vision.resize" in sys.modules  # for the page has called it
    assert (resize([[1, 2], [3, 4]], 1, 1), host.ops.image.resize(b"abcd", 2, 1)) == ([[1]], b"ab")
    assert (resize([[1]], 1000, 1), resize.explain([[1]], 999, 1).chosen) == ([[1]], "acme")
    assert "it is too wide" in str(resize.explain([[1]], 1000, 1))
    site.install(plugin("registers", "import plugframe\n" + register.replace("resize.acme", "resize.more")))
    host.refresh()
    assert host.load("registers")[0].registered == ("operations:image.resize.more",)
    plot = host.operation("table.plot")(lambda frame: [*frame])
    plot.overload(space["plot"])
    assert plot((1,)) == [1]


def test_call_hooks_of_the_page_do_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    first, everywhere, plan, scale = blocks("interception.md")
    (shown,) = blocks("interception.md", "text")
    names = {"__name__": "__main__"}
    for code in (first, everywhere, plan):
        exec(code, names)  # noqa: S102 # the blocks of the page
    assert capsys.readouterr().out == shown
    exec(scale, names)  # noqa: S102
