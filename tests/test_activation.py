"""Which plugins a call imports, in which order they are called, and what threads, imports and refreshes change."""

import re
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from _activation import MODES, World, declares, says, specified
from _sites import plugin, site_at, together

from plugframe import Host
from plugframe.testing.environments import Tree, distribution

MANY = 500
THREADS = 16
EXITS = "raise SystemExit('imported')"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world with 500 plugins that declare one hook each, of which three share one."""
    made = World(tmp_path_factory.mktemp("many"))
    for number in range(MANY):
        name = f"p{number:03}"
        made.install(declares(name, "render" if number in {7, 250, 499} else f"hook_{name}", "common_" + name[-1]))
    return made


@pytest.mark.parametrize("activation", MODES)
def test_host_takes_each_way_to_activate(activation: Any) -> None:
    assert Host("myapp", activation=activation).activation == activation


@pytest.mark.parametrize("activation", ["", "Declared", "lazy", None, 1, True, b"eager", ["eager"], ("eager",)])
def test_other_ways_to_activate_are_refused(activation: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"'declared', 'learned' or 'eager'; got {activation!r}")):
        Host("myapp", activation=activation)


def test_hosts_activate_what_is_declared_unless_they_say_otherwise() -> None:
    assert Host("myapp").activation == "declared"


# Declared.

LOOKS = """
    import inspect, sys

    def imported():
        return [name for name in sys.modules if name.startswith("acme_")]

    from myapp import host
    looks = {
        "making it and specifying hooks": lambda: host,
        "specified hook": lambda: (host.hook.render, host.hook.finish, host.hook.render.__doc__),
        "declared hook": lambda: (host.hook.hook_p001, getattr(host.hook, "common_3"), hasattr(host.hook, "hook_p002")),
        "dir": lambda: dir(host.hook),
        "repr": lambda: (repr(host.hook), repr(host), str(host.plugins), repr(host.hook.render)),
        "private names": lambda: [hasattr(host.hook, name) for name in ("_x", "__wrapped__", "__len__", "_repr_html_")],
        "inspect": lambda: (inspect.getdoc(host.hook), inspect.signature(host.hook.render), inspect.unwrap(host.hook)),
        "truth": lambda: (bool(host.hook), host.hook == host.hook, hash(host.hook), callable(host.hook)),
        "plugins": lambda: (list(host.plugins.values()), len(host.plugins), host.report()),
        "registries": lambda: (list(host.classes), host.manager.get_plugins(), list(host.libraries), dir(host.ops)),
        "refresh": lambda: host.refresh(),
        "late specification": lambda: host.hookspec(late),
    }

    def late(page): ...

    for name, look in looks.items():
        look()
        assert not imported(), (name, imported())
    names = dir(host.hook)
    print(len(names), names[:2], names[-2:])
