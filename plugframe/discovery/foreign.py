"""Distributions that are in no plain folder: in zip files, in eggs, and behind other finders.

importlib-metadata reads them, so that they are what every other tool sees. A finder that some package installed is code
of that package, but it runs in this process already.
"""

import os
import sys

from plugframe.discovery import metadata
from plugframe.discovery.files import Watch, root_signature
from plugframe.discovery.segments import COVERED, Segment, about_line
from plugframe.records import Diagnostic, Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterable, Iterator

    import importlib_metadata


def scan_archive(path: str) -> Segment:
    """Return what a zip file or an egg holds; of a file that is no archive, an empty segment with the diagnostic."""
    import stat
    import zipfile

    status = os.stat(path)
    found: list[Diagnostic] = []
    segment = Segment(path, describe_in_archive)
    segment.root_signature = root_signature(status)
    if os.path.isdir(path):
        _add(segment, _in_egg(path), found)
    elif stat.S_ISREG(status.st_mode) and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            _add(segment, _in_zip(archive, path), found)
    else:
        report = metadata.reporter(found, path, "")
        fix = "take it off the path"
        report(code="PF111", message="neither a folder nor a zip archive", effect="nothing is found in it", fix=fix)
    segment.diagnostics = tuple(found)
    # A zip file's own size and times cover all in it; an unpacked egg's do not.
    segment.rows_signature = COVERED
    watch = Watch(path)
    watch.consider(status)
    segment.storable = not os.path.isdir(path) and not watch.racy
    return segment


def _in_egg(path: str) -> "Iterable[importlib_metadata.Distribution]":
    from importlib_metadata import MetadataPathFinder

    MetadataPathFinder.invalidate_caches()
    return MetadataPathFinder.find_distributions(_context([path]))


def _in_zip(archive: "zipfile.ZipFile", path: str) -> "Iterator[importlib_metadata.Distribution]":
    """Yield what a zip file holds, in the order in which importlib-metadata does.

    Its own finder keeps every zip file that it ever saw open.
    """
    import zipfile

    from importlib_metadata import PathDistribution

    endings = (".dist-info", ".egg-info", *(("egg-info",) if path.lower().endswith(".egg") else ()))
    tops = dict.fromkeys(name.partition("/")[0] for name in archive.namelist())
    by_key: dict[str, list[str]] = {}
    for name in tops:
        if name.lower().endswith(endings):
            by_key.setdefault(metadata.normalize(name.rpartition(".")[0].partition("-")[0]), []).append(name)
    for name in (name for same in by_key.values() for name in same):
        yield PathDistribution(zipfile.Path(archive).joinpath(name))  # type: ignore[arg-type] # a SimplePath in all but name


def finders() -> "list[tuple[str, object]]":
    """Return ``(name, finder)`` of the installed finders that can find distributions, the path's own as ``path``.

    In the order in which importlib-metadata asks them: that of ``sys.meta_path`` once it is imported, which puts its
    own finder for the path at the end.
    """
    found: list[tuple[str, object]] = []
    for finder in sys.meta_path:
        name = _qualified_name(finder)
        if name.endswith(".PathFinder") and name.startswith(_PATH_FINDERS):
            continue  # importing importlib-metadata makes its own finder the path's
        if name.endswith("MetadataPathFinder") and name.startswith(_PATH_FINDERS):
            if all(kind != "path" for kind, _ in found):
                found.append(("path", finder))
        elif getattr(finder, "find_distributions", None) is not None:
            found.append((name, finder))
    return found if any(kind == "path" for kind, _ in found) else [*found, ("path", None)]


_PATH_FINDERS = ("_frozen_importlib_external.", "importlib_metadata.", "importlib.", "setuptools.", "pkg_resources.")


def _qualified_name(finder: object) -> str:
    cls = finder if isinstance(finder, type) else type(finder)
    return f"{cls.__module__}.{cls.__qualname__}"


def ask_finder(name: str, finder: object, path: list[str]) -> Segment:
    """Return what one foreign finder finds; a failure is a diagnostic of that finder."""
    segment = Segment(name, _never)
    found: list[Diagnostic] = []
    try:
        distributions = list(finder.find_distributions(_context(path)))  # type: ignore[attr-defined] # foreign
    except Exception as error:  # noqa: BLE001 # a finder may fail in any way, and the others still answer
        report = metadata.reporter(found, name, "")
        message = f"this finder failed: {type(error).__name__}: {error}"
        report(code="PF130", message=message, effect="its distributions are not seen", fix="update its package")
    else:
        _add(segment, distributions, found)
    segment.diagnostics = tuple(found)
    return segment


def _context(path: list[str]) -> "importlib_metadata.DistributionFinder.Context":
    from importlib_metadata import DistributionFinder

    return DistributionFinder.Context(path=path)  # type: ignore[no-untyped-call] # upstream has no annotations there


def _add(segment: Segment, distributions: "Iterable[importlib_metadata.Distribution]", found: list[Diagnostic]) -> None:
    for distribution in distributions:
        report = metadata.reporter(found, str(getattr(distribution, "_path", segment.path)), "")
        try:
            record = _record(distribution, segment.path)
            rows = [(entry.group, entry.name, entry.value) for entry in distribution.entry_points]
        except Exception as error:  # noqa: BLE001 # foreign code and foreign data, one distribution at a time
            message = f"its metadata cannot be read: {type(error).__name__}: {error}"
            report(code="PF111", message=message, effect="this distribution is not seen", fix="reinstall it")
            continue
        index = len(segment.keys)
        segment.keys.append(record.key)
        segment.abouts.append(about_line(record, names=[], signature=COVERED))
        for group, name, value in rows:
            problem = metadata.name_problem(name) or metadata.value_problem(value)
            if problem:
                message = f"entry point {name!r} of group {group!r}: {problem}"
                report(code="PF106", message=message, effect="it cannot be loaded")
            segment.rows.append((index, group, name, value, problem))


def _record(distribution: "importlib_metadata.Distribution", location: str) -> Distribution:
    name = _field(distribution, "Name")
    raw = distribution.read_text("direct_url.json")
    origin, url = metadata.read_direct_url(raw.encode()) if raw else ("unknown", None)
    return Distribution(
        name=name,
        version=_field(distribution, "Version"),
        key=metadata.normalize(name),
        location=location,
        metadata_path=str(getattr(distribution, "_path", location)),
        origin=origin,
        url=url,
        requested=True if distribution.read_text("REQUESTED") is not None else None,
        requires=tuple(distribution.requires or ()),
    )


def _field(distribution: "importlib_metadata.Distribution", name: str) -> str:
    return next(iter(distribution.metadata.get_all(name) or ()), "")


def describe_in_archive(location: str, folder: str, key: str) -> Distribution:
    """Return one distribution of an archive by reading all of it again."""
    segment = scan_archive(location)
    if key in segment.keys:
        return segment.distribution(segment.keys.index(key))
    return _never(location, folder, key)


def _never(location: str, folder: str, key: str) -> Distribution:
    """Stand for a distribution that went away between two looks; what a finder finds is described at once."""
    return Distribution(name=key, version="", key=key, location=location, metadata_path=folder or location)
