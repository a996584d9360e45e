"""Distributions in zip files, in eggs and behind other finders: what is well is found, what is not is said."""

import gc
import os
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import importlib_metadata
import pytest
from _answers import (
    GROUP,
    assert_right,
    cache_at,
    codes,
    diagnostic,
    environment_of,
    facts,
    info,
    keep_young_files,
    names,
    output,
    plugin,
    write_zip,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from plugframe.discovery.snapshot import Snapshot, current_environment, discover
from plugframe.testing.environments import Tree, distribution, write_tree


@pytest.fixture(autouse=True)
def young_files_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the index take part although the archives were made just now."""
    keep_young_files(monkeypatch)


# Archives.


@pytest.mark.parametrize("ending", ["zip", "pyz", "whl", "egg", "anything"])
def test_every_field_is_read_out_of_a_zip_file(tmp_path: Path, ending: str) -> None:
    url = '{"url": "https://example.org/a.whl", "archive_info": {}}'
    tree = distribution(
        "Acme.Vision", "2.0", entry_points={GROUP: {"a": "acme:b [x]"}}, requires=("n",), direct_url=url
    )
    archive = write_zip(tmp_path / f"app.{ending}", {"__main__.py": "", **tree, **plugin("other")})
    for _ in ("scanned", "from the index"):
        snapshot = discover(environment_of(archive))
        assert names(snapshot) == ["a", "other"]
        found = snapshot.distributions()[0]
        assert (found.name, found.version, found.key, found.location) == (
            "Acme.Vision", "2.0", "acme_vision", os.fspath(archive),
        )  # fmt: skip
        assert (found.origin, found.url, found.requested, found.requires) == (
            "archive", "https://example.org/a.whl", True, ("n",),
        )  # fmt: skip
        assert found.metadata_path.rstrip("/") == os.fspath(archive / "acme_vision-2.0.dist-info")
        assert snapshot.entry_points()[0].extras == ("x",)
    assert discover(environment_of(archive)).index.found == [os.fspath(archive)]


def test_zip_file_without_members_for_its_folders_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for name, content in info(f"[{GROUP}]\na = acme\n").items():
            archive.writestr(f"acme-1.0.dist-info/{name}", str(content))
    assert names(discover(environment_of(tmp_path / "app.zip"))) == ["a"]


def test_zip_file_shadows_and_is_shadowed_like_a_folder(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "app.zip", plugin("Acme", "1.0", entry="zip"))
    folder = write_tree(tmp_path / "site", plugin("acme", "2.0", entry="folder"))
    assert names(discover(environment_of(archive, folder))) == ["zip"]
    assert names(discover(environment_of(folder, archive))) == ["folder"]


def test_zip_file_is_closed_once_it_was_read(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "app.zip", plugin("acme"))
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for cache in ("off", tmp_path / "cache"):
            with cache_at(cache):
                discover(environment_of(archive), deep=True).diagnostics()
        if os.path.isdir("/proc/self/fd"):
            opened = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
            assert os.fspath(archive) not in opened
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def _spanned(content: bytes) -> bytes:
    """Say that the archive goes on in another file."""
    end = content.rindex(b"PK\5\6")
    return content[:end] + struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 2) + content[end:]


def _encrypted(content: bytes) -> bytes:
    """Say of every member that it is encrypted."""
    at = 0
    while (at := content.find(b"PK\1\2", at)) >= 0:
        content = content[: at + 8] + b"\x01" + content[at + 9 :]
        at += 4
    return content


def _wrong_sums(content: bytes) -> bytes:
    """Change what the members hold without changing their checksums."""
    return content.replace(b"acme", b"emca")


BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"text",
    "only its end": lambda content: content[content.rindex(b"PK\5\6") :],
    "its end is missing": lambda content: content[: content.rindex(b"PK\5\6")],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "its start is missing": lambda content: content[100:],
    "something before it": lambda content: b"#!/usr/bin/python\n" + content,
    "its list of members is zeros": lambda content: (
        content[: content.index(b"PK\1\2")]
        + bytes(content.rindex(b"PK\5\6") - content.index(b"PK\1\2"))
        + content[content.rindex(b"PK\5\6") :]
    ),
    "spanned": _spanned,
    "encrypted": _encrypted,
    "wrong checksums": _wrong_sums,
    "unknown compression": lambda content: content.replace(b"\x14\x00\x00\x00\x00\x00", b"\x14\x00\x00\x00\x63\x00"),
}


@pytest.mark.parametrize("kind", BREAKS)
@pytest.mark.parametrize("ending", ["zip", "egg"])
def test_broken_zip_file_hides_nothing_and_is_reported_unless_it_can_be_read(
    tmp_path: Path, kind: str, ending: str
) -> None:
    archive = write_zip(tmp_path / f"app.{ending}", plugin("acme"))
    archive.write_bytes(BREAKS[kind](archive.read_bytes()))
    site = write_tree(tmp_path / "site", plugin("good"))
    for _ in range(2):
        snapshot = discover(environment_of(archive, site), deep=True)
        assert names(snapshot) in (["good"], ["acme", "good"])
        assert names(snapshot) == ["acme", "good"] or codes(snapshot) == {"PF111"}
        assert names(discover(environment_of(archive, site))) == names(snapshot)


BAD = {
    "entry points that are not UTF-8": info(b"[g]\na = \xff\n"),
    "entry points without =": info("[g]\nbroken\n"),
    "a name that is no text": info(METADATA=b"Name: \xff\nVersion: 1\n"),
    "a direct URL that is no JSON": info(f"[{GROUP}]\nb = acme\n", direct_url__json="{"),
    "no METADATA": info(f"[{GROUP}]\nb = acme\n", METADATA=None),
    "no Name": info(f"[{GROUP}]\nb = acme\n", METADATA="Version: 1\n"),
    "nothing at all": info(METADATA=None),
}


@pytest.mark.parametrize("kind", BAD)
def test_defect_in_a_zip_file_is_reported_and_hides_no_other_distribution(tmp_path: Path, kind: str) -> None:
    tree = {**plugin("first"), "bad-1.0.dist-info": BAD[kind], **plugin("last")}
    archive = write_zip(tmp_path / "app.zip", tree)
    snapshot = discover(environment_of(archive), deep=True)
    assert [name for name in names(snapshot) if name != "b"] == ["first", "last"]
    assert any("bad-1.0.dist-info" in found.path for found in snapshot.diagnostics())
    assert_right(environment_of(archive))


def test_distributions_without_a_name_do_not_hide_each_other(tmp_path: Path) -> None:
    nameless = {
        f"n{number}-1.0.dist-info": info(f"[{GROUP}]\nn{number} = acme\n", METADATA="Version: 1\n")
        for number in range(3)
    }
    archive = write_zip(tmp_path / "app.zip", {**nameless, **plugin("good")})
    assert names(discover(environment_of(archive))) == ["n0", "n1", "n2", "good"]


def test_eggs_without_a_name_do_not_hide_each_other(tmp_path: Path) -> None:
    path = []
    for number in range(4):
        content = {"PKG-INFO": "Version: 1\n", "entry_points.txt": f"[{GROUP}]\nn{number} = acme\n"}
        write = write_zip if number % 2 else write_tree
        path.append(write(tmp_path / f"n{number}-1.0-py3.egg", {"EGG-INFO": content}))
    assert names(discover(environment_of(*path))) == ["n0", "n1", "n2", "n3"]


def test_entry_point_in_a_zip_file_that_cannot_be_loaded_is_reported(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "app.zip", {**plugin("acme", value="no reference"), **plugin("good")})
    snapshot = discover(environment_of(archive), deep=True)
    assert names(snapshot) == ["acme", "good"]
    assert snapshot.entry_points()[0].problem
    assert diagnostic(snapshot, "PF106").path.startswith(os.fspath(archive))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3))
def test_zip_file_with_any_bytes_changed_hides_nothing_else(changes: list[tuple[float, bytes]]) -> None:
    with TemporaryDirectory() as made, cache_at(Path(made) / "cache"):
        archive = write_zip(Path(made) / "app.zip", {**plugin("acme"), **plugin("b")})
        content = bytearray(archive.read_bytes())
        for place, piece in changes:
            at = int(place * (len(content) - 1))
            content[at : at + len(piece)] = piece
        archive.write_bytes(content)
        environment = environment_of(archive, write_tree(Path(made) / "site", plugin("good")))
        first = facts(discover(environment, deep=True), diagnostics=True)
        assert names(discover(environment))[-1:] == ["good"]
        assert facts(discover(environment, deep=True), diagnostics=True) == first


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300).map(lambda content: content.replace(b"0", b"PK\5\6").replace(b"1", b"PK\1\2")))
def test_file_of_any_content_on_the_path_hides_nothing(content: bytes) -> None:
    with TemporaryDirectory() as made, cache_at("off"):
        (Path(made) / "file").write_bytes(content)
        site = write_tree(Path(made) / "site", plugin("good"))
        assert names(discover(environment_of(Path(made) / "file", site), deep=True)) == ["good"]


def test_egg_of_any_quality_hides_nothing(tmp_path: Path) -> None:
    kinds: dict[str, Tree] = {
        "empty": {},
        "file": {"EGG-INFO": ""},
        "bad": {"EGG-INFO": {"PKG-INFO": b"\xff", "entry_points.txt": "broken"}},
        "nameless": {"EGG-INFO": {"PKG-INFO": "Version: 1\n", "entry_points.txt": f"[{GROUP}]\nnameless = acme\n"}},
        "good": {
            "EGG-INFO": {"PKG-INFO": "Name: good\nVersion: 1\n", "entry_points.txt": f"[{GROUP}]\nin-egg = acme\n"}
        },
    }
    path = [write_tree(tmp_path / f"{name}-1.0-py3.egg", tree) for name, tree in kinds.items()]
    packed = [
        write_zip(tmp_path / f"packed_{name}-1.0-py3.egg", tree) for name, tree in kinds.items() if name != "good"
    ]
    snapshot = discover(environment_of(*path, *packed, write_tree(tmp_path / "site", plugin("last"))), deep=True)
    assert [name for name in names(snapshot) if name != "nameless"] == ["in-egg", "last"]
    assert "PF111" in codes(snapshot)


# Finders.


class Found(importlib_metadata.Distribution):
    """A distribution that is in memory only."""

    def __init__(self, name: str, entry: str, version: str = "1.0") -> None:
        """Make one with one entry point."""
        self.files_there = {
            "METADATA": f"Name: {name}\nVersion: {version}\nRequires-Dist: n\n",
            "entry_points.txt": f"[{GROUP}]\n{entry} = acme\n",
        }

    def read_text(self, filename: str) -> str | None:
        """Return a file's content."""
        return self.files_there.get(filename)

    def locate_file(self, path: object) -> Any:
        """Fail: there are no files."""
        raise FileNotFoundError(path)


class Finder:
    """A finder of modules that finds none, but distributions."""

    def __init__(self, *found: object) -> None:
        """Take what it finds."""
        self.found = found
        self.paths: list[list[str]] = []

    def find_spec(self, *_: object) -> None:
        """Find no module."""

    def find_distributions(self, context: importlib_metadata.DistributionFinder.Context) -> Iterator[object]:
        """Yield what it was given; what is an exception is raised."""
        self.paths.append(list(context.path))
        for found in self.found:
            if isinstance(found, BaseException):
                raise found
            yield found


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder with one plugin first on ``sys.path``, and have ``sys.meta_path`` restored."""
    monkeypatch.syspath_prepend(write_tree(tmp_path / "site", plugin("good")))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    return tmp_path / "site"


def install(*finders: object) -> Snapshot:
    """Install finders behind the others, and return what a deep look finds."""
    sys.meta_path.extend(finders)  # type: ignore[arg-type] # they are of any kind
    return discover(deep=True)


@pytest.mark.usefixtures("site")
def test_distribution_of_a_finder_is_found_with_every_field() -> None:
    finder = Finder(Found("In.Memory", "memory", "3.0"))
    snapshot = install(finder)
    assert {"good", "memory"} <= {*names(snapshot)}
    (found,) = (found for found in snapshot.distributions() if found.key == "in_memory")
    assert (found.name, found.version, found.requires, found.requested) == ("In.Memory", "3.0", ("n",), None)
    assert finder.paths == [list(snapshot.environment.path)]


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("first", [True, False])
def test_finders_are_asked_in_their_order(*, first: bool) -> None:
    """The first to find a distribution wins, as for importlib-metadata."""
    finder = Finder(Found("good", "from the finder"))
    sys.meta_path.insert(0 if first else len(sys.meta_path), finder)
    found = names(discover())
    theirs = [entry.name for entry in importlib_metadata.entry_points(group=GROUP)]
    assert found == theirs
    assert ("from the finder" in found) is first


@pytest.mark.usefixtures("site")
def test_finder_is_asked_every_time_and_never_kept() -> None:
    finder = Finder(Found("memory", "before"))
    install(finder)
    finder.found = (Found("memory", "after"),)
    for _ in range(2):
        assert {"after"} == {*names(discover())} - {"good"}


class Raising:
    """A finder that fails wherever it is touched."""

    def __init__(self, error: Exception) -> None:
        """Take what it raises."""
        self.error = error

    def find_spec(self, *_: object) -> None:
        """Find no module."""

    @property
    def find_distributions(self) -> Callable[..., object]:
        """Fail."""
        raise self.error


class NoText:
    """A path that cannot be shown."""

    def __str__(self) -> str:
        message = "no text"
        raise ValueError(message)


def _bad_distribution(**attributes: object) -> object:
    """Return a distribution of which some attributes are other than they should be; exceptions are raised."""

    def attribute(value: object) -> property:
        def get(_: object) -> object:
            if isinstance(value, Exception):
                raise value
            return value

        return property(get)

    return type("Bad", (Found,), {name: attribute(value) for name, value in attributes.items()})("bad", "bad")


def _entry(**fields: object) -> object:
    return type("Entry", (), {"group": GROUP, "name": "bad", "value": "acme", **fields})()


ERROR = RuntimeError("it fails")


def _finder(find_distributions: object) -> object:
    return type("Odd", (), {"find_spec": None, "find_distributions": find_distributions})()


BAD_FINDERS: dict[str, object] = {
    "raises": Finder(ERROR),
    "raises later": Finder(Found("memory", "memory"), ERROR),
    "raises when it is looked at": Raising(ERROR),
    "raises an attribute error when it is looked at": Raising(AttributeError("it fails")),
    "finds None": Finder(None),
    "finds a number": Finder(3),
    "returns None": _finder(lambda *_: None),
    "takes no argument": _finder(list),
    "is no callable": _finder(3),
    "has no distributions": _finder(None),
    "metadata raises": Finder(_bad_distribution(metadata=ERROR)),
    "metadata is None": Finder(_bad_distribution(metadata=None)),
    "metadata is a mapping": Finder(_bad_distribution(metadata={"Name": "bad", "Version": "1"})),
    "entry points raise": Finder(_bad_distribution(entry_points=ERROR)),
    "entry points are None": Finder(_bad_distribution(entry_points=None)),
    "requirements raise": Finder(_bad_distribution(requires=ERROR)),
    "requirements are no text": Finder(_bad_distribution(requires=[None, 3])),
    "path raises": Finder(_bad_distribution(_path=ERROR)),
    "path has no text": Finder(_bad_distribution(_path=NoText())),
    "value is None": Finder(_bad_distribution(entry_points=[_entry(value=None)])),
    "value is a number": Finder(_bad_distribution(entry_points=[_entry(value=3)])),
    "name is None": Finder(_bad_distribution(entry_points=[_entry(name=None)])),
    "group is None": Finder(_bad_distribution(entry_points=[_entry(group=None)])),
    "entry point is None": Finder(_bad_distribution(entry_points=[None])),
    "name has no encoding": Finder(Found("bad\ud800", "bad\ud800")),
}


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("kind", BAD_FINDERS)
def test_finder_that_fails_hides_nothing_else(kind: str) -> None:
    for deep in (False, True):
        install(BAD_FINDERS[kind], Finder(Found("after", "after")))
        snapshot = discover(deep=deep)
        snapshot.diagnostics()
        assert snapshot.groups()[GROUP] >= 2
        assert {"good", "after"} <= {*names(snapshot)}
        facts(snapshot)


@pytest.mark.usefixtures("site")
def test_finder_that_fails_is_reported_with_its_error() -> None:
    found = diagnostic(install(Finder(ERROR)), "PF130")
    assert "RuntimeError: it fails" in found.message
    assert found.path.endswith("Finder")
    assert found.effect


@pytest.mark.usefixtures("site")
def test_what_a_finder_found_before_it_failed_is_kept() -> None:
    snapshot = install(Finder(Found("memory", "memory"), ERROR))
    assert "memory" in names(snapshot)
    assert "PF130" in codes(snapshot)


@pytest.mark.usefixtures("site")
def test_distribution_of_a_finder_that_fails_is_reported_and_the_finders_others_found() -> None:
    snapshot = install(Finder(Found("one", "one"), _bad_distribution(metadata=ERROR), Found("two", "two")))
    assert {"one", "two", "good"} <= {*names(snapshot)}
    assert any("it fails" in found.message for found in snapshot.diagnostics())


@pytest.mark.usefixtures("site")
def test_finders_of_this_process_have_no_say_in_another_environment() -> None:
    finder = Finder(Found("memory", "memory"))
    install(finder)
    finder.paths.clear()
    assert names(discover(environment_of("/nowhere"))) == []
    assert finder.paths == []


def test_finder_that_is_first_is_asked_before_anything_was_imported(tmp_path: Path) -> None:
    code = """
        import sys

        class Finder:
            @staticmethod
            def find_spec(*_):
                return None

            @staticmethod
            def find_distributions(context):
                from importlib_metadata import MetadataPathFinder, DistributionFinder
                return MetadataPathFinder.find_distributions(DistributionFinder.Context(path=[sys.argv[1]]))

        sys.meta_path.insert(0, Finder)
        from plugframe.discovery.snapshot import discover
        print([entry.name for entry in discover().entry_points("myapp.plugins")])
    """
    write_tree(tmp_path, plugin("memory"))
    assert output(code, tmp_path) == "['memory']\n"


def test_path_hook_of_an_editable_installation_is_no_path_entry(tmp_path: Path) -> None:
    """Setuptools puts a name on the path that no folder has."""
    write_tree(tmp_path, plugin("good"))
    path = ["__editable__.acme-1.0.finder.__path_hook__", os.fspath(tmp_path)]
    snapshot = discover(current_environment(path), deep=True)
    assert names(snapshot) == ["good"]
    assert not snapshot.diagnostics()
