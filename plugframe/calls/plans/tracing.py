"""Tracing: call hooks tell what they would do, on placeholders, and nothing is run.

``trace`` is the main function.
"""

from contextlib import suppress
from copy import copy
from typing import Any, NoReturn

from plugframe.calls.plans.hooks import ARGUMENT, COMMIT, POST, PRE
from plugframe.calls.plans.keys import UnplannableError, token_of
from plugframe.errors import CallPlanError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.calls.plans.hooks import CallHook
    from plugframe.calls.plans.keys import Key

    Reference = tuple[str, str]
    """What a plan uses: ``call`` and the name of one of the call's values, ``made`` and the number of the recorded
    call that it is the result of, ``lift`` or ``constant`` and a number, or ``hook`` and nothing."""


class Placeholder:
    """A value that is not known while a call is planned; it can be handed on, and not looked at."""

    __slots__ = ("_reference", "_trace")

    def __init__(self, trace: "Saved", reference: "Reference") -> None:
        self._trace = trace
        self._reference = reference

    def __repr__(self) -> str:
        return "%" + " ".join(filter(None, self._reference))

    def _unknown(self, *_: object, **__: object) -> NoReturn:
        message = f"the value of {self!r} is not known while a call is planned: record what is to be done with it"
        raise CallPlanError(message)


_LOOKS = (
    "add", "and", "bool", "call", "contains", "delitem", "eq", "float", "floordiv", "format", "ge", "getattr",
    "getitem", "gt", "hash", "index", "int", "invert", "iter", "le", "len", "lt", "matmul", "mod", "mul", "ne",
    "neg", "next", "or", "pos", "pow", "radd", "rmul", "rsub", "rtruediv", "setitem", "str", "sub", "truediv",
    "xor",
)  # fmt: skip
for _name in _LOOKS:
    setattr(Placeholder, f"__{_name}__", Placeholder._unknown)  # noqa: SLF001 # of this module


class Recorded:
    """One call of a function that a plan makes; its result has the number of its place."""

    __slots__ = ("function", "given", "keywords")

    def __init__(self, function: "Reference", given: "tuple[Reference, ...]", keywords: "dict[str, Reference]") -> None:
        self.function = function
        self.given = given
        self.keywords = keywords


class Traced:
    """What one call hook does in a plan.

    Attributes:
        calls: the functions that are called, in order.
        value: what takes the place of the argument or the result, unless that is None; None for nothing.
        constants: what is used and is the same as long as the plan fits.
        is_opaque: whether the hook says nothing of itself: it is called as it is.
    """

    __slots__ = ("calls", "constants", "is_opaque", "value")

    def __init__(
        self,
        calls: tuple[Recorded, ...],
        value: "Reference | None",
        constants: tuple[object, ...],
        *,
        is_opaque: bool,
    ) -> None:
        self.calls = calls
        self.value = value
        self.constants = constants
        self.is_opaque = is_opaque


