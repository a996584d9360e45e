"""What ``info`` and ``why`` tell of one plugin, as plain values; nothing of it is imported."""

import os

from plugframe.cli.facts import Facts
from plugframe.cli.programs import reword, step
from plugframe.discovery.files import read_bytes
from plugframe.policy.groups import groups
from plugframe.policy.matching import spellings
from plugframe.policy.rules import quoted
from plugframe.records import EntryPoint, Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugframe.cli.facts import Row


class Details:
    """What can be told of single plugins of one environment."""

    def __init__(self, facts: Facts) -> None:
        """Keep what is known of the environment."""
        self._facts = facts
        self._snapshot = facts.snapshot

    def info(self, plugin: Plugin, *, files: bool = False) -> "Row":
        """Return what a plugin is, what it declares and where, who requires it, and what was decided about it.

        Args:
            plugin: which.
            files: its distribution's files, too, with their hashes as they are now.
        """
        distribution = plugin.distribution
        about = self._facts.row(plugin)
        about |= {
            "file": self.module_file(plugin.entry_point),
            "declares": [self._declared(entry) for entry in self._entries(plugin)],
            "requires": list(distribution.requires),
            "direct_requirers": list(self._snapshot.requirers(distribution)),
            "settings": [str(ruling) for ruling in self._rulings(plugin)],
            "next": self.next_step(plugin),
        }
        if files:
            about["files"] = list(self._files(plugin))
        return about

    def why(self, plugin: Plugin) -> "Row":
        """Return what explains a plugin's state and presence: what, whose, the effect, who installed it, what next."""
        settings = self._facts.of(plugin.host).settings
        mode = settings.find("mode")
        return {
            "host": plugin.host,
            "name": plugin.name,
            "distribution": plugin.distribution.name,
            "version": plugin.distribution.version,
            "state": plugin.state,
            "reason": plugin.decision.reason,
            "what": str(plugin),
            "where": self.place(plugin.entry_point),
            "effect": self.effect(plugin),
            "installed_by": self.installed_by(plugin),
            "required_by": list(self._snapshot.required_by(plugin.distribution)),
            "mode": settings.mode,
            "mode_source": str(mode[1]) if mode else "no setting says otherwise",
            "settings": [str(ruling) for ruling in self._rulings(plugin)],
            "next": self.next_step(plugin),
        }

    def place(self, entry: EntryPoint) -> str:
        """Return the file and line that declare an entry point, as ``file:line``; the file alone where no line is."""
        path = entry.distribution.metadata_path
        if not path:
            return ""
        file = os.path.join(path, "entry_points.txt")
        line = _line_of(entry, file)
        return f"{file}:{line}" if line else file if os.path.exists(file) else path

    def module_file(self, entry: EntryPoint) -> str:
        """Return the file of an entry point's module, found by its path; empty where only an import could tell."""
        if not entry.module:
            return ""
        parts = entry.module.split(".")
        for folder in (entry.distribution.location, *self._snapshot.environment.path):
            base = os.path.join(folder, *parts)
            for file in (os.path.join(base, "__init__.py"), f"{base}.py"):
                if os.path.isfile(file):
                    return file
        return ""

    def effect(self, plugin: Plugin) -> str:
        """Return what a plugin's state means for the application."""
        provides = "; ".join(f"{kind} {', '.join(names)}" for kind, names in plugin.provides.items())
        if plugin.decision.allowed:
            return f"it is imported when something of it is used{f': {provides}' if provides else ''}"
        if plugin.state == "missing":
            return f"{plugin.host} does not run without it"
        others = "the others are not affected"
        return f"nothing of it is imported{f'; not available: {provides}' if provides else ''}; {others}"

    def installed_by(self, plugin: Plugin) -> str:
        """Return who had a plugin's distribution installed."""
        distribution = plugin.distribution
        if plugin.state == "missing":
            return "nobody"
        if distribution.requested:
            return f"somebody asked for {distribution.name}"
        chain = self._snapshot.required_by(distribution)
        if chain:
            return f"required by {' > '.join(chain)}"
        if distribution.requested is None:
            return f"nothing requires {distribution.name}, and its installer does not say who asked for it"
        return f"{distribution.name} came as a dependency, and nothing that is installed requires it"

    def next_step(self, plugin: Plugin) -> str:
        """Return the command that changes a plugin's state, or what else to do about it."""
        name, distribution = quoted(plugin.name), plugin.distribution
        steps = {
            "available": step(f"disable {name}", plugin.host),
            "shadowed": f"pip uninstall {distribution.name}",
            "missing": f"pip install {name}",
            "broken": f"pip install --upgrade {distribution.name}   (or: {step(f'disable {name}', plugin.host)})",
        }
        return reword(plugin.decision.next_step) or steps.get(plugin.state, step("list --all", plugin.host))

    def _rulings(self, plugin: Plugin) -> "list[object]":
        return [*self._facts.of(plugin.host).settings.rulings(*spellings(plugin.entry_point))]

    def _entries(self, plugin: Plugin) -> "Iterator[EntryPoint]":
        """Yield the entry points that are a plugin's: its own, then what it declares of each kind."""
        if plugin.entry_point.value or plugin.entry_point.problem:
            yield plugin.entry_point
        for group in groups(plugin.host)[1:]:
            kind = group.rpartition(".")[2]
            names = plugin.provides.get(kind, ())
            if kind == "hooks":
                names = tuple(f"{plugin.name}.{hook}" for hook in names)
            for shadowed in (False, True):
                for entry in self._snapshot.entry_points(group, shadowed=shadowed):
                    if entry.distribution == plugin.distribution and entry.name in names:
                        yield entry

    def _declared(self, entry: EntryPoint) -> "Row":
        return {
            "group": entry.group,
            "name": entry.name,
            "value": entry.value,
            "place": self.place(entry),
            "file": self.module_file(entry),
        }

    def _files(self, plugin: Plugin) -> "Iterator[Row]":
        import csv

        distribution = plugin.distribution
        try:
            raw = read_bytes(os.path.join(distribution.metadata_path, "RECORD"))
        except OSError as error:
            yield {"path": "RECORD", "size": None, "sha256": None, "problem": f"cannot be read: {error.strerror}"}
            return
        for row in csv.reader(raw.decode("utf-8", "backslashreplace").splitlines()):
            if row and row[0]:
                yield _file(os.path.join(distribution.location, row[0]))


def _file(path: str) -> "Row":
    import hashlib

    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
            return {"path": os.path.normpath(path), "size": size, "sha256": digest, "problem": ""}
    except OSError as error:
        return {"path": os.path.normpath(path), "size": None, "sha256": None, "problem": error.strerror or str(error)}


def _line_of(entry: EntryPoint, file: str) -> int:
    """Return the 1-based line that declares an entry point, or 0."""
    try:
        lines = read_bytes(file).decode("utf-8", "backslashreplace").splitlines()
    except OSError:
        return 0
    group = ""
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1].strip()
        elif group == entry.group:
            name, _, value = line.partition("=")
            if (name.strip(), value.strip()) == (entry.name, entry.value):
                return number
    return 0
