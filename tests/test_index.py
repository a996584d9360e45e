"""The index: every change is seen, every defect means a scan, nothing of it is ever an error."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from _answers import (
    GROUP,
    assert_right,
    cache_at,
    environment_of,
    facts,
    info,
    keep_young_files,
    names,
    output,
    plugin,
    truth,
    unprivileged,
    write_zip,
)
from plugframe.discovery import files, storage
from plugframe.discovery.snapshot import Environment, discover
from plugframe.testing.environments import Tree, distribution, write_tree

FOLDER = "acme-1.0.dist-info"
TICK = 0.02
"""Seconds in which every file system's clock goes on."""


@pytest.fixture(autouse=True)
def young_files_are_kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the index keep environments that were made just now, unless the test is about that."""
    if "real_clock" not in request.fixturenames:
        keep_young_files(monkeypatch)


@pytest.fixture
def real_clock() -> None:
    """Leave the rule alone that files which changed just now are not kept."""


def index_file(environment: Environment) -> Path:
    """Return where an environment's index is."""
    path = storage.file_for(environment.key)
    assert path is not None
    return Path(path)


def kept(*path: "str | os.PathLike[str]") -> Environment:
    """Return an environment whose path entries are all in the index."""
    environment = environment_of(*path)
    discover(environment)
    for deep in (True, False):
        assert discover(environment, deep=deep).index.found == list(environment.path)
    time.sleep(TICK)
    return environment


def never_kept(*path: Path) -> Environment:
    """Return an environment that was looked at twice and is not in the index."""
    environment = environment_of(*path)
    discover(environment, deep=True)
    assert discover(environment, deep=True).index.found == []
    return environment


def leftovers(folder: "str | os.PathLike[str]") -> list[str]:
    """Return what is in a cache folder besides indexes."""
    return [name for name in os.listdir(folder) if not name.endswith(".index")]


# What is kept, and how.


def test_index_is_one_text_file_an_environment_that_nobody_else_can_write(tmp_path: Path, cache_folder: str) -> None:
    first = kept(write_tree(tmp_path / "one", plugin("one")), write_tree(tmp_path / "two", plugin("two")))
    second = kept(tmp_path / "two")
    assert sorted(os.listdir(cache_folder)) == sorted([index_file(first).name, index_file(second).name])
    assert index_file(first).parent == Path(cache_folder)
    assert index_file(first).stat().st_mode & 0o7777 == 0o600
    assert Path(cache_folder).stat().st_mode & 0o7777 == 0o700
    text = index_file(first).read_text(encoding="utf-8")
    assert text.startswith("plugframe-index ")
    assert "two = acme" not in text
    assert text.replace("\n", "").replace("\t", "").isprintable()


def test_warm_answer_equals_the_cold_one_and_writes_nothing(tmp_path: Path) -> None:
    tree = {**plugin("acme", "2.0"), **plugin("b"), "c-1.0.dist-info": info(b"\xff\nbroken"), "stale-1.0.dist-info": {}}
    environment = kept(write_tree(tmp_path / "one", tree), write_zip(tmp_path / "z.zip", plugin("ACME", "3.0")))
    before = index_file(environment).stat()
    assert_right(environment)
    assert index_file(environment).stat() == before


def test_only_what_changed_is_scanned_again(tmp_path: Path) -> None:
    environment = kept(*(write_tree(tmp_path / name, plugin(name)) for name in ("one", "two", "three")))
    write_tree(tmp_path / "two", plugin("new"))
    index = discover(environment).index
    assert (index.found, index.missed) == ([environment.path[0], environment.path[2]], {environment.path[1]: "changed"})
    assert discover(environment).index.found == list(environment.path)


def test_quick_look_leaves_all_that_a_deep_one_needs(tmp_path: Path) -> None:
    write_tree(tmp_path / "site", {**plugin("acme"), "bad-1.0.dist-info": info("broken")})
    environment = environment_of(tmp_path / "site")
    discover(environment)
    deep = discover(environment, deep=True)
    assert deep.index.found == list(environment.path)
    assert deep.diagnostics()


def test_path_entries_that_are_gone_leave_the_index(tmp_path: Path) -> None:
    kept(write_tree(tmp_path / "one", plugin("one")), write_tree(tmp_path / "two", plugin("two")))
    shutil.rmtree(tmp_path / "two")
    write_tree(tmp_path / "one", plugin("new"))
    environment = environment_of(tmp_path / "one", tmp_path / "two")
    discover(environment)
    assert os.fspath(tmp_path / "two") not in index_file(environment).read_text(encoding="utf-8")
    assert_right(environment)


