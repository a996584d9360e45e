"""Callback slots of native libraries: a Python slot serves each while something is bound to it.

A slot has one binding for the whole life of the process, and is switched between that and nothing. Whatever is bound
and unbound meanwhile, a thread of the library finds either of the two, whole, and nothing is freed under it.
"""

import ctypes
import threading
import time
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


PATIENCE_SECONDS = 5.0
"""How long the end of the process waits for calls that are under way."""

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
    try:
        _value = _slot({values})
{check}
    except BaseException as error:
        _report(error, _name, _error)
        return {failed}
"""
# What is returned to native code is converted by ctypes, which makes garbage of everything else.
_CHECKS = {
    signatures.NONE: "        return None",
    signatures.BOOL: "        return _checked(_value)",
    signatures.INT: """\
        if type(_value) is int and _value.bit_length() < 64:
            return _value
        return _checked(_value)""",
    signatures.FLOAT: "        return _value if type(_value) is float else _checked(_value)",
}


class NativeSlot:
    """A slot of a library: unserved, then served by a Python slot, then disarmed for good.

    While it is served it is bound whenever the Python slot is.
    """

    def __init__(
        self,
        name: str,
        signature: Signature,
        *,
        exchange: "Callable[[Any], object]",
        running: "Callable[[], int]",
        noop: "Callable[..., Any]",
        doc: str = "",
    ) -> None:
        """Keep what the library's table says.

        Args:
            name: an identifier.
            signature: of the callback.
            exchange: binds, given the address of a binding or None.
            running: returns how many calls are under way.
            noop: calls the library's own no-op; the Python slot's default.
            doc: what the library says about it.
        """
        self.name = name
        self.signature = signature
        self.noop = noop
        self.doc = doc
        self._exchange = exchange
        self._running = running
        self._lock = threading.Lock()
        self._slot: PythonSlot | None = None
        self._binding: ctypes.c_void_p | None = None
        self._left = 0
        self.host = ""

    def serve(self, slot: "PythonSlot", host: str) -> None:
        """Let a Python slot of a host serve it from now on."""
        if self._slot is not slot:
            self._binding = make_binding(slot, self.name, self.signature)
            self._slot = slot
            slot.watch(self._switch)
        self.host = host
        self._switch(slot)

    def _switch(self, slot: "PythonSlot") -> None:
        # Whoever comes last looks last, so that the outcome of a race is what is bound then.
        with self._lock:
            if slot is self._slot:
                self._exchange(self._binding if self.host and slot.bound else None)

    def disarm(self) -> None:
        """Let the library's no-op serve it again."""
        with self._lock:
            self.host = ""
            self._exchange(None)

    def wait(self, until: float) -> bool:
        """Wait for the calls that are under way; return whether they have ended by a time of ``time.monotonic``."""
        while self._running() > self._left:
            if time.monotonic() > until:
                return False
            time.sleep(0.0005)
        return True

    def forget_threads(self) -> None:
        """Take for lost what was under way when the process was forked: its threads are not in the child."""
        self._lock = threading.Lock()
        self._left = self._running()


def make_binding(slot: "Callable[..., Any]", name: str, signature: Signature) -> ctypes.c_void_p:
    """Return the address of a binding that calls a Python function, and that is never freed."""
    call = CallBack(_generic(slot, name, signature))
    binding = Binding(None, ctypes.cast(call, ctypes.c_void_p), None)
    if signature.is_scalar:
        result = _TYPES.get(signature.result.kind)
        kind = ctypes.CFUNCTYPE(result, *(_TYPES[one.kind] for one in signature.types), ctypes.c_void_p)
        direct = kind(_direct(slot, name, signature))
        binding.direct = ctypes.cast(direct, ctypes.c_void_p)
        _forever.append(direct)
    _forever.extend((call, binding))
    return ctypes.c_void_p(ctypes.addressof(binding))


def _direct(slot: "Callable[..., Any]", name: str, signature: Signature) -> "Callable[..., Any]":
    values = (
        f"{one} != 0" if kind.kind == signatures.BOOL else one
        for one, kind in zip(signature.names, signature.types, strict=True)
    )
    source = _DIRECT.format(
        parameters="".join(f"{one}, " for one in signature.names),
        values=", ".join(values),
        check=_CHECKS[signature.result.kind],
        failed="None" if signature.result.kind == signatures.NONE else "0",
    )
    checked = _checker(name, signature.result)
    variables: dict[str, Any] = {
        "_slot": slot,
        "_report": report,
        "_name": name,
        "_checked": checked,
    }
    exec(compile(source, f"<native slot {name}>", "exec"), variables)  # noqa: S102 # names are checked identifiers
    made: Callable[..., Any] = variables["direct"]
    return made


def _generic(slot: "Callable[..., Any]", name: str, signature: Signature) -> "Callable[..., int]":
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
