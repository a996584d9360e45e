"""The finder: asked for what lies below its mounts, in the way of nothing else, and gone with the last mount."""

import inspect
import os
import sys
from collections.abc import Iterator
from importlib import import_module, invalidate_caches
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _naming import unmounted
from _sites import fresh, together

from plugframe.namespaces.mounts.finder import Finder, Mount, install, mounted, remove


class Recorder(Mount):
    """A mount that makes an empty module of every name that it is to have."""

    def __init__(self, prefix: str, *names: str) -> None:
        super().__init__(prefix)
        self.names = names
        self.asked: list[str] = []
        self.invalidated = 0

    def find(self, fullname: str) -> ModuleSpec | None:
        """Note that it was asked."""
        self.asked.append(fullname)
        return ModuleSpec(fullname, self) if fullname[len(self.prefix) :] in self.names else None  # type: ignore[arg-type]

    def invalidate(self) -> None:
        """Count."""
        self.invalidated += 1

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        """Mark the module as this mount's."""
        vars(module)["mount"] = self


@pytest.fixture(autouse=True)
def host() -> Iterator[None]:
    """Put a package in place, and see to it that everything is as before afterwards."""
    with unmounted():
        before = list(sys.meta_path)
        for name in ("acme_host", "acme_host.inner", "acme_hostile"):
            sys.modules[name] = ModuleType(name)
            sys.modules[name].__path__ = []
        yield
        for name in [name for name in sys.modules if name.startswith("acme_host")]:
            del sys.modules[name]
        for prefix in ("acme_host.", "acme_host.inner.", "acme_hostile."):
            mount = mounted(prefix)
            if mount:
                remove(mount)
        assert sys.meta_path == before


def finders() -> list[object]:
    return [finder for finder in sys.meta_path if isinstance(finder, Finder)]


def test_mount_is_asked_for_what_is_below_its_prefix_and_for_nothing_else() -> None:
    mount = Recorder("acme_host.", "foo")
    install(mount)
    module = import_module("acme_host.foo")
    assert vars(module)["mount"] is mount
    for other in ("acme_host_foo", "acme_hostile.foo", "colorsys", "acme_host"):
        find_spec(other) if other != "acme_host" else None
        finders()[0].find_spec(other)  # type: ignore[attr-defined]
    assert mount.asked == ["acme_host.foo"]


def test_name_that_a_mount_does_not_know_is_left_to_the_other_finders() -> None:
    install(Recorder("acme_host."))
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'acme_host\.bar'"):
        import_module("acme_host.bar")


def test_of_nested_prefixes_the_longest_is_asked_and_neighbours_do_not_collide() -> None:
    outer, inner = Recorder("acme_host.", "inner.foo", "innermost"), Recorder("acme_host.inner.", "foo")
    for mounts in ((outer, inner), (inner, outer)):
        for mount in mounts:
            install(mount)
        assert vars(import_module("acme_host.inner.foo"))["mount"] is inner
        assert vars(import_module("acme_host.innermost"))["mount"] is outer
        del sys.modules["acme_host.inner.foo"], sys.modules["acme_host.innermost"]


def test_finder_is_installed_once_and_before_all_others() -> None:
    install(Recorder("acme_host."))
    install(Recorder("acme_hostile."))
    assert len(finders()) == 1
    assert sys.meta_path[0] is finders()[0]


def test_finder_that_others_got_ahead_of_is_the_first_again_after_the_next_mount() -> None:
    class Hook:
        def find_spec(self, *_: object) -> None:
            """Find nothing."""

    hook = Hook()
    install(Recorder("acme_host."))
    sys.meta_path.insert(0, hook)
    try:
        install(Recorder("acme_hostile."))
        assert sys.meta_path[0] is finders()[0]
        assert sys.meta_path.count(sys.meta_path[0]) == 1
    finally:
        sys.meta_path.remove(hook)


def test_mount_of_the_same_prefix_takes_the_place_of_the_first() -> None:
    first, second = Recorder("acme_host.", "foo"), Recorder("acme_host.", "foo")
    install(first)
    install(second)
    assert mounted("acme_host.") is second
    assert vars(import_module("acme_host.foo"))["mount"] is second
    assert not remove(first)
    assert mounted("acme_host.") is second


def test_path_is_as_before_when_the_last_mount_is_removed() -> None:
    before = list(sys.meta_path)
    one, other = Recorder("acme_host."), Recorder("acme_hostile.")
    install(one)
    install(one)
    install(other)
    assert remove(one)
    assert not remove(one)
    assert len(sys.meta_path) == len(before) + 1
    assert remove(other)
    assert sys.meta_path == before
    assert mounted("acme_host.") is None
    assert not remove(other)


def test_finder_of_another_copy_of_the_module_is_known_by_its_mark() -> None:
    copied = ModuleType("copy_of_finder")
    exec(inspect.getsource(sys.modules[Finder.__module__]), vars(copied))  # noqa: S102 # as a second copy on the path
    install(Recorder("acme_host.", "foo"))
    mount = Recorder("acme_hostile.", "foo")
    vars(copied)["install"](mount)
    assert len([finder for finder in sys.meta_path if hasattr(type(finder), "plugframe_finder")]) == 1
    assert vars(import_module("acme_hostile.foo"))["mount"] is mount
    assert vars(copied)["remove"](mount)


def test_finders_that_answer_anything_or_raise_are_not_taken_for_ours() -> None:
    class Anything:
        def __getattr__(self, name: str) -> Any:
            if name == "find_spec":
                return lambda *_: None
            message = f"{name}?"
            raise RuntimeError(message)

    odd: Any = Anything()
    sys.meta_path.append(odd)
    try:
        mount = Recorder("acme_host.", "foo")
        install(mount)
        assert len(finders()) == 1
        assert remove(mount)
    finally:
        sys.meta_path.remove(odd)


