"""The room's main function: the path's entries to one ``Snapshot`` of what is installed."""

import os
import sys

from plugframe.discovery.index import Index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from plugframe.discovery.provenance import Requirers
    from plugframe.discovery.segments import Segment
    from plugframe.records import Diagnostic, Distribution, EntryPoint


class Environment:
    """One interpreter's installation, as far as finding distributions goes.

    Attributes:
        path: its path entries, in order.
        prefix: the environment's folder.
        base_prefix: the folder of the interpreter that the environment was made from.
        cache_tag: such as ``cpython-313``.
        live: path entries whose content the index must not keep: the working and the script folder.
        is_current: whether it is this process's own, so that its finders can be asked.
        gaps: what could not be found out, a sentence each.
        markers: marker variables (PEP 508) in which it differs from this process's own.
    """

    __slots__ = ("base_prefix", "cache_tag", "gaps", "is_current", "live", "markers", "path", "prefix")

    def __init__(
        self,
        path: "Sequence[str]",
        *,
        prefix: str,
        base_prefix: str,
        cache_tag: str,
        is_current: bool = False,
        gaps: tuple[str, ...] = (),
        markers: dict[str, str] | None = None,
    ) -> None:
        self.path = tuple(dict.fromkeys(path))
        self.prefix = prefix
        self.base_prefix = base_prefix
        self.cache_tag = cache_tag
        self.is_current = is_current
        self.gaps = gaps
        self.markers = markers
        self.live = _live_entries() if is_current else frozenset()

    @property
    def key(self) -> str:
        """One line that is the same for every process of this environment."""
        from plugframe.discovery.segments import escape

        return "\t".join(map(escape, ("environment", self.prefix, self.base_prefix, self.cache_tag)))


def current_environment(path: "Sequence[str] | None" = None) -> Environment:
    """Return this process's environment.

    Args:
        path: its path entries; None means ``sys.path`` as it is now.
    """
    entries: Sequence[object] = sys.path if path is None else path
    overlays = os.environ.get("PLUGFRAME_OVERLAY", "").split(os.pathsep)  # their folders hold no distributions
    environment = Environment(
        # Some programs put path objects there; the import system passes over what is no string.
        [entry for entry in entries if isinstance(entry, str) and (not entry or entry not in overlays)],
        prefix=sys.prefix,
        base_prefix=sys.base_prefix,
        cache_tag=sys.implementation.cache_tag or sys.implementation.name,
        is_current=True,
    )
    if getattr(sys, "frozen", False):
        from plugframe.discovery.bundle import look_into

        environment.prefix = environment.base_prefix = (
            sys.executable
        )  # the program; its folders may be new at each start
        environment.path, inside = look_into(environment.path)
        environment.live |= inside
    return environment


def _live_entries() -> frozenset[str]:
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        here = os.getcwd()
    except OSError:
        here = ""
    scripts = {os.path.dirname(os.path.abspath(main)), os.path.dirname(os.path.realpath(main))} if main else set()
    # "python -m" puts the working folder first, under its name and for good.
    as_module = getattr(sys.modules.get("__main__"), "__spec__", None) is not None
    return frozenset(("", os.curdir, here, *(sys.path[:1] if as_module else ()), *scripts))


def discover(environment: Environment | None = None, *, deep: bool = False) -> "Snapshot":
    """Return what is installed in an environment. Reads files, writes the index, imports no plugin.

    Args:
        environment: None means this process's own.
        deep: check or read every distribution's metadata, as listing wants it, not only what leads to the names of
            entry points.
    """
    environment = environment or current_environment()
    index = Index(environment.key)
    sources = list(_sources(environment, index, deep=deep))
    index.save()
    return Snapshot(environment, sources, index)


