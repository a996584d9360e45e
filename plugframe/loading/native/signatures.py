"""What a native function takes and returns, read from its table: ``(a: int, rows: buffer[float64]) -> int``."""

import keyword
import re

from plugframe.errors import LibraryFormatError
from plugframe.records import Record

NONE, BOOL, INT, FLOAT, TEXT, BYTES, BUFFER, WRITABLE, ARRAY, OBJECT = range(10)
KINDS = {
    "none": NONE,
    "bool": BOOL,
    "int": INT,
    "float": FLOAT,
    "text": TEXT,
    "bytes": BYTES,
    "buffer": BUFFER,
    "writable": WRITABLE,
    "array": ARRAY,
}
NAMES = tuple(KINDS)
SCALARS = frozenset((BOOL, INT, FLOAT))
ITEMS = {
    "int8": 1, "int16": 2, "int32": 3, "int64": 4, "uint8": 5, "uint16": 6, "uint32": 7, "uint64": 8,
    "float32": 9, "float64": 10,
}  # fmt: skip
_WITH_ITEMS = {BUFFER: ITEMS, WRITABLE: ITEMS, ARRAY: {"int64": 4, "float64": 10}}
_WHOLE = re.compile(r"\s*\((?P<parameters>[^()]*)\)\s*(?:->\s*(?P<result>[^()]+?))?\s*")
_TYPE = re.compile(r"(?P<word>[A-Za-z_]\w*)(?:\[(?P<item>\w+)\])?(?P<optional>\?)?")


class Type(Record):
    """One type of a signature.

    Attributes:
        kind: ``INT`` and its like.
        item: of buffers and arrays, as in the header; 0 for a buffer of anything.
        class_name: of objects; else empty.
        optional: whether None is admitted as well.
    """

    __slots__ = ("kind", "item", "class_name", "optional")

    kind: int
    item: int
    class_name: str
    optional: bool

    def __init__(self, *, kind: int, item: int = 0, class_name: str = "", optional: bool = False) -> None:
        self._fill(kind, item, class_name, optional)

    @property
    def is_scalar(self) -> bool:
        """Whether it is a number or a truth value, and nothing else."""
        return self.kind in SCALARS and not self.optional

    def __str__(self) -> str:
        items = {number: name for name, number in ITEMS.items()}
        item = f"[{items[self.item]}]" if self.item else ""
        return f"{self.class_name or NAMES[self.kind]}{item}{'?' if self.optional else ''}"


class Signature(Record):
    """Names and types of the parameters, in order, and the type of the result."""

    __slots__ = ("names", "types", "result")

    names: tuple[str, ...]
    types: tuple[Type, ...]
    result: Type

    def __init__(self, *, names: tuple[str, ...], types: tuple[Type, ...], result: Type) -> None:
        self._fill(names, types, result)

    @property
    def is_scalar(self) -> bool:
        """Whether all of it is numbers and truth values, the result perhaps nothing."""
        return all(one.is_scalar for one in self.types) and (self.result.kind == NONE or self.result.is_scalar)

    def __str__(self) -> str:
        parameters = ", ".join(f"{name}: {one}" for name, one in zip(self.names, self.types, strict=True))
        return f"({parameters}) -> {self.result}"


def parse(text: str, *, classes: frozenset[str], what: str, path: str) -> Signature:
    """Read a signature.

    Args:
        text: as in the library's table.
        classes: the names of the library's classes.
        what: whose it is, for messages.
        path: the library's.

    Raises:
        LibraryFormatError: it is no signature, or names a type that there is not.
    """
    whole = _WHOLE.fullmatch(text)
    if not whole:
        raise LibraryFormatError(path, f"the signature of {what} is {text!r}; it should be like '(a: int) -> float'")
    names: list[str] = []
    types: list[Type] = []
    for part in filter(None, (part.strip() for part in whole["parameters"].split(","))):
        name, _, word = part.partition(":")
        names.append(_parameter(name.strip(), names, text, what, path))
        types.append(_type(word.strip(), classes, text, what, path))
    if any(one.kind == NONE for one in types):
        raise LibraryFormatError(path, f"the signature of {what}, {text!r}, has a parameter that can only be none")
    return Signature(names=tuple(names), types=tuple(types), result=_result(whole["result"], classes, text, what, path))


def _result(word: str | None, classes: frozenset[str], text: str, what: str, path: str) -> Type:
    result = _type(word.strip(), classes, text, what, path) if word else Type(kind=NONE)
    if result.kind in (BUFFER, WRITABLE):
        reason = "returns a buffer; what a library returns is copied, so it should be bytes or an array"
        raise LibraryFormatError(path, f"the signature of {what}, {text!r}, {reason}")
    return result


def _parameter(name: str, names: list[str], text: str, what: str, path: str) -> str:
    if not name.isidentifier() or name.startswith("_") or keyword.iskeyword(name) or name in (*names, "self"):
        raise LibraryFormatError(path, f"the signature of {what}, {text!r}, has a parameter that is named {name!r}")
    return name


def _type(word: str, classes: frozenset[str], text: str, what: str, path: str) -> Type:
    found = _TYPE.fullmatch(word)
    name, item = (found["word"], found["item"]) if found else ("", None)
    kind = KINDS.get(name, OBJECT if name in classes else -1)
    items = _WITH_ITEMS.get(kind, {})
    fits = item in items if item else kind != ARRAY
    if not found or kind < 0 or not fits:
        known = ", ".join((*NAMES, *sorted(classes)))
        raise LibraryFormatError(path, f"the signature of {what}, {text!r}, has the type {word!r}; there are {known}")
    class_name = name if kind == OBJECT else ""
    return Type(kind=kind, item=items[item] if item else 0, class_name=class_name, optional=bool(found["optional"]))
