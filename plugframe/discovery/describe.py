"""One metadata folder to a ``Distribution``: name, version, requirements and where it was installed from."""

import os

from plugframe.discovery import metadata
from plugframe.discovery.files import Watch
from plugframe.records import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.discovery.metadata import Report

SOURCES = ("METADATA", "PKG-INFO", "")  # an old .egg-info may be one file: then it is itself the metadata
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_MARKS_REQUESTED = ("pip", "uv")  # installers that write REQUESTED, so that its absence means something


def describe(location: str, folder: str, key: str) -> Distribution:
    """Return the distribution of one metadata folder as its files describe it now."""
    return read_distribution(location, folder, key, Watch(os.path.join(location, folder)), ignore)


def ignore(**_: object) -> None:
    """Take a defect that somebody else reports."""


def read_distribution(location: str, folder: str, key: str, watch: Watch, report: "Report") -> Distribution:
    """Return the distribution of one metadata folder.

    Args:
        location: the path entry.
        folder: the metadata folder's name in it.
        key: the distribution's normalised name.
        watch: over that folder; learns which files the answer rests on.
        report: called for each defect (see ``metadata.reporter``).
    """
    name, _, version = folder.rpartition(".")[0].partition("-")
    read, source = read_fields(watch, report)
    fields = read or {}
    if read is not None:
        _check(fields, source, key, report)
    requires = tuple(fields.get("requires-dist", ()))
    origin: tuple[str, str | None] = ("unknown", None)
    requested = None
    if folder.lower().endswith(".egg-info"):
        requires = requires or _egg_requirements(watch)
    else:
        origin, requested = _origin(watch, report), _requested(watch)
    return Distribution(
        name=_first(fields, "name") or name,
        version=_first(fields, "version") or version.partition("-")[0],
        key=key,
        location=location,
        metadata_path=watch.root,
        origin=origin[0],
        url=origin[1],
        requested=requested,
        requires=requires,
        has_metadata=source is not None,
    )


def read_fields(watch: Watch, report: "Report") -> tuple[dict[str, list[str]] | None, str | None]:
    """Return the metadata's fields and the file that they are in.

    Returns:
        No fields and None where there is no such file; None and the file where it cannot be read.
    """
    for source in SOURCES:
        try:
            raw = watch.read(source, until=b"\n\n")
        except OSError as error:
            if isinstance(error, _ABSENT) and not os.path.islink(watch.path(source)):
                continue
            unreadable(report, source, error)
            return None, source
        return metadata.parse_fields(metadata.decode(raw, report, what=source or "the file", name=source)), source
    return {}, None


def unreadable(report: "Report", name: str, error: OSError) -> None:
    """Report a file that cannot be read."""
    message = f"{name} cannot be read: {error.strerror or error}"
    report(code="PF111", name=name, message=message, effect="what it declares is not seen", fix="make it readable")


def _first(fields: dict[str, list[str]], field: str) -> str:
    return next(iter(fields.get(field, ())), "")


def _check(fields: dict[str, list[str]], source: str | None, key: str, report: "Report") -> None:
    if source is None:
        effect = "its name and version are taken from the folder's name; installers cannot remove it"
        report(code="PF112", message="there is no METADATA", effect=effect, fix="delete the folder, or reinstall")
        return
    for field in ("Name", "Version"):
        if not _first(fields, field.lower()):
            effect = f"its {field.lower()} is taken from the folder's name"
            report(code="PF113", name=source, message=f"the metadata has no {field}", effect=effect)
    name = _first(fields, "name")
    if name and metadata.normalize(name) != key:
        effect = "tools disagree about which distribution this is"
        report(code="PF114", name=source, message=f"the metadata names {name!r}, its folder does not", effect=effect)


def _origin(watch: Watch, report: "Report") -> tuple[str, str | None]:
    try:
        return metadata.read_direct_url(watch.read("direct_url.json"))
    except _ABSENT as error:
        if not os.path.islink(watch.path("direct_url.json")):
            return "index", None
        unreadable(report, "direct_url.json", error)
        return "unknown", None
    except (OSError, ValueError, RecursionError) as error:
        message = f"direct_url.json cannot be used: {error}"
        report(code="PF115", name="direct_url.json", message=message, effect="its origin is not known")
        return "unknown", None


def _requested(watch: Watch) -> bool | None:
    try:
        watch.status("REQUESTED")
    except OSError:
        pass
    else:
        return True
    try:
        installer = watch.read("INSTALLER").decode(errors="replace").strip()
    except OSError:
        return None
    return False if installer in _MARKS_REQUESTED else None


def _egg_requirements(watch: Watch) -> tuple[str, ...]:
    try:
        return metadata.requirements_of_egg(watch.read("requires.txt").decode(errors="replace"))
    except OSError:
        return ()