def _sources(environment: Environment, index: Index, *, deep: bool) -> "Iterator[Segment]":
    finders: Sequence[tuple[str, object]] = (("path", None),)
    if environment.is_current and any(map(_may_find, sys.meta_path)):
        from plugframe.discovery.foreign import finders as installed_finders

        finders = installed_finders()
    for name, finder in finders:
        if name != "path":
            from plugframe.discovery.foreign import ask_finder

            yield ask_finder(name, finder, list(environment.path))
            continue
        for path in environment.path:
            segment = _entry(path, environment, index, deep=deep)
            if segment is not None:
                yield segment


def _may_find(finder: object) -> bool:
    """Return whether a finder is not the interpreter's own, and can find distributions."""
    try:
        own = getattr(finder, "__module__", "").startswith("_frozen_importlib")
        return not own and hasattr(finder, "find_distributions")
    except Exception:  # noqa: BLE001 # foreign code; whoever asks it for distributions reports the failure
        return True


def _entry(path: str, environment: Environment, index: Index, *, deep: bool) -> "Segment | None":
    live = path in environment.live or not os.path.isabs(path)
    if not os.path.exists(path or os.curdir) or (live and _has_nothing(path)):
        return None  # Entries that do not exist are ordinary, such as python313.zip.
    segment = None if live else index.find(path, deep=deep)
    if segment is not None:
        return segment
    keep = not live and index.writable()
    if os.path.isdir(path or os.curdir) and not path.lower().rstrip("/").endswith(".egg"):
        from plugframe.discovery.scanner import scan

        segment = scan(path, deep=deep or keep)
    else:
        from plugframe.discovery.foreign import scan_archive

        try:
            segment = scan_archive(path)
        except FileNotFoundError:
            return None  # It went away just now.
    if keep and segment.storable:
        index.put(segment)
    return segment


def _has_nothing(path: str) -> bool:
    """Return whether a folder certainly holds no metadata; spares most live entries the import of the scanner."""
    try:
        return not any(name.lower().endswith(("-info", ".egg")) for name in os.listdir(path or os.curdir))
    except (OSError, ValueError):
        return False


