"""What an application gets from its host: plugins by name, hooks, loading, a report, and another look."""

import copy
import sys
import threading
from pathlib import Path
from textwrap import dedent
from typing import Any

import pluggy
import pytest
from _sites import RENDERS, Site, fresh, plugin, together

import plugframe
from plugframe import Host
from plugframe.errors import PluginNotFoundError
from plugframe.testing.environments import write_tree

THREADS = 16


def states(host: Host) -> dict[str, str]:
    """Return what became of each plugin, by name."""
    return {result.plugin.name: result.state for result in host.report()}


def test_making_a_host_reads_no_file_and_looks_into_no_folder(site: Site) -> None:
    site.install(plugin("x", "raise SystemExit('imported')"))
    told = fresh(
        """
        import sys
        import plugframe.host
        seen = []
        watched = ("open", "os.listdir", "os.scandir", "import")
        sys.addaudithook(lambda event, args: event in watched and seen.append(args))
        host = plugframe.Host("myapp")
        repr(host), dir(host), host.name
        print(seen)
        """,
        site.folder,
    )
    assert told == "[]\n"


def test_plugins_are_a_mapping_that_is_read_without_importing_any(site: Site) -> None:
    site.install(plugin("x", "raise SystemExit('imported')"), plugin("a", "raise SystemExit('imported')"))
    told = fresh(
        """
        import sys
        import plugframe
        host = plugframe.Host("myapp")
        found = host.plugins
        print(list(found), len(found), "x" in found, "y" in found, found.get("y"), bool(found), found)
        print(*((name, plugin.state, str(plugin)) for name, plugin in found.items()), sep="\\n")
        print([str(result) for result in host.report()])
        print([name for name in sys.modules if name.startswith(("acme", "pluggy"))])
        """,
        site.folder,
    )
    assert told.splitlines() == [
        "['a', 'x'] 2 True False None True <plugins of myapp: a, x>",
        "('a', 'available', 'myapp.plugins:a from acme-a 1.0')",
        "('x', 'available', 'myapp.plugins:x from acme-x 1.0')",
        "['available: myapp.plugins:a from acme-a 1.0', 'available: myapp.plugins:x from acme-x 1.0']",
        "[]",
    ]


@pytest.mark.parametrize(
    "name", ["", " ", "my app", "a..b", ".a", "a.", "a/b", "a:b", "a\n", "[a]", "a=b", None, 5, b"a"]
)
def test_host_name_that_cannot_be_part_of_a_group_is_refused(name: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="name"):
        Host(name)


@pytest.mark.parametrize("name", ["a", "my-app", "my.app", "my_app", "App2", "3d", "gerät"])
def test_host_name_may_be_that_of_any_distribution(name: str) -> None:
    assert list(Host(name, path=[]).plugins) == []


def test_folders_to_look_in_may_be_paths(tmp_path: Path) -> None:
    Site(tmp_path).install(plugin("x"))
    path: Any = [tmp_path]
    assert list(Host("myapp", path=path).plugins) == ["x"]


def test_a_single_folder_in_place_of_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="path"):
        list(Host("myapp", path=str(tmp_path)).plugins)


def test_unknown_plugin_is_named_with_those_like_it_and_nothing_is_loaded(site: Site) -> None:
    site.install(plugin("vision"), plugin("audio"))
    with pytest.raises(PluginNotFoundError) as caught:
        site.host.load("audio", "Visoin")
    assert str(caught.value) == (
        "myapp has no plugin named 'Visoin'. Did you mean 'vision'? Next: plugframe list --host myapp --all"
    )
    assert set(states(site.host).values()) == {"available"}
    with pytest.raises(KeyError):
        site.host.plugins["Visoin"]


