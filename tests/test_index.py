"""The index: every change is seen, every defect means a scan, nothing of it is ever an error."""

import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
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
from _changes import BELOW_A_PATH_ENTRY, CHANGES, FOLDER, URL, WELL, rewrite
from _damage import BEHIND_THE_ROWS, MUTATIONS, REFUSED, mutate, patience
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from plugframe.discovery import files, storage
from plugframe.discovery.snapshot import Environment, discover
from plugframe.testing.environments import Tree, distribution, write_tree

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
    st.sampled_from(["\t", "\n", "\r", "\\", " ", "\\t", "\u2028", "\x85", "\x1c", "\udce9", "é", *"~.-=,"]),
    st.text(max_size=3),
)
FILE_NAME = (
    st.lists(PARTS_OF_NAMES, max_size=5).map("".join).map(lambda name: name.replace("/", "_").replace("\0", "_"))
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.lists(FILE_NAME, min_size=1, max_size=2, unique=True),
    folders=st.lists(FILE_NAME.filter(lambda name: "-" not in name), max_size=3),
)
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


@pytest.mark.parametrize("kind", BELOW_A_PATH_ENTRY)
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
        "entry_points.txt": f"[{GROUP}]\none = acme\n",
        "METADATA": "Name: acme\nVersion: 1.1\n",
        "direct_url.json": URL,
        "INSTALLER": "apt",
        "REQUESTED": "",
    }[name]
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
    site = (
        write_tree(tmp_path / "site", plugin("acme")) if kind == "folder" else write_zip(tmp_path / "z", plugin("acme"))
    )
    environment = environment_of(site)
    for _ in range(3):
        assert discover(environment).index.found == []


@pytest.mark.usefixtures("real_clock")
@pytest.mark.parametrize("shift", [-(10**9), 10**6])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_time_of_modification_that_was_set_does_not_make_a_young_file_old(
    tmp_path: Path, kind: str, shift: int
) -> None:
    site = (
        write_tree(tmp_path / "site", plugin("acme")) if kind == "folder" else write_zip(tmp_path / "z", plugin("acme"))
    )
    for folder, _, found in [*os.walk(site), (os.fspath(site), [], [])]:
        for name in (*found, ""):
            os.utime(os.path.join(folder, name) if name else folder, (time.time() + shift, time.time() + shift))
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
    rewrite(root / FOLDER / "METADATA", "Version: 1.0", "Version: 9.9")
    for _ in range(2):
        assert discover(environment_of(*path), deep=True).index.found == path[1:]
    rewrite(root / FOLDER / "entry_points.txt", "acme = acme", "next = acme")
    assert output(code, *path, PLUGFRAME_CACHE=cache_folder) == f"{['next', 'other', 'zipped']} {path[1:]}\n"


@pytest.mark.usefixtures("real_clock")
def test_archive_that_takes_long_to_read_is_as_young_as_when_reading_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = write_zip(tmp_path / "z.zip", plugin("acme"))
    namelist = zipfile.ZipFile.namelist

    def slowly(archive: zipfile.ZipFile) -> list[str]:
        time.sleep(files.RACY_NS / 1e9 + 0.1)
        return namelist(archive)

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "namelist", slowly)
        discover(environment_of(archive))
    assert discover(environment_of(archive)).index.found == []


# An index that is not ours, not whole, or not this environment's is not used.


@pytest.mark.parametrize("kind", REFUSED)
def test_index_that_cannot_be_trusted_is_not_used_and_made_anew(tmp_path: Path, kind: str) -> None:
    environment = kept(write_tree(tmp_path / "site", plugin("acme")), write_zip(tmp_path / "z.zip", plugin("zipped")))
    path = index_file(environment)
    REFUSED[kind](path)
    snapshot = discover(environment)
    assert names(snapshot) == ["acme", "zipped"]
    assert bool(snapshot.index.refusal) is (kind not in BEHIND_THE_ROWS)
    assert_right(environment)
    if "folder" not in kind:
        assert discover(environment).index.found == list(environment.path)
        assert path.stat(follow_symlinks=False).st_mode & 0o177777 == 0o100600
    assert set(leftovers(path.parent)) <= {"target"}


