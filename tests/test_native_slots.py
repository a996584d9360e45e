"""Slots of native libraries: Python callbacks from native code, from any thread, until the end of the process."""

import itertools
import os
import sys
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from operator import ge
from pathlib import Path
from typing import Any

import pytest
from _native import SUFFIX, compile_c, everything, needs_compiler, run_python
from _sites import Site, plugin, site_at, together

import plugframe
from plugframe import Host, Library
from plugframe.errors import LibraryError, NativeError

pytestmark = needs_compiler

STRESS = bool(os.environ.get("PLUGFRAME_STRESS"))
"""Whether to take the numbers that need minutes."""


BINDS = """
import plugframe

def weigh(a, b):
    return a + b

@plugframe.hookimpl
def plugframe_register_callbacks(callbacks):
    callbacks.add("weigh", lambda a, b: weigh(a, b))
    callbacks.add("note", lambda text, raw: note(text, raw))
    callbacks.add("measure", lambda sure, size: measure(sure, size))

def note(text, raw): notes.append((text, raw))
notes = []
def measure(sure, size): return size if sure is True else 0.25
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with a plugin that binds all slots, once it is loaded, to functions that a test may exchange."""
    with site_at(tmp_path) as made:
        made.install(plugin("binder", BINDS))
        yield made


@pytest.fixture
def library(site: Site) -> Iterator[Library]:
    """Return the library with everything, loaded by the application's host; nothing is bound to its slots."""
    loaded = site.host.load_library(everything())
    yield loaded
    loaded.disable()


@pytest.fixture
def binder(site: Site, library: Library) -> Any:
    """Return the module of the plugin, which is loaded now."""
    assert site.load("binder").state == "loaded"
    assert library.enabled
    return sys.modules["acme_binder"]


def test_unbound_slot_does_what_the_library_does_without_python(library: Library) -> None:
    functions: Any = library.functions
    assert functions.call_weigh(1, 2) == -1
    assert functions.call_weigh_directly(1, 2) == -1
    assert functions.call_note("x", b"y") is None
    assert functions.call_measure(True, 8.0) == 8.0
    assert functions.call_measure(False, 8.0) == 0.5


def test_slot_of_a_library_is_a_slot_of_the_host_with_its_no_op_as_default(site: Site, library: Library) -> None:
    host = site.host
    assert set(host.callbacks.unbound()) == {"measure", "note", "weigh"}
    assert host.callbacks.weigh(20, 22) == -1
    assert "slots:weigh" in library.registered
    library.disable()
    assert host.callbacks.unbound() == ()


def test_bound_callback_serves_native_calls(binder: Any, library: Library) -> None:
    functions: Any = library.functions
    assert functions.call_weigh(20, 22) == 42
    assert functions.call_weigh_directly(20, 22) == 42
    functions.call_note("☃\0", b"\0\xff")
    functions.call_note(None, b"")
    assert binder.notes == [("☃\0", b"\0\xff"), (None, b"")]
    assert functions.call_measure(True, 0.1) == 0.1
    assert functions.call_measure(False, 0.1) == 0.25


def test_callback_that_was_bound_before_the_library_was_loaded_serves_it(site: Site) -> None:
    site.install(plugin("early", also={"myapp.callbacks": {"weigh": "acme_early_functions:weigh"}}))
    site.install({"acme_early_functions.py": "def weigh(a, b): return a * b\n"})
    library = site.host.load_library(everything())
    assert "acme_early_functions" not in sys.modules
    assert library.functions.call_weigh_directly(6, 7) == 42
    library.disable()
    assert library.functions.call_weigh_directly(6, 7) == -1


def test_slot_that_the_host_has_declared_serves_the_library(site: Site) -> None:
    slot = site.host.callbacks.slot("weigh", default=lambda a, b: a - b)
    library = site.host.load_library(everything())
    assert site.host.callbacks.weigh is slot
    assert library.functions.call_weigh(5, 2) == -1  # unbound: the library's own no-op
    library.disable()
    assert site.host.callbacks.weigh is slot


