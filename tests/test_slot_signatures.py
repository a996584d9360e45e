"""What a slot's signature may be, which functions accept every call of it, and that calls are passed on as they are."""

import inspect
from functools import partial
from inspect import Parameter, Signature
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugframe import Host
from plugframe.calls.fitting import mismatch
from plugframe.calls.forwarding import Forwarder
from plugframe.errors import RegistrationError
from plugframe.registry.signatures import read_signature

KINDS = (
    Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD, Parameter.VAR_POSITIONAL, Parameter.KEYWORD_ONLY,
    Parameter.VAR_KEYWORD,
)  # fmt: skip
OPEN = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
NAMES = ("a", "b", "c", "d", "target", "pair", "idle", "exception", "fallback", "self", "default_0")


@st.composite
def signatures(draw: st.DrawFn, *, names: tuple[str, ...] = NAMES[:4]) -> Signature:
    """Return any signature of a few parameters; those with a default come after those without, as they must."""
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=4))
    kinds = sorted(draw(st.lists(st.sampled_from(KINDS), min_size=len(chosen), max_size=len(chosen))))
    made: list[Parameter] = []
    optional = False
    for name, kind in zip(chosen, kinds, strict=True):
        if kind in OPEN and any(one.kind is kind for one in made):
            continue
        optional = draw(st.booleans()) or (optional and kind is not Parameter.KEYWORD_ONLY)
        default = f"{name}'s" if optional and kind not in OPEN else Parameter.empty
        made.append(Parameter(name, kind, default=default))
    return Signature(made)


ARGUMENTS = st.tuples(
    st.lists(st.integers(), max_size=5), st.dictionaries(st.sampled_from((*NAMES, "z")), st.integers(), max_size=4)
)


def take_all(*a: int, **b: int) -> None:
    """Take whatever it is given."""


def take_first(a: int = 0, *b: int, **d: int) -> None:
    """Take whatever it is given, but not its first argument twice."""


def accepts(signature: Signature, call: tuple[list[int], dict[str, int]]) -> bool:
    """Return whether a function of a signature takes a call; ``Signature.bind`` is not always right about it."""
    try:
        function_of(signature)(*call[0], **call[1])
    except TypeError:
        return False
    return True


def function_of(signature: Signature | None) -> Any:
    """Return a function of a signature that returns what its parameters are."""
    parameters = str(signature).partition(" -> ")[0]
    space: dict[str, Any] = {}
    exec(f"def made{parameters}: return dict(locals())", space)  # noqa: S102 # of the names above
    return space["made"]


@given(signatures(), signatures(), ARGUMENTS)
@example(Signature.from_callable(take_all), Signature.from_callable(take_first), ([0], {"a": 0}))
def test_function_fits_only_if_it_accepts_every_call_of_the_signature(
    allowed: Signature, own: Signature, call: tuple[list[int], dict[str, int]]
) -> None:
    if not mismatch("slot", allowed, function_of(own)) and accepts(allowed, call):
        assert accepts(own, call), f"{own} was said to accept all that {allowed} does"


@given(signatures(), signatures())
def test_function_that_is_refused_is_refused_for_a_call_that_the_signature_allows(
    allowed: Signature, own: Signature
) -> None:
    reason = mismatch("slot", allowed, function_of(own))
    if reason:
        arguments = reason.partition("slot(")[2].partition("):")[0]
        given_ = [one for one in arguments.split(", ") if one]
        call = [0 for one in given_ if "=" not in one], {one.partition("=")[0]: 0 for one in given_ if "=" in one}
        assert accepts(allowed, call)
        assert not accepts(own, call)
    assert not mismatch("slot", own, function_of(own))


