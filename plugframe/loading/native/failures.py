"""Codes and messages of native functions to exceptions, and exceptions of callbacks to codes and messages."""

import ctypes
import sys
import threading
from contextlib import suppress
from struct import Struct

from plugframe.errors import NativeError, NativeMemoryError, NativeTypeError, NativeValueError
from plugframe.loading.native.structures import ERROR_SIZE, MESSAGE_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

ERROR, TYPE, VALUE, MEMORY, ABI, CALLBACK, UNBOUND = range(1, 8)
_HEAD = Struct("=Ii")
_KINDS = {
    ERROR: NativeError,
    TYPE: NativeTypeError,
    VALUE: NativeValueError,
    MEMORY: NativeMemoryError,
    ABI: NativeError,
    CALLBACK: NativeError,
    UNBOUND: NativeError,
}
_thread = threading.local()


def prepare(frame: bytearray, offset: int) -> None:
    """Make the error at an offset of a frame an empty one."""
    frame[offset : offset + ERROR_SIZE] = _HEAD.pack(ERROR_SIZE, 0).ljust(ERROR_SIZE, b"\0")


def failure(function: str, code: int, frame: bytearray, offset: int, *, caller: "FrameType") -> BaseException:
    """Return the exception for what a native function returned, and make its error an empty one again.

    Of a callback that failed in this thread, and within this very call, its own exception is the cause; one that is to
    end the program is not turned into another.

    Args:
        function: such as ``stats.total``.
        code: what it returned.
        frame: where its error is.
        offset: where there.
        caller: what called it.
    """
    start = offset + _HEAD.size
    text = bytes(frame[start : start + MESSAGE_SIZE]).partition(b"\0")[0].decode("utf-8", "replace")
    prepare(frame, offset)
    if code not in _KINDS:
        told = f" and says {text!r}" if text else ""
        return NativeError(function, f"the library returned the error code {code}, which means nothing{told}")
    cause = _take_cause(caller) if code == CALLBACK else None
    if cause is not None and not isinstance(cause, Exception):
        return cause
    error = _KINDS[code](function, text or f"it failed with code {code} and no message")
    error.__cause__ = cause
    return error


def _take_cause(caller: "FrameType") -> BaseException | None:
    # A library may have kept an earlier failure to itself, and that one is nobody's cause any more.
    cause: BaseException | None
    cause, within = _thread.__dict__.pop("cause", (None, None))
    return cause if within is caller else None


def report(
    error: BaseException,
    slot: str,
    address: int | None,
    called: object = None,
    told: "tuple[object, Callable[[], object]] | None" = None,
) -> int:
    """Write an exception of a callback to a native error, keep it for this thread, and return the code.

    Nothing gets out of it, whatever the exception does when it is looked at. Only what native code calls calls this.

    Args:
        error: what was raised.
        slot: the slot's name.
        address: of the error; None where the caller gave NULL.
        called: the function that raised it.
        told: the function that is bound now, and who is told of its exceptions.
    """
    if told is not None and told[0] is called:
        with suppress(Exception):
            told[1]()
    _thread.cause = error, _native_caller()
    if address:
        raw = _message(error, slot)
        ctypes.memmove(address + 4, _CODE.pack(CALLBACK) + raw + b"\0", 4 + len(raw) + 1)
    return CALLBACK


def _native_caller() -> "FrameType | None":
    """Return what called the native function that called the callback; None in a thread of a library."""
    try:
        return sys._getframe(3)  # noqa: SLF001 # behind this one, report, and the callback that native code calls
    except ValueError:
        return None


_CODE = Struct("=i")


def _message(error: BaseException, slot: str) -> bytes:
    try:
        text = f"callback {slot!r}: {type(error).__name__}: {error}"
        raw = text.encode("utf-8", "backslashreplace").replace(b"\0", b" ")
    except BaseException:  # noqa: BLE001 # an exception may do anything when it is looked at, exit included
        raw = f"callback {slot!r} failed".encode("utf-8", "backslashreplace")
    return raw[: MESSAGE_SIZE - 1].decode("utf-8", "ignore").encode()
