"""Annotations that only type checkers can evaluate, as from Python 3.14 on they may stand unquoted, are left alone."""

import sys
from typing import Any

import pytest
from _hooks import Hooked, written

from plugframe.errors import HookValidationError

pytestmark = pytest.mark.skipif(sys.version_info < (3, 14), reason="annotations are evaluated where they stand")


def test_specification_and_implementation_may_be_annotated_with_names_that_are_not_there() -> None:
    hooked = Hooked(written("def render(page: OnlyForCheckers, *, width: Later = 80) -> Nothing: ..."))
    hooked.put(
        "function", written("def render(page: Absent, *, width: Absent.of[Absent]) -> Absent: return page, width")
    )
    plugin: Any = written(
        "class Plugin:\n    @hookimpl\n    def render(self, page: Absent) -> Absent: return page",
        hookimpl=hooked.host.hookimpl,
    )()
    hooked.host.manager.register(plugin)
    for _ in range(100):
        assert hooked.call(page="p") == ["p", ("p", 80)]


def test_wrong_ones_are_told_as_without_annotations() -> None:
    hooked = Hooked(written("def render(page: OnlyForCheckers): ..."))
    with pytest.raises(HookValidationError, match="'pgae'"):
        hooked.put("wrong", written("def render(pgae: Absent): ..."))
    with pytest.raises(TypeError, match=r"'\*pages'"):
        hooked.host.hookspec(written("def late(*pages: Absent): ..."))
