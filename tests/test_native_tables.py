"""What a native library declares is checked wholly before anything of it is registered or called."""

from pathlib import Path

import pytest
from _native import SUFFIX, compile_c, needs_compiler, run_python

from plugframe import Host
from plugframe.errors import LibraryFormatError, LibraryVersionError, PlugframeError

pytestmark = needs_compiler

TEMPLATE = """
#include "plugframe.h"
#define TABLE(entries, count, size) {entries, count, size}
static int32_t call(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)self, (void)args, (void)count, (void)error;
    return pf_give_none(result);
}
static int32_t make(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    static int32_t object;
    (void)self, (void)args, (void)count, (void)error;
    return pf_give_object(result, &object);
}
PF_SLOT(told)
static const pf_function functions[] = {PF_FUNCTION("call", "()", "", call),
                                        PF_FUNCTION("again", "(a: int) -> int", "", call)};
static const pf_class classes[] = {PF_CLASS("Thing", "()", "", make, NULL, PF_TABLE(functions))};
static const pf_slot slots[] = {PF_SLOT_ENTRY(told, "told", "(a: int)", "", pf_noop)};
PF_MODULE("NAME", "1.0", PF_TABLE(functions), PF_TABLE(classes), PF_TABLE(slots), NULL, NULL)
"""
LAX = ("-Wno-unused-variable", "-Wno-unused-const-variable", "-Wno-unused-function", "-Wno-overlength-strings")
LONG = "x" * 5000

# What stands in the template, what takes its place, what the error says.
BAD: dict[str, tuple[str, str, str]] = {  # lines as long as what they have to say
    "null_function": ('"again", "(a: int) -> int", "", call', '"again", "()", "", NULL', "'again' has NULL"),
    "null_name": ('"again", ', "NULL, ", "the name of a function is NULL"),
    "null_signature": ('"(a: int) -> int"', "NULL", "the signature of the function 'again' is NULL"),
    "name_not_utf_8": ('"again", ', '"\\xff\\xfe", ', "not UTF-8"),
    "name_too_long": ('"again", ', f'"{LONG}", ', "has 5000 bytes"),
    "name_with_a_dot": ('"again", ', '"a.b", ', "named 'a.b'"),
    "name_that_is_hidden": ('"again", ', '"_again", ', "named '_again'"),
    "name_that_is_a_keyword": ('"again", ', '"class", ', "named 'class'"),
    "name_that_runs_code": ('"again", ', '"x():\\n import os #", ', "which is no identifier"),
    "two_functions_of_one_name": ('"again", ', '"call", ', "two functions of one name: call"),
    "signature_not_utf_8": ('"(a: int) -> int"', '"\\xff"', "not UTF-8"),
    "signature_that_is_none": ('"(a: int) -> int"', '"a: int"', "it should be like"),
    "signature_with_an_open_end": ('"(a: int) -> int"', '"(a: int"', "it should be like"),
    "signature_with_an_unknown_type": ('"(a: int) -> int"', '"(a: number)"', "has the type 'number'"),
    "signature_with_an_unknown_class": ('"(a: int) -> int"', '"(a: Other)"', "has the type 'Other'; there are .*Thing"),
    "signature_with_an_unknown_item": ('"(a: int) -> int"', '"(a: buffer[int128])"', "has the type 'buffer.int128.'"),
    "signature_with_an_array_of_anything": ('"(a: int) -> int"', '"(a: array)"', "has the type 'array'"),
    "signature_with_items_of_a_number": ('"(a: int) -> int"', '"(a: int[int8])"', "has the type 'int.int8.'"),
    "signature_without_a_type": ('"(a: int) -> int"', '"(a)"', "has the type ''"),
    "signature_with_a_name_twice": ('"(a: int) -> int"', '"(a: int, a: int)"', "a parameter that is named 'a'"),
    "signature_with_a_bad_name": ('"(a: int) -> int"', '"(_call: int)"', "a parameter that is named '_call'"),
    "signature_with_self": ('"(a: int) -> int"', '"(self: int)"', "a parameter that is named 'self'"),
    "signature_with_a_default": ('"(a: int) -> int"', '"(a: int = 1)"', "has the type 'int = 1'"),
    "signature_with_none": ('"(a: int) -> int"', '"(a: none)"', "can only be none"),
    "signature_that_returns_a_buffer": ('"(a: int) -> int"', '"() -> buffer"', "returns a buffer"),
    "class_with_a_result": ('"Thing", "()"', '"Thing", "() -> int"', "has a result"),
    "class_without_create": ('"Thing", "()", "", make', '"Thing", "()", "", NULL', "the class 'Thing' has NULL"),
    "slot_with_a_buffer": ('"(a: int)", "", pf_noop', '"(a: writable)", "", pf_noop', "a slot takes bool, int"),
    "slot_with_an_object": ('"(a: int)", "", pf_noop', '"(a: Thing)", "", pf_noop', "has the type 'Thing'"),
    "slot_that_returns_text": ('"(a: int)", "", pf_noop', '"() -> text", "", pf_noop', "a slot takes bool, int"),
    "slot_without_noop": ('"", pf_noop', '"", NULL', "the slot 'told' has NULL"),
    "slot_without_exchange": (
        'PF_SLOT_ENTRY(told, "told", "(a: int)", "", pf_noop)',
        '{"told", "(a: int)", "", pf_noop, NULL, told_running}, PF_SLOT_ENTRY(told, "other", "()", "", pf_noop)',
        "NULL in the place of exchange or running",
    ),
    "slot_that_cannot_be_reached": ('"told", "(a: int)"', '"slot", "(a: int)"', "slot"),
    "table_that_is_null": ("PF_TABLE(slots)", "TABLE(NULL, 3, sizeof(pf_slot))", "slots is NULL, and has 3 entries"),
    "table_that_is_too_long": ("PF_TABLE(slots)", "TABLE(slots, 4000000000u, sizeof(pf_slot))", "has 4000000000"),
    "table_of_small_entries": ("PF_TABLE(slots)", "TABLE(slots, 1, 8)", "entries of 8 bytes, not 48"),
    "table_of_large_entries": ("PF_TABLE(slots)", "TABLE(slots, 1, 4096)", "entries of 4096 bytes, not 48"),
    "methods_that_are_null": ("make, NULL, PF_TABLE(functions)", "make, NULL, TABLE(NULL, 1, 32)", "table of method"),
    "module_with_a_bad_name": ('"NAME"', '"no name"', "a module is named 'no name'"),
}  # fmt: skip

