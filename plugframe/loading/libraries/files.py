"""A path to what is known of the library there before anything of it runs: which file, of which kind, what it says."""

import hashlib
import os
import re
import stat
from importlib.machinery import EXTENSION_SUFFIXES

from plugframe.errors import LibraryError, LibraryFormatError
from plugframe.loading.libraries.elf import MAGIC as ELF
from plugframe.loading.libraries.elf import elf_problem
from plugframe.records import Record

NATIVE, SHARED, EXTENSION, MODULE, PACKAGE, ARCHIVE = KINDS = (
    "native", "shared", "extension", "module", "package", "archive",
)  # fmt: skip
_ZIP = b"PK\x03\x04"
_SHARED_MAGIC = (
    ELF, b"MZ",
    b"\xfe\xed\xfa\xce", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe",
)  # fmt: skip
_MANIFEST = re.compile(
    rb"\x1fplugframe module\x1f([0-9]+)\.([0-9]+)\x1f([^\x00-\x1f]{1,256})\x1f([^\x00-\x1f]{1,256})\x1f"
)
Identity = tuple[int, int]


class LibraryFile(Record):
    """A file or folder that can be loaded.

    Attributes:
        path: the real path.
        identity: device and inode, the same for every spelling, link and hard link.
        kind: one of ``KINDS``.
        name: of the module that it is; the file's name without its suffixes, of plain shared libraries.
        version: as a native library says; else empty.
        abi: major and minor version of the interface that a native library was built for; else None.
        sha256: of the content; empty for a folder.
    """

    __slots__ = ("path", "identity", "kind", "name", "version", "abi", "sha256")

    path: str
    identity: Identity
    kind: str
    name: str
    version: str
    abi: tuple[int, int] | None
    sha256: str

    def __init__(
        self,
        *,
        path: str,
        identity: Identity,
        kind: str,
        name: str,
        version: str = "",
        abi: tuple[int, int] | None = None,
        sha256: str = "",
    ) -> None:
        self._fill(path, identity, kind, name, version, abi, sha256)


def identify(path: str) -> Identity:
    """Return the device and the inode of a file.

    Raises:
        LibraryError: there is none, or it may not be looked at.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise LibraryError(path, f"it should be a file or a folder; {reason}") from error
    return status.st_dev, status.st_ino


def examine(path: str, *, plain: bool) -> LibraryFile:
    """Read a file, and return what it is; nothing of it runs.

    Args:
        path: a real path.
        plain: take any shared library, not only those that say that they are of plugframe or of Python.

    Raises:
        LibraryError: it cannot be read.
        LibraryFormatError: it is nothing that can be loaded.
    """
    if os.path.isdir(path):
        return _package(path)
    try:
        with open(path, "rb", opener=_open) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise LibraryFormatError(path, "it should be a file or a folder, and is a device or a pipe")
            content = file.read()
    except LibraryError:
        raise
    except OSError as error:
        raise LibraryError(path, f"it cannot be read: {error.strerror}") from error
    found = _file(path, content, plain=plain)
    return found.replace(identity=(status.st_dev, status.st_ino), sha256=hashlib.sha256(content).hexdigest())


def _open(path: str, flags: int) -> int:
    # A pipe without a writer would be waited for.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _package(path: str) -> LibraryFile:
    if not os.path.isfile(os.path.join(path, "__init__.py")):
        raise LibraryFormatError(path, "it is a folder, and should be a package; it has no __init__.py")
    name = _module_name(path, os.path.basename(path))
    return LibraryFile(path=path, identity=identify(path), kind=PACKAGE, name=name)


def _file(path: str, content: bytes, *, plain: bool) -> LibraryFile:
    base = os.path.basename(path)
    start = content[:4]
    if base.endswith(".py"):
        return _found(path, MODULE, _module_name(path, base[:-3]))
    if start == _ZIP:
        return _archive(path)
    if not start.startswith(_SHARED_MAGIC):
        shown = "it is empty" if not content else f"it begins with {content[:16]!r}"
        kinds = "a shared library, a Python extension module, a .py file, a package folder, a wheel or a zip"
        raise LibraryFormatError(path, f"it should be {kinds}; {shown}")
    problem = elf_problem(content) if start == ELF else ""
    if problem:
        raise LibraryFormatError(path, problem)
    return _shared(path, base, content, plain=plain)


def _archive(path: str) -> LibraryFile:
    """Return what a wheel or a zip has: one module or package, beside its metadata."""
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            members = archive.namelist()
    except (BadZipFile, OSError, NotImplementedError, ValueError) as error:  # names that are no UTF-8 are the last
        raise LibraryFormatError(path, f"it begins like a zip, and cannot be read as one: {error}") from error
    packages = {name.partition("/")[0] for name in members if name.count("/") == 1 and name.endswith("/__init__.py")}
    modules = {name[:-3] for name in members if "/" not in name and name.endswith(".py")}
    found = sorted(packages | modules)
    if len(found) != 1:
        told = f"it has {len(found)}: {', '.join(found[:5])}" if found else "it has none"
        raise LibraryFormatError(path, f"an archive should have one package or module at its top; {told}")
    described = [name.partition("/")[0] for name in members if name.partition("/")[0].endswith(".dist-info")]
    version = described[0][: -len(".dist-info")].rpartition("-")[2] if described else ""
    return _found(path, ARCHIVE, _module_name(path, found[0]), version=version)


def _shared(path: str, base: str, content: bytes, *, plain: bool) -> LibraryFile:
    stem = base.partition(".")[0]
    manifests = {match.groups() for match in _MANIFEST.finditer(content)}
    if len(manifests) > 1:
        raise LibraryFormatError(path, f"it says that it is {len(manifests)} native libraries in one")
    for major, minor, name, version in manifests:
        abi = (int(major), int(minor))
        return _found(
            path, NATIVE, name.decode("utf-8", "replace"), version=version.decode("utf-8", "replace"), abi=abi
        )
    if base.endswith(tuple(EXTENSION_SUFFIXES)) and content.find(f"PyInit_{stem}\0".encode()) >= 0:
        return _found(path, EXTENSION, _module_name(path, stem))
    if plain:
        return _found(path, SHARED, stem)
    if b"\0plugframe_module_v1\0" in content:
        reason = "no manifest of a name and a version, of 1 to 256 bytes each without control characters"
        raise LibraryFormatError(path, f"it has the symbol plugframe_module_v1, and {reason}; PF_MODULE writes one")
    reason = (
        "it has neither the symbol plugframe_module_v1 nor that of a Python module; any other is loaded with plain=True"
    )
    raise LibraryFormatError(path, f"it is a shared library, and {reason}")


def _found(path: str, kind: str, name: str, *, version: str = "", abi: tuple[int, int] | None = None) -> LibraryFile:
    return LibraryFile(path=path, identity=(0, 0), kind=kind, name=name, version=version, abi=abi)


def _module_name(path: str, name: str) -> str:
    if not name.isidentifier():
        raise LibraryFormatError(path, f"it should be named like a module; {name!r} is no identifier")
    return name