"""


def test_looking_at_a_host_with_500_plugins_imports_none(many: World) -> None:
    told = many.run(LOOKS)
    hooks = MANY - 3 + 10 + 3
    assert told == f"{hooks} ['common_0', 'common_1'] ['late', 'render']\n"


WAYS = {
    "a call": "{call}(page='p')",
    "results": "[result.value for result in {call}.results(page='p')]",
    "acall": "__import__('asyncio').run({call}.acall(page='p'))",
}


@pytest.mark.parametrize("way", WAYS)
def test_first_call_of_a_hook_imports_those_that_declare_it(many: World, way: str) -> None:
    code = f"""
        import sys

        def imported():
            return sorted(name for name in sys.modules if name.startswith("acme_"))

        from myapp import host
        print({WAYS[way].format(call="host.hook.finish")}, imported())
        print({WAYS[way].format(call="host.hook.render")}, imported())
        print({WAYS[way].format(call="host.hook.hook_p123")}, len(imported()))
        print(len({WAYS[way].format(call="host.hook.common_9")}), len(imported()))
        print({WAYS[way].format(call="host.hook.render")}, len(imported()))
        print(sum(result.state == "loaded" for result in host.report()))
    """
    assert many.run(code).splitlines() == [
        "[] []",
        "['acme_p499', 'acme_p250', 'acme_p007'] ['acme_p007', 'acme_p250', 'acme_p499']",
        "['acme_p123'] 4",
        "50 53",
        "['acme_p499', 'acme_p250', 'acme_p007'] 53",
        "53",
    ]


def test_plugins_that_declare_nothing_are_loaded_at_the_first_call_of_any_hook(world: World) -> None:
    world.install(plugin("silent", says("render")), plugin("other", says("other")), declares("a", "render"))
    world.install(declares("b", "finish"))
    found = world.call("finish", activation="declared")
    assert found.results == {"finish": ["acme_b"]}
    assert found.imported == ["acme_b", "acme_other", "acme_silent"]
    found = world.call("finish", "render", activation="declared")
    assert found.results == {"finish": ["acme_b"], "render": ["acme_silent", "acme_a"]}
    assert world.call("other", activation="declared").imported == ["acme_other", "acme_silent"]


def test_hook_of_a_plugin_may_be_declared_by_a_plugin_whose_name_has_a_dot(world: World) -> None:
    entry_points = {"myapp.plugins": {"vision.fast": "acme_v"}, "myapp.hooks": {"vision.fast.render": "acme_v:render"}}
    world.install(distribution("acme-v", entry_points=entry_points, modules={"acme_v.py": says("render")}))
    assert world.call("finish", activation="declared").imported == []
    found = world.call("render", activation="declared")
    assert (found.results, found.imported) == ({"render": ["acme_v"]}, ["acme_v"])


NOT_RUN: dict[str, tuple[Tree, ...]] = {
    "shadowed": (
        distribution(
            "z", entry_points={"myapp.plugins": {"a": "acme_z"}, "myapp.hooks": {"a.render": "acme_z:render"}}
        ),
        {"acme_z.py": EXITS},
    ),
    "shadowed and silent": (
        distribution("z", entry_points={"myapp.plugins": {"a": "acme_z"}}, modules={"acme_z.py": EXITS}),
    ),
    "named twice by its distribution": (
        {"z-1.0.dist-info": {"METADATA": "Name: z\nVersion: 1.0\n"}, "acme_z.py": EXITS, "acme_y.py": says("render")},
        {"z-1.0.dist-info": {"entry_points.txt": "[myapp.plugins]\nz = acme_y\nz = acme_z\n"}},
    ),
    "of an older copy": (
        declares("a", "render", code=EXITS, version="0.1"),
        {"acme_a.py": says("render")},
    ),
    "broken": (
        distribution(
            "z",
            entry_points={"myapp.plugins": {"z": "acme z:x"}, "myapp.hooks": {"z.render": "acme_z:render"}},
            modules={"acme_z.py": EXITS, "acme.py": EXITS},
        ),
    ),
    "that offers hooks and is no plugin": (
        distribution("z", entry_points={"myapp.hooks": {"z.render": "acme_z:render"}}, modules={"acme_z.py": EXITS}),
    ),
    "that offers classes alone": (
        distribution("z", entry_points={"myapp.classes": {"z.Net": "acme_z:Net"}}, modules={"acme_z.py": EXITS}),
    ),
}


@pytest.mark.parametrize("activation", MODES)
@pytest.mark.parametrize("why", NOT_RUN)
def test_plugin_that_may_not_run_is_not_imported(world: World, why: str, activation: str) -> None:
    world.install(declares("a", "render"), *NOT_RUN[why])
    found = world.call("render", "finish", activation=activation)
    assert "acme_z" not in found.imported
    assert "acme_a" in found.results["render"]


@pytest.mark.parametrize("activation", MODES)
@pytest.mark.parametrize("silent", [False, True])
def test_plugin_that_fails_at_import_is_reported_and_tried_once(world: World, activation: str, *, silent: bool) -> None:
    failing = "import builtins\nbuiltins.tries = getattr(builtins, 'tries', 0) + 1\n1 / 0"
    x = plugin("x", failing) if silent else declares("x", "render", "finish", code=failing)
    world.install(x, declares("a", "render"), plugin("z", says("render")))
    code = """
        import builtins
        from myapp import host
        print([host.hook.render(page="p") for _ in range(50)][-1], builtins.tries)
        host.hook.finish(page="p"), host.load_all(), host.hook.render.results(page="p")
        print(builtins.tries, *(result for result in host.report() if result.plugin.name == "x"))
        host.refresh()
        print(host.hook.finish(page="p"), host.hook.render(page="p"), builtins.tries)
    """
    told = world.run(code, activation=activation)
    assert told.startswith("['acme_z', 'acme_a'] 1\n1 broken: myapp.plugins:x from acme-x 1.0\n")
    assert "ZeroDivisionError: division by zero" in told
    assert told.endswith("[] ['acme_z', 'acme_a'] 2\n")


@pytest.mark.parametrize("hook", ["render", "finish", "declared_alone"])
def test_eager_host_loads_all_at_the_first_call(world: World, hook: str) -> None:
    world.install(plugin("silent"), declares("a", "render"), declares("b", "declared_alone"), plugin("x", "1 / 0"))
    world.install(distribution("c", entry_points={"myapp.classes": {"c.Net": "acme_c:Net"}}))
    looks = f"""
        import sys
        from myapp import host
        print(dir(host.hook), hasattr(host.hook, "_x"), callable(host.hook.{hook}))
        print([name for name in sys.modules if name.startswith("acme_")])
    """
    assert world.run(looks, activation="eager") == "['declared_alone', 'finish', 'render'] False True\n[]\n"
    found = world.call(hook, activation="eager")
    assert found.imported == ["acme_a", "acme_b", "acme_silent"]
    assert found.states == {"a": "loaded", "b": "loaded", "c": "loaded", "silent": "loaded", "x": "broken"}


# Order.

HOOKS = ("first", "second", "third")
OPTIONS = {
    "a": "trylast=True", "b": "", "c": "tryfirst=True", "d": "wrapper=True", "e": "", "f": "after=('b',)",
    "g": "before=('h',)", "h": "", "i": "tryfirst=True", "j": "wrapper=True, tryfirst=True", "k": "trylast=True",
    "l": "wrapper=True, after=('d',)",
}  # fmt: skip


def ordered(name: str, number: int) -> Tree:
    """Return a plugin that asks for a place in the order of those hooks that it declares, all but one or all."""
    hooks = [hook for index, hook in enumerate(HOOKS) if (number + index) % 4]
    wraps = "wrapper" in OPTIONS[name]
    body = f"return ['{name}', *(yield)]" if wraps else f"return '{name}'"
    code = "".join(f"\n@hookimpl({OPTIONS[name]})\ndef {hook}(page):\n    {body}\n" for hook in hooks)
    return declares(name, *hooks, code=f"from myapp import hookimpl\n{code}")


class Own:
    """What a host registers itself."""

    def __init__(self, host: Host) -> None:
        """Implement all hooks."""
        for hook in HOOKS:
            setattr(self, hook, host.hookimpl(specname=hook)(self._make()))

    def _make(self) -> Callable[..., str]:
        def implementation(page: str) -> str:
            return f"own {page}"

        return implementation


def results_after(folder: Path, activation: Any, calls: tuple[str, ...]) -> dict[str, object]:
    """Return what the hooks return of a new host whose hooks were called, or plugins loaded, in some order."""
    host = Host("myapp", activation=activation, path=[str(folder)])
    for hook in HOOKS:
        host.hookspec(specified(hook))
    host.manager.register(Own(host))
    for name in calls:
        if name in HOOKS:
            getattr(host.hook, name)(page="p")
        else:
            host.load(name)
    return {hook: getattr(host.hook, hook)(page="p") for hook in HOOKS}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """Put a folder with the application on this process's path."""
    with site_at(tmp_path / "site") as made:
        yield made.folder


