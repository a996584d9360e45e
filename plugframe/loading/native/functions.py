"""A native function to a Python function that is written for its signature.

Each call takes a frame, a piece of memory that has the result, the arguments and the error one after the other, and
ready-made ctypes objects that point into it. A frame that a call has taken is nobody else's, so that threads and calls
from within callbacks do not meet; after the call it is put back.
"""

import ctypes
import sys
from functools import partial
from struct import Struct
from struct import error as StructError  # noqa: N812 # it is a class

from plugframe.errors import NativeError, NativeTypeError, NativeValueError
from plugframe.loading.native import signatures
from plugframe.loading.native.failures import failure, prepare
from plugframe.loading.native.signatures import Signature
from plugframe.loading.native.structures import ERROR_SIZE, VALUE_SIZE, Call
from plugframe.loading.native.values import lender, release, taker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from plugframe.loading.native.values import Lend

_REFUSALS = (TypeError, ValueError, OverflowError, BufferError, StructError)
_SCALAR_CODES = {signatures.INT: "i4xq16x", signatures.FLOAT: "i4xd16x"}
_READ = {signatures.INT: "=i4xq", signatures.FLOAT: "=i4xd"}

_PLAIN = """\
def {name}({parameters}):
{receive}
    try:
        _frame, _call, _receiver = _pop()
    except _empty:
        _frame, _call, _receiver = _make()
    try:
        _pack(_frame, 0{packed})
    except _refusals as error:
        raise _explain(error, ({values})) from error
{point}
    _code = _call()
    if _code:
        raise _failure(_code, _frame)
{take}
    _push((_frame, _call, _receiver))
    return _value
"""
_LENDING = """\
def {name}({parameters}):
{receive}
    _kept = []
    try:
        try:
{lend}
        except _refusals as error:
            raise _explain(error, ({values})) from error
        return _inner({inner})
    finally:
        _release(_kept)
"""
_READ_NUMBER = """\
    _kind, _value = _read(_frame)
    if _kind != {kind}:
        _take(_frame)"""


def make_function(
    name: str,
    signature: Signature,
    address: int,
    *,
    module: str,
    classes: "Mapping[str, type]",
    doc: str = "",
    owner: str = "",
    wrap: "Callable[[int], object] | None" = None,
) -> "Callable[..., Any]":
    """Return a Python function that calls a native one.

    Args:
        name: an identifier.
        signature: what it takes and returns.
        address: of the native function.
        module: the library's name.
        doc: the docstring's text; the signature is put before it.
        owner: the class's name, of methods; they take ``self`` first.
        classes: the library's classes by name, looked up at each call: they may be made after this.
        wrap: makes an object of an address, where the result is one.
    """
    qualified = ".".join(filter(None, (module, owner, name)))
    lends = [lender(one, classes) for one in signature.types]
    simple = all(one.is_scalar and one.kind in _SCALAR_CODES for one in signature.types)
    variables = {
        **_frames(qualified, signature, address, wrap),
        "_explain": partial(_explain, qualified, signature, lends),
        "_refusals": _REFUSALS,
        "_empty": IndexError,  # parameters may have the names of builtins
        "_classes": classes,
        "_wrong_self": partial(_wrong_self, qualified, owner),
    }
    if simple:
        function = _compile(_plain_source(name, signature, owner=owner), name, qualified, variables)
    else:
        packed = "".join(f", *_lent_{one}" for one in signature.names)
        variables["_pack"] = Struct("=32x" + "iiqq8x" * len(lends)).pack_into
        inner = _plain_source("_inner", signature, owner=owner, lent=packed)
        variables["_inner"] = _compile(inner, "_inner", qualified, variables)
        variables |= {f"_lend_{one}": lend for one, lend in zip(signature.names, lends, strict=True)}
        variables["_release"] = release
        function = _compile(_lending_source(name, signature, owner=owner), name, qualified, variables)
    function.__module__, function.__qualname__ = module, qualified.partition(".")[2]
    function.__doc__ = f"{name}{signature}\n\n{doc}".rstrip()
    return function


def _compile(source: str, name: str, qualified: str, variables: "dict[str, Any]") -> "Callable[..., Any]":
    namespace = dict(variables)
    exec(compile(source, f"<native {qualified}>", "exec"), namespace)  # noqa: S102 # names are checked identifiers
    function: Callable[..., Any] = namespace[name]
    return function


