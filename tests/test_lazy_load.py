"""Modules that are imported when something of them is first used."""

import copy
import importlib
import importlib.metadata
import pickle
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from _sites import fresh, site_at, together

from plugframe import load
from plugframe.errors import LazyImportError, LazyModuleNotFoundError
from plugframe.namespaces.lazy.proxies import LazyModule
from plugframe.testing.environments import write_tree

HEAVY = {"acme_heavy.py": '"""Heavy."""\n__version__ = "2"\nvalue = 3\n_private = 4\n'}
ASKED_BY_TOOLS = (
    "__wrapped__", "__file__", "__path__", "__spec__", "__test__", "__code__", "__warningregistry__", "_is_coroutine",
    "_is_coroutine_mark", "_repr_html_", "_ipython_display_", "_pytestfixturefunction",
)  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on the path, whose modules are forgotten afterwards."""
    with site_at(tmp_path):
        write_tree(tmp_path, HEAVY)
        importlib.invalidate_caches()
        yield tmp_path


def test_module_that_is_imported_already_is_returned_itself() -> None:
    assert load("sys") is sys
    assert load("os.path") is importlib.import_module("os.path")


def test_module_is_imported_with_its_first_attribute() -> None:
    heavy: Any = load("acme_heavy")
    assert isinstance(heavy, types.ModuleType)
    assert "acme_heavy" not in sys.modules
    assert heavy.value == 3
    assert heavy._private == 4  # noqa: SLF001 # what a project's own modules ask each other for
    assert (heavy.__doc__, getattr(heavy.__spec__, "name", None)) == ("Heavy.", "acme_heavy")
    assert vars(heavy) is vars(sys.modules["acme_heavy"])
    assert dir(heavy) == dir(sys.modules["acme_heavy"])
    assert repr(heavy) == repr(sys.modules["acme_heavy"])
    assert load("acme_heavy") is sys.modules["acme_heavy"]
    with pytest.raises(AttributeError, match="module 'acme_heavy' has no attribute 'nothing'"):
        _ = heavy.nothing
    assert not hasattr(heavy, "__wrapped__")


def test_version_is_for_people_and_imports_it() -> None:
    assert load("acme_heavy").__version__ == "2"


def test_looking_at_it_imports_nothing() -> None:
    heavy: Any = load("acme_heavy")
    assert (heavy.__name__, heavy.__doc__, vars(heavy), dir(heavy)) == ("acme_heavy", None, {}, ["__name__"])
    assert repr(heavy) == "<module 'acme_heavy', not imported yet>"
    for name in ASKED_BY_TOOLS:
        assert not hasattr(heavy, name), name
    assert "acme_heavy" not in sys.modules


def test_tools_that_look_at_a_module_with_one_import_nothing(folder: Path) -> None:
    write_tree(
        folder, {"acme_user.py": "import plugframe\nheavy = plugframe.load('acme_heavy')\ndef f(): return heavy"}
    )
    told = fresh(
        """
        import asyncio, doctest, inspect, pydoc, sys, unittest
        import acme_user
        doctest.DocTestFinder().find(acme_user)
        unittest.defaultTestLoader.loadTestsFromModule(acme_user)
        inspect.getmembers(acme_user), inspect.stack(), inspect.unwrap(acme_user.heavy), pydoc.render_doc(acme_user)
        for test in (inspect.ismodule, inspect.isclass, inspect.isroutine, inspect.isawaitable, callable,
                     inspect.iscoroutinefunction, inspect.isabstract, inspect.isdatadescriptor):
            test(acme_user.heavy)
        inspect.getattr_static(acme_user.heavy, "value", None)
        with unittest.TestCase().assertWarns(Warning):
            import warnings
            warnings.warn("x")
        print(sorted(name for name in sys.modules if name.startswith("acme")))
        """,
        folder,
    )
    assert told == "['acme_user']\n"


def test_global_variable_holds_the_module_itself_from_the_first_use_on(folder: Path) -> None:
    code = "from plugframe import load\nheavy = again = load('acme_heavy')\nother = 1\ndef use(): return heavy.value"
    write_tree(folder, {"acme_user.py": code})
    user = importlib.import_module("acme_user")
    kept = user.heavy
    assert type(kept) is LazyModule
    assert user.use() == 3
    assert user.heavy is user.again is sys.modules["acme_heavy"]
    assert (user.other, kept.value) == (1, 3)


def test_attributes_are_set_and_deleted_on_the_module() -> None:
    heavy: Any = load("acme_heavy")
    with mock.patch.object(heavy, "value", 5):
        assert sys.modules["acme_heavy"].value == 5
    assert heavy.value == 3
    heavy.new = 1
    assert sys.modules["acme_heavy"].new == 1
    del heavy.new
    assert not hasattr(sys.modules["acme_heavy"], "new")
    with pytest.raises(AttributeError):
        del heavy.new


def test_copies_and_pickles_are_lazy_too() -> None:
    heavy = load("acme_heavy", require="pluggy >=1")
    others: list[Any] = [copy.copy(heavy), copy.deepcopy(heavy), pickle.loads(pickle.dumps(heavy))]
    assert "acme_heavy" not in sys.modules
    assert [other.value for other in others] == [3, 3, 3]
    assert pickle.loads(pickle.dumps(others[0])).value == 3


def test_missing_module_is_an_error_when_it_is_used_that_tells_who_asked_for_it() -> None:
    nothing: Any = load("acme_nowhere")
    for _ in range(2):
        with pytest.raises(LazyModuleNotFoundError, match=rf"No module named 'acme_nowhere' .*{__name__}.py:\d+\)$"):
            _ = nothing.value
        with pytest.raises(ModuleNotFoundError):
            nothing.value = 3
    assert "acme_nowhere" not in sys.modules


def test_missing_module_is_an_error_at_once_if_that_is_wanted() -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named 'acme_nowhere'"):
        load("acme_nowhere", error_on_import=True)
    with pytest.raises(LazyModuleNotFoundError):
        load("acme_heavy.part", error_on_import=True)
    assert load("acme_heavy", error_on_import=True, suppress_warning=True).value == 3


@pytest.mark.parametrize("name", ["", ".", "a..b", "a b", ".heavy", "acme-heavy", None, 3])
def test_what_is_no_name_of_a_module_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="load takes the full name of a module"):
        load(name)


def test_failing_module_is_tried_again(folder: Path) -> None:
    write_tree(folder, {"acme_broken": {"__init__.py": "from . import part\n[].nothing", "part.py": ""}})
    broken: Any = load("acme_broken")
    for _ in range(2):
        with pytest.raises(LazyImportError, match="AttributeError: 'list' object has no") as caught:
            _ = broken.part
        assert isinstance(caught.value.__cause__, AttributeError)
        assert not [name for name in sys.modules if name.startswith("acme_broken")]
    (folder / "acme_broken" / "__init__.py").write_text("from . import part")
    assert broken.part is sys.modules["acme_broken.part"]


def test_a_wish_to_stop_passes(folder: Path) -> None:
    write_tree(folder, {"acme_stop.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        _ = load("acme_stop").value


def test_submodule_imports_its_parents_with_it_and_warns_of_nothing(folder: Path) -> None:
    write_tree(folder, {"acme_top": {"__init__.py": "", "part.py": "value = 1"}})
    part = load("acme_top.part")
    assert "acme_top" not in sys.modules
    assert part.value == 1
    assert sys.modules["acme_top"].part is sys.modules["acme_top.part"]


@pytest.mark.parametrize(
    ("installed", "require", "reason"),
    [
        ("1.0", "acme >=1", ""),
        ("2.0rc1", "acme >=1", ""),
        ("1.0", "Acme[extra] >=0.5; python_version >= '3'", ""),
        ("1.0", "acme >=9; python_version < '3'", ""),
        ("1.0", "acme >=2", "acme 1.0 is installed, and 'acme >=2' is required"),
        (None, "acme", "no distribution named 'acme' is installed, and 'acme' is required"),
    ],
)
def test_requirement_is_checked_when_the_module_is_used(installed: str | None, require: str, reason: str) -> None:
    missing = {"side_effect": importlib.metadata.PackageNotFoundError("acme")}
    found: dict[str, Any] = {"return_value": installed} if installed else missing
    with mock.patch("importlib.metadata.version", **found) as version:
        heavy = load("acme_heavy", require=require)
        version.assert_not_called()
        if not reason:
            assert heavy.value == 3
            return
        with pytest.raises(LazyModuleNotFoundError, match=reason) as caught:
            _ = heavy.value
        assert str(caught.value).endswith(f"Next: pip install '{require}'")
        with pytest.raises(LazyModuleNotFoundError, match=reason):
            load("acme_heavy", require=require, error_on_import=True)
        assert "acme_heavy" not in sys.modules


def test_requirement_of_an_imported_module_is_checked_too() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"'pluggy <0\.1' is required"):
        _ = load("pluggy", require="pluggy <0.1").hookspec


def test_requirement_that_is_none_is_an_error_when_it_is_used() -> None:
    heavy = load("acme_heavy", require=">>")
    with pytest.raises(LazyImportError, match="InvalidRequirement"):
        _ = heavy.value


def test_modules_that_load_each_other_import_from_either_end(folder: Path) -> None:
    for one, other in (("acme_one", "acme_two"), ("acme_two", "acme_one")):
        code = f"from plugframe import load\n{other} = load('{other}')\nname = '{one}'\ndef ask(): return {other}.name"
        write_tree(folder, {f"{one}.py": code})
    assert importlib.import_module("acme_one").ask() == "acme_two"
    assert importlib.import_module("acme_two").ask() == "acme_one"
    assert importlib.import_module("acme_one").acme_two is sys.modules["acme_two"]


def test_half_of_a_module_is_not_kept(folder: Path) -> None:
    user = "from plugframe import load\nhalf = load('acme_half')"
    write_tree(
        folder,
        {"acme_half.py": "early = 1\nimport acme_user\nassert acme_user.half.early\n1 / 0", "acme_user.py": user},
    )
    user_module = importlib.import_module("acme_user")
    proxy = user_module.half
    with pytest.raises(LazyImportError, match="ZeroDivisionError"):
        _ = proxy.early
    assert user_module.half is proxy
    (folder / "acme_half.py").write_text("early = 2")
    assert proxy.early == 2
    assert user_module.half is sys.modules["acme_half"]


def test_many_threads_run_the_module_once_and_get_one_object(folder: Path) -> None:
    runs: list[int] = []
    write_tree(folder, {"acme_slow.py": "import time\nacme_runs.append(1)\ntime.sleep(0.05)\nclass Thing: ..."})
    with mock.patch("builtins.acme_runs", runs, create=True):
        slow = load("acme_slow")
        found = together(16, lambda _: slow.Thing)
    assert runs == [1]
    assert set(found) == {sys.modules["acme_slow"].Thing}


def test_asking_for_a_module_imports_nothing_heavy(folder: Path) -> None:
    told = fresh(
        """
        import sys
        import plugframe
        bare = set(sys.modules)
        heavy = plugframe.load("acme_heavy")
        print(sorted(set(sys.modules) - bare))
        heavy.value
        print(sorted(set(sys.modules) - bare), heavy is sys.modules["acme_heavy"])
        """,
        folder,
    )
    ours = "'plugframe.namespaces.lazy', 'plugframe.namespaces.lazy.proxies'"
    assert told == f"[{ours}]\n['acme_heavy', {ours}] True\n"
