"""Metadata folders of every quality to records and diagnostics: what is well is found, what is not is said."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _answers import (
    GROUP,
    cache_at,
    codes,
    diagnostic,
    environment_of,
    facts,
    info,
    names,
    output,
    plugin,
    unprivileged,
    write_zip,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugframe.discovery import files, metadata
from plugframe.discovery.snapshot import Environment, Snapshot, current_environment, discover
from plugframe.records import Distribution, EntryPoint
from plugframe.testing.environments import Tree, distribution, write_tree

FOLDER = "acme-1.0.dist-info"


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer everything by a scan."""
    monkeypatch.setenv("PLUGFRAME_CACHE", "off")


def look(root: Path, *trees: Tree) -> Snapshot:
    """Write distributions to a folder and return what is found in it."""
    for tree in trees:
        write_tree(root, tree)
    return discover(environment_of(root), deep=True)


def only(snapshot: Snapshot) -> Distribution:
    """Return the one distribution that there is."""
    (found,) = snapshot.distributions()
    return found


def entries(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """Return group, name and value of all entry points."""
    return [(entry.group, entry.name, entry.value) for entry in snapshot.entry_points()]


def test_every_field_of_a_distribution_is_read(tmp_path: Path) -> None:
    url = json.dumps({"url": "https://example.org/acme.git", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}})
    tree = distribution(
        "Acme.Vision-Extra", "2.0rc1", requires=("numpy>=2", "tqdm; extra == 'fast'"), direct_url=url, requested=False
    )
    assert only(look(tmp_path, tree)) == Distribution(
        name="Acme.Vision-Extra",
        version="2.0rc1",
        key="acme_vision_extra",
        location=os.fspath(tmp_path),
        metadata_path=os.fspath(tmp_path / "acme_vision_extra-2.0rc1.dist-info"),
        origin="vcs",
        url="https://example.org/acme.git",
        requested=False,
        requires=("numpy>=2", "tqdm; extra == 'fast'"),
        has_metadata=True,
    )


@pytest.mark.parametrize(
    ("value", "module", "attribute", "extras"),
    [
        ("acme", "acme", "", ()),
        ("acme.models:Net.small", "acme.models", "Net.small", ()),
        ("acme : Net", "acme", "Net", ()),
        ("acme:Net [fast, gpu-2]", "acme", "Net", ("fast", "gpu-2")),
        ("acme [fast]", "acme", "", ("fast",)),
        ("größe.modul:Öl", "größe.modul", "Öl", ()),
    ],
)
def test_every_field_of_an_entry_point_is_read(
    tmp_path: Path, value: str, module: str, attribute: str, extras: tuple[str, ...]
) -> None:
    snapshot = look(tmp_path, plugin("acme", value=value))
    (entry,) = snapshot.entry_points()
    assert entry == EntryPoint(group=GROUP, name="acme", value=value, distribution=only(snapshot))
    assert (entry.module, entry.attribute, entry.extras) == (module, attribute, extras)


@pytest.mark.parametrize(
    ("record", "origin"),
    [
        ({"url": "file:///src", "dir_info": {"editable": True}}, "editable"),
        ({"url": "file:///src", "dir_info": {"editable": False}}, "directory"),
        ({"url": "file:///src", "dir_info": {}}, "directory"),
        ({"url": "https://x.org/a.git", "vcs_info": {"vcs": "git", "commit_id": "1"}, "subdirectory": "a"}, "vcs"),
        ({"url": "https://x.org/a.whl", "archive_info": {"hashes": {"sha256": "0"}}}, "archive"),
    ],
)
def test_origin_is_what_the_installer_recorded(tmp_path: Path, record: dict[str, object], origin: str) -> None:
    snapshot = look(tmp_path, distribution("acme", direct_url=json.dumps(record)))
    assert (only(snapshot).origin, only(snapshot).url) == (origin, record["url"])
    assert not snapshot.diagnostics()


