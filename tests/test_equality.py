"""Discovery's answer equals importlib-metadata's, entry for entry and in order, on every well-formed environment."""

import gc
import os
import re
import shutil
import subprocess
import sys
import venv
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import importlib_metadata
import pytest
from _answers import GROUP, cache_at, keep_young_files, output, plugin, write_zip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from plugframe.discovery.snapshot import discover
from plugframe.testing.environments import Tree, distribution, on_path, write_tree

Entry = tuple[str, ...]
FIRST = Path(os.devnull, "nothing")
"""A first path entry without content: of ``python -m pytest`` the first one is the working folder, and never kept."""
NO_REFERENCE = ("", "", "no reference")
# Discovery is the same code on every Python; the newest ones look for rare environments, the others for what a Python
# itself may do differently, which most environments meet.
EXAMPLES = 150 if sys.version_info >= (3, 13) else 50


@pytest.fixture(autouse=True)
def young_files_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the index take part although the environments were made just now."""
    keep_young_files(monkeypatch)


@pytest.fixture(autouse=True)
def zip_files_are_closed() -> Iterator[None]:
    """Close what importlib-metadata leaves to the garbage collector: the zip files that it looked into."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        importlib_metadata.MetadataPathFinder.invalidate_caches()
        gc.collect()


def ours(*, deep: bool = False) -> list[Entry]:
    """Return what discovery answers, the owner of each entry point and its requirements included."""
    return [
        (
            entry.group, entry.name, entry.value,
            *(NO_REFERENCE if entry.problem else (entry.module, entry.attribute, " ".join(entry.extras))),
            entry.distribution.name, entry.distribution.version, _place(entry.distribution.metadata_path),
            *map(_requirement, entry.distribution.requires),
        )
        for entry in discover(deep=deep).entry_points()
    ]  # fmt: skip


def theirs() -> list[Entry]:
    """Return what importlib-metadata answers, in the same form."""
    owners: dict[int, Entry] = {}
    found: list[Entry] = []
    for entry in importlib_metadata.entry_points():
        assert isinstance(entry.dist, importlib_metadata.Distribution)
        if id(entry.dist) not in owners:
            owners[id(entry.dist)] = _owner(entry.dist)
        found.append((entry.group, entry.name, entry.value, *_reference(entry), *owners[id(entry.dist)]))
    return found


def _owner(owner: importlib_metadata.Distribution) -> Entry:
    fields = owner.metadata
    place = _place(str(getattr(owner, "_path", "")))
    return fields["Name"], fields["Version"], place, *map(_requirement, owner.requires or ())


def _reference(entry: importlib_metadata.EntryPoint) -> Entry:
    try:
        # Its own way to split extras takes "gpu-2" apart, see docs of the entry points specification.
        extras = re.findall(r"[\w.-]+", entry._match.extras or "")  # noqa: SLF001 # the text that it splits
        return entry.module, entry.attr or "", " ".join(extras)
    except ValueError:
        return NO_REFERENCE


def _place(path: str) -> str:
    return os.path.abspath(path)


@cache
def _requirement(text: str) -> str:
    return str(Requirement(text))


def assert_equal(cache: "str | os.PathLike[str]", *, hits: Sequence["str | os.PathLike[str]"] = ()) -> None:
    """Compare the answers without an index, while it is made and out of it, from a quick and from a deep look."""
    expected = theirs()
    with cache_at("off"):
        assert ours() == expected
        assert ours(deep=True) == expected
    with cache_at(cache):
        assert ours() == expected
        assert ours() == expected
        assert ours(deep=True) == expected
        assert {os.fspath(path) for path in hits} <= {*discover().index.found}


def test_running_environment_is_answered_alike(cache_folder: str) -> None:
    assert theirs(), "this environment has no entry points to compare"
    assert_equal(cache_folder)