SHARING = """
#include "plugframe.h"
PF_SLOT(progress)
static int32_t run(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)self, (void)count;
    return pf_slot_call(&progress, pf_noop, args, 1, result, error);
}
static const pf_function functions[] = {PF_FUNCTION("run", "(done: int)", "", run)};
static const pf_slot slots[] = {PF_SLOT_ENTRY(progress, "progress", "(done: int)", "", pf_noop)};
PF_MODULE(NAME, "1.0", PF_TABLE(functions), PF_NO_TABLE, PF_TABLE(slots), NULL, NULL)
"""


def sharing(name: str, folder: Path) -> Path:
    """Return a library that has a slot ``progress`` of one whole number."""
    return compile_c(SHARING.replace("NAME", f'"{name}"'), folder / f"lib{name}{SUFFIX}")


def test_parameters_may_be_named_like_builtins(tmp_path: Path) -> None:
    code = """
#include "plugframe.h"
PF_SLOT(choose)
static int32_t none(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)self, (void)args, (void)count, (void)error;
    return pf_give_int(result, -1);
}
static int32_t run(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    const pf_binding *bound = pf_slot_enter(&choose);
    (void)self, (void)count, (void)none;
    int64_t (*direct)(int64_t, int64_t, pf_error *) = (int64_t (*)(int64_t, int64_t, pf_error *))bound->direct;
    (void)pf_give_int(result, direct(args[0].v.i, args[1].v.i, error));
    pf_slot_leave(&choose);
    return error->code;
}
static const pf_function functions[] = {PF_FUNCTION("run", "(IndexError: int, BaseException: int) -> int", "", run)};
static const pf_slot slots[] = {PF_SLOT_ENTRY(choose, "choose", "(type: int, int: int) -> int", "", none)};
PF_MODULE("builtin_names", "1.0", PF_TABLE(functions), PF_NO_TABLE, PF_TABLE(slots), NULL, NULL)
"""
    host = Host("myapp", path=[])
    library = host.load_library(compile_c(code, tmp_path / f"libnames{SUFFIX}"))
    host.callbacks.bind("choose", lambda kind, number: kind + number)
    assert library.functions.run(20, 22) == 42
    assert library.functions.run(IndexError=1, BaseException=2) == 3
    library.disable()


SWALLOWING = """
#include "plugframe.h"
PF_SLOT(progress)
static int32_t swallow(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)self, (void)args, (void)count, (void)error;
    (void)pf_slot_call(&progress, pf_noop, NULL, 0, result, NULL);
    return pf_give_none(result);
}
static int32_t fail(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)self, (void)args, (void)count, (void)result;
    return pf_fail(error, PF_CALLBACK, "it failed in a thread");
}
static const pf_function functions[] = {PF_FUNCTION("swallow", "()", "", swallow), PF_FUNCTION("fail", "()", "", fail)};
static const pf_slot slots[] = {PF_SLOT_ENTRY(progress, "progress", "()", "", pf_noop)};
PF_MODULE("swallowing", "1.0", PF_TABLE(functions), PF_NO_TABLE, PF_TABLE(slots), NULL, NULL)
"""


def test_exception_that_a_library_keeps_to_itself_is_not_the_cause_of_a_later_failure(tmp_path: Path) -> None:
    host = Host("myapp", path=[])
    library = host.load_library(compile_c(SWALLOWING, tmp_path / f"libswallowing{SUFFIX}"))

    def leave() -> None:
        raise SystemExit

    host.callbacks.bind("progress", leave)
    library.functions.swallow()
    with pytest.raises(NativeError, match="it failed in a thread") as caught:
        library.functions.fail()
    assert caught.value.__cause__ is None
    library.disable()


def test_libraries_that_share_a_slot_keep_its_callback_until_each_is_disabled(tmp_path: Path) -> None:
    host = Host("myapp", path=[])
    first, second = (host.load_library(sharing(name, tmp_path)) for name in ("sharing_first", "sharing_second"))
    seen: list[int] = []
    host.callbacks.bind("progress", seen.append)
    first.disable()
    first.functions.run(1)
    second.functions.run(2)
    first.enable()
    second.disable()
    first.functions.run(3)
    second.functions.run(4)
    assert seen == [2, 3]
    first.disable()
    assert (host.callbacks.find("progress"), host.callbacks.undeclared()) == (None, ("progress",))


