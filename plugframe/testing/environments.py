"""Environments as data: a mapping of names to contents, written to a folder that can stand on ``sys.path``."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path
from typing import TypeAlias

Tree: TypeAlias = Mapping[str, "str | bytes | Tree"]


def write_tree(root: Path, tree: Tree) -> Path:
    """Write files and folders below a folder.

    Args:
        root: made if it does not exist.
        tree: name to a file's content, text (written as UTF-8) or bytes, or to a folder's tree.

    Returns:
        ``root``.

    Example:
        >>> import tempfile
        >>> root = write_tree(Path(tempfile.mkdtemp()), {"acme": {"__init__.py": "x = 1"}})
        >>> (root / "acme" / "__init__.py").read_text()
        'x = 1'
    """
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        if isinstance(content, bytes):
            (root / name).write_bytes(content)
        elif isinstance(content, str):
            (root / name).write_text(content, encoding="utf-8", newline="")
        else:
            write_tree(root / name, content)
    return root


def distribution(  # one argument for each thing that an installer records
    name: str,
    version: str = "1.0",
    *,
    entry_points: Mapping[str, Mapping[str, str]] | None = None,
    requires: tuple[str, ...] = (),
    requested: bool = True,
    direct_url: str | None = None,
    installer: str = "pip",
    modules: Tree | None = None,
) -> dict[str, "str | bytes | Tree"]:
    """Return the tree of an installed distribution, as pip would leave it.

    Args:
        name: as its metadata spells it.
        version: as its metadata spells it.
        entry_points: group to name to value.
        requires: PEP 508 requirements.
        requested: whether somebody asked for it by name.
        direct_url: the content of its ``direct_url.json``.
        installer: the content of its ``INSTALLER``.
        modules: its packages and modules.
    """
    headers = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    headers += [f"Requires-Dist: {requirement}" for requirement in requires]
    info: dict[str, str | bytes | Tree] = {
        "METADATA": "\n".join([*headers, "", f"About {name}.", ""]),
        "INSTALLER": f"{installer}\n",
        "RECORD": "",
        "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if entry_points:
        info["entry_points.txt"] = entry_points_text(entry_points)
    if requested:
        info["REQUESTED"] = ""
    if direct_url is not None:
        info["direct_url.json"] = direct_url
    folder = f"{name.replace('-', '_').replace('.', '_').lower()}-{version.replace('-', '_')}.dist-info"
    return {folder: info, **(modules or {})}


def entry_points_text(entry_points: Mapping[str, Mapping[str, str]]) -> str:
    """Return the text of an ``entry_points.txt``.

    Example:
        >>> print(entry_points_text({"myapp.plugins": {"vision": "acme.vision"}}), end="")
        [myapp.plugins]
        vision = acme.vision
    """
    sections = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in entry_points.items()
    )
    return "\n".join(sections)


@contextmanager
def on_path(*folders: Path) -> Iterator[None]:
    """Put folders first on ``sys.path`` for a while; modules imported meanwhile are forgotten afterwards."""
    path, modules = list(sys.path), set(sys.modules)
    sys.path[:0] = [os.fspath(folder) for folder in folders]
    invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        homes = tuple(os.fspath(folder) + os.sep for folder in folders)
        for name in set(sys.modules) - modules:
            if _place(sys.modules[name]).startswith(homes):
                del sys.modules[name]


def _place(module: object) -> str:
    """Return where a module came from; of a namespace package, its first folder."""
    places = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
    return f"{places}{os.sep}"
