"""The Python blocks of the pages on lazy names, plugins' names and classes, run in the places that the pages name."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _naming import application, named_site, package
from _sites import Site, plugin

from plugframe.namespaces.mounts.finder import mounted, remove
from plugframe.policy.locking import text
from plugframe.policy.settings.keys import check
from plugframe.policy.settings.values import Source
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


def test_lock_of_the_page_is_what_would_be_written() -> None:
    (page,) = blocks("lock.md", "json")
    assert text.write(text.read(page)) == page
    (settings,) = blocks("lock.md", "toml")
    source = Source(scope="project", place="plugframe.toml")
    assert check(tomllib.loads(settings), source) == {"mode": "locked"}


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
