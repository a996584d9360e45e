"""The header, and the example library without Python: strict compilers, a C program as its host, its dependencies."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from _installed import CHECKOUT, EXAMPLES
from _native import SOURCES, STRICT, SUFFIX, compile_c, needs_compiler, needs_cpp_compiler

import plugframe

EXAMPLE = EXAMPLES / "skimtable-native" / "native"


def test_get_include_is_the_folder_of_the_header() -> None:
    assert (Path(plugframe.get_include()) / "plugframe.h").is_file()


def test_the_examples_copy_is_the_header() -> None:
    assert (EXAMPLE / "plugframe.h").read_bytes() == (CHECKOUT / "plugframe" / "include" / "plugframe.h").read_bytes()


def check_silent(*command: str | os.PathLike[str]) -> None:
    """Check that a compiler has nothing to say."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# What a library may do with the header, in words that are C and C++.
BOTH = """
static int32_t call(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)self, (void)count;
    if (args[0].kind != PF_INT) return pf_fail(error, PF_TYPE, "no number");
    if (args[0].v.i == 1) return pf_give_none(result);
    if (args[0].v.i == 2) return pf_give_bool(result, 1);
    if (args[0].v.i == 3) return pf_give_float(result, 1.0);
    if (args[0].v.i == 4) return pf_give_data(result, PF_TEXT, 0, "text", 4, NULL);
    return pf_give_int(result, args[0].v.i);
}
static int32_t make(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    static int32_t object;
    (void)self, (void)args, (void)count, (void)error;
    return pf_give_object(result, &object);
}
static void destroy(void *object) { (void)object; }
PF_SLOT(told)
static int32_t tell(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    const pf_binding *bound = pf_slot_enter(&told);
    (void)self;
    if (bound != NULL && bound->direct != NULL) ((void (*)(int64_t, pf_error *))bound->direct)(args[0].v.i, error);
    pf_slot_leave(&told);
    return pf_slot_call(&told, pf_noop, args, count, result, error);
}
static int32_t start(const pf_host *host, pf_error *error) { return host->abi ? PF_OK : pf_fail(error, PF_ABI, ""); }
static void end(void) {}
static const pf_function functions[] = {PF_FUNCTION("call", "(a: int) -> int?", "", call),
                                        PF_FUNCTION("tell", "(a: int)", NULL, tell)};
static const pf_class classes[] = {PF_CLASS("One", "()", "", make, destroy, PF_TABLE(functions)),
                                   PF_CLASS("Other", "()", "", make, NULL, PF_NO_TABLE)};
static const pf_slot slots[] = {PF_SLOT_ENTRY(told, "told", "(a: int)", "", pf_noop)};
PF_MODULE("both", "1.0", PF_TABLE(functions), PF_TABLE(classes), PF_TABLE(slots), start, end)
"""


@pytest.mark.parametrize("code", ["", BOTH], ids=["alone", "used"])
@pytest.mark.parametrize(
    ("compiler", "language"),
    [
        pytest.param("cc", "c11", marks=needs_compiler),
        pytest.param("cc", "c17", marks=needs_compiler),
        pytest.param("c++", "c++17", marks=needs_cpp_compiler),
        pytest.param("c++", "c++20", marks=needs_cpp_compiler),
        pytest.param("clang", "c11", marks=pytest.mark.skipif(not shutil.which("clang"), reason="there is no clang")),
    ],
)
def test_header_compiles_without_a_warning(tmp_path: Path, compiler: str, language: str, code: str) -> None:
    source = tmp_path / ("both.cpp" if "++" in language else "both.c")
    source.write_text(f'#include "plugframe.h"\n{code}', encoding="utf-8")
    check_silent(
        compiler, f"-std={language}", *STRICT, "-O2", "-shared", "-fPIC", f"-I{plugframe.get_include()}", source,
        "-o", tmp_path / "both.so",
    )  # fmt: skip


@needs_cpp_compiler
def test_library_in_cpp_is_loaded_like_one_in_c(tmp_path: Path) -> None:
    source, output = tmp_path / "both.cpp", tmp_path / f"libboth{SUFFIX}"
    source.write_text(f'#include "plugframe.h"\n{BOTH}', encoding="utf-8")
    check_silent("c++", "-std=c++17", "-shared", "-fPIC", f"-I{plugframe.get_include()}", source, "-o", output)
    host = plugframe.Host("cpp", path=[])
    library = host.load_library(output)
    assert [library.functions.call(number) for number in (7, 1)] == [7, None]
    assert library.functions.tell(5) is None
    assert type(host.classes.both.One()).__name__ == "One"
    library.disable()


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example's library, compiled here as its wheel build does it."""
    output = tmp_path_factory.mktemp("example") / f"libspread{SUFFIX}"
    check_silent(
        "cc", "-std=c11", *STRICT, "-O3", "-fvisibility=hidden", "-shared", "-fPIC", EXAMPLE / "spread.c", "-o", output
    )
    return output


@needs_compiler
def test_example_library_runs_under_a_c_program(example: Path, tmp_path: Path) -> None:
    driver = compile_c(SOURCES / "driver.c", tmp_path / "driver", "-ldl", shared=False)
    done = subprocess.run([driver, example], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "spread 1.0.0: 2 functions, 1 classes, 1 slots",
        "total 1572864.0",
        "told 3, running 0",
        "added 3145728",
        "third of 4: 3145728",
        "create: 3 low must be less than high, and both finite",
    ]


@needs_compiler
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="there is no valgrind")
def test_example_library_loses_no_memory_under_a_c_program(example: Path, tmp_path: Path) -> None:
    driver = compile_c(SOURCES / "driver.c", tmp_path / "driver", "-ldl", shared=False)
    command: list[str | Path] = ["valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full", driver, example]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@needs_compiler
@pytest.mark.skipif(shutil.which("readelf") is None, reason="there is no readelf")
def test_example_library_needs_nothing_of_python(example: Path) -> None:
    told = subprocess.run(
        ["readelf", "--dynamic", "--wide", example], capture_output=True, text=True, check=True
    ).stdout
    needed = [line.partition("[")[2].rstrip("]") for line in told.splitlines() if "(NEEDED)" in line]
    assert needed
    assert all(name.startswith(("libc.so", "libc.musl", "libm.so", "ld-")) for name in needed), needed
    symbols = subprocess.run(["readelf", "--dyn-syms", "--wide", example], capture_output=True, text=True, check=True)
    assert "Py" not in symbols.stdout
