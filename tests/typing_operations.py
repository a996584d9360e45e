"""What type checkers see of a host's operations, and what is so when they run; ``check`` runs all of it.

Lines that end in a ``type: ignore`` are those that a checker must refuse: mypy and pyright complain of the comment if
they do not.
"""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Callable
from typing import Any, assert_type

import pytest

import plugframe
from plugframe import Host, RemovableHandle
from plugframe.calls.plans.callplan import CallPlan
from plugframe.operations.explaining import Explanation
from plugframe.operations.typed import Operation

host = Host("typing", path=[])


@host.operation("image.resize", mutates=(), fallback="default")
def resize(image: list[int], width: int = 2) -> list[int]:
    """Return the first columns."""
    return image[:width]


@resize.overload
def resize_bytes(image: bytes, width: int = 2) -> bytes:
    """Return the first bytes."""
    return image[:width]


def fits(image: list[int], width: int = 2) -> bool | str:
    """Say whether there are so many columns."""
    return width <= len(image) or "too wide"


@resize.backend("acme", can_run=fits)
def acme(image: list[int], width: int = 2) -> list[int]:
    """Return the last columns."""
    return image[-width:]


@plugframe.backend(before=("acme",))
def marked(image: list[int], width: int = 2) -> list[int]:
    """Be marked, and stay what it is."""
    return image * width


def check_kinds() -> None:
    """Live functions keep the parameters and the result of what declares them."""
    assert_type(resize([1, 2, 3]), list[int])
    assert_type(resize(image=[1], width=1), list[int])
    assert_type(resize.using("default")([1], 2), list[int])
    assert_type(resize.explain([1], 2), Explanation)
    assert_type(resize.plan([1], 2), CallPlan)
    assert_type(resize.backend("other", acme), RemovableHandle).remove()
    assert_type(resize.default, Callable[..., Any])
    assert_type(resize.registered_overloads(), tuple[str, ...])
    assert_type(resize_bytes(b"abc"), bytes)
    assert_type(acme([1]), list[int])
    assert_type(marked([1]), list[int])
    assert_type(plugframe.backend(acme)([1]), list[int])
    with host.ops.prefer("acme"), host.ops.disable("default", operation="image.resize"), host.ops.fallback("error"):
        assert resize([1, 2, 3], 1) == [3]
    with resize.register_pre_hook(lambda width: width + 1, argument="width"):
        assert resize([1, 2, 3], 1) == [2, 3]
    taken: Operation[[list[int], int], list[int]] = resize  # by place alone, as a parameter may ask for
    assert taken([1, 2, 3], 5) == [1, 2, 3]


def check_refused() -> None:
    """Wrong calls, options and implementations are refused, and raise."""
    with pytest.raises(TypeError):
        resize()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        resize([1], widht=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        resize.explain()  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="fallback"):
        host.operation("image.other", fallback="never")(acme)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="by a function"):
        host.operation("image.other")(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="can_run"):
        plugframe.backend(can_run=5)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        plugframe.backend(5, can_run=None, depends=())  # type: ignore[call-overload]


def check() -> str:
    """Run all of it."""
    check_kinds()
    check_refused()
    return "all as typed"
