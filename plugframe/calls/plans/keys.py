"""What a plan depends on: for each call hook its place, and of what it keeps the shape or the value.

``read`` asks a hook. Nothing here is told apart by its address, which another object may have later.
"""

from itertools import count
from types import BuiltinFunctionType, FunctionType
from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.calls.plans.hooks import CallHook

PLAIN = (type(None), type(...), bool, int, float, complex, str, bytes)
_NAMED = (type, FunctionType, BuiltinFunctionType)


class UnplannableError(Exception):
    """A call hook cannot take part in a plan; the message is the reason, for people."""


class Key:
    """What a call hook says of itself in ``compiled_args``."""

    def __init__(self) -> None:
        self.shape: list[object] = []
        self.lifted: dict[str, object] = {}
        self.constants: dict[object, object] = {}

    def lift(self, value: object, name: str = "") -> None:
        """Take a value along whose plans are the same whatever it is: the one of each call is used.

        Args:
            value: anything.
            name: by which ``saved.lifted`` and ``saved.swap`` find it; else its number, from "0".

        Raises:
            ValueError: the name is taken.
        """
        known = name or str(len(self.lifted))
        if known in self.lifted:
            message = f"{known!r} is lifted already"
            raise ValueError(message)
        self.lifted[known] = value
        self.shape.append(("lift", known))

    def specialize(self, constant: object) -> None:
        """Make plans for this value alone: with another one, another plan is made.

        Args:
            constant: None, a number, text, bytes, an ellipsis, a tuple or frozenset of such, a function or a class.

        Raises:
            TypeError: it is something else.
        """
        token = token_of(constant)
        self.constants[token] = constant
        self.shape.append(("constant", token))


def token_of(constant: object) -> object:
    """Return what is equal for the same constant only, and stays so.

    Raises:
        TypeError: it is no constant.

    Example:
        >>> token_of(1) == token_of(True), token_of((1, "a")) == token_of((1, "a"))
        (False, True)
    """
    kind = type(constant)
    if kind in PLAIN:
        return kind.__name__, repr(constant)  # 1, 1.0 and True are equal, as are 0.0 and -0.0
    if isinstance(constant, tuple) and kind is tuple:
        return "tuple", tuple(map(token_of, constant))
    if isinstance(constant, frozenset) and kind is frozenset:
        return "frozenset", frozenset(map(token_of, constant))
    if isinstance(constant, _NAMED):
        return "object", _numbers.of(constant)
    message = f"{constant!r} is no constant, so lift it: it is neither plain data, nor a function, nor a class"
    raise TypeError(message)


class _Numbers:
    """Numbers for functions and classes, of which none is ever given again."""

    def __init__(self) -> None:
        self._next = count()
        self._known: dict[int, tuple[ref[object], int]] = {}

    def of(self, one: object) -> int:
        """Return the number of an object that is not kept alive."""
        place, known = id(one), self._known
        reference, number = known.get(place, (None, 0))
        if reference is None or reference() is not one:  # Another one was at this place before.
            number = next(self._next)
            known[place] = ref(one, lambda gone: _forget(known, place, gone)), number
            reference, number = known[place]  # of two threads, both get one that is right
        return number


def _forget(known: "dict[int, tuple[ref[object], int]]", place: int, gone: "ref[object]") -> None:
    if known.get(place, (None,))[0] is gone:
        known.pop(place, None)


_numbers = _Numbers()


def is_keyed(hook: "CallHook") -> bool:
    """Return whether a hook says itself what plans depend on: its class has a ``compiled_args``."""
    return hasattr(type(hook.function), "compiled_args")


def read(hook: "CallHook") -> Key:
    """Ask a hook what plans of calls with it depend on.

    Without ``compiled_args`` it is its place alone: any other function fits the same plan.

    Raises:
        UnplannableError: it raises, or returns something.
    """
    key = Key()
    key.shape += [hook.kind, hook.argument, hook.plugin, hook.always, hook.errors]
    function = hook.function
    kind = type(function)
    if is_keyed(hook) or hasattr(kind, "apply_with_saved"):
        key.shape.append(("class", token_of(kind)))
    if is_keyed(hook):
        try:
            returned = function.compiled_args(key)  # type: ignore[attr-defined] # asked for just now
        except Exception as error:
            message = f"its compiled_args raised {type(error).__name__}: {error}"
            raise UnplannableError(message) from error
        if returned is not None:
            message = f"its compiled_args returned {returned!r}, and returns nothing"
            raise UnplannableError(message)
    return key