def test_virtual_environment_with_real_wheels_is_answered_alike(tmp_path: Path) -> None:
    """The very environment of the tests, and one with nothing in it, in processes that import nothing else."""
    code = """
        import importlib_metadata
        from plugframe.discovery.snapshot import discover
        theirs = [(e.group, e.name, e.value, e.dist.name) for e in importlib_metadata.entry_points()]
        for _ in range(2):
            ours = [(e.group, e.name, e.value, e.distribution.name) for e in discover().entry_points()]
            assert ours == theirs, (ours, theirs)
        print(len(ours))
    """
    assert int(output(code, PLUGFRAME_CACHE=os.fspath(tmp_path / "cache"))) > 0
    venv.create(tmp_path / "empty", with_pip=False)
    # A copy: where plugframe is installed, other distributions are too.
    package = shutil.copytree(
        os.path.dirname(sys.modules["plugframe"].__file__ or ""), tmp_path / "copy" / "plugframe"
    ).parent
    code = "from plugframe.discovery.snapshot import discover; print(discover().groups())"
    done = subprocess.run(
        [tmp_path / "empty" / "bin" / "python", "-c", code],
        env={**os.environ, "PYTHONPATH": os.fspath(package)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "{}\n"


def test_finder_that_came_before_importlib_metadata_is_asked_in_the_same_order(tmp_path: Path) -> None:
    """Importing importlib-metadata moves the path's finder to the end, behind the others."""
    write_tree(tmp_path / "path", plugin("acme", "1.0", entry="from the path"))
    write_tree(tmp_path / "elsewhere", plugin("acme", "2.0", entry="from the finder"))
    code = """
        import sys
        path, elsewhere = sys.argv[1:]
        sys.path.insert(0, path)

        class Finder:
            @staticmethod
            def find_spec(*_):
                return None

            @staticmethod
            def find_distributions(context):
                from importlib_metadata import MetadataPathFinder, DistributionFinder
                return MetadataPathFinder.find_distributions(DistributionFinder.Context(path=[elsewhere]))

        sys.meta_path.append(Finder)
        from plugframe.discovery.snapshot import discover
        before = [entry.name for entry in discover().entry_points("myapp.plugins")]
        import importlib_metadata
        theirs = [entry.name for entry in importlib_metadata.entry_points(group="myapp.plugins")]
        after = [entry.name for entry in discover().entry_points("myapp.plugins")]
        assert before == after == theirs, (before, after, theirs)
    """
    output(code, tmp_path / "path", tmp_path / "elsewhere")


def test_working_directory_on_the_path_is_answered_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache_folder: str
) -> None:
    write_tree(tmp_path, plugin("near"))
    write_tree(tmp_path / "sub", plugin("below"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", "sub", "sub/", ".", "./sub", *sys.path])
    assert_equal(cache_folder)


def test_zip_files_and_eggs_are_answered_alike(tmp_path: Path, cache_folder: str) -> None:
    zipped = write_zip(tmp_path / "app.pyz", {**plugin("in-zip"), **plugin("Both"), "__main__.py": ""})
    egg_info = {"PKG-INFO": "Name: Egg.Folder\nVersion: 1.0\n", "entry_points.txt": f"[{GROUP}]\negg = acme\n"}
    unpacked = write_tree(tmp_path / "Egg.Folder-1.0-py3.11.egg", {"EGG-INFO": egg_info})
    packed_info = {**egg_info, "PKG-INFO": "Name: packed\nVersion: 2.0\n", "requires.txt": "a\n[x]\nb\n"}
    packed = write_zip(tmp_path / "packed-2.0-py3.egg", {"EGG-INFO": packed_info})
    develop = write_tree(tmp_path / "src", {"dev.egg-info": {**egg_info, "PKG-INFO": "Name: dev\nVersion: 0\n"}})
    plain = write_tree(tmp_path / "plain", plugin("both", "0.1"))
    with on_path(FIRST, zipped, unpacked, plain, packed, develop):
        assert_equal(cache_folder, hits=[zipped, plain, packed, develop])


def test_egg_that_holds_plain_folders_is_answered_alike(tmp_path: Path, cache_folder: str) -> None:
    with on_path(write_tree(tmp_path / "odd.egg", plugin("inside"))):
        assert_equal(cache_folder)


def test_large_environment_is_answered_alike(tmp_path: Path, cache_folder: str) -> None:
    for number in range(300):
        spelling = ("acme-{}", "Acme.{}", "acme_{}")[number % 3].format(number)
        write_tree(tmp_path, plugin(spelling) if number % 4 else distribution(spelling))
    with on_path(FIRST, tmp_path):
        assert_equal(cache_folder, hits=[tmp_path])


# Well-formed environments, generated. Names are few, so that distributions shadow each other.

SPELLINGS = st.sampled_from(["acme", "Acme", "Acme.Vision", "acme_vision", "ACME-vision", "acme__vision", "b", "größe"])
VERSIONS = st.sampled_from(["1.0", "1.10", "2.0rc1", "0.1.dev3+local.1", "2024.1"])
BLANK = st.sampled_from(["", " ", "\t", "  "])
WORD = st.from_regex(r"[^\W\d]\w{0,5}", fullmatch=True)
DOTTED = st.lists(WORD, min_size=1, max_size=3).map(".".join)
ODD_NAMES = ["with space", "with/slash", "Größe", "dash-ed", "a.b", "1", "x:y", "ü ö", "a]", ";x", "naïve.n"]
NAME = st.one_of(WORD, st.sampled_from(ODD_NAMES))
GROUPS = st.one_of(DOTTED, st.sampled_from([GROUP, "console_scripts", "two words", "a/b", "größe"]))
EXTRAS = st.lists(st.sampled_from(["x", "gpu-2", "a.b", "c_d"]), max_size=2)


@st.composite
def values(draw: st.DrawFn) -> str:
    """Draw an object reference with spaces wherever they are allowed."""
    value = draw(DOTTED)
    if draw(st.booleans()):
        value += draw(BLANK) + ":" + draw(BLANK) + draw(DOTTED)
    extras = draw(EXTRAS)
    return value + (draw(BLANK) + "[" + ", ".join(extras) + "]" if extras else "")


@st.composite
def entry_points_files(draw: st.DrawFn) -> str:
    """Draw an ``entry_points.txt`` in any of the forms that the format allows."""
    lines: list[str] = []
    for _ in range(draw(st.integers(0, 4))):
        lines.append(draw(BLANK) + "[" + draw(GROUPS) + "]" + draw(BLANK))
        for _ in range(draw(st.integers(0, 4))):
            line = draw(BLANK) + draw(NAME) + draw(BLANK) + "=" + draw(BLANK) + draw(values()) + draw(BLANK)
            lines += draw(st.sampled_from([[line], [line, line], ["", line], ["# note", line], [f"  # {line}"]]))
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join([*lines, draw(st.sampled_from(["", "# end"]))])


@st.composite
def distributions(draw: st.DrawFn) -> Tree:
    """Draw a distribution in any of the forms in which a folder can hold one."""
    name, version = draw(SPELLINGS), draw(VERSIONS)
    requires = draw(
        st.lists(st.sampled_from(["numpy>=2", "b[x]; python_version < '4'", "acme; extra == 'fast'"]), max_size=2)
    )
    tree = dict(distribution(name, version, requires=tuple(requires), requested=draw(st.booleans())))
    (folder,) = tree
    content = tree[folder]
    assert not isinstance(content, str | bytes)
    kind = draw(st.sampled_from(["dist-info", "dist-info", "egg-info", "egg-info of a Python", "file"]))
    text = draw(st.one_of(st.none(), entry_points_files()))
    entry_points: Tree = {} if text is None else {"entry_points.txt": text}
    if kind == "dist-info":
        return {folder: {**content, **entry_points}}
    stem = re.sub(r"[^\w.]+", "_", name)
    named = f"{stem}-{version.replace('-', '_')}-py3.11.egg-info" if "Python" in kind else f"{stem}.egg-info"
    if kind == "file":
        return {f"{stem}-{version}.egg-info": content["METADATA"]}
    egg_requires = "a\n\n[fast]\nb>1\n\n[:python_version < '4']\nc\n" if draw(st.booleans()) else ""
    return {named: {"PKG-INFO": content["METADATA"], "requires.txt": egg_requires, **entry_points}}


@st.composite
def folders(draw: st.DrawFn) -> Tree:
    """Draw a path entry, with at most one distribution of each name: two of one name would be a defect."""
    tree: dict[str, str | bytes | Tree] = {}
    keys: set[str] = set()
    for made in draw(st.lists(distributions(), max_size=5)):
        (folder,) = made
        key = re.sub(r"[-_.]+", "_", folder.rpartition(".")[0].partition("-")[0]).lower()
        if key not in keys:
            keys.add(key)
            tree |= made
    tree |= draw(st.sampled_from([{}, {"acme": {"__init__.py": ""}, "readme.txt": "", "acme.egg-link": "/src\n."}]))
    return tree


KINDS = st.sampled_from(["folder"] * 4 + ["zip", "egg", "zipped egg", "missing"])


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(path=st.lists(st.tuples(KINDS, folders()), min_size=1, max_size=4), repeated=st.booleans())
def test_generated_environments_are_answered_alike(path: list[tuple[str, Tree]], repeated: bool) -> None:  # noqa: FBT001 # generated
    with TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch:
        root = Path(made)
        entries = [_write(root / str(number), kind, tree) for number, (kind, tree) in enumerate(path)]
        patch.setattr(sys, "path", [os.fspath(FIRST), *entries, *(entries if repeated else []), *sys.path])
        kept = [entry for entry, (kind, _) in zip(entries, path, strict=True) if kind not in ("egg", "missing")]
        assert_equal(root / "cache", hits=kept)


def _write(place: Path, kind: str, tree: Tree) -> str:
    """Write one path entry and return its path; a zip file is also a folder's child, as in a zipapp."""
    if kind == "zip":
        return os.fspath(write_zip(place.with_suffix(".pyz"), _with_metadata(tree)))
    if kind == "folder":
        return os.fspath(write_tree(place, tree))
    if kind == "missing":
        return os.fspath(place / "missing")
    found = [
        content for name, content in tree.items() if name.endswith("-info") and not isinstance(content, str | bytes)
    ]
    content = {**(found[0] if found else {"PKG-INFO": "Name: x\nVersion: 1\n"})}
    content.setdefault("PKG-INFO", content.get("METADATA", ""))
    egg = place / "Acme.Egg-1.0-py3.11.egg"
    place.mkdir()
    if kind == "zipped egg":
        return os.fspath(write_zip(egg, {"EGG-INFO": content}))
    return os.fspath(write_tree(egg, {"EGG-INFO": content}))


def _with_metadata(tree: Tree) -> Tree:
    """Leave out what only a folder can hold: importlib-metadata cannot name a metadata file inside of a zip file."""
    return {
        name: content for name, content in tree.items() if not (name.endswith(".egg-info") and isinstance(content, str))
    }
