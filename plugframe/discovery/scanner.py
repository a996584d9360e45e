"""A plain folder of the path to a segment: which metadata folders it holds and what they declare.

Only text is read. What a folder's name cannot tell is read from its metadata.
"""

import os
import stat

from plugframe.discovery import metadata
from plugframe.discovery.describe import describe, ignore, read_distribution, read_fields, unreadable
from plugframe.discovery.files import Watch, root_signature
from plugframe.discovery.segments import Segment, about_line
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.discovery.metadata import Report

_ENDINGS = (".dist-info", ".egg-info")


def scan(path: str, *, deep: bool) -> Segment:
    """Return what a folder of the path holds.

    Args:
        path: the path entry; empty means the working directory.
        deep: read every distribution's ``METADATA`` too, not only what the rows need.

    Returns:
        The segment; of a folder that cannot be read, an empty one with the diagnostic.
    """
    segment = Segment(path, describe)
    watch = Watch(path or os.curdir)
    found: list[Diagnostic] = []
    try:
        status = os.stat(watch.root)
        watch.consider(status)
        segment.root_signature = root_signature(status)
        folders = _folders(path, watch, found)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        report = metadata.reporter(found, path, "")
        report(code="PF111", message=message, effect="distributions in it are not seen", fix="make it readable")
        segment.diagnostics = tuple(found)
        return segment
    for folder, key in folders:
        _scan_folder(segment, folder, key, watch, found, deep=deep)
    segment.watched, segment.rows_signature = watch.names, watch.signature
    segment.diagnostics = tuple(found)
    segment.checked = deep
    segment.storable = deep and not watch.racy and _is_same(watch, segment.root_signature)
    return segment


def _is_same(watch: Watch, expected: str) -> bool:
    try:
        return root_signature(os.stat(watch.root)) == expected
    except OSError:
        return False


def _folders(path: str, watch: Watch, found: list[Diagnostic]) -> list[tuple[str, str]]:
    """Return ``(folder, key)`` in the folder's order, those of one distribution together."""
    by_key: dict[str, list[str]] = {}
    with os.scandir(path or os.curdir) as entries:
        names = [entry.name for entry in entries if entry.name.lower().endswith(_ENDINGS)]
    for name in names:
        if name.startswith(("~", ".", "-")):
            report = metadata.reporter(found, os.path.join(path, name), "")
            what = "leftover of an interrupted installation" if name[0] == "~" else "metadata folder without a name"
            fix = "delete the folder once no installer runs"
            report(code="PF110", message=what, effect="it is ignored", fix=fix)
            continue
        by_key.setdefault(_key(watch, name), []).append(name)
    return [(name, key) for key, same in by_key.items() for name in same]


def _key(watch: Watch, folder: str) -> str:
    """Return the normalised name of a metadata folder's distribution.

    A name with hyphens of its own (``foo-bar-1.0.dist-info``) reads as another distribution's; its metadata decides.
    """
    stem, _, ending = folder.rpartition(".")
    name, hyphen, version = stem.partition("-")
    clear = version.count("-") == 0 if ending.lower() == "dist-info" else not hyphen or version[:1].isdigit()
    if not clear:
        fields, _ = read_fields(Watch(watch.path(folder)), ignore)
        name = next(iter((fields or {}).get("name", ())), "") or name
        watch.racy = True  # The index watches one file a folder, and this answer rests on another: scan each time.
    return metadata.normalize(name)


def _scan_folder(segment: Segment, folder: str, key: str, watch: Watch, found: list[Diagnostic], *, deep: bool) -> None:
    base = os.path.join(segment.path, folder)
    own: list[Diagnostic] = []
    name = folder.rpartition(".")[0].partition("-")[0]
    report = metadata.reporter(own, base, name)
    try:
        status = os.stat(base)
    except OSError as error:
        watch.racy = True  # Gone since, or a link that leads nowhere.
        if os.path.islink(base):
            unreadable(metadata.reporter(found, base, ""), "", error)
        return
    index = len(segment.keys)
    segment.keys.append(key)
    segment.abouts.append("")
    watched = len(watch.names)
    if stat.S_ISDIR(status.st_mode):
        segment.rows.extend((index, *row) for row in _entry_points(folder, watch, report))
    if len(watch.names) == watched:
        # Without an entry_points.txt that could change, it is the folder that shows when one is added.
        watch.add(folder, status)
    if deep:
        about = Watch(base)
        about.add("", status)
        distribution = read_distribution(segment.path, folder, key, about, report)
        name = distribution.name
        segment.abouts[index] = about_line(distribution, names=about.names, signature=about.signature)
        watch.racy = watch.racy or about.racy
    found.extend(metadata.named(one, name) for one in own)


def _entry_points(folder: str, watch: Watch, report: "Report") -> list[tuple[str, str, str, str]]:
    def report_here(**found: object) -> None:
        report(**{"name": "entry_points.txt", **found})

    try:
        raw = watch.read(f"{folder}/entry_points.txt")
    except OSError as error:
        path = os.path.join(watch.root, folder, "entry_points.txt")
        if isinstance(error, FileNotFoundError) and not os.path.islink(path):
            return []  # Most distributions declare none. A file added later changes the folder's signature.
        unreadable(report, "entry_points.txt", error)
        return []
    return metadata.parse_entry_points(
        metadata.decode(raw, report_here, what="entry_points.txt", name="entry_points.txt"), report_here
    )