BY_HAND = """
#include "plugframe.h"
PF_EXPORT_CONST char plugframe_manifest_v1[] = "\\037plugframe module\\037" ABI "\\037" "NAME" "\\0371.0\\037";
static const pf_module module = {SIZE, MODULE_ABI, MODULE_NAME, MODULE_VERSION, PF_NO_TABLE,
                                  PF_NO_TABLE, PF_NO_TABLE, NULL, NULL};
__attribute__((constructor)) static void constructed(void) { printf("constructed\\n"); fflush(stdout); }
PF_EXPORT const pf_module *ENTRY(uint32_t abi) { return (void)abi, RETURNED; }
"""
GOOD_HAND = {
    "ABI": '"1.0"',
    "SIZE": "sizeof(pf_module)",
    "MODULE_ABI": "PLUGFRAME_ABI",
    "MODULE_NAME": '"NAME"',
    "MODULE_VERSION": '"1.0"',
    "ENTRY": "plugframe_module_v1",
    "RETURNED": "&module",
}
BAD_HAND: dict[str, tuple[str, str, str]] = {
    "too_small": ("SIZE", "8", "its module has 8 bytes"),
    "too_large": ("SIZE", "sizeof(pf_module) + 8", "its module has"),
    "other_major": ("MODULE_ABI", "2u << 16", "built for version 2.0 of the plugin ABI"),
    "newer_minor": ("MODULE_ABI", "PLUGFRAME_ABI + 7", "built for version 1.7 of the plugin ABI"),
    "null_name": ("MODULE_NAME", "NULL", "the module's name is NULL"),
    "null_version": ("MODULE_VERSION", "NULL", "the module's version is NULL"),
    "other_name": ("MODULE_NAME", '"someone"', "it says that its module is .* and its tables say 'someone'"),
    "no_entry": ("ENTRY", "some_other_function", "has no symbol plugframe_module_v1"),
    "no_module": ("RETURNED", "NULL", "another major number"),
}


