"""What goes into a frozen application: metadata, plugins' modules, and modules that load on first use.

``collect`` is the room's main function. It runs no plugin's code: metadata and sources are read.
"""

import logging
import os

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.errors import near_matches
from plugframe.freezing.lazy import Reader
from plugframe.freezing.places import below, find
from plugframe.policy.groups import groups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.discovery.snapshot import Snapshot
    from plugframe.freezing.bundles import Bundle
    from plugframe.freezing.settings import Settings
    from plugframe.records import Distribution, EntryPoint

HOSTS = "plugframe.hosts"
DEFAULT_HOST = "plugframe"
LEFT_OUT = ("plugframe.cli", "plugframe.freezing", "plugframe.testing")
"""What no application needs, unless it imports it itself."""
LIBRARY_ENDINGS = (".so", ".dylib", ".dll", ".pyd")
log = logging.getLogger("PyInstaller.hooks.plugframe")


def collect(bundle: "Bundle", settings: "Settings") -> None:
    """Put into a bundle what plugframe, the names that load on first use, and the plugins of its hosts need.

    Of plugins these are their distributions' metadata, the modules that their entry points name (of a plugin that is a
    package, all modules in it), and the modules that load on first use in any of them.
    """
    snapshot = discover(current_environment(bundle.path))
    reader = Reader(bundle)
    for module in below("plugframe", bundle.path):
        if not f"{module}.".startswith(tuple(f"{name}." for name in LEFT_OUT)):
            bundle.add_module(module)
    plugins = Plugins(bundle, snapshot, settings, reader)
    reader.read()
    while new := sorted(_hosts(bundle, snapshot, settings, reader) - plugins.hosts):
        for host in new:
            plugins.collect(host)
        reader.read()
    for warning in (*_unknown(settings, snapshot), *reader.warnings):
        log.warning("plugframe: %s", warning)


def _hosts(bundle: "Bundle", snapshot: "Snapshot", settings: "Settings", reader: Reader) -> set[str]:
    """Return the names of the hosts that an application has.

    What the spec file says, or else: the default host, those that modules in the bundle make, and those of the group
    ``plugframe.hosts`` whose module is in the bundle.
    """
    if settings.hosts is not None:
        return set(settings.hosts)
    declared = {entry.name for entry in snapshot.entry_points(HOSTS) if entry.module and bundle.has(entry.module)}
    return {DEFAULT_HOST, *reader.hosts, *declared}


def _unknown(settings: "Settings", snapshot: "Snapshot") -> "list[str]":
    """Return a warning for each setting that names nothing that is installed."""
    known = {one.key for one in snapshot.distributions()}
    unknown = sorted(settings.exclude - known)
    found = [_tell_unknown("exclude", name, "distribution", tuple(known)) for name in unknown]
    declared = snapshot.groups()
    for host in settings.hosts or ():
        if not any(group in declared for group in groups(host)):
            others = {group.rpartition(".")[0] for group in declared if group.endswith(".plugins")}
            found.append(_tell_unknown("hosts", host, "host with plugins", tuple(others)))
    return found


def _tell_unknown(setting: str, name: str, kind: str, known: tuple[str, ...]) -> str:
    near = near_matches(name, known)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    return f'hooksconfig["plugframe"]["{setting}"] has {name!r}, and no installed {kind} is named so{hint}'


class Plugins:
    """Puts the plugins of hosts into a bundle.

    Attributes:
        hosts: those that were done.
    """

    def __init__(self, bundle: "Bundle", snapshot: "Snapshot", settings: "Settings", reader: Reader) -> None:
        """Put nothing there yet."""
        self.hosts: set[str] = set()
        self._bundle = bundle
        self._snapshot = snapshot
        self._exclude = settings.exclude
        self._reader = reader
        self._copied: set[str] = set()

    def collect(self, host: str) -> None:
        """Put the plugins of one host into the bundle, with the metadata that tells of them."""
        self.hosts.add(host)
        for group in groups(host):
            for entry in self._snapshot.entry_points(group):
                if entry.distribution.key not in self._exclude:
                    self._add_metadata(entry.distribution)
                    self._add(entry, is_plugin=group.endswith(".plugins"), is_library=group.endswith(".libraries"))

    def _add_metadata(self, distribution: "Distribution") -> None:
        if distribution.key in self._copied:
            return
        self._copied.add(distribution.key)
        try:
            self._bundle.add_metadata(distribution.name)
        except LookupError as error:
            message = f"the metadata of {distribution} cannot be copied: {error}"
            log.warning("plugframe: %s. The frozen application will not know its plugins", message)
        else:
            log.info("plugframe: plugins of %s", distribution)

    def _add(self, entry: "EntryPoint", *, is_plugin: bool, is_library: bool) -> None:
        if entry.problem:
            self._warn(entry, f"its entry point cannot be used: {entry.problem}")
        elif is_library:
            self._add_library(entry)
        elif not self._bundle.add_module(entry.module):
            self._warn(entry, f"no module {entry.module} can be imported here")
        else:
            self._reader.read_plugin(entry.module)
            if is_plugin and not entry.attribute:
                # A namespace of the host gives it a second name, by which any module in it may be imported.
                for module in below(entry.module, self._bundle.path):
                    self._bundle.add_module(module)

    def _add_library(self, entry: "EntryPoint") -> None:
        package, _, stem = entry.module.rpartition(".")
        spec = find(package, self._bundle.path)
        files = [
            os.path.join(folder, name)
            for folder in (spec and spec.submodule_search_locations) or ()
            for name in sorted(os.listdir(folder))
            if name.partition(".")[0] == stem and name.lower().endswith(LIBRARY_ENDINGS)
        ]
        if files:
            self._bundle.add_libraries(files, package)
        else:
            self._warn(entry, f"no shared library {entry.module} is here")

    def _warn(self, entry: "EntryPoint", reason: str) -> None:
        name = entry.distribution.name
        effect = "The frozen application will not have it, and reports it as broken"
        step = f'mend or uninstall {name}, or name it in hooksconfig["plugframe"]["exclude"]'
        log.warning("plugframe: %s: %s. %s. Next: %s", entry, reason, effect, step)