@pytest.fixture
def everything(site: Path) -> Path:
    """Install plugins that ask for all kinds of places in the order."""
    made = World(site.parent)
    made.install(*(ordered(name, number) for number, name in enumerate(OPTIONS)))
    return made.site


def test_order_does_not_depend_on_the_hook_that_was_called_first(everything: Path) -> None:
    expected = results_after(everything, "eager", ())
    assert expected["first"] == ["j", "d", "l", "c", "own p", "g", "h", "b", "f", "k"]
    for calls in permutations(HOOKS):
        assert results_after(everything, "declared", calls) == expected, calls


@pytest.mark.parametrize("names", ["abcdefghijkl", "lkjihgfedcba", "gahbf", "edc", "jild"])
def test_order_does_not_depend_on_what_was_loaded_first(everything: Path, names: str) -> None:
    expected = results_after(everything, "eager", ())
    for activation in MODES:
        assert results_after(everything, activation, tuple(names)) == expected


def test_of_plugins_whose_wishes_are_a_circle_the_one_that_comes_last_is_broken_and_told_why(world: World) -> None:
    code = "from myapp import hookimpl\n@hookimpl(before=('{other}',))\ndef render(page): return __name__\n{more}"
    more = "@hookimpl\ndef finish(page): return __name__\n"
    world.install(declares("a", "render", code=code.format(other="b", more="")))
    world.install(declares("b", "render", "finish", code=code.format(other="a", more=more)))
    one = world.call("render", "finish", activation="declared")
    other = world.call("finish", "render", activation="declared")
    assert one.states == {"a": "loaded", "b": "broken"}
    assert other.states == {"a": "broken", "b": "loaded"}
    told = world.run("from myapp import host; print(*host.load_all())", activation="declared")
    assert "'b' before 'a' before 'b'" in told