def test_origin_is_the_index_without_a_record_of_another(tmp_path: Path) -> None:
    found = only(look(tmp_path, distribution("acme")))
    assert (found.origin, found.url) == ("index", None)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"1", b'{"url": 3}', b'{"dir_info": {}}', b"\xff\xfe", b"\x00" * 5, b"[" * 100_000,
        b"1" * 5000, b'{"url": "\xff"}',
    ],
    ids=lambda content: content[:12].decode(errors="backslashreplace"),
)  # fmt: skip
def test_unusable_direct_url_is_reported_and_the_origin_unknown(tmp_path: Path, content: bytes) -> None:
    snapshot = look(tmp_path, {FOLDER: info(direct_url__json=content)}, plugin("good"))
    origins = {found.name: found.origin for found in snapshot.distributions()}
    assert origins == {"acme": "unknown", "good": "index"}
    found = diagnostic(snapshot, "PF115")
    assert (found.distribution, found.path) == ("acme", os.fspath(tmp_path / FOLDER / "direct_url.json"))


@pytest.mark.parametrize("info_of", ["dir_info", "vcs_info", "archive_info"])
@pytest.mark.parametrize("value", [None, 3, [], "x"])
def test_direct_url_of_unexpected_shape_hides_nothing(tmp_path: Path, info_of: str, value: object) -> None:
    record = json.dumps({"url": "file:///src", info_of: value})
    assert names(look(tmp_path, {FOLDER: info(direct_url__json=record)}, plugin("good"))) == ["good"]


@pytest.mark.parametrize(
    ("files_there", "requested"),
    [
        ({"REQUESTED": "", "INSTALLER": "pip\n"}, True),
        ({"REQUESTED": "anything"}, True),
        ({"INSTALLER": "pip\n"}, False),
        ({"INSTALLER": "uv"}, False),
        ({"INSTALLER": "apt"}, None),
        ({"INSTALLER": b"\xff"}, None),
        ({}, None),
    ],
)
def test_requested_follows_the_installers_marks(tmp_path: Path, files_there: Tree, requested: object) -> None:
    assert only(look(tmp_path, {FOLDER: {**info(), **files_there}})).requested is requested


def test_egg_info_folder_is_read_with_its_requirements(tmp_path: Path) -> None:
    requires = "numpy\n\n[fast]\nnumba\n\n[:python_version < '4']\ntomli\n\n[gpu:sys_platform == 'linux']\ncuda\n"
    tree = {
        "PKG-INFO": "Metadata-Version: 1.1\nName: Acme.Egg\nVersion: 3\n",
        "requires.txt": requires,
        "entry_points.txt": f"[{GROUP}]\negg = acme\n",
    }
    snapshot = look(tmp_path, {"Acme.Egg-3-py3.11.egg-info": tree})
    found = only(snapshot)
    assert names(snapshot) == ["egg"]
    assert (found.name, found.version, found.key, found.origin, found.requested) == (
        "Acme.Egg", "3", "acme_egg", "unknown", None,
    )  # fmt: skip
    assert found.requires == (
        "numpy",
        'numba ; extra == "fast"',
        "tomli ; python_version < '4'",
        "cuda ; (sys_platform == 'linux') and extra == \"gpu\"",
    )


def test_egg_info_that_is_one_file_is_its_own_metadata(tmp_path: Path) -> None:
    tree = {"acme-3-py3.11.egg-info": "Metadata-Version: 1.0\nName: Acme\nVersion: 3.1\nRequires-Dist: numpy\n"}
    found = only(look(tmp_path, tree))
    assert (found.name, found.version, found.requires, found.has_metadata) == ("Acme", "3.1", ("numpy",), True)


def test_folder_of_a_name_with_hyphens_is_told_apart_by_its_metadata(tmp_path: Path) -> None:
    written = {"foo-bar-1.0.dist-info": info(f"[{GROUP}]\nfoo-bar = a\n", METADATA="Name: foo-bar\nVersion: 1.0\n")}
    assert sorted(names(look(tmp_path, written, plugin("foo")))) == ["foo", "foo-bar"]