@pytest.mark.parametrize("wrong", [None, 5, ["x"], b"x"])
def test_what_is_no_name_is_refused_as_such(site: Site, wrong: Any) -> None:
    site.install(plugin("x"))
    anything: list[Any] = [wrong, site.host.plugins["x"]]
    for name in anything:
        with pytest.raises((TypeError, PluginNotFoundError)):
            site.host.load(name)


def test_load_imports_what_is_named_once_and_answers_in_that_order(site: Site) -> None:
    count = "import builtins\nbuiltins.acme_imports = getattr(builtins, 'acme_imports', '') + __name__[-1]"
    site.install(*(plugin(name, count) for name in "abc"))
    told = fresh(
        """
        import builtins
        from myapp import host
        print([result.plugin.name for result in host.load("c", "a", "c")], host.load())
        host.load("a"), host.load_all(), host.hook
        print(builtins.acme_imports)
        """,
        site.folder,
    )
    assert told == "['c', 'a', 'c'] ()\ncab\n"


def test_plugin_that_failed_is_tried_again_when_it_is_named_and_not_by_every_hook_call(site: Site) -> None:
    site.install(plugin("x", "1 / 0"))
    assert site.load("x").state == "broken"
    site.install({"acme_x.py": RENDERS.replace("\n    ", "\n")})
    assert site.host.hook.render(page="p") == []
    assert [result.state for result in site.host.load_all()] == ["broken"]
    assert site.load("x").state == "loaded"
    assert site.host.hook.render(page="p") == ["acme_x: p"]


def test_strict_with_nothing_broken_returns_the_results(site: Site) -> None:
    site.install(plugin("x"), plugin("y"))
    assert [result.state for result in site.host.load_all(strict=True)] == ["loaded", "loaded"]
    assert site.host.load("y", "x", strict=True) == tuple(reversed(site.host.report()))


def test_hooks_are_called_by_pluggys_own_engine(site: Site) -> None:
    first = "from myapp import hookimpl\n@hookimpl(tryfirst=True)\ndef render(page): return 'first'"
    nothing = "from myapp import hookimpl\n@hookimpl\ndef render(page): return None"
    around = "from myapp import hookimpl\n@hookimpl(wrapper=True)\ndef render():\n    return [*(yield), 'around']"
    site.install(plugin("a", first), plugin("b", RENDERS), plugin("c", nothing), plugin("d", around))
    assert site.host.hook.render(page="p") == ["first", "acme_b: p", "around"]
    assert isinstance(site.host.manager, pluggy.PluginManager)
    assert [name for name, _ in site.host.manager.list_name_plugin()] == ["a", "b", "c", "d"]
    seen: list[str] = []
    undo = site.host.manager.add_hookcall_monitoring(lambda name, *_: seen.append(name), lambda *_: None)
    site.host.hook.render(page="p")
    undo()
    assert seen == ["render"]


def test_hooks_are_an_attribute_of_the_host_alone_and_nothing_is_registered_to_have_them() -> None:
    host = Host("myapp", path=[])
    hooks = host.hook
    assert vars(host)["hook"] is hooks
    assert not hasattr(Host, "hook")  # A class that has the name, too, is asked first at each of the host's calls.
    assert copy.copy(host).hook is hooks
    assert repr(hooks) == "<hooks of myapp>"
    assert vars(host)["_live"] is None


def test_hookspec_returns_a_caller_that_loads_the_plugins_at_its_first_call(site: Site) -> None:
    site.install(plugin("x", "from myapp import hookimpl\n@hookimpl\ndef theme(name): return name\n"))

    @site.host.hookspec(firstresult=True)
    def theme(name: str) -> str:
        """Return the theme."""
        return name

    assert (theme.__name__, theme.__doc__) == ("theme", "Return the theme.")
    assert states(site.host) == {"x": "available"}
    assert theme(name="dark") == "dark"
    assert states(site.host) == {"x": "loaded"}


