"""Loaders that execute what they compared with a lock: the very bytes of sources, and no ``.pyc`` beside them.

Source: https://docs.python.org/3/library/importlib.html#importlib.abc.InspectLoader
"""

from hashlib import sha256
from importlib.machinery import ExtensionFileLoader, ModuleSpec, SourceFileLoader, SourcelessFileLoader
from importlib.util import decode_source, spec_from_file_location

from plugframe.errors import LockMismatchError
from plugframe.policy.locking.modules import BYTECODE, EXTENSION, LockedModule
from plugframe.policy.locking.observed.content import observe, read_exactly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, ModuleType

    from plugframe.loading.verified.codes import Codes
    from plugframe.policy.locking.values import LockedFile

    Refuse = Callable[[str, str, str], LockMismatchError]
    Companions = Callable[[str], Iterable[tuple[str, LockedFile]]]


class Verified:
    """What the loaders of locked modules share: the module, and its content once it was compared."""

    def __init__(self, module: LockedModule, refuse: "Refuse") -> None:
        """Keep a module.

        Args:
            module: what to load.
            refuse: makes the error for a name, a path and what is wrong.
        """
        super().__init__(module.name, module.path)  # type: ignore[call-arg] # the loader's, which is beside this class
        self.module = module
        self._refuse = refuse

    def content(self) -> bytes:
        """Return the bytes of the module's file, read once.

        Raises:
            LockMismatchError: they are not those that are locked.
        """
        module = self.module
        try:
            content = read_exactly(module.path, module.content.size)
        except (OSError, ValueError) as error:
            reason = f"is not what is locked: {getattr(error, 'strerror', None) or error}"
            raise self._refuse(module.name, module.path, reason) from None
        if sha256(content).hexdigest() != module.content.sha256:
            raise self._refuse(module.name, module.path, "is not what is locked: its sha256 is another")
        return content


class VerifiedSource(Verified, SourceFileLoader):  # type: ignore[misc] # of what typeshed says of its bases
    """Compiles the bytes that it compared."""

    def __init__(self, module: LockedModule, refuse: "Refuse", codes: "Codes") -> None:
        """Keep a module, and where code that was compiled before is found."""
        super().__init__(module, refuse)
        self._codes = codes

    def get_code(self, fullname: str) -> "CodeType":
        """Return the code of the module; bytecode that lies beside the source is not looked at."""
        del fullname
        content = self.content()
        code = self._codes.find(self.module.content.sha256, self.path)
        if code is None:
            code = self.source_to_code(content, self.path)
            self._codes.keep(self.module.content.sha256, self.path, code)
        return code

    def get_source(self, fullname: str) -> str:
        """Return the text of the module, compared as well."""
        del fullname
        return decode_source(self.content())

    def get_data(self, path: str) -> bytes:
        """Return the bytes of any file; of the module's own, compared."""
        return self.content() if path == self.path else super().get_data(path)


class VerifiedBytecode(Verified, SourcelessFileLoader):
    """Runs a ``.pyc`` that is itself locked, where a distribution comes without sources."""

    def get_data(self, path: str) -> bytes:
        """Return the bytes of any file; of the module's own, compared."""
        return self.content() if path == self.path else super().get_data(path)


class VerifiedExtension(Verified, ExtensionFileLoader):
    """Opens a shared library after it, and those that come with it, were compared.

    The system opens the file by its path once more: who can exchange it in that moment gets the other one run.
    """

    def __init__(self, module: LockedModule, refuse: "Refuse", companions: "Companions") -> None:
        """Keep a module, and how to learn of the shared libraries of its distribution."""
        super().__init__(module, refuse)
        self._companions = companions

    def create_module(self, spec: ModuleSpec) -> "ModuleType":
        """Return the module that the library makes.

        Raises:
            LockMismatchError: it, or a library of its distribution, is not what is locked.
        """
        for path, expected in self._companions(self.module.distribution):
            if path != self.path:
                self._compare(path, expected)
        self._compare(self.path, self.module.content)
        return super().create_module(spec)

    def _compare(self, path: str, expected: "LockedFile") -> None:
        try:
            found = observe(path)
        except OSError as error:
            raise self._refuse(self.module.name, path, f"is not what is locked: {error.strerror}") from None
        if found != expected:
            raise self._refuse(self.module.name, path, "is not what is locked: its sha256 or size is another")


def spec_of(module: LockedModule, refuse: "Refuse", *, codes: "Codes", companions: "Companions") -> ModuleSpec:
    """Return the spec with which the import system loads a locked module."""
    loader: VerifiedSource | VerifiedBytecode | VerifiedExtension
    if module.kind == EXTENSION:
        loader = VerifiedExtension(module, refuse, companions)
    elif module.kind == BYTECODE:
        loader = VerifiedBytecode(module, refuse)
    else:
        loader = VerifiedSource(module, refuse, codes)
    search = [module.package] if module.package else None
    spec = spec_from_file_location(module.name, module.path, loader=loader, submodule_search_locations=search)
    assert spec is not None  # noqa: S101 # it has a loader
    return spec