# What is declared and what is.

DIFFERENT = """
    import sys
    from myapp import host
    for hook in sys.argv[1:]:
        print(getattr(host, hook)() if hook.startswith("load") else getattr(host.hook, hook)(page="p"))
    print("--")
    for result in host.report():
        print(result, [found.code for found in result.findings], sep="\\n")
"""


@pytest.mark.parametrize("activation", MODES)
def test_declared_hook_that_is_not_implemented_is_a_finding(world: World, activation: str) -> None:
    world.install(declares("x", "render", "finish", code=says("render")))
    for hooks in (("render",), ("finish",), ("finish", "render")):
        results, _, report = world.run(DIFFERENT, *hooks, activation=activation).partition("--\n")
        assert results == "".join(f"{['acme_x'] if hook == 'render' else []}\n" for hook in hooks)
        assert report == (
            "loaded: myapp.plugins:x from acme-x 1.0\n"
            "  PF160:  plugin 'x' declares hook 'finish' and does not implement it; the plugin is imported for this"
            " hook, and adds nothing to it. Next: its authors must remove 'x.finish' from the group myapp.hooks, or"
            " implement the hook\n['PF160']\n"
        )


@pytest.mark.parametrize("activation", MODES)
@pytest.mark.parametrize("first", ["render", "finish", "late", "load_all"])
def test_implemented_hook_that_is_not_declared_is_a_finding_and_never_called(
    world: World, activation: str, first: str
) -> None:
    wrapper = "\n@hookimpl(wrapper=True)\ndef late(page):\n    return ['wrapped', *(yield)]\n"
    world.install(declares("x", "render", code=says("render", "finish") + wrapper), declares("y", "late"))
    hooks = ("finish", "late", "render", "finish", "late")
    told = world.run(DIFFERENT, first, *hooks, activation=activation)
    results, _, report = told.partition("--\n")
    assert results.splitlines()[1:] == ["[]", "['acme_y']", "['acme_x']", "[]", "['acme_y']"]
    assert "['PF161', 'PF161']\n" in report
    for hook in ("finish", "late"):
        assert (
            f"\n  PF161:  plugin 'x' implements hook '{hook}' and does not declare it, but others; this implementation"
            f' is never called. Next: its authors must add to the group myapp.hooks: "x.{hook}" = "acme_x:{hook}"'
        ) in report


def test_implemented_hook_that_is_specified_later_is_not_called_unless_it_is_declared(world: World) -> None:
    world.install(declares("x", "render", code=says("render", "late")))
    code = """
        from myapp import host
        host.load_all()

        @host.hookspec
        def late(page): ...

        print(late(page="p"), host.hook.late(page="p"), host.manager.hook.late(page="p"))
        host.refresh()
        print(late(page="p"), [found.code for found in host.report()[0].findings])
    """
    assert world.run(code) == "[] [] []\n[] ['PF161']\n"


