"""An application, its plugins as data, a folder that they are installed in, and fresh processes and threads to try."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from pathlib import Path
from textwrap import dedent

from plugframe import Host
from plugframe.records import LoadResult
from plugframe.testing.environments import Tree, distribution, on_path, write_tree

PATIENCE = 20.0
"""Seconds after which a thread or a process counts as hanging."""

APPLICATION = """
    import os
    import plugframe

    host = plugframe.Host("myapp", path=[os.path.dirname(__file__)])
    hookimpl = host.hookimpl

    @host.hookspec
    def render(page): ...
"""
RENDERS = """
    from myapp import hookimpl

    @hookimpl
    def render(page):
        return f"{__name__}: {page}"
"""


def plugin(
    name: str,
    code: str | bytes = "",
    *,
    target: str = "{module}",
    version: str = "1.0",
    also: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, "str | bytes | Tree"]:
    """Return the tree of the distribution ``acme-NAME``, with one plugin of that name in the module ``acme_NAME``.

    Args:
        name: the plugin's name, an identifier.
        code: of its module.
        target: the value of its entry point; ``{module}`` stands for the module.
        version: the distribution's.
        also: further entry points, group to name to value.
    """
    module = f"acme_{name}"
    entry_points = {"myapp.plugins": {name: target.format(module=module)}, **(also or {})}
    source = code if isinstance(code, bytes) else dedent(code)
    return distribution(f"acme-{name}", version, entry_points=entry_points, modules={f"{module}.py": source})


class Site:
    """A folder on ``sys.path`` that holds the application ``myapp`` and whatever is installed in it."""

    def __init__(self, folder: Path) -> None:
        """Install the application."""
        self.folder = folder
        self.install({"myapp.py": dedent(APPLICATION)})

    def install(self, *trees: Tree) -> None:
        """Write distributions or modules."""
        for tree in trees:
            write_tree(self.folder, tree)
        invalidate_caches()

    def uninstall(self, name: str) -> None:
        """Remove the distribution of one plugin, whatever its version; its module stays."""
        for folder in self.folder.glob(f"acme_{name}-*.dist-info"):
            shutil.rmtree(folder)

    @property
    def host(self) -> Host:
        """The application's host; asking for it imports the application."""
        found = import_module("myapp").host
        assert isinstance(found, Host)
        return found

    def load(self, name: str) -> LoadResult:
        """Load one plugin, and make sure that its result is what the report says."""
        (result,) = self.host.load(name)
        assert result in self.host.report()
        return result


@contextmanager
def site_at(folder: Path) -> Iterator[Site]:
    """Put a new site on ``sys.path`` for a while; no bytecode is kept, so that rewritten modules are read again."""
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with on_path(folder):
            yield Site(folder)
    finally:
        sys.dont_write_bytecode = keep
        # Modules that put something else in their place have no file by which on_path could tell them.
        for name in [name for name in sys.modules if name.startswith(("acme_", "myapp"))]:
            del sys.modules[name]


def fresh(code: str, *folders: Path, options: Sequence[str] = ()) -> str:
    """Run code in a fresh process with folders on its path, and options of the interpreter; return what it printed."""
    package = sys.modules["plugframe"].__file__
    assert package is not None
    path = [*map(os.fspath, folders), os.path.dirname(os.path.dirname(package))]
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", *options, "-c", dedent(code)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=os.path.abspath(os.sep),  # a folder of -c's own comes before the path; the project's has a plugframe in it
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def together(number: int, call: Callable[[int], object], *, patience: float = PATIENCE) -> list[object]:
    """Call a function with 0, 1, 2 … in threads that set out at once, and return the results, exceptions among them."""
    barrier = threading.Barrier(number)
    results: list[object] = ["it hangs"] * number

    def run(index: int) -> None:
        barrier.wait(PATIENCE)
        try:
            results[index] = call(index)
        except BaseException as error:  # noqa: BLE001 # it is the test's result
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(number)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return results