def test_path_longer_than_the_index_keeps_is_answered_right(tmp_path: Path) -> None:
    path = [write_tree(tmp_path / str(number), plugin(f"p{number}")) for number in range(80)]
    for _ in range(3):
        assert_right(environment_of(*path))


def test_environments_with_the_same_path_keep_indexes_of_their_own(tmp_path: Path) -> None:
    site = os.fspath(write_tree(tmp_path / "site", plugin("acme")))
    kinds = [("/a", "/b", "cpython-311"), ("/a", "/b", "cpython-312"), ("/a\n", "/b", "x"), ("/a", "/b\t", "x")]
    made = [Environment([site], prefix=prefix, base_prefix=base, cache_tag=tag) for prefix, base, tag in kinds]
    for environment in made * 2:
        assert_right(environment)
    assert len({index_file(environment) for environment in made}) == len(made)


PARTS_OF_NAMES = st.one_of(
    st.sampled_from(["\t", "\n", "\r", "\\", " ", "\\t", "\u2028", "\x85", "\x1c", "\udce9", "é", "~", ".", "-", "=", ","]),
    st.text(max_size=3),
)  # fmt: skip
FILE_NAME = st.lists(PARTS_OF_NAMES, max_size=5).map("".join).map(lambda name: name.replace("/", "_").replace("\0", "_"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.lists(FILE_NAME, min_size=1, max_size=2, unique=True), folders=st.lists(FILE_NAME.filter(lambda name: "-" not in name), max_size=3))
def test_names_of_any_characters_survive_the_index(path: list[str], folders: list[str]) -> None:
    with TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch, cache_at(Path(made) / "cache"):
        keep_young_files(patch)
        tree = {f"{name}-1.0.dist-info": info(f"[{GROUP}]\nx{number} = a\n") for number, name in enumerate(folders)}
        try:
            entries = [write_tree(Path(made) / f"path{name}", {**tree, **plugin("good")}) for name in path]
        except (OSError, UnicodeEncodeError):
            return  # No such name can be given to a file here.
        assert_right(environment_of(*entries))
        assert_right(environment_of(*entries))
        assert discover(environment_of(*entries)).index.found == [os.fspath(entry) for entry in entries]


# Every kind of change is seen.


def rewrite(path: Path, old: str, new: str) -> None:
    """Change a file in place and make it look as before: of the same size, and modified at the same time."""
    before = path.stat()
    content = path.read_text(encoding="utf-8")
    assert old in content
    with path.open("r+", encoding="utf-8") as file:
        file.write(content.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    if len(old) == len(new):
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def replace(path: Path, old: str, new: str) -> None:
    """Put another file in a file's place, of the same size and modified at the same time."""
    before = path.stat()
    other = path.with_name("other")
    other.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def swap_folder(path: Path, tree: Tree) -> None:
    """Put another folder in a folder's place, modified at the same time."""
    before = path.stat()
    write_tree(path.with_name("other"), tree)
    os.utime(path.with_name("other"), ns=(before.st_atime_ns, before.st_mtime_ns))
    path.rename(path.with_name("former"))
    path.with_name("other").rename(path)


def keep_folder_time(path: Path, change: Callable[[], object]) -> None:
    """Change a folder's list of names and set its time of modification back."""
    before = path.stat()
    change()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


WELL = info(f"[{GROUP}]\nacme = acme\n", INSTALLER="pip\n")
URL = '{"url": "file:///a", "dir_info": {"editable": true}}'
CHANGES: dict[str, tuple[Tree, Callable[[Path], object]]] = {
    "entry_points.txt edited in place": (WELL, lambda at: rewrite(at / "entry_points.txt", "acme = acme", "next = acme")),
    "entry_points.txt edited, longer": (WELL, lambda at: rewrite(at / "entry_points.txt", "acme = acme", "a = b\nc = d")),
    "entry_points.txt replaced": (WELL, lambda at: replace(at / "entry_points.txt", "acme = acme", "next = acme")),
    "entry_points.txt added": (info(), lambda at: (at / "entry_points.txt").write_text(f"[{GROUP}]\nadded = a\n")),
    "entry_points.txt added, the folder's time set back": (
        info(), lambda at: keep_folder_time(at, lambda: (at / "entry_points.txt").write_text(f"[{GROUP}]\nadded = a\n")),
    ),
    "entry_points.txt removed": (WELL, lambda at: (at / "entry_points.txt").unlink()),
    "entry_points.txt becomes empty": (WELL, lambda at: os.truncate(at / "entry_points.txt", 0)),
    "entry_points.txt becomes a folder": (
        WELL, lambda at: ((at / "entry_points.txt").unlink(), (at / "entry_points.txt").mkdir()),
    ),
    "entry_points.txt was a folder": (
        info({}), lambda at: ((at / "entry_points.txt").rmdir(), (at / "entry_points.txt").write_text(f"[{GROUP}]\na = b\n")),
    ),
    "METADATA edited in place": (WELL, lambda at: rewrite(at / "METADATA", "Version: 1.0", "Version: 9.9")),
    "METADATA with another name": (WELL, lambda at: rewrite(at / "METADATA", "Name: acme", "Name: emca")),
    "METADATA replaced": (WELL, lambda at: replace(at / "METADATA", "Version: 1.0", "Version: 9.9")),
    "METADATA removed": (WELL, lambda at: (at / "METADATA").unlink()),
    "METADATA added": (
        info(f"[{GROUP}]\na = b\n", METADATA=None), lambda at: (at / "METADATA").write_text("Name: acme\nVersion: 7\n"),
    ),
    "METADATA added beside PKG-INFO": (
        {"PKG-INFO": "Name: acme\nVersion: 6\n"}, lambda at: (at / "METADATA").write_text("Name: acme\nVersion: 7\n"),
    ),
    "PKG-INFO edited in place": (
        {"PKG-INFO": "Name: acme\nVersion: 6\n"}, lambda at: rewrite(at / "PKG-INFO", "Version: 6", "Version: 7"),
    ),
    "direct_url.json edited in place": (
        info(direct_url__json=URL), lambda at: rewrite(at / "direct_url.json", "true", "null"),
    ),
    "direct_url.json added": (WELL, lambda at: (at / "direct_url.json").write_text(URL)),
    "direct_url.json removed": (info(direct_url__json=URL), lambda at: (at / "direct_url.json").unlink()),
    "REQUESTED added": (WELL, lambda at: (at / "REQUESTED").touch()),
    "REQUESTED removed": (info(REQUESTED="", INSTALLER="pip"), lambda at: (at / "REQUESTED").unlink()),
    "INSTALLER edited in place": (WELL, lambda at: rewrite(at / "INSTALLER", "pip", "apt")),
    "INSTALLER added": (info(), lambda at: (at / "INSTALLER").write_text("pip")),
    "folder replaced": (WELL, lambda at: swap_folder(at, info(f"[{GROUP}]\nother = acme\n"))),
    "folder removed": (WELL, shutil.rmtree),
    "folder of another version": (WELL, lambda at: at.rename(at.with_name("acme-2.0.dist-info"))),
    "folder becomes a leftover": (WELL, lambda at: at.rename(at.with_name("~cme-1.0.dist-info"))),
    "distribution added": (WELL, lambda at: write_tree(at.parent, plugin("new"))),
    "higher version added": (WELL, lambda at: write_tree(at.parent, plugin("acme", "2.0", entry="two"))),
    "distribution added, the folder's time set back": (
        WELL, lambda at: keep_folder_time(at.parent, lambda: write_tree(at.parent, plugin("new"))),
    ),
    "path entry replaced": (WELL, lambda at: swap_folder(at.parent, plugin("other"))),
    "path entry becomes a zip file": (
        WELL, lambda at: (at.parent.rename(at.parent.with_name("former")), write_zip(at.parent, plugin("zipped"))),
    ),
    "path entry removed": (WELL, lambda at: shutil.rmtree(at.parent)),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_change_is_seen(tmp_path: Path, kind: str) -> None:
    before, change = CHANGES[kind]
    root = write_tree(tmp_path / "site", {FOLDER: before, **plugin("other"), **distribution("silent")})
    write_tree(tmp_path / "late", plugin("acme", "0.5", entry="late"))
    environment = kept(root, tmp_path / "late")
    old = truth(environment)
    change(root / FOLDER)
    assert truth(environment) != old
    assert_right(environment)
    assert_right(environment)


@pytest.mark.parametrize("kind", CHANGES)
def test_change_is_seen_by_the_first_look_that_is_quick(tmp_path: Path, kind: str) -> None:
    before, change = CHANGES[kind]
    root = write_tree(tmp_path / "site", {FOLDER: before, **plugin("other"), **distribution("silent")})
    write_tree(tmp_path / "late", plugin("acme", "0.5", entry="late"))
    environment = kept(root, tmp_path / "late")
    change(root / FOLDER)
    assert facts(discover(environment)) == truth(environment)


@pytest.mark.parametrize("kind", [kind for kind in CHANGES if "path entry" not in kind])
def test_change_is_seen_where_every_file_has_the_same_frozen_time(tmp_path: Path, kind: str) -> None:
    """As in images whose builder sets all times, before and after."""
    before, change = CHANGES[kind]
    root = write_tree(tmp_path / "site", {FOLDER: before, **plugin("other")})

    def freeze() -> None:
        for folder, _, found in os.walk(root):
            for name in (*found, ""):
                os.utime(os.path.join(folder, name), ns=(0, 0))

    freeze()
    environment = kept(root)
    change(root / FOLDER)
    freeze()
    assert_right(environment)


@pytest.mark.parametrize("name", ["entry_points.txt", "METADATA", "direct_url.json", "INSTALLER", "REQUESTED"])
@pytest.mark.parametrize("change", ["appears", "changes", "goes", "is another"])
def test_change_behind_a_symbolic_link_is_seen(tmp_path: Path, name: str, change: str) -> None:
    """The folder that has the link does not change then."""
    before = {
        "entry_points.txt": f"[{GROUP}]\none = acme\n", "METADATA": "Name: acme\nVersion: 1.1\n", "direct_url.json": URL,
        "INSTALLER": "apt", "REQUESTED": "",
    }[name]  # fmt: skip
    after = before.replace("one", "two").replace("1.1", "2.2").replace("true", "null").replace("apt", "pip")
    root = write_tree(tmp_path / "site", {FOLDER: info(**{name: None}), **plugin("other")})
    target = tmp_path / "target"
    if change != "appears":
        target.write_text(before)
    (root / FOLDER / name).symlink_to(target)
    # What a link that leads nowhere will lead to leaves no trace where the link is: then nothing is kept.
    environment = kept(root) if change != "appears" else never_kept(root)
    if change == "goes":
        target.unlink()
    elif change == "is another":
        (tmp_path / "next").write_text(after)
        (tmp_path / "next").replace(target)
    else:
        target.write_text(after)
    assert facts(discover(environment)) == truth(environment)
    assert_right(environment)


@pytest.mark.parametrize("change", ["appears", "goes", "is another"])
@pytest.mark.parametrize("name", [FOLDER, "."])
def test_change_of_what_a_link_to_a_folder_means_is_seen(tmp_path: Path, change: str, name: str) -> None:
    """Of a link to a metadata folder, and of a path entry that is a link."""
    first, second = ({**WELL, "entry_points.txt": f"[{GROUP}]\n{entry} = acme\n"} for entry in ("one", "two"))
    if name == ".":
        first, second = {FOLDER: first}, {FOLDER: second}
    root = tmp_path / "site"
    write_tree(tmp_path, {"site": plugin("other") if name != "." else "", "second": second, "first": first})
    link = root / name if name != "." else root
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / "target")
    if change != "appears":
        (tmp_path / "first").rename(tmp_path / "target")
    environment = kept(root) if change != "appears" else never_kept(root)
    if change == "goes":
        (tmp_path / "target").rename(tmp_path / "gone")
    elif change == "appears":
        (tmp_path / "first").rename(tmp_path / "target")
    else:
        (tmp_path / "target").rename(tmp_path / "gone")
        (tmp_path / "second").rename(tmp_path / "target")
    assert facts(discover(environment)) == truth(environment)
    assert_right(environment)


def test_change_of_the_name_that_tells_two_folders_apart_is_seen(tmp_path: Path) -> None:
    """``foo-bar-1.0.dist-info`` may be of foo or of foo-bar: only its METADATA says."""
    unclear = info(f"[{GROUP}]\nunclear = acme\n", METADATA="Version: 1.0\nName: foo-bar\n")
    root = write_tree(tmp_path / "site", {"foo-bar-1.0.dist-info": unclear, **plugin("foo", "2.0")})
    environment = never_kept(root)
    assert len(discover(environment).distributions()) == 2
    rewrite(root / "foo-bar-1.0.dist-info" / "METADATA", "Name: foo-bar", "Name: foo\nX: y")
    assert facts(discover(environment)) == truth(environment)
    assert_right(environment)


@pytest.mark.parametrize("change", ["requires.txt edited", "requires.txt added", "file edited"])
def test_change_of_an_egg_info_is_seen(tmp_path: Path, change: str) -> None:
    folder: dict[str, str | bytes | Tree] = {"PKG-INFO": "Name: egg\nVersion: 1\n"}
    if change == "requires.txt edited":
        folder["requires.txt"] = "one\n"
    file = "Name: flat\nVersion: 1\nRequires-Dist: one\n"
    root = write_tree(tmp_path / "site", {"egg.egg-info": folder, "flat-1.egg-info": file})
    environment = kept(root)
    old = truth(environment)
    if change == "requires.txt added":
        (root / "egg.egg-info" / "requires.txt").write_text("two\n")
    else:
        rewrite(root / ("flat-1.egg-info" if "file" in change else "egg.egg-info/requires.txt"), "one", "two")
    assert truth(environment) != old
    assert facts(discover(environment)) == truth(environment)
    assert_right(environment)


@pytest.mark.parametrize("how", ["in place", "replaced", "removed", "becomes no archive"])
def test_change_of_a_zip_file_is_seen(tmp_path: Path, how: str) -> None:
    archive = write_zip(tmp_path / "app.pyz", plugin("one"))
    environment = kept(archive)
    before = archive.stat()
    if how == "replaced":
        write_zip(tmp_path / "next", plugin("two")).replace(archive)
    elif how == "in place":
        content = write_zip(tmp_path / "next", plugin("two")).read_bytes()
        with archive.open("r+b") as file:
            file.write(content)
        assert archive.stat().st_size == before.st_size
    elif how == "removed":
        archive.unlink()
    else:
        archive.write_bytes(b"x" * before.st_size)
    if archive.exists():
        os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert names(discover(environment)) == (["two"] if how in ("in place", "replaced") else [])
    assert_right(environment)


def test_change_inside_of_an_unpacked_egg_is_seen(tmp_path: Path) -> None:
    egg_info = {"PKG-INFO": "Name: egg\nVersion: 1\n", "entry_points.txt": f"[{GROUP}]\none = acme\n"}
    egg = write_tree(tmp_path / "egg-1-py3.egg", {"EGG-INFO": egg_info})
    environment = environment_of(egg)
    assert names(discover(environment)) == ["one"]
    time.sleep(TICK)
    rewrite(egg / "EGG-INFO" / "entry_points.txt", "one", "two")
    assert names(discover(environment)) == ["two"]


# What changed just now is not kept, since its next change might not show.


@pytest.mark.usefixtures("real_clock")
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_changed_just_now_is_never_kept(tmp_path: Path, kind: str) -> None:
    site = write_tree(tmp_path / "site", plugin("acme")) if kind == "folder" else write_zip(tmp_path / "z", plugin("acme"))
    environment = environment_of(site)
    for _ in range(3):
        assert discover(environment).index.found == []


@pytest.mark.usefixtures("real_clock")
@pytest.mark.parametrize("shift", [-(10**9), 10**6])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_time_of_modification_that_was_set_does_not_make_a_young_file_old(tmp_path: Path, kind: str, shift: int) -> None:
    site = write_tree(tmp_path / "site", plugin("acme")) if kind == "folder" else write_zip(tmp_path / "z", plugin("acme"))
    for folder, _, found in [*os.walk(site), (os.fspath(site), [], [])]:
        for name in (*found, ""):
            os.utime(os.path.join(folder, name) if name else folder, (time.time() + shift,) * 2)
    environment = environment_of(site)
    for _ in range(3):
        assert discover(environment).index.found == []


@pytest.mark.usefixtures("real_clock")
def test_index_holds_what_has_been_at_rest_and_gives_it_to_other_processes(tmp_path: Path, cache_folder: str) -> None:
    """From end to end, with nothing replaced but the owner's patience."""
    root = write_tree(tmp_path / "site", {**plugin("acme"), **plugin("other")})
    archive = write_zip(tmp_path / "z.zip", plugin("zipped"))
    path = [os.fspath(root), os.fspath(archive)]
    code = """
        import sys
        from _answers import environment_of, names
        from plugframe.discovery.snapshot import discover
        snapshot = discover(environment_of(*sys.argv[1:]))
        print(sorted(names(snapshot)), snapshot.index.found)
    """
    everything = ["acme", "other", "zipped"]
    assert output(code, *path, PLUGFRAME_CACHE=cache_folder) == f"{everything} []\n"
    time.sleep(files.RACY_NS / 1e9 + 0.1)
    assert output(code, *path, PLUGFRAME_CACHE=cache_folder) == f"{everything} []\n"
    assert output(code, *path, PLUGFRAME_CACHE=cache_folder) == f"{everything} {path}\n"
    rewrite(root / FOLDER / "entry_points.txt", "acme = acme", "next = acme")
    assert output(code, *path, PLUGFRAME_CACHE=cache_folder) == f"{['next', 'other', 'zipped']} {path[1:]}\n"


# An index that is not ours, not whole, or not this environment's is not used.


def _chown(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    os.chown(path, 12345, -1)


def _link(path: Path) -> None:
    path.rename(path.with_name("target"))
    path.symlink_to("target")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _full_folder(path: Path) -> None:
    _folder(path)
    (path / "file").touch()


def _of_another(path: Path) -> None:
    root = write_tree(path.parent.parent / "another", plugin("evil"))
    other = kept(root, *environment_of(root).path)
    index_file(other).replace(path)


def _of_another_version(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content.replace(b"plugframe-index 1", b"plugframe-index 2", 1))


def _rewritten(content: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(content), None)[1]


REFUSED: dict[str, Callable[[Path], object]] = {
    "of another user": _chown,
    "writable by all": lambda path: path.chmod(0o666),
    "writable by the group": lambda path: path.chmod(0o620),
    "a symbolic link": _link,
    "a pipe": _pipe,
    "a folder": _folder,
    "a folder with something in it": _full_folder,
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "empty": lambda path: os.truncate(path, 0),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 1),
    "cut to its first line": lambda path: os.truncate(path, path.read_bytes().index(b"\n")),
    "with something behind it": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "twice": lambda path: path.write_bytes(path.read_bytes() * 2),
    "sparse and huge": lambda path: os.truncate(path, 100 * 1024 * 1024),
    "of another environment": _of_another,
    "of another version": _of_another_version,
    "zeros": _rewritten(bytes(1000)),
    "not UTF-8": _rewritten(b"plugframe-index 1 \xff\xff,\xff,\xff\n\xff\n"),
    "a header alone": _rewritten(b"plugframe-index 1 0,0,0\n"),
    "a header of wrong numbers": _rewritten(b"plugframe-index 1 -1,99999999999999999999,x\nx"),
    "a pickle": _rewritten(b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."),
    "without permission to read": lambda path: path.chmod(0),
}

BEHIND_THE_ROWS = ("cut", "with something behind it", "twice")  # in the part that only a closer look reads


@pytest.mark.parametrize("kind", REFUSED)
def test_index_that_cannot_be_trusted_is_not_used_and_made_anew(tmp_path: Path, kind: str) -> None:
    environment = kept(write_tree(tmp_path / "site", plugin("acme")), write_zip(tmp_path / "z.zip", plugin("zipped")))
    path = index_file(environment)
    REFUSED[kind](path)
    with_root_rights = kind == "without permission to read" and os.geteuid() == 0
    snapshot = discover(environment)
    assert names(snapshot) == ["acme", "zipped"]
    assert bool(snapshot.index.refusal) is not (with_root_rights or kind in BEHIND_THE_ROWS)
    assert_right(environment)
    if "folder" not in kind:
        assert discover(environment).index.found == list(environment.path)
        assert path.stat(follow_symlinks=False).st_mode & 0o177777 == (0o100000 if with_root_rights else 0o100600)
    assert set(leftovers(path.parent)) <= {"target"}


def test_file_that_a_link_in_place_of_the_index_names_is_left_alone(tmp_path: Path) -> None:
    environment = kept(write_tree(tmp_path / "site", plugin("acme")))
    (tmp_path / "precious").write_text("precious")
    index_file(environment).unlink()
    index_file(environment).symlink_to(tmp_path / "precious")
    assert_right(environment)
    assert (tmp_path / "precious").read_text() == "precious"


def test_content_that_somebody_else_forged_is_not_believed(tmp_path: Path) -> None:
    """A whole index with other names in it, put where the right one was."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    root = write_tree(tmp_path / "site", plugin("acme"))
    environment = kept(root)
    forged = index_file(environment).read_bytes()
    rewrite(root / FOLDER / "entry_points.txt", "acme = acme", "evil = acme")
    discover(environment)
    evil = index_file(environment).read_bytes()
    assert evil != forged
    index_file(environment).write_bytes(forged)
    os.chown(index_file(environment), 12345, 12345)
    assert names(discover(environment)) == ["evil"]


MUTATION = st.tuples(
    st.sampled_from(["flip", "cut", "delete", "repeat", "insert", "move"]),
    st.floats(0, 1), st.floats(0, 1), st.one_of(st.binary(min_size=1, max_size=4), st.sampled_from([b"\n", b"\t", b"\\", b"0", b"-1"])),
)  # fmt: skip


def mutate(content: bytes, mutations: list[tuple[str, float, float, bytes]]) -> bytes:
    """Return content with some bytes changed; positions are given as fractions."""
    for how, first, second, piece in mutations:
        start, end = sorted((int(first * len(content)), int(second * len(content))))
        if how == "flip":
            content = content[:start] + piece + content[start + len(piece) :]
        elif how == "cut":
            content = content[:end]
        elif how == "delete":
            content = content[:start] + content[min(end, start + 40) :]
        elif how == "repeat":
            content = content[:end] + content[start:]
        elif how == "insert":
            content = content[:start] + piece + content[start:]
        else:
            content = content[end:] + content[:start]
    return content


@contextmanager
def damaged_environment() -> Iterator[Environment]:
    """Make an environment of every kind of path entry, defects and shadowed copies included, with its index."""
    with TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch, cache_at(Path(made) / "cache"):
        keep_young_files(patch)
        tree = {
            **plugin("acme", "2.0"), **plugin("b"), "c-1.0.dist-info": info(b"\xff\nbroken\n[g]\na\\b = c", direct_url__json=URL),
            "stale-1.0.dist-info": {}, "d.egg-info": {"PKG-INFO": "Name: d\n", "requires.txt": "one\n[x]\ntwo"},
        }  # fmt: skip
        root = Path(made)
        yield kept(
            write_tree(root / "one", tree), write_zip(root / "z.zip", plugin("ACME", "3.0")), write_tree(root / "two", {}),
            write_tree(root / "three", {**plugin("b", "0.1"), **distribution("e", requires=("x\\y",))}),
        )  # fmt: skip


def test_index_with_any_damage_is_not_believed() -> None:
    with damaged_environment() as environment:
        whole = index_file(environment).read_bytes()
        expected = truth(environment)
        findings = truth(environment, diagnostics=True)

        @settings(max_examples=150, deadline=None)
        @given(st.lists(MUTATION, min_size=1, max_size=3))
        def check(mutations: list[tuple[str, float, float, bytes]]) -> None:
            content = mutate(whole, mutations)
            for deep in (False, True):
                index_file(environment).write_bytes(content)
                snapshot = discover(environment, deep=deep)
                assert facts(snapshot, diagnostics=deep) == (findings if deep else expected)
            assert facts(discover(environment)) == expected

        check()


def test_index_cut_at_any_byte_is_not_believed() -> None:
    with damaged_environment() as environment:
        whole = index_file(environment).read_bytes()
        expected = truth(environment)
        for size in range(0, len(whole), 7):
            index_file(environment).write_bytes(whole[:size])
            assert facts(discover(environment)) == expected


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise in the main thread what takes longer, as a loop without end does."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        message = f"this takes longer than {seconds} seconds"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_damage_that_no_digest_shows_is_no_error() -> None:
    """Such as an index of another plugframe that names the same version: its answers are its own, but it cannot raise."""
    with damaged_environment() as environment, pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "digest", lambda _: "0" * 16)
        discover(environment)
        whole = index_file(environment).read_bytes()
        assert discover(environment).index.found == list(environment.path)

        @settings(max_examples=300, deadline=None)
        @given(st.lists(MUTATION, min_size=1, max_size=3))
        def check(mutations: list[tuple[str, float, float, bytes]]) -> None:
            content = mutate(whole, mutations)
            for deep in (False, True):
                index_file(environment).write_bytes(content)
                with patience(10):
                    facts(discover(environment, deep=deep), diagnostics=True)

        check()


# Where nothing can be kept there is no index and no error.


@pytest.mark.parametrize("setting", ["off", "OFF", "0", "no", "false"])
def test_switched_off_nothing_is_kept_or_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path / "default"))
    monkeypatch.setenv("HOME", os.fspath(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    environment = environment_of(write_tree(tmp_path / "site", plugin("acme")))
    with cache_at(setting):
        for _ in range(2):
            snapshot = discover(environment)
            assert (names(snapshot), snapshot.index.found, snapshot.index.path) == (["acme"], [], None)
    assert os.listdir(tmp_path) == ["site"]


def test_unset_it_is_kept_in_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv("PLUGFRAME_CACHE")
    environment = environment_of(write_tree(tmp_path / "site", plugin("acme")))
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, os.fspath(tmp_path / name))
        assert storage.folder() == platformdirs.user_cache_dir("plugframe", appauthor=False)
        discover(environment)
        assert discover(environment).index.found == list(environment.path)
        assert index_file(environment).is_relative_to(platformdirs.user_cache_dir("plugframe", appauthor=False))
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("PLUGFRAME_CACHE", "")
    assert storage.folder() == platformdirs.user_cache_dir("plugframe", appauthor=False)


def test_folder_for_the_index_may_be_relative_or_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    environment = environment_of(write_tree(tmp_path / "site", plugin("acme")))
    for setting in ("relative/deeper", "link"):
        with cache_at(setting):
            discover(environment)
            assert discover(environment).index.found == list(environment.path)
    assert len(os.listdir(tmp_path / "relative/deeper")) == len(os.listdir(tmp_path / "real")) == 1


def test_process_with_the_rights_of_another_user_has_no_index(tmp_path: Path, cache_folder: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can take another user's rights")
    environment = kept(write_tree(tmp_path / "site", plugin("acme")))
    for change in (os.seteuid, os.setegid):
        change(12345)
        try:
            where = storage.folder()
        finally:
            change(0)
        assert where is None
    assert storage.folder() == cache_folder
    assert discover(environment).index.found == list(environment.path)


@pytest.mark.parametrize(
    "where", ["file", "file/below", "/dev/full", "/dev/full/below", "/proc/plugframe", "/dev/null", "loop/x", "x" * 300, "pipe"]
)  # fmt: skip
def test_folder_that_cannot_be_made_means_no_index(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    environment = environment_of(write_tree(tmp_path / "site", plugin("acme")))
    with cache_at(tmp_path / where):
        for deep in (False, True):
            snapshot = discover(environment, deep=deep)
            assert (names(snapshot), snapshot.index.found) == (["acme"], [])
    assert (tmp_path / "file").read_text() == "precious"


def test_folder_that_must_not_be_written_means_no_index() -> None:
    with TemporaryDirectory() as made:
        environment = environment_of(write_tree(Path(made) / "site", plugin("acme")))
        os.chmod(made, 0o755)
        (Path(made) / "cache").mkdir(mode=0o755)
        with cache_at(Path(made) / "cache"):
            discover(environment)  # imports all that is needed, and leaves an index that is not the other user's
            os.chmod(Path(made) / "cache", 0o555)
            with unprivileged():
                snapshot = discover(environment)
            assert names(snapshot) == ["acme"]
            assert bool(snapshot.index.refusal) is (os.geteuid() == 0)
            os.chmod(Path(made) / "cache", 0o755)


@pytest.mark.parametrize("limit", [0, 1, 100, 700])
def test_full_disk_means_no_index_and_no_rest_of_one(tmp_path: Path, limit: int) -> None:
    """The limit on a file's size makes writing fail in the middle, as a full disk does."""
    root = write_tree(tmp_path / "site", {**plugin("acme"), **plugin("b"), **plugin("c"), **plugin("d")})
    cache = tmp_path / "cache"
    code = """
        import resource, signal, sys
        import _answers
        from plugframe.discovery import files
        from plugframe.discovery.snapshot import discover
        files.RACY_NS = -10**9
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = int(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        environment = _answers.environment_of(sys.argv[2])
        for _ in range(3):
            snapshot = discover(environment)
            assert sorted(_answers.names(snapshot)) == ["acme", "b", "c", "d"]
            assert snapshot.index.found == []
    """
    output(code, limit, root, PLUGFRAME_CACHE=os.fspath(cache), PYTHONDONTWRITEBYTECODE="1")
    assert os.listdir(cache) == []


def test_full_disk_leaves_the_former_index(tmp_path: Path, cache_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = kept(write_tree(tmp_path / "site", plugin("acme")))
    before = index_file(environment).read_bytes()
    write_tree(tmp_path / "site", plugin("new"))
    with monkeypatch.context() as patch, open("/dev/full", "wb") as full:
        patch.setattr(storage.os, "open", _opening_full(full.fileno()))
        assert sorted(names(discover(environment))) == ["acme", "new"]
    assert index_file(environment).read_bytes() == before
    assert leftovers(cache_folder) == []
    assert_right(environment)


def _opening_full(full: int) -> Callable[..., int]:
    """Return an ``os.open`` whose new files are on a full disk."""
    real = os.open

    def opens(path: str, flags: int, *arguments: int, **options: int) -> int:
        descriptor = real(path, flags, *arguments, **options)
        if flags & os.O_EXCL:
            os.dup2(full, descriptor)
        return descriptor

    return opens


def test_clearing_deletes_what_is_ours_and_nothing_else(tmp_path: Path, cache_folder: str) -> None:
    environment = kept(write_tree(tmp_path / "site", plugin("acme")))
    index_file(environment).with_name(f"{index_file(environment).name}.1.2.tmp").touch()
    others = ["precious.txt", "other.index", "plugframe-notes.index", "x.index.1.2.tmp"]
    for name in others:
        (Path(cache_folder) / name).touch()
    assert len(storage.clear()) == 2
    assert sorted(os.listdir(cache_folder)) == sorted(others)
    assert_right(environment)


def test_failed_deletion_is_not_reported_as_done(tmp_path: Path) -> None:
    environment = kept(write_tree(tmp_path / "site", plugin("acme")))
    folder = index_file(environment_of(tmp_path / "other"))
    folder.mkdir()
    assert storage.clear() == [os.fspath(index_file(environment))]
    assert folder.is_dir()


def test_urls_and_requirements_of_any_characters_survive_the_index(tmp_path: Path) -> None:
    odd = "a\\b\tc\r\x0b\x1c\u2028 é\\t\\n"
    tree = distribution("acme", requires=(odd, "", "\\"), direct_url=json.dumps({"url": odd + "\n", "dir_info": {}}))
    assert_right(kept(write_tree(tmp_path / "site", tree)))
