"""``load_library``: which files are libraries, that each is loaded once, and that a failure leaves nothing behind."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _native import SUFFIX, compile_c, everything, needs_compiler, run_python
from _sites import Site, plugin, site_at, together

import plugframe
from plugframe import Host
from plugframe.errors import DuplicateLibraryError, LibraryError, LibraryFormatError, RegistrationConflictError
from plugframe.testing.environments import distribution

COUNTING = """
#include "plugframe.h"
#include <stdlib.h>
static int64_t executed;
static int32_t count(void *self, const pf_value *args, int32_t number, pf_value *result, pf_error *error) {
    (void)self, (void)args, (void)number, (void)error;
    return pf_give_int(result, executed);
}
__attribute__((constructor)) static void constructed(void) {
    if (getenv("TELL_CONSTRUCTED")) { printf("constructed\\n"); fflush(stdout); }
}
static int32_t begin(const pf_host *host, pf_error *error) {
    (void)host;
    executed++;
    if (getenv("COUNTING_FAILS")) return pf_fail(error, PF_VALUE, "the moon is full");
    return PF_OK;
}
static int32_t make(void *self, const pf_value *args, int32_t number, pf_value *result, pf_error *error) {
    static int32_t object;
    (void)self, (void)args, (void)number, (void)error;
    return pf_give_object(result, &object);
}
static const pf_function functions[] = {PF_FUNCTION("count", "() -> int", "", count)};
static const pf_class classes[] = {PF_CLASS("Thing", "()", "", make, NULL, PF_NO_TABLE)};
PF_MODULE(NAME, "1.2", PF_TABLE(functions), PF_TABLE(classes), PF_NO_TABLE, begin, NULL)
"""
HOOKS = """
import plugframe
__version__ = "3.4"

class Net: ...

@plugframe.hookimpl
def plugframe_register_classes(classes):
    classes.add("vision.Net", Net)
"""


@pytest.fixture
def host() -> Host:
    return Host("myapp", path=[])


@pytest.fixture
def counting(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a native library that counts how often it is initialised, of a module of this test's own."""
    name = "counting_" + "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
    return compile_c(COUNTING.replace("NAME", f'"{name}"'), tmp_path / f"libcounting{SUFFIX}")


@pytest.fixture(autouse=True)
def _no_modules_left() -> Iterator[None]:
    before = frozenset(sys.modules)
    yield
    for name in [name for name in sys.modules if name.startswith("acme_") and name not in before]:
        del sys.modules[name]


def check_nothing(host: Host) -> None:
    """Check that a host has nothing of any library."""
    assert (dict(host.loaded_libraries), list(host.classes), host.callbacks.unbound()) == ({}, [], ())
    assert list(host.manager.list_name_plugin()) == []


# What is loaded, and how often


@needs_compiler
def test_native_library_is_described_and_its_names_are_the_hosts(host: Host, counting: Path) -> None:
    library = host.load_library(counting)
    assert (library.path, library.kind, library.version) == (os.path.realpath(counting), "native", "1.2")
    assert library.registered == (f"classes:{library.name}.Thing", f"functions:{library.name}.count")
    assert library.sha256 == hashlib.sha256(counting.read_bytes()).hexdigest()
    assert library.seconds > 0
    assert dict(host.loaded_libraries) == {library.path: library}
    assert getattr(host.classes, library.name).Thing is library.classes.Thing
    assert host.classes.provider(f"{library.name}.Thing") == f"myapp.libraries:{library.name} from {library.path} 1.2"
    assert list(library.functions) == ["count"]
    assert not any(hasattr(library.functions, name) for name in ("__path__", "__wrapped__", "_x", "other"))
    with pytest.raises(
        AttributeError, match=r"no part of the library .* named 'coutn' is registered; did you mean 'count'"
    ):
        _ = library.functions.coutn