def test_slot_that_the_host_declares_meanwhile_is_not_taken_away_with_the_library(tmp_path: Path) -> None:
    host = Host("myapp", path=[])
    library = host.load_library(sharing("sharing_retracted", tmp_path))
    host.callbacks.retract("progress")
    own = host.callbacks.slot("progress")
    library.disable()
    assert host.callbacks.find("progress") is own


def test_library_whose_slot_the_host_declares_otherwise_registers_nothing(tmp_path: Path) -> None:
    host = Host("myapp", path=[])
    own = host.callbacks.slot("progress", "(done, total)")
    path = sharing("sharing_misfit", tmp_path)
    with pytest.raises(
        LibraryError, match=r"sharing_misfit.*'progress' is \(done: int\).*'myapp' does not fit: .*'total'"
    ):
        host.load_library(path)
    assert dict(host.loaded_libraries) == {}
    assert host.callbacks.find("progress") is own
    host.callbacks.retract("progress")
    host.load_library(path).disable()


def test_unbinding_brings_the_no_op_back(site: Site, binder: Any, library: Library) -> None:
    assert library.functions.call_weigh(1, 2) == 3
    site.host._registration.revoke("binder", RuntimeError("it is gone"))  # noqa: SLF001 # what a refused plugin goes through
    assert library.functions.call_weigh(1, 2) == -1
    assert library.functions.call_weigh_directly(1, 2) == -1
    del sys.modules["acme_binder"]
    site.load("binder")
    assert library.functions.call_weigh(1, 2) == 3
    assert binder is not sys.modules["acme_binder"]


class Fancy(Exception):  # noqa: N818 # a plugin's exceptions are named as it likes
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise LookupError


@pytest.mark.parametrize(
    "raised", [ValueError("no ☃"), LookupError(), Fancy(), RuntimeError("x\0y"), ExceptionGroup("g", [OSError()])]
)
@pytest.mark.parametrize("name", ["call_weigh", "call_weigh_directly"])
def test_exception_of_a_callback_reaches_the_caller_through_native_code(
    binder: Any, library: Library, raised: Exception, name: str
) -> None:
    def fail(*_: object) -> int:
        raise raised

    binder.weigh = fail
    with pytest.raises(NativeError, match="callback 'weigh'") as caught:
        getattr(library.functions, name)(1, 2)
    assert caught.value.__cause__ is raised
    binder.weigh = lambda a, b: a + b
    assert getattr(library.functions, name)(1, 2) == 3


def test_every_callback_may_raise(binder: Any, library: Library) -> None:
    functions: Any = library.functions

    def fail(*_: object) -> float:
        return 1 / 0

    binder.weigh = binder.note = binder.measure = fail
    calls: dict[str, tuple[object, ...]] = {
        "call_weigh": (1, 2),
        "call_weigh_directly": (1, 2),
        "call_note": ("x", b""),
        "call_measure": (True, 1.0),
    }
    for name, arguments in calls.items():
        for _ in range(100):
            with pytest.raises(NativeError, match="ZeroDivisionError"):
                getattr(functions, name)(*arguments)
    assert functions.call_note_regardless("x", b"") == 5


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_exception_that_ends_the_program_is_itself_again_behind_native_code(
    binder: Any, library: Library, raised: type[BaseException]
) -> None:
    def leave(*_: object) -> int:
        raise raised

    binder.weigh = leave
    with pytest.raises(raised):
        library.functions.call_weigh(1, 2)


@pytest.mark.parametrize("result", [None, "5", 2.5, 1 << 63, -(1 << 63) - 1, [], object()])
@pytest.mark.parametrize("name", ["call_weigh", "call_weigh_directly"])
def test_result_that_the_slot_does_not_return_never_reaches_native_code(
    binder: Any, library: Library, result: object, name: str
) -> None:
    binder.weigh = lambda *_: result
    with pytest.raises(NativeError, match="the callback should return int, and returned"):
        getattr(library.functions, name)(1, 2)