def test_plugin_that_declares_what_it_implements_has_no_finding(world: World) -> None:
    code = f"""
import plugframe
{says("render")}
@hookimpl(specname="finish")
def named_otherwise(page): return __name__

@plugframe.hookimpl
def plugframe_register_classes(classes): ...
"""
    world.install(declares("x", "render", "finish", code=code), plugin("silent", says("render")))
    told = world.run(DIFFERENT, "render", "finish")
    assert "PF16" not in told
    assert told.startswith("['acme_x', 'acme_silent']\n['acme_x']\n")


INSTANCE = """
    from myapp import hookimpl

    class P:
        @hookimpl
        def render(self, page): ...

        @hookimpl
        def finish(self, page): ...

    p = P()
"""


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("{module}", says("render", "finish")),
        ("{module}:p", INSTANCE),
        ("{module} [fast]", says("render", "finish")),
        ("{module}:p [fast, more]", INSTANCE),
        (" {module} : p ", INSTANCE),
    ],
)
def test_fix_of_what_is_not_declared_mends_it(world: World, target: str, code: str) -> None:
    world.install(declares("x", "render", code=code, target=target))
    told = world.run(DIFFERENT, "load_all")
    added = re.findall(r'must add to the group myapp.hooks: "(.*)" = "(.*)"', told)
    assert {name for name, _ in added} == {"x.finish"}
    entry_points = world.site / "acme_x-1.0.dist-info" / "entry_points.txt"
    text = entry_points.read_text(encoding="utf-8")
    entry_points.write_text(text + "".join(f"{name} = {value}\n" for name, value in {*added}), encoding="utf-8")
    assert "PF16" not in world.run(DIFFERENT, "load_all")
    assert world.call("finish", activation="declared").states == {"x": "loaded"}


# Another look.

FETCHED = {
    "never called": "call = host.hook.render",
    "called": "call = host.hook.render; call(page='p')",
    "called often": "call = host.hook.render; [call(page='p') for _ in range(200)]",
    "not specified": "call = host.hook.open; call(page='p')",
    "specified meanwhile": "call = host.hook.open; call(page='p'); host.hookspec(specification)",
    "specified meanwhile, never called": "call = host.hook.open; host.hookspec(specification)",
    "its results": "call = host.hook.render; call(page='p'); call = lambda page: say(call_results(page=page))",
    "broken before": "call = host.hook.render; host.load('broken'); call(page='p')",
}


@pytest.mark.parametrize("activation", ["declared", "learned"])
@pytest.mark.parametrize("fetched", FETCHED)
def test_function_that_was_fetched_before_loads_what_was_installed_later(
    world: World, activation: str, fetched: str
) -> None:
    world.install(declares("a", "render", "open"), declares("broken", "render", code="1 / 0"))
    code = f"""
        import sys
        sys.path.append(sys.argv[1])
        from pathlib import Path
        from _activation import declares, says
        from _sites import plugin
        from plugframe.testing.environments import write_tree
        import myapp
        from myapp import host

        def open(page): ...

        specification = open
        call_results = host.hook.render.results
        say = lambda results: [result.value for result in results]
        {FETCHED[fetched]}
        for tree in (declares("b", "render", "open"), plugin("c", says("render", "open"))):
            write_tree(Path(myapp.__file__).parent, tree)
        host.refresh()
        print(call(page="p"))
        print(call(page="p"))
    """
    told = world.run(code, str(Path(__file__).parent), activation=activation)
    assert told == "['acme_c', 'acme_b', 'acme_a']\n" * 2


WHILE = """
    import threading
    import myapp
    from pathlib import Path
    from _activation import declares
    from plugframe.testing.environments import write_tree

    def look_again():
        write_tree(Path(myapp.__file__).parent, declares("late", "render", "finish"))
        myapp.host.refresh()
"""
IN_THE_IMPORT = """
    myapp.look_again = look_again
    myapp.host.hook.render(page="p")
"""
BY_ANOTHER_THREAD = """
    myapp.started, myapp.go = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: myapp.host.hook.render(page="p"))
    thread.start()
    myapp.started.wait(20)
    look_again()
    myapp.go.set()
    thread.join()
"""