@pytest.mark.parametrize("prefix", ["acme_host", "", ".", "acme_host.foo"])
def test_prefix_without_its_dot_is_refused(prefix: str) -> None:
    before = list(sys.meta_path)
    with pytest.raises(ValueError, match="a mount's prefix is a package's name with a dot at its end; got"):
        install(Recorder(prefix))
    assert sys.meta_path == before


def test_caches_are_invalidated_through_every_mount() -> None:
    one, other = Recorder("acme_host."), Recorder("acme_hostile.")
    install(one)
    install(other)
    invalidate_caches()
    assert (one.invalidated, other.invalidated) == (1, 1)


def test_foreign_name_costs_no_look_at_the_file_system() -> None:
    told = fresh(
        """
        import sys
        from plugframe.namespaces.mounts.finder import Finder, Mount, install

        class Never(Mount):
            def find(self, fullname):
                raise AssertionError(fullname)

        install(Never("myapp.plugins."))
        (finder,) = [one for one in sys.meta_path if isinstance(one, Finder)]
        events, known = [], set(sys.modules)
        sys.addaudithook(lambda event, _: events.append(event))
        names = ["json", "myapp", "myapp.plugins", "myapp.pluginsx", "myapp.plugin", "_x", "encodings.idna", ""]
        assert [finder.find_spec(name, ["/nowhere"]) for name in names] == [None] * len(names)
        print([event for event in events if event != "object.__getattr__"], set(sys.modules) - known)
        """
    )
    assert told == "[] set()\n"


def test_mount_may_import_what_another_thread_is_importing(tmp_path: Path) -> None:
    """The import system asks finders with a lock held without which no other thread can go on importing."""
    (tmp_path / "acme_host_needed.py").write_text(
        "import sys, time\nsys.started.set()\ntime.sleep(0.2)\nimport acme_host_more\n", encoding="utf-8"
    )
    (tmp_path / "acme_host_more.py").write_text("", encoding="utf-8")
    told = fresh(
        """
        import sys, threading
        from importlib import import_module
        from types import ModuleType
        from plugframe.namespaces.mounts.finder import Mount, install
        sys.started = threading.Event()
        sys.modules["acme_host"] = ModuleType("acme_host")
        sys.modules["acme_host"].__path__ = []

        class Needy(Mount):
            def find(self, fullname):
                sys.started.wait(10)
                import acme_host_needed
                return None

        install(Needy("acme_host."))
        thread = threading.Thread(target=import_module, args=("acme_host_needed",), daemon=True)
        thread.start()
        try:
            import_module("acme_host.foo")
        except ModuleNotFoundError as error:
            print(error)
        thread.join(10)
        print(thread.is_alive())
        """,
        tmp_path,
    )
    assert told == "No module named 'acme_host.foo'\nFalse\n"


def test_mounts_that_threads_install_and_remove_at_once_are_all_there_and_all_gone() -> None:
    before = list(sys.meta_path)
    mounts = [Recorder(f"acme_host{number}.") for number in range(8)]

    def change(index: int) -> bool:
        for _ in range(200):
            install(mounts[index])
            assert find_spec("colorsys") is not None
            assert PathFinder in sys.meta_path
            assert remove(mounts[index])
        install(mounts[index])
        return True

    assert together(8, change) == [True] * 8
    assert len(finders()) == 1
    assert [mounted(mount.prefix) for mount in mounts] == mounts
    for mount in mounts:
        remove(mount)
    assert sys.meta_path == before


def subinterpreters() -> str:
    """Return the name of the module that makes subinterpreters here, or an empty string."""
    names = ("_interpreters", "_xxsubinterpreters")
    return next((name for name in names if find_spec(name) is not None), "")


@pytest.mark.skipif(not subinterpreters(), reason="this interpreter has no module that makes subinterpreters")
def test_each_subinterpreter_has_a_finder_of_its_own(tmp_path: Path) -> None:
    from _naming import application, package

    from plugframe.testing.environments import write_tree

    write_tree(tmp_path, application())
    write_tree(tmp_path, package("x", init="ran = 1"))
    told = fresh(
        f"""
        import os, sys
        import {subinterpreters()} as interpreters
        import myapp.plugins
        before = list(sys.meta_path)
        code = '''
        import sys
        sys.path[:] = {{path!r}}
        from plugframe.namespaces.mounts.finder import Finder
        assert not [one for one in sys.meta_path if type(one).__name__ == "Finder"]
        from myapp.plugins import x
        import acme_x, myapp.plugins.x
        assert x is acme_x is myapp.plugins.x
        assert sys.meta_path[0].__class__ is Finder
        import myapp
        myapp.host.namespace("myapp.plugins").remove()
        assert not [one for one in sys.meta_path if type(one).__name__ == "Finder"]
        myapp.host.namespace("myapp.plugins")
        assert sys.meta_path[0].__class__ is Finder
        import os
        os.write(1, b"inside ")
        '''
        import textwrap
        one = interpreters.create()
        failed = interpreters.run_string(one, textwrap.dedent(code).format(path=sys.path))
        assert failed is None, failed
        interpreters.destroy(one)
        assert sys.meta_path == before
        assert "acme_x" not in sys.modules
        from myapp.plugins import x
        os.write(1, b"outside " + str(x.ran).encode())
        """,
        tmp_path,
    )
    assert told == "inside outside 1"


def test_finder_says_what_it_answers_for() -> None:
    install(Recorder("acme_host."))
    assert repr(finders()[0]) == "<finder of plugframe: acme_host.>"
    assert os.linesep not in repr(Finder())