@pytest.mark.parametrize("result", [True, (1 << 63) - 1, -(1 << 63), 0])
def test_result_that_fits_is_converted(binder: Any, library: Library, result: int) -> None:
    binder.weigh = lambda *_: result
    assert library.functions.call_weigh(1, 2) == result
    assert library.functions.call_weigh_directly(1, 2) == result


def test_library_that_calls_its_slot_with_other_arguments_gets_an_error(binder: Any, library: Library) -> None:
    assert binder.notes == []
    with pytest.raises(NativeError, match="calls it with 7 arguments, and declares 2"):
        library.functions.call_weigh_badly(1, 2)


def test_callback_may_call_the_library_again(binder: Any, library: Library) -> None:
    functions: Any = library.functions

    def deeper(left: int, made: int) -> int:
        return int(functions.call_weigh(left - 1, made + 1)) if left else made

    binder.weigh = deeper
    assert functions.call_weigh(50, 0) == 50
    assert functions.call_weigh_directly(50, 0) == 50


def test_slots_of_a_library_serve_one_host(library: Library) -> None:
    other = Host("other", path=[])
    with pytest.raises(LibraryError, match="the host 'myapp' serves its slot"):
        other.load_library(library.path)
    assert (dict(other.loaded_libraries), list(other.classes), other.callbacks.unbound()) == ({}, [], ())
    library.disable()
    taken = other.load_library(library.path)
    with pytest.raises(LibraryError, match="the host 'other' serves its slot"):
        library.enable()
    taken.disable()
    library.enable()


# Threads of the library


@pytest.mark.parametrize("fails", [False, True])
def test_threads_of_the_library_call_python_whole(binder: Any, library: Library, *, fails: bool) -> None:
    functions: Any = library.functions
    seen: set[int] = set()

    def weigh(a: int, b: int) -> int:
        seen.add(threading.get_ident())
        return a + b if not fails else 1 // 0

    binder.weigh = weigh
    before = functions.tally()
    functions.start(500)
    functions.join(False)
    calls, failures, garbage = (now - then for now, then in zip(functions.tally(), before, strict=True))
    assert (calls, failures, garbage) == (2000, 2000 if fails else 0, 0)
    assert len(seen) >= 1
    assert threading.get_ident() not in seen


def test_binding_and_unbinding_in_threads_while_native_threads_call(site: Site, library: Library) -> None:
    """A call finds the callback or the no-op, never anything between."""
    functions: Any = library.functions
    callbacks = site.host.callbacks
    wanted = (1_000_000, 100_000, 1000) if STRESS else (50_000, 5_000, 50)
    served, changes = itertools.count(), itertools.count()

    def weigh(a: int, b: int) -> int:
        return a + b if next(served) >= 0 else 0

    before = functions.tally()

    def bind_and_unbind(_: int) -> bool:
        while not all(map(ge, (functions.tally()[0] - before[0], _count(served), _count(changes)), wanted)):
            with suppress(plugframe.PlugframeError):  # Another thread may have bound something.
                handle = callbacks.bind("weigh", weigh)
                next(changes)
                time.sleep(0.0002)  # A thread that waits for the interpreter gets it.
                handle.remove()
            time.sleep(0.0002)
        return True

    functions.start(-1)
    try:
        found = together(4, bind_and_unbind, patience=240)
    finally:
        functions.join(True)
    _, failures, garbage = (now - then for now, then in zip(functions.tally(), before, strict=True))
    assert (found, garbage, failures) == ([True] * 4, 0, 0)
    assert functions.call_weigh_directly(1, 2) == -1
    handle = callbacks.bind("weigh", weigh)
    assert functions.call_weigh_directly(1, 2) == 3
    handle.remove()


def _count(counter: "itertools.count[int]") -> int:
    return int(repr(counter)[6:-1])


# The end of the process, forks, subinterpreters

EXIT = """
import sys, threading, time, plugframe
host = plugframe.Host("myapp", path=[])
library = host.load_library(sys.argv[1])
def weigh(a, b):
    return a + b
host.callbacks.bind("weigh", weigh)
library.functions.start(-1)
time.sleep(float(sys.argv[2]))
calls, failures, garbage = library.functions.tally()
assert garbage == failures == 0
print("calls" if calls else "none", flush=True)
if sys.argv[3] == "exit":
    sys.exit(0)
if sys.argv[3] == "raise":
    raise SystemExit(0)
"""