def test_what_a_plugin_raises_when_it_is_called_reaches_the_caller(site: Site) -> None:
    site.install(plugin("x", "from myapp import hookimpl\n@hookimpl\ndef render(page): return 1 / page"))
    with pytest.raises(ZeroDivisionError):
        site.host.hook.render(page=0)
    assert site.host.hook.render(page=1) == [1.0]


def test_caller_stays_live_when_plugins_come_later(site: Site) -> None:
    @site.host.hookspec
    def greet(name: str) -> None: ...

    assert greet(name="you") == []
    site.install(plugin("x", "from myapp import hookimpl\n@hookimpl\ndef greet(name): return f'hello {name}'"))
    site.host.refresh()
    assert greet(name="you") == ["hello you"]


def test_positional_arguments_are_refused_with_the_hooks_name(site: Site) -> None:
    @site.host.hookspec
    def greet(name: str) -> None: ...

    with pytest.raises(TypeError, match="greet"):
        greet("you")


def test_historic_hook_reaches_the_plugins_that_come_later(site: Site) -> None:
    @site.host.hookspec(historic=True)
    def started(at: int, seen: list[int]) -> None: ...

    seen: list[int] = []
    started(at=1, seen=seen)
    site.install(plugin("x", "from myapp import hookimpl\n@hookimpl\ndef started(at, seen): seen.append(at)"))
    site.host.refresh()
    site.host.load_all()
    assert seen == [1]


def test_plugin_that_fails_when_history_is_replayed_registers_nothing(site: Site) -> None:
    @site.host.hookspec(historic=True)
    def started(at: int) -> None: ...

    assert started.__name__ == "started"
    site.host.manager.hook.started.call_historic(kwargs={"at": 0})
    code = f"{RENDERS}\n    @hookimpl\n    def started(at): return 1 / at"
    site.install(plugin("x", code), plugin("z", RENDERS))
    site.host.refresh()
    assert site.host.hook.render(page="p") == ["acme_z: p"]
    assert states(site.host) == {"x": "broken", "z": "loaded"}


def test_hook_that_cannot_be_declared_is_refused(site: Site) -> None:
    def render(page: str) -> None: ...

    with pytest.raises(ValueError, match="render"):
        site.host.hookspec(render)

    def other() -> None: ...

    with pytest.raises(ValueError, match="historic"):
        site.host.hookspec(firstresult=True, historic=True)(other)  # type: ignore[call-overload] # what checkers refuse


def test_hook_that_is_declared_after_loading_breaks_the_plugin_that_misuses_it_and_not_the_host(site: Site) -> None:
    wrong = "from myapp import hookimpl\n@hookimpl\ndef late(wrong): return wrong"
    right = "from myapp import hookimpl\n@hookimpl\ndef late(right): return right"
    site.install(plugin("a", right), plugin("x", wrong), plugin("z", right))
    site.host.load_all()

    @site.host.hookspec
    def late(right: int) -> None: ...

    assert late(right=1) == [1, 1]
    assert states(site.host) == {"a": "loaded", "x": "broken", "z": "loaded"}


def test_hook_that_is_declared_after_loading_leaves_the_other_hooks_as_they_are(site: Site) -> None:
    both = RENDERS + "\n    @hookimpl\n    def late(page): return __name__\n"
    once = "\n    @hookimpl\n    def started(seen): seen.append(__name__)\n"

    @site.host.hookspec(historic=True)
    def started(seen: list[str]) -> None: ...

    seen: list[str] = []
    started(seen=seen)
    site.install(plugin("a", both + once), plugin("b", RENDERS), plugin("c", both), plugin("d", RENDERS))
    site.host.refresh()
    before = site.host.hook.render(page="p")
    assert before == ["acme_d: p", "acme_c: p", "acme_b: p", "acme_a: p"]

    @site.host.hookspec
    def late(page: str) -> None: ...

    assert late(page="p") == ["acme_c", "acme_a"]
    assert site.host.hook.render(page="p") == before
    assert seen == ["acme_a"]


