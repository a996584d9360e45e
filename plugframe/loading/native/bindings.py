"""What is bound to a library's slot: functions that native code calls, and that nothing gets out of.

Each slot has one binding for the whole life of the process. Numbers and truth values are taken by ctypes itself, as the
arguments of a plain C function; whatever else there is comes as values in memory.
"""

import ctypes
import threading
from struct import Struct

from plugframe.errors import NativeError
from plugframe.loading.native import signatures
from plugframe.loading.native.failures import report
from plugframe.loading.native.signatures import Signature, Type
from plugframe.loading.native.structures import VALUE_SIZE, Binding, CallBack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class PythonSlot(Protocol):
        """What serves a native slot: it is called with the arguments, and tells when it is bound or unbound."""

        @property
        def bound(self) -> bool:
            """Whether something is bound to it."""
            ...

        def __call__(self, *args: object) -> Any:  # noqa: ANN401 # the callback decides
            """Call what is bound, or the default."""
            ...

        def watch(self, function: Callable[[Any], object]) -> object:
            """Have a function called with it after every change of what is bound."""
            ...


_TYPES: "dict[int, Any]" = {
    signatures.BOOL: ctypes.c_int32,
    signatures.INT: ctypes.c_int64,
    signatures.FLOAT: ctypes.c_double,
}
_ARGUMENT = Struct("=iiqq8x")
_NUMBER = {
    signatures.BOOL: Struct("=i4xq16x"),
    signatures.INT: Struct("=i4xq16x"),
    signatures.FLOAT: Struct("=i4xd16x"),
}
_BITS, _DOUBLE = Struct("=q"), Struct("=d")
_forever: list[object] = []
"""What native code has the address of: bindings and the functions in them."""

_DIRECT = """\
def direct({parameters}_error):
    _called = _bound
    try:
        _value = _called({values})
{check}
    except _exceptions as _raised:
        _report(_raised, _name, _error, _called, _told)
        return {failed}
"""
# What is returned to native code is converted by ctypes, which makes garbage of everything else.
_CHECKS = {
    signatures.NONE: "        return None",
    signatures.BOOL: "        return _checked(_value)",
    signatures.INT: """\
        if _type(_value) is _int and _value.bit_length() < 64:
            return _value
        return _checked(_value)""",
    signatures.FLOAT: "        return _value if _type(_value) is _float else _checked(_value)",
}


class NativeBinding:
    """A binding that calls what is bound to a Python slot; it is never freed.

    Attributes:
        address: of the ``pf_binding``.
    """

    def __init__(self, slot: "PythonSlot", name: str, signature: Signature) -> None:
        """Make the functions that native code calls."""
        call = CallBack(_generic(slot, name, signature))
        binding = Binding(None, ctypes.cast(call, ctypes.c_void_p), None)
        self._direct = Direct(slot, name, signature) if signature.is_scalar else None
        if self._direct is not None:
            result = _TYPES.get(signature.result.kind)
            kind = ctypes.CFUNCTYPE(result, *(_TYPES[one.kind] for one in signature.types), ctypes.c_void_p)
            direct = kind(self._direct.function)
            binding.direct = ctypes.cast(direct, ctypes.c_void_p)
            _forever.append(direct)
        _forever.extend((call, binding))
        self.address = ctypes.c_void_p(ctypes.addressof(binding))

    def renew(self) -> None:
        """Expect another function to be bound."""
        if self._direct is not None:
            self._direct.renew()

    def forget_threads(self) -> None:
        """Do without the locks that threads of a parent process may have held."""
        if self._direct is not None:
            self._direct.lock = threading.Lock()


