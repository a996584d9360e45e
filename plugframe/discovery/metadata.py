"""The text formats inside a distribution's metadata folder, each read tolerantly.

Sources: the core metadata and entry points specifications on packaging.python.org, PEP 610 (``direct_url.json``)
and PEP 376 (``REQUESTED``).
"""

import os

from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Row = tuple[str, str, str, str]
    Report = Callable[..., None]


def normalize(name: str) -> str:
    """Return a distribution name as the tools compare it (PEP 503, with underscores).

    Example:
        >>> normalize("Acme.Vision--extra")
        'acme_vision_extra'
    """
    name = name.lower().replace("-", "_").replace(".", "_")
    while "__" in name:
        name = name.replace("__", "_")
    return name


def decode(raw: bytes, report: "Report", *, what: str, name: str) -> str:
    """Return the text of a metadata file; a defect in its encoding is reported and the rest kept.

    Args:
        raw: the file's bytes.
        report: called with ``code``, ``message`` and ``effect`` for each defect.
        what: the file, for messages.
        name: its name below the metadata folder; empty for the folder's own.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
        effect = "other tools do not see the first section or field"
        report(code="PF102", name=name, message=f"{what} starts with a byte order mark", effect=effect)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        effect = "other tools refuse the whole file; the unreadable characters are shown as they can be"
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"{what} is not UTF-8 (byte {error.start})"
        report(code="PF101", name=name, message=message, line=line, effect=effect)
        return raw.decode(errors="backslashreplace")


def parse_entry_points(text: str, report: "Report") -> "list[Row]":
    """Return the rows of an ``entry_points.txt`` as ``(group, name, value, problem)``, in file order.

    Args:
        text: the file's text.
        report: called with ``code``, ``message``, ``line`` and ``effect`` for each defect.

    Returns:
        Every row that has a group and a name, those with a ``problem`` (a sentence, else empty) included.
    """
    rows: list[Row] = []
    seen: set[tuple[str, str]] = set()
    group: str | None = None
    group_problem = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()  # noqa: PLW2901 # the stripped line is the line, as for every reader of this format
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            group, group_problem = _group(line.strip("[]"), number, report)
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if group is None or not equals:
            wrong = "line without '='" if group is not None else "line above the first [group]"
            effect = "this line is left out" + ("" if equals else "; importlib.metadata fails for all distributions")
            report(code="PF103", message=f"{wrong}: {line[:80]!r}", line=number, effect=effect)
            continue
        problem = group_problem or name_problem(name) or value_problem(value)
        if problem:
            code = "PF105" if group_problem else "PF104" if name_problem(name) else "PF106"
            message = f"entry point {name!r} of group {group!r}: {problem}"
            report(code=code, message=message, line=number, effect="it cannot be loaded")
        elif (group, name) in seen:
            message = f"entry point {name!r} of group {group!r} stands twice in one file"
            report(code="PF107", message=message, line=number, effect="the first one is taken")
        seen.add((group, name))
        rows.append((group, name, value, problem))
    return rows


def _group(written: str, number: int, report: "Report") -> tuple[str, str]:
    group = written.strip()
    if group == written and group:
        return group, ""
    problem = f"the group is written {written!r}, which no tool looks for" if group else "the group has no name"
    report(code="PF105", message=problem, line=number, effect="its entries cannot be found by any host")
    return group, problem


def name_problem(name: str) -> str:
    """Return why an entry point may not have this name, or an empty string."""
    if not name:
        return "it has no name"
    if name.startswith("["):
        return "a name must not start with '['"
    return "" if name.isprintable() else "the name has control characters"


def value_problem(value: str) -> str:
    """Return why a value is no object reference ``module[:attribute] [[extras]]``, or an empty string."""
    target, bracket, rest = value.partition("[")
    if bracket and not rest.rstrip().endswith("]"):
        return f"{value!r} has an unclosed '['"
    module, colon, attribute = (part.strip() for part in target.partition(":"))
    if not module:
        return f"{value!r} names no module" if value else "its value is empty"
    parts = module.split(".") + (attribute.split(".") if colon else [])
    # As lenient as importlib.metadata: it loads module names that start with a digit.
    wrong = [part for part in parts if not part.replace("_", "x").isalnum()]
    return f"{value!r} is no reference of the form module:attribute ({wrong[0]!r} is no name)" if wrong else ""


def parse_fields(text: str) -> dict[str, list[str]]:
    r"""Return the header fields of a ``METADATA`` or ``PKG-INFO``: lower-case field name to its values in order.

    Example:
        >>> parse_fields("Name: a\nRequires-Dist: b;\n  extra == 'c'\n\nName: body")
        {'name': ['a'], 'requires-dist': ["b; extra == 'c'"]}
    """
    fields: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.split("\n"):
        line = line.rstrip("\r")  # noqa: PLW2901 # either line ending is allowed
        if not line:
            break
        if line[0] in " \t":
            if current:
                current[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        current = fields.setdefault(name.strip().lower(), []) if colon else []
        if colon:
            current.append(value.strip())
    return fields


def read_direct_url(raw: bytes) -> tuple[str, str | None]:
    """Return the origin and URL that a ``direct_url.json`` records.

    Raises:
        ValueError: it is not what PEP 610 describes.
    """
    import json

    record = json.loads(raw)
    url = record.get("url") if isinstance(record, dict) else None
    if not isinstance(url, str):
        message = "it has no 'url'"
        raise ValueError(message)  # noqa: TRY004 # a file's content is a value, whatever its type
    folder = record.get("dir_info")
    if isinstance(folder, dict):
        return ("editable" if folder.get("editable") else "directory"), url
    return ("vcs" if "vcs_info" in record else "archive"), url


def requirements_of_egg(text: str) -> tuple[str, ...]:
    """Return the requirements of an ``.egg-info/requires.txt`` as PEP 508 strings."""
    requirements = []
    condition = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            parts = [f"({marker})" if marker and extra else marker, f'extra == "{extra}"' if extra else ""]
            condition = " and ".join(filter(None, parts))
        elif not line.startswith("#"):
            requirements.append(f"{line} ; {condition}" if condition else line)
    return tuple(requirements)


MOST_REPORTS = 20


def reporter(into: list[Diagnostic], path: str, distribution: str) -> "Report":
    """Return a function that adds a diagnostic about ``path`` of ``distribution`` to a list.

    Of one folder it takes 20 and says that there are more: a file of garbage has a defect in every line.
    """
    before = len(into)

    def report(*, code: str, message: str, effect: str, line: int = 0, name: str = "", fix: str = "") -> None:
        if len(into) - before >= MOST_REPORTS:
            if len(into) - before > MOST_REPORTS:
                return
            message, line = "there are more defects of these kinds", 0
        place = os.path.join(path, name) if name else path
        into.append(
            Diagnostic(
                code=code, message=message, path=place, line=line, distribution=distribution, effect=effect, fix=fix
            )
        )

    return report


def named(found: Diagnostic, distribution: str) -> Diagnostic:
    """Return a diagnostic with its distribution's name, and what to do where that was not said."""
    fix = found.fix or f"reinstall {distribution}, and tell its authors"
    return found.replace(distribution=distribution, fix=fix)
