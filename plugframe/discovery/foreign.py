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

    from plugframe.discovery.metadata import Report


def scan_archive(path: str) -> Segment:
    """Return what a zip file or an egg holds; of a file that is no archive, an empty segment with the diagnostic."""
    import stat
    import zipfile

    watch = Watch(path)
    status = os.stat(path)
    found: list[Diagnostic] = []
    segment = Segment(path, describe_in_archive)
    segment.root_signature = root_signature(status)
    if os.path.isdir(path):
        _add(segment, _in_egg(path), found)
    else:
        try:
            # Neither a pipe nor a device may be opened, which could take forever.
            with zipfile.ZipFile(path if stat.S_ISREG(status.st_mode) else os.devnull) as archive:
                _add(segment, _in_zip(archive, path), found)
        except Exception as error:  # noqa: BLE001 # zipfile raises many kinds for broken archives
            report = metadata.reporter(found, path, "")
            message = f"no zip archive that can be read: {_told(error)}"
            report(code="PF111", message=message, effect="nothing is found in it", fix="take it off the path")
    segment.diagnostics = tuple(found)
    # A zip file's own size and times cover all in it; an unpacked egg's do not.
    segment.rows_signature = COVERED
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
    root = zipfile.Path(archive)
    tops = dict.fromkeys(name.partition("/")[0] for name in archive.namelist())
    by_key: dict[str, list[str]] = {}
    for name in tops:
        if name.lower().endswith(endings):
            by_key.setdefault(metadata.normalize(name.rpartition(".")[0].partition("-")[0]), []).append(name)
    for name in (name for same in by_key.values() for name in same):
        yield PathDistribution(root.joinpath(name))  # type: ignore[arg-type] # a SimplePath in all but name


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
        elif _finds_distributions(finder):
            found.append((name, finder))
    return found if any(kind == "path" for kind, _ in found) else [*found, ("path", None)]


_PATH_FINDERS = ("_frozen_importlib_external.", "importlib_metadata.", "importlib.", "setuptools.", "pkg_resources.")


def _finds_distributions(finder: object) -> bool:
    try:
        return getattr(finder, "find_distributions", None) is not None
    except Exception:  # noqa: BLE001 # asking it reports the failure
        return True


def _qualified_name(finder: object) -> str:
    cls = finder if isinstance(finder, type) else type(finder)
    return f"{cls.__module__}.{cls.__qualname__}"


def ask_finder(name: str, finder: object, path: list[str]) -> Segment:
    """Return what one foreign finder finds; a failure is a diagnostic of that finder."""
    segment = Segment(name, _never)
    found: list[Diagnostic] = []
    distributions: list[importlib_metadata.Distribution] = []
    try:
        distributions.extend(finder.find_distributions(_context(path)))  # type: ignore[attr-defined] # foreign
    except Exception as error:  # noqa: BLE001 # a finder may fail in any way, and the others still answer
        report = metadata.reporter(found, name, "")
        message = f"this finder failed: {_told(error)}"
        report(code="PF130", message=message, effect="its distributions are not seen", fix="update its package")
    _add(segment, distributions, found)
    segment.diagnostics = tuple(found)
    return segment


def _context(path: list[str]) -> "importlib_metadata.DistributionFinder.Context":
    from importlib_metadata import DistributionFinder

    return DistributionFinder.Context(path=path)  # type: ignore[no-untyped-call] # upstream has no annotations there


def _add(segment: Segment, distributions: "Iterable[importlib_metadata.Distribution]", found: list[Diagnostic]) -> None:
    for distribution in distributions:
        own: list[Diagnostic] = []
        try:
            record = _record(distribution, segment.path)
            report = metadata.reporter(own, record.metadata_path, record.name)
            rows = [_row(entry, report) for entry in distribution.entry_points]
            about = about_line(record, names=[], signature=COVERED)
        except Exception as error:  # noqa: BLE001 # foreign code and foreign data, one distribution at a time
            report = metadata.reporter(own, _place(distribution, segment.path), "")
            message = f"its metadata cannot be read: {_told(error)}"
            report(code="PF111", message=message, effect="this distribution is not seen", fix="reinstall it")
        else:
            if not record.has_metadata:
                report(code="PF113", message="the metadata has no Name", effect="it is named after its folder")
            segment.rows.extend((len(segment.keys), *row) for row in rows)
            segment.keys.append(record.key)
            segment.abouts.append(about)
        found += [metadata.named(one, one.distribution) for one in own]


def _place(distribution: object, otherwise: str) -> str:
    try:
        return str(getattr(distribution, "_path", otherwise))
    except Exception:  # noqa: BLE001 # foreign code
        return otherwise


def _told(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 # of foreign code, not even this is sure
        return type(error).__name__


def _row(entry: "importlib_metadata.EntryPoint", report: "Report") -> tuple[str, str, str, str]:
    group, name, value = str(entry.group), str(entry.name), str(entry.value)
    problem = metadata.name_problem(name) or metadata.value_problem(value)
    if problem:
        message = f"entry point {name!r} of group {group!r}: {problem}"
        report(code="PF106", message=message, effect="it cannot be loaded")
    return group, name, value, problem


def _record(distribution: "importlib_metadata.Distribution", location: str) -> Distribution:
    place = _place(distribution, location)
    folder = place.rstrip("/")
    if os.path.basename(folder).lower() == "egg-info":
        folder = os.path.dirname(folder)  # an egg is itself named after the distribution
    stem, _, version = os.path.basename(folder).rpartition(".")[0].partition("-")
    name = _field(distribution, "Name")
    raw = distribution.read_text("direct_url.json")
    origin, url = metadata.read_direct_url(raw.encode()) if raw else ("unknown", None)
    return Distribution(
        name=name or stem,
        version=_field(distribution, "Version") or version,
        key=metadata.normalize(name or stem),
        location=location,
        metadata_path=place,
        origin=origin,
        url=url,
        requested=True if distribution.read_text("REQUESTED") is not None else None,
        requires=tuple(map(str, distribution.requires or ())),
        has_metadata=bool(name),
    )


def _field(distribution: "importlib_metadata.Distribution", name: str) -> str:
    fields = distribution.metadata
    return str(next(iter(fields.get_all(name) or ()), "")) if fields is not None else ""


def describe_in_archive(location: str, folder: str, key: str) -> Distribution:
    """Return one distribution of an archive by reading all of it again."""
    segment = scan_archive(location)
    if key in segment.keys:
        return segment.distribution(segment.keys.index(key))
    return _never(location, folder, key)


def _never(location: str, folder: str, key: str) -> Distribution:
    """Stand for a distribution that went away between two looks; what a finder finds is described at once."""
    return Distribution(name=key, version="", key=key, location=location, metadata_path=folder or location)
