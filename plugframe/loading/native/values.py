"""Python values to addresses that a native function is lent, and its results to Python values."""

import ctypes
from array import array
from struct import Struct
from sys import byteorder

from plugframe.errors import NativeError
from plugframe.loading.native import signatures
from plugframe.loading.native.signatures import ARRAY, BYTES, ITEMS, NONE, OBJECT, TEXT, WRITABLE, Type
from plugframe.loading.native.structures import VALUE_SIZE, Take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Lent = tuple[int, int, int, int]
    Lend = Callable[[object, list[object]], Lent]

MOST_BYTES = 1 << 40
"""No result is larger; a count beyond it is not a count."""

RESULT = Struct("=iiqqq")
assert RESULT.size == VALUE_SIZE  # noqa: S101 # a mistake of ours, not of a user
_TYPECODES = {ITEMS["int64"]: "q", ITEMS["float64"]: "d"}
_SIZES = {1: 1, 2: 2, 3: 4, 4: 8, 5: 1, 6: 2, 7: 4, 8: 8, 9: 4, 10: 8}
_SIGNED, _UNSIGNED, _FLOATS = {1: 1, 2: 2, 4: 3, 8: 4}, {1: 5, 2: 6, 4: 7, 8: 8}, {4: 9, 8: 10}
_LETTERS = {
    **dict.fromkeys("bhilqn", _SIGNED),
    **dict.fromkeys("BHILQNc?", _UNSIGNED),
    **dict.fromkeys("fd", _FLOATS),
}
_OTHER_ORDER = ">!" if byteorder == "little" else "<"


class _Exported(ctypes.Structure):
    """``Py_buffer``, a part of the stable ABI.

    Source: https://docs.python.org/3/c-api/buffer.html#c.Py_buffer
    """

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_void_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = (ctypes.py_object, ctypes.POINTER(_Exported), ctypes.c_int)
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes = (ctypes.POINTER(_Exported),)
_release_buffer.restype = None


def release(kept: list[object]) -> None:
    """Give back the buffers that were lent."""
    for one in kept:
        if type(one) is memoryview:
            one.release()


def lender(wanted: Type, classes: "Mapping[str, type]") -> "Lend":
    """Return what makes a kind, an item, an address and a count of an argument.

    It raises TypeError, ValueError, OverflowError or BufferError with what is wrong, and appends to the list that it is
    given what must be kept until the call is over.

    Args:
        wanted: the parameter's type.
        classes: the library's classes by name, looked up at each call: they may be made after this.
    """
    if wanted.kind == OBJECT:
        lend = _object_lender(wanted.class_name, classes)
    elif wanted.kind in _LENDERS:
        lend = _LENDERS[wanted.kind]
    elif wanted.kind == ARRAY:
        lend = _array_lender(wanted)
    else:
        lend = _buffer_lender(wanted)
    if not wanted.optional:
        return lend
    return lambda value, kept: (NONE, 0, 0, 0) if value is None else lend(value, kept)


def _lend_bool(value: object, _: list[object]) -> "Lent":
    if not isinstance(value, bool):
        raise TypeError
    return signatures.BOOL, 0, value, 0


def _lend_int(value: object, _: list[object]) -> "Lent":
    # The bits of the number are what an address would be.
    (number,) = _INT.unpack(_INT.pack(value))
    return signatures.INT, 0, number, 0


def _lend_float(value: object, _: list[object]) -> "Lent":
    (bits,) = _INT.unpack(_FLOAT.pack(value))
    return signatures.FLOAT, 0, bits, 0


def _lend_text(value: object, kept: list[object]) -> "Lent":
    if not isinstance(value, str):
        raise TypeError
    return _lend_raw(TEXT, value.encode(), kept)


def _lend_bytes(value: object, kept: list[object]) -> "Lent":
    if not isinstance(value, bytes):
        raise TypeError
    return _lend_raw(BYTES, value, kept)


def _lend_raw(kind: int, raw: bytes, kept: list[object]) -> "Lent":
    kept.append(raw)
    address = ctypes.c_void_p.from_buffer(ctypes.c_char_p(raw)).value or 0
    return kind, 0, address, len(raw)


_INT, _FLOAT = Struct("=q"), Struct("=d")
_LENDERS: "dict[int, Lend]" = {
    signatures.BOOL: _lend_bool,
    signatures.INT: _lend_int,
    signatures.FLOAT: _lend_float,
    TEXT: _lend_text,
    BYTES: _lend_bytes,
}


