"""Distributions that are in no plain folder: in zip files, in eggs, and behind other finders.

importlib-metadata reads them, so that they are what every other tool sees. A finder that some package installed is code
of that package, but it runs in this process already.
"""

import os
import sys

from plugframe.discovery import metadata
from plugframe.discovery.files import root_signature
from plugframe.discovery.segments import COVERED, Segment, about_line
from plugframe.records import Diagnostic, Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    import importlib_metadata


def scan_archive(path: str) -> Segment:
    """Return what a zip file or an egg holds; of a file that is no archive, an empty segment with the diagnostic."""
    import zipfile

    from importlib_metadata import MetadataPathFinder

    status = os.stat(path)
    found: list[Diagnostic] = []
    segment = Segment(path, describe_in_archive)
    segment.root_signature = root_signature(status)
    if not os.path.isdir(path) and not zipfile.is_zipfile(path):
        report = metadata.reporter(found, path, "")
        fix = "take it off the path"
        report(code="PF111", message="neither a folder nor a zip archive", effect="nothing is found in it", fix=fix)
    else:
        MetadataPathFinder.invalidate_caches()
        _add(segment, MetadataPathFinder.find_distributions(_context([path])), found)
    segment.diagnostics = tuple(found)
    # A zip file's own size and times cover all in it; an unpacked egg's do not.
    segment.rows_signature = COVERED
    segment.storable = not os.path.isdir(path)
    return segment


def finders() -> "list[tuple[str, object]]":
    """Return ``(name, finder)`` of the installed finders that can find distributions, the path's own as ``path``.

    In the order of ``sys.meta_path``, which is the order in which importlib-metadata asks them.
    """
    found: list[tuple[str, object]] = []
    for finder in sys.meta_path:
        name = _qualified_name(finder)
        if name.endswith(("PathFinder", "MetadataPathFinder")) and name.startswith(_PATH_FINDERS):
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