class Snapshot:
    """What is installed in one environment at one moment.

    It is read-only; make a new one to see changes. Of several copies of one distribution, one counts: the first on the
    path that has metadata, and within one folder the highest version. The others are shadowed.

    Attributes:
        environment: whose.
        index: tells which path entries were answered from the index.
    """

    def __init__(self, environment: Environment, segments: "list[Segment]", index: Index) -> None:
        self.environment = environment
        self.index = index
        self._segments = segments
        self._known: dict[tuple[int, int], Distribution] = {}
        self._losers: dict[tuple[int, int], tuple[int, int]] = {}
        self._requirers: Requirers | None = None
        self._merge()

    def _merge(self) -> None:
        keys = [key for segment in self._segments for key in segment.keys]
        if len(set(keys)) == len(keys):
            return
        places: dict[str, tuple[int, int]] = {}
        copies: dict[str, list[tuple[int, int]]] = {}
        for number, segment in enumerate(self._segments):
            for index, key in enumerate(segment.keys):
                first = places.setdefault(key, (number, index))
                if first != (number, index):
                    copies.setdefault(key, [first]).append((number, index))
        for several in copies.values():
            from plugframe.discovery.copies import rank

            winner, *losers = rank(several, self.distribution_at)
            self._losers.update(dict.fromkeys(losers, winner))

    def distribution_at(self, place: tuple[int, int]) -> "Distribution":
        """Return the distribution at a place: position of the path entry, position in it."""
        if place not in self._known:
            self._known[place] = self._segments[place[0]].distribution(place[1])
        return self._known[place]

    def find(self, key: str) -> "Distribution | None":
        """Return the distribution of a normalised name, or None where none is installed."""
        for number, segment in enumerate(self._segments):
            if key in segment.keys:
                for index, other in enumerate(segment.keys):
                    if other == key and (number, index) not in self._losers:
                        return self.distribution_at((number, index))
        return None

    def names(self, group: str) -> "list[tuple[tuple[int, int], str]]":
        """Return the names in a group without making a record of any, shadowed distributions left out.

        Returns:
            ``(place, name)`` in the order of ``entry_points``; a place stands for a distribution, see
            ``distribution_at``.
        """
        losers = self._losers
        return [
            (place, row[2])
            for number, segment in enumerate(self._segments)
            for row in segment.rows_of(group)
            if (place := (number, row[0])) not in losers
        ]

    def entry_points(
        self, group: str | None = None, *, shadowed: bool = False, among: "Container[str] | None" = None
    ) -> "tuple[EntryPoint, ...]":
        """Return the entry points of one group, or all.

        Args:
            group: None means all groups.
            shadowed: return those of shadowed distributions instead.
            among: the normalised names of the only distributions whose are returned; None means all.

        Returns:
            In the order of ``importlib_metadata.entry_points``: path entries, then each folder's own order, then
            lines. Those with a ``problem`` are among them.
        """
        from plugframe.records import EntryPoint

        return tuple(
            EntryPoint(
                group=row[1],
                name=row[2],
                value=row[3],
                distribution=self.distribution_at((number, row[0])),
                problem=row[4] or None,
            )
            for number, segment in enumerate(self._segments)
            for row in (segment.rows if group is None else segment.rows_of(group))
            if ((number, row[0]) in self._losers) is shadowed and (among is None or segment.keys[row[0]] in among)
        )

    def groups(self) -> dict[str, int]:
        """Return every group with the number of its entry points, sorted by name."""
        counts: dict[str, int] = {}
        for number, segment in enumerate(self._segments):
            for index, group, *_ in segment.rows:
                if (number, index) not in self._losers:
                    counts[group] = counts.get(group, 0) + 1
        return dict(sorted(counts.items()))

    def distributions(self) -> "tuple[Distribution, ...]":
        """Return every distribution that counts, in the order found."""
        return tuple(self.distribution_at(place) for place in self._places() if place not in self._losers)

    def _places(self) -> "Iterator[tuple[int, int]]":
        for number, segment in enumerate(self._segments):
            for index in range(len(segment.keys)):
                yield number, index

    def shadowed(self) -> "tuple[tuple[Distribution, str], ...]":
        """Return the distributions that do not count, each with the reason, in the order found."""
        from plugframe.discovery.copies import reason

        return tuple(
            (self.distribution_at(loser), reason(self.distribution_at(loser), self.distribution_at(winner)))
            for loser, winner in sorted(self._losers.items())
        )

    def fingerprint(self) -> str:
        """Return a text that changes with the path and with the distributions that are installed."""
        from plugframe.discovery.storage import digest

        folders = map(os.path.abspath, self.environment.path)
        installed = (f"{one.metadata_path}\t{one}" for one in self.distributions())
        return digest("\n".join((*folders, *installed)).encode("utf-8", "surrogatepass"))

    def required_by(self, distribution: "Distribution") -> tuple[str, ...]:
        """Return the chain of distributions that pulled one in, from the one that somebody asked for.

        Reads every distribution's requirements at the first call. Empty when somebody asked for it itself, or when
        nothing requires it.
        """
        return self._who_requires().chain(distribution)

    def requirers(self, distribution: "Distribution") -> tuple[str, ...]:
        """Return who requires a distribution directly, as ``name`` or ``name[extra]``, sorted."""
        return self._who_requires().direct(distribution)

    def _who_requires(self) -> "Requirers":
        if self._requirers is None:
            from plugframe.discovery.provenance import Requirers

            self._requirers = Requirers(self.distributions(), self.environment.markers)
        return self._requirers

    def diagnostics(self) -> "tuple[Diagnostic, ...]":
        """Return the defects found, sorted by code and place. Complete only after ``discover(deep=True)``."""
        from plugframe.discovery.copies import diagnose

        found = [found for segment in self._segments for found in segment.diagnostics]
        pairs = [(self.distribution_at(loser), self.distribution_at(winner)) for loser, winner in self._losers.items()]
        return tuple(sorted([*found, *diagnose(pairs)], key=lambda one: (one.code, one.path, one.line, one.message)))