def by_hand(folder: Path, name: str, **changed: str) -> Path:
    """Compile a module that is written without the header's macro for it."""
    code = BY_HAND
    for word, text in {**GOOD_HAND, **changed}.items():
        code = code.replace(word, text) if word != "ABI" else code.replace('" ABI "', f'" {text} "')
    return compile_c(code.replace("NAME", name), folder / f"lib{name}{SUFFIX}", *LAX)


def check_refused(path: Path, message: str) -> None:
    """Check that a library is refused with the file's name and the reason, twice alike, and nothing is registered."""
    host = Host("tables", path=[])
    for _ in range(2):
        with pytest.raises(PlugframeError, match=message) as caught:
            host.load_library(path)
        assert str(path) in str(caught.value)
    assert (dict(host.loaded_libraries), list(host.classes), host.callbacks.unbound()) == ({}, [], ())


def test_the_template_itself_is_good(tmp_path: Path) -> None:
    library = Host("tables", path=[]).load_library(
        compile_c(TEMPLATE.replace("NAME", "template"), tmp_path / f"template{SUFFIX}")
    )
    assert library.registered == (
        "classes:template.Thing",
        "functions:template.call",
        "functions:template.again",
        "slots:told",
    )
    library.disable()


@pytest.mark.parametrize("case", BAD)
def test_library_with_one_bad_declaration_registers_nothing(tmp_path: Path, case: str) -> None:
    old, new, message = BAD[case]
    assert old in TEMPLATE
    code = TEMPLATE.replace(old, new, 1).replace("NAME", f"bad_{case}")
    check_refused(compile_c(code, tmp_path / f"libbad{SUFFIX}", *LAX), message)


@pytest.mark.parametrize("case", BAD_HAND)
def test_module_that_cannot_be_is_refused(tmp_path: Path, case: str) -> None:
    word, text, message = BAD_HAND[case]
    check_refused(by_hand(tmp_path, f"hand_{case}", **{word: text}), message)


@pytest.mark.parametrize("version", ["2.0", "0.9", "1.1", "99999.0"])
def test_library_for_another_version_is_refused_before_anything_of_it_runs(tmp_path: Path, version: str) -> None:
    path = by_hand(tmp_path, "versioned", ABI=f'"{version}"')
    code = """
import sys, plugframe
from plugframe.errors import LibraryVersionError
try:
    plugframe.load_library(sys.argv[1])
except LibraryVersionError as error:
    print(error.theirs, error.ours, error.path == sys.argv[1])
    print(error)
print("ctypes" in sys.modules)
"""
    told = run_python(code, path)
    assert "constructed" not in told
    assert told.splitlines()[0] == f"{version} 1.0 True"
    assert f"version {version} of the plugin ABI, and this host takes 1.0 to 1.0" in told


def test_two_manifests_in_one_file_are_refused(tmp_path: Path) -> None:
    code = TEMPLATE.replace("NAME", "one_of_two") + (
        'PF_EXPORT_CONST char other[] = "\\037plugframe module\\0371.0\\037other_of_two\\0371.0\\037";\n'
    )
    check_refused(compile_c(code, tmp_path / f"two{SUFFIX}"), "2 native libraries in one")


def test_errors_pickle(tmp_path: Path) -> None:
    import pickle

    for error in (LibraryVersionError("p", "2.0", "1.0"), LibraryFormatError("p", "r")):
        copied = pickle.loads(pickle.dumps(error))
        assert (type(copied), str(copied), vars(copied)) == (type(error), str(error), vars(error))
    assert tmp_path.is_dir()
