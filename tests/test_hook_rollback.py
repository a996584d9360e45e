"""What cannot be registered in a host, or not as it is, leaves everything else as it was."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _hooks import Hooked, says, written
from _sites import Site, plugin, site_at

from plugframe.errors import HookValidationError, PluginBlockedError, PluginLoadError, RegistrationError

RENDERS = "from myapp import hookimpl\n@hookimpl\ndef render(page): return 'installed'"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path) as made:
        yield made


def own(site: Site) -> Any:
    """Return an object that the host registers itself, implementing ``render``."""

    class Own:
        @site.host.hookimpl
        def render(self, page: str) -> str:
            return f"own {page}"

    return Own()


def states(site: Site) -> dict[str, str]:
    """Return what became of each plugin."""
    return {result.plugin.name: result.state for result in site.host.report()}


def test_plugin_that_the_host_registered_keeps_its_name_and_an_installed_one_of_that_name_is_broken(site: Site) -> None:
    site.install(plugin("a", RENDERS), plugin("z", RENDERS))
    mine = own(site)
    site.host.manager.register(mine, name="a")
    for _ in range(2):
        assert site.host.hook.render(page="p") == ["own p", "installed"]
        assert site.host.manager.get_plugin("a") is mine
        assert states(site) == {"a": "broken", "z": "loaded"}
        (result,) = site.host.load("a")
        assert "the name 'a' is taken" in result.reason


def test_name_of_a_plugin_that_was_unregistered_may_be_taken_by_the_host(site: Site) -> None:
    site.install(plugin("a", RENDERS))
    assert site.host.hook.render(page="p") == ["installed"]
    site.host.manager.unregister(name="a")
    mine = own(site)
    site.host.manager.register(mine, name="a")
    assert [(one.plugin, one.distribution) for one in site.host.hook.render.results(page="p")] == [("a", None)]
    site.host._registration.revoke("a", ValueError("it is broken"))  # noqa: SLF001 # what a late misfit comes to
    assert site.host.manager.get_plugin("a") is mine


def test_installed_plugin_that_is_registered_already_says_so(site: Site) -> None:
    site.install(plugin("a", RENDERS))
    site.host.load("a")
    (record,) = site.host.plugins.values()
    with pytest.raises(RegistrationError, match="'a' is taken"):
        site.host.manager.provide(record, own(site))
    assert site.host.hook.render(page="p") == ["installed"]


def test_specification_that_a_plugin_of_the_application_does_not_fit_is_refused_and_changes_nothing() -> None:
    hooked = Hooked()
    hooked.put("wrong", lambda pgae: pgae, hook="late")
    hooked.put("right", lambda page: page, hook="late")
    with pytest.raises(HookValidationError, match=r"'late' of plugin 'wrong'.*'pgae'.*did you mean 'page'"):
        hooked.host.hookspec(written("def late(page): ..."))
    assert hooked.host.manager.has_plugin("wrong")
    assert hooked.host.manager.has_plugin("right")
    hooked.drop("wrong")
    hooked.host.hookspec(written("def late(page): ..."))
    assert hooked.host.hook.late(page=1) == [1]


def test_specification_that_several_do_not_fit_names_them_all() -> None:
    hooked = Hooked()
    for name in "ab":
        hooked.put(name, lambda pgae: pgae, hook="late")
    with pytest.raises(ExceptionGroup) as caught:
        hooked.host.hookspec(written("def late(page): ..."))
    plugins = {error.plugin for error in caught.value.exceptions if isinstance(error, HookValidationError)}
    assert plugins == {"plugin 'a'", "plugin 'b'"}


@pytest.mark.parametrize("false", [False, True])
@pytest.mark.parametrize("fault", ["def started(at): return 1 / at", "async def started(at): ..."])
def test_plugin_of_the_application_that_fails_in_a_replay_is_not_registered(fault: str, *, false: bool) -> None:
    hooked = Hooked(written("def started(at): ..."), historic=True)
    hooked.host.hookspec(written("def render(): ..."))
    hooked.call(at=0)

    class Late:
        @hooked.host.hookimpl
        def render(self) -> str:
            return "late"

        def __bool__(self) -> bool:
            return not false

    late = Late()
    vars(late)["started"] = hooked.host.hookimpl(written(fault))
    for _ in range(2):
        with pytest.raises((ZeroDivisionError, TypeError)):
            hooked.host.manager.register(late, name="late")
        assert hooked.host.manager.list_name_plugin() == []
        assert hooked.host.hook.render() == []


def test_registering_twice_leaves_the_first() -> None:
    hooked = Hooked()
    first = hooked.put("a", says("a"))
    for again in (first, own_of(hooked)):
        with pytest.raises(ValueError, match="already registered"):
            hooked.host.manager.register(again, name="a")
    assert hooked.host.manager.get_plugin("a") is first
    assert hooked.call(page="p") == ["a"]


def own_of(hooked: Hooked) -> ModuleType:
    """Return a plugin that implements the hook."""
    made = ModuleType("own")
    vars(made)[hooked.name] = hooked.host.hookimpl(says("own"))
    return made


def test_blocked_name_is_not_imported_and_reported_as_blocked(site: Site) -> None:
    site.install(plugin("a", f"raise SystemExit\n{RENDERS}"), plugin("z", RENDERS))
    site.host.manager.set_blocked("a")
    assert site.host.hook.render(page="p") == ["installed"]
    assert states(site) == {"a": "blocked", "z": "loaded"}
    assert "set_blocked" in site.host.report()[0].reason
    with pytest.raises(ExceptionGroup) as caught:
        site.host.load("a", strict=True)
    assert [type(error) for error in caught.value.exceptions] == [PluginBlockedError]


def test_name_that_is_no_longer_blocked_can_be_loaded(site: Site) -> None:
    site.install(plugin("a", RENDERS))
    site.host.manager.set_blocked("a")
    assert site.host.hook.render(page="p") == []
    assert site.host.manager.unblock("a")
    assert site.load("a").state == "loaded"
    assert site.host.hook.render(page="p") == ["installed"]


def test_plugin_that_blocks_itself_is_blocked(site: Site) -> None:
    site.install(plugin("a", f"from myapp import host\nhost.manager.set_blocked('a')\n{RENDERS}"))
    assert site.host.hook.render(page="p") == []
    assert states(site) == {"a": "blocked"}


def test_plugin_that_asks_for_a_blocked_one_is_broken_and_not_blocked(site: Site) -> None:
    site.install(
        plugin("a", RENDERS),
        plugin("b", "from myapp import host\nhost.load('a', strict=True)"),
        plugin("c", "from plugframe.errors import PluginBlockedError\nraise PluginBlockedError('a', 'blocked', 'x')"),
    )
    site.host.manager.set_blocked("a")
    site.host.load_all()
    assert states(site) == {"a": "blocked", "b": "broken", "c": "broken"}
    with pytest.raises(ExceptionGroup) as caught:
        site.host.load("c", strict=True)
    assert [type(error) for error in caught.value.exceptions] == [PluginLoadError]
