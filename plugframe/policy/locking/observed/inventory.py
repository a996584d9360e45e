"""The files of one distribution as they are, and where its RECORD says otherwise.

``take`` is the main function.
"""

import os

from plugframe.policy.locking.observed.content import observe, read_all
from plugframe.policy.locking.observed.folders import is_bytecode, owned, walk
from plugframe.policy.locking.observed.recorded import LARGEST, Place, Row, rows
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from plugframe.policy.locking.values import LockedFile
    from plugframe.records import Distribution

    Watch = Callable[[str, int], None]


class Inventory(Record):
    """What was observed of one distribution.

    Attributes:
        files: path below the folder of the metadata folder, to what is in it; bytecode of sources, and RECORD, left
            out.
        record: the sha256 of its RECORD; empty when it has none.
        disagreements: path and what is wrong with it, where RECORD and what is there differ, sorted.
    """

    __slots__ = ("files", "record", "disagreements")

    files: "Mapping[str, LockedFile]"
    record: str
    disagreements: tuple[tuple[str, str], ...]

    def __init__(
        self, *, files: "Mapping[str, LockedFile]", record: str, disagreements: tuple[tuple[str, str], ...]
    ) -> None:
        self._fill(files, record, disagreements)


def take(distribution: "Distribution", others: "Callable[[], Collection[str]]", watch: "Watch") -> Inventory:
    """Return what is there of a distribution. Reads all its files, and runs none.

    Args:
        distribution: an installed one.
        others: returns the absolute paths that all distributions' RECORDs name; called when a file is in none of its
            own rows.
        watch: called with each path and its size.

    Raises:
        ValueError: it cannot be told which files are its own.
    """
    place = Place(distribution.location)
    recorded, record = read_record(distribution)
    files: dict[str, LockedFile] = {}
    wrong: list[tuple[str, str]] = []
    for row in recorded:
        problem = place.problem(row.path)
        if problem:
            wrong.append((row.path, f"{problem}; it is not read"))
            continue
        problem = _look(row, place.path(row.path), files)
        if problem:
            wrong.append((row.path, problem))
        elif row.path in files:
            watch(row.path, files[row.path].size)
    for path in _surplus(place, {row.path for row in recorded}, _metadata_name(distribution), others):
        problem = _look(Row(path=path), place.path(path), files)
        wrong.append((path, problem or "RECORD does not name it"))
    return Inventory(files=files, record=record, disagreements=tuple(sorted(wrong)))


def read_record(distribution: "Distribution") -> tuple[list[Row], str]:
    """Return the rows of a distribution's RECORD but for its own and those of bytecode, and its sha256.

    Raises:
        ValueError: it has none that can be read.
    """
    from hashlib import sha256

    path = os.path.join(distribution.metadata_path, "RECORD")
    try:
        content = read_all(path, most=LARGEST)
        found = list(rows(content.decode()))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"it cannot be told which files are its own: {path}: {reason}"
        raise ValueError(message) from error
    own = f"{_metadata_name(distribution)}/RECORD"
    return [row for row in found if row.path != own and not is_bytecode(row.path)], sha256(content).hexdigest()


def _metadata_name(distribution: "Distribution") -> str:
    return os.path.basename(distribution.metadata_path)


def _look(row: Row, path: str, files: "dict[str, LockedFile]") -> str:
    """Put what is in a row's file among others, and return where the row says otherwise."""
    try:
        found = observe(path)
    except FileNotFoundError:
        return "RECORD names it, and it is not there"
    except (OSError, ValueError) as error:
        return f"it cannot be read: {getattr(error, 'strerror', None) or error}"
    files[row.path] = found
    if row.sha256 and row.sha256 != found.sha256:
        return "its sha256 is not the one in RECORD"
    return "its size is not the one in RECORD" if row.size not in (None, found.size) else ""


def _surplus(
    place: Place, known: "Collection[str]", metadata: str, others: "Callable[[], Collection[str]]"
) -> list[str]:
    """Return the files in a distribution's own folders that are in none of its rows, nor in another's."""
    found = [
        path
        for folder in owned([*known, f"{metadata}/RECORD"])
        for path, _ in walk(place.location, folder)
        if path not in known and path != f"{metadata}/RECORD" and not is_bytecode(path)
    ]
    return [path for path in found if place.path(path) not in others()] if found else []


def claims(distributions: "Iterable[Distribution]") -> frozenset[str]:
    """Return the absolute paths that the RECORDs of some distributions name."""
    found: set[str] = set()
    for distribution in distributions:
        place = Place(distribution.location)
        try:
            recorded, _ = read_record(distribution)
        except ValueError:
            continue
        found.update(place.path(row.path) for row in recorded if not place.problem(row.path))
    return frozenset(found)
