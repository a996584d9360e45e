"""Which implementation a call gets: what annotations admit, which is the narrower, and that order never decides."""

import itertools
import random
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Sized
from functools import partial
from typing import Annotated, Any, Generic, Literal, NewType, Protocol, TypedDict, TypeVar, runtime_checkable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plugframe
from plugframe import Condition, Element, Host, Rank, Verdict, register_annotation
from plugframe.errors import AmbiguousCallError, NoImplementationError, RegistrationError
from plugframe.operations.matching.kinds import kind_of

T = TypeVar("T")
Bound = TypeVar("Bound", bound=Sized)
Constrained = TypeVar("Constrained", int, str)
UserId = NewType("UserId", int)


class Reads(Protocol):
    """What can be read, and has a size; it is told by structure."""

    size: int

    def read(self) -> bytes:
        """Read."""
        ...


@runtime_checkable
class Writes(Reads, Protocol):
    """What can be written, too."""

    def write(self) -> None:
        """Write."""
        ...


class File:
    """What reads by structure alone."""

    def __init__(self) -> None:
        self.size = 3

    def read(self) -> bytes:
        """Read nothing."""
        return b""


class Log(File):
    """What writes, too."""

    def write(self) -> None:
        """Write nothing."""


class Box(Generic[T]):
    """Something generic."""


class Named(Reads, Protocol):
    """What reads, and has an attribute besides."""

    name: str


class Anything(Protocol):
    """A protocol without members, which nothing need have."""


class Row(TypedDict):
    """A dictionary, of which no value is an instance."""

    height: int


class Refusing(type):
    """A metaclass of classes that tell of no value."""

    def __instancecheck__(cls, value: object) -> bool:
        """Refuse to tell."""
        raise RuntimeError


class Unasked(metaclass=Refusing):
    """What nobody may ask for."""


@pytest.mark.parametrize(
    ("annotation", "admitted", "refused"),
    [
        (int, [1, True], [1.0, "1", None]),
        (float, [1.0, 1, True], [1j, "1"]),
        (complex, [1j, 1.0, 1, False], ["1"]),
        (bool, [True], [1, 0]),
        (None, [None], [0, False]),
        (int | None, [1, None], ["1"]),
        (int | str, [1, "1"], [1.5, None]),
        (bytes | list[int], [b"", [], ["not looked at"]], [()]),
        (Literal["a", 1], ["a", 1], ["b", True, 2]),
        (Sequence[int], [[], (), "text"], [set(), 1]),
        (Mapping, [{}], [[]]),
        (Callable[[int], int], [len, int], [1]),
        (Hashable, [1, ()], [[]]),
        (dict[str, int], [{}], [[]]),
        (type[int], [int, str], [1]),
        (Box[int], [Box()], [1]),
        (Any, [1, None, []], []),
        (object, [1, None, []], []),
        (T, [1, None], []),
        (Bound, ["", []], [1]),
        (Constrained, [1, ""], [1.5]),
        (UserId, [1], ["1"]),
        (Reads, [File(), Log()], [1, open]),
        (Writes, [Log()], [File()]),
        (Row, [{"height": 1}, {}], [1, [], None]),
        (Anything, [1, None, []], []),
        (Unasked, [1, None, []], []),
        (Annotated[int, "a note"], [1], ["1"]),
        (Annotated[memoryview, Rank(1)], [memoryview(b"1")], [b"1", memoryview(b"1").cast("B", (1, 1))]),
        (Annotated[memoryview | None, Rank(1)], [memoryview(b"1")], [1, None]),
    ],
)
def test_annotation_admits(annotation: Any, admitted: list[object], refused: list[object]) -> None:
    kind = kind_of(annotation)
    assert [value for value in admitted if not kind.accepts(value)] == []
    assert [value for value in refused if kind.accepts(value)] == []
    assert kind.is_within(kind)
    assert kind.is_within(kind_of(Any))
    assert repr(kind)


