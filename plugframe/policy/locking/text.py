"""The text of a lock file: JSON, one line a file, the same for the same content; see ``docs/lock.md``."""

from plugframe.policy.locking.values import Lock, LockedDistribution, LockedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = "plugframe-lock"
SCHEMA = 1
_HEX = frozenset("0123456789abcdef")
_DIGITS = 64
_DEEPEST = 64
_FIELDS = {"name", "version", "editable", "requires", "entry-points", "record", "files"}


def write(lock: Lock) -> str:
    """Return the text of a lock.

    Example:
        >>> print(write(Lock(python="cpython-313", hosts=("shop",), distributions={})), end="")
        {
         "plugframe-lock": 1,
         "python": "cpython-313",
         "hosts": [
          "shop"
         ],
         "distributions": {}
        }
    """
    import json

    distributions = {key: _written(one) for key, one in sorted(lock.distributions.items())}
    document = {FORMAT: SCHEMA, "python": lock.python, "hosts": list(lock.hosts), "distributions": distributions}
    return json.dumps(document, indent=1) + "\n"


def _written(one: LockedDistribution) -> "dict[str, Any]":
    return {
        "name": one.name,
        "version": one.version,
        "editable": one.editable,
        "requires": sorted(one.requires),
        "entry-points": {group: dict(sorted(entries.items())) for group, entries in sorted(one.entry_points.items())},
        "record": one.record,
        "files": {path: f"{file.sha256} {file.size}" for path, file in sorted(one.files.items())},
    }


def read(text: str) -> Lock:
    """Return the lock that a text describes; whatever is not exactly as ``write`` would have it is refused.

    Raises:
        ValueError: it is no lock of this version, or damaged.
    """
    import json

    try:
        document = json.loads(text, object_pairs_hook=_unique)
    except RecursionError:
        message = "it is nested too deeply"
        raise ValueError(message) from None
    _expect(isinstance(document, dict) and FORMAT in document, f"it has no {FORMAT!r}")
    _expect(
        document[FORMAT] == SCHEMA and document[FORMAT] is not True,
        f"it is of version {str(document[FORMAT])[:20]}, and this reads {SCHEMA}",
    )
    _expect(set(document) == {FORMAT, "python", "hosts", "distributions"}, "it has fields too many or too few")
    _expect(isinstance(document["python"], str), "its 'python' is no text")
    _expect(isinstance(document["distributions"], dict), "its 'distributions' is no table")
    return Lock(
        python=document["python"],
        hosts=_texts(document["hosts"], "hosts"),
        distributions={key: _distribution(key, value) for key, value in document["distributions"].items()},
    )


def _unique(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
    made = dict(pairs)
    _expect(len(made) == len(pairs), "it says something twice")
    return made


def _distribution(key: str, value: "Any") -> LockedDistribution:  # noqa: ANN401 # whatever the file has
    whose = f"of {key!r}"
    _expect(isinstance(value, dict) and set(value) == _FIELDS, f"the entry {whose} has fields too many or too few")
    _expect(all(isinstance(value[name], str) for name in ("name", "version", "record")), f"a text {whose} is none")
    _expect(isinstance(value["editable"], bool), f"'editable' {whose} is neither true nor false")
    _expect(not value["record"] or _is_digest(value["record"]), f"'record' {whose} is no sha256")
    groups, files = value["entry-points"], value["files"]
    fits = isinstance(groups, dict) and all(
        isinstance(entries, dict) and all(isinstance(target, str) for target in entries.values())
        for entries in groups.values()
    )
    _expect(fits, f"'entry-points' {whose} is no table of tables")
    _expect(isinstance(files, dict), f"'files' {whose} is no table")
    return LockedDistribution(
        name=value["name"],
        version=value["version"],
        editable=value["editable"],
        requires=_texts(value["requires"], "requires"),
        entry_points=groups,
        record=value["record"],
        files={path: _file(path, said) for path, said in files.items()},
    )


def _file(path: str, said: object) -> LockedFile:
    sha256, _, size = said.partition(" ") if isinstance(said, str) else ("", "", "")
    problem = path_problem(path)
    if problem or not (_is_digest(sha256) and size.isascii() and size.isdigit()):
        reason = f"the path {path[:200]!r} {problem}" if problem else f"what it says of {path!r} is no sha256 and size"
        raise ValueError(reason)
    return LockedFile(sha256=sha256, size=int(size))


def path_problem(path: str) -> str:
    r"""Return why a path may not stand in a lock, or an empty string; ``..`` is for what is beside the modules.

    Example:
        >>> path_problem("acme/__init__.py"), path_problem("../../../bin/acme")
        ('', '')
        >>> path_problem("/etc/passwd"), path_problem("acme/../../x")
        ('is not relative', "has a '..' behind a name")
    """
    parts = path.split("/")
    while len(parts) > 1 and parts[0] == "..":
        del parts[0]
    if path.startswith("/") or "\\" in path or path[1:2] == ":":
        return "is not relative"
    if ".." in parts:
        return "has a '..' behind a name"
    if not all(parts) or "." in parts or "\0" in path:
        return "has an empty part"
    return "is nested too deeply" if len(parts) > _DEEPEST else ""


def _texts(value: object, name: str) -> tuple[str, ...]:
    _expect(isinstance(value, list) and all(isinstance(one, str) for one in value), f"{name!r} is no list of texts")
    assert isinstance(value, list)  # noqa: S101 # which type checkers do not see above
    return tuple(value)


def _is_digest(text: str) -> bool:
    return len(text) == _DIGITS and _HEX.issuperset(text)


def _expect(fits: bool, otherwise: str) -> None:  # noqa: FBT001 # an assertion about somebody else's data
    if not fits:
        raise ValueError(otherwise)
