"""What a fresh process has loaded after using plugframe, compared with one that has not."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from plugframe.testing.environments import distribution, write_tree

HEAVY = (
    "pluggy", "importlib_metadata", "importlib.metadata", "click", "rich", "re", "dataclasses", "typing", "json",
    "pathlib", "platformdirs", "packaging", "collections", "functools", "inspect", "subprocess",
)  # fmt: skip


def loaded_by(code: str, *, path: Path | None = None, cache: str = "off") -> set[str]:
    """Return the modules that a fresh process has after running code, beyond those that a bare one has."""
    # A measuring of coverage that follows into subprocesses imports things of its own.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment = {**inherited, "PLUGFRAME_CACHE": cache, "PYTHONPATH": os.fspath(path) if path else ""}
    # What the interpreter itself loads at its start, .pth files included, is not plugframe's.
    program = f"import sys; bare = set(sys.modules)\n{code}\nfound = sorted(set(sys.modules) - bare)\nimport json\n"
    home = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))
    prelude = f"import sys; sys.path.append({home!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{prelude}{program}print(json.dumps(found))"],
        env=environment, stdout=subprocess.PIPE, text=True, check=True, cwd=os.path.abspath(os.sep), timeout=60,
    )  # fmt: skip
    return set(json.loads(done.stdout))


def test_importing_plugframe_loads_itself_and_what_declares_its_names() -> None:
    assert loaded_by("import plugframe") == {"plugframe", "plugframe.namespaces", "plugframe.namespaces.attaching"}


def test_making_a_host_looks_at_nothing() -> None:
    found = loaded_by("import plugframe; host = plugframe.Host('myapp')")
    assert not found.intersection(HEAVY)
    assert all(name.startswith("plugframe") for name in found)
    assert "plugframe.discovery.scanner" not in found


def test_hooks_without_coroutines_do_without_asyncio() -> None:
    code = """
        import plugframe

        host = plugframe.Host("myapp", path=[])

        @host.hookspec
        def render(page): ...

        class Plain:
            @host.hookimpl
            def render(self, page):
                return page

        host.manager.register(Plain(), "plain")
        assert render(page="p") == ["p"]
    """
    assert "asyncio" not in loaded_by(dedent(code))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three plugins whose metadata is old enough for the index to keep."""
    folder = tmp_path_factory.mktemp("environment")
    for name in ("acme-one", "acme-two", "acme-three"):
        plugin = name.replace("-", "_")
        modules = {plugin: {"__init__.py": f"raise SystemExit('{name} was imported')"}}
        tree = distribution(name, entry_points={"myapp.plugins": {plugin: plugin}}, modules=modules)
        write_tree(folder, tree)
    time.sleep(2.1)  # the index never keeps what changed within two seconds
    return folder


NAMES = "import plugframe; names = list(plugframe.Host('myapp').plugins); assert len(names) == 3, names"


def test_names_on_a_warm_index_need_what_the_interpreter_has_at_its_start(environment: Path, tmp_path: Path) -> None:
    cache = os.fspath(tmp_path / "cache")
    cold = loaded_by(NAMES, path=environment, cache=cache)
    warm = loaded_by(NAMES, path=environment, cache=cache)
    assert "plugframe.discovery.scanner" in cold
    assert "plugframe.discovery.scanner" not in warm
    assert all(name.startswith("plugframe") for name in warm)


def test_names_without_an_index_load_nothing_heavy(environment: Path) -> None:
    found = loaded_by(NAMES, path=environment)
    assert not found.intersection({"pluggy", "importlib_metadata", "click", "rich", "re", "json", "packaging"})


def test_plugin_records_and_a_report_import_no_plugin(environment: Path) -> None:
    code = "import plugframe; host = plugframe.Host('myapp'); list(host.plugins.values()); host.report()"
    assert not {name for name in loaded_by(code, path=environment) if name.startswith("acme")}


def test_looking_for_quarantined_plugins_loads_nothing_heavy(environment: Path) -> None:
    names = "import plugframe; host = plugframe.Host('myapp'); list(host.plugins)"
    decisions = f"{names}; list(host.plugins.values())"
    quarantine = f"{names}; host.plugins.quarantine.reason(host.plugins['acme_one'].entry_point)"
    more = loaded_by(quarantine, path=environment) - loaded_by(names, path=environment)
    assert not {name for name in more if name in HEAVY}
    assert "plugframe.policy.quarantine.digests" not in loaded_by(decisions, path=environment)
