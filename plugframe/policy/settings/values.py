"""What settings come to: layers, the nearest first, and what they say together about one host."""

from plugframe.discovery.metadata import normalize
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plugframe.errors import SettingsError

    Found = tuple["Source", dict[str, object] | SettingsError]  # what stands there, or why that is unknown

SCOPES = ("variables", "project", "user", "environment", "host")  # the nearest first


class Source(Record):
    """Where a setting stands.

    Attributes:
        scope: ``variables`` (of the process), ``project``, ``user``, ``environment`` (of the interpreter, for
            everybody who uses it), or ``host`` (what the application ships).
        place: the file, or the variable's name.
    """

    __slots__ = ("scope", "place")

    scope: str
    place: str

    def __init__(self, *, scope: str, place: str) -> None:
        self._fill(scope, place)

    def __str__(self) -> str:
        if self.scope == "variables":
            return f"the variable {self.place}"
        return f"{self.place} ({self.scope})" if self.place else "the application itself"


class Ruling(Record):
    """One sentence of settings about one name: disabled or enabled, why, since when, until when.

    Attributes:
        name: as written: a plugin, an entry point or a distribution in any spelling, or ``DISTRIBUTION:PLUGIN``.
        enabled: False where it disables.
        reason: what was given as the reason; empty if nothing was.
        since: the day it was written, ``YYYY-MM-DD``; empty if unknown.
        until: the day from which it does not hold any more; empty for good.
        by: who had it written; empty if unknown.
        source: where it stands.
    """

    __slots__ = ("name", "enabled", "reason", "since", "until", "by", "source")

    name: str
    enabled: bool
    reason: str
    since: str
    until: str
    by: str
    source: Source

    def __init__(
        self,
        *,
        name: str,
        source: Source,
        enabled: bool = False,
        reason: str = "",
        since: str = "",
        until: str = "",
        by: str = "",
    ) -> None:
        self._fill(name, enabled, reason, since, until, by, source)

    def has_ended(self, today: str) -> bool:
        """Return whether it holds no more on a day, ``YYYY-MM-DD``."""
        return bool(self.until) and self.until <= today

    @property
    def told(self) -> str:
        """Why, by whom, where, since and until when, without saying whether it enables."""
        since = f" since {self.since}" if self.since else ""
        until = f" until {self.until}" if self.until else ""
        by = f"by {self.by} " if self.by else ""
        where = f"{by}in {self.source}{since}{until}"
        return f"{self.reason} ({where})" if self.reason else where

    def __str__(self) -> str:
        return f"{'enabled' if self.enabled else 'disabled'}: {self.told}"


class Layer:
    """The settings of one place for one host, checked.

    Attributes:
        source: where they stand.
        values: key to value, as ``settings.keys`` makes it.
    """

    __slots__ = ("source", "values")

    def __init__(self, source: Source, values: "Mapping[str, object]") -> None:
        self.source = source
        self.values = values


class Settings:
    """What all places together say about the plugins of one host.

    Attributes:
        host: the host's name.
        layers: the nearest first: what stands in a nearer one counts.
        problems: what cannot be used. While there is one, no plugin of the host may run: what cannot be read may be
            what disables it.
        safe_mode: why the host starts without plugins; empty if it does not.
        required: the plugins without which the host must not go on, by name, in the order found.
        hosts: the hosts that the places speak of by name, each with the place.
    """

    def __init__(
        self,
        host: str,
        layers: "tuple[Layer, ...]" = (),
        *,
        problems: "tuple[SettingsError, ...]" = (),
        safe_mode: str = "",
        required: tuple[str, ...] = (),
        hosts: "tuple[tuple[str, Source], ...]" = (),
    ) -> None:
        """Keep them, and sort what they say about single names."""
        self.host = host
        self.layers = layers
        self.problems = problems
        self.safe_mode = safe_mode
        self.hosts = hosts
        more = (name for value, _ in self.each("require") if isinstance(value, tuple) for name in value)
        self.required = tuple(dict.fromkeys((*required, *more)))
        self._rulings: dict[str, list[tuple[int, Ruling]]] = {}
        for rank, layer in enumerate(layers):
            for ruling in (*_rulings(layer, "enable"), *_rulings(layer, "disable")):
                self._rulings.setdefault(spelling(ruling.name), []).append((rank, ruling))

    def rulings(self, *names: str) -> "list[Ruling]":
        """Return what is said about something of several names, what counts first.

        The nearest place counts; in one place ``DISTRIBUTION:PLUGIN`` before other names, and what disables before
        what enables.

        Args:
            names: each as ``spelling`` returns it.
        """
        said = [pair for name in names for pair in self._rulings.get(name, ())]
        said.sort(key=lambda pair: (pair[0], ":" not in pair[1].name, pair[1].enabled))
        return [ruling for _, ruling in said]

    def every_ruling(self) -> "list[Ruling]":
        """Return all that is said about single names, the nearest first."""
        said = [pair for several in self._rulings.values() for pair in several]
        return [ruling for _, ruling in sorted(said, key=lambda pair: pair[0])]

    @property
    def says_nothing(self) -> bool:
        """Whether no setting is there at all, so that every plugin is as free as it would be without this room."""
        return not (self.layers or self.problems or self.safe_mode)

    @property
    def mode(self) -> str:
        """``open``, ``direct``, ``allow-list`` or ``locked``."""
        return str(self.get("mode", "open"))

    def find(self, key: str) -> "tuple[object, Source] | None":
        """Return what the nearest place says for a key, and the place; None where none says anything."""
        return next(self.each(key), None)

    def get(self, key: str, default: object = None) -> object:
        """Return what the nearest place says for a key."""
        found = self.find(key)
        return default if found is None else found[0]

    def each(self, key: str) -> "Iterator[tuple[object, Source]]":
        """Yield what each place says for a key, the nearest first, with the place."""
        for layer in self.layers:
            if key in layer.values:
                yield layer.values[key], layer.source

    def names(self, key: str) -> tuple[str, ...]:
        """Return the names that the nearest place lists for a key, as written."""
        found = self.get(key, ())
        return found if isinstance(found, tuple) else ()

    def path(self, key: str) -> str | None:
        """Return the file that a key names, which is relative to the folder of the settings that name it."""
        import os

        found = self.find(key)
        if found is None:
            return None
        folder = "" if found[1].scope == "variables" else os.path.dirname(found[1].place)
        return os.path.abspath(os.path.join(folder, os.path.expanduser(str(found[0]))))


def _rulings(layer: Layer, key: str) -> tuple[Ruling, ...]:
    found = layer.values.get(key, ())
    return found if isinstance(found, tuple) else ()


def spelling(name: str) -> str:
    """Return a name as it is compared: case, ``-``, ``_`` and ``.`` make no difference.

    Example:
        >>> spelling("Acme-Vision:Deep.Net")
        'acme_vision:deep_net'
    """
    return normalize(name.strip())