def test_headers_are_unfolded_and_the_description_is_no_header(tmp_path: Path) -> None:
    text = (
        "Metadata-Version: 2.1\r\nname: Acme\r\nVERSION:\t1.0 \r\nRequires-Dist: a;\r\n  extra == 'b'\r\n"
        "Requires-Dist: c\r\n\r\nName: body\r\nRequires-Dist: body\r\n"
    )
    found = only(look(tmp_path, {FOLDER: info(METADATA=text)}))
    assert (found.name, found.version, found.requires) == ("Acme", "1.0", ("a; extra == 'b'", "c"))


def test_lines_of_every_well_formed_kind_are_read(tmp_path: Path) -> None:
    text = (
        "\r\n# a comment\r\n[one.group]\r\nplain = acme\r\n  indented   =   acme:a.b  \r\n\r\n;semi = acme\r\n"
        "[two/group]\nwith space/and slash = acme [x,y]\nGröße = modul:größe\n# [no.group]\n"
        "[one.group]\nlate=acme:x=y\n"
    )
    assert entries(look(tmp_path, {FOLDER: info(text)})) == [
        ("one.group", "plain", "acme"),
        ("one.group", "indented", "acme:a.b"),
        ("one.group", ";semi", "acme"),
        ("two/group", "with space/and slash", "acme [x,y]"),
        ("two/group", "Größe", "modul:größe"),
        ("one.group", "late", "acme:x=y"),
    ]


