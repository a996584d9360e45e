"""A native library in the process: opened once, checked, initialised, and ended with the process.

``open_image`` is the room's main function.
"""

import atexit
import ctypes
import os
import sys
import threading
import time

from plugframe.errors import LibraryError, LibraryFormatError, LibraryVersionError
from plugframe.loading.native.building import Built
from plugframe.loading.native.failures import failure, prepare
from plugframe.loading.native.slots import FORK_PATIENCE_SECONDS, PATIENCE_SECONDS
from plugframe.loading.native.structures import ABI, ERROR_SIZE, MAJOR, MINOR, Host
from plugframe.loading.native.tables import ModuleDefinition, read_module

ENTRY = "plugframe_module_v1"
_lock = threading.Lock()
_running: "list[Image]" = []
opened: set[str] = set()
"""The paths of all libraries that the system has opened, those included that were no good."""


class Image:
    """A module that runs in this process. Nothing takes it away again; its slots are disarmed when the process ends."""

    def __init__(self, definition: ModuleDefinition, handle: ctypes.CDLL) -> None:
        """Make Python functions, classes and slots of what was declared."""
        built = Built(definition)
        self.name = definition.name
        self.version = definition.version
        self.handle = handle
        self.classes = built.classes
        self.functions = built.functions
        self.slots = built.slots
        self._teardown = definition.teardown

    def end(self) -> None:
        """Disarm the slots, wait for the calls that are under way, and let the library end its threads."""
        for slot in self.slots:
            slot.disarm()
        until = time.monotonic() + PATIENCE_SECONDS
        for slot in self.slots:
            slot.wait(until)
        if self._teardown:
            ctypes.CFUNCTYPE(None)(self._teardown)()

    def forget_threads(self) -> None:
        """Do without the library's threads after a fork: they are not in the child, and joining them would hang."""
        self._teardown = 0
        for slot in self.slots:
            slot.forget_threads()


def open_image(path: str, name: str, *, host: str, version: str) -> Image:
    """Open a native library, check all that it declares, and initialise it.

    Args:
        path: the real path of a file that says that it is a native library of a version that this host takes.
        name: of the module, as the file says.
        host: the name of the host that opens it.
        version: plugframe's, for the library to know.

    Raises:
        LibraryVersionError: its tables are of another version.
        LibraryFormatError: it cannot be opened, or something in its tables cannot be.
        LibraryError: it could not be initialised.
    """
    handle = open_handle(path)
    definition = read_module(_module_address(handle, path), path)
    if definition.name != name:
        raise LibraryFormatError(path, f"it says that its module is {name!r}, and its tables say {definition.name!r}")
    image = Image(definition, handle)
    if definition.exec:
        _initialise(definition, path, host, version)
    with _lock:
        if not _running:
            atexit.register(_end_all)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
        _running.append(image)
    return image


def open_handle(path: str) -> ctypes.CDLL:
    """Open a shared library so that its symbols are its own; it is never closed.

    Raises:
        LibraryFormatError: the system cannot open it; the message is the system's.
    """
    try:
        handle = ctypes.CDLL(path)  # RTLD_LOCAL
    except OSError as error:
        raise LibraryFormatError(path, f"the system cannot open it: {error}") from error
    opened.add(path)
    return handle


def _module_address(handle: ctypes.CDLL, path: str) -> int:
    try:
        entry = handle[ENTRY]
    except AttributeError as error:
        raise LibraryFormatError(path, f"it says that it is a native library, and has no symbol {ENTRY}") from error
    entry.argtypes, entry.restype = (ctypes.c_uint32,), ctypes.c_void_p
    address: int | None = entry(ABI)
    if not address:
        raise LibraryVersionError(path, "another major number", f"{MAJOR}.{MINOR}")
    return address


def _initialise(definition: ModuleDefinition, path: str, host: str, version: str) -> None:
    frame = bytearray(ERROR_SIZE)
    prepare(frame, 0)
    place = ctypes.addressof(ctypes.c_char.from_buffer(frame))
    given = Host(ctypes.sizeof(Host), ABI, host.encode(), version.encode())
    _kept.append(given)  # a library may keep the address
    code = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(definition.exec)(
        ctypes.addressof(given), place
    )
    if code:
        caller = sys._getframe()  # noqa: SLF001 # an exception of a callback belongs to the call that it came up in
        error = failure(f"{definition.name} (initialisation)", code, frame, 0, caller=caller)
        raise LibraryError(path, f"its initialisation failed: {error}") from error


_kept: list[Host] = []


def _end_all() -> None:
    for image in reversed(_running):
        image.end()


def _before_fork() -> None:
    """Have no native thread in Python during a fork.

    One that was just entering would hold a lock of the interpreter, which nobody in the child gives back. Python 3.11
    and 3.12 wait for that lock there, for ever.
    """
    slots = [slot for image in _running for slot in image.slots]
    for slot in slots:
        slot.pause()
    until = time.monotonic() + FORK_PATIENCE_SECONDS
    for slot in slots:
        slot.wait(until)


def _after_fork() -> None:
    for image in _running:
        for slot in image.slots:
            slot.resume()


def _in_child() -> None:
    global _lock  # noqa: PLW0603 # another thread of the parent may have held it, and is not here to let go
    _lock = threading.Lock()
    for image in _running:
        image.forget_threads()
