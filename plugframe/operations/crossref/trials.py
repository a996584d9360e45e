"""One call that is compared: what the reference does with copies of its arguments, and what the call itself does."""

from contextlib import suppress
from inspect import BoundArguments, isasyncgenfunction, iscoroutinefunction, isgeneratorfunction

from plugframe.errors import Decline
from plugframe.operations.crossref.differences import Comparison, equal_values
from plugframe.operations.crossref.snapshots import NotCheckedError, is_changeable, is_iterator, snapshot

__tracebackhide__ = True  # pytest's reports are of those who call operations and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from plugframe.operations.crossref.references import Reference
    from plugframe.operations.resolution.contexts import ResolvedCall

_LAZY = {
    iscoroutinefunction: "a coroutine function",
    isgeneratorfunction: "a generator function",
    isasyncgenfunction: "an asynchronous generator function",
}


class Outcome:
    """What a function returned, or the exception that it raised."""

    __slots__ = ("error", "result")

    def __init__(self, function: "Callable[..., Any]", /, *args: object, **kwargs: object) -> None:
        """Call the function once."""
        self.error: Exception | None = None
        self.result: Any = None
        try:
            self.result = function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 # it is the outcome
            self.error = error

    def get(self) -> "Any":
        """Return the result, or raise the exception."""
        if self.error is None:
            return self.result
        try:
            raise self.error
        finally:
            self.error = None  # which keeps the frames of its traceback alive, and this one with them


class Trial:
    """A call and its reference: the reference runs first, on copies."""

    def __init__(self, call: "ResolvedCall", reference: "Reference", *, metadata_only: bool) -> None:
        """Copy the arguments, twice: for the reference, and to see what was changed.

        Args:
            call: what is about to be made.
            reference: what it is compared with.
            metadata_only: the reference only returns something like the result, and changes nothing.

        Raises:
            NotCheckedError: they cannot be copied, or one of the two does nothing until its result is used.
        """
        for function in (call.function, reference.function):
            for is_lazy, kind in _LAZY.items():
                if is_lazy(function):
                    message = f"it is {kind}, which does nothing until its result is used"
                    raise NotCheckedError(message)
        given = call.arguments.arguments
        parameters = call.arguments.signature.parameters.values()
        defaults = [one.default for one in parameters if not is_changeable(one.default)]
        self._call = call
        self.reference = reference
        self._metadata_only = metadata_only
        self.original: Mapping[str, Any] = snapshot(given, fixed=defaults)
        self._copies = snapshot(given, fixed=defaults)
        self._watches = [_Watch(given, self.original, "the call"), _Watch(self._copies, self.original, "the reference")]
        self._expected: Outcome | None = None

    @property
    def error(self) -> Exception | None:
        """What the reference raised."""
        return None if self._expected is None else self._expected.error

    def run_reference(self) -> Outcome:
        """Run the reference on the copies.

        Raises:
            NotCheckedError: it cannot make this call, or declines it.
        """
        bound = BoundArguments(self._call.arguments.signature, self._copies)
        self.reference.ask(bound)
        self._expected = expected = Outcome(self.reference.function, *bound.args, **bound.kwargs)
        if isinstance(expected.error, Decline):
            message = f"the reference {self.reference.name!r} declined: {expected.error.reason}"
            raise NotCheckedError(message)
        if is_iterator(expected.result):
            with suppress(Exception):
                expected.result.close()  # A coroutine that is dropped without it warns.
        return expected

    def compare(self, got: Outcome, equal: "Callable[[Any, Any], object] | None") -> "Iterator[str]":
        """Yield where the call and its reference differ.

        Args:
            got: what the call did.
            equal: whether two leaves are equal; None compares no values.

        Raises:
            NotCheckedError: both returned iterators, which cannot be compared without advancing that of the call.
        """
        expected = self._expected
        assert expected is not None, "the reference runs first"  # noqa: S101 # the only caller's mistake
        declared = set(self._call.operation.mutates)
        if is_iterator(got.result) and type(got.result) is type(expected.result):
            message = f"it returns an iterator ({type(got.result).__qualname__}), which only the caller may advance"
            raise NotCheckedError(message)
        if got.error is not None or expected.error is not None:
            yield from _compare_errors(got.error, expected.error)
        else:
            yield from Comparison(equal=equal).compare(got.result, expected.result, "output")
            for name in () if self._metadata_only else sorted(declared & set(self._copies)):
                mine, theirs = self._call.arguments.arguments[name], self._copies[name]
                yield from Comparison(equal=equal).compare(mine, theirs, f"argument {name!r} afterwards")
        for watch in self._watches:
            yield from watch.changes(except_for=declared)


class _Watch:
    """Tells which arguments were changed, by comparing them with copies.

    What differed from its copy from the start proves nothing afterwards.
    """

    def __init__(self, given: "Mapping[str, Any]", copies: "Mapping[str, Any]", who: str) -> None:
        """Look at values before they are given away.

        Raises:
            NotCheckedError: a copy is not even like what it was made of, so that a reference would be misled by it.
        """
        for name in given:
            for difference in Comparison().compare(copies[name], given[name], f"the copy of argument {name!r}"):
                message = f"an argument does not copy faithfully ({difference})"
                raise NotCheckedError(message)
        self._given, self._copies, self._who = given, copies, who
        self._known = {name: set(self._compare(name)) for name in given}

    def _compare(self, name: str) -> "Iterator[str]":
        return Comparison(equal=equal_values).compare(self._given[name], self._copies[name], f"argument {name!r}")

    def changes(self, *, except_for: "set[str]") -> "Iterator[str]":
        """Yield what was changed in arguments that are not declared to be changed."""
        for name in self._given:
            if name not in except_for:
                for difference in self._compare(name):
                    if difference not in self._known[name]:
                        yield f"{difference} (changed by {self._who}, and not declared in mutates)"


def _compare_errors(got: "Exception | None", expected: "Exception | None") -> "Iterator[str]":
    one, other = (f"{type(error).__qualname__}: {error}" if error else "nothing" for error in (got, expected))
    if type(got) is not type(expected):
        yield f"raised: {one} != {other}"
