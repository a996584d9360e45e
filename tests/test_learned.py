"""What plugins were seen to implement is used while it is true, and whatever is wrong with it costs a load at most."""

import json
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

import pluggy
import pytest
from _activation import (
    EDITS,
    PROMISED,
    SCANS_ITSELF,
    Called,
    Change,
    World,
    declares,
    finish,
    other_pythons,
    says,
    slug,
    specified,
    write_changes,
)
from _answers import write_zip
from _changes import rewrite
from _command import run
from _damage import MUTATIONS, REFUSED, mutate
from _installed import Installation, make_venv
from _sites import plugin
from hypothesis import given, settings

from plugframe import Host
from plugframe.discovery import storage
from plugframe.testing.environments import Tree, distribution, write_tree

AT_REST = 3.1
"""Seconds after which a file that was changed can be relied on."""

BOTH = ("render", "finish")
PLAIN: tuple[Tree, ...] = (
    plugin("a", says("render")),
    plugin("b", says("finish")),
    plugin("c", says(*BOTH)),
    plugin("silent"),
    declares("d", "render"),
    distribution("other", entry_points={"other.plugins": {"o": "other"}}),
    {"acme_z.py": says("finish")},
)
UNDECLARED = ["acme_a", "acme_b", "acme_c", "acme_silent"]

OF_OBJECT = """
    from myapp import hookimpl

    class P:
        @hookimpl
        def render(self, page): return __name__
"""
OF_CLASS = """
    from myapp import hookimpl

    class Outer:
        class P:
            @classmethod
            @hookimpl
            def render(cls, page): return __name__
"""
OF_NAMESPACE = """
    import types
    from myapp import hookimpl
    p = types.SimpleNamespace(render=hookimpl(specname="render")(lambda page: __name__))
"""
RENAMED = """
    from myapp import hookimpl

    @hookimpl(specname="render")
    def finish(page): return __name__
"""
WRAPPER = """
    from myapp import hookimpl

    @hookimpl(wrapper=True)
    def render(page):
        return [*(yield), __name__]
"""
WRAPPED = """
    import functools
    from myapp import hookimpl

    def decorated(function):
        @functools.wraps(function)
        def inner(page): return function(page)
        return inner

    @hookimpl
    @decorated
    def render(page): return __name__
"""
LAZY = """
    def __getattr__(name):
        if name == "p":
            import acme_late
            return acme_late
        raise AttributeError(name)
"""
EXECUTED = """
    from myapp import hookimpl
    exec("@hookimpl\\ndef render(page): return __name__")
"""

KINDS = {
    "module": (says("render"), "{module}"),
    "instance": (f"{OF_OBJECT}\n    p = P()\n", "{module}:p"),
    "class": (OF_CLASS.replace("classmethod", "staticmethod").replace("cls, ", ""), "{module}:Outer.P"),
    "nested": (OF_CLASS, "{module}:Outer.P"),
    "namespace": (OF_NAMESPACE, "{module}:p"),
    "renamed": (RENAMED, "{module}"),
    "wrapper": (WRAPPER, "{module}"),
    "wrapped": (WRAPPED, "{module}"),
    "replaced": (f"{OF_OBJECT}\n    import sys\n    sys.modules[__name__] = P()\n", "{module}"),
    "lazy": (LAZY, "{module}:p"),
    "executed": (EXECUTED, "{module}"),
    "extras": (says("render"), "{module} [fast]"),
}
"""The modules of plugins, and their entry points' values, that stand for all kinds of objects."""
SURELY_LEARNED = {"module", "instance", "class", "nested", "renamed", "wrapper", "wrapped", "extras"}

VERSIONED = f"""
import sys
{says("render")}
if sys.version_info[:2] != {sys.version_info[:2]}:
    finish = hookimpl(specname="finish")(lambda page: "acme_x")
"""

CONDITIONAL = f"""
from importlib.util import find_spec
{says("render")}
if find_spec("acme_extra"):
    finish = hookimpl(lambda page: __name__)
"""

