"""What type checkers see of a host's hooks, and what is so when they run; ``check`` runs all of it.

Lines that end in a ``type: ignore`` are those that a checker must refuse: mypy and pyright complain of the comment if
they do not.
"""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

import asyncio
from typing import Any, assert_type

import pytest

from plugframe import CallPlan, Host, RemovableHandle
from plugframe.calls.plans.hooks import CallHook
from plugframe.hooks.hosted.results import HookResult
from plugframe.hooks.hosted.typed import CoroutineHook, Hook

host = Host("typing", path=[])


@host.hookspec
def render(page: str, width: int = 80) -> str:
    """Return a page's text."""
    return page * width


@host.hookspec()
def outline(page: str) -> int:
    """Return how deep a page is."""
    return len(page)


@host.hookspec(firstresult=True)
def theme(*, name: str) -> str:
    """Return a theme."""
    return name


@host.hookspec(historic=True)
def started(at: float) -> None:
    """Be told when it began."""
    assert at


@host.hookspec(errors="collect", concurrent=True)
def check_page(page: str) -> bool:
    """Return whether a page is good."""
    return bool(page)


@host.hookspec
async def fetch(page: str) -> bytes:
    """Return a page."""
    return page.encode()


@host.hookspec(concurrent=True)
async def fetch_all(page: str) -> bytes:
    """Return a page."""
    return page.encode()


@host.hookspec(firstresult=True)
async def fetch_first(page: str) -> bytes:
    """Return a page."""
    return page.encode()


class Plugin:
    """An implementation of each; what is marked keeps its type."""

    @host.hookimpl
    def render(self, page: str, width: int) -> str:
        """Render."""
        return page[:width]

    @host.hookimpl(trylast=True, after=("other",))
    def outline(self, page: str) -> int:
        """Outline."""
        return len(page)

    @host.hookimpl(before=("other",))
    def theme(self, name: str) -> str:
        """Theme."""
        return name

    @host.hookimpl
    def check_page(self, page: str) -> bool:
        """Check."""
        return bool(page)

    @host.hookimpl
    async def fetch(self, page: str) -> bytes:
        """Fetch."""
        return page.encode()

    @host.hookimpl(specname="fetch_all")
    async def fetch_them(self, page: str) -> bytes:
        """Fetch."""
        return page.encode()

    @host.hookimpl
    def fetch_first(self, page: str) -> bytes:
        """Fetch."""
        return page.encode()

    @host.hookimpl
    def open_one(self, page: str) -> str:
        """Be of no specification."""
        return page


def check_kinds() -> None:
    """Decorated functions are hooks that keep the parameters."""
    hook: Hook[..., list[str], str] = render
    first: Hook[..., str | None, str] = theme
    nothing: Hook[..., None, None] = started
    coroutine: CoroutineHook[..., list[bytes], bytes] = fetch
    assert [one.__name__ for one in (hook, first, nothing)] == ["render", "theme", "started"]
    assert coroutine.__name__ == "fetch"


def check_calls() -> None:
    """A call returns a list, the first result or None, or nothing."""
    assert assert_type(render(page="p"), list[str]) == ["p"]
    assert assert_type(render(page="pp", width=1), list[str]) == ["p"]
    assert assert_type(outline(page="p"), list[int]) == [1]
    assert assert_type(theme(name="dark"), str | None) == "dark"
    assert assert_type(check_page(page="p"), list[bool]) == [True]
    assert_type(started(at=1.0), None)


def check_results() -> None:
    """``results`` is typed by what one implementation returns."""
    found = assert_type(render.results(page="p"), tuple[HookResult[str], ...])
    assert assert_type(found[0].value, str | None) == "p"
    assert_type(found[0].error, Exception | None)
    assert_type(found[0].seconds, float)
    assert_type(found[0].plugin, str)
    assert assert_type(outline.results(page="p"), tuple[HookResult[int], ...])
    assert assert_type(theme.results(name="dark"), tuple[HookResult[str], ...])
    assert assert_type(check_page.results(page="p"), tuple[HookResult[bool], ...])


async def check_awaited() -> None:
    """``acall`` awaits what a call returns; of a coroutine specification, what it returns when awaited."""
    assert assert_type(await render.acall(page="p"), list[str]) == ["p"]
    assert assert_type(await theme.acall(name="dark"), str | None) == "dark"
    assert assert_type(await fetch.acall(page="p"), list[bytes]) == [b"p"]
    assert assert_type(await fetch_all.acall(page="p"), list[bytes]) == [b"p"]
    assert assert_type(await fetch_first.acall(page="p"), bytes | None) == b"p"
    assert_type(await started.acall(at=1.0), None)


def check_run_time() -> None:
    """Hooks that are known only at run time take and return anything."""
    assert assert_type(host.hook.open_one(page="p"), Any) == ["p"]
    assert_type(host.hook.open_one.results(page="p"), tuple[HookResult[Any], ...])
    assert host.hook.render(page="p") == ["p"]
    with pytest.raises(TypeError):
        host.hook.open_one("p")  # type: ignore[call-arg]


async def check_call_hooks() -> None:
    """Call hooks are registered with every live function, and with the host for all."""
    with assert_type(render.register_pre_hook(str.upper, argument="page"), RemovableHandle):
        assert render(page="p") == ["P"]
    with assert_type(theme.register_post_hook(lambda _, result: result, always=True), RemovableHandle):
        assert_type(theme.call_hooks(), tuple[CallHook, ...])
    with host.hook.render.register_commit_hook(lambda _, _result: None, weak=False):
        assert assert_type(render.plan(page="p"), CallPlan)(page="p") == ["p"]
    with (
        host.calls.register_pre_hook(lambda _: None, plugin="acme"),
        fetch.register_post_hook(lambda _, found: found[:0]),
    ):
        assert await fetch.acall(page="p") == []
    with pytest.raises(TypeError):
        render.register_pre_hook(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        render.register_commit_hook(print, always=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        render.plan(pages="p")  # type: ignore[call-arg]


async def check_refused() -> None:
    """Wrong arguments are refused by checkers and at run time."""
    with pytest.raises(TypeError):
        render()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        render(pages="p")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        render(page="p", depth=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        theme("dark")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        theme(nmae="dark")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        started()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        render.results()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        await render.acall(pages="p")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        await fetch.acall()  # type: ignore[call-arg]
    assert render(page=[]) == [[]]  # type: ignore[arg-type,comparison-overlap]
    with pytest.raises(TypeError):
        fetch(page="p")  # type: ignore[operator]


def check_wrong_declarations() -> None:
    """Wrong options are refused, too."""

    def declared(page: str) -> str:
        return page

    with pytest.raises(ValueError, match="errors"):
        host.hookspec(errors="ignore")(declared)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="firstresult"):
        host.hookspec(firstresult=True, historic=True)(declared)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        host.hookspec(first_result=True)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        host.hookspec(5)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        host.hookimpl(before="other")(declared)  # type: ignore[call-overload]


def check() -> str:
    """Run all of it."""
    host.manager.register(Plugin(), name="plugin")
    check_kinds()
    check_calls()
    check_results()
    asyncio.run(check_awaited())
    check_run_time()
    asyncio.run(check_call_hooks())
    asyncio.run(check_refused())
    check_wrong_declarations()
    return "all as typed"
