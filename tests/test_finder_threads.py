"""Aliases in many threads: each module's body runs once, nobody gets one half done, and nobody waits for ever."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from _naming import forget, named_site, package
from _sites import PATIENCE, Site, plugin, together

ALIAS = "myapp.plugins.x"
SECONDS = 4.0
ROUNDS = 200
IN_CIRCLES = sys.version_info[:2] == (3, 14)
"""Python 3.14 waits for a package that is half done with the lock of its submodule held, as no other does. Some thread
must then be given the package half done; under their real names, most get a deadlock error (python/cpython#137196).
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    switch = sys.getswitchinterval()
    with named_site(tmp_path / "site") as made:
        yield made
    sys.setswitchinterval(switch)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what a plugin's body and a test share, and count bodies that run."""
    shared: dict[str, Any] = {"ran": [], "inside": threading.Event(), "go": threading.Event()}
    monkeypatch.setattr(sys, "steps", shared, raising=False)
    return shared


def statement(code: str) -> Callable[[], Any]:
    """Return what runs an import statement and returns what ``it`` is then."""

    def run() -> Any:
        scope: dict[str, Any] = {}
        exec(code, scope)  # noqa: S102 # statements are what is tested, and C code runs them
        return scope["it"]

    return run


IMPORTS: tuple[Callable[[], Any], ...] = (
    statement("import myapp.plugins.x as it"),
    statement("import acme_x as it"),
    statement("from myapp.plugins import x as it"),
    statement("from myapp.plugins.x import DONE; import sys; it = sys.modules['acme_x']"),
    lambda: import_module(ALIAS),
    lambda: import_module("acme_x"),
    statement("import myapp.plugins.x.deep; from myapp.plugins import x as it"),
    statement("from myapp.plugins.x.deep import DONE; import sys; it = sys.modules['acme_x.deep']"),
)
SELF = (
    "",
    "import myapp.plugins.x",
    "from myapp.plugins import x",
    "import importlib; importlib.import_module('myapp.plugins.x')",
    "import acme_x",
    "import myapp.plugins.x.deep",
    "from myapp.plugins.x.deep import DONE",
    "from . import deep",
)


def body(own: str) -> str:
    return f"import sys, time\nsys.steps['ran'].append(__name__)\ntime.sleep(0)\n{own}\ntime.sleep(0)\nDONE = True\n"


@pytest.mark.parametrize("own", SELF)
def test_storm_of_threads_runs_each_body_once_and_gets_whole_modules(
    site: Site, steps: dict[str, Any], own: str
) -> None:
    deep = "import sys, time\nsys.steps['ran'].append(__name__)\ntime.sleep(0)\nDONE = True\n"
    site.install(package("x", init=body(own), deep=deep))
    namespace = site.host.namespace("myapp.plugins")
    assert namespace.names == ("x",)
    sys.setswitchinterval(1e-5)
    end = time.monotonic() + SECONDS
    rounds = 0
    while time.monotonic() < end and rounds < ROUNDS:
        rounds += 1
        steps["ran"].clear()
        number = 2 + rounds % 7
        shift = rounds // 7

        def run(index: int, shift: int = shift) -> bool:
            it = IMPORTS[(index + shift) % len(IMPORTS)]()
            return it is sys.modules[it.__name__] and it.DONE is True

        results = together(number, run)
        if IN_CIRCLES and "x.deep" in own:
            results = [one for one in results if "partially initialized" not in str(one)]
        assert results == [True] * len(results), f"round {rounds}"
        assert len(steps["ran"]) == len(set(steps["ran"])), steps["ran"]
        assert ALIAS not in sys.modules or sys.modules[ALIAS] is sys.modules["acme_x"]
        namespace.unload("x")
        forget("acme_x")
        assert [name for name in sys.modules if name.startswith(ALIAS)] == []
        assert "x" not in vars(sys.modules["myapp.plugins"])
    assert rounds > 1


@pytest.mark.parametrize("own", SELF[1:4])
@pytest.mark.parametrize("ask", range(len(IMPORTS)))
def test_plugin_that_imports_its_own_alias_while_another_thread_imports_it(
    site: Site, steps: dict[str, Any], own: str, ask: int
) -> None:
    """The body runs already when the other thread asks."""
    code = f"import sys\nsys.steps['inside'].set()\nsys.steps['go'].wait(20)\n{own}\nDONE = True\n"
    site.install(package("x", init=code, deep="DONE = True"))
    site.host.namespace("myapp.plugins")

    def run(index: int) -> bool:
        if index:
            steps["inside"].wait(PATIENCE)
            threading.Timer(0.05, steps["go"].set).start()
            it = IMPORTS[ask]()
        else:
            it = import_module("acme_x")
        return it is sys.modules[it.__name__] and it.DONE

    assert together(2, run) == [True, True]


@pytest.mark.parametrize("first", ["import myapp.plugins.y", "from myapp.plugins import y", "import acme_y"])
@pytest.mark.parametrize("second", ["import myapp.plugins.x", "from myapp.plugins import x", "import acme_x"])
def test_plugins_that_import_each_other_in_two_threads_never_hang(
    site: Site, steps: dict[str, Any], first: str, second: str
) -> None:
    steps["barrier"] = threading.Barrier(2)
    code = """
        import sys
        sys.steps['ran'].append(__name__)
        sys.steps['barrier'].wait(20)
        {other}
        DONE = True
        """
    site.install(plugin("x", code.format(other=first)), plugin("y", code.format(other=second)))
    site.host.namespace("myapp.plugins")

    def run(index: int) -> bool:
        it = import_module(f"myapp.plugins.{'xy'[index]}")
        return it is sys.modules[f"acme_{'xy'[index]}"]

    assert together(2, run) == [True, True]
    assert sorted(steps["ran"]) == ["acme_x", "acme_y"]
    assert all(sys.modules[f"acme_{name}"].DONE for name in "xy")


def test_storm_on_a_failing_plugin_gives_each_thread_its_error_and_leaves_nothing(
    site: Site, steps: dict[str, Any]
) -> None:
    site.install(package("x", init=body("import myapp.plugins.x.deep; raise OSError('no device')"), deep="DONE = True"))
    site.host.namespace("myapp.plugins")
    sys.setswitchinterval(1e-5)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and len(steps["ran"]) < ROUNDS:
        results = together(6, lambda index: IMPORTS[index]())
        assert type(results[2]).__name__ == "PluginImportError", results
        # By an import of a whole module, who waits for another's attempt is given what failed (python/cpython#143650).
        raised = [one for one in results if isinstance(one, BaseException)]
        assert not [one for one in results if hasattr(one, "DONE") or one == "it hangs"], results
        assert {type(one).__name__ for one in raised} <= {"PluginImportError", "OSError", "ImportError"}, results
        assert not [name for name in sys.modules if name.startswith((ALIAS, "acme_x."))]
        assert "acme_x" not in sys.modules
        assert "x" not in vars(sys.modules["myapp.plugins"])


def test_first_thread_that_asks_looks_at_the_environment_while_the_plugin_imports_itself(
    site: Site, steps: dict[str, Any]
) -> None:
    """The name's lock is taken before the body asks for it, and the body runs before the name is known."""
    steps["asked"] = threading.Event()
    code = """
        import sys
        sys.steps['inside'].set()
        sys.steps['asked'].wait(20)
        import myapp.plugins.x
        DONE = True
        """
    site.install(plugin("x", code))
    host = site.host
    namespace = host.namespace("myapp.plugins")
    find = namespace.table.find

    def look(name: str) -> Any:
        steps["inside"].wait(PATIENCE)
        steps["asked"].set()
        time.sleep(0.1)  # the body is waiting for the name's lock by now
        namespace.table.find = find  # type: ignore[method-assign] # once
        return find(name)

    namespace.table.find = look  # type: ignore[method-assign] # holds the look up
    asks = (lambda: import_module("acme_x"), lambda: import_module(ALIAS))
    first, second = together(2, lambda index: asks[index]().DONE)
    assert (first, second) == (True, True)
    assert sys.modules[ALIAS] is sys.modules["acme_x"]


def test_unloading_while_others_import_never_breaks_them(site: Site, steps: dict[str, Any]) -> None:
    site.install(package("x", init=body(""), deep="DONE = True"))
    namespace = site.host.namespace("myapp.plugins")
    sys.setswitchinterval(1e-5)
    end = time.monotonic() + SECONDS / 2

    def run(index: int) -> int:
        number = 0
        while time.monotonic() < end:
            if index == 0:
                namespace.unload("x")
            else:
                assert import_module(ALIAS).DONE
            number += 1
        return number

    assert all(isinstance(one, int) and one > 1 for one in together(3, run))
    assert steps["ran"] == ["acme_x"]


# Of a module that fails, Python gives ``from x import name`` what it had before it waited, under real names as well.
@pytest.mark.parametrize(("ask", "fails"), [(0, False), (2, False), (3, False), (4, False), (0, True), (4, True)])
def test_thread_beside_a_circle_of_two_others_waits_for_the_whole_module(
    site: Site, steps: dict[str, Any], ask: int, *, fails: bool
) -> None:
    """The thread that runs y gets x half done by its alias, for x waits for y; nobody else may."""
    steps |= {"met": threading.Event(), "half": threading.Event()}
    end = "raise OSError" if fails else "pass"
    x = "import sys\nagain = len(sys.steps['ran'])\nsys.steps['ran'].append(1)\nsys.steps['inside'].set()\n"
    x += f"sys.steps['met'].wait(20)\nimport acme_y\nif not again: {end}\nDONE = True\n"
    y = """
        import sys, time
        sys.steps['met'].set()
        sys.steps['inside'].wait(20)
        time.sleep(0.1)
        import myapp.plugins.x
        sys.steps['half'].set()
        sys.steps['go'].wait(20)
        """
    site.install(plugin("x", x), plugin("y", y))
    site.host.namespace("myapp.plugins")

    def run(index: int) -> object:
        if index < 2:
            return import_module(("acme_x", "acme_y")[index])
        steps["half"].wait(PATIENCE)
        threading.Timer(0.2, steps["go"].set).start()
        return vars(IMPORTS[ask]())["DONE"]

    broken, _, beside = together(3, run)
    assert beside is True
    assert isinstance(broken, OSError) is fails
