"""A module's tables to checked Python values: everything is looked at before anything is made of it."""

import ctypes
import keyword

from plugframe.errors import LibraryFormatError, LibraryVersionError
from plugframe.loading.native import signatures
from plugframe.loading.native.signatures import Signature, Type, parse
from plugframe.loading.native.structures import (
    MAJOR,
    MINOR,
    Class,
    Function,
    Module,
    Slot,
    Table,
    read_entries,
    read_text,
)
from plugframe.records import Record

_IN_SLOTS = (signatures.BOOL, signatures.INT, signatures.FLOAT, signatures.TEXT, signatures.BYTES)


class FunctionDefinition(Record):
    """A function of a library: its name, signature, documentation and address."""

    __slots__ = ("name", "signature", "doc", "address")

    name: str
    signature: Signature
    doc: str
    address: int

    def __init__(self, *, name: str, signature: Signature, doc: str, address: int) -> None:
        self._fill(name, signature, doc, address)


class ClassDefinition(Record):
    """A class of a library: the function that makes an object, the address of what frees it (or 0), its methods."""

    __slots__ = ("create", "destroy", "methods")

    create: FunctionDefinition
    destroy: int
    methods: tuple[FunctionDefinition, ...]

    def __init__(self, *, create: FunctionDefinition, destroy: int, methods: tuple[FunctionDefinition, ...]) -> None:
        self._fill(create, destroy, methods)

    @property
    def name(self) -> str:
        """The class's name, without the module's."""
        return self.create.name


class SlotDefinition(Record):
    """A slot of a library: its no-op, and the addresses of what binds it and of what counts its calls."""

    __slots__ = ("noop", "exchange", "running")

    noop: FunctionDefinition
    exchange: int
    running: int

    def __init__(self, *, noop: FunctionDefinition, exchange: int, running: int) -> None:
        self._fill(noop, exchange, running)


class ModuleDefinition(Record):
    """All that a library declares; the addresses of what initialises and ends it, or 0."""

    __slots__ = ("name", "version", "functions", "classes", "slots", "exec", "teardown")

    name: str
    version: str
    functions: tuple[FunctionDefinition, ...]
    classes: tuple[ClassDefinition, ...]
    slots: tuple[SlotDefinition, ...]
    exec: int
    teardown: int

    def __init__(
        self,
        *,
        name: str,
        version: str,
        functions: tuple[FunctionDefinition, ...],
        classes: tuple[ClassDefinition, ...],
        slots: tuple[SlotDefinition, ...],
        exec: int,  # noqa: A002 # the header's word
        teardown: int,
    ) -> None:
        self._fill(name, version, functions, classes, slots, exec, teardown)


def read_module(address: int, path: str) -> ModuleDefinition:
    """Read and check a module's tables.

    Args:
        address: of the module.
        path: the library's, for messages.

    Raises:
        LibraryVersionError: the tables are of another version.
        LibraryFormatError: something in them cannot be.
    """
    module = _module_at(address, path)
    name = read_text(module.name, "the module's name", path)
    _check_name(name, "module", path)
    classes = read_entries(module.classes, Class, "classes", path)
    names = frozenset(read_text(entry.name, "a class's name", path) for entry in classes)
    functions = _functions(module.functions, "function", names, path)
    found = tuple(_class(entry, names, path) for entry in classes)
    slots = tuple(_slot(entry, path) for entry in read_entries(module.slots, Slot, "slots", path))
    _check_unique("classes", [one.name for one in found], path)
    _check_unique("slots", [one.noop.name for one in slots], path)
    return ModuleDefinition(
        name=name,
        version=read_text(module.version, "the module's version", path),
        functions=functions,
        classes=found,
        slots=slots,
        exec=module.exec or 0,
        teardown=module.teardown or 0,
    )


def _module_at(address: int, path: str) -> Module:
    # The first two members have their place in every version; the others are looked at when they are known to be there.
    size, abi = (ctypes.c_uint32 * 2).from_buffer_copy(ctypes.string_at(address, 8))
    if abi >> 16 != MAJOR or (abi & 0xFFFF) > MINOR:
        raise LibraryVersionError(path, f"{abi >> 16}.{abi & 0xFFFF}", f"{MAJOR}.{MINOR}")
    if size != ctypes.sizeof(Module):
        raise LibraryFormatError(path, f"its module has {size} bytes, not {ctypes.sizeof(Module)}")
    return Module.from_buffer_copy(ctypes.string_at(address, size))


def _functions(table: Table, what: str, classes: frozenset[str], path: str) -> tuple[FunctionDefinition, ...]:
    entries = read_entries(table, Function, f"{what}s", path)
    found = tuple(_function(entry, entry.call, what, classes, path) for entry in entries)
    _check_unique(f"{what}s", [one.name for one in found], path)
    return found


def _function(
    entry: ctypes.Structure, call: int | None, what: str, classes: frozenset[str], path: str
) -> FunctionDefinition:
    """Read what the entries of functions, classes and slots begin with."""
    name = read_text(entry.name, f"the name of a {what}", path)
    _check_name(name, what, path)
    if not call:
        raise LibraryFormatError(path, f"the {what} {name!r} has NULL in the place of what is called")
    text = read_text(entry.signature, f"the signature of the {what} {name!r}", path)
    signature = parse(text, classes=classes, what=f"the {what} {name!r}", path=path)
    doc = read_text(entry.doc, f"the documentation of the {what} {name!r}", path) if entry.doc else ""
    return FunctionDefinition(name=name, signature=signature, doc=doc, address=call)


def _class(entry: ctypes.Structure, classes: frozenset[str], path: str) -> ClassDefinition:
    create = _function(entry, entry.create, "class", classes, path)
    if create.signature.result != Type(kind=signatures.NONE):
        raise LibraryFormatError(
            path, f"the signature of the class {create.name!r} has a result; it takes arguments only"
        )
    made = create.signature.replace(result=Type(kind=signatures.OBJECT, class_name=create.name))
    methods = _functions(entry.methods, f"method of {create.name}", classes, path)
    return ClassDefinition(create=create.replace(signature=made), destroy=entry.destroy or 0, methods=methods)


def _slot(entry: ctypes.Structure, path: str) -> SlotDefinition:
    noop = _function(entry, entry.noop, "slot", frozenset(), path)
    signature = noop.signature
    unfit = [one for one in signature.types if one.kind not in _IN_SLOTS]
    if unfit or not (signature.result.is_scalar or signature.result == Type(kind=signatures.NONE)):
        reason = "a slot takes bool, int, float, text and bytes, and returns none, bool, int or float"
        raise LibraryFormatError(path, f"the signature of the slot {noop.name!r}, {signature}, is none: {reason}")
    if not entry.exchange or not entry.running:
        raise LibraryFormatError(path, f"the slot {noop.name!r} has NULL in the place of exchange or running")
    return SlotDefinition(noop=noop, exchange=entry.exchange, running=entry.running)


def _check_name(name: str, what: str, path: str) -> None:
    if not name.isidentifier() or name.startswith("_") or keyword.iskeyword(name):
        reason = "which is no identifier, is a word of Python, or begins with '_'"
        raise LibraryFormatError(path, f"a {what} is named {name!r}, {reason}")


def _check_unique(what: str, names: list[str], path: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise LibraryFormatError(path, f"it has two {what} of one name: {', '.join(twice)}")