NARROWER = [
    (bool, int), (int, float), (float, complex), (bool, float), (int, Any), (Literal["a"], str), (Literal[1], float),
    (Literal["a"], Literal["a", "b"]), (int, int | str), (int, int | None), (bool, int | None),
    (None, int | None),
    (list, Sequence), (list[int], Sequence[str]), (str, Hashable), (File, Reads), (Log, Writes), (Writes, Reads),
    (Named, Reads), (Named, object), (Row, Mapping),
    (Annotated[list, Rank(2)], list), (Annotated[list, Rank(2)], Sequence), (UserId, float),
    (Constrained, int | str | bytes),
    (Annotated[list, Element(bool)], Annotated[list, Element(int)]),
    (Annotated[list, Rank(2), Element(int)], Annotated[list, Element(int)]),
]  # fmt: skip
APART = [
    (int, str), (Sized, int), (Literal["a"], Literal["b"]), (Annotated[list, Rank(1)], Annotated[list, Rank(2)]),
    (float, str | bytes), (Log, int),
]  # fmt: skip


@pytest.mark.parametrize(("narrow", "wide"), NARROWER)
def test_one_of_two_annotations_is_the_narrower(narrow: Any, wide: Any) -> None:
    assert kind_of(narrow).is_within(kind_of(wide))
    assert not kind_of(wide).is_within(kind_of(narrow))
    assert not kind_of(narrow).is_apart(kind_of(wide))


@pytest.mark.parametrize(("one", "other"), APART)
def test_neither_of_two_annotations_is_within_the_other(one: Any, other: Any) -> None:
    assert kind_of(one).is_apart(kind_of(other))
    assert kind_of(other).is_apart(kind_of(one))


def overloads(host: Host, *kinds: Any, name: str = "value.show") -> Any:
    """Return an operation with an overload for each annotation, which returns its place."""
    functions = []
    for place, kind in enumerate(kinds):

        def show(value: Any, place: int = place) -> int:
            return place

        show.__annotations__ = {"value": kind}
        functions.append(show)
    first, *more = [one_argument(function) for function in functions]
    operation: Any = host.operation(name)(first)
    for function in more:
        operation.overload(function)
    return operation


