"""Whatever a plugin does wrong stays its own, and the report tells a person what, whose, the effect and what to do."""

import os
import pickle
import sys
from pathlib import Path

import pytest
from _sites import RENDERS, Site, fresh, plugin, together

import plugframe
from plugframe.errors import PluginBlockedError, PluginImportError, PluginLoadError
from plugframe.testing.environments import Tree, distribution

HIDDEN = os.path.dirname(os.path.abspath(plugframe.__file__ or "")) + os.sep
LONGEST_REPORT = 2000

# What the plugin's module holds; how the reason begins; the line of the fault, 0 when it is in none of its lines.
FAULTS: dict[str, tuple[str | bytes, str, int]] = {
    "missing_dependency": ("import acme_nowhere", "ModuleNotFoundError: No module named 'acme_nowhere'", 1),
    "import_error": ("x = 1\nraise ImportError('no GPU')", "ImportError: no GPU", 2),
    "missing_name": ("from os import no_such_thing", "ImportError: cannot import name 'no_such_thing'", 1),
    "syntax_error": ("x = 1\ndef broken(:\n", "SyntaxError: ", 2),
    "indentation": ("if True:\nx = 1\n", "IndentationError: expected an indented block", 2),
    "null_byte": (b"x = 1\0", "SyntaxError: source code", 0),
    "not_utf8": (b"x = '\xff'", "SyntaxError: ", 0),
    "attribute_error": ("import os\nos.no_such_thing", "AttributeError: module 'os' has no attribute", 2),
    "name_of_target": ("raise AttributeError('plugin', name='plugin')", "AttributeError: plugin", 1),
    "system_exit": ("raise SystemExit(3)", "SystemExit: 3", 1),
    "silent_exit": ("import sys\nsys.exit()", "SystemExit", 2),
    "division": ("1 / 0", "ZeroDivisionError: division by zero", 1),
    "no_message": ("raise ValueError", "ValueError", 1),
    "own_base": ("class Stop(BaseException): ...\nraise Stop('now')", "Stop: now", 2),
    "generator_exit": ("raise GeneratorExit", "GeneratorExit", 1),
    "cancelled": ("from asyncio import CancelledError\nraise CancelledError", "CancelledError", 2),
    "stop_iteration": ("next(iter(()))", "StopIteration", 1),
    "memory": ("raise MemoryError", "MemoryError", 1),
    "group": ("raise ExceptionGroup('several', [ValueError('a')])", "ExceptionGroup: several (1 sub-exception)", 1),
    "recursion": ("def again():\n    again()\nagain()", "RecursionError: maximum recursion depth exceeded", 3),
    "deletes_itself": ("import sys\ndel sys.modules[__name__]", "KeyError: 'acme_x'", 0),
    "becomes_none": ("import sys\nsys.modules[__name__] = None", "", 0),
    "lines": ("raise ValueError('one\\n  two\\tthree')", "ValueError: one two three", 1),
    "huge": ("raise ValueError('x' * 5_000_000)", "ValueError: xxx", 1),
    "huge_cause": ("raise ValueError('a') from KeyError('x' * 5_000_000)", "ValueError: a", 1),
    "surrogate": ("raise OSError('no file caf\\udce9.txt')", "OSError: no file caf", 1),
    "own_str_raises": ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E", "E: ", 3),
    "own_str_is_none": ("class E(Exception):\n    def __str__(self): return None\nraise E", "E: ", 3),
    "own_repr_raises": ("class E(Exception):\n    def __repr__(self): 1 / 0\nraise E('told')", "E: told", 3),
    "bad_notes": ("e = ValueError('told')\ne.__notes__ = 5\nraise e", "ValueError: told", 3),
    "own_cause": ("e = ValueError('told')\ne.__cause__ = e\nraise e", "ValueError: told", 3),
}
# Exceptions that take down what tries to show them, test runners included: the same, tried in a process of their own.
HOSTILE = {
    "own_str_exits": ("class E(Exception):\n    def __str__(self): raise SystemExit\nraise E", "E", 3),
    "name_from_raises": (
        "class E(ImportError):\n    @property\n    def name_from(self): 1 / 0\nraise E('told')",
        "E: told",
        4,
    ),
    "nothing_of_it_works": (
        "class E(Exception):\n    def __getattribute__(self, name): raise RuntimeError(name)\nraise E('told')",
        "E",
        0,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_broken_plugin_is_reported_and_others_load(site: Site, fault: str) -> None:
    code, reason, line = FAULTS[fault]
    site.install(plugin("a", RENDERS), plugin("x", code), plugin("z", RENDERS))
    first, broken, last = site.host.load_all()
    assert (first.state, broken.state, last.state) == ("loaded", "broken", "loaded")
    assert site.host.hook.render(page="p") == ["acme_z: p", "acme_a: p"]
    assert broken.reason.startswith(reason)
    assert "''" not in broken.reason
    module = site.folder / "acme_x.py"
    places = (
        {f"{module}:{line}"}
        if line
        else {str(site.folder / "acme_x-1.0.dist-info" / "entry_points.txt"), f"{module}:1"}
    )
    assert broken.where in places
    report = str(broken)
    assert "broken: myapp.plugins:x from acme-x 1.0" in report
    assert "the others are not affected" in report
    assert "-m pip" in report
    assert len(report) < LONGEST_REPORT
    assert report.encode("utf-8")
    assert site.host.report() == (first, broken, last)
    assert pickle.loads(pickle.dumps(broken)) == broken


@pytest.mark.parametrize("fault", HOSTILE)
def test_exception_that_cannot_be_looked_at_is_reported_and_others_load(site: Site, fault: str) -> None:
    code, reason, line = HOSTILE[fault]
    site.install(plugin("a", RENDERS), plugin("x", code), plugin("z", RENDERS))
    told = fresh(
        """
        from myapp import host
        print([result.state for result in host.load_all()], *host.report()[1:2], host.hook.render(page="p"), sep="\\n")
        try:
            host.load("x", strict=True)
        except ExceptionGroup as group:
            print(group.exceptions[0])
        """,
        site.folder,
    )
    assert told.startswith("['loaded', 'broken', 'loaded']\nbroken: myapp.plugins:x from acme-x 1.0\n")
    assert f"reason: {reason}" in told
    assert f"acme_x.py:{line}" in told or not line
    assert "['acme_z: p', 'acme_a: p']" in told
    assert f"cannot load myapp.plugins:x from acme-x 1.0: {reason}" in told


@pytest.mark.parametrize("fault", FAULTS)
def test_traceback_shows_the_plugins_frames_alone(site: Site, fault: str) -> None:
    code, _, line = FAULTS[fault]
    site.install(plugin("x", code))
    text = site.load("x").traceback
    assert HIDDEN not in text
    assert "<frozen importlib" not in text
    assert "acme_x.py" in text or not line
    assert text.encode("utf-8")


@pytest.mark.parametrize("fault", FAULTS)
def test_strict_raises_the_failures_together_and_loads_the_others(site: Site, fault: str) -> None:
    site.install(plugin("a", RENDERS), plugin("x", FAULTS[fault][0]), plugin("y", "1 / 0"))
    with pytest.raises(ExceptionGroup) as caught:
        site.host.load_all(strict=True)
    x, y = caught.value.exceptions
    assert isinstance(x, PluginLoadError)
    assert isinstance(x, PluginImportError) is isinstance(x.__cause__, ImportError)
    assert x.__cause__ is not None
    assert x.plugin == "myapp.plugins:x from acme-x 1.0"
    assert len(str(x)) < LONGEST_REPORT
    assert isinstance(y.__cause__, ZeroDivisionError)
    assert site.host.hook.render(page="p") == ["acme_a: p"]


def test_traceback_of_a_huge_message_stays_readable(site: Site) -> None:
    site.install(plugin("x", FAULTS["huge"][0]))
    assert len(site.load("x").traceback) < 100_000


def test_frames_of_a_plugin_in_a_folder_named_like_a_framework_are_its_own(site: Site) -> None:
    package: Tree = {"__init__.py": "", "importlib": {"__init__.py": "1 / 0"}, "pluggy": {"__init__.py": "1 / 0"}}
    site.install(
        plugin("x", target="acme_deep.importlib"), plugin("y", target="acme_deep.pluggy"), {"acme_deep": package}
    )
    for result in site.host.load_all():
        assert result.where.startswith(str(site.folder / "acme_deep"))


def test_traceback_of_a_plugin_that_loads_a_broken_one_strictly_shows_no_framework_frames(site: Site) -> None:
    site.install(plugin("a", "from myapp import host\nhost.load('b', strict=True)"), plugin("b", "1 / 0"))
    a, b = site.host.load_all()
    assert a.state == b.state == "broken"
    assert a.where.endswith("acme_a.py:2")
    assert "acme_b.py" in a.traceback
    assert HIDDEN not in a.traceback


def test_keyboard_interrupt_goes_through_and_the_plugin_can_be_tried_again(site: Site) -> None:
    site.install(plugin("a", RENDERS), plugin("x", "raise KeyboardInterrupt"), plugin("z", RENDERS))
    for use in (site.host.load_all, lambda: site.host.load("x"), lambda: site.host.hook.render(page="p")):
        with pytest.raises(KeyboardInterrupt):
            use()
    assert [result.state for result in site.host.report()] == ["loaded", "available", "available"]
    site.install({"acme_x.py": "y = 1"})
    assert [result.state for result in site.host.load_all()] == ["loaded"] * 3


def test_keyboard_interrupt_while_registering_leaves_nothing_behind(site: Site) -> None:
    code = """
        import plugframe

        @plugframe.hookimpl
        def plugframe_register_classes(classes):
            classes.add("vision.Net", type("Net", (), {}))

        @plugframe.hookimpl
        def plugframe_register_operations(operations):
            raise KeyboardInterrupt
    """
    site.install(plugin("x", code))
    with pytest.raises(KeyboardInterrupt):
        site.host.load("x")
    assert "vision.Net" not in site.host.classes
    del sys.modules["acme_x"]
    site.install({"acme_x.py": "y = 1"})
    assert site.load("x").state == "loaded"


USES = {
    "hook": "host.hook.render(page='p')",
    "load": "host.load('x')",
    "load_all": "host.load_all()",
    "report": "host.report()",
    "refresh": "host.refresh()",
}


@pytest.mark.parametrize("use", USES)
def test_plugin_that_uses_the_host_while_it_is_imported_loads(site: Site, use: str) -> None:
    code = f"from myapp import host, hookimpl\nfound = {USES[use]}\n@hookimpl\ndef render(page): return 'x'"
    site.install(plugin("x", code), plugin("z", RENDERS))
    host = site.host
    assert together(1, lambda _: [result.state for result in host.load_all()]) == [["loaded", "loaded"]]
    assert sorted(site.host.hook.render(page="p")) == ["acme_z: p", "x"]


# What the module holds, the entry point's value: objects that can be a plugin.
GOOD = {
    "module": ("@hookimpl\ndef render(page): return page", "{module}"),
    "instance": ("class P:\n  @hookimpl\n  def render(self, page): return page\np = P()", "{module}:p"),
    "class": ("class P:\n  @staticmethod\n  @hookimpl\n  def render(page): return page", "{module}:P"),
    "nested": (
        "class P:\n  class Q:\n    @staticmethod\n    @hookimpl\n    def render(page): return page",
        "{module}:P.Q",
    ),
    "nested_instance": (
        "class P:\n  @hookimpl\n  def render(self, page): return page\nclass N: p = P()",
        "{module}:N.p",
    ),
    "namespace": ("import types\np = types.SimpleNamespace(render=hookimpl(lambda page: page))", "{module}:p"),
    "lazy": (
        "def __getattr__(n):\n  if n == 'p':\n    import acme_good\n    return acme_good\n  raise AttributeError(n)",
        "{module}:p",
    ),
    "extras": ("@hookimpl\ndef render(page): return page", "{module} [fast]"),
    "falsy": ("class P(list):\n  @hookimpl\n  def render(self, page): return page\np = P()", "{module}:p"),
    "raising_property": (
        "class P:\n  @property\n  def bad(self): 1 / 0\n  @hookimpl\n  def render(self, page): return page\np = P()",
        "{module}:p",
    ),
    "raising_lazily": (
        "@hookimpl\ndef render(page): return page\ndef __dir__(): return ['a', 'render']\ndef __getattr__(name): 1 / 0",
        "{module}",
    ),
    "replaces_itself": (
        "import sys\nclass P:\n  @hookimpl\n  def render(self, page): return page\nsys.modules[__name__] = P()",
        "{module}",
    ),
    "unhashable": (
        "class P:\n  __hash__ = None\n  @hookimpl\n  def render(self, page): return page\np = P()",
        "{module}:p",
    ),
}


@pytest.mark.parametrize("kind", GOOD)
def test_object_of_any_kind_can_be_a_plugin(site: Site, kind: str) -> None:
    code, target = GOOD[kind]
    site.install(plugin("x", f"from myapp import hookimpl\n{code}", target=target))
    site.install({"acme_good.py": "from myapp import hookimpl\n@hookimpl\ndef render(page): return page"})
    result = site.load("x")
    assert (result.state, result.reason) == ("loaded", "")
    assert site.host.hook.render(page="p") == ["p"]


@pytest.mark.parametrize("answer", ["self.key == other.key", "True", "[] / 2", "1 / 0"])
def test_plugin_that_cannot_be_compared_does_not_keep_others_from_loading(site: Site, answer: str) -> None:
    code = f"class P:\n  key = 1\n  def __eq__(self, other): return {answer}\n  __hash__ = None\np = P()"
    site.install(plugin("a", code, target="{module}:p"), plugin("b", RENDERS), plugin("c", RENDERS))
    assert [result.state for result in site.host.load_all()][1:] == ["loaded", "loaded"]
    assert site.host.hook.render(page="p") == ["acme_c: p", "acme_b: p"]


@pytest.mark.parametrize("name", ["my plugin", "a.b", "é", "%s {0} {x}", "-", "0"])
def test_plugin_may_have_any_name_that_metadata_can_hold(site: Site, name: str) -> None:
    site.install(
        distribution("acme-odd", entry_points={"myapp.plugins": {name: "acme_odd"}}, modules={"acme_odd.py": ""})
    )
    assert site.load(name).state == "loaded"
    assert str(site.host.report()[0]) == f"loaded: myapp.plugins:{name} from acme-odd 1.0"


# What the module holds, the entry point's value, parts of the reason.
MISSING = {
    "attribute": ("plugin = 1", "{module}:plugn", ("'acme_x'", "'plugn'", "'plugin'")),
    "nested": ("class P:\n  def render(self): ...", "{module}:P.rendr", ("'P.rendr'", "'render'")),
    "of_instance": ("class P:\n  def render(self): ...\np = P()", "{module}:p.rendr", ("'p.rendr'", "'render'")),
    "first_of_nested": ("class Plugin: ...", "{module}:Plugn.x", ("'Plugn.x'", "'Plugin'")),
    "nothing_like_it": ("", "{module}:plugin", ("'acme_x'", "'plugin'")),
    "none": ("plugin = None", "{module}:plugin", ("'acme_x'", "'plugin'", "None")),
    "of_none": ("plugin = None", "{module}:plugin.x", ("'acme_x'", "'plugin.x'")),
    "not_lazy_either": ("def __getattr__(name): raise AttributeError(name)", "{module}:plugin", ("'plugin'",)),
    "module": ("", "{module}.inner", ("ModuleNotFoundError", "acme_x")),
}


@pytest.mark.parametrize("kind", MISSING)
def test_missing_object_is_named_with_what_is_like_it(site: Site, kind: str) -> None:
    code, target, parts = MISSING[kind]
    site.install(plugin("x", code, target=target))
    result = site.load("x")
    assert result.state == "broken"
    assert all(part in result.reason for part in parts)
    assert result.where == str(site.folder / "acme_x-1.0.dist-info" / "entry_points.txt")


@pytest.mark.parametrize(
    "body",
    [
        "raise AttributeError('not configured')",
        "None.plugin  # not configured",
        "raise ImportError('not configured')",
        "raise RuntimeError('not configured')",
        "raise SystemExit('not configured')",
    ],
)
def test_fault_of_a_lazily_imported_module_is_not_taken_for_a_missing_attribute(site: Site, body: str) -> None:
    code = "def __getattr__(name):\n    import acme_late\n    return acme_late"
    site.install(plugin("x", code, target="{module}:plugin"), {"acme_late.py": body})
    result = site.load("x")
    assert result.state == "broken"
    assert "not configured" in result.traceback
    assert not result.reason.startswith("ReferenceNotFoundError")


def test_entry_point_that_cannot_be_used_is_reported_like_any_broken_plugin(site: Site) -> None:
    site.install(plugin("x", target="acme x:y z"), plugin("z", RENDERS))
    broken, fine = site.host.load_all()
    assert (broken.state, fine.state) == ("broken", "loaded")
    assert "acme x:y z" in broken.reason
    assert broken.where.startswith(str(site.folder / "acme_x-1.0.dist-info"))
    assert broken.effect
    assert broken.next_step
    assert site.host.report() == (broken, fine)
    with pytest.raises(ExceptionGroup) as caught:
        site.host.load_all(strict=True)
    (error,) = caught.value.exceptions
    assert isinstance(error, PluginBlockedError)
    assert "myapp.plugins:x from acme-x 1.0" in str(error)


def test_in_a_frozen_application_no_command_is_told_that_would_run_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.install(plugin("x", "1 / 0"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert site.load("x").next_step == "get or build the application with another acme-x, or without it"


def test_plugin_on_a_path_that_python_does_not_import_from_is_said_to_be_there(tmp_path: Path) -> None:
    site = Site(tmp_path)  # not on sys.path
    site.install(plugin("x", "y = 1"))
    (result,) = plugframe.Host("myapp", path=[str(tmp_path)]).load_all()
    assert result.state == "broken"
    assert "acme_x" in result.reason
    assert result.where == str(tmp_path / "acme_x-1.0.dist-info" / "entry_points.txt")