WORLDS: dict[str, tuple[Tree, ...]] = {
    "kinds": (
        *(plugin(name, code, target=target) for name, (code, target) in KINDS.items()),
        {"acme_late.py": says("render")},
        distribution("spaced", entry_points={"myapp.plugins": {"spaced": "acme_spaced.x"}}),
        {"acme_spaced": {"x.py": says("render")}},
        distribution("fileless", entry_points={"myapp.plugins": {"fileless": "acme_fileless"}}),
        distribution("fileless-silent", entry_points={"myapp.plugins": {"fileless_silent": "acme_fileless:silent"}}),
    ),
    "edited meanwhile": (plugin("a", says("render")),),
    "edited while it is imported": (plugin("a", f"import myapp\nmyapp.edit()\n{says('render')}"),),
    "added while it is imported": (
        distribution("a", entry_points={"myapp.plugins": {"a": "acme_a"}}),
        {
            "acme_a": {
                "__init__.py": f"{SCANS_ITSELF}import myapp; getattr(myapp, 'edit', int)()\n",
                "one.py": says("render"),
            }
        },
        {"acme_a": {"__pycache__": {"one.cpython-20.pyc": b""}}},
    ),
    "registers another": (
        plugin(
            "a",
            f"import myapp\n{says('render')}\nclass More:\n  @hookimpl\n  def finish(self, page): return 'more'\n"
            "myapp.host.manager.register(More())",
        ),
    ),
    "registers a class": (
        plugin(
            "a",
            f"import plugframe\n{says('render')}\nclass Model: ...\n@plugframe.hookimpl\n"
            "def plugframe_register_classes(classes): classes.add('vision.Model', 'acme_a:Model')",
        ),
    ),
    "specifies": (
        plugin("a", f"import myapp\n@myapp.host.hookspec(firstresult=True)\ndef extra(page): ...\n{says('extra')}"),
        plugin("b", says("extra")),
    ),
    "folders": (),
    "loaded by name": PLAIN,
    "all loaded": PLAIN,
    "unspecified": (*PLAIN, plugin("e", says("unspecified"))),
    "versions": (plugin("x", VERSIONED),),
    "damaged": (plugin("a", says("render")), plugin("b", says("finish"))),
    "read meanwhile": (plugin("a", CONDITIONAL),),
    "optimised": (
        plugin("a", f"{says('render')}\nif not __debug__:\n  finish = hookimpl(lambda page: 'optimised')\n"),
    ),
}
"""Name to what is installed in worlds that are at rest when a test begins; what is not here has ``PLAIN``."""
FILELESS = """
    import sys, importlib.abc, importlib.machinery

    class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name, path=None, target=None):
            return importlib.machinery.ModuleSpec(name, self) if name == "acme_fileless" else None

        def exec_module(self, module):
            exec(SOURCE, vars(module))

    SOURCE = "import types\\nfrom myapp import hookimpl\\n@hookimpl\\ndef render(page): return __name__\\n"
    SOURCE += "silent = types.SimpleNamespace()"
    sys.meta_path.append(Finder())
"""

EDITS_IT_LATER = """
    import acme_a, time, pathlib
    from myapp import host
    path = pathlib.Path(acme_a.__file__)
    path.write_text(path.read_text().replace("def render", "def finish"))
    time.sleep(2.1)
    print(host.hook.render(page="p"))
"""
EDITS_IT_WHILE_IMPORTED = """
    import myapp, sys, time, pathlib

    def edit():
        path = pathlib.Path(sys.modules["acme_a"].__file__)
        path.write_text(path.read_text().replace("def render", "def finish").replace("myapp.edit()", ""))
        time.sleep(2.1)

    myapp.edit = edit
    print(myapp.host.hook.render(page="p"))
"""
ADDS_WHILE_IMPORTED = f"""
    import myapp, sys, time, pathlib

    def edit():
        pathlib.Path(sys.modules["acme_a"].__file__).with_name("two.py").write_text({says("finish")!r})
        time.sleep(2.1)

    myapp.edit = edit
    print(myapp.host.hook.render(page="p"))
"""


class Settled:
    """Worlds that tests of this file change, each with files that are at rest when the first test begins."""

    def __init__(self, root: Path, public: Path) -> None:
        """Write all; one of the worlds into a folder that everybody can read."""
        public.chmod(0o755)
        self.public = World(public, *WORLDS["damaged"])
        names = {*WORLDS, *FINGERPRINTS, *INTERPRETERS, *SINGLE}
        self.worlds = {
            name: World(
                root / name.replace(" ", "_"),
                *WORLDS.get(name, PLAIN),
                application=FILELESS if name == "kinds" else "",
            )
            for name in sorted(names)
        }
        self.changes = World(root / "changes")
        (root / "apart").mkdir()
        self.changes.more = write_changes(root / "apart", {**EDITS, "nothing": UNCHANGED})
        folders = self["folders"].site.parent
        for name, hook in (("first", "render"), ("second", "finish")):
            write_tree(folders / name, plugin("x", says(hook)))
        zipped = write_zip(self["kinds"].site.parent / "zipped.zip", plugin("zipped", says("render")))
        self["kinds"].more.append(zipped)
        self.venvs = [make_venv(root / "venvs" / name, plugin("x", says(name))) for name in BOTH]

    def __getitem__(self, name: str) -> World:
        return self.worlds[name]


UNCHANGED = Change({"acme_me.py": says("render", name="'acme_me'")}, lambda _at, _me: None)
SINGLE = (
    "two processes", "plain", "cleared", "off", "no folder", "no space", "refreshed", "edited before the call",
    "removed", "again", "read at once",
)  # fmt: skip


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    with TemporaryDirectory() as public:
        made = Settled(tmp_path_factory.mktemp("settled"), Path(public))
        time.sleep(AT_REST)
        yield made


# Who is imported.