class Direct:
    """A function of numbers that calls what is bound to a slot, without the slot between them.

    After each change it first goes to the slot, which finds, imports and checks what is bound, and tells.
    """

    def __init__(self, slot: "PythonSlot", name: str, signature: Signature) -> None:
        """Write the function for the signature."""
        self._slot = slot
        self.lock = threading.Lock()
        self._changes = 0
        self._globals: dict[str, Any] = {
            "_report": report,
            "_name": name,
            "_checked": _checker(name, signature.result),
            # Parameters may have the names of builtins.
            "_type": type,
            "_int": int,
            "_float": float,
            "_exceptions": BaseException,
        }
        source = _direct_source(signature)
        exec(compile(source, f"<native slot {name}>", "exec"), self._globals)  # noqa: S102 # names are identifiers
        self.function: Callable[..., Any] = self._globals["direct"]
        self.renew()

    def renew(self) -> None:
        """Go to the slot at the next call."""
        with self.lock:
            self._changes += 1
            self._point(self._enter, _ignore)

    def _point(self, function: "Callable[..., Any]", tell: "Callable[[], object]") -> None:
        self._globals["_told"] = (function, tell)
        self._globals["_bound"] = function

    def _enter(self, *args: object) -> object:
        changes = self._changes
        settle = getattr(self._slot, "settle", None)
        if settle is None:
            return self._slot(*args)
        function, tell = settle()
        with self.lock:
            if changes == self._changes:
                self._point(function, tell)
        try:
            return function(*args)
        except BaseException:
            tell()
            raise


def _ignore() -> None:
    pass


def _direct_source(signature: Signature) -> str:
    values = (
        f"{one} != 0" if kind.kind == signatures.BOOL else one
        for one, kind in zip(signature.names, signature.types, strict=True)
    )
    return _DIRECT.format(
        parameters="".join(f"{one}, " for one in signature.names),
        values=", ".join(values),
        check=_CHECKS[signature.result.kind],
        failed="None" if signature.result.kind == signatures.NONE else "0",
    )


def _generic(slot: "PythonSlot", name: str, signature: Signature) -> "Callable[..., int]":
    size = VALUE_SIZE * len(signature.types)
    readers = [_reader(name, one) for one in signature.types]
    checked = _checker(name, signature.result)
    number = _NUMBER.get(signature.result.kind)

    def call(_: int | None, arguments: int | None, count: int, result: int | None, error: int | None) -> int:
        try:
            _check_count(name, count if arguments else 0, len(readers))
            raw = ctypes.string_at(arguments, size) if arguments and size else b""
            values = [read(*one) for read, one in zip(readers, _ARGUMENT.iter_unpack(raw), strict=True)]
            value = slot(*values)
            if result:
                given = number.pack(signature.result.kind, checked(value)) if number else bytes(VALUE_SIZE)
                ctypes.memmove(result, given, VALUE_SIZE)
        except BaseException as caught:  # noqa: BLE001 # nothing may get out of it: native code cannot take it
            return report(caught, name, error)
        return 0

    return call


def _check_count(name: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise NativeError(name, f"the library calls it with {found} arguments, and declares {wanted}")


def _reader(name: str, wanted: Type) -> "Callable[[int, int, int, int], object]":
    """Return what makes a value of an argument: its kind, item, bits and count. What is in memory is copied."""

    def read(kind: int, _: int, bits: int, count: int) -> object:
        if kind == signatures.NONE and wanted.optional:
            return None
        if kind != wanted.kind:
            raise NativeError(name, f"the library gives a value of kind {kind}, and declares {wanted}")
        if kind == signatures.FLOAT:
            return _DOUBLE.unpack(_BITS.pack(bits))[0]
        if kind in (signatures.INT, signatures.BOOL):
            return bits if kind == signatures.INT else bits != 0
        if count < 0 or (count and not bits):
            raise NativeError(name, f"the library gives {wanted} at address {bits} with a count of {count}")
        raw = ctypes.string_at(bits, count) if count else b""
        return raw if kind == signatures.BYTES else raw.decode()

    return read


def _checker(name: str, wanted: Type) -> "Callable[[Any], int | float]":
    """Return what checks a callback's result before native code gets it."""

    def check(value: object) -> int | float:
        try:
            if wanted.kind == signatures.NONE:
                return 0
            if wanted.kind == signatures.BOOL and value in (True, False):
                return 1 if value else 0
            if wanted.kind == signatures.INT:
                return int(_BITS.unpack(_BITS.pack(value))[0])
            if wanted.kind == signatures.FLOAT:
                return float(_DOUBLE.unpack(_DOUBLE.pack(value))[0])
        except Exception as error:
            raise NativeError(name, f"the callback should return {wanted}, and returned {value!r}") from error
        raise NativeError(name, f"the callback should return {wanted}, and returned {value!r}")

    return check