def one_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of one argument that calls another."""

    def show(value: Any) -> Any:
        return function(value)

    show.__annotations__ = getattr(function, "__annotations__", {})
    return show


@pytest.mark.parametrize(
    ("kinds", "calls"),
    [
        ((Any, Literal["a"], str), {"a": 1, "b": 2, 1: 0}),
        ((int | None, float | None), {1: 0, 1.5: 1, None: 0}),
        ((int | str, float | bytes), {1: 0, 1.5: 1, "a": 0}),
        ((Sequence, list | tuple, Any), {"a": 0, (): 1, 5: 2}),
        ((Hashable, str, int), {"a": 1, 1: 2, 1.5: 0}),
        ((Reads, Writes, object), {File(): 0, Log(): 1, 5: 2}),
    ],
)
def test_narrowest_overload_answers(kinds: tuple[Any, ...], calls: dict[Any, int]) -> None:
    for order in itertools.permutations(range(len(kinds))):
        show = overloads(Host("myapp", path=[]), *(kinds[place] for place in order))
        for _ in range(2):
            assert [order[show(value)] for value in calls] == list(calls.values()), order


def test_two_parameters_decide_together() -> None:
    host = Host("myapp", path=[])

    def first(left: int, right: float) -> str:
        return "int, float"

    def second(left: float, right: int) -> str:
        return "float, int"

    def third(left: int, right: int) -> str:
        return "int, int"

    pair: Any = host.operation("value.pair")(first)
    pair.overload(second)
    for _ in range(2):
        assert (pair(1, 1.5), pair(1.5, 1)) == ("int, float", "float, int")
        with pytest.raises(AmbiguousCallError):
            pair(1, 1)
        with pytest.raises(NoImplementationError, match="'left' must be int, and is str"):
            pair("1", 1)
    pair.overload(third)
    assert [pair(1, 1), pair(1, 1.5), pair(right=1, left=1.5)] == ["int, int", "int, float", "float, int"]


def test_backend_may_narrow_what_is_declared_and_then_answers_only_that() -> None:
    host = Host("myapp", path=[])

    def declared(value: float | str) -> str:
        return "default"

    def narrow(value: int) -> str:
        return "narrow"

    def wide(value: Any) -> str:
        return "wide"

    show: Any = host.operation("value.show")(declared)
    show.backend("narrow", narrow)
    assert [show(value) for value in (1, 1.5, "a")] == ["narrow", "default", "default"]
    show.backend("wide", wide)
    assert [show(value) for value in (1, 1.5, "a")] == ["narrow", "wide", "wide"]
    with host.ops.prefer("wide"):
        assert show(1) == "wide"
    with host.ops.prefer("narrow"):
        assert [show(value) for value in (1, 1.5)] == ["narrow", "wide"]


KINDS: list[Any] = [bool, int, float, int | str, int | None, Literal[1], Sequence, list, Any]
VALUES: list[Any] = [True, 1, 2, 1.5, "a", None, [], {}]
MARKS: list[dict[str, tuple[str, ...]]] = [{}, {"before": ("b1",)}, {"after": ("b2",)}, {"before": ("default",)}]
ANSWERS: list[Any] = [None, True, False, "no", Verdict.if_needed("needed")]
BACKEND = st.tuples(st.sampled_from(KINDS), st.sampled_from(MARKS), st.sampled_from(ANSWERS))


def outcome(call: Callable[[Any], object], value: Any) -> object:
    """Return what a call returns, or what its error tells."""
    try:
        return call(value)
    except (AmbiguousCallError, NoImplementationError) as error:
        return type(error), str(error)


def saying(said: object, _: object) -> object:
    """Say something of any call."""
    return said


def register(host: Host, kinds: Sequence[Any], backends: Mapping[str, Any], order: Iterable[int]) -> Any:
    """Declare an operation, and register its overloads and backends in some order."""

    def answering(who: str, kind: Any) -> Callable[[Any], str]:
        def show(value: Any) -> str:
            return who

        show.__annotations__ = {"value": kind}
        return show

    operation: Any = host.operation("value.show")(answering("default", Any))
    steps = [partial(operation.overload, answering(repr(kind), kind)) for kind in kinds]
    for name, (kind, mark, said) in backends.items():
        condition = None if said is None else one_argument(partial(saying, said))
        steps.append(partial(operation.backend, name, answering(name, kind), can_run=condition, **mark))
    for place in order:
        steps[place]()
    return operation


@settings(max_examples=30, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(KINDS[:-1]), max_size=3, unique_by=repr),
    backends=st.dictionaries(st.sampled_from(["b1", "b2", "b3"]), BACKEND, max_size=3),
    seed=st.randoms(use_true_random=False),
    preferred=st.sampled_from(["", "b1", "default"]),
)
def test_order_of_registration_never_decides(
    kinds: list[Any], backends: dict[str, Any], seed: random.Random, preferred: str
) -> None:
    found = []
    number = len(kinds) + len(backends)
    for turn in range(3):
        order = list(range(number))
        if turn:
            seed.shuffle(order)
        host = Host("myapp", path=[])
        show = register(host, kinds, backends, order)
        calls = [outcome(show, value) for value in VALUES]
        again = [outcome(show, value) for value in VALUES]  # by types, where they decide
        assert calls == again
        told = [show.explain(value) for value in VALUES]
        if preferred in ("default", *backends):
            with host.ops.prefer(preferred):
                calls += [outcome(show, value) for value in VALUES]
        found.append((calls, told))
    assert found[0] == found[1] == found[2]


def test_chosen_is_what_explain_says() -> None:
    host = Host("myapp", path=[])
    backends = {"b1": (int, {}, "no"), "b2": (float, {"before": ("b1",)}, True), "b3": (Any, {}, None)}
    show = register(host, [str], backends, range(4))
    chosen = ["b2", "b2", "b2", "b2", "b3", "b3", "b3", "b3"]
    assert [show.explain(value).chosen for value in VALUES] == [show(value) for value in VALUES] == chosen


def test_before_and_after_that_contradict_each_other_decide_nothing() -> None:
    host = Host("myapp", path=[])
    backends = {"b1": (Any, {"before": ("b2",)}, None), "b2": (Any, {"before": ("b1",)}, None)}
    show = register(host, [], backends, range(2))
    with pytest.raises(AmbiguousCallError):
        show(1)
    with host.ops.disable("b1"):
        assert show(1) == "b2"


def test_before_holds_over_one_that_does_not_take_the_call() -> None:
    host = Host("myapp", path=[])
    backends = {"a": (Any, {"before": ("b",)}, None), "b": (Any, {"before": ("c",)}, "no"), "c": (Any, {}, None)}
    show = register(host, [], backends, range(3))
    assert show(1) == "a"


class Frame:
    """A table with named columns, of somebody else's making."""

    def __init__(self, *columns: str) -> None:
        self.columns = columns