def test_index_of_another_environment_is_not_used(tmp_path: Path) -> None:
    environment = kept(write_tree(tmp_path / "site", plugin("acme")))
    other = kept(write_tree(tmp_path / "other", plugin("evil")), tmp_path / "site")
    index_file(other).replace(index_file(environment))
    snapshot = discover(environment)
    assert (names(snapshot), snapshot.index.found) == (["acme"], [])
    assert snapshot.index.refusal
    assert_right(environment)


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


@contextmanager
def damaged_environment() -> Iterator[Environment]:
    """Make an environment of every kind of path entry, defects and shadowed copies included, with its index."""
    with TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch, cache_at(Path(made) / "cache"):
        keep_young_files(patch)
        tree = {
            **plugin("acme", "2.0"),
            **plugin("b"),
            "c-1.0.dist-info": info(b"\xff\nbroken\n[g]\na\\b = c", direct_url__json=URL),
            "stale-1.0.dist-info": {},
            "d.egg-info": {"PKG-INFO": "Name: d\n", "requires.txt": "one\n[x]\ntwo"},
        }
        root = Path(made)
        yield kept(
            write_tree(root / "one", tree),
            write_zip(root / "z.zip", plugin("ACME", "3.0")),
            write_tree(root / "two", {}),
            write_tree(root / "three", {**plugin("b", "0.1"), **distribution("e", requires=("x\\y",))}),
        )


def test_index_with_any_damage_is_not_believed() -> None:
    with damaged_environment() as environment:
        whole = index_file(environment).read_bytes()
        expected = truth(environment)
        findings = truth(environment, diagnostics=True)

        @settings(max_examples=150, deadline=None)
        @given(MUTATIONS)
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


def test_damage_that_no_digest_shows_is_no_error() -> None:
    """Such as an index of another plugframe that names the same version: it may answer otherwise, but not raise."""
    with damaged_environment() as environment, pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "digest", lambda _: "0" * 16)
        discover(environment)
        whole = index_file(environment).read_bytes()
        assert discover(environment).index.found == list(environment.path)

        @settings(max_examples=300, deadline=None)
        @given(MUTATIONS)
        @example([("flip", 1.0, 0.08203125, b"\t")])  # two of the watched files become one
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
    monkeypatch.setenv("HOME", os.fspath(tmp_path / "home"))
    for setting in ("relative/deeper", "link", "~/below"):
        with cache_at(setting):
            discover(environment)
            assert discover(environment).index.found == list(environment.path)
    for where in ("relative/deeper", "real", "home/below"):
        assert len(os.listdir(tmp_path / where)) == 1


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
    "where", ["file", "file/x", "/dev/full", "/dev/full/x", "/proc/x", "loop/x", "x" * 300, "pipe"]
)
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
        Path(made).chmod(0o755)
        (Path(made) / "cache").mkdir(mode=0o755)
        with cache_at(Path(made) / "cache"):
            discover(environment)  # imports all that is needed, and leaves an index that is not the other user's
            (Path(made) / "cache").chmod(0o555)
            with unprivileged():
                snapshot = discover(environment)
            assert names(snapshot) == ["acme"]
            assert bool(snapshot.index.refusal) is (os.geteuid() == 0)
            (Path(made) / "cache").chmod(0o755)


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
        patch.setattr(os, "open", _opening_full(full.fileno()))
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


@pytest.mark.parametrize(
    "url", [r"\udce2\udc82\udcac", r"\udc80", r"\udcff\udcfe", r"\ud83d", r"\ude00\ud83d", r"\u0000"]
)
def test_urls_that_only_json_can_spell_survive_the_index(tmp_path: Path, url: str) -> None:
    tree = distribution("acme", direct_url=f'{{"url": "x{url}", "dir_info": {{}}}}')
    environment = environment_of(write_tree(tmp_path / "site", {**tree, **plugin("other")}))
    for _ in ("cold", "warm"):
        assert_right(environment)


def test_urls_and_requirements_of_any_characters_survive_the_index(tmp_path: Path) -> None:
    odd = "a\\b\tc\r\x0b\x1c\u2028 é\\t\\n"
    tree = distribution("acme", requires=(odd, "", "\\"), direct_url=json.dumps({"url": odd + "\n", "dir_info": {}}))
    assert_right(kept(write_tree(tmp_path / "site", tree)))
