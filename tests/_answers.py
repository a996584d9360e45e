"""Environments that are bare folders, what discovery answers about them, and what it has to answer."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, TypeAlias

import plugframe
from plugframe.discovery import files
from plugframe.discovery.snapshot import Environment, Snapshot, discover
from plugframe.records import Diagnostic, EntryPoint
from plugframe.testing.environments import Tree, distribution

if TYPE_CHECKING:
    import pytest  # many processes import this module, and need none of it

GROUP = "myapp.plugins"
COMMAND = (sys.executable, "-X", "faulthandler", "-c")
Content: TypeAlias = "str | bytes | Tree | None"


def environment_of(*path: "str | os.PathLike[str]") -> Environment:
    """Return an environment of another interpreter with these path entries, so that this process's own play no part."""
    entries = [os.fspath(entry) for entry in path]
    return Environment(entries, prefix=entries[0], base_prefix=entries[0], cache_tag="cpython-311")


def plugin(name: str, version: str = "1.0", *, value: str = "acme", entry: str = "") -> "dict[str, str | bytes | Tree]":
    """Return the tree of a distribution with one entry point, named as the distribution unless ``entry`` says."""
    return distribution(name, version, entry_points={GROUP: {entry or name: value}})


def info(entry_points: Content = None, **other: Content) -> "dict[str, str | bytes | Tree]":
    """Return a metadata folder's tree; None leaves a file out, double underscores stand for dots."""
    tree: dict[str, Content] = {
        "METADATA": "Metadata-Version: 2.4\nName: acme\nVersion: 1.0\n\n",
        "entry_points.txt": entry_points,
    }
    tree |= {name.replace("__", "."): content for name, content in other.items()}
    return {name: content for name, content in tree.items() if content is not None}


def names(snapshot: Snapshot, group: str = GROUP) -> list[str]:
    """Return the names in one group, and make sure that the two ways to them agree."""
    found = [name for _, name in snapshot.names(group)]
    assert found == [entry.name for entry in snapshot.entry_points(group)]
    return found


def codes(snapshot: Snapshot) -> set[str]:
    """Return the codes of what was found wrong."""
    return {found.code for found in snapshot.diagnostics()}


def diagnostic(snapshot: Snapshot, code: str) -> Diagnostic:
    """Return the one diagnostic with a code."""
    (found,) = (found for found in snapshot.diagnostics() if found.code == code)
    return found


def facts(snapshot: Snapshot, *, diagnostics: bool = False) -> dict[str, object]:
    """Return all that a snapshot answers; its diagnostics are complete only after a deep look."""
    everything: dict[str, object] = {
        "entry points": _plain(snapshot.entry_points()),
        "shadowed entry points": _plain(snapshot.entry_points(shadowed=True)),
        "distributions": [found.asdict() for found in snapshot.distributions()],
        "shadowed": [(found.asdict(), why) for found, why in snapshot.shadowed()],
        "groups": snapshot.groups(),
    }
    if diagnostics:
        everything["diagnostics"] = [found.asdict() for found in snapshot.diagnostics()]
    return everything


def _plain(entries: tuple[EntryPoint, ...]) -> list[tuple[object, ...]]:
    # Of equal length, so that a failing comparison shows where the two differ.
    return [(*entry.values()[:3], entry.problem, *entry.distribution.values()) for entry in entries]


def truth(environment: Environment, *, diagnostics: bool = False) -> dict[str, object]:
    """Return what a scan answers that neither reads nor writes an index."""
    with cache_at("off"):
        return facts(discover(environment, deep=True), diagnostics=diagnostics)


def assert_right(environment: Environment) -> None:
    """Compare the answers from the index, the quick and the deep one, with a scan's."""
    expected = truth(environment, diagnostics=True)
    deep = facts(discover(environment, deep=True), diagnostics=True)
    assert deep == expected
    del expected["diagnostics"]
    assert facts(discover(environment)) == expected


@contextmanager
def cache_at(folder: "str | os.PathLike[str]") -> Iterator[None]:
    """Keep indexes in a folder for a while, or nowhere for ``off``; faster than a fixture and usable in a loop."""
    before = os.environ.get("PLUGFRAME_CACHE")
    os.environ["PLUGFRAME_CACHE"] = os.fspath(folder)
    try:
        yield
    finally:
        os.environ.pop("PLUGFRAME_CACHE")
        if before is not None:
            os.environ["PLUGFRAME_CACHE"] = before


def keep_young_files(monkeypatch: "pytest.MonkeyPatch") -> None:
    """Let the index keep files that changed just now, which it never does outside of tests."""
    monkeypatch.setattr(files, "RACY_NS", -1_000_000_000)


def write_zip(path: Path, tree: Tree) -> Path:
    """Write a tree into a zip file, folders as members of their own as build tools do."""
    import zipfile  # here, for the many processes that import this module only to look

    with zipfile.ZipFile(path, "w") as archive:
        for name, content in _members(tree):
            archive.writestr(name, content)
    return path


def _members(tree: Tree, prefix: str = "") -> Iterator[tuple[str, "str | bytes"]]:
    for name, content in tree.items():
        if isinstance(content, Mapping):
            yield f"{prefix}{name}/", ""
            yield from _members(content, f"{prefix}{name}/")
        else:
            yield prefix + name, content


def output(code: str, *arguments: object, timeout: float = 60, **variables: str) -> str:
    """Run code in a fresh process that knows plugframe and these tests' modules, and return what it printed."""
    import subprocess  # as above

    done = subprocess.run(
        [*COMMAND, dedent(code), *map(str, arguments)],
        env=process_environment(**variables), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def process_environment(**variables: str) -> dict[str, str]:
    """Return the variables of a process that knows plugframe and these tests' modules."""
    folders = (os.path.dirname(os.path.dirname(plugframe.__file__)), os.path.dirname(__file__))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders), **variables}


@contextmanager
def unprivileged() -> Iterator[None]:
    """Drop root's rights, which ignore permissions, for a while; what is imported meanwhile must be loaded already."""
    if os.geteuid() != 0:
        yield
        return
    os.setresgid(12345, 12345, 0)
    os.setresuid(12345, 12345, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
