"""What a lock says: for each distribution its version, its entry points, and the sha256 and size of every file."""

from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    EntryPoints = Mapping[str, Mapping[str, str]]
    Files = Mapping[str, "LockedFile"]


class LockedFile(Record):
    """A file's content, as it was observed.

    Attributes:
        sha256: 64 hexadecimal digits.
        size: in bytes.
    """

    __slots__ = ("sha256", "size")

    sha256: str
    size: int

    def __init__(self, *, sha256: str, size: int) -> None:
        self._fill(sha256, size)


class LockedDistribution(Record):
    """One distribution, as it was when it was locked.

    Attributes:
        name: as its metadata spells it.
        version: as its metadata spells it.
        editable: whether its modules are somewhere else, and are not locked.
        requires: the keys of the distributions that it needs, sorted.
        entry_points: group to name to value.
        record: the sha256 of its RECORD; empty when it has none.
        files: path below the folder of its metadata folder, with ``/``, to what is in it.
    """

    __slots__ = ("name", "version", "editable", "requires", "entry_points", "record", "files")

    name: str
    version: str
    editable: bool
    requires: tuple[str, ...]
    entry_points: "EntryPoints"
    record: str
    files: "Files"

    def __init__(
        self,
        *,
        name: str,
        version: str,
        editable: bool = False,
        requires: tuple[str, ...] = (),
        entry_points: "EntryPoints",
        record: str = "",
        files: "Files",
    ) -> None:
        self._fill(name, version, editable, requires, entry_points, record, files)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


class Lock(Record):
    """Everything that a lock file says.

    Attributes:
        python: the Python that it was made for, such as ``cpython-313``; what is required differs between them.
        hosts: the hosts whose plugins were locked, sorted.
        distributions: key to distribution, sorted by key.
    """

    __slots__ = ("python", "hosts", "distributions")

    python: str
    hosts: tuple[str, ...]
    distributions: "Mapping[str, LockedDistribution]"

    def __init__(
        self, *, python: str, hosts: tuple[str, ...], distributions: "Mapping[str, LockedDistribution]"
    ) -> None:
        self._fill(python, hosts, distributions)

    def closure(self, key: str) -> "Iterator[str]":
        """Yield a distribution's key and those of all that it needs, each once."""
        waiting, seen = [key], {key}
        while waiting:
            one = waiting.pop()
            yield one
            known = self.distributions.get(one)
            new = [other for other in (known.requires if known else ()) if other not in seen]
            seen.update(new)
            waiting += new
