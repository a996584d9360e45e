"""Modules that load on first use: those that the modules of a frozen application name in plain text."""

import os
from importlib.util import decode_source

from plugframe.freezing.places import below, find
from plugframe.freezing.reading import Mentions
from plugframe.namespaces.lazy import stubs
from plugframe.namespaces.lazy.sources import UnreadableSourceError, read_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from plugframe.freezing.bundles import Bundle


class Reader:
    """Reads the sources of what is in a bundle, and puts the modules into it that they name.

    Attributes:
        hosts: the names of the hosts that the modules make.
        warnings: what could not be read, a sentence each.
    """

    def __init__(self, bundle: "Bundle") -> None:
        """Read nothing yet."""
        self.hosts: set[str] = set()
        self.warnings: list[str] = []
        self._bundle = bundle
        self._seen: set[str] = set()
        self._searched: set[str] = set()

    def read(self) -> None:
        """Read every module that uses plugframe, until those that were put in bring no further ones."""
        while new := {name: file for name, file in self._bundle.users().items() if name not in self._seen}:
            for module, file in new.items():
                self._read(module, file)

    def read_plugin(self, module: str) -> None:
        """Read a plugin's module, which may register references without importing plugframe."""
        spec = find(module, self._bundle.path)
        if spec is not None and module not in self._seen:
            self._read(module, spec.origin or "")

    def _read(self, module: str, file: str) -> None:
        self._seen.add(module)
        if not file.endswith((".py", ".pyw")):
            return
        try:
            source = _source(file)
            mentions = Mentions(source)
            self._add(mentions.modules)
            self._add_attached(module, file, source)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            self.warnings.append(f"what loads on first use in {module} is left out: {file}: {error}")
        else:
            if mentions.hosts:
                self.hosts |= mentions.hosts
                self._add_mounts(module.partition(".")[0])

    def _add_mounts(self, top: str) -> None:
        """Put in those packages of an application that its plugins and their classes are imported from.

        What is imported from them is known while the application runs, so that often nothing names them in plain text.
        """
        names = () if top in self._searched else below(top, self._bundle.path)
        self._searched.add(top)
        for name in names:
            file = str(getattr(find(name, self._bundle.path), "origin", ""))
            try:
                if os.path.basename(file) == "__init__.py" and Mentions(_source(file)).mounts:
                    self._bundle.add_module(name)
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue  # It is no such package, or one that the application cannot import, either.

    def _add_attached(self, module: str, file: str, source: str) -> None:
        """Put in what a package attaches; where that is computed, all modules below the package."""
        try:
            found = read_source(source, file)
        except UnreadableSourceError:
            self._add(below(module, self._bundle.path))
            return
        if found is None:
            return
        if found.function != "attach_stub":
            self._add(names_of(module, found.submodules, found.attributes))
            return
        stub = stubs.stub_of(file)
        self._add(names_of(module, *stubs.names_in(stub)))
        is_package = os.path.basename(stub) == "__init__.pyi"
        beside = [path for path in (stub, stubs.prebuilt_path(stub)) if os.path.isfile(path)]
        self._bundle.add_files(beside, module if is_package else module.rpartition(".")[0])

    def _add(self, names: "Iterable[str]") -> None:
        for name in sorted(names):
            if find(name, self._bundle.path) is not None:
                self._bundle.add_module(name)


def _source(file: str) -> str:
    """Return the text of a Python file.

    Raises:
        OSError: it cannot be read.
        SyntaxError: its encoding is not what it says, or there is none of that name.
        ValueError: the same.
    """
    with open(file, "rb") as opened:
        return decode_source(opened.read())


def names_of(package: str, submodules: "Iterable[str]", attributes: "Mapping[str, Iterable[str]]") -> set[str]:
    """Return the full names of what ``attach`` imports for a package, and of the names in it: they may be modules too.

    Example:
        >>> sorted(names_of("acme", ["models as m"], {"io": ["read"], "=os": ["path"]}))
        ['acme.io', 'acme.io.read', 'acme.models', 'os', 'os.path']
    """
    found = {f"{package}.{name.partition(' ')[0]}" for name in submodules}
    for module, names in attributes.items():
        home = module[1:] if module.startswith("=") else f"{package}.{module}"
        found |= {home, *(f"{home}.{name.partition(' ')[0]}" for name in names)}
    return found