@needs_compiler
def test_same_file_by_any_spelling_is_one_library_and_initialised_once(
    host: Host, counting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link.so").symlink_to(counting)
    os.link(counting, tmp_path / "hard.so")
    (tmp_path / "there").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    spellings: list[Any] = [
        counting, str(counting), os.fsencode(counting), counting.name, f"./{counting.name}", f"there/./{counting.name}",
        "link.so", "hard.so", f"{tmp_path}/there/../{tmp_path.name}/hard.so",
    ]  # fmt: skip
    libraries = [host.load_library(spelling) for spelling in spellings * 2]
    assert all(library is libraries[0] for library in libraries)
    assert libraries[0].functions.count() == 1
    assert list(host.loaded_libraries) == [str(counting)]


@needs_compiler
def test_sixteen_threads_that_load_one_file_get_one_library(host: Host, counting: Path, tmp_path: Path) -> None:
    os.link(counting, tmp_path / "hard.so")
    found = together(16, lambda index: host.load_library(counting if index % 2 else tmp_path / "hard.so"))
    assert all(library is found[0] for library in found), found
    assert host.load_library(counting).functions.count() == 1


@needs_compiler
def test_sixteen_hosts_that_load_one_file_initialise_it_once(counting: Path) -> None:
    hosts = [Host(f"host{index}", path=[]) for index in range(16)]
    found: list[Any] = together(16, lambda index: hosts[index].load_library(counting))
    assert [library.functions.count() for library in found] == [1] * 16
    assert len({id(library.classes.Thing) for library in found}) == 1


def test_libraries_can_be_gone_through_while_others_are_loaded(host: Host, tmp_path: Path) -> None:
    for name in ("acme_one.py", "acme_two.py"):
        (tmp_path / name).write_text("")
    first = host.load_library(tmp_path / "acme_one.py")
    seen = []
    for library in host.loaded_libraries.values():
        seen.append(library)
        host.load_library(tmp_path / "acme_two.py")
    assert (seen, len(host.loaded_libraries)) == ([first], 2)


@needs_compiler
def test_libraries_are_in_the_order_in_which_they_were_loaded_and_cannot_be_changed(host: Host, tmp_path: Path) -> None:
    names = ["acme_c.py", "acme_a.py", "acme_b.py"]
    loaded = host.loaded_libraries
    for name in names:
        (tmp_path / name).write_text("")
        host.load_library(tmp_path / name)
    assert [os.path.basename(path) for path in loaded] == names
    mapping: Any = loaded
    for change in ("clear", "pop", "__setitem__", "update"):
        assert not hasattr(mapping, change)


# Kinds


def test_python_file_registers_what_a_plugin_would(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "acme_nets.py"
    path.write_text(HOOKS)
    library = host.load_library(path)
    assert (library.kind, library.name, library.version) == ("module", "acme_nets", "3.4")
    assert library.registered == ("classes:vision.Net",)
    assert library.module is sys.modules["acme_nets"]
    assert host.classes.vision.Net is sys.modules["acme_nets"].Net
    assert library.get("Net") is host.classes.vision.Net


def test_python_file_implements_the_hosts_hooks(host: Host, tmp_path: Path) -> None:
    @host.hookspec
    def render(page: str) -> str:
        return page

    path = tmp_path / "acme_render.py"
    path.write_text("import pluggy\n@pluggy.HookimplMarker('myapp')\ndef render(page): return page * 2\n")
    library = host.load_library(path)
    assert render(page="ab") == ["abab"]
    library.disable()
    assert render(page="ab") == []


def test_package_folder_is_loaded_with_its_submodules(host: Host, tmp_path: Path) -> None:
    package = tmp_path / "acme_pack"
    package.mkdir()
    (package / "__init__.py").write_text("from acme_pack.deep import value\nfrom . import other\n")
    (package / "deep.py").write_text("value = 5")
    (package / "other.py").write_text("")
    library = host.load_library(package)
    assert (library.kind, library.name, library.sha256, library.get("value")) == ("package", "acme_pack", "", 5)
    assert host.load_library(f"{package}/") is library


@pytest.mark.parametrize("name", ["acme_zipped-1.5-py3-none-any.whl", "anything.zip"])
def test_wheel_or_zip_is_loaded_without_being_installed(host: Host, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("acme_zipped/__init__.py", f"from acme_zipped.deep import value\n{HOOKS}")
        archive.writestr("acme_zipped/deep.py", "value = 7")
        archive.writestr("acme_zipped-1.5.dist-info/METADATA", "Name: acme-zipped\nVersion: 1.5\n")
    library = host.load_library(tmp_path / name)
    assert (library.kind, library.name, library.version) == ("archive", "acme_zipped", "1.5")
    assert (library.get("value"), list(host.classes)) == (7, ["vision.Net"])
    assert str(tmp_path / name) not in sys.path
    assert Host("other", path=[]).load_library(tmp_path / name).module is library.module


EXTENSION = """
#include <Python.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "acme_ext", NULL, 0, NULL, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_acme_ext(void) {
    PyObject *made = PyModule_Create(&definition);
    if (made && PyModule_AddIntConstant(made, "value", 11)) { Py_DECREF(made); return NULL; }
    return made;
}
"""
HEADERS = sysconfig.get_path("include")


@needs_compiler
@pytest.mark.skipif(not os.path.isfile(os.path.join(HEADERS, "Python.h")), reason="there is no Python.h")
@pytest.mark.parametrize("suffix", [SUFFIX, str(sysconfig.get_config_var("EXT_SUFFIX"))])
def test_extension_module_is_imported(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "acme_ext.c"
    source.write_text(EXTENSION)
    path = tmp_path / f"acme_ext{suffix}"
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{HEADERS}", source, "-o", path], check=True)
    code = """
import shutil, sys, plugframe
library = plugframe.load_library(sys.argv[1])
print(library.kind, library.name, library.get("value"), sys.modules["acme_ext"] is library.module)
try:
    plugframe.load_library(shutil.copy(sys.argv[1], sys.argv[2]))
except plugframe.PlugframeError as error:
    print(type(error).__name__, error.present == sys.argv[1])
print(len(plugframe.loaded_libraries))
"""
    (tmp_path / "copies").mkdir()
    told = run_python(code, path, tmp_path / "copies")
    assert told.splitlines() == ["extension acme_ext 11 True", "DuplicateLibraryError True", "1"]


PLAIN = "int answer(void);\nint answer(void) { return 42; }\n"


@needs_compiler
def test_plain_shared_library_is_loaded_when_asked_for(host: Host, tmp_path: Path) -> None:
    path = compile_c(PLAIN, tmp_path / f"libanswer{SUFFIX}")
    with pytest.raises(LibraryFormatError, match=r"neither the symbol plugframe_module_v1 nor .* plain=True"):
        host.load_library(path)
    check_nothing(host)
    library = host.load_library(path, plain=True)
    module: Any = library.module
    assert (library.kind, library.name, library.registered, module.answer()) == ("shared", "libanswer", (), 42)
    assert host.load_library(path) is library
    library.disable()
    library.enable()


@needs_compiler
@pytest.mark.parametrize("module", ['"acme", ""', '"acme", "1\\n"'])
def test_native_library_whose_manifest_is_none_is_told_so(host: Host, tmp_path: Path, module: str) -> None:
    code = f'#include "plugframe.h"\nPF_MODULE({module}, PF_NO_TABLE, PF_NO_TABLE, PF_NO_TABLE, NULL, NULL)\n'
    path = compile_c(code, tmp_path / f"libacme{SUFFIX}")
    with pytest.raises(LibraryFormatError, match=r"it has the symbol plugframe_module_v1, and no manifest"):
        host.load_library(path)


@needs_compiler
def test_symbols_of_a_library_are_its_own(host: Host, tmp_path: Path) -> None:
    import ctypes

    host.load_library(compile_c(PLAIN.replace("answer", "acme_private"), tmp_path / f"libprivate{SUFFIX}"), plain=True)
    with pytest.raises(AttributeError):
        _ = ctypes.CDLL(None).acme_private


# Copies, replacements


@needs_compiler
def test_copy_of_a_loaded_library_is_refused_before_its_constructors_run(counting: Path, tmp_path: Path) -> None:
    code = """
import sys, plugframe
host = plugframe.Host("myapp", path=[])
library = host.load_library(sys.argv[1])
before = list(host.classes), list(host.loaded_libraries)
for path in sys.argv[2:]:
    for _ in range(2):
        try:
            host.load_library(path)
        except plugframe.PlugframeError as error:
            print(type(error).__name__, error.path == path, error.present == library.path)
assert before == (list(host.classes), list(host.loaded_libraries))
print(library.functions.count())
"""
    copied = shutil.copy(counting, tmp_path / f"copy{SUFFIX}")
    source = counting.with_suffix(".c").read_text()
    other = compile_c(source.replace('"1.2"', '"1.3"'), tmp_path / f"newer{SUFFIX}")
    told = run_python(code, counting, copied, other, env={"TELL_CONSTRUCTED": "1"})
    assert told.splitlines() == ["constructed", *["DuplicateLibraryError True True"] * 4, "1"]


@needs_compiler
def test_of_copies_that_threads_load_at_once_one_is_loaded(host: Host, counting: Path, tmp_path: Path) -> None:
    paths = [shutil.copy(counting, tmp_path / f"copy{index}{SUFFIX}") for index in range(8)]
    found = together(16, lambda index: host.load_library(paths[index // 2]))
    loaded = [one for one in found if isinstance(one, plugframe.Library)]
    assert len(loaded) in (1, 2)
    assert len({id(one) for one in loaded}) == 1
    assert all(isinstance(one, DuplicateLibraryError) for one in found if one not in loaded)
    assert len(host.loaded_libraries) == len(host.classes) == 1


def test_copy_of_a_python_module_is_refused(host: Host, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "acme_same.py").write_text(HOOKS)
    host.load_library(tmp_path / "one" / "acme_same.py")
    with pytest.raises(DuplicateLibraryError, match=r"module 'acme_same' is loaded from .*one"):
        host.load_library(tmp_path / "two" / "acme_same.py")
    (tmp_path / "sys.py").write_text("")
    with pytest.raises(DuplicateLibraryError, match="the interpreter itself"):
        host.load_library(tmp_path / "sys.py")
    assert len(host.loaded_libraries) == 1


def test_module_that_was_imported_already_is_not_run_again(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_before.py").write_text(
        "from pathlib import Path\nwith Path(__file__ + '.runs').open('a') as f: f.write('x')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("acme_before")
    assert host.load_library(tmp_path / "acme_before.py").module is module
    assert (tmp_path / "acme_before.py.runs").read_text() == "x"


@needs_compiler
def test_library_that_was_replaced_since_is_an_error_and_the_old_one_goes_on(host: Host, tmp_path: Path) -> None:
    path = tmp_path / f"libreplaced{SUFFIX}"
    source = COUNTING.replace("NAME", '"replaced"')
    library = host.load_library(compile_c(source, path))
    compile_c(source.replace('"1.2"', '"1.3"'), path)
    with pytest.raises(LibraryError, match="was replaced since it was loaded; start a new process"):
        host.load_library(path)
    assert library.functions.count() == 1
    path.unlink()
    with pytest.raises(LibraryError, match="No such file"):
        host.load_library(path)


# Failures


def damage(path: Path, kind: str) -> None:
    """Make a file what is no library."""
    whole = path.read_bytes() if path.exists() else b""
    contents = {
        "empty": b"",
        "text": b"#!/bin/sh\necho hello\n",
        "short": whole[:40],
        "half": whole[: len(whole) // 2],
        "nearly_whole": whole[:-3000] if len(whole) > 6000 else whole[:3000],
        "magic_only": b"\x7fELF",
        "zeros": bytes(5000),
        "other_class": whole[:4] + b"\x01" + whole[5:],
        "other_order": whole[:5] + b"\x02" + whole[6:],
        "no_class": whole[:4] + b"\x09" + whole[5:],
        "other_machine": whole[:18] + b"\x08\x00" + whole[20:],
        "program": whole[:16] + b"\x02\x00" + whole[18:],
        "far_headers": whole[:32] + b"\xff" * 6 + whole[38:],
        "pretended_zip": b"PK\x03\x04" + bytes(100),
    }
    path.unlink(missing_ok=True)
    path.write_bytes(contents[kind])


KINDS_OF_DAMAGE = {
    "empty": "it is empty",
    "text": "begins with b'#!/bin/sh",
    "short": "of 40 bytes, too few",
    "half": "cut off",
    "magic_only": "of 4 bytes, too few",
    "zeros": "begins with b'.x00",
    "other_class": "of 32 bits",
    "other_order": "big endian",
    "no_class": "unknown class 9",
    "other_machine": "for machine 8",
    "program": "of type 2, no shared library",
    "far_headers": "cut off",
    "pretended_zip": "cannot be read as one",
}


@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="the damaged headers are those of ELF files")
@pytest.mark.parametrize("kind", KINDS_OF_DAMAGE)
def test_damaged_file_is_an_error_that_says_what_is_wrong_and_can_be_mended(
    host: Host, counting: Path, kind: str
) -> None:
    whole = counting.read_bytes()
    damage(counting, kind)
    for plain in (False, True):
        with pytest.raises(LibraryFormatError, match=KINDS_OF_DAMAGE[kind]) as caught:
            host.load_library(counting, plain=plain)
        assert str(counting) in str(caught.value)
    check_nothing(host)
    counting.unlink()
    counting.write_bytes(whole)
    assert host.load_library(counting).functions.count() == 1


@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="only the system's loader of ELF files maps what is not there")
def test_file_that_is_cut_anywhere_never_ends_the_process(counting: Path, tmp_path: Path) -> None:
    code = """
import sys, plugframe
whole = open(sys.argv[1], "rb").read()
host = plugframe.Host("myapp", path=[])
loaded = refused = 0
for number, length in enumerate(range(0, len(whole), 97)):
    path = f"{sys.argv[2]}/cut{number}.so"
    with open(path, "wb") as file:
        file.write(whole[:length])
    try:
        host.load_library(path, plain=True).disable()
        loaded += 1
    except plugframe.PlugframeError as error:
        refused += 1
print(loaded, refused)
"""
    loaded, refused = map(int, run_python(code, counting, tmp_path).split())
    assert refused > 100
    assert loaded <= refused


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.so", "should be a file or a folder; No such file"),
        ("", "should be a file or a folder"),
        ("a\0b.so", "null"),
        ("x" * 5000, "File name too long"),
        (".", "it has no __init__.py"),
        (os.devnull, "device or a pipe"),
    ],
)
def test_path_that_leads_to_no_library_is_an_error(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LibraryError, match=message):
        host.load_library(path)
    assert issubclass(LibraryError, OSError)
    check_nothing(host)


def test_pipe_that_nobody_writes_to_is_not_waited_for(host: Host, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.so")
    with pytest.raises(LibraryFormatError, match="device or a pipe"):
        host.load_library(tmp_path / "pipe.so")


def test_value_that_is_no_path_is_pythons_own_error(host: Host) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError):
        host.load_library(wrong)


@needs_compiler
def test_library_with_a_missing_dependency_is_an_error_that_names_it_and_can_be_mended(
    host: Host, tmp_path: Path
) -> None:
    compile_c("int needed(void);\nint needed(void) { return 1; }\n", tmp_path / f"libneeded{SUFFIX}")
    source = (
        COUNTING.replace("NAME", '"dependent"')
        + "int needed(void);\nint use(void);\nint use(void) { return needed(); }\n"
    )
    path = compile_c(source, tmp_path / f"libdependent{SUFFIX}", f"-L{tmp_path}", "-lneeded", f"-Wl,-rpath,{tmp_path}")
    hidden = (tmp_path / f"libneeded{SUFFIX}").rename(tmp_path / "hidden")
    with pytest.raises(LibraryFormatError, match="the system cannot open it: libneeded"):
        host.load_library(path)
    check_nothing(host)
    hidden.rename(tmp_path / f"libneeded{SUFFIX}")
    assert host.load_library(path).functions.count() == 1


@needs_compiler
def test_initialisation_that_fails_registers_nothing_and_is_tried_again(
    host: Host, counting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTING_FAILS", "1")
    for _ in range(2):
        run = host.load_library
        with pytest.raises(LibraryError, match=r"its initialisation failed: .*: the moon is full") as caught:
            run(counting)
        assert isinstance(caught.value.__cause__, ValueError)
        check_nothing(host)
    os.unsetenv("COUNTING_FAILS")
    monkeypatch.delenv("COUNTING_FAILS")
    assert host.load_library(counting).functions.count() == 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", r"ZeroDivisionError: division by zero \(.*acme_broken.py:1\)"),
        ("def f(:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import acme_nowhere", "ModuleNotFoundError"),
        (HOOKS.replace('"vision.Net"', '"Net"'), "no dotted name of 2"),
        (HOOKS.replace("plugframe_register_classes", "plugframe_register_class"), "did you mean"),
        (f"{HOOKS}    raise LookupError('late')\n", "LookupError: late"),
        (f"{HOOKS}    classes.add('vision.Net', Net)\n", "vision.Net"),
    ],
)
def test_python_file_that_fails_anywhere_leaves_nothing_and_is_tried_again(
    host: Host, tmp_path: Path, code: str, message: str
) -> None:
    path = tmp_path / "acme_broken.py"
    path.write_text(code)
    for _ in range(2):
        with pytest.raises(plugframe.PlugframeError, match=message):
            host.load_library(path)
        assert "acme_broken" not in sys.modules
        check_nothing(host)
    path.write_text(HOOKS + "fine = 'yes, it is'\n")
    assert host.load_library(path).get("fine") == "yes, it is"


def test_package_that_fails_late_leaves_none_of_its_modules(host: Host, tmp_path: Path) -> None:
    package = tmp_path / "acme_late"
    package.mkdir()
    (package / "__init__.py").write_text("from acme_late import one\nraise RuntimeError('late')\n")
    (package / "one.py").write_text("")
    with pytest.raises(LibraryError, match="RuntimeError: late"):
        host.load_library(package)
    assert not [name for name in sys.modules if name.startswith("acme_late")]


def test_interrupt_is_not_swallowed_and_leaves_nothing(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "acme_interrupted.py"
    path.write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        host.load_library(path)
    check_nothing(host)
    path.write_text("# fine now, and longer")
    assert host.load_library(path).name == "acme_interrupted"


def test_archive_with_a_name_that_is_no_text_is_refused(host: Host, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "acme.zip", "w") as archive:
        archive.writestr("acme_☃.py", "")
    content = (tmp_path / "acme.zip").read_bytes()
    (tmp_path / "acme.zip").write_bytes(content.replace("☃".encode(), b"\xff\xff\xff"))
    with pytest.raises(LibraryFormatError, match=r"acme\.zip: .*cannot be read as one"):
        host.load_library(tmp_path / "acme.zip")


@pytest.mark.parametrize("names", [(), ("a.py", "b.py"), ("a.py", "c/__init__.py"), ("readme.txt",)])
def test_archive_without_exactly_one_module_is_refused(host: Host, tmp_path: Path, names: tuple[str, ...]) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("unrelated/data.txt", "")
        for name in names:
            archive.writestr(name, "")
    with pytest.raises(LibraryFormatError, match="should have one package or module at its top; it has"):
        host.load_library(tmp_path / "x.zip")


@pytest.mark.parametrize("name", ["acme-dashed.py", "2acme.py", ".py"])
def test_python_file_that_could_not_be_imported_by_name_is_refused(host: Host, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(LibraryFormatError, match="is no identifier"):
        host.load_library(tmp_path / name)


@needs_compiler
def test_library_whose_class_is_taken_registers_nothing(host: Host, tmp_path: Path) -> None:
    (tmp_path / "acme_taken.py").write_text(HOOKS.replace("vision.Net", "taken.Thing"))
    host.load_library(tmp_path / "acme_taken.py")
    path = compile_c(COUNTING.replace("NAME", '"taken"'), tmp_path / f"libtaken{SUFFIX}")
    with pytest.raises(RegistrationConflictError, match=r"acme_taken\.py"):
        host.load_library(path)
    assert list(host.loaded_libraries) == [str(tmp_path / "acme_taken.py")]
    assert host.classes.taken.Thing.__name__ == "Net"
    host.loaded_libraries[str(tmp_path / "acme_taken.py")].disable()
    assert host.load_library(path).functions.count() == 1
    assert host.classes.taken.Thing.__name__ == "Thing"


def test_file_that_loads_itself_is_an_error_not_a_hang(tmp_path: Path) -> None:
    path = tmp_path / "acme_circle.py"
    path.write_text("import plugframe\nplugframe.load_library(__file__)\n")
    with pytest.raises(LibraryError, match="is being loaded by what asks for it"):
        plugframe.load_library(path)
    path.write_text("# no longer, and of another length")
    plugframe.load_library(path).disable()


def test_files_that_load_each_other_in_two_threads_end(tmp_path: Path) -> None:
    code = "import plugframe, time\ntime.sleep(0.2)\nplugframe.load_library(__file__.replace({!r}, {!r}))\n"
    (tmp_path / "acme_yin.py").write_text(code.format("acme_yin", "acme_yang"))
    (tmp_path / "acme_yang.py").write_text(code.format("acme_yang", "acme_yin"))
    found = together(2, lambda index: plugframe.load_library(tmp_path / ("acme_yin.py", "acme_yang.py")[index]))
    assert all(isinstance(one, (LibraryError, plugframe.Library)) for one in found), found
    for library in plugframe.loaded_libraries.values():
        library.disable()


# Disabling


@needs_compiler
def test_disabled_library_has_no_names_and_its_objects_live_on(host: Host, counting: Path) -> None:
    library = host.load_library(counting)
    count, thing = library.functions.count, library.classes.Thing
    made = thing()
    library.disable()
    library.disable()
    assert (list(host.classes), library.enabled, list(host.loaded_libraries)) == ([], False, [library.path])
    assert (count(), type(made) is thing, type(thing()) is thing) == (1, True, True)
    assert "disabled" in repr(library)
    assert host.load_library(counting) is library
    assert (library.enabled, list(host.classes), count()) == (True, [f"{library.name}.Thing"], 1)


def test_library_that_threads_enable_at_once_is_enabled(
    host: Host, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-6)  # so that threads come between each other
    path = tmp_path / "acme_enabled.py"
    path.write_text(HOOKS)
    library = host.load_library(path)
    for _ in range(50):
        library.disable()
        together(8, lambda _: host.load_library(path))
        assert (library.enabled, list(host.classes)) == (True, ["vision.Net"])


def test_library_that_is_enabled_while_its_names_are_taken_away_is_an_error_not_a_hang(
    host: Host, tmp_path: Path
) -> None:
    path = tmp_path / "acme_watched.py"
    path.write_text(
        "import plugframe\n@plugframe.hookimpl\ndef plugframe_register_callbacks(callbacks):\n"
        "    callbacks.add('progress', print)\n"
    )
    library = host.load_library(path)
    raised: list[Exception] = []

    def enable_again(_: object) -> None:
        try:
            library.enable()
        except LibraryError as error:
            raised.append(error)

    host.callbacks.slot("progress").watch(enable_again)
    library.disable()
    assert "by what asks for it" in str(raised[0])
    assert not library.enabled


# The audit event, the default host


def test_loading_is_told_to_audit_hooks_which_may_forbid_it(tmp_path: Path) -> None:
    path = tmp_path / "acme_audited.py"
    path.write_text("print('ran')")
    code = """
import sys, plugframe
def hook(event, arguments):
    if event == "plugframe.load_library":
        print(event, *arguments)
        raise PermissionError("not here")
sys.addaudithook(hook)
try:
    plugframe.load_library(sys.argv[1])
except PermissionError as error:
    print(error, dict(plugframe.loaded_libraries))
"""
    assert run_python(code, path).splitlines() == [f"plugframe.load_library {path}", "not here {}"]


def test_the_default_host_loads_for_plugframe_itself(tmp_path: Path) -> None:
    path = tmp_path / "acme_default.py"
    path.write_text("")
    library = plugframe.load_library(path)
    assert plugframe.loaded_libraries[str(path)] is plugframe.default_host.loaded_libraries[str(path)] is library
    library.disable()


# Libraries of distributions


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path / "site") as made:
        yield made


DECLARED = {
    "myapp.libraries": {"everything": "acme_native.deep.libeverything"},
    "myapp.classes": {"everything.Box": "acme_native.deep.libeverything:Box"},
    "myapp.callbacks": {"sum": "acme_native.deep.libeverything:add"},
    "myapp.operations": {"numbers.add.c": "acme_native.deep.libeverything:add"},
}


def declared_site(site: Site) -> Host:
    """Install a distribution with a native library, and return a host that takes from it."""
    tree = distribution(
        "acme-native", entry_points=DECLARED, modules={"acme_native": {"__init__.py": "raise SystemExit", "deep": {}}}
    )
    site.install(tree)
    (site.folder / "acme_native" / "deep").mkdir(exist_ok=True)
    shutil.copy(everything('-DNAME="declared"'), site.folder / "acme_native" / "deep" / f"libeverything{SUFFIX}")
    return Host("myapp", path=[site.folder])


USES = {
    "class": "host.classes.everything.Box(3).value()",
    "callback": "host.callbacks.slot('sum')(1, 2)",
    "operation": "host.operation('numbers.add')(lambda a, b: 0)(1, 2)",
    "library": "host.libraries.get('everything').functions.add(1, 2)",
}


@needs_compiler
@pytest.mark.parametrize("use", USES)
def test_library_of_a_distribution_is_loaded_when_something_of_it_is_first_used(site: Site, use: str) -> None:
    declared_site(site)
    code = f"""
import sys, plugframe
sys.path.append(sys.argv[1])
host = plugframe.Host("myapp", path=[sys.argv[1]])
print(*host.classes, *host.libraries, *host.ops.undeclared())
print(len(host.loaded_libraries), "ctypes" in sys.modules)
print({USES[use]})
print(len(host.loaded_libraries), "acme_native" in sys.modules)
print(host.load_library(sys.argv[2]) is host.libraries.get("everything"))
print(host.classes.everything.Box is host.load_library(sys.argv[2]).classes.Box)
"""
    told = run_python(code, site.folder, site.folder / "acme_native" / "deep" / f"libeverything{SUFFIX}")
    assert told.splitlines() == ["everything.Box everything numbers.add.c", "0 False", "3", "1 False", "True", "True"]


def test_library_that_a_distribution_lacks_is_an_import_error_that_says_whose(site: Site) -> None:
    site.install(plugin("x", also={"myapp.libraries": {"stats": "acme_x_files.libstats"}}))
    with pytest.raises(ImportError, match=r"myapp\.libraries:stats from acme-x 1\.0.*there is none"):
        site.host.libraries.get("stats")