@given(signatures(names=NAMES), ARGUMENTS, st.sampled_from(("idle", "bound")))
def test_call_is_passed_on_with_the_slots_own_defaults(
    signature: Signature, call: tuple[list[int], dict[str, int]], state: str
) -> None:
    seen: list[Any] = []
    target = function_of(signature)
    answer = target if state == "idle" else seen.append
    made = Forwarder("slot", tuple(signature.parameters.values()), answer, file="<slot>")
    if state == "bound":
        made.point((target, lambda: None))
    if accepts(signature, call):
        assert made.function(*call[0], **call[1]) == target(*call[0], **call[1])
    else:
        with pytest.raises(TypeError, match=r"^slot\(\) "):
            made.function(*call[0], **call[1])
    assert str(inspect.signature(made.function)) == str(signature)
    assert seen == []


def nothing(limit: int, *, deep: bool = False) -> None: ...


SIGNATURES: list[tuple[Any, str]] = [
    ("(limit: int) -> list[str]", "(limit: 'int') -> 'list[str]'"),
    (
        " ( a, /, b=(1, 'x'), *c, d: no.such[thing] = -1, **e ) ",
        "(a, /, b=(1, 'x'), *c, d: 'no.such[thing]' = -1, **e)",
    ),
    ("(\n    a,\n    b,\n)", "(a, b)"),
    ("()", "()"),
    (nothing, "(limit: int, *, deep: bool = False) -> None"),
    (partial(nothing, 1), "(*, deep: bool = False) -> None"),
    (inspect.signature(nothing), "(limit: int, *, deep: bool = False) -> None"),
]


@pytest.mark.parametrize(("given_", "shown"), SIGNATURES)
def test_signature_is_a_function_or_a_signature_or_a_text(given_: Any, shown: str) -> None:
    assert str(read_signature("slot", given_)) == shown


async def wait() -> None: ...


class Misleading:
    """Something whose signature cannot be had."""

    @property
    def __signature__(self) -> Signature:
        raise LookupError

    def __call__(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    "given_",
    [
        "", "limit", "(", ")", "(a, a)", "(a b)", "(1)", "(a=print())", "(a=b)", "(*)", "(a=1, b)", "x(a)", "(a):",
        "(): pass\ndef other()", "(): return 1\ndef other()", "(a): import os #", "(a) -> ", "(\0)", "(class)",
        "(__debug__)", "(" * 5000, "(a=" + "-" * 100_000 + "1)", 5, (), wait, partial(wait), dict,
    ],
)  # fmt: skip
def test_anything_else_is_no_signature(given_: Any) -> None:
    callbacks = Host("myapp", path=[]).callbacks
    with pytest.raises(RegistrationError, match=r"no signature for the slot 'frames'"):
        callbacks.slot("frames", given_)
    assert callbacks.providers() == {}


@pytest.mark.parametrize(
    ("signature", "own"),
    [
        ("(done, total)", "(total, done)"),
        ("(done, total)", "(done, total, more)"),
        ("(done, total)", "(done)"),
        ("(done, total)", "(*args)"),
        ("(done, total)", "(**kwargs)"),
        ("(done, total)", "(done, total, /)"),
        ("(done, total)", print),
        ("(done, *, total)", "(done, total, /)"),
        ("(done, total=1)", "(done, total)"),
        ("(*done)", "(a=1, b=2, c=3)"),
        ("(**done)", "(done=1)"),
        ("(value)", str.upper),
        ("()", Misleading()),
    ],
)
def test_function_that_some_call_does_not_fit_is_refused(signature: str, own: Any) -> None:
    function = function_of(read_signature("own", own)) if isinstance(own, str) else own
    assert mismatch("progress", read_signature("progress", signature), function)


@pytest.mark.parametrize(
    ("signature", "own"),
    [
        ("(done, total, /)", "(total, done)"),
        ("(done, total, /)", print),
        ("(done, total)", "(*args, **kwargs)"),
        ("(done, *, total)", "(done, total)"),
        ("(done)", "(done, more=1, *, most=2)"),
        ("(done: int) -> str", "(done: list) -> int"),
        ("(any, thing)", dict),  # whose signature nobody can tell
        (None, "(a, b, *, c)"),
    ],
)
def test_function_that_accepts_as_much_or_more_fits(signature: str | None, own: Any) -> None:
    function = function_of(read_signature("own", own)) if isinstance(own, str) else own
    assert mismatch("progress", read_signature("progress", signature), function) == ""