@pytest.mark.parametrize("activation", ["declared", "eager"])
@pytest.mark.parametrize("hook", ["render", "finish"])
@pytest.mark.parametrize(
    ("plugin_does", "then"),
    [("look_again()", IN_THE_IMPORT), ("started.set(); myapp.go.wait(20)", BY_ANOTHER_THREAD)],
    ids=["in the import", "by another thread"],
)
def test_refresh_while_a_hook_is_first_called_is_not_forgotten(
    world: World, plugin_does: str, then: str, hook: str, activation: str
) -> None:
    world.install(
        declares("slow", "render", "finish", code=f"import myapp\nmyapp.{plugin_does}\n{says('render', 'finish')}")
    )
    code = dedent(WHILE) + dedent(then) + f"print(myapp.host.hook.{hook}(page='p'))"
    assert world.run(code, activation=activation) == "['acme_slow', 'acme_late']\n"


# Threads.


@pytest.mark.parametrize("activation", MODES)
def test_threads_that_first_call_different_hooks_import_each_plugin_once_and_lose_nothing(
    world: World, activation: str
) -> None:
    counts = "import builtins, time\nbuiltins.counted.append(__name__)\ntime.sleep(0.01)\n"
    hooks = [f"hook{index:02}" for index in range(THREADS)]
    plugins = {
        f"p{n:02}": sorted({hooks[n % THREADS], hooks[n * 7 % THREADS], hooks[n * 5 % THREADS]}) for n in range(40)
    }
    world.install(*(declares(name, *mine, code=counts + says(*mine)) for name, mine in plugins.items()))
    world.install(plugin("silent", counts + says(*hooks)))
    expected = [
        ["acme_silent", *(f"acme_{name}" for name in reversed(plugins) if hook in plugins[name])] for hook in hooks
    ]
    code = f"""
        import builtins
        builtins.counted = []
        from _sites import together
        from myapp import host
        hooks = {hooks}
        together({THREADS}, lambda index: getattr(host.hook, hooks[index]))
        print(together({THREADS}, lambda index: getattr(host.hook, hooks[index])(page="p")) == {expected})
        print([getattr(host.hook, hook)(page="p") for hook in hooks] == {expected})
        print(len(builtins.counted), len(set(builtins.counted)))
    """
    assert world.run(code, activation=activation) == "True\nTrue\n41 41\n"


def install_crowd(site: Path, options: str = "") -> None:
    """Install a plugin for each thread that has a hook of its own and two that all have; import them."""
    made = World(site.parent)
    for index in range(THREADS):
        hooks = (f"own{index:02}", "render", "open")
        code = says(*hooks).replace("@hookimpl\n", f"@hookimpl({options})\n")
        made.install(declares(f"p{index:02}", *hooks, code=code))
    host = Host("myapp", path=[str(site)])
    assert {result.state for result in host.load_all()} == {"loaded"}


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("options", ["", "tryfirst=True", "trylast=True", "after=('p03',)"])
def test_implementations_that_threads_register_at_once_are_all_called_in_order(site: Path, options: str) -> None:
    render = specified("render")
    install_crowd(site, options)
    alone = Host("myapp", path=[str(site)])
    alone.hookspec(render)
    expected = [alone.hook.render(page="p"), alone.hook.open(page="p")]
    assert [len(names) for names in expected] == [THREADS, THREADS]
    wrong = []
    for _ in range(20):
        host = Host("myapp", path=[str(site)])
        host.hookspec(render)
        own = together(THREADS, lambda index: getattr(host.hook, f"own{index:02}")(page="p"))  # noqa: B023 # at once
        assert own == [[f"acme_p{index:02}"] for index in range(THREADS)]
        found = [host.hook.render(page="p"), host.hook.open(page="p")]
        wrong += [names for names, right in zip(found, expected, strict=True) if names != right]
    assert not wrong


@pytest.mark.usefixtures("hurried")
def test_threads_that_fetch_a_hook_at_once_get_one_function(site: Path) -> None:
    install_crowd(site)
    numbers = []
    for _ in range(80):
        host = Host("myapp", path=[str(site)])
        assert (len(host.plugins), host.manager.get_plugins()) == (THREADS, set())
        numbers.append(len(set(map(id, together(8, lambda _: host.hook.open)))))  # noqa: B023 # at once
    assert numbers == [1] * 80


