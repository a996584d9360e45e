"""Libraries by path: each file is loaded once, registered wholly or not at all, and never unloaded.

``Libraries.load`` is the room's main function.
"""

import os
import sys
import time

from plugframe.errors import LibraryError, PlugframeError
from plugframe.loading.claims import Deadlock
from plugframe.loading.faults import fault_of
from plugframe.loading.files import NATIVE, SHARED, Identity, LibraryFile, examine, identify
from plugframe.loading.library import Library, Loaded
from plugframe.loading.opened import claims, open_native, open_shared
from plugframe.loading.plugins import is_importing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plugframe.loading.enlisting import Enlisting

AUDIT_EVENT = "plugframe.load_library"
MOST_SPELLINGS = 1000
PATIENCE_SECONDS = 10.0
"""How long somebody who imports something waits for another thread: that one may wait for the import."""


class Libraries:
    """The libraries that one host has loaded."""

    def __init__(
        self, host: str, enlisting: "Enlisting", approve: "Callable[[LibraryFile], None]" = lambda _: None
    ) -> None:
        """Begin with none.

        Args:
            host: its name.
            enlisting: registers what libraries bring, and takes it away.
            approve: raises a LibraryError for a file that must not be opened.
        """
        self._host = host
        self._enlisting = enlisting
        self._approve = approve
        self._loaded: dict[str, Library] = {}
        self._identities: dict[Identity, Library] = {}
        self._spellings: dict[str, tuple[Identity, Library]] = {}

    @property
    def loaded(self) -> "Mapping[str, Library]":
        """The libraries by real path, in the order in which they were loaded; it cannot be changed, and follows."""
        return Loaded(self._loaded)

    def load(self, path: "str | os.PathLike[str]", *, plain: bool = False) -> Library:
        """Return the library in a file; load it unless that was done before.

        Args:
            path: of a shared library, a Python extension module, a ``.py`` file, a package folder, a wheel or a zip.
            plain: take any shared library, not only those that say that they are of plugframe or of Python.

        Raises:
            LibraryError: it cannot be loaded; nothing of it is registered, and it can be tried again.
            RegistrationError: what it registers is not what it must be, or is taken; the same holds.
        """
        name = os.fsdecode(os.fspath(path))
        sys.audit(AUDIT_EVENT, name)
        known = self._spellings.get(name)
        if known is not None and identify(name) == known[0]:
            library = known[1]
        else:
            library = self._find_or_load(name, plain=plain)
        if not library.enabled:
            library.enable()
        return library

    def _find_or_load(self, name: str, *, plain: bool) -> Library:
        identity = identify(name)
        path = os.path.realpath(name)
        try:
            with claims.claim(identity, patience=PATIENCE_SECONDS if is_importing() else None):
                library = self._find(path, identity) or self._load(path, plain=plain)
        except Deadlock:
            reason = "it is being loaded by what asks for it, or by another thread that waits for this one"
            raise LibraryError(path, reason) from None
        if len(self._spellings) >= MOST_SPELLINGS:
            self._spellings.clear()
        self._spellings[name] = (identity, library)
        return library

    def _find(self, path: str, identity: Identity) -> Library | None:
        """Return what is loaded of a file, by whatever path."""
        library = self._identities.get(identity)
        if library is not None and (library.path == path or _is_at(library.path, identity)):
            return library
        if path in self._loaded:
            raise LibraryError(path, "it was replaced since it was loaded; start a new process to load it")
        return None  # A file that has the inode of a deleted one is another file.

    def _load(self, path: str, *, plain: bool) -> Library:
        started = time.perf_counter()
        file = examine(path, plain=plain)
        self._approve(file)
        try:
            library = self._open(file, started)
        except (PlugframeError, KeyboardInterrupt):
            raise
        except BaseException as error:  # what a library's own code raises while it is registered
            reason, where = fault_of(error, sys.exc_info()[2])
            raise LibraryError(path, f"{reason}{where and f' ({where})'}") from error
        self._identities[file.identity] = library
        self._loaded[path] = library
        return library

    def _open(self, file: LibraryFile, started: float) -> Library:
        module: object = None
        functions: Mapping[str, object] = {}
        classes: Mapping[str, object] = {}
        version = file.version
        if file.kind == NATIVE:
            image = open_native(file, host=self._host)
            registered = self._enlisting.enlist_image(file, image)
            functions, classes, version = image.functions, image.classes, image.version
        elif file.kind == SHARED:
            module, registered = open_shared(file), ()
        else:
            module, registered = self._enlisting.import_and_enlist(file)
            version = version or _version_of(module)
        return Library(
            file,
            functions=functions,
            classes=classes,
            module=module,
            version=version,
            registered=registered,
            seconds=time.perf_counter() - started,
            switch=self._enlisting.switch,
        )


def _is_at(path: str, identity: Identity) -> bool:
    try:
        return identify(path) == identity
    except LibraryError:
        return False


def _version_of(module: object) -> str:
    version = getattr(module, "__version__", "")
    return version if isinstance(version, str) else ""
