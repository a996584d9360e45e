"""What holds of submodules that a package attaches: 14 statements, a test each."""

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from _command import run
from _sites import fresh, together

from plugframe.errors import LazyImportError
from plugframe.namespaces.lazy.stubs import defined, names_in
from plugframe.testing.environments import on_path, write_tree

CODE = """
    import plugframe
    __getattr__, __dir__, __all__ = plugframe.attach(__name__, ["left", "right"], {"files": ["read"]})
"""
MODULES = {
    "left": "from acme_lazy import right\ndef see(): return right.value",
    "right": "from acme_lazy import left\nvalue = 7\ndef see(): return left.see()",
    "files": "def read(): return 'read'",
}
NAMES = {"left", "right", "read"}
CHILDREN = "sorted(n for n in sys.modules if n.startswith('acme_lazy.'))"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on the path with the package ``acme_lazy``; bytecode is not kept, for files are rewritten."""
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    with on_path(tmp_path):
        write(tmp_path)
        yield tmp_path
    sys.dont_write_bytecode = keep


def write(folder: Path, code: str = CODE, **modules: str) -> None:
    """Write the package, with further modules."""
    files = {f"{name}.py": dedent(text) for name, text in {**MODULES, **modules}.items()}
    write_tree(folder, {"acme_lazy": {"__init__.py": dedent(code), **files}})
    importlib.invalidate_caches()


def lazy() -> Any:
    """Import the package."""
    return importlib.import_module("acme_lazy")


def children() -> set[str]:
    """Return the imported submodules."""
    return {name for name in sys.modules if name.startswith("acme_lazy.")}


def test_01_importing_the_parent_loads_no_child(folder: Path) -> None:
    assert fresh(f"import sys, acme_lazy; print({CHILDREN})", folder) == "[]\n"


@pytest.mark.usefixtures("folder")
def test_02_dir_lists_all() -> None:
    assert set(dir(lazy())) >= {*NAMES, "__name__"}
    assert set(lazy().__all__) == NAMES
    assert children() == set()


@pytest.mark.usefixtures("folder")
def test_03_access_binds_what_import_module_returns() -> None:
    package = lazy()
    assert "left" not in vars(package)
    assert package.left is importlib.import_module("acme_lazy.left")
    assert vars(package)["left"] is package.left
    assert package.read is importlib.import_module("acme_lazy.files").read


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["nope", "lefT", "__wrapped__", "__path_hooks__", "_repr_html_"])
def test_04_unknown_names_are_attribute_errors_without_an_import(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(lazy(), name)
    assert children() == set()


@pytest.mark.parametrize("first", ["left", "right"])
def test_05_modules_that_need_each_other_work_from_either(folder: Path, first: str) -> None:
    assert fresh(f"import acme_lazy; print(acme_lazy.{first}.see(), acme_lazy.right.see())", folder) == "7 7\n"


def test_06_an_import_error_of_a_child_is_not_masked(folder: Path) -> None:
    write(folder, left="import acme_that_is_not_there")
    for statement in ("from acme_lazy import left", "import acme_lazy; acme_lazy.left"):
        with pytest.raises(LazyImportError, match="acme_that_is_not_there") as caught:
            exec(statement, {})  # noqa: S102 # the statement that users write
        assert isinstance(caught.value.__cause__, ModuleNotFoundError)
        assert caught.value.__cause__.name == "acme_that_is_not_there"


def test_07_a_failed_import_is_tried_again(folder: Path) -> None:
    write(folder, left="1 / 0")
    package = lazy()
    for _ in range(2):
        with pytest.raises(LazyImportError, match="ZeroDivisionError"):
            _ = package.left
        assert children() == set()
    write(folder, left="whole = True")
    assert package.left.whole


def test_08_of_16_threads_one_executes(folder: Path) -> None:
    write_tree(folder, {"acme_counted.py": "runs = []"})
    write(folder, left="import time, acme_counted; acme_counted.runs.append(1); time.sleep(0.05)")
    package = lazy()
    found = together(16, lambda index: package.left if index % 2 else importlib.import_module("acme_lazy.left"))
    assert {id(one) for one in found} == {id(sys.modules["acme_lazy.left"])}
    assert importlib.import_module("acme_counted").runs == [1]


@pytest.mark.usefixtures("folder")
def test_09_hasattr_loads_declared_names_only() -> None:
    package = lazy()
    assert not hasattr(package, "files_")
    assert not hasattr(package, "__file_")
    assert children() == set()
    assert hasattr(package, "read")
    assert children() == {"acme_lazy.files"}


def test_10_a_stub_agrees_with_the_names(folder: Path) -> None:
    """The stub is the one that ``plugframe stubs`` writes; read back by ``attach_stub``, it declares the same."""
    stub = folder / "acme_lazy" / "__init__.pyi"
    assert run("stubs", str(stub.parent)).exit_code == 0
    shown = defined(stub.read_bytes(), str(stub)) - {"__all__"}
    assert shown == {name for name in dir(lazy()) if not name.startswith("__")} - {"plugframe"} == NAMES
    space: dict[str, Any] = {}
    exec(stub.read_text(encoding="utf-8").partition("\n\n")[2], space)  # noqa: S102 # the assignment of __all__
    assert set(space["__all__"]) == set(lazy().__all__) == NAMES
    submodules, attributes = names_in(str(stub))
    assert {*submodules, *(name for names in attributes.values() for name in names)} == NAMES
    write(folder, "import plugframe\n__getattr__, __dir__, __all__ = plugframe.attach_stub(__name__, __file__)")
    importlib.reload(lazy())
    assert set(lazy().__all__) == NAMES
    assert lazy().read() == "read"


@pytest.mark.usefixtures("folder")
def test_11_star_import_loads_all() -> None:
    space: dict[str, Any] = {}
    exec("from acme_lazy import *", space)  # noqa: S102 # the statement that users write
    assert space.keys() >= NAMES
    assert children() == {"acme_lazy.left", "acme_lazy.right", "acme_lazy.files"}


def test_12_an_optional_child_names_the_extra(folder: Path) -> None:
    write(
        folder,
        """
        import plugframe
        __getattr__, __dir__, __all__ = plugframe.attach(__name__, ["left"], extras={"left": "plots"})
        """,
        left="import acme_that_is_not_there",
    )
    with pytest.raises(ImportError, match=r"pip install 'acme_lazy\[plots\]'"):
        _ = lazy().left


@pytest.mark.usefixtures("folder")
def test_13_a_scan_of_all_modules_loads_none() -> None:
    lazy()
    inspect.getmodule(inspect.currentframe())
    inspect.stack()
    for module in tuple(sys.modules.values()):
        inspect.getmodule(module)
    assert children() == set()


@pytest.mark.parametrize("variable", ["PLUGFRAME_EAGER_IMPORT", "EAGER_IMPORT"])
@pytest.mark.parametrize(("value", "number"), [("1", 3), ("0", 0), ("", 0)])
def test_14_a_variable_loads_all_at_once(folder: Path, variable: str, value: str, number: int) -> None:
    code = f"import os, sys; os.environ[{variable!r}] = {value!r}; import acme_lazy; print(len({CHILDREN}))"
    assert fresh(code, folder) == f"{number}\n"