def _plain_source(name: str, signature: Signature, *, owner: str, lent: str = "") -> str:
    values = "".join(f"{one}, " for one in signature.names)
    numbers = "".join(f", {one.kind}, {name}" for name, one in zip(signature.names, signature.types, strict=True))
    first = ("self",) if owner else ()
    lent_names = tuple(f"_lent_{one}" for one in signature.names)
    read = signature.result.is_scalar and signature.result.kind in _READ
    return _PLAIN.format(
        name=name,
        parameters=", ".join((*first, *(lent_names if lent else signature.names))),
        receive=_receive(owner) if not lent else "    pass",
        packed=lent or numbers,
        values="" if lent else values,
        point="    _receiver.value = self._address" if owner else "    pass",
        take=_READ_NUMBER.format(kind=signature.result.kind) if read else "    _value = _take(_frame)",
    )


def _lending_source(name: str, signature: Signature, *, owner: str) -> str:
    first = ("self",) if owner else ()
    return _LENDING.format(
        name=name,
        parameters=", ".join((*first, *signature.names)),
        receive=_receive(owner),
        lend="\n".join(f"            _lent_{one} = _lend_{one}({one}, _kept)" for one in signature.names),
        values="".join(f"{one}, " for one in signature.names),
        inner=", ".join((*first, *(f"_lent_{one}" for one in signature.names))),
    )


def _receive(owner: str) -> str:
    if not owner:
        return "    pass"
    # An object of another class would be taken for one of this class by the library, which cannot tell.
    return f"    if not isinstance(self, _classes[{owner!r}]):\n        raise _wrong_self(self)"


def _frames(
    function: str, signature: Signature, address: int, wrap: "Callable[[int], object] | None"
) -> "dict[str, Any]":
    """Return what generated code takes frames from and puts them back to, packs arguments and reads results with."""
    count = len(signature.types)
    error_at = VALUE_SIZE * (count + 1)
    call = Call(address)
    pool: list[tuple[bytearray, Callable[[], int], ctypes.c_void_p]] = []

    def make() -> "tuple[bytearray, Callable[[], int], ctypes.c_void_p]":
        frame = bytearray(error_at + ERROR_SIZE)
        prepare(frame, error_at)
        base = ctypes.addressof(ctypes.c_char.from_buffer(frame))
        receiver = ctypes.c_void_p()
        places = (ctypes.c_void_p(base), ctypes.c_void_p(base + error_at))
        ready = partial(call, receiver, ctypes.c_void_p(base + VALUE_SIZE), ctypes.c_int32(count), *places)
        return frame, ready, receiver

    # The result is zeroed along, so that one that the library forgets to give is not the last call's.
    codes = "".join(_SCALAR_CODES.get(one.kind, "") for one in signature.types)
    return {
        "_pop": pool.pop,
        "_push": pool.append,
        "_make": make,
        "_pack": Struct("=32x" + codes).pack_into,
        "_read": Struct(_READ.get(signature.result.kind, "=")).unpack_from,
        "_take": taker(signature.result, function, wrap),
        "_failure": lambda code, frame: failure(
            function,
            code,
            frame,
            error_at,
            caller=sys._getframe(1),  # noqa: SLF001 # the function written below
        ),
    }


def _explain(
    function: str, signature: Signature, lends: "list[Lend]", error: Exception, values: tuple[object, ...]
) -> NativeError:
    """Return the exception that says which argument is wrong, what it should be and what it is."""
    for name, wanted, lend, value in zip(signature.names, signature.types, lends, values, strict=True):
        kept: list[object] = []
        try:
            lend(value, kept)
        except _REFUSALS as refusal:
            reason = f"; {refusal}" if str(refusal) and not isinstance(refusal, StructError) else ""
            told = f"{name} should be {wanted}, and is of {type(value).__name__}: {_short(value)}{reason}"
            # struct has one exception for a number that is too large and for what is no number.
            too_large = isinstance(refusal, StructError) and isinstance(value, int)
            fits = too_large or isinstance(refusal, (ValueError, OverflowError, BufferError))
            return (NativeValueError if fits else NativeTypeError)(function, told)
        finally:
            release(kept)
    return NativeTypeError(function, str(error))


def _short(value: object) -> str:
    try:
        text = " ".join(repr(value).split())
    except Exception as error:  # noqa: BLE001 # whatever it raises, the argument is wrong for another reason
        return f"(its repr raises {type(error).__name__})"
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 # a line's worth


def _wrong_self(function: str, owner: str, value: object) -> NativeTypeError:
    return NativeTypeError(function, f"self should be {owner}, and is of {type(value).__name__}")