def test_hook_that_is_declared_after_loading_may_have_two_implementations_in_one_plugin(site: Site) -> None:
    code = """
        from myapp import hookimpl

        @hookimpl
        def late(page): return 1

        @hookimpl(specname="late")
        def later(page): return 2
    """
    site.install(plugin("x", code))
    site.host.load_all()

    @site.host.hookspec
    def late(page: str) -> None: ...

    found: list[Any] = late(page="p")
    assert sorted(found) == [1, 2]


def test_plugin_that_misuses_a_hook_declared_later_keeps_nothing_and_can_be_mended(site: Site) -> None:
    code = """
        import plugframe
        from myapp import hookimpl

        @hookimpl
        def render(page): return page

        @hookimpl
        def late(wrong): return "late"

        @plugframe.hookimpl
        def plugframe_register_classes(classes):
            classes.add("vision.Net", type("Net", (), {}))
    """
    site.install(plugin("x", code))
    host = site.host
    host.load_all()

    @host.hookspec
    def late(right: int) -> None: ...

    assert states(host) == {"x": "broken"}
    assert (host.hook.render(page="p"), list(host.classes)) == ([], [])
    del sys.modules["acme_x"]
    site.install({"acme_x.py": dedent(code).replace("wrong", "right")})
    assert site.load("x").reason == ""
    found: list[Any] = late(right=1)
    assert (found, list(host.classes)) == (["late"], ["vision.Net"])


def test_refresh_tells_what_was_added_removed_and_changed(site: Site) -> None:
    site.install(plugin("gone"), plugin("kept", RENDERS), plugin("newer"), plugin("broken", "1 / 0"))
    host = site.host
    host.load_all()
    assert not host.refresh()
    site.uninstall("gone")
    site.uninstall("newer")
    site.install(plugin("newer", version="2.0"), plugin("added", RENDERS))
    changes = host.refresh()
    assert (changes.added, changes.removed, changes.changed) == (("added",), ("gone",), ("newer",))
    assert bool(changes)
    assert list(host.plugins) == ["added", "broken", "kept", "newer"]
    assert states(host)["kept"] == "loaded"
    assert states(host)["broken"] == "available"
    assert host.hook.render(page="p") == ["acme_kept: p", "acme_added: p"]  # as in a process that loads both at once
    with pytest.raises(PluginNotFoundError):
        host.load("gone")


def test_refresh_looks_at_the_path_as_it_is_then(site: Site, tmp_path: Path) -> None:
    host = Host("myapp")
    assert not host.refresh()
    write_tree(tmp_path / "more", plugin("late"))
    sys.path.insert(0, str(tmp_path / "more"))
    assert list(host.plugins) == []
    assert host.refresh().added == ("late",)
    assert list(host.plugins) == ["late"]
    site.install(plugin("x"))
    assert host.refresh().added == ("x",)


def test_plugin_that_failed_is_tried_again_after_refresh(site: Site) -> None:
    site.install(plugin("x", "import acme_dependency"), plugin("kept", RENDERS))
    assert site.host.hook.render(page="p") == ["acme_kept: p"]
    site.install({"acme_dependency.py": ""})
    site.host.refresh()
    assert [result.state for result in site.host.load_all()] == ["loaded", "loaded"]
    assert [result.state for result in site.host.report()] == ["loaded", "loaded"]


def test_plugin_that_is_upgraded_under_a_running_host_stays_loaded_and_is_reported_so(site: Site) -> None:
    site.install(plugin("x", RENDERS))
    site.host.load("x")
    site.uninstall("x")
    site.install(plugin("x", "raise SystemExit('imported again')", version="2.0"))
    site.host.refresh()
    assert [result.state for result in site.host.load_all()] == ["loaded"]
    assert states(site.host) == {"x": "loaded"}
    assert site.host.hook.render(page="p") == ["acme_x: p"]