class Saved:
    """What a call hook has in hand while a call is planned; the second argument of its ``apply_with_saved``.

    Attributes:
        hook: stands for the hook itself, of each call.
        copy: the copy of the hook that is asked.
    """

    def __init__(self, key: "Key", original: object, copied: object) -> None:
        self._key = key
        self._original = original
        self.copy: Any = copied
        self._calls: list[Recorded] = []
        self._constants: list[object] = []
        self._ended = False
        self.hook = Placeholder(self, ("hook", ""))

    def given(self, kind: str, *, always: bool) -> tuple[Placeholder, ...]:
        """Return what stands for what a hook of a kind is given."""
        names = {ARGUMENT: ("argument",), PRE: ("arguments",), COMMIT: ("arguments", "result")}
        names[POST] = ("arguments", "outcome" if always else "result")
        return tuple(Placeholder(self, ("call", name)) for name in names[kind])

    def lifted(self, name: str) -> Placeholder:
        """Return what stands for a value that ``compiled_args`` lifted under a name, or a number.

        Raises:
            CallPlanError: it did not.
        """
        if name not in self._key.lifted:
            message = f"{name!r} was not lifted by compiled_args"
            raise CallPlanError(message)
        return Placeholder(self, ("lift", str(list(self._key.lifted).index(name))))

    def swap(self, attribute: str, name: str = "") -> Placeholder:
        """Put what stands for a lifted value in the place of an attribute of the hook.

        It is that of the copy whose ``apply_with_saved`` runs. The hook itself is never touched, whatever is raised:
        other threads may be calling it.

        Args:
            attribute: of the hook.
            name: under which the value was lifted; the default is the attribute's name.

        Raises:
            CallPlanError: nothing was lifted under it, or the hook has no copy.
        """
        self._look()
        placeholder = self.lifted(name or attribute)
        if self.copy is self._original:
            message = f"{attribute!r} cannot be swapped: the copy of the hook is the hook itself"
            raise CallPlanError(message)
        setattr(self.copy, attribute, placeholder)
        return placeholder

    def record(self, function: object, /, *given: object, **keywords: object) -> Placeholder:
        """Have the plan call a function, which is not called now.

        Args:
            function: ``hook``, something lifted, or a function that ``compiled_args`` specialized.
            given: placeholders, and constants that ``compiled_args`` specialized; None can always be used.
            keywords: the same, by keyword.

        Returns:
            What stands for its result.

        Raises:
            CallPlanError: something is neither, so that the plan could not know when it is another one.
        """
        self._look()
        called = self._reference(function)
        places = tuple(map(self._reference, given))
        self._calls.append(Recorded(called, places, {name: self._reference(one) for name, one in keywords.items()}))
        return Placeholder(self, ("made", str(len(self._calls) - 1)))

    def _look(self) -> None:
        if self._ended:
            message = "the plan is made: nothing can be recorded any more"
            raise CallPlanError(message)

    def _reference(self, one: object) -> "Reference":
        if type(one) is Placeholder:
            if one._trace is not self:  # noqa: SLF001 # of this module
                message = f"{one!r} stands for a value of another hook"
                raise CallPlanError(message)
            return one._reference  # noqa: SLF001 # the same
        if one is not None:
            with suppress(TypeError):
                if token_of(one) in self._key.constants:
                    return self._constant(one)
            message = f"{one!r} is used, and compiled_args neither lifts nor specializes it"
            raise CallPlanError(message)
        return self._constant(one)

    def _constant(self, one: object) -> "Reference":
        self._constants.append(one)
        return "constant", str(len(self._constants) - 1)

    def end(self, value: object, *, is_opaque: bool) -> Traced:
        """Return what was recorded, and take no more.

        Raises:
            CallPlanError: the value is none of this plan.
        """
        self._ended = True
        if value is not None and type(value) is not Placeholder:
            message = f"it returned {value!r}, and returns None or what stands for a value"
            raise CallPlanError(message)
        reference = None if value is None else self._reference(value)
        return Traced(tuple(self._calls), reference, tuple(self._constants), is_opaque=is_opaque)


def trace(hook: "CallHook", key: "Key") -> Traced:
    """Ask a copy of a call hook what it would do.

    Raises:
        UnplannableError: it raises, or returns something that is no placeholder.
    """
    is_opaque = not hasattr(type(hook.function), "apply_with_saved")
    try:
        saved = Saved(key, hook.function, hook.function if is_opaque else copy(hook.function))
        given = saved.given(hook.kind, always=hook.always)
        if is_opaque:
            return saved.end(saved.record(saved.hook, *given), is_opaque=True)
        return saved.end(saved.copy.apply_with_saved(given, saved), is_opaque=False)
    except Exception as error:
        message = f"its apply_with_saved cannot be used: {type(error).__name__}: {error}"
        raise UnplannableError(message) from error
