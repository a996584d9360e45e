"""Every kind of change of an installed distribution, made to look as if nothing had changed where that can be done."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from _answers import GROUP, info, plugin, write_zip

from plugframe.testing.environments import Tree, write_tree

FOLDER = "acme-1.0.dist-info"


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


def _add_entry_points(at: Path) -> None:
    (at / "entry_points.txt").write_text(f"[{GROUP}]\nadded = a\n")


def _file_becomes_folder(at: Path) -> None:
    (at / "entry_points.txt").unlink()
    (at / "entry_points.txt").mkdir()


def _folder_becomes_file(at: Path) -> None:
    (at / "entry_points.txt").rmdir()
    _add_entry_points(at)


def _becomes_zip_file(at: Path) -> None:
    at.parent.rename(at.parent.with_name("former"))
    write_zip(at.parent, plugin("zipped"))


WELL = info(f"[{GROUP}]\nacme = acme\n", INSTALLER="pip\n")
SILENT = info()
OF_EGG = {"PKG-INFO": "Name: acme\nVersion: 6\n"}
URL = '{"url": "file:///a", "dir_info": {"editable": true}}'
DIRECT = info(direct_url__json=URL)

ENTRY_POINTS: dict[str, tuple[Tree, Callable[[Path], object]]] = {
    "edited in place": (WELL, lambda at: rewrite(at / "entry_points.txt", "acme = acme", "next = acme")),
    "edited, longer": (WELL, lambda at: rewrite(at / "entry_points.txt", "acme = acme", "a = b\nc = d")),
    "replaced": (WELL, lambda at: replace(at / "entry_points.txt", "acme = acme", "next = acme")),
    "added": (SILENT, _add_entry_points),
    "added, the folder's time set back": (SILENT, lambda at: keep_folder_time(at, lambda: _add_entry_points(at))),
    "removed": (WELL, lambda at: (at / "entry_points.txt").unlink()),
    "becomes empty": (WELL, lambda at: os.truncate(at / "entry_points.txt", 0)),
    "becomes a folder": (WELL, _file_becomes_folder),
    "was a folder": (info({}), _folder_becomes_file),
}
DESCRIPTION: dict[str, tuple[Tree, Callable[[Path], object]]] = {
    "METADATA edited in place": (WELL, lambda at: rewrite(at / "METADATA", "Version: 1.0", "Version: 9.9")),
    "METADATA with another name": (WELL, lambda at: rewrite(at / "METADATA", "Name: acme", "Name: emca")),
    "METADATA replaced": (WELL, lambda at: replace(at / "METADATA", "Version: 1.0", "Version: 9.9")),
    "METADATA removed": (WELL, lambda at: (at / "METADATA").unlink()),
    "METADATA added": (
        info(f"[{GROUP}]\na = b\n", METADATA=None),
        lambda at: (at / "METADATA").write_text("Name: acme\nVersion: 7\n"),
    ),
    "METADATA added beside PKG-INFO": (
        OF_EGG,
        lambda at: (at / "METADATA").write_text("Name: acme\nVersion: 7\n"),
    ),
    "PKG-INFO edited in place": (OF_EGG, lambda at: rewrite(at / "PKG-INFO", "Version: 6", "Version: 7")),
    "direct_url.json edited in place": (DIRECT, lambda at: rewrite(at / "direct_url.json", "true", "null")),
    "direct_url.json added": (WELL, lambda at: (at / "direct_url.json").write_text(URL)),
    "direct_url.json removed": (DIRECT, lambda at: (at / "direct_url.json").unlink()),
    "REQUESTED added": (WELL, lambda at: (at / "REQUESTED").touch()),
    "REQUESTED removed": (info(REQUESTED="", INSTALLER="pip"), lambda at: (at / "REQUESTED").unlink()),
    "INSTALLER edited in place": (WELL, lambda at: rewrite(at / "INSTALLER", "pip", "apt")),
    "INSTALLER added": (SILENT, lambda at: (at / "INSTALLER").write_text("pip")),
}
FOLDERS: dict[str, tuple[Tree, Callable[[Path], object]]] = {
    "folder replaced": (WELL, lambda at: swap_folder(at, info(f"[{GROUP}]\nother = acme\n"))),
    "folder removed": (WELL, shutil.rmtree),
    "folder of another version": (WELL, lambda at: at.rename(at.with_name("acme-2.0.dist-info"))),
    "folder becomes a leftover": (WELL, lambda at: at.rename(at.with_name("~cme-1.0.dist-info"))),
    "distribution added": (WELL, lambda at: write_tree(at.parent, plugin("new"))),
    "higher version added": (WELL, lambda at: write_tree(at.parent, plugin("acme", "2.0", entry="two"))),
    "distribution added, the folder's time set back": (
        WELL,
        lambda at: keep_folder_time(at.parent, lambda: write_tree(at.parent, plugin("new"))),
    ),
}
PATH_ENTRIES: dict[str, tuple[Tree, Callable[[Path], object]]] = {
    "path entry replaced": (WELL, lambda at: swap_folder(at.parent, plugin("other"))),
    "path entry becomes a zip file": (WELL, _becomes_zip_file),
    "path entry removed": (WELL, lambda at: shutil.rmtree(at.parent)),
}
BELOW_A_PATH_ENTRY = {
    **{f"entry_points.txt {kind}": change for kind, change in ENTRY_POINTS.items()},
    **DESCRIPTION,
    **FOLDERS,
}
"""Name to the content of ``FOLDER`` before, and to what changes it, given its path."""
CHANGES = {**BELOW_A_PATH_ENTRY, **PATH_ENTRIES}