def test_second_process_imports_only_the_plugins_that_implement_the_hook(settled: Settled) -> None:
    world = settled["plain"]
    first = world.call("finish")
    assert first.imported == UNDECLARED
    assert first.results == {"finish": ["acme_c", "acme_b"]}
    assert world.call("finish") == Called(
        {"finish": ["acme_c", "acme_b"]},
        ["acme_b", "acme_c"],
        {"a": "available", "b": "loaded", "c": "loaded", "d": "available", "silent": "available"},
    )
    assert world.call("render").imported == ["acme_a", "acme_c", "acme_d"]
    assert world.call("render", "finish").imported == ["acme_a", "acme_b", "acme_c", "acme_d"]


def test_hook_that_nothing_specifies_is_known_by_what_was_learned(settled: Settled) -> None:
    world = settled["unspecified"]
    for imported in (["acme_a", "acme_b", "acme_c", "acme_e", "acme_silent"], ["acme_e"]):
        found = world.call("unspecified")
        assert (found.results, found.imported) == ({"unspecified": ["acme_e"]}, imported)
    code = """
        import sys
        from myapp import host
        print(dir(host.hook), hasattr(host.hook, "_x"), host.hook, host.hook.unspecified)
        print([name for name in sys.modules if name.startswith("acme_")])
    """
    told = world.run(code, activation="learned").splitlines()
    assert told[0].startswith("['finish', 'render', 'unspecified'] False <hooks of myapp> <function unspecified")
    assert told[1] == "[]"


@pytest.mark.parametrize(
    ("name", "load"),
    [("loaded by name", "host.load('a', 'b', 'c', 'silent')"), ("all loaded", "host.load_all()")],
)
def test_plugin_that_is_loaded_by_name_is_learned_too(settled: Settled, name: str, load: str) -> None:
    world = settled[name]
    world.run(f"from myapp import host\n{load}", activation="learned")
    assert world.call("finish").imported == ["acme_b", "acme_c"]


def test_plugin_that_fails_at_import_is_reported_and_nothing_is_learned_of_it(tmp_path: Path) -> None:
    world = World(tmp_path, plugin("x", f"import os\nos.environ['NEEDED']\n{says('finish')}"))
    for _ in range(2):
        assert world.call("render", "finish")[::2] == ({"render": [], "finish": []}, {"x": "broken"})
    assert world.call("finish", NEEDED="here")[::2] == ({"finish": ["acme_x"]}, {"x": "loaded"})


@pytest.fixture(scope="module")
def kinds(settled: Settled) -> tuple[Called, Called, Called]:
    """Return what three processes told, of which the second and the third could know what the first learned."""
    world = settled["kinds"]
    return world.call("render", "finish"), world.call("render", "finish"), world.call("finish")


@pytest.mark.parametrize("kind", [*KINDS, "spaced", "fileless", "zipped"])
def test_object_of_any_kind_is_called_in_every_process(kinds: tuple[Called, ...], kind: str) -> None:
    name = {"spaced": "acme_spaced.x", "lazy": "acme_late"}.get(kind, f"acme_{kind}")
    for called in kinds[:2]:
        assert called.states[kind] == "loaded"
        assert name in called.results["render"]
        assert called.results["finish"] == []


@pytest.mark.parametrize("kind", sorted(SURELY_LEARNED))
def test_object_of_a_kind_that_can_be_learned_is(kinds: tuple[Called, ...], kind: str) -> None:
    assert kinds[2].results == {"finish": []}
    assert kinds[2].states[kind] == "available"


@pytest.mark.parametrize("kind", ["executed", "fileless", "fileless_silent", "zipped"])
def test_object_whose_code_is_in_no_file_is_not_learned(kinds: tuple[Called, ...], kind: str) -> None:
    assert kinds[2].states[kind] == "loaded"