def test_threads_that_first_use_the_hooks_at_once_import_each_plugin_once_and_get_all_results(site: Site) -> None:
    code = f"import builtins, time\nbuiltins.acme_imports.append(__name__)\ntime.sleep(0.05)\n{RENDERS}"
    site.install(*(plugin(name, code.replace("\n    ", "\n")) for name in "abcd"), plugin("broken", "1 / 0"))
    told = fresh(
        f"""
        import builtins
        builtins.acme_imports = []
        from _sites import together
        from myapp import host
        results = together({THREADS}, lambda _: host.hook.render(page="p"))
        print(sorted(builtins.acme_imports))
        print(*results, sep="\\n")
        """,
        site.folder,
        Path(__file__).parent,
    )
    imports, *results = told.splitlines()
    assert imports == "['acme_a', 'acme_b', 'acme_c', 'acme_d']"
    assert results == ["['acme_d: p', 'acme_c: p', 'acme_b: p', 'acme_a: p']"] * THREADS


def test_thread_that_is_interrupted_leaves_the_plugin_to_those_that_wait_for_it(site: Site) -> None:
    code = """
        import myapp
        myapp.tries.append(1)
        myapp.barrier.wait(1)
        if len(myapp.tries) == 1:
            raise KeyboardInterrupt
    """
    site.install(plugin("x", code))
    host = site.host
    vars(sys.modules["myapp"]).update(tries=[], barrier=threading.Barrier(1))
    results = together(4, lambda _: host.load("x")[0].state)
    assert sorted(map(str, results)) == ["", "loaded", "loaded", "loaded"]
    assert len(sys.modules["myapp"].tries) == len("12")


def managers_of_one_host() -> set[object]:
    """Return what threads that ask a new host for its manager at once are given."""
    host = Host("myapp", path=[])
    return set(together(THREADS, lambda _: host.manager))


def test_threads_that_first_ask_at_once_get_one_manager() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        assert [len(managers_of_one_host()) for _ in range(20)] == [1] * 20
    finally:
        sys.setswitchinterval(interval)


def test_threads_that_load_different_plugins_at_once_register_all_of_them(site: Site) -> None:
    names = [f"p{number}" for number in range(THREADS)]
    code = """
        import plugframe
        from myapp import hookimpl

        @hookimpl
        def unspecified(): return __name__

        @plugframe.hookimpl
        def plugframe_register_classes(classes):
            for number in range(100):
                classes.add(f"{__name__}.C{number}", "acme:C")
    """
    site.install(*(plugin(name, code) for name in names))
    host = site.host
    assert together(THREADS, lambda index: host.load(names[index])[0].state) == ["loaded"] * THREADS
    assert len(host.classes) == 100 * THREADS
    assert len(host.hook.unspecified()) == THREADS


MUTUAL = """
    import threading
    from myapp import host, together_now
    together_now()
    {use}
    from myapp import hookimpl
    @hookimpl
    def render(page): return __name__
"""
BARRIER = """
import threading
barrier = threading.Barrier(2)
def together_now():
    barrier.wait(20)
"""


@pytest.mark.parametrize("use", ["host.load('{other}')", "host.load_all()", "host.hook.render(page='p')"])
def test_plugins_that_load_each_other_while_two_threads_import_them_do_not_hang(site: Site, use: str) -> None:
    site.install(*(plugin(a, MUTUAL.format(use=use.format(other=b))) for a, b in ("xy", "yx")))
    application = (site.folder / "myapp.py").read_text(encoding="utf-8")
    site.install({"myapp.py": application + BARRIER})
    told = fresh(
        """
        from _sites import together
        from myapp import host
        print(together(2, lambda index: host.load("xy"[index])[0].state))
        print([result.state for result in host.report()], sorted(host.hook.render(page="p")))
        """,
        site.folder,
        Path(__file__).parent,
    )
    assert told == "['loaded', 'loaded']\n['loaded', 'loaded'] ['acme_x', 'acme_y']\n"


