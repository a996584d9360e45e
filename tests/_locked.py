"""Installations with honest RECORDs, locked; and fresh processes that load plugins from them and tell what they ran."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from plugframe.discovery.snapshot import Environment, discover
from plugframe.policy.locking import lockfile, making
from plugframe.policy.locking.values import Lock
from plugframe.policy.plugins import Plugins
from plugframe.testing.environments import Tree, distribution, write_tree

PATIENCE = 60
HOST = "shop"
CANARY = "import os, sys; open(os.path.join(os.environ['CANARIES'], __name__), 'w').close()\n"
"""A line of a module that leaves a file of the module's name when it is run."""

_CHILD = """
import json, os, sys, time
ran, opened = [], []
def hook(event, arguments):
    if event == "exec":
        ran.append(arguments[0].co_filename)
    elif event == "open" and isinstance(arguments[0], str):
        opened.append(arguments[0])
sys.addaudithook(hook)
import plugframe
host = plugframe.Host("shop")
told = {}
def tell(results):
    told["results"] = [
        [r.plugin.name, r.state, r.reason, r.where, r.next_step, [f.code for f in r.findings]] for r in results
    ]
"""


def module_tree(**modules: str) -> dict[str, "str | bytes | Tree"]:
    """Return the tree of modules by name."""
    return {f"{name}.py": dedent(code) for name, code in modules.items()}


def recorded(tree: Tree, *, rows: Sequence[str] = ()) -> dict[str, "str | bytes | Tree"]:
    """Return the tree of a distribution whose RECORD tells of each of its files, and of some more rows."""
    lines = [*rows]
    for path, content in _files(tree):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},," if path.endswith("/RECORD") else f"{path},sha256={digest},{len(content)}")
    info = next(name for name in tree if name.endswith(".dist-info"))
    metadata = tree[info]
    assert isinstance(metadata, Mapping)
    return {**tree, info: {**metadata, "RECORD": "\n".join([*lines, ""])}}


def _files(tree: Tree, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for name, content in tree.items():
        if isinstance(content, Mapping):
            yield from _files(content, f"{prefix}{name}/")
        else:
            yield prefix + name, content.encode() if isinstance(content, str) else content


def plugin(
    name: str,
    modules: Tree,
    *,
    target: str = "",
    also: Mapping[str, Mapping[str, str]] | None = None,
    requires: tuple[str, ...] = (),
    rows: Sequence[str] = (),
    version: str = "1.0",
) -> dict[str, "str | bytes | Tree"]:
    """Return the tree of the distribution ``acme-NAME``, with a plugin of that name."""
    entry_points = {f"{HOST}.plugins": {name: target or f"acme_{name}"}, **(also or {})}
    tree = distribution(f"acme-{name}", version, entry_points=entry_points, requires=requires, modules=modules)
    return recorded(tree, rows=rows)


class Installed:
    """A prefix whose site-packages is on the path of fresh processes, and a project that asks for a lock."""

    def __init__(self, root: Path, *trees: Tree) -> None:
        """Install some distributions."""
        self.prefix = root / "prefix"
        self.site = self.prefix / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
        self.project = root / "project"
        self.canaries = root / "canaries"
        self.cache = root / "cache"
        self.lock_file = self.project / "plugframe.lock"
        for folder in (self.site, self.project, self.canaries):
            folder.mkdir(parents=True)
        self.settings('mode = "locked"\n')
        self.install(*trees)

    def settings(self, text: str) -> None:
        """Write the project's settings."""
        (self.project / "plugframe.toml").write_text(text, encoding="utf-8")

    def install(self, *trees: Tree) -> None:
        """Write distributions."""
        for tree in trees:
            write_tree(self.site, tree)

    def lock(self) -> Lock:
        """Lock what is installed, and return the lock."""
        made = making.make(self.snapshot(), [HOST])
        assert not made.refused
        lockfile.save(os.fspath(self.lock_file), made.lock)
        return made.lock

    def snapshot(self) -> Any:
        """Return what is installed."""
        tag = sys.implementation.cache_tag or ""
        prefix = os.fspath(self.prefix)
        return discover(Environment([os.fspath(self.site)], prefix=prefix, base_prefix=prefix, cache_tag=tag))

    def plugins(self) -> Plugins:
        """Return the plugins, with what was decided about them by the project's settings."""
        return Plugins(HOST, self.snapshot(), given=os.fspath(self.project / "plugframe.toml"))

    def states(self) -> dict[str, str]:
        """Return the state of each plugin by its name."""
        return {plugin.name: plugin.state for plugin in self.plugins().values()}

    def reasons(self) -> dict[str, str]:
        """Return the reason for the state of each plugin."""
        return {plugin.name: plugin.decision.reason for plugin in self.plugins().values()}

    def variables(self, **changed: str) -> dict[str, str]:
        """Return the variables of its processes."""
        package = sys.modules["plugframe"].__file__
        assert package is not None
        own = os.path.dirname(os.path.dirname(package))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PLUGFRAME", "COVERAGE"))}
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join([os.fspath(self.site), own]),
            "PLUGFRAME_CACHE": os.fspath(self.cache),
            "CANARIES": os.fspath(self.canaries),
            **changed,
        }

    def run(self, code: str, *, options: Sequence[str] = (), **changed: str) -> dict[str, Any]:
        """Run code in a fresh process that has ``host``, ``tell`` and ``told``; return what was told.

        ``ran`` are the files of the code that was executed, ``opened`` the paths that were opened.
        """
        ending = "\nprint(json.dumps({**told, 'ran': ran, 'opened': opened}))"
        done = subprocess.run(
            [sys.executable, "-P", *options, "-c", _CHILD + dedent(code) + ending],
            env=self.variables(**changed),
            cwd=self.project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told

    def load(self, *names: str, **changed: str) -> dict[str, Any]:
        """Load plugins in a fresh process, all where none is named; ``states`` has the state of each by its name."""
        told = self.run(f"tell(host.load(*{names!r}) if {names!r} else host.load_all())", **changed)
        told["states"] = {name: state for name, state, *_ in told["results"]}
        return told

    def seen(self) -> set[str]:
        """Return the names of the modules that left a canary."""
        return {path.name for path in self.canaries.iterdir()}