# Plugins that call hooks while they are imported.

CALLS_WHILE_IMPORTED = """
import myapp
myapp.meet("{name}")
myapp.heard["{name}"] = [myapp.host.hook.{hook}(page="p") for _ in range(2)]
"""
MEETING = """
    import threading
    heard = {}
    barrier = None

    def meet(name):
        if barrier is not None and name in ("x", "y"):
            barrier.wait(5)
"""


def asking(name: str, hook: str, *own: str, silent: bool = False) -> Tree:
    """Return a plugin that calls a hook while it is imported."""
    code = CALLS_WHILE_IMPORTED.format(name=name, hook=hook) + says(*own)
    return plugin(name, code) if silent else declares(name, *own, code=code)


@pytest.fixture
def meeting(tmp_path: Path) -> World:
    return World(tmp_path, application=MEETING)


@pytest.mark.parametrize("activation", MODES)
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("hook", ["render", "finish", "other"])
def test_plugin_may_call_hooks_while_it_is_imported(
    meeting: World, activation: str, hook: str, *, silent: bool
) -> None:
    meeting.install(asking("x", hook, "render", "finish", silent=silent), declares("y", "finish", "render"))
    meeting.install(declares("other", "other"))
    found = meeting.call("render", "finish", "other", activation=activation)
    assert found.results == {"render": ["acme_y", "acme_x"], "finish": ["acme_y", "acme_x"], "other": ["acme_other"]}
    assert set(found.states.values()) == {"loaded"}


RACE = """
    import threading
    from _sites import together
    import myapp
    from myapp import host
    myapp.barrier = threading.Barrier(2)
    first = together(2, lambda index: getattr(host.hook, ("render", "finish")[index])(page="p"))
    print(*first, sep="\\n")
    print(host.hook.render(page="p"), host.hook.finish(page="p"), sorted(myapp.heard))
    print([result.state for result in host.report()])
"""


@pytest.mark.parametrize("activation", MODES)
def test_plugins_that_call_each_others_hooks_while_two_threads_import_them_lose_nothing(
    meeting: World, activation: str
) -> None:
    meeting.install(asking("x", "finish", "render"), asking("y", "render", "finish"))
    if activation == "eager":  # There the one thread imports both, and the other waits for it.
        meeting.install({"myapp.py": (meeting.site / "myapp.py").read_text().replace('in ("x", "y")', "in ()")})
    *first, later, states = meeting.run(RACE, activation=activation).splitlines()
    assert first == ["['acme_x']", "['acme_y']"]
    assert later == "['acme_x'] ['acme_y'] ['x', 'y']"
    assert states == "['loaded', 'loaded']"


@pytest.mark.parametrize("activation", MODES)
def test_plugins_that_call_hooks_in_a_ring_while_many_threads_import_them_lose_nothing(
    meeting: World, activation: str
) -> None:
    names = [f"r{index}" for index in range(8)]
    for index, name in enumerate(names):
        other = names[(index + 1) % len(names)]
        meeting.install(asking(name, f"hook_{other}", f"hook_{name}", "render"))
    code = f"""
        from _sites import together
        import myapp
        from myapp import host
        names = {names}
        first = together(16, lambda index: getattr(host.hook, f"hook_{{names[index % 8]}}")(page="p"))
        print("it hangs" in first, [result for result in first if isinstance(result, BaseException)])
        print([getattr(host.hook, f"hook_{{name}}")(page="p") for name in names])
        print(host.hook.render(page="p"), sorted(myapp.heard))
    """
    told = meeting.run(code, activation=activation).splitlines()
    assert told == [
        "False []",
        str([[f"acme_{name}"] for name in names]),
        f"{[f'acme_{name}' for name in reversed(names)]} {names}",
    ]


def test_application_that_calls_a_hook_while_it_is_imported_gets_all(tmp_path: Path) -> None:
    world = World(
        tmp_path, declares("x", "render"), plugin("y", says("render")), application="found = host.hook.render(page=1)"
    )
    assert world.run("import myapp; print(myapp.found)") == "['acme_y', 'acme_x']\n"
