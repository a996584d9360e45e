"""What an implementation says of itself: whether it can and should run, and which backends it comes before."""

from plugframe.errors import RegistrationError
from plugframe.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., Any])
    Condition = Callable[..., "bool | str | Verdict"]

_ATTRIBUTE = "plugframe_backend"
_ANSWERS = ("yes", "no", "if-needed")


class Verdict(Record):
    """Whether an implementation takes a call: yes, no, or only where nobody else does.

    Example:
        >>> Verdict.if_needed("it copies the image")
        Verdict(answer='if-needed', reason='it copies the image')

    Attributes:
        answer: ``yes``, ``no`` or ``if-needed``.
        reason: why, for people.
    """

    __slots__ = ("answer", "reason")

    answer: str
    reason: str

    def __init__(self, answer: str, reason: str = "") -> None:
        if answer not in _ANSWERS:
            message = f"a verdict is one of {', '.join(map(repr, _ANSWERS))}; got {answer!r}"
            raise ValueError(message)
        self._fill(answer, reason)

    @classmethod
    def yes(cls, reason: str = "") -> "Verdict":
        """Return the verdict that it takes the call."""
        return cls("yes", reason)

    @classmethod
    def no(cls, reason: str) -> "Verdict":
        """Return the verdict that it does not."""
        return cls("no", reason)

    @classmethod
    def if_needed(cls, reason: str = "") -> "Verdict":
        """Return the verdict that it takes the call where nobody else does, the host's own function included."""
        return cls("if-needed", reason)


def read_verdict(given: object, asked: str) -> Verdict:
    """Return what ``can_run`` or ``should_run`` returned, as a verdict.

    Args:
        given: True, False, a text (no, for that reason) or a verdict.
        asked: who returned it, for messages.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(given, Verdict):
        return given
    if isinstance(given, str):
        return Verdict.no(given)
    if isinstance(given, bool):
        return Verdict.yes() if given else Verdict.no(f"{asked.partition(' ')[0]} says no")
    message = f"{asked} returned {given!r}; it must be True, False, a text that says why not, or a plugframe.Verdict"
    raise TypeError(message)


class BackendMark(Record):
    """What is said of an implementation.

    Attributes:
        can_run: is given the arguments of a call and tells if it can make it; None can make any.
        should_run: the same for whether it should; not asked where the backend is named.
        before: names of backends that it comes before where types tell no difference.
        after: names of those that it comes after.
    """

    __slots__ = ("can_run", "should_run", "before", "after")

    can_run: "Condition | None"
    should_run: "Condition | None"
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __init__(
        self,
        *,
        can_run: "Condition | None" = None,
        should_run: "Condition | None" = None,
        before: tuple[str, ...] = (),
        after: tuple[str, ...] = (),
    ) -> None:
        for name, condition in (("can_run", can_run), ("should_run", should_run)):
            if condition is not None and not callable(condition):
                message = f"{name} of a backend is a function of the call's arguments; got {condition!r}"
                raise RegistrationError(message)
        self._fill(can_run, should_run, _names("before", before), _names("after", after))


class Marked(Record):
    """An implementation that the host registers, with what is said of it."""

    __slots__ = ("function", "mark")

    function: "Callable[..., Any]"
    mark: BackendMark

    def __init__(self, function: "Callable[..., Any]", mark: BackendMark) -> None:
        self._fill(function, mark)


def _names(option: str, given: object) -> tuple[str, ...]:
    names: tuple[Any, ...] = tuple(given) if isinstance(given, tuple | list | set | frozenset) else (None,)
    if not all(isinstance(name, str) for name in names):
        message = f"{option} is a tuple of backends' names, such as ('numpy',); got {given!r}"
        raise RegistrationError(message)
    return names


if TYPE_CHECKING:

    @overload
    def backend(function: F, /) -> F: ...
    @overload
    def backend(
        *,
        can_run: Condition | None = ...,
        should_run: Condition | None = ...,
        before: tuple[str, ...] = ...,
        after: tuple[str, ...] = ...,
    ) -> Callable[[F], F]: ...


def backend(
    function: "Any" = None,  # what it decorates, or nothing
    /,
    *,
    can_run: "Condition | None" = None,
    should_run: "Condition | None" = None,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
) -> "Any":
    """Mark a plugin's function as a backend's implementation of an operation; it stays the function that it is.

    Args:
        function: what it decorates.
        can_run: is given the arguments of a call and returns True, False, a text that says why not, or a ``Verdict``.
        should_run: the same, for what it could do and others do better; not asked where the call names the backend.
        before: names of backends that it comes before where types tell no difference; one that is not there does not
            matter.
        after: names of those that it comes after.

    Raises:
        RegistrationError: a condition cannot be called, ``before`` or ``after`` are no names, or what is decorated
            takes no attributes.

    Example:
        >>> @backend(can_run=lambda image, width, height: width > 0 or "there are no columns", before=("numpy",))
        ... def resize(image, width, height): ...
        >>> mark_of(resize).before
        ('numpy',)
    """
    mark = BackendMark(can_run=can_run, should_run=should_run, before=before, after=after)

    def put(marked: "Any") -> "Any":  # noqa: ANN401
        try:
            setattr(marked, _ATTRIBUTE, mark)
        except (AttributeError, TypeError) as error:
            message = f"{marked!r} cannot be marked, for it takes no attributes; mark a function that calls it"
            raise RegistrationError(message) from error
        return marked

    return put if function is None else put(function)


def mark_of(function: object) -> BackendMark:
    """Return how a function is marked; the mark that says nothing where it is not."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, BackendMark) else BackendMark()
