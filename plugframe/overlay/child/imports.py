"""What a process imports, when, on whose behalf and at what cost in memory, written down when it ends.

The import system asks one function of its own, ``_find_and_load``, for each module that is not loaded yet, from C and
from Python. Timing it there sees every finder and loader, whoever puts another one in front, and costs two looks at the
clock a module; ``-X importtime`` times the same call, and tells neither the start nor the memory, on the program's own
standard error.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PREFIX = "imports-of-"
PASSING_ON = (
    "importlib", "importlib._bootstrap", "importlib._bootstrap_external", "_frozen_importlib", "importlib.metadata",
    "importlib_metadata", __name__,
)  # fmt: skip
"""Modules whose functions import what somebody else names."""


def watch(folder: str) -> None:
    """Write down every import of this process from now on, into a file ``imports-of-PID`` when it ends.

    Args:
        folder: where the file is put.
    """
    import atexit
    from time import time

    begun = time()
    machinery: Any = sys.modules["_frozen_importlib"]
    rows: list[list[Any]] = []
    watching = _timed(machinery._find_and_load, rows, _memory_reader())  # noqa: SLF001 # see the module's docstring
    machinery._find_and_load = watching  # noqa: SLF001 # the same
    # The first that is registered is the last that is called.
    atexit.register(_write, folder, os.getpid(), begun, rows)


def _timed(load: "Callable[..., Any]", rows: "list[list[Any]]", memory: "Callable[[], int]") -> "Callable[..., Any]":
    from _thread import get_ident
    from time import perf_counter_ns

    open_rows: dict[int, list[int]] = {}
    modules = sys.modules

    def _find_and_load(name: str, import_: object) -> object:
        if name in modules:
            return load(name, import_)  # import_module asks for what is there already, too.
        opened = open_rows.setdefault(get_ident(), [])
        row = [name, opened[-1] if opened else -1, *_importer(), memory(), 0, 0, 0, "", get_ident()]
        opened.append(len(rows))
        rows.append(row)
        row[5] = perf_counter_ns()
        try:
            return load(name, import_)
        except BaseException as error:
            row[8] = type(error).__name__
            raise
        finally:
            row[6] = perf_counter_ns()
            row[7] = memory()
            opened.pop()

    # As a frame of the import system, it is left out of tracebacks, and passed over where warnings say whose they are.
    _find_and_load.__code__ = _find_and_load.__code__.replace(co_filename="<frozen importlib._bootstrap>")
    return _find_and_load


def _importer() -> tuple[str, int]:
    """Return the module and the line that want the import; the interpreter itself has neither."""
    try:
        frame: Any = sys._getframe(2)  # noqa: SLF001 # the interpreter's own way to tell who called
    except ValueError:
        return "", 0
    while frame is not None and frame.f_globals.get("__name__", "") in PASSING_ON:
        frame = frame.f_back
    return ("", 0) if frame is None else (str(frame.f_globals.get("__name__", "")), frame.f_lineno)


def _memory_reader() -> "Callable[[], int]":
    """Return what tells the resident memory in bytes: 0 where the system tells it to nobody this cheaply."""
    try:
        size = os.sysconf("SC_PAGE_SIZE")
        descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, AttributeError, ValueError):
        return lambda: 0
    read = os.pread

    def memory() -> int:
        try:
            return int(read(descriptor, 64, 0).split()[1]) * size
        except (OSError, IndexError):
            return 0  # Somebody closed every descriptor, as daemons do.

    return memory


def _write(folder: str, pid: int, begun: float, rows: "list[list[Any]]") -> None:
    if os.getpid() != pid:
        return  # a fork has the rows of the process that it was made from
    seen = list(rows)
    import json

    try:
        with open(os.path.join(folder, PREFIX + str(pid)), "w") as file:
            json.dump({"begun": begun, "imports": seen}, file)
    except OSError:
        pass  # the command is over, and its overlay gone
