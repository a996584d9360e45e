"""Packages whose names are imported at their first use."""

import importlib
import keyword
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest import mock

import pytest
from _sites import fresh, site_at, together

import plugframe
from plugframe.errors import DeclarationError, LazyImportError, LazyModuleNotFoundError
from plugframe.namespaces import attaching
from plugframe.testing.environments import write_tree

ATTACH = "from plugframe import attach\n__getattr__, __dir__, __all__ = attach(__name__, {arguments})\n"
FILES = {
    "models.py": "class Net: ...",
    "io.py": "def read(): return 'read'\ndef write(): return 'write'",
    "deep/__init__.py": "",
    "deep/down.py": "def dig(): return 'dug'",
}
ARGUMENTS = "['models'], {'io': ['read', 'write as save'], 'deep.down': ['dig']}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on the path, whose modules are forgotten afterwards."""
    with site_at(tmp_path):
        yield tmp_path


def package(
    folder: Path, arguments: str = ARGUMENTS, files: Mapping[str, str] | None = None, *, name: str = "acme_lazy"
) -> Any:
    """Write a package and import it."""
    tree: dict[str, Any] = {"__init__.py": ATTACH.format(arguments=arguments)}
    for path, code in {**FILES, **(files or {})}.items():
        where = tree
        *parents, last = path.split("/")
        for parent in parents:
            where = where.setdefault(parent, {})
        where[last] = dedent(code)
    write_tree(folder, {name: tree})
    importlib.invalidate_caches()
    return importlib.import_module(name)


def loaded(name: str = "acme_lazy") -> set[str]:
    """Return which modules of a package are imported."""
    return {module.removeprefix(f"{name}.") for module in sys.modules if module.startswith(f"{name}.")}


def test_importing_the_package_imports_none_of_its_submodules(folder: Path) -> None:
    package(folder)
    assert loaded() == set()


def test_names_are_what_they_stand_for_and_attributes_from_then_on(folder: Path) -> None:
    acme = package(folder)
    assert acme.read() == "read"
    assert loaded() == {"io"}
    assert acme.save() == "write"
    assert acme.dig() == "dug"
    assert acme.models is importlib.import_module("acme_lazy.models")
    assert {"read", "save", "dig", "models"} <= vars(acme).keys()


def test_from_imports_get_what_is_declared(folder: Path) -> None:
    package(folder)
    found: dict[str, Any] = {}
    exec("from acme_lazy import models, save; import acme_lazy.models as m; from acme_lazy import *", found)  # noqa: S102 # the statement is the test
    assert found["m"] is found["models"] is sys.modules["acme_lazy.models"]
    assert {"read", "save", "dig", "models"} <= found.keys()


def test_submodule_gets_another_name(folder: Path) -> None:
    acme = package(folder, "['models as m'], {'=os.path': ['join', 'sep as separator']}")
    assert acme.m is importlib.import_module("acme_lazy.models")
    assert acme.__all__ == ["join", "m", "separator"]
    assert acme.join(acme.separator, "x")


def test_what_is_returned_is_what_lazy_loader_returns() -> None:
    getter, lister, names = attaching.attach("acme_none", {"models"}, {"io": ["write", "read"]})
    assert names == ["models", "read", "write"] == lister()
    with pytest.raises(ImportError):
        getter("models")
    assert attaching.attach("acme_none")[2] == []
    assert attaching.attach(package_name="acme_none", submodules=None, submod_attrs=None)[2] == []


def test_listing_and_probing_import_nothing_and_leave_no_trace(folder: Path) -> None:
    acme = package(folder)
    before, modules = dict(vars(acme)), set(sys.modules)
    assert {"models", "read", "save", "dig", "__name__", "attach"} <= set(dir(acme))
    for name in ("__wrapped__", "__path_", "_is_coroutine", "red", "__test__", "__code__", "io2"):
        with pytest.raises(AttributeError, match=name) as caught:
            getattr(acme, name)
        assert (caught.value.name, caught.value.obj) == (name, acme)
    assert vars(acme) == before
    assert set(sys.modules) == modules


def test_a_wrong_name_is_reported_with_those_that_are_like_it(folder: Path) -> None:
    package(folder)
    told = fresh(
        """
        import sys
        import acme_lazy
        sys.stderr = sys.stdout
        try:
            acme_lazy.modles
        except AttributeError:
            sys.__excepthook__(*sys.exc_info())
        """,
        folder,
    )
    assert "module 'acme_lazy' has no attribute 'modles'. Did you mean" in told
    assert "models'" in told