BAD_FILES: dict[str, tuple[bytes, str, int, list[str]]] = {
    "not UTF-8": (b"[g]\na = acme\n# caf\xe9\nb = acme\n", "PF101", 3, ["a", "b"]),
    "UTF-16": ("[g]\na = acme\n".encode("utf-16-le"), "PF103", 1, []),
    "a byte order mark": (b"\xef\xbb\xbf[g]\na = acme\n", "PF102", 0, ["a"]),
    "a line without =": (b"[g]\na = acme\nbroken\nb = acme\n", "PF103", 3, ["a", "b"]),
    "a line with : for =": (b"[g]\na: acme\nb = acme\n", "PF103", 2, ["b"]),
    "a line above the first group": (b"x = acme\n[g]\na = acme\n", "PF103", 1, ["a"]),
    "a line without a name": (b"[g]\n= acme\na = acme\n", "PF104", 2, ["", "a"]),
    "a name that starts with [": (b"[g]\n[a = acme\nb = acme\n", "PF104", 2, ["[a", "b"]),
    "a name with a NUL byte": (b"[g]\na\x00b = acme\nb = acme\n", "PF104", 2, ["a\x00b", "b"]),
    "a group written with spaces": (b"[ g ]\na = acme\n", "PF105", 1, ["a"]),
    "a group without a name": (b"[]\na = acme\n[g]\nb = acme\n", "PF105", 1, ["a", "b"]),
    "an empty value": (b"[g]\na =\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a value that is no reference": (b"[g]\na = not a module\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a value with an inline comment": (b"[g]\na = acme # why\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a value without a module": (b"[g]\na = :x\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a value without an attribute": (b"[g]\na = acme:\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a value with an open bracket": (b"[g]\na = acme [x\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a relative module": (b"[g]\na = .acme\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a value with a NUL byte": (b"[g]\na = ac\x00me\nb = acme\n", "PF106", 2, ["a", "b"]),
    "a name twice": (b"[g]\na = acme\na = other\n", "PF107", 3, ["a", "a"]),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_defect_in_a_file_is_reported_with_its_line_and_hides_nothing_else(tmp_path: Path, kind: str) -> None:
    content, code, line, expected = BAD_FILES[kind]
    snapshot = look(tmp_path, {FOLDER: info(content)}, plugin("good"))
    found = next(found for found in snapshot.diagnostics() if found.code == code)
    assert (found.line, found.distribution) == (line, "acme")
    assert found.path == os.fspath(tmp_path / FOLDER / "entry_points.txt")
    assert found.message
    assert found.effect
    assert found.fix
    assert [entry.name for entry in snapshot.entry_points() if entry.distribution.name == "acme"] == expected
    assert names(snapshot) == ["good"]


@pytest.mark.parametrize("kind", [kind for kind, bad in BAD_FILES.items() if bad[1] in ("PF104", "PF105", "PF106")])
def test_entry_point_that_cannot_be_loaded_carries_its_problem(tmp_path: Path, kind: str) -> None:
    content, *_ = BAD_FILES[kind]
    first, *rest = look(tmp_path, {FOLDER: info(content)}).entry_points()
    assert first.problem
    assert [entry.problem for entry in rest] == [None] * len(rest)


def test_every_bad_line_of_a_file_is_reported(tmp_path: Path) -> None:
    snapshot = look(tmp_path, {FOLDER: info("[g]\none\ntwo\na = a b\nthree\n")})
    assert [(found.code, found.line) for found in snapshot.diagnostics()] == [
        ("PF103", 2), ("PF103", 3), ("PF103", 5), ("PF106", 4),
    ]  # fmt: skip


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _huge(path: Path) -> None:
    path.touch()
    os.truncate(path, files.LARGEST + 1)


def _device(path: Path) -> None:
    path.symlink_to("/dev/full")


IN_PLACE_OF_A_FILE: list[Callable[[Path], None]] = [_folder, _pipe, _dangling, _loop]
ENDLESS: list[Callable[[Path], None]] = [_huge, _device]


@pytest.mark.parametrize("make", IN_PLACE_OF_A_FILE)
@pytest.mark.parametrize("name", ["METADATA", "entry_points.txt", "direct_url.json", "INSTALLER", "REQUESTED"])
def test_anything_in_place_of_a_metadata_file_neither_hangs_nor_hides(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    write_tree(tmp_path, {FOLDER: info(f"[{GROUP}]\na = acme\n", **{name: None})})
    make(tmp_path / FOLDER / name)
    snapshot = look(tmp_path, plugin("good"))
    assert set(names(snapshot)) == ({"good"} if name == "entry_points.txt" else {"a", "good"})
    assert {found.name for found in snapshot.distributions()} == {"acme", "good"}


@pytest.mark.parametrize("make", [*IN_PLACE_OF_A_FILE, *ENDLESS])
def test_entry_points_that_cannot_be_read_are_reported(tmp_path: Path, make: Callable[[Path], None]) -> None:
    write_tree(tmp_path, {FOLDER: info()})
    make(tmp_path / FOLDER / "entry_points.txt")
    found = diagnostic(look(tmp_path), "PF111")
    assert found.distribution == "acme"
    assert found.path == os.fspath(tmp_path / FOLDER / "entry_points.txt")


@pytest.mark.parametrize("make", [*IN_PLACE_OF_A_FILE, *ENDLESS])
def test_metadata_that_cannot_be_read_is_reported(tmp_path: Path, make: Callable[[Path], None]) -> None:
    write_tree(tmp_path, {FOLDER: info(METADATA=None)})
    make(tmp_path / FOLDER / "METADATA")
    snapshot = look(tmp_path)
    assert codes(snapshot) & {"PF111", "PF112"}
    assert (only(snapshot).name, only(snapshot).version) == ("acme", "1.0")


@pytest.mark.parametrize("make", IN_PLACE_OF_A_FILE)
@pytest.mark.parametrize("ending", ["dist-info", "egg-info"])
def test_anything_in_place_of_a_metadata_folder_neither_hangs_nor_hides(
    tmp_path: Path, ending: str, make: Callable[[Path], None]
) -> None:
    make(tmp_path / f"acme-1.0.{ending}")
    assert names(look(tmp_path, plugin("good"))) == ["good"]


def test_files_without_permission_are_reported_and_hide_nothing(cache_folder: str) -> None:
    """Root's rights are dropped for it, since they ignore permissions."""
    with TemporaryDirectory() as made:
        root, shut = Path(made) / "open", Path(made) / "shut"
        trees = {name: {**info(f"[{GROUP}]\n{name} = acme\n")} for name in ("bolted", "mute", "nameless")}
        write_tree(root, {f"{name}-1.0.dist-info": tree for name, tree in trees.items()})
        write_tree(root, plugin("good"))
        write_tree(shut, plugin("never"))
        environment = environment_of(root, shut)
        discover(environment, deep=True).diagnostics()  # imports all that is needed
        Path(made).chmod(0o755)
        (root / "bolted-1.0.dist-info").chmod(0)
        (root / "mute-1.0.dist-info" / "entry_points.txt").chmod(0)
        (root / "nameless-1.0.dist-info" / "METADATA").chmod(0)
        shut.chmod(0)
        with unprivileged(), cache_at(cache_folder):
            snapshot = discover(environment, deep=True)
        shut.chmod(0o755)
        (root / "bolted-1.0.dist-info").chmod(0o755)
        assert set(names(snapshot)) == {"good", "nameless"}
        assert sum(found.code == "PF111" for found in snapshot.diagnostics()) >= 4
        assert {found.path for found in snapshot.diagnostics() if found.code == "PF111"} >= {
            os.fspath(shut),
            os.fspath(root / "mute-1.0.dist-info" / "entry_points.txt"),
            os.fspath(root / "nameless-1.0.dist-info" / "METADATA"),
        }


def test_folder_without_metadata_is_reported_and_named_by_its_folder(tmp_path: Path) -> None:
    snapshot = look(tmp_path, {"Acme_Vision-1.0.dist-info": info(f"[{GROUP}]\na = acme\n", METADATA=None)})
    found = only(snapshot)
    assert (found.name, found.version, found.key, found.has_metadata) == ("Acme_Vision", "1.0", "acme_vision", False)
    assert names(snapshot) == ["a"]
    assert diagnostic(snapshot, "PF112").distribution == "Acme_Vision"


@pytest.mark.parametrize(
    "text", ["", "\n\nbody\n", "no header at all", "Version: 1.0\n", "Name:\nVersion: 1.0\n", "\x00\x00", "Name : \n"]
)
def test_metadata_without_a_name_is_reported_and_named_by_its_folder(tmp_path: Path, text: str) -> None:
    snapshot = look(tmp_path, {FOLDER: info(f"[{GROUP}]\na = acme\n", METADATA=text)}, plugin("good"))
    assert {found.name for found in snapshot.distributions()} == {"acme", "good"}
    assert "PF113" in codes(snapshot)
    assert set(names(snapshot)) == {"a", "good"}


def test_metadata_of_another_name_than_its_folder_is_reported(tmp_path: Path) -> None:
    snapshot = look(tmp_path, {FOLDER: info(METADATA="Name: other\nVersion: 1.0\n")})
    assert diagnostic(snapshot, "PF114").distribution == "other"
    assert only(snapshot).name == "other"


@pytest.mark.parametrize("content", [b"Name: caf\xe9\nVersion: 1.0\n", b"\xef\xbb\xbfName: acme\nVersion: 1\n"])
def test_metadata_in_another_encoding_is_reported_and_read(tmp_path: Path, content: bytes) -> None:
    snapshot = look(tmp_path, {FOLDER: info(METADATA=content)})
    assert codes(snapshot) & {"PF101", "PF102"}
    assert only(snapshot).version.startswith("1")


def test_large_description_does_not_hide_the_headers(tmp_path: Path) -> None:
    text = "Name: acme\nVersion: 1.0\n\n" + "x" * (files.LARGEST + 10)
    snapshot = look(tmp_path, {FOLDER: info(METADATA=text)})
    assert only(snapshot).version == "1.0"
    assert not snapshot.diagnostics()


@pytest.mark.parametrize("folder", ["~cme-1.0.dist-info", "~-cme-1.0.dist-info", "-1.0.dist-info", ".dist-info"])
def test_leftover_folder_is_reported_and_declares_nothing(tmp_path: Path, folder: str) -> None:
    snapshot = look(tmp_path, {folder: info(f"[{GROUP}]\nleft = acme\n")}, plugin("good"))
    assert names(snapshot) == ["good"]
    assert diagnostic(snapshot, "PF110").path == os.fspath(tmp_path / folder)


def test_higher_version_counts_of_two_in_one_folder(tmp_path: Path) -> None:
    snapshot = look(tmp_path, *(plugin("acme", version, entry=version) for version in ("1.9", "1.10", "1.10rc1")))
    assert names(snapshot) == ["1.10"]
    assert sorted(found.version for found, _ in snapshot.shadowed()) == ["1.10rc1", "1.9"]
    assert sorted(entry.name for entry in snapshot.entry_points(shadowed=True)) == ["1.10rc1", "1.9"]
    assert [found.code for found in snapshot.diagnostics()] == ["PF120"] * 2


def test_stale_empty_folder_never_hides_the_real_one(tmp_path: Path) -> None:
    stale: dict[str, Tree] = {f"acme-{version}.dist-info": {} for version in ("0.1", "0.9", "1.1", "2.0")}
    snapshot = look(tmp_path, stale, plugin("acme", "1.0"))
    assert names(snapshot) == ["acme"]
    assert only(snapshot).version == "1.0"
    assert codes(snapshot) == {"PF112", "PF120"}


def test_stale_empty_folder_earlier_on_the_path_never_hides_the_real_one(tmp_path: Path) -> None:
    write_tree(tmp_path / "early", {"acme-2.0.dist-info": {}})
    write_tree(tmp_path / "late", plugin("acme", "1.0"))
    snapshot = discover(environment_of(tmp_path / "early", tmp_path / "late"), deep=True)
    assert names(snapshot) == ["acme"]
    assert only(snapshot).location == os.fspath(tmp_path / "late")


def test_distribution_earlier_on_the_path_shadows_later_ones_of_any_spelling(tmp_path: Path) -> None:
    spellings = ("Acme-Vision", "acme.vision", "ACME__vision")
    for number, spelling in enumerate(spellings):
        write_tree(tmp_path / str(number), plugin(spelling, f"{number}.0"))
    snapshot = discover(environment_of(*(tmp_path / str(number) for number in range(3))), deep=True)
    assert names(snapshot) == ["Acme-Vision"]
    assert [found.name for found, _ in snapshot.shadowed()] == ["acme.vision", "ACME__vision"]
    assert all(os.fspath(tmp_path / "0") in why for _, why in snapshot.shadowed())
    assert [found.code for found in snapshot.diagnostics()] == ["PF121"] * 2
    assert snapshot.groups() == {GROUP: 1}


@pytest.mark.parametrize("version", ["not a version", "", "1.0.0.0.0-x-y", "9" * 5000, "1." * 2000 + "1"])
def test_copies_with_any_version_are_ranked(tmp_path: Path, version: str) -> None:
    odd = info(f"[{GROUP}]\nodd = acme\n", METADATA=f"Name: acme\nVersion: {version}\n")
    snapshot = look(tmp_path, {"acme-0.dist-info": odd}, plugin("acme", "1.0"), plugin("good"))
    assert len(snapshot.shadowed()) == 1
    assert "good" in names(snapshot)


def test_one_folder_by_two_paths_counts_once_and_is_no_defect(tmp_path: Path) -> None:
    write_tree(tmp_path / "real", plugin("acme"))
    (tmp_path / "link").symlink_to("real")
    path: list[str | os.PathLike[str]] = [tmp_path / "real", tmp_path / "link", f"{tmp_path}/real/", tmp_path / "real"]
    snapshot = discover(environment_of(*path), deep=True)
    assert names(snapshot) == ["acme"]
    assert not snapshot.diagnostics()


def test_folder_whose_name_is_no_text_is_read(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9-1.0.dist-info")
    try:
        write_tree(folder, info(f"[{GROUP}]\nodd = acme\n"))
    except OSError:
        pytest.skip("this file system refuses names that are no UTF-8")
    assert sorted(names(look(tmp_path, plugin("good")))) == ["good", "odd"]


def test_path_entries_of_every_kind_hide_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path / "site", plugin("good"))
    write_tree(tmp_path / "relative", plugin("near"))
    write_tree(tmp_path / "as path object", plugin("object"))
    (tmp_path / "file").write_text("no archive")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path)
    odd: list[object] = [
        "", "relative", "./relative", "relative/", "missing", os.fspath(tmp_path / "file"), "file", "loop", "dangling",
        "a\0b", "/\0", "/" + "x" * 5000, "\udcff", "/dev/null", "__editable__.acme-1.0.finder.__path_hook__",
        b"bytes", os.fsencode(tmp_path / "site"), tmp_path / "as path object", None, 3, ["x"], "\ud800",
        os.fspath(tmp_path / "site"),
    ]  # fmt: skip
    environment = current_environment(odd)  # type: ignore[arg-type] # sys.path may hold anything
    for deep in (False, True):
        snapshot = discover(environment, deep=deep)
        assert names(snapshot) == ["near", "good"]
    found = diagnostic(discover(environment_of(tmp_path / "file"), deep=True), "PF111")
    assert found.path == os.fspath(tmp_path / "file")


@pytest.mark.parametrize("kind", ["pipe", "/dev/full", "/dev/zero"])
def test_special_file_on_the_path_neither_hangs_nor_hides(tmp_path: Path, kind: str) -> None:
    """In a process with a limit on its memory, since such a file has no end."""
    write_tree(tmp_path / "site", plugin("good"))
    entry = os.path.join(tmp_path, kind)
    if kind == "pipe":
        os.mkfifo(entry)
    code = f"""
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        from _answers import environment_of, names
        from plugframe.discovery.snapshot import discover
        print(names(discover(environment_of({entry!r}, {os.fspath(tmp_path / "site")!r}))))
    """
    assert output(code, timeout=10) == "['good']\n"


def test_empty_path_finds_nothing() -> None:
    empty = Environment([], prefix="/", base_prefix="/", cache_tag="none")
    assert discover(empty).entry_points() == ()


def test_working_directory_that_is_gone_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path / "site", plugin("good"))
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        for deep in (False, True):
            assert names(discover(current_environment(["", ".", os.fspath(tmp_path / "site")]), deep=deep)) == ["good"]
    finally:
        os.chdir(tmp_path)  # monkeypatch goes back from here


def test_all_defects_together_hide_no_good_distribution(tmp_path: Path) -> None:
    root = tmp_path / "site"
    for number, (content, *_) in enumerate(BAD_FILES.values()):
        write_tree(root, {f"bad{number}-1.0.dist-info": info(content, METADATA=f"Name: bad{number}\nVersion: 1.0\n")})
        write_tree(root, plugin(f"good{number}"))
    for number, make in enumerate(IN_PLACE_OF_A_FILE):
        for name in ("METADATA", "entry_points.txt"):
            folder = root / f"odd{number}{name[:5]}-1.0.dist-info"
            write_tree(folder, info(**{name: None}))
            make(folder / name)
        make(root / f"whole{number}-1.0.dist-info")
    write_tree(root, {"huge-1.0.dist-info": info()})
    _huge(root / "huge-1.0.dist-info" / "entry_points.txt")
    write_tree(
        root, {"~eft-1.0.dist-info": info(), "stale-1.0.dist-info": {}, "empty-1.0.dist-info": {"METADATA": b""}}
    )
    write_tree(
        root, {"twice-1.0.dist-info": {}, "Twice-2.0.dist-info": {}, "latin-1.0.dist-info": {"METADATA": b"\xff"}}
    )
    write_tree(root, {"url-1.0.dist-info": info(direct_url__json=b"\xff")})
    write_tree(tmp_path / "late", {**plugin("good0", "9.0", entry="hidden"), **plugin("last")})
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    snapshot = discover(environment_of(tmp_path / "broken.zip", root, tmp_path / "late"), deep=True)
    expected = {*(f"good{number}" for number in range(len(BAD_FILES))), "last"}
    assert set(names(snapshot)) == expected
    assert codes(snapshot) >= {
        *("PF101", "PF102", "PF103", "PF104", "PF105", "PF106", "PF107", "PF110", "PF111", "PF112", "PF115"),
        *("PF120", "PF121"),
    }


NAMES_OF_FILES = ("entry_points.txt", "METADATA", "PKG-INFO", "direct_url.json", "INSTALLER", "requires.txt")
PIECES = st.sampled_from(
    [
        b"\n", b"\r\n", b"\r", b"[", b"]", b"[g]\n", b"=", b" = ", b"a", b":", b"#", b"\x00", b"\xff", b"\xef\xbb\xbf",
        b"\t", b"\\", b"Name: ", b"Version: ", b"Requires-Dist: ", b"1.0", b'{"url": "', b'"}', b'"dir_info"',
        b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\x1c", b"pip", b'"vcs_info": ', b"{", b"}", b",", b"; extra == ",
    ]
)  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
JSON = st.fixed_dictionaries({"url": ANY_TEXT}, optional={"dir_info": st.none() | st.dictionaries(ANY_TEXT, ANY_TEXT)})
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.lists(PIECES, max_size=30).map(b"".join),
    JSON.map(lambda value: json.dumps(value).encode()),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=st.dictionaries(st.sampled_from(NAMES_OF_FILES), CONTENT, min_size=1))
def test_arbitrary_bytes_never_raise_and_hide_nothing_else(content: dict[str, bytes]) -> None:
    with TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "RACY_NS", -1_000_000_000)
        root = Path(made)
        site = write_tree(root / "site", {"bad-1.0.dist-info": content, "bad2-1.0.egg-info": content, **plugin("good")})
        environment = environment_of(site)
        with cache_at("off"):
            scanned = facts(discover(environment, deep=True), diagnostics=True)
        with cache_at(root / "cache"):
            for _ in ("cold", "warm"):
                assert facts(discover(environment, deep=True), diagnostics=True) == scanned
                assert names(discover(environment)).count("good") == 1


def test_url_with_half_a_surrogate_pair_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON can spell text that has no encoding; the index must keep it or leave it."""
    monkeypatch.setattr(files, "RACY_NS", -1_000_000_000)
    record = r'{"url": "file:///\ud800", "dir_info": {"editable": true}}'
    write_tree(tmp_path / "site", {FOLDER: info(direct_url__json=record), **plugin("good")})
    with cache_at(tmp_path / "cache"):
        for _ in ("cold", "warm"):
            snapshot = discover(environment_of(tmp_path / "site"))
            assert names(snapshot) == ["good"]
            assert {found.origin for found in snapshot.distributions()} == {"editable", "index"}


def test_distributions_that_come_and_go_during_a_scan_hide_no_other(tmp_path: Path) -> None:
    for number in range(20):
        write_tree(tmp_path, plugin(f"stays{number}"))
    stop = threading.Event()

    def install_and_remove() -> None:
        while not stop.is_set():
            write_tree(tmp_path, {"fickle-1.0.dist-info": info(f"[{GROUP}]\nfickle = acme\n")})
            for name in ("METADATA", "entry_points.txt"):
                (tmp_path / "fickle-1.0.dist-info" / name).unlink()
            (tmp_path / "fickle-1.0.dist-info").rmdir()

    thread = threading.Thread(target=install_and_remove)
    thread.start()
    try:
        for turn in range(100):
            found = names(discover(environment_of(tmp_path), deep=turn % 2 == 0))
            assert sorted({*found} - {"fickle"}) == sorted(f"stays{number}" for number in range(20))
    finally:
        stop.set()
        thread.join()


def test_path_entries_that_come_and_go_during_a_scan_hide_no_other(tmp_path: Path) -> None:
    fickle = [
        write_zip(tmp_path / "app.zip", plugin("zipped")),
        write_tree(tmp_path / "folder", plugin("fickle")),
        write_tree(tmp_path / "acme-1.egg", {"EGG-INFO": {"PKG-INFO": "Name: egg\n"}}),
    ]
    environment = environment_of(*fickle, write_tree(tmp_path / "site", plugin("good")))
    stop = threading.Event()

    def move() -> None:
        while not stop.is_set():
            for path in fickle:
                path.rename(path.with_suffix(".gone"))
            for path in fickle:
                path.with_suffix(".gone").rename(path)

    thread = threading.Thread(target=move)
    thread.start()
    try:
        for turn in range(600):
            assert "good" in names(discover(environment, deep=turn % 2 == 0))
    finally:
        stop.set()
        thread.join()


def test_names_are_compared_as_the_tools_compare_them() -> None:
    for written in ("Acme.Vision", "acme-vision", "ACME_vision", "acme--vision", "acme._-vision"):
        assert metadata.normalize(written) == "acme_vision"