@pytest.mark.parametrize("teardown", [False, True])
def test_interpreter_ends_while_native_threads_call_python(*, teardown: bool) -> None:
    path = everything("-DTEARDOWN") if teardown else everything()
    rounds = 100 if STRESS else 6
    for turn in range(rounds):
        told = run_python(EXIT, path, str(0.01 + turn % 7 * 0.003), ("exit", "raise", "end")[turn % 3])
        assert told.splitlines()[1:] == (["torn down"] if teardown else [])


def test_callback_that_never_returns_does_not_keep_the_process() -> None:
    hurry = "from plugframe.loading.native import images; images.PATIENCE_SECONDS = 0.3\n"
    code = EXIT.replace("return a + b", "time.sleep(3600)").replace('print("calls"', f'{hurry}print("calls"')
    assert run_python(code, everything(), "0.05", "end") == "none\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("teardown", [False, True])
def test_forked_child_goes_on_with_the_library_and_ends_well(*, teardown: bool) -> None:
    code = (
        EXIT.partition("time.sleep")[0]
        + """
import os, warnings
warnings.simplefilter("ignore")
time.sleep(0.02)
for turn in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        assert library.functions.add(1, 2) == 3
        assert library.functions.call_weigh_directly(20, 22) == 42
        assert host.load_library(sys.argv[1]) is library
        sys.exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
"""
    )
    code += "assert library.functions.call_weigh_directly(20, 22) == 42\n"
    run_python(code, everything("-DTEARDOWN") if teardown else everything(), "100" if STRESS else "10")


SUBINTERPRETER = """
import sys
try:
    import _interpreters as interpreters
    def run(made, code): return interpreters.run_string(made, code)
    made = interpreters.create("legacy")
except ImportError:
    import _xxsubinterpreters as interpreters
    def run(made, code): return interpreters.run_string(made, code)
    made = interpreters.create(isolated=False)
code = f'''
import sys
sys.path[:] = {sys.path!r}
import plugframe
from plugframe.errors import LibraryError
try:
    plugframe.load_library({sys.argv[1]!r})
except LibraryError as error:
    print(error)
print("ctypes" in sys.modules, dict(plugframe.loaded_libraries))
'''
print(run(made, code))
"""


def test_subinterpreter_is_refused_with_a_clear_error() -> None:
    told = run_python(SUBINTERPRETER, everything())
    assert "in the main interpreter only, and this is a subinterpreter" in told
    assert "False {}" in told


# Sanitizers


@pytest.mark.skipif(
    sys.platform != "linux" or bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="the sanitizer is preloaded by the loader of Linux",
)
@pytest.mark.parametrize("sanitizer", ["address"])
def test_library_is_clean_under_the_sanitizer(sanitizer: str) -> None:
    import subprocess

    found = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not os.path.isabs(found):
        pytest.skip("the compiler has no libasan")
    path = everything(f"-fsanitize={sanitizer}", '-DNAME="sanitized"')
    code = (
        EXIT.partition("library.functions.start")[0]
        + """
import gc
f = library.functions
for turn in range(300):
    assert f.copy_text("☃" * turn) == "☃" * turn
    assert f.copy_bytes(bytes(turn)) == bytes(turn)
    assert list(f.copy_ints(range(turn))) == list(range(turn))
    room = bytearray(turn)
    f.fill(room, 7)
    assert room == bytes([7]) * turn
    box = library.classes.Box(turn)
    box.take(box.twin())
    assert f.call_weigh_directly(turn, 1) == turn + 1 == f.call_weigh(turn, 1)
    f.call_note("x" * turn, bytes(turn))
    for how in range(11):
        try:
            f.wrong(how)
        except plugframe.PlugframeError:
            pass
    try:
        f.fail(1, "x" * turn)
    except plugframe.PlugframeError:
        pass
del box
gc.collect()
assert f.alive_count() == 0
f.start(200)
f.join(False)
print(f.tally()[2])
"""
    )
    options = {"LD_PRELOAD": found, "ASAN_OPTIONS": "detect_leaks=0"}
    assert run_python(code, path, env=options).split() == ["0"]