def test_closed_package_is_a_plain_module(folder: Path) -> None:
    acme = package(folder)
    for number, name in enumerate(acme.__all__):
        assert ("__getattr__" in vars(acme)) is True, number
        getattr(acme, name)
    assert "__getattr__" not in vars(acme)
    assert type(acme) is types.ModuleType
    assert not hasattr(acme, "nothing")
    assert {"models", "read"} <= set(dir(acme))


def test_submodule_that_was_imported_directly_counts_as_resolved(folder: Path) -> None:
    acme = package(folder)
    importlib.import_module("acme_lazy.models")
    _ = acme.read, acme.save, acme.dig
    assert "__getattr__" not in vars(acme)


def test_reloading_the_package_sees_what_its_submodules_are_now(folder: Path) -> None:
    acme = package(folder)
    for name in acme.__all__:
        getattr(acme, name)
    (folder / "acme_lazy" / "io.py").write_text("def read(): return 'anew'\ndef write(): ...")
    importlib.reload(importlib.import_module("acme_lazy.io"))
    assert acme.read() == "read"
    importlib.reload(acme)
    assert acme.read() == "anew"
    assert acme.models is sys.modules["acme_lazy.models"]


@pytest.mark.parametrize("variable", ["PLUGFRAME_EAGER_IMPORT", "EAGER_IMPORT"])
@pytest.mark.parametrize("value", ["1", "yes", "0", ""])
def test_a_variable_of_the_environment_imports_all_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    package(folder)
    assert loaded() == ({"models", "io", "deep", "deep.down"} if value in ("1", "yes") else set())


@pytest.mark.parametrize(
    ("code", "cause", "kind"),
    [
        ("1 / 0", ZeroDivisionError, LazyImportError),
        ("import acme_nowhere", ModuleNotFoundError, LazyModuleNotFoundError),
        ("[].nothing", AttributeError, LazyImportError),
        ("def", SyntaxError, LazyImportError),
        ("raise SystemExit(3)", SystemExit, LazyImportError),
        ("class E(Exception):\n  def __str__(self): raise RuntimeError\nraise E", Exception, LazyImportError),
    ],
)
def test_failing_submodule_is_an_import_error_with_its_cause_and_can_be_tried_again(
    folder: Path, code: str, cause: type[BaseException], kind: type[LazyImportError]
) -> None:
    code = f"from acme_lazy.broken import part\n{code}"
    acme = package(
        folder,
        "['broken'], {'broken.inner': ['f']}",
        {"broken/__init__.py": code, "broken/part.py": "", "broken/inner.py": "f = 1"},
    )
    before = dict(vars(acme))
    for name in ("broken", "f", "broken"):
        with pytest.raises(LazyImportError, match=rf"^cannot import acme_lazy\.{name}: ") as caught:
            getattr(acme, name)
        assert type(caught.value) is kind
        assert isinstance(caught.value.__cause__, cause)
        with pytest.raises(kind):
            hasattr(acme, name)
        with pytest.raises(kind) as caught:
            exec(f"from acme_lazy import {name}")  # noqa: S102 # the statement is the test
        assert isinstance(caught.value.__cause__, cause)
    assert loaded() == set()
    assert vars(acme) == before
    (folder / "acme_lazy" / "broken" / "__init__.py").write_text("from acme_lazy.broken import part")
    assert (acme.f, acme.broken.part) == (1, sys.modules["acme_lazy.broken.part"])


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "GeneratorExit"])
def test_a_wish_to_stop_passes_and_leaves_nothing_behind(folder: Path, kind: str) -> None:
    acme = package(
        folder, "['broken']", {"broken/__init__.py": f"from . import part\nraise {kind}", "broken/part.py": ""}
    )
    with pytest.raises(BaseException) as caught:  # noqa: PT011 # its kind is a parameter
        _ = acme.broken
    assert type(caught.value).__name__ == kind
    assert loaded() == set()


def test_attribute_that_is_not_in_its_submodule_is_an_import_error(folder: Path) -> None:
    acme = package(folder, "None, {'io': ['reed']}")
    with pytest.raises(LazyImportError, match=r"cannot import acme_lazy\.reed: AttributeError: module 'acme_lazy.io'"):
        _ = acme.reed
    with pytest.raises(LazyImportError):
        hasattr(acme, "reed")