def _object_lender(name: str, classes: "Mapping[str, type]") -> "Lend":
    def lend(value: object, _: list[object]) -> "Lent":
        if not isinstance(value, classes[name]):
            raise TypeError
        address: int = value._address  # type: ignore[attr-defined] # noqa: SLF001 # of our own classes
        return OBJECT, 0, address, 0

    return lend


def _array_lender(wanted: Type) -> "Lend":
    typecode = _TYPECODES[wanted.item]

    def lend(value: object, kept: list[object]) -> "Lent":
        if isinstance(value, (str, bytes)):
            raise TypeError
        numbers = value if isinstance(value, array) and value.typecode == typecode else array(typecode, value)  # type: ignore[call-overload]
        # The view keeps whoever else has the array from changing its length during the call.
        kept.append(memoryview(numbers))
        address, count = numbers.buffer_info()
        return ARRAY, wanted.item, address, count

    return lend


def _buffer_lender(wanted: Type) -> "Lend":
    def lend(value: object, kept: list[object]) -> "Lent":
        view = memoryview(value)  # type: ignore[arg-type]
        kept.append(view)
        if not view.c_contiguous:
            message = "its items do not lie side by side in memory"
            raise BufferError(message)
        if wanted.kind == WRITABLE and view.readonly:
            message = "it may not be written to"
            raise BufferError(message)
        item = item_of(view)
        if item == 0 or wanted.item not in (0, item):
            message = f"its items have the format {view.format!r}"
            raise TypeError(message)
        return wanted.kind, item, address_of(view), view.nbytes // view.itemsize

    return lend


def item_of(view: memoryview) -> int:
    """Return what the items of a buffer are, as the header numbers them; 0 for anything else."""
    prefix, letter = view.format[:-1], view.format[-1:]
    if prefix not in ("", "@", "=", "<", ">", "!") or (prefix and prefix in _OTHER_ORDER and view.itemsize > 1):
        return 0
    return _LETTERS.get(letter, {}).get(view.itemsize, 0)


def address_of(view: memoryview) -> int:
    """Return where a contiguous buffer is; it stays there as long as the view is not released."""
    exported = _Exported()
    _get_buffer(view, exported, 0)
    address = exported.buf or 0
    _release_buffer(exported)
    return address


def taker(promised: Type, function: str, wrap: "Callable[[int], object] | None") -> "Callable[[bytearray], object]":
    """Return what makes a Python value of the result at the start of a frame, and has the library release it.

    Args:
        promised: the type of the result.
        function: whose, for messages.
        wrap: makes an object of an address.
    """

    def take(frame: bytearray) -> object:
        kind, item, bits, count, freeing = RESULT.unpack_from(frame, 0)
        if kind == NONE and (promised.optional or promised.kind == NONE):
            return None
        if kind != promised.kind or (kind == ARRAY and item != promised.item):
            raise NativeError(function, f"the library returned a value of kind {kind}, and promises {promised}")
        if promised.is_scalar or kind in signatures.SCALARS:
            return _scalar(kind, bits)
        if kind == OBJECT:
            if not bits or wrap is None:
                raise NativeError(function, f"the library returned NULL, and promises {promised}")
            return wrap(bits & _ADDRESSES)
        try:
            return _copy(promised, bits & _ADDRESSES, count, function)
        finally:
            if freeing:
                Take(freeing & _ADDRESSES)(bits & _ADDRESSES)

    return take


_ADDRESSES = (1 << (8 * ctypes.sizeof(ctypes.c_void_p))) - 1


def _scalar(kind: int, bits: int) -> object:
    if kind == signatures.FLOAT:
        return _FLOAT.unpack(_INT.pack(bits))[0]
    return bits != 0 if kind == signatures.BOOL else bits


def _copy(promised: Type, address: int, count: int, function: str) -> object:
    size = count * (_SIZES[promised.item] if promised.item else 1)
    if not 0 <= size <= MOST_BYTES or (size and not address):
        raise NativeError(function, f"the library returned {promised} at address {address} with a count of {count}")
    raw = ctypes.string_at(address, size) if size else b""
    if promised.kind == BYTES:
        return raw
    if promised.kind == ARRAY:
        return array(_TYPECODES[promised.item], raw)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise NativeError(function, f"the library returned text that is not UTF-8: {raw[:40]!r}") from error