class Columns(Condition):
    """What columns a frame has at least."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def accepts(self, value: Any) -> bool:
        """Return whether a frame has them."""
        return self.names <= set(value.columns)

    def covers(self, other: Condition) -> bool:
        """Return whether another demands them, too."""
        return isinstance(other, Columns) and self.names <= other.names

    def __repr__(self) -> str:
        return f"Columns({sorted(self.names)})"


def test_conditions_of_others_tell_overloads_apart() -> None:
    x, both = Annotated[Frame, Columns("x")], Annotated[Frame, Columns("x", "y")]
    show = overloads(Host("myapp", path=[]), Frame, both, x)
    for _ in range(2):
        assert [show(Frame()), show(Frame("x")), show(Frame("y", "x", "z")), show(Frame("y"))] == [0, 2, 1, 0]
    with pytest.raises(NoImplementationError, match=r"'value' must be Annotated\[Frame, Columns\(\['x', 'y'\]\)\]"):
        show(5)


def test_reader_of_annotations_is_asked_until_it_is_removed() -> None:
    class Wants:
        """An annotation that no type checker knows."""

        def __init__(self, *columns: str) -> None:
            self.columns = columns

    def read(annotation: Any) -> Any:
        return Annotated[Frame, Columns(*annotation.columns)] if isinstance(annotation, Wants) else None

    with register_annotation(read) as handle:
        show = overloads(Host("myapp", path=[]), Any, Wants("x"))
        assert [show(Frame("x")), show(Frame("y")), show(5)] == [1, 0, 0]
    assert show(Frame("x")) == 1
    assert repr(kind_of(Wants("x"))) == "Any"
    handle.remove()
    with pytest.raises(RegistrationError):
        register_annotation(5)  # type: ignore[arg-type] # on purpose


def test_numpy_dtypes_and_ranks_are_told_apart() -> None:
    numpy: Any = pytest.importorskip("numpy")
    typing: Any = pytest.importorskip("numpy.typing")
    floats, doubles = typing.NDArray[numpy.floating], typing.NDArray[numpy.float64]
    table = numpy.ndarray[tuple[int, int], numpy.dtype[numpy.float64]]
    plane: Any = Annotated[numpy.ndarray, Rank(2)]
    show = overloads(Host("myapp", path=[]), Any, numpy.ndarray, floats, doubles, table)
    arrays = [
        5, numpy.zeros(3, int), numpy.zeros(3, numpy.float32), numpy.zeros(3), numpy.zeros((2, 2)),
        numpy.zeros((2, 2), int),
    ]  # fmt: skip
    for _ in range(2):
        assert [show(value) for value in arrays] == [0, 1, 2, 3, 4, 1]
    show = overloads(Host("myapp", path=[]), numpy.ndarray, plane)
    assert [show(value) for value in arrays[1:]] == [0, 0, 0, 1, 1]
    show = overloads(Host("myapp", path=[]), Any, typing.NDArray[Any], doubles)
    assert [show(value) for value in arrays] == [0, 1, 1, 2, 2, 1]
    show = overloads(Host("myapp", path=[]), plane, doubles)
    with pytest.raises(AmbiguousCallError):
        show(numpy.zeros((2, 2)))


def test_public_names_are_there() -> None:
    names = ("Condition", "Decline", "Element", "Rank", "Verdict", "backend", "operation", "register_annotation")
    assert set(names) <= set(plugframe.__all__)
    assert all(getattr(plugframe, name) for name in names)