def test_thread_that_imports_a_plugins_module_itself_and_one_that_loads_it_do_not_hang(site: Site) -> None:
    # One thread holds a's claim and wants the lock of b's module; the other holds that lock and wants a loaded.
    a = "from myapp import together_now\ntogether_now()\nimport acme_b"
    b = "from myapp import host, together_now\ntogether_now()\nhost.load('a')"
    site.install(plugin("a", a), plugin("b", b))
    application = (site.folder / "myapp.py").read_text(encoding="utf-8")
    site.install({"myapp.py": application + BARRIER})
    told = fresh(
        """
        import _sites
        _sites.PATIENCE = 5.0
        from importlib import import_module
        from myapp import host
        print(_sites.together(2, lambda index: host.load("a")[0].state if index else import_module("acme_b").__name__))
        """,
        site.folder,
        Path(__file__).parent,
    )
    assert told == "['acme_b', 'loaded']\n"


def test_plugin_that_waits_for_a_thread_which_uses_the_host_does_not_hang_others(site: Site) -> None:
    release = threading.Event()
    site.install(plugin("slow", "import myapp\nmyapp.release.wait(20)"), plugin("quick", RENDERS))
    host = site.host
    vars(sys.modules["myapp"])["release"] = release
    thread = threading.Thread(target=host.load, args=("slow",))
    thread.start()
    try:
        assert host.load("quick")[0].state == "loaded"
        assert states(host) == {"quick": "loaded", "slow": "available"}
    finally:
        release.set()
        thread.join()
    assert states(host) == {"quick": "loaded", "slow": "loaded"}


def test_parts_of_plugframe_are_those_of_the_default_host() -> None:
    told = fresh(
        """
        import sys
        import plugframe
        assert not [name for name in sys.modules if name.startswith("plugframe.") and "namespaces" not in name]
        host = plugframe.default_host
        assert isinstance(host, plugframe.Host) and host.name == "plugframe"
        assert plugframe.callbacks is host.callbacks and plugframe.ops is host.ops
        assert plugframe.default_host is host and plugframe.callbacks is plugframe.callbacks

        @plugframe.hookspec
        def render(page): ...

        class Plugin:
            @plugframe.hookimpl
            def render(self, page): return page

        host.manager.register(Plugin())
        print(render(page="p"), host.hook.render(page="q"))
        from plugframe import Host, PlugframeError, callbacks, classes, default_host, hookimpl, hookspec, ops
        assert set(dir(plugframe)) >= set(plugframe.__all__) and dir(plugframe) == sorted(dir(plugframe))
        assert all(getattr(plugframe, name) is not None for name in plugframe.__all__)
        for name in ("hosts", "__wrapped__", "_live", "re"):
            try:
                getattr(plugframe, name)
            except AttributeError as error:
                assert repr(name) in str(error) and "plugframe" in str(error)
            else:
                raise SystemExit(name)
        """
    )
    assert told == "['p'] ['q']\n"


def test_classes_of_the_default_host_are_attributes_of_a_module(site: Site) -> None:
    entry_points = {"plugframe.classes": {"vision.Net": "acme_x:Net"}}
    site.install(plugin("x", "class Net: ...", also=entry_points))
    told = fresh(
        """
        import sys
        import pickle
        import plugframe
        from plugframe.classes import vision
        print("vision" in dir(plugframe.classes), "acme_x" in sys.modules, hasattr(plugframe.classes, "visoin"))
        print(plugframe.classes.vision.Net, vision.Net, plugframe.classes.__name__)
        print(pickle.loads(pickle.dumps(vision.Net)))
        """,
        site.folder,
    )
    found = "<class 'acme_x.Net'>"
    assert told == f"True False False\n{found} {found} plugframe.classes\n{found}\n"


def test_version_is_told() -> None:
    assert plugframe.__version__.count(".") == len("..")