def test_failure_behind_two_packages_tells_the_first_cause_once(folder: Path) -> None:
    inner = ATTACH.format(arguments="None, {'plot': ['draw']}, extras={'draw': 'acme-charts[plots]'}")
    files = {"inner/__init__.py": inner, "inner/plot.py": "import acme_nowhere\ndef draw(): ..."}
    acme = package(folder, "None, {'inner': ['draw']}", files)
    with pytest.raises(LazyModuleNotFoundError) as caught:
        _ = acme.draw
    assert str(caught.value) == (
        "cannot import acme_lazy.draw: ModuleNotFoundError: No module named 'acme_nowhere'. "
        "Next: pip install 'acme-charts[plots]'"
    )


def test_optional_name_tells_the_extra_to_install_and_is_no_part_of_star(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGFRAME_EAGER_IMPORT", "1")
    arguments = "['models'], {'plot': ['draw']}, extras={'draw': 'plots'}"
    acme = package(folder, arguments, {"plot.py": "import acme_nowhere\ndef draw(): ..."})
    found: dict[str, Any] = {}
    exec("from acme_lazy import *", found)  # noqa: S102 # the statement is the test
    assert "models" in found
    assert "draw" not in found
    assert "draw" in dir(acme)
    with pytest.raises(ImportError, match=r"Next: pip install 'acme_lazy\[plots\]'$"):
        _ = acme.draw
    (folder / "acme_lazy" / "plot.py").write_text("1 / 0")
    with pytest.raises(LazyImportError) as caught:
        _ = acme.draw
    assert "pip" not in str(caught.value)


def test_defect_of_an_optional_name_is_not_passed_over_when_all_is_imported_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EAGER_IMPORT", "1")
    with pytest.raises(LazyImportError, match="ZeroDivisionError"):
        package(folder, "None, {'plot': ['draw']}, extras={'draw': 'plots'}", {"plot.py": "1 / 0"})


BAD = [
    ("['class']", "'class': it is a keyword"),
    ("['match', 'None']", "'None': it is a keyword"),
    ("['__path__']", "'__path__': names of this form belong to the language"),
    ("None, {'io': ['__len__']}", "'__len__': names of this form"),
    ("None, {'io': ['read as __call__']}", "'__call__': names of this form"),
    ("['1st']", "'1st': it is no identifier"),
    ("['']", "'': it is no identifier"),
    ("['a b']", "'a b': it is no identifier"),
    ("['a.b']", "'a.b': it is no identifier"),
    ("[3]", "'3': it is no identifier"),
    ("[[]]", "it is no identifier"),
    ("['models as ']", "it is no identifier"),
    ("[' as models']", "'' is no identifier"),
    ("'models'", r"submodules needs a list of names, such as \['models'\]"),
    ("3", "submodules needs a list of names"),
    ("None, {'io': 'read'}", r"io needs a list of names, such as \['read'\]"),
    ("None, {'io': 3}", "io needs a list of names"),
    ("None, ['io']", "submod_attrs maps a submodule to a list"),
    ("None, {'': ['read']}", "'': it is no name of a submodule"),
    ("None, {'.io': ['read']}", "'.io': it is no name of a submodule"),
    ("None, {3: ['read']}", "'3': it is no name of a submodule"),
    ("None, {'io': ['read'], 'models': ['read']}", "'read': it stands for read of io and for read of models"),
    ("['io'], {'io': ['read as io']}", "it stands for the submodule acme_lazy.io and for read of io"),
    ("None, {'io': ['read', 'write as read']}", "it stands for read of io and for write of io"),
    ("['models'], extras={'model': 'x'}", "'model': it is given an extra, and is none of the names"),
    ("['models'], extras={'models': None}", "'models': its extra must be a string, such as 'plots'; it is None"),
    ("['models', 'models'], extras={'models': 5}", "'models': its extra must be a string, such as 'plots'; it is 5"),
    ("['models'], extras=['models']", "extras maps a name to the extra that it needs"),
    ("['models'], extras='models'", "extras maps a name to the extra that it needs"),
    ("None, {'io': ['models']}", "'models': the submodule .*models.py is called so, too. Next: rename"),
    ("None, {'io': iter(['models'])}", "'models': the submodule .*models.py is called so, too"),
    ("None, {'io': ['read as deep']}", "'deep': the submodule .*__init__.py is called so, too"),
    ("['models as io']", "'io': the submodule .*io.py is called so, too"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_name_that_cannot_be_declared_is_refused_when_it_is_declared(
    folder: Path, arguments: str, message: str
) -> None:
    with pytest.raises(DeclarationError, match=f"acme_lazy cannot declare the name .*{message}"):
        package(folder, arguments)
    assert loaded() == set()


@pytest.mark.parametrize("name", [None, "", 3])
def test_package_without_a_name_is_refused(name: Any) -> None:
    with pytest.raises(TypeError, match="attach takes the package's __name__; got"):
        attaching.attach(name, ["models"])


def test_same_declaration_twice_and_iterators_and_information_are_fine(folder: Path) -> None:
    files = {"version.py": "__version__ = '3'", "data/notes.txt": "", "notes.txt": ""}
    arguments = "iter(['models', 'models']), {'version': ['__version__'], 'io': ('read as data', 'write as notes')}"
    acme = package(folder, arguments, files)
    assert acme.__version__ == "3"
    assert acme.data() == "read"
    assert acme.__all__ == ["__version__", "data", "models", "notes"]


def test_what_was_declared_stays_so_when_the_callers_lists_change(folder: Path) -> None:
    given = {"io": ["read"]}
    acme = package(folder, "[]")
    acme.__getattr__, acme.__dir__, _ = attaching.attach("acme_lazy", None, given)
    given["io"].append("write")
    given["models"] = ["Model"]
    assert not hasattr(acme, "write")
    assert not hasattr(acme, "Model")
    assert acme.read() == "read"


def test_of_many_names_one_that_is_another_submodule_is_refused_when_it_is_used(folder: Path) -> None:
    many = [f"name{number}" for number in range(200)]
    acme = package(folder, f"None, {{'io': ['read', 'write as models', *{many}]}}")
    assert acme.read() == "read"
    with pytest.raises(DeclarationError, match=r"models\.py is called so, too"):
        _ = acme.models


def test_keywords_are_those_of_the_interpreter() -> None:
    assert sorted(attaching.KEYWORDS) == sorted(keyword.kwlist)


@pytest.mark.parametrize(
    "entry", ["", "import acme_lazy.tree", "from acme_lazy.tree import leaf", "import acme_lazy.wood.oak"]
)
def test_attribute_named_like_its_submodule_is_the_attribute(folder: Path, entry: str) -> None:
    arguments = "None, {'tree': ['tree', 'leaf'], 'wood.oak': ['wood']}"
    files = {"tree.py": "def tree(): ...\nleaf = 1", "wood/__init__.py": "", "wood/oak.py": "def wood(): ..."}
    acme = package(folder, arguments, files)
    exec(entry, {})  # noqa: S102 # the statement is the test
    for _ in range(2):
        assert isinstance(acme.tree, types.FunctionType)
        assert isinstance(acme.wood, types.FunctionType)
    assert acme.leaf == 1
    assert isinstance(importlib.import_module("acme_lazy.tree"), types.ModuleType)
    assert isinstance(acme.tree, types.FunctionType)
    assert type(acme) is types.ModuleType  # All is resolved: it is read like any other.


def test_attribute_named_like_its_submodule_counts_even_if_that_was_imported_before(folder: Path) -> None:
    write_tree(folder, {"acme_early": {"__init__.py": "from acme_early.tree import leaf\n" + ATTACH.format(
        arguments="None, {'tree': ['tree']}"), "tree.py": "def tree(): ...\nleaf = 1"}})  # fmt: skip
    assert isinstance(importlib.import_module("acme_early").tree, types.FunctionType)


def test_package_with_a_class_of_its_own_keeps_it(folder: Path) -> None:
    own = "import sys, types\nclass Own(types.ModuleType): ...\nsys.modules[__name__].__class__ = Own\n"
    files = {"tree.py": "def tree(): ..."}
    write_tree(
        folder, {"acme_own": {"__init__.py": own + ATTACH.format(arguments="None, {'tree': ['tree']}"), **files}}
    )
    acme = importlib.import_module("acme_own")
    assert isinstance(acme.tree, types.FunctionType)
    assert type(acme).__name__ == "Own"


def test_many_threads_run_a_submodule_once_and_get_one_object(folder: Path) -> None:
    files = {
        "slow.py": "import time, builtins\nacme_runs.append(1)\ntime.sleep(0.05)\ndef slow(): ...",
        "tree.py": "def tree(): ...",
    }
    runs: list[int] = []
    with mock.patch("builtins.acme_runs", runs, create=True):
        acme = package(folder, "['models'], {'slow': ['slow', 'slow as other'], 'tree': ['tree']}", files)
        names = ("slow", "other", "tree", "models")
        found = together(
            16, lambda number: [getattr(acme, name) for name in (*names[number % 4 :], *names[: number % 4])]
        )
    assert runs == [1]
    assert all(isinstance(one, list) for one in found), found
    assert len({id(value) for one in found if isinstance(one, list) for value in one}) == len(
        {"slow", "tree", "models"}
    )
    assert acme.slow is acme.other
    assert "__getattr__" not in vars(acme)


def test_threads_that_fail_all_get_an_import_error_and_the_next_try_succeeds(folder: Path) -> None:
    acme = package(folder, "['broken']", {"broken.py": "import time\ntime.sleep(0.02)\n1 / 0"})
    found = together(16, lambda _: acme.broken)
    assert {type(one) for one in found} <= {LazyImportError}, found
    (folder / "acme_lazy" / "broken.py").write_text("")
    assert acme.broken is sys.modules["acme_lazy.broken"]


def test_names_can_be_patched_and_are_restored(folder: Path) -> None:
    acme = package(folder, "None, {'io': ['read']}")
    with mock.patch("acme_lazy.read", new=len):
        assert getattr(acme, "read") is len  # noqa: B009 # a checker would take it for what it is patched by
    assert acme.read() == "read"
    with mock.patch("acme_lazy.io.read", 4):
        assert importlib.import_module("acme_lazy.io").read == 4


def test_tools_that_look_at_every_module_load_nothing(folder: Path) -> None:
    package(folder)
    told = fresh(
        """
        import copy, doctest, inspect, pydoc, sys, unittest
        import acme_lazy
        inspect.stack()
        inspect.getmodule(inspect.currentframe())
        inspect.unwrap(acme_lazy)
        doctest.DocTestFinder().find(acme_lazy)
        unittest.TestCase().assertWarns(Warning)
        with unittest.TestCase().assertWarns(Warning):
            import warnings
            warnings.warn("x")
        for module in list(sys.modules.values()):
            for name in ("__file__", "__path__", "__spec__", "__warningregistry__", "__wrapped__"):
                getattr(module, name, None)
        repr(acme_lazy), repr(vars(sys)), dir(acme_lazy)
        print([name for name in sys.modules if name.startswith("acme_lazy.")])
        """,
        folder,
    )
    assert told == "[]\n"


def test_attaching_imports_nothing_but_plugframes_own(folder: Path) -> None:
    package(folder, "['models'], {'io': ['read']}")
    told = fresh(
        "import sys; bare = set(sys.modules); import acme_lazy; print(sorted(set(sys.modules) - bare))", folder
    )
    assert told == "['acme_lazy', 'plugframe', 'plugframe.namespaces', 'plugframe.namespaces.attaching']\n"


@pytest.mark.skipif(sys.version_info < (3, 15), reason="PEP 810 is part of Python 3.15")
@pytest.mark.parametrize("mode", ["normal", "all"])
def test_lazy_import_statements_reach_lazy_names(folder: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    # An attribute named like its submodule is that submodule to "lazy from": python/cpython#151208.
    package(folder, "['models'], {'io': ['read']}")
    monkeypatch.setenv("PYTHON_LAZY_IMPORTS", mode)
    told = fresh(
        """
        import sys
        lazy from acme_lazy import models, read
        lazy import acme_lazy.io as io
        known = [name for name in sys.modules if name.startswith("acme_lazy.")]
        print(known, models.__name__, read(), io.__name__)
        """,
        folder,
    )
    assert told == "[] acme_lazy.models read acme_lazy.io\n"


def test_plugframe_shows_type_checkers_the_names_that_it_attaches() -> None:
    from plugframe.namespaces.lazy.twins import twin_of

    twin = twin_of(plugframe.__file__ or "")
    assert twin is not None
    assert (twin.state, twin.reason) == ("own", "")
    assert {"attach", "attach_stub", "load"} <= set(plugframe.__all__)
    assert plugframe.attach is attaching.attach
