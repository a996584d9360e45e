"""What this process has opened, whichever host asked: no file twice, no two files that are the same library.

Nothing is ever closed. A native library that could not be initialised stays open, and is only initialised again.
"""

import os
import threading

from plugframe.errors import DuplicateLibraryError, LibraryError, LibraryVersionError
from plugframe.loading.libraries.claims import Claims
from plugframe.loading.libraries.files import NATIVE, Identity, LibraryFile, identify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.loading.native.images import Image

claims = Claims()
_lock = threading.Lock()
_reserved: dict[tuple[str, str], tuple[Identity, str]] = {}
_digests: dict[str, str] = {}
_images: "dict[Identity, Image]" = {}


def open_native(file: LibraryFile, *, host: str) -> "Image":
    """Return the image of a native library; open it unless that was done before.

    Args:
        file: what was found there.
        host: who opens it.

    Raises:
        LibraryVersionError: it was built for another version; nothing of it ran.
        DuplicateLibraryError: a copy of it, or another module of its name, is open; nothing of it ran.
        LibraryError: anything else is wrong with it; it can be tried again.
    """
    image = _images.get(file.identity)
    if image is not None:
        return image
    check_interpreter(file.path)
    from plugframe import __version__
    from plugframe.loading.native.images import open_image
    from plugframe.loading.native.structures import MAJOR, MINOR

    assert file.abi is not None  # noqa: S101 # a mistake of ours, not of a user
    if file.abi[0] != MAJOR or file.abi[1] > MINOR:
        raise LibraryVersionError(file.path, "{}.{}".format(*file.abi), f"{MAJOR}.{MINOR}")
    with _Reservation(file):
        image = open_image(file.path, file.name, host=host, version=__version__)
        _images[file.identity] = image
    return image


def open_shared(file: LibraryFile) -> object:
    """Return the ctypes library of any shared library.

    Raises:
        DuplicateLibraryError: a copy of it is open.
        LibraryError: it cannot be opened.
    """
    check_interpreter(file.path)
    from plugframe.loading.native.images import open_handle

    with _Reservation(file):
        return open_handle(file.path)


class _Reservation:
    """Makes sure that a file is the only one of its content and name, before it is opened; given up on failure."""

    def __init__(self, file: LibraryFile) -> None:
        self._file = file
        self._keys = [("content", file.sha256), *([("native module", file.name)] if file.kind == NATIVE else [])]
        self._added: list[tuple[str, str]] = []

    def __enter__(self) -> None:
        file = self._file
        with _lock:
            for what, key in self._keys:
                identity, path = _reserved.get((what, key), (file.identity, file.path))
                if identity != file.identity:
                    name = f"the module {key!r}" if what != "content" else f"a copy of {os.path.basename(file.path)}"
                    raise DuplicateLibraryError(file.path, name, path)
            # The system knows an open library by its path, and would give the old one for the new file.
            if _digests.get(file.path, file.sha256) != file.sha256:
                raise LibraryError(file.path, "it was replaced since it was opened; start a new process to load it")
            self._added = [key for key in self._keys if key not in _reserved]
            _reserved.update((key, (file.identity, file.path)) for key in self._added)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        from plugframe.loading.native.images import opened

        path = self._file.path
        exchanged = error is None and not _is_there(self._file)  # between our look and the system's
        with _lock:
            if path in opened:
                _digests[path] = self._file.sha256
            if error is not None or exchanged:
                for key in self._added:
                    _reserved.pop(key, None)
        if exchanged:
            raise LibraryError(path, "it was replaced while it was opened; start a new process to load it")


def _is_there(file: LibraryFile) -> bool:
    try:
        return identify(file.path) == file.identity
    except LibraryError:
        return False


def check_interpreter(path: str) -> None:
    """Refuse native code in a subinterpreter: its callbacks would find the main one.

    Raises:
        LibraryError: this is a subinterpreter.
    """
    for name in ("_interpreters", "_xxsubinterpreters"):  # Python 3.13; before
        try:
            module = __import__(name)
        except ImportError:
            continue
        if module.get_current() != module.get_main():
            reason = "native libraries are loaded in the main interpreter only, and this is a subinterpreter"
            raise LibraryError(path, reason)
        return


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 # another thread of the parent may have held it, and is not here to let go
    _lock = threading.Lock()
    claims.forget_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