HOSTILE = {
    "its file is a number": "__file__ = 5",
    "its path is a number": "__path__ = 5",
    "its path holds a number": "__path__ = [5]",
    "its path raises": "class P:\n  def __bool__(self): 1 / 0\n__path__ = P()",
    "its file holds a null byte": "__file__ = 'a\\0'",
    "its file holds a surrogate": "__file__ = '\\ud800'",
    "it has a lazy module that cannot be imported": (
        "import sys, types\nclass Lazy(types.ModuleType):\n"
        "  def __getattribute__(self, name): raise ImportError(name)\n"
        "sys.modules[__name__ + '.heavy'] = Lazy(__name__ + '.heavy')"
    ),
    "it has a module whose name is no text": "import sys, types\nsys.modules[5] = types.ModuleType('five')",
    "its functions are of no module": "render.__module__ = None",
    "its functions are of a number": "render.__module__ = 5",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_plugin_that_nothing_can_be_learned_of_loads_as_it_does_elsewhere(tmp_path: Path, kind: str) -> None:
    world = World(tmp_path, plugin("x", f"{says('render')}\n{HOSTILE[kind]}"))
    code = """
        from plugframe import Host

        def render(page): ...

        for activation in ("declared", "learned"):
            host = Host("myapp", activation=activation)
            print(host.hookspec(render)(page="p"), *(result.state for result in host.report()))
    """
    assert world.run(code) == "['acme_x'] loaded\n" * 2


def test_learning_imports_no_module_that_a_plugin_imports_lazily(tmp_path: Path) -> None:
    package = {
        "__init__.py": (
            "import importlib.util, sys\n"
            "spec = importlib.util.find_spec('acme_x.heavy')\n"
            "spec.loader = importlib.util.LazyLoader(spec.loader)\n"
            "heavy = sys.modules['acme_x.heavy'] = importlib.util.module_from_spec(spec)\n"
            f"spec.loader.exec_module(heavy)\n{says('render')}"
        ),
        "heavy.py": "import sys\nsys.modules['acme_heavy_was_imported'] = sys",
    }
    entry_points = {"myapp.plugins": {"x": "acme_x"}}
    world = World(tmp_path, distribution("acme-x", entry_points=entry_points, modules={"acme_x": package}))
    assert world.call("render").imported == ["acme_x", "acme_x.heavy"]


def test_hook_that_a_plugin_specifies_is_the_same_in_every_process(settled: Settled) -> None:
    world = settled["specifies"]
    assert [world.call("finish", "extra").results["extra"] for _ in range(3)] == ["acme_b"] * 3
    assert [world.call("extra").results["extra"] for _ in range(2)] == ["acme_b"] * 2


def test_hooks_of_what_a_plugin_registers_besides_itself_are_not_lost(settled: Settled) -> None:
    world = settled["registers another"]
    assert [world.call("finish").results["finish"] for _ in range(2)] == [["more"]] * 2


def test_class_that_a_plugin_registers_by_code_is_there_in_every_process(settled: Settled) -> None:
    world = settled["registers a class"]
    code = "from myapp import host; host.hook.finish(page='p'); print(host.classes.vision.Model.__module__)"
    assert [world.run(code, activation="learned") for _ in range(3)] == ["acme_a\n"] * 3


# A plugin that changed is never taken for what it was.


class Aftermath(NamedTuple):
    """What processes told before and after all plugins changed, and when those files were at rest."""

    before: Called
    after: Called
    later: Called


@pytest.fixture(scope="module")
def aftermath(settled: Settled) -> Aftermath:
    world = settled.changes
    learning = world.call("render")
    assert set(learning.states.values()) == {"loaded"}
    before = world.call("finish")
    for name, change in EDITS.items():
        change.edit(world.more[0].parent / slug(name), slug(name))
    after = world.call("finish")
    time.sleep(AT_REST)
    world.call("finish")
    return Aftermath(
        before, after, world.call("nobodys", FIRST="import myapp\n@myapp.host.hookspec\ndef nobodys(page): ...")
    )


@pytest.mark.parametrize("name", EDITS)
def test_plugin_that_changed_is_called_as_it_is_now(aftermath: Aftermath, name: str) -> None:
    assert aftermath.before.results == {"finish": []}
    assert slug(name) in aftermath.after.results["finish"]


@pytest.mark.parametrize("name", [*PROMISED, "nothing"])
def test_plugin_is_imported_when_it_changed_and_else_not(aftermath: Aftermath, name: str) -> None:
    assert slug(name) not in aftermath.before.imported
    assert (slug(name) in aftermath.after.imported) is (name != "nothing")


@pytest.mark.parametrize("name", [*PROMISED, "nothing"])
def test_plugin_that_changed_is_learned_again_when_its_files_are_at_rest(aftermath: Aftermath, name: str) -> None:
    assert aftermath.later.results == {"nobodys": []}
    assert slug(name) not in aftermath.later.imported


def test_file_that_changed_just_now_is_not_relied_on(tmp_path: Path) -> None:
    world = World(tmp_path, plugin("x", says("render")))
    for old, new in (BOTH, BOTH[::-1]):
        assert world.call(old).results == {old: ["acme_x"]}
        rewrite(world.site / "acme_x.py", old, new)
    assert world.call("render").results == {"render": ["acme_x"]}


EDITED_MEANWHILE = {
    "edited meanwhile": EDITS_IT_LATER,
    "edited while it is imported": EDITS_IT_WHILE_IMPORTED,
    "added while it is imported": ADDS_WHILE_IMPORTED,
}


@pytest.fixture(scope="module")
def meanwhile(settled: Settled) -> dict[str, list[str]]:
    """Return what plugins answer that were edited after their code was read and before they were registered."""
    processes = [settled[name].start(code, activation="learned") for name, code in EDITED_MEANWHILE.items()]
    for process in processes:
        assert finish(process).startswith("['acme_a"), "the plugin as it was when it was imported"
    return {name: settled[name].call("finish").results["finish"] for name in EDITED_MEANWHILE}


@pytest.mark.parametrize("when", EDITED_MEANWHILE)
def test_plugin_that_is_edited_between_its_import_and_its_being_learned_is_called_as_it_is_now(
    meanwhile: dict[str, list[str]], when: str
) -> None:
    assert meanwhile[when] == ["acme_a.two" if when.startswith("added") else "acme_a"]


def test_plugin_that_is_edited_before_the_first_call_in_a_process_is_called_as_it_is_now(settled: Settled) -> None:
    world = settled["edited before the call"]
    world.call("render")
    code = f"""
        import os, sys
        from myapp import host
        print(host.hook.render)
        open(os.path.join(sys.argv[1], "acme_a.py"), "r+").write({says("finish")!r})
        print(host.hook.finish(page="p"))
    """
    told = world.run(code, os.fspath(world.site), activation="learned")
    assert told.endswith("\n['acme_c', 'acme_b', 'acme_a']\n")


def test_plugin_that_is_edited_is_called_after_refresh(settled: Settled) -> None:
    world = settled["refreshed"]
    world.call("render")
    code = f"""
        import os, sys
        from myapp import host
        call = host.hook.finish
        print(call(page="p"), "acme_a" in sys.modules)
        open(os.path.join(sys.argv[1], "acme_a.py"), "r+").write({says("finish")!r})
        print(host.refresh(), call(page="p"), "acme_a" in sys.modules)
    """
    told = world.run(code, os.fspath(world.site), activation="learned")
    nothing = "Changes(added=(), removed=(), changed=())"
    assert told == f"['acme_c', 'acme_b'] False\n{nothing} ['acme_c', 'acme_b', 'acme_a'] True\n"


def test_plugin_whose_module_is_gone_is_reported(settled: Settled) -> None:
    world = settled["removed"]
    world.call("render")
    (world.site / "acme_a.py").unlink()
    found = world.call("finish")
    assert found.results == {"finish": ["acme_c", "acme_b"]}
    assert found.states["a"] == "broken"


# What is installed, and by which interpreter it is run.


def _upgrade(world: World, name: str, modules: Tree) -> None:
    world.uninstall(name)
    entry_points = {"myapp.plugins": {name.removeprefix("acme_"): name}} if name.startswith("acme_") else None
    world.install(distribution(name, "2.0", entry_points=entry_points, modules=modules))


Expected = tuple[list[str], list[str]]
AGAIN: Expected = (["acme_c", "acme_b"], ["a", "b", "c", "silent"])
ENTRIES = ("acme_a-1.0.dist-info", "entry_points.txt")

FINGERPRINTS: dict[str, tuple[Callable[[World], object], Expected]] = {
    "plugin installed": (
        lambda world: world.install(plugin("e", says("finish"))),
        (["acme_e", "acme_c", "acme_b"], ["a", "b", "c", "e", "silent"]),
    ),
    "other distribution installed": (lambda world: world.install(distribution("unrelated")), AGAIN),
    "other distribution uninstalled": (lambda world: world.uninstall("other"), AGAIN),
    "other distribution upgraded": (lambda world: _upgrade(world, "other", {}), AGAIN),
    "plugin upgraded": (lambda world: _upgrade(world, "acme_a", {}), AGAIN),
    "plugin upgraded and edited": (
        lambda world: _upgrade(world, "acme_a", {"acme_a.py": says("finish")}),
        (["acme_c", "acme_b", "acme_a"], ["a", "b", "c", "silent"]),
    ),
    "entry point added": (
        lambda world: world.site.joinpath(*ENTRIES).write_text("[myapp.plugins]\na = acme_a\nz = acme_z\n"),
        (["acme_z", "acme_c", "acme_b"], ["b", "c", "z"]),
    ),
    "other module entered": (
        lambda world: rewrite(world.site.joinpath(*ENTRIES), "a = acme_a", "a = acme_z"),
        (["acme_c", "acme_b", "acme_z"], ["a", "b", "c"]),
    ),
}
"""Name to what changes an environment, and what the call of a hook then returns and which plugins it loads."""


@pytest.mark.parametrize("change", FINGERPRINTS)
def test_what_is_installed_changes_and_plugins_are_loaded_again(settled: Settled, change: str) -> None:
    world = settled[change]
    world.call("render")
    edit, (results, loaded) = FINGERPRINTS[change]
    edit(world)
    found = world.call("finish")
    assert found.results == {"finish": results}
    assert [name for name, state in found.states.items() if state == "loaded"] == loaded


def test_what_is_installed_changes_and_plugins_are_learned_again(settled: Settled) -> None:
    world = settled["again"]
    for name in ("unrelated", "unrelated-too"):
        assert world.call("finish").imported == UNDECLARED
        assert world.call("finish").imported == ["acme_b", "acme_c"]
        world.install(distribution(name))


READ_MEANWHILE = """
    import sys
    from pathlib import Path
    from _sites import plugin
    from plugframe.discovery.snapshot import Snapshot
    from plugframe.testing.environments import write_tree
    import myapp

    def fingerprint_slowly(snapshot):
        found = fingerprint(snapshot)
        if not meanwhile:
            meanwhile.append(write_tree(Path(myapp.__file__).parent, plugin("extra")))
            myapp.host.refresh()
        return found

    meanwhile = []
    fingerprint, Snapshot.fingerprint = Snapshot.fingerprint, fingerprint_slowly
    myapp.host.hook.finish(page="p")  # by whichever environment
    print(len(meanwhile), myapp.host.hook.finish(page="p"))
"""


def test_refresh_while_the_records_are_read_is_not_forgotten(settled: Settled) -> None:
    world = settled["read meanwhile"]
    assert world.call("finish").results == {"finish": []}
    assert world.run(READ_MEANWHILE, activation="learned") == "1 ['acme_a']\n"
    assert world.call("finish").results == {"finish": ["acme_a"]}


READ_AT_ONCE = """
    import os, sys, time
    from _sites import together
    from plugframe.discovery import storage
    from myapp import host

    def slow(function):
        def slowly(*arguments):
            time.sleep(0.05)
            return function(*arguments)
        return slowly

    assert list(host.plugins)
    storage.read, os.listdir = slow(storage.read), slow(os.listdir)
    print(together(8, lambda _: host.hook.finish(page="p")) == [["acme_c", "acme_b"]] * 8)
    print([name for name in sys.modules if name.startswith("acme_")])
"""


def test_threads_that_read_the_records_at_once_load_no_more_than_one_does(settled: Settled) -> None:
    world = settled["read at once"]
    world.call("render")
    assert world.run(READ_AT_ONCE, activation="learned") == "True\n['acme_b', 'acme_c']\n"


INTERPRETERS: dict[str, dict[str, str]] = {
    "other build": {"FIRST": "import sys\nsys.version = sys.version.replace('3', '4', 1)"},
    "other executable": {"FIRST": "import sys\nsys.executable += '-other'"},
    "other path": {"FIRST": "import sys\nsys.path.append('/nowhere')"},
}


@pytest.mark.parametrize("difference", INTERPRETERS)
def test_what_another_interpreter_learned_is_not_used(settled: Settled, difference: str) -> None:
    world = settled[difference]
    world.call("render")
    found = world.call("finish", **INTERPRETERS[difference])
    assert (found.results, found.imported) == ({"finish": ["acme_c", "acme_b"]}, UNDECLARED)


def test_plugin_that_differs_when_python_optimises_is_called(settled: Settled) -> None:
    world = settled["optimised"]
    assert world.call("finish").results == {"finish": []}
    assert world.call("finish", flags=["-O"]).results == {"finish": ["optimised"]}
    assert world.call("finish").results == {"finish": []}


def test_other_versions_of_python_learn_for_themselves(settled: Settled) -> None:
    others = list(other_pythons())
    if not others:
        pytest.skip("no other version of Python from 3.11 on was found")
    world = settled["versions"]
    need_nothing_installed(world)
    assert world.call("finish").results == {"finish": []}
    for other in others:
        assert world.call("finish", python=other).results == {"finish": ["acme_x"]}
    assert world.call("finish").imported == []
    for other in others:
        assert world.call("render", python=other)[:2] == ({"render": ["acme_x"]}, ["acme_x"])
        assert world.call("finish", python=other).results == {"finish": ["acme_x"]}


def need_nothing_installed(world: World) -> None:
    """Let a world's processes be of any interpreter: what plugframe needs is on their path."""
    needed = write_tree(world.site.parent / "needed", {})
    (needed / "pluggy").symlink_to(os.path.dirname(pluggy.__file__))
    world.more.append(needed)


def test_virtual_environment_that_is_moved_or_replaced_is_learned_again(settled: Settled) -> None:
    renders, finishes = settled.venvs
    world = settled["folders"]
    need_nothing_installed(world)

    def called(venv: Installation, hook: str) -> tuple[list[str], list[str]]:
        found = world.call(hook, python=venv.prefix / "bin" / "python")
        return found.results[hook], found.imported

    assert called(renders, "finish") == ([], ["acme_x"])
    assert called(renders, "finish") == ([], [])
    moved = renders.prefix.rename(renders.prefix.with_name("moved"))
    assert called(Installation(moved), "finish") == ([], ["acme_x"])
    finishes.prefix.rename(renders.prefix)
    assert called(Installation(renders.prefix), "finish") == (["acme_x"], ["acme_x"])


def test_plugins_of_one_name_in_two_working_folders_are_told_apart(settled: Settled) -> None:
    world = settled["folders"]
    first, second = (world.site.parent / name for name in ("first", "second"))
    assert world.call(*BOTH, cwd=first).results == {"render": ["acme_x"], "finish": []}
    assert world.call("finish", cwd=second).results == {"finish": ["acme_x"]}


# The file that holds the records.


RIGHT = [["acme_b"], ["acme_a"]]


def answers(site: str) -> list[Any]:
    """Return what the hooks of a new host return in this process, and which plugins the first of them loaded."""
    host = Host("myapp", activation="learned", path=[site])
    finishing, rendering = (cast("Any", host.hookspec(specified(hook))) for hook in ("finish", "render"))
    finished = finishing(page="p")
    loaded = [result.plugin.name for result in host.report() if result.state == "loaded"]
    return [finished, rendering(page="p"), loaded]


Damage = Callable[[Path], object]
VALUES: tuple[Any, ...] = (None, 5, 10**30, "render", "\ud800\0", [], [None], ["a", ["b"]], {}, {"/nowhere\0": []})


def paths(document: object) -> Iterator[tuple[Any, ...]]:
    """Yield the keys and positions that lead to each part of a document, the document itself first."""
    yield ()
    parts: Any = (
        document.items() if isinstance(document, dict) else enumerate(document if isinstance(document, list) else ())
    )
    for key, part in parts:
        yield from ((key, *path) for path in paths(part))


def put(document: Any, path: tuple[Any, ...], value: object) -> object:
    """Return a copy of a document with another value for one of its parts."""
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = put(document[path[0]], path[1:], value)
    return copy


TEXTS = {
    "deep": b"[" * 100_000, "deep and whole": b"[" * 900 + b"]" * 900, "a long number": b"1" * 10_000,
    "no number": b"NaN", "an endless number": b'{"rests_on": 1e999}', "not UTF-8": b'{"": "\xff"}', "empty": b"",
}  # fmt: skip


def with_content(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Put another document in a record file, as whoever writes it himself would, its digest included."""
    head, newline, content = path.read_bytes().rpartition(b"\n")
    changed = change(content)
    before, after = (storage.digest(text).encode() for text in (content, changed))
    path.write_bytes(head.replace(before, after) + newline + changed)


def replaces(text: bytes) -> Damage:
    """Return what puts a text in a document's place."""
    return lambda path: with_content(path, lambda _: text)


def writes(content: bytes) -> Damage:
    """Return what overwrites a file."""
    return lambda path: path.write_bytes(content)


DAMAGES: dict[str, Damage] = {
    "none": lambda _: None,
    **REFUSED,
    "other hooks, by hand": lambda path: path.write_bytes(path.read_bytes().replace(b'"render"', b'"others"')),
    "no hooks, by hand": lambda path: path.write_bytes(path.read_bytes().replace(b'"render"', b"")),
}
del DAMAGES["cut to its first line"]  # there may be but one


def forgeries(content: bytes) -> dict[str, Damage]:
    """Return what puts other values in the place of all parts of a document, and other texts in its own."""
    document = json.loads(content)
    others = {f"{path} = {value!r}": put(document, path, value) for path in paths(document) for value in VALUES}
    forged = {name: replaces(json.dumps(other).encode()) for name, other in others.items()}
    return {**forged, **{name: replaces(text) for name, text in TEXTS.items()}}


def is_possible(found: "list[list[Any]] | str") -> bool:
    """Return whether hosts answered, and all that they were told."""
    if isinstance(found, str):
        return False
    return all({*names} <= {*right} for one in found for names, right in zip(one, RIGHT, strict=False))


def survey(site: str, record: str) -> None:
    """Print what hosts of this process answer after each kind of damage to the records, as JSON."""
    path = Path(record)
    whole = path.read_bytes()

    def after(damage: Damage, *, hosts: int = 2) -> list[list[Any]] | str:
        for place in (path, path.with_name("target")):
            if place.is_dir():
                shutil.rmtree(place)
            place.unlink(missing_ok=True)
        path.write_bytes(whole)
        try:
            damage(path)
            return [answers(site) for _ in range(hosts)]
        except BaseException as error:  # noqa: BLE001 # that there is one is what the tests are about
            return f"{type(error).__name__}: {error}"

    def wrong(changed: bytes) -> bool:
        found = after(writes(changed), hosts=1)
        return isinstance(found, str) or any(one[:2] != RIGHT for one in found)

    told: dict[str, object] = {name: after(damage) for name, damage in DAMAGES.items()}
    forged = {name: after(damage, hosts=1) for name, damage in forgeries(whole.rpartition(b"\n")[2]).items()}
    told["forged"] = [f"{name}: {found}" for name, found in forged.items() if not is_possible(found)]
    told["number of forgeries"] = len(forged)
    flipped = (
        bytes([*whole[:at], whole[at] ^ (1, 32)[at // 2 % 2], *whole[at + 1 :]]) for at in range(0, len(whole), 2)
    )
    told["flipped"] = [repr(changed) for changed in flipped if wrong(changed)]
    mutated: list[str] = []

    @settings(max_examples=100, deadline=None, database=None)
    @given(MUTATIONS)
    def mutate_it(mutations: list[tuple[str, float, float, bytes]]) -> None:
        changed = mutate(whole, mutations)
        mutated.extend([repr(changed)] * wrong(changed))

    mutate_it()
    print(json.dumps({**told, "mutated": mutated}))  # noqa: T201 # for the process that asked


UNDAMAGED = [[*RIGHT, ["b"]]] * 2


@pytest.fixture(scope="module")
def damaged(settled: Settled) -> dict[str, Any]:
    """Return what hosts answered, by the kind of damage; or what they raised."""
    world = settled["damaged"]
    learning = "import sys, test_learned; test_learned.answers(sys.argv[1])"
    world.run(learning, os.fspath(world.site))
    code = "import sys, test_learned; test_learned.survey(*sys.argv[1:])"
    told: dict[str, Any] = json.loads(world.run(code, os.fspath(world.site), os.fspath(world.record())))
    return told


def test_file_that_is_not_damaged_is_used(damaged: dict[str, Any]) -> None:
    assert damaged["none"] == UNDAMAGED


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_costs_a_load_and_nothing_else(damaged: dict[str, Any], damage: str) -> None:
    if str(damaged[damage]).startswith("Skipped"):
        pytest.skip(damaged[damage])
    assert [found[:2] for found in damaged[damage]] == [RIGHT] * 2


def test_document_that_somebody_else_wrote_is_never_an_error(damaged: dict[str, Any]) -> None:
    """What it says may be believed: only this user can have written it."""
    assert damaged["forged"] == []
    assert damaged["number of forgeries"] > 300


@pytest.mark.parametrize("change", ["flipped", "mutated"])
def test_no_flipped_bit_and_no_mutation_makes_an_answer_wrong(damaged: dict[str, Any], change: str) -> None:
    assert damaged[change] == []


def test_cache_that_is_off_means_loading(settled: Settled) -> None:
    world = settled["off"]
    for _ in range(2):
        found = world.call("finish", PLUGFRAME_CACHE="off")
        assert (found.results, found.imported) == ({"finish": ["acme_c", "acme_b"]}, UNDECLARED)
    assert not world.cache.exists()


def test_cache_that_cannot_be_a_folder_means_loading(settled: Settled) -> None:
    world = settled["no folder"]
    world.cache.write_text("precious")
    for _ in range(2):
        found = world.call("finish")
        assert (found.results, found.imported) == ({"finish": ["acme_c", "acme_b"]}, UNDECLARED)
    assert world.cache.read_text() == "precious"


def test_disk_without_space_means_loading(settled: Settled) -> None:
    world = settled["no space"]
    first = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN, "Python's own doing: writes fail instead"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    for _ in range(2):
        found = world.call("finish", FIRST=first)
        assert (found.results, found.imported) == ({"finish": ["acme_c", "acme_b"]}, UNDECLARED)
    assert list(world.cache.iterdir()) == []


WITHOUT_RIGHTS = """
    import os, sys
    from test_learned import answers
    from _answers import unprivileged
    answers(sys.argv[1])  # imports all that is needed without root's rights
    for entry in os.scandir(os.environ["PLUGFRAME_CACHE"]):
        os.unlink(entry)
    os.chmod(os.environ["PLUGFRAME_CACHE"], 0o555)
    os.environ["XDG_CONFIG_HOME"] = sys.prefix = sys.argv[1]  # settings are looked for where anybody may look
    with unprivileged():
        print([answers(sys.argv[1])[:2] for _ in range(2)])
"""


def test_folder_that_cannot_be_written_means_loading(settled: Settled) -> None:
    world = settled.public
    assert world.run(WITHOUT_RIGHTS, os.fspath(world.site)) == f"{[RIGHT] * 2}\n"
    assert list(world.cache.iterdir()) == []


def test_command_counts_and_deletes_what_was_learned(settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    world = settled["cleared"]
    world.call("render")
    assert world.call("finish").imported == ["acme_b", "acme_c"]
    monkeypatch.setenv("PLUGFRAME_CACHE", os.fspath(world.cache))
    told = json.loads(run("cache", "info", "--json").stdout)
    assert [(file["path"], file["bytes"]) for file in told["files"]] == [
        (os.fspath(path), path.stat().st_size) for path in sorted(world.cache.iterdir())
    ]
    assert os.fspath(world.record()) in run("cache", "info").stdout
    assert run("cache", "clear").exit_code == 0
    assert list(world.cache.iterdir()) == []
    assert world.call("finish").imported == UNDECLARED
    assert world.call("finish").imported == ["acme_b", "acme_c"]


def test_processes_that_learn_at_once_get_it_right_and_leave_it_right(settled: Settled) -> None:
    world = settled["two processes"]
    code = """
        import sys
        from myapp import host
        print(host.hook.finish(page="p"), host.hook.render(page="p"))
    """
    processes = [world.start(code, activation="learned") for _ in range(4)]
    assert [finish(process) for process in processes] == ["['acme_c', 'acme_b'] ['acme_d', 'acme_c', 'acme_a']\n"] * 4
    assert world.call("finish").imported == ["acme_b", "acme_c"]
    assert [path.suffix for path in world.cache.iterdir()] == [".index"] * 2
