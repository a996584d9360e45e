"""Which hooks plugins implement that declare none, as their last load showed; kept beside the index.

A record is good while nothing changes that it rests on: the plugin's files, the interpreter, and what is installed.
Whatever is wrong with one, or with the file that holds them, means that the plugin is loaded and learned again.
"""

import json
import sys
from threading import Lock

from plugframe.discovery import storage
from plugframe.loading.evidence import Homes, UnknownEvidenceError, evidence, stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from plugframe.discovery.snapshot import Snapshot
    from plugframe.loading.evidence import Stamp
    from plugframe.records import Plugin

_FORMAT = "plugframe learned 1"


class Learned:
    """What the plugins of one host were seen to implement."""

    def __init__(self, host: str, snapshot: "Callable[[], Snapshot]") -> None:
        """Read nothing yet.

        Args:
            host: the host's name.
            snapshot: returns what is installed now.
        """
        self._host = host
        self._snapshot = snapshot
        self._records: dict[str, dict[str, Any]] | None = None
        self._changed = False
        self._generation = 0
        self._lock = Lock()
        self._stamps: dict[str, Stamp] = {}
        self._homes: Homes | None = None

    def hooks_of(self, plugin: "Plugin") -> "tuple[str, ...] | None":
        """Return the hooks that a plugin implements, or None where that must be learned."""
        record = self._read().get(_key(plugin))
        if record is None:
            return None
        if not all(self._is_unchanged(place, known) for place, known in record["places"].items()):
            return None
        homes = self._looked_at()
        if any(homes.of(name) != home for name, home in record["homes"].items()):
            return None
        return tuple(record["hooks"])

    def _looked_at(self) -> Homes:
        homes = self._homes
        if homes is None:
            homes = self._homes = Homes(self._snapshot().environment.path)
        return homes

    def look_again(self) -> None:
        """Take nothing for unchanged any more; between two of these calls every place is looked at once."""
        self._stamps = {}
        self._homes = None

    def _is_unchanged(self, place: str, known: "Stamp") -> bool:
        found = self._stamps.get(place)
        if found is None:
            found = self._stamps[place] = stamp(place)
        return found == known

    def note(
        self, plugin: "Plugin", value: object, hooks: "Mapping[str, object]", before: "frozenset[str] | None"
    ) -> None:
        """Learn what a plugin implements that was just loaded.

        Args:
            plugin: which.
            value: its module or object.
            hooks: the names of the hooks, and the functions that implement them.
            before: the modules that were imported before; None where the plugin's hooks are not all that it brought.
        """
        record = None
        if before is not None:
            try:
                modules, places = evidence(plugin, value, tuple(hooks.values()), before)
                tops = sorted({name.partition(".")[0] for name in modules})
                looked_at = self._looked_at()
                homes = {top: looked_at.of(top) for top in tops}
                record = {"hooks": sorted(hooks), "places": places, "homes": homes}
            except UnknownEvidenceError:
                pass
        known = self._read()
        with self._lock:
            if known.get(_key(plugin)) == record:
                return
            self._changed = True
            if record is None:
                del known[_key(plugin)]
            else:
                known[_key(plugin)] = record

    def forget(self) -> None:
        """Look at the file again, and at what is installed."""
        self.save()
        with self._lock:
            self._generation += 1
            self._records = None

    def save(self) -> None:
        """Write what was learned since it was read."""
        if not self._changed:
            return
        self._changed = False
        path, known = self._path(), self._records
        if path is None or known is None:
            return
        with self._lock:
            content = json.dumps(_packed(self._rests_on(), known)).encode("utf-8", "surrogatepass")
        storage.write(path, f"{_FORMAT} {storage.digest(content)}\n".encode() + content)

    def _path(self) -> "str | None":
        return storage.file_for(f"learned\t{self._host}\t{self._snapshot().environment.key}")

    def _rests_on(self) -> list[str]:
        """Return what any plugin's hooks may depend on."""
        flags = [str(getattr(sys.flags, name)) for name in ("optimize", "utf8_mode", "isolated", "dev_mode")]
        return [sys.version, sys.executable, *flags, self._snapshot().fingerprint()]

    def _read(self) -> "dict[str, dict[str, Any]]":
        while True:
            known, generation = self._records, self._generation
            if known is not None:
                return known
            loaded = self._load()
            with self._lock:  # Of threads that read at once, all must go on with the same.
                if self._records is None and generation == self._generation:  # else somebody wants another look
                    self._records = loaded

    def _load(self) -> "dict[str, dict[str, Any]]":
        path = self._path()
        raw, _ = storage.read(path) if path else (b"", "")
        head, _, content = raw.partition(b"\n")
        if head != f"{_FORMAT} {storage.digest(content)}".encode():
            return {}
        try:
            document = json.loads(content.decode("utf-8", "surrogatepass"))
            if document["rests_on"] != self._rests_on():
                return {}
            places = list(document["places"].items())
            return {
                key: {
                    "hooks": list(map(str, hooks)),
                    "places": dict(places[one] for one in numbers),
                    "homes": dict(homes),
                }
                for key, (hooks, numbers, homes) in document["plugins"].items()
            }
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return {}  # Whatever it is, it is no record of ours.


def _packed(rests_on: list[str], records: "Mapping[str, dict[str, Any]]") -> "dict[str, Any]":
    """Return what is written: every place once, since most plugins rest on the application too."""
    places = {place: known for record in records.values() for place, known in record["places"].items()}
    numbers = {place: number for number, place in enumerate(places)}
    plugins = {
        key: (record["hooks"], [numbers[place] for place in record["places"]], record["homes"])
        for key, record in records.items()
    }
    return {"rests_on": rests_on, "places": places, "plugins": plugins}


def _key(plugin: "Plugin") -> str:
    return "\t".join((plugin.name, plugin.entry_point.value, str(plugin.distribution)))
