"""The structures of ``include/plugframe.h``, and reading them at an address."""

import ctypes

from plugframe.errors import LibraryFormatError

MAJOR, MINOR = 1, 0
ABI = MAJOR << 16 | MINOR
VALUE_SIZE, ERROR_SIZE, MESSAGE_SIZE = 32, 256, 248
MOST_ENTRIES = 100_000
LONGEST_NAME = 4096
# Addresses are read as plain numbers: a text or a function that is NULL is then 0, and nothing is followed unasked.
_Address = ctypes.c_void_p


class Table(ctypes.Structure):
    """How many entries a table has, where, and how large each is."""

    _fields_ = (("entries", _Address), ("count", ctypes.c_uint32), ("entry_size", ctypes.c_uint32))


class Function(ctypes.Structure):
    """``pf_function``."""

    _fields_ = (("name", _Address), ("signature", _Address), ("doc", _Address), ("call", _Address))


class Class(ctypes.Structure):
    """``pf_class``."""

    _fields_ = (
        ("name", _Address),
        ("signature", _Address),
        ("doc", _Address),
        ("create", _Address),
        ("destroy", _Address),
        ("methods", Table),
    )


class Slot(ctypes.Structure):
    """``pf_slot``."""

    _fields_ = (
        ("name", _Address),
        ("signature", _Address),
        ("doc", _Address),
        ("noop", _Address),
        ("exchange", _Address),
        ("running", _Address),
    )


class Binding(ctypes.Structure):
    """``pf_binding``."""

    _fields_ = (("user", _Address), ("call", _Address), ("direct", _Address))


class Host(ctypes.Structure):
    """``pf_host``."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("abi", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("version", ctypes.c_char_p),
    )


class Module(ctypes.Structure):
    """``pf_module``."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("abi", ctypes.c_uint32),
        ("name", _Address),
        ("version", _Address),
        ("functions", Table),
        ("classes", Table),
        ("slots", Table),
        ("exec", _Address),
        ("teardown", _Address),
    )


Call = ctypes.CFUNCTYPE(ctypes.c_int32)
"""``pf_call``, given ready-made ctypes objects as arguments: converting nothing, it is called fastest."""

CallBack = ctypes.CFUNCTYPE(ctypes.c_int32, _Address, _Address, ctypes.c_int32, _Address, _Address)
"""``pf_call``, of a Python function."""

Take = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""What takes one address: ``destroy``, and the release of a result."""


def read_text(address: int | None, what: str, path: str) -> str:
    """Return the text at an address.

    Args:
        address: of the first byte; None where the library has NULL.
        what: what the text is, for messages.
        path: the library's.

    Raises:
        LibraryFormatError: it is NULL, too long, or no UTF-8.
    """
    if not address:
        raise LibraryFormatError(path, f"{what} is NULL")
    raw = ctypes.string_at(address)
    if len(raw) > LONGEST_NAME:
        raise LibraryFormatError(path, f"{what} has {len(raw)} bytes; at most {LONGEST_NAME} are taken")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise LibraryFormatError(path, f"{what} is not UTF-8: {raw[:40]!r}") from error


def read_entries(table: Table, kind: "type[ctypes.Structure]", what: str, path: str) -> list[ctypes.Structure]:
    """Return copies of a table's entries.

    Args:
        table: where they are.
        kind: what they are.
        what: what the table holds, for messages.
        path: the library's.

    Raises:
        LibraryFormatError: the table cannot be right.
    """
    if not table.count:
        return []
    least = ctypes.sizeof(kind)
    if not table.entries:
        raise LibraryFormatError(path, f"its table of {what} is NULL, and has {table.count} entries")
    if table.count > MOST_ENTRIES:
        raise LibraryFormatError(
            path, f"its table of {what} has {table.count} entries; at most {MOST_ENTRIES} are taken"
        )
    # Entries of a library whose minor number is ours or smaller are not larger than ours.
    if table.entry_size != least:
        raise LibraryFormatError(path, f"its table of {what} has entries of {table.entry_size} bytes, not {least}")
    places = (table.entries + index * table.entry_size for index in range(table.count))
    return [kind.from_buffer_copy(ctypes.string_at(place, least)) for place in places]
