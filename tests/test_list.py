"""``plugframe list``: what it tells of an environment, how it looks, and that it runs none of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _command import (
    LOOKS,
    PATIENCE,
    command,
    heading,
    plain,
    rows,
    run,
    run_on_terminal,
    run_process,
    sections,
    variables,
)
from _installed import Installation, check, make_environment, make_venv

from plugframe.testing.environments import Tree, distribution, on_path, write_tree

COLUMNS = ["PLUGIN", "VERSION", "STATE", "PROVIDES", "DISTRIBUTION", "ORIGIN", "REQUIRED BY"]
FORMATS = ("table", "plain", "json", "jsonl")

SHOP = distribution("shop", "3.0", entry_points={"plugframe.hosts": {"shop": "shop:host"}})
VISION = distribution(
    "Acme-Vision",
    "1.10",
    entry_points={
        "shop.plugins": {"vision": "acme_vision.plugin"},
        "shop.hooks": {"vision.render": "acme_vision.plugin:render", "vision.theme": "acme_vision.plugin:theme"},
        "shop.classes": {"vision.ResNet": "acme_vision.models:ResNet"},
        "shop.callbacks": {"progress": "acme_vision.trace:show"},
        "shop.libraries": {"stats": "acme_vision._native.libstats"},
        "shop.operations": {"image.resize.acme": "acme_vision.resize:resize"},
        "pytest11": {"acme": "acme_vision.testing"},
    },
)
SPEECH = distribution("acme-speech", "1.9", requested=False, entry_points={"shop.plugins": {"speech": "acme_speech"}})
BUNDLE = distribution("acme-bundle", requires=("acme-speech>=1",), requested=False)
OFFICE = distribution("acme-office", requires=("acme-bundle",))
BAZAAR = distribution(
    "bazaar",
    "0.9rc1",
    entry_points={"plugframe.hosts": {"bazaar": "bazaar:host"}, "bazaar.plugins": {"stall": "stall"}},
)
EVERYONE = distribution("for-everyone", entry_points={"plugframe.plugins": {"everyone": "for_everyone:plugin"}})
DOCS = distribution("mkdocs-acme", "0.3", entry_points={"mkdocs.plugins": {"acme": "mkdocs_acme:Plugin [fast]"}})
TWO = distribution("shop-two", "2.0", entry_points={"shop.plugins": {"two": "shop_two", "three": "shop_three:Three"}})
INVALID = distribution("acme-invalid", "2.0", entry_points={"shop.plugins": {"nonsense": "no such reference!"}})
RIVAL = distribution("rival", "0.1", entry_points={"shop.plugins": {"vision": "rival:plugin"}})
STALE = distribution("acme-speech", "1.2", entry_points={"shop.plugins": {"speech": "acme_speech"}})
ALL = (SHOP, VISION, SPEECH, BUNDLE, OFFICE, BAZAAR, EVERYONE, DOCS, TWO)
DEFECTIVE = (*ALL, INVALID, RIVAL, STALE)


@pytest.fixture(autouse=True)
def default_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LOOKS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def good(tmp_path: Path) -> str:
    return make_environment(tmp_path / "good", *ALL)


@pytest.fixture
def defective(tmp_path: Path) -> str:
    return make_environment(tmp_path / "defective", *DEFECTIVE)


def listed(folder: str, *options: str) -> str:
    """Return what ``list`` writes about an environment; nothing is wrong with it, and nothing is said beside it."""
    done = run("list", "--static", "--python", folder, *options)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def document(folder: str, *options: str) -> dict[str, Any]:
    """Return the JSON document that ``list`` writes about an environment, whatever is wrong with it."""
    done = run("list", "--static", "--python", folder, "--json", *options)
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def names(folder: str, *options: str) -> list[str]:
    """Return the names of the plugins that ``list`` tells of, in order."""
    return [plugin["name"] for plugin in document(folder, *options)["plugins"]]


def refused(*arguments: str) -> str:
    """Return why the command refuses its arguments; it does so with 2, and writes nothing to standard output."""
    done = run("list", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return done.stderr


# Which plugins


def test_plugins_of_every_host_are_listed_below_its_name(good: str) -> None:
    found = sections(listed(good))
    assert list(found) == ["bazaar: 1 plugin", "plugframe: 1 plugin", "shop: 4 plugins"]
    assert [row["PLUGIN"] for row in found["shop: 4 plugins"]] == ["speech", "three", "two", "vision"]


def test_columns_tell_what_a_plugin_is_and_why_it_is_here(good: str) -> None:
    table = listed(good, "--host", "shop")
    assert heading(table) == COLUMNS
    vision, speech = rows(table)[3], rows(table)[0]
    assert vision == {
        "PLUGIN": "vision",
        "VERSION": "1.10",
        "STATE": "available",
        "PROVIDES": "hooks: render, theme; classes: vision.ResNet; callbacks: progress; libraries: stats; "
        "operations: image.resize.acme",
        "DISTRIBUTION": "Acme-Vision",
        "ORIGIN": "index",
        "REQUIRED BY": "-",
    }
    assert speech["REQUIRED BY"] == "acme-office > acme-bundle"


@pytest.mark.parametrize(
    ("origin", "record"),
    [
        ("editable", '{"url": "file:///src", "dir_info": {"editable": true}}'),
        ("directory", '{"url": "file:///src", "dir_info": {}}'),
        ("vcs", '{"url": "https://example.org/a.git", "vcs_info": {"vcs": "git", "commit_id": "1f0e"}}'),
        ("archive", '{"url": "https://example.org/a.whl", "archive_info": {}}'),
        ("index", None),
    ],
)
def test_origin_is_what_the_installer_recorded(tmp_path: Path, origin: str, record: str | None) -> None:
    tree = distribution("acme", direct_url=record, entry_points={"shop.plugins": {"acme": "acme"}})
    (plugin,) = document(make_environment(tmp_path, tree), "--host", "shop")["plugins"]
    assert plugin["origin"] == origin
    assert plugin["url"] == (json.loads(record)["url"] if record else None)


def test_a_host_needs_no_declaration_to_be_named(tmp_path: Path) -> None:
    folder = make_environment(tmp_path, VISION)
    assert names(folder) == []
    assert names(folder, "--host", "shop") == ["vision"]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("pytest11", [("acme", "acme_vision.testing", "Acme-Vision")]),
        ("mkdocs.plugins", [("acme", "mkdocs_acme:Plugin [fast]", "mkdocs-acme")]),
        ("plugframe.hosts", [("bazaar", "bazaar:host", "bazaar"), ("shop", "shop:host", "shop")]),
    ],
)
def test_entry_points_of_any_group_are_listed(good: str, group: str, expected: list[tuple[str, str, str]]) -> None:
    found = rows(listed(good, "--group", group))
    assert [(row["PLUGIN"], row["VALUE"], row["DISTRIBUTION"]) for row in found] == expected


def test_groups_are_counted(good: str) -> None:
    found = rows(listed(good, "--groups"))
    assert {row["GROUP"]: (row["ENTRIES"], row["DISTRIBUTIONS"]) for row in found} == {
        "bazaar.plugins": ("1", "1"),
        "mkdocs.plugins": ("1", "1"),
        "plugframe.hosts": ("2", "2"),
        "plugframe.plugins": ("1", "1"),
        "pytest11": ("1", "1"),
        "shop.callbacks": ("1", "1"),
        "shop.classes": ("1", "1"),
        "shop.hooks": ("2", "1"),
        "shop.libraries": ("1", "1"),
        "shop.operations": ("1", "1"),
        "shop.plugins": ("4", "3"),
    }


@pytest.mark.parametrize("options", [("--host", "shop"), ("--group", "shop.plugins")])
def test_all_adds_shadowed_and_invalid_ones_with_the_reason(defective: str, options: tuple[str, str]) -> None:
    usual = {(plugin["name"], plugin["version"]) for plugin in document(defective, *options)["plugins"]}
    every = {
        (plugin["name"], plugin["version"]): (plugin["state"], plugin["reason"])
        for plugin in document(defective, *options, "--all")["plugins"]
    }
    assert usual < set(every)
    assert every["speech", "1.9"] == ("available", "")
    state, reason = every["speech", "1.2"]
    assert state == "shadowed"
    assert "acme-speech 1.9" in reason
    state, reason = every["nonsense", "2.0"]
    assert state == "broken"
    assert "'no such reference!'" in reason


def test_a_plugin_of_a_taken_name_is_shadowed_and_the_reason_names_who_has_it(defective: str) -> None:
    found = rows(run("list", "--static", "--python", defective, "--host", "shop", "--all").stdout)
    states = {row["DISTRIBUTION"]: (row["STATE"], row["REASON"]) for row in found if row["PLUGIN"] == "vision"}
    assert states["Acme-Vision"][0] == "available"
    assert states["rival"][0] == "shadowed"
    assert "Acme-Vision 1.10" in states["rival"][1]
    assert names(defective, "--host", "shop").count("vision") == 1


def test_a_copy_further_back_on_the_path_is_shadowed(tmp_path: Path) -> None:
    behind = write_tree(
        tmp_path / "behind", distribution("acme-speech", "9.0", entry_points={"shop.plugins": {"a": "b"}})
    )
    folder = make_environment(tmp_path / "env", SPEECH, {"behind.pth": f"{behind}\n"})
    assert names(folder, "--host", "shop") == ["speech"]
    shadowed = next(
        plugin for plugin in document(folder, "--host", "shop", "--all")["plugins"] if plugin["name"] == "a"
    )
    assert (shadowed["state"], shadowed["location"]) == ("shadowed", os.fspath(behind))


def test_all_shows_the_shadowed_copy_of_a_distribution_that_declares_only_classes(tmp_path: Path) -> None:
    versions = (distribution("acme", one, entry_points={"shop.classes": {"a.B": "a:B"}}) for one in ("1.0", "2.0"))
    found = document(make_environment(tmp_path, *versions), "--host", "shop", "--all")["plugins"]
    assert {plugin["version"]: plugin["state"] for plugin in found} == {"2.0": "available", "1.0": "shadowed"}


def test_what_cannot_be_loaded_is_not_shown_as_provided(tmp_path: Path) -> None:
    entry_points = {"shop.plugins": {"acme": "acme"}, "shop.classes": {"a.Good": "a:Good", "a.Bad": "no reference!"}}
    (plugin,) = document(make_environment(tmp_path, distribution("acme", entry_points=entry_points)), "--host", "shop")[
        "plugins"
    ]
    assert plugin["provides"] == {"classes": ["a.Good"]}


def test_of_two_copies_of_one_version_none_is_called_the_higher(tmp_path: Path) -> None:
    egg = {"acme_speech.egg-info": {"PKG-INFO": "Name: acme-speech\nVersion: 1.9\n"}}
    (finding,) = document(make_environment(tmp_path, SPEECH, egg), "--host", "shop")["diagnostics"]
    assert "second copy" in finding["message"]
    assert "higher" not in finding["message"]


# Formats


@pytest.mark.parametrize("options", [(), ("--host", "shop"), ("--group", "pytest11")])
def test_json_is_one_document_with_a_schema(good: str, options: tuple[str, ...]) -> None:
    found = document(good, *options)
    assert list(found) == ["schema", "plugins", "diagnostics"]
    assert found["schema"] == 1
    for plugin in found["plugins"]:
        wanted = ("group", "name", "value", "distribution", "version", "state", "reason", "location")
        assert {field: type(plugin[field]) for field in wanted} == dict.fromkeys(wanted, str)
    assert listed(good, "--format", "json", *options) == listed(good, "--json", *options)


def test_json_holds_the_diagnostics_and_standard_error_nothing(defective: str) -> None:
    done = run("list", "--static", "--python", defective, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)["diagnostics"]
    assert len(found) == 3
    for finding in found:
        assert finding["code"].startswith("PF")
        assert all(finding[part] for part in ("message", "path", "distribution", "effect", "fix"))


def test_a_diagnostic_names_the_distribution_as_its_plugin_does(defective: str) -> None:
    found = document(defective, "--all")
    owners = {plugin["distribution"] for plugin in found["plugins"]}
    assert {finding["distribution"] for finding in found["diagnostics"]} <= owners


def test_a_diagnostic_names_the_file_and_the_line(odd: str) -> None:
    places = {(os.path.basename(found["path"]), found["line"]) for found in document(odd)["diagnostics"]}
    assert {("METADATA", 1), ("entry_points.txt", 2), ("entry_points.txt", 4)} <= places


def test_json_of_groups_has_the_same_shape(good: str) -> None:
    found = document(good, "--groups")
    assert list(found) == ["schema", "groups", "diagnostics"]
    assert {"group": "shop.plugins", "entries": 4, "distributions": 3} in found["groups"]


def test_jsonl_is_an_object_a_line_and_diagnostics_go_to_standard_error(defective: str) -> None:
    done = run("list", "--static", "--python", defective, "--format", "jsonl")
    assert [json.loads(line) for line in done.stdout.splitlines()] == document(defective)["plugins"]
    assert "'no such reference!'" in done.stderr


def test_plain_is_a_line_a_plugin_without_heading(good: str) -> None:
    lines = listed(good, "--host", "shop", "--format", "plain", "--fields", "name,version,required_by").splitlines()
    assert lines == ["speech\t1.9\tacme-office > acme-bundle", "three\t2.0\t-", "two\t2.0\t-", "vision\t1.10\t-"]


@pytest.mark.parametrize("form", FORMATS)
def test_data_is_on_standard_output_and_diagnostics_are_not(defective: str, form: str) -> None:
    done = run(
        "list", "--static", "--python", defective, "--host", "shop", "--format", form, "--fields", "name,version"
    )
    assert done.exit_code == 0
    assert "vision" in done.stdout
    assert ("effect" in done.stdout) is (form == "json")
    if form != "json":
        # What is wrong, whose it is, what it means, and what to do.
        for part in ("'no such reference!'", "acme_invalid-2.0.dist-info", "effect: ", "fix: "):
            assert part in done.stderr


@pytest.mark.parametrize("form", FORMATS)
def test_a_long_value_is_never_cut(tmp_path: Path, form: str) -> None:
    value = f"acme_{'x' * 300}.plugin"
    folder = make_environment(tmp_path, distribution("acme", entry_points={"shop.plugins": {"long": value}}))
    assert value in listed(folder, "--host", "shop", "--format", form, "--fields", "name,value,location")


def test_order_does_not_depend_on_the_order_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    every_option = (
        *(("--all", "--format", form) for form in FORMATS),
        ("--group", "shop.plugins", "--all"),
        ("--groups",),
        ("--host", "shop", "--sort", "-state"),
    )

    def everything(folder: str) -> list[tuple[str, str]]:
        ran = [run("list", "--static", "--python", folder, *options) for options in every_option]
        return [(done.stdout, done.stderr) for done in ran]

    where = tmp_path / "env"
    first = everything(make_environment(where, *DEFECTIVE))
    shutil.rmtree(where)
    second = everything(make_environment(where, *reversed(DEFECTIVE)))
    assert first == second

    class Reversed:
        def __init__(self, path: str) -> None:
            with scandir(path) as found:
                self.found = sorted(found, key=lambda entry: entry.name, reverse=True)

        def __enter__(self) -> Iterator["os.DirEntry[str]"]:
            return iter(self.found)

        def __exit__(self, *_: object) -> None: ...

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", Reversed)
    monkeypatch.setenv("PLUGFRAME_CACHE", "off")
    assert everything(os.fspath(where)) == first


# Fields and order


def test_fields_are_shown_in_the_order_given(good: str) -> None:
    table = listed(good, "--host", "shop", "--fields", "module,Required By,plugin")
    assert heading(table) == ["MODULE", "REQUIRED BY", "PLUGIN"]
    assert list(document(good, "--host", "shop", "--fields", "value,name")["plugins"][0]) == ["value", "name"]


def test_every_field_of_the_json_document_can_be_asked_for(good: str) -> None:
    fields = list(document(good, "--host", "shop")["plugins"][0])
    assert list(document(good, "--host", "shop", "--fields", ",".join(fields))["plugins"][0]) == fields
    assert len(heading(listed(good, "--host", "shop", "--fields", ",".join(fields)))) == len(fields)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["speech", "three", "two", "vision"]),
        ("-name", ["vision", "two", "three", "speech"]),
        ("distribution,-name", ["speech", "vision", "two", "three"]),
        ("-distribution,name", ["three", "two", "vision", "speech"]),
        ("-required_by,name", ["speech", "three", "two", "vision"]),
    ],
)
def test_rows_are_sorted_by_the_fields_given(good: str, sort: str, expected: list[str]) -> None:
    assert names(good, "--host", "shop", "--sort", sort) == expected


def test_versions_are_sorted_as_versions(good: str) -> None:
    assert names(good, "--host", "shop", "--sort", "version,name") == ["speech", "vision", "three", "two"]


def test_counts_are_sorted_as_numbers(tmp_path: Path) -> None:
    many = {f"plugin{number}": "many" for number in range(10)}
    folder = make_environment(
        tmp_path, distribution("many", entry_points={"a": {"x": "y"}, "m": many, "z": {"1": "b", "2": "b"}})
    )
    assert [group["group"] for group in document(folder, "--groups", "--sort", "-entries")["groups"]] == ["m", "z", "a"]


# Exit codes and messages


def test_strict_fails_where_there_are_findings_and_shows_the_rows_all_the_same(good: str, defective: str) -> None:
    strict = run("list", "--static", "--python", defective, "--strict")
    usual = run("list", "--static", "--python", defective)
    assert (strict.exit_code, usual.exit_code) == (1, 0)
    assert (strict.stdout, strict.stderr) == (usual.stdout, usual.stderr)
    assert run("list", "--static", "--python", good, "--strict").exit_code == 0


@pytest.mark.parametrize("form", FORMATS)
def test_strict_concerns_every_format(defective: str, form: str) -> None:
    assert run("list", "--static", "--python", defective, "--strict", "--format", form).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (("--hots", "shop"), ["--hots", "--host"]),
        (("--host",), ["--host", "requires an argument"]),
        (("extra",), ["extra"]),
        (("--format", "yaml"), ["yaml", *FORMATS]),
        (("--fields", "nmae"), ["'nmae'", "name"]),
        (("--fields", "colour"), ["'colour'", "name", "distribution"]),
        (("--fields", "name,,state"), ["''", "name", "distribution"]),
        (("--fields", "name", "--groups"), ["'name'", "group", "entries"]),
        (("--sort", "-vesion"), ["'vesion'", "version"]),
        (("--sort", "name,"), ["''", "name", "distribution"]),
        (("--host", "a", "--group", "b"), ["--host", "--group", "exclude"]),
        (("--host", "a", "--groups"), ["--host", "--groups", "exclude"]),
        (("--group", "a", "--groups"), ["--group", "--groups", "exclude"]),
        (("--json", "--format", "plain"), ["--json", "--format"]),
        (("--format", "table", "--json"), ["--json", "--format"]),
    ],
)
def test_wrong_options_are_refused_and_the_message_says_what_is_right(
    good: str, arguments: tuple[str, ...], explained: list[str]
) -> None:
    message = refused("--static", "--python", good, *arguments)
    assert [part for part in explained if part not in message] == []


def test_the_command_alone_tells_its_commands_and_its_version() -> None:
    alone = run()
    assert "Traceback" not in alone.output
    assert all(name in alone.output for name in ("list", "cache"))
    assert run("--version").stdout.startswith("plugframe, version ")


def test_wrong_commands_are_refused() -> None:
    done = run("lsit")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "list" in done.stderr


def test_a_misspelt_host_is_answered_with_the_hosts_that_exist(good: str) -> None:
    done = run("list", "--static", "--python", good, "--host", "shpo")
    assert done.stdout == ""
    assert "no plugins of shpo" in done.stderr
    assert "did you mean shop?" in done.stderr
    assert "plugframe list --host shop" in done.stderr


def test_a_host_that_is_like_no_other_is_answered_with_the_hosts_that_exist(good: str) -> None:
    done = run("list", "--static", "--python", good, "--host", "quux")
    assert "no plugins of quux" in done.stderr
    assert "did you mean" not in done.stderr
    assert "bazaar, plugframe, shop" in done.stderr


def test_a_misspelt_group_is_answered_with_the_group_meant(good: str) -> None:
    done = run("list", "--static", "--python", good, "--group", "pytest1")
    assert done.stdout == ""
    assert "no entry points in group pytest1" in done.stderr
    assert "did you mean pytest11?" in done.stderr
    assert "next: plugframe list --group pytest11" in done.stderr


def test_where_no_host_is_installed_the_groups_that_exist_are_named(tmp_path: Path) -> None:
    folder = make_environment(tmp_path, DOCS, VISION)
    done = run("list", "--static", "--python", folder)
    assert (done.exit_code, done.stdout) == (0, "")
    for part in (
        f"no plugins in {folder}",
        "no distribution declares a host",
        "mkdocs.plugins",
        "shop.plugins",
        "next: ",
    ):
        assert part in done.stderr


def test_where_nothing_is_installed_it_says_so_and_how_to_go_on(tmp_path: Path) -> None:
    folder = make_environment(tmp_path, distribution("bare"))
    for options in ((), ("--groups",), ("--host", "shop"), ("--group", "pytest11")):
        done = run("list", "--static", "--python", folder, *options)
        assert (done.exit_code, done.stdout) == (0, "")
        assert "no " in done.stderr.splitlines()[0]
        assert "next: " in done.stderr


def test_where_every_plugin_is_left_out_it_says_how_to_see_them(tmp_path: Path) -> None:
    done = run("list", "--static", "--python", make_environment(tmp_path, INVALID), "--host", "shop")
    assert done.stdout == ""
    assert "--all" in done.stderr


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_where_nothing_is_found_data_is_empty_and_can_be_read(tmp_path: Path, form: str) -> None:
    folder = make_environment(tmp_path, distribution("bare"))
    done = run("list", "--static", "--python", folder, "--format", form)
    assert "no entry points" in done.stderr
    text = done.stdout
    assert text == "" if form == "jsonl" else json.loads(text) == {"schema": 1, "plugins": [], "diagnostics": []}


def test_verbose_tells_index_misses_and_hits_and_the_time(cache_folder: str) -> None:
    first, second = run_process("list", "-v"), run_process("list", "-v")
    assert "index: miss" in first.stderr
    assert "index: hit" not in first.stderr
    assert "index: hit" in second.stderr
    assert f"index: {cache_folder}" in second.stderr
    assert second.stderr.rstrip().endswith(" ms")
    assert second.stdout == first.stdout


def test_verbose_tells_of_no_path_entry_that_does_not_exist() -> None:
    lines = run_process("list", "-v").stderr.splitlines()
    paths = [line.removeprefix("index: miss ").rpartition(" (")[0] for line in lines if line.startswith("index: miss ")]
    assert [path for path in paths if not os.path.exists(path)] == []


def test_verbose_tells_that_the_index_is_off(monkeypatch: pytest.MonkeyPatch, good: str) -> None:
    monkeypatch.setenv("PLUGFRAME_CACHE", "off")
    done = run("list", "--static", "--python", good, "-v")
    assert "index: off" in done.stderr
    assert "index: hit" not in done.stderr


def test_help_names_every_option_the_exit_codes_and_the_cache_setting() -> None:
    shown = run("list", "--help").stdout
    options = ("--host", "--group", "--groups", "--all", "--format", "--json", "--fields", "--sort", "--strict", "-v")
    for part in (*options, "--python", "--static", "Exit codes", "PLUGFRAME_CACHE"):
        assert part in shown


# Odd metadata


@pytest.fixture
def odd(tmp_path: Path) -> str:
    """Return an environment, in a folder whose name is not UTF-8, with metadata that is not what it should be."""
    latin = {
        "METADATA": b"Name: caf\xe9\nVersion: 1.0\n",
        "entry_points.txt": b"[shop.plugins]\nbr\xfbl\xe9e = caf\xe9\nok = pkg\nno equals sign\n= nameless\n",
    }
    trees: tuple[Tree, ...] = (
        {"latin-1.0.dist-info": latin},
        {"empty-1.0.dist-info": {}},
        distribution("escapes", "1\x1b[31m", entry_points={"shop.plugins": {"escapes": "pkg"}, "g\x1b[2J": {"a": "b"}}),
        distribution("breaks", "1\r2\x0b3\x0c4\x854\u20285", entry_points={"shop.plugins": {"breaks": "pkg"}}),
        distribution("markup", "[bold]1", entry_points={"shop.plugins": {"mark[/red]": "pkg", "[red]": "pkg"}}),
        distribution("wörld", entry_points={"shop.plugins": {"ünï": "pkg", "日本語": "pkg"}}),
    )
    try:
        return make_environment(tmp_path / os.fsdecode(b"o\xffdd"), SHOP, *trees)
    except (OSError, ValueError):
        return make_environment(tmp_path / "odd", SHOP, *trees)


@pytest.mark.parametrize("options", [(), ("--all",), ("--group", "shop.plugins"), ("--groups",)])
def test_json_can_be_read_whatever_the_metadata_hold(odd: str, options: tuple[str, ...]) -> None:
    done = run_process("list", "--static", "--python", odd, "--json", *options)
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert {"caf\\xe9", "markup"} <= {finding["distribution"] for finding in found["diagnostics"]}
    for plugin in found.get("plugins", ()):
        assert plugin["location"].startswith(odd)


def test_one_defective_distribution_hides_no_other(odd: str) -> None:
    assert {"ok", "escapes", "breaks", "mark[/red]", "ünï", "日本語"} <= set(names(odd))


def test_plain_is_a_line_a_plugin_whatever_the_metadata_hold(odd: str) -> None:
    done = run("list", "--static", "--python", odd, "--all", "--format", "plain", "--fields", "name,version")
    assert [line.count("\t") for line in done.stdout.splitlines()] == [1] * len(names(odd, "--all"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("form", FORMATS)
def test_names_that_the_output_cannot_encode_end_nothing(odd: str, form: str, encoding: str) -> None:
    done = run_process("list", "--static", "--python", odd, "--all", "--format", form, PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert "escapes" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [("--all",), ("--groups",), ("--all", "--format", "plain")])
def test_what_the_metadata_hold_does_not_steer_the_terminal(odd: str, options: tuple[str, ...]) -> None:
    asked = command("list", "--static", "--python", odd, *options)
    shown, code = run_on_terminal(asked, columns=200, environment=variables(NO_COLOR="1"))
    assert code == 0
    assert "\x1b[31m" not in shown
    assert "\x1b[2J" not in shown
    assert "\r" not in shown


# Terminals, pipes and signals


def test_a_terminal_gets_colours_unless_it_or_its_user_wants_none(defective: str) -> None:
    asked = command("list", "--static", "--python", defective, "--all")
    coloured, _ = run_on_terminal(asked, columns=200, environment=variables())
    colourless, _ = run_on_terminal(asked, columns=200, environment=variables(NO_COLOR="1"))
    assert "\x1b[" in coloured
    assert "\x1b" not in colourless
    assert [line.rstrip() for line in colourless.splitlines()] == [
        line.rstrip() for line in plain(coloured).splitlines()
    ]


def test_a_terminal_that_is_dumb_gets_no_escape_codes(defective: str) -> None:
    asked = command("list", "--static", "--python", defective)
    assert "\x1b" not in run_on_terminal(asked, columns=200, environment=variables(TERM="dumb"))[0]


def test_a_narrow_terminal_folds_cells_and_loses_nothing(good: str) -> None:
    wide = rows(listed(good, "--host", "shop"))
    asked = command("list", "--static", "--python", good, "--host", "shop")
    shown, _ = run_on_terminal(asked, columns=60, environment=variables(NO_COLOR="1"))
    lines = plain(shown).splitlines()
    assert max(map(len, lines)) <= 60
    columns = [title + "".join(row[title] for row in wide) for title in COLUMNS]
    assert _columns(lines) == [column.replace(" ", "") for column in columns]


def _columns(lines: list[str]) -> list[str]:
    """Return the text of each column of a folded table, without spaces; two blank columns of characters divide them."""
    width = max(map(len, lines))
    blank = [all(line[at : at + 1] in ("", " ") for line in lines) for at in range(width)] + [True, True]
    found, start = [], 0
    for at in range(width + 1):
        if blank[at] and blank[at + 1] and at > start:
            found.append("".join(line[start:at] for line in lines).replace(" ", ""))
            start = at
    return [column for column in found if column]


def test_a_long_value_is_whole_on_a_narrow_terminal(tmp_path: Path) -> None:
    value = f"acme_{'x' * 300}.plugin"
    folder = make_environment(tmp_path, distribution("acme", entry_points={"shop.plugins": {"long": value}}))
    asked = command("list", "--static", "--python", folder, "--host", "shop", "--fields", "name,value")
    shown, _ = run_on_terminal(asked, columns=60, environment=variables(NO_COLOR="1"))
    assert _columns(plain(shown).splitlines()) == ["PLUGINlong", f"VALUE{value}"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path, form: str) -> None:
    many = {f"plugin{number:05}": f"acme_{'x' * 200}" for number in range(2000)}
    folder = make_environment(tmp_path, distribution("many", entry_points={"shop.plugins": many}))
    asked = command(
        "list", "--static", "--python", folder, "--host", "shop", "--format", form, "--fields", "name,value"
    )
    with subprocess.Popen(asked, env=variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode in (0, 141, -getattr(signal, "SIGPIPE", 13))


@pytest.mark.skipif(os.name == "nt", reason="a shell closes or fills the output")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("output", [">&-", ">/dev/full"])
def test_an_output_that_cannot_be_written_is_no_traceback(good: str, form: str, output: str) -> None:
    if output == ">/dev/full" and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    asked = command("list", "--static", "--python", good, "--format", form)
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {output}', "sh", *asked],
        env=variables(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stderr
    if output == ">/dev/full":
        assert done.returncode != 0
        assert "No space left on device" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for a slow interpreter")
def test_an_interrupt_ends_the_command_with_130(tmp_path: Path) -> None:
    started, slow = tmp_path / "started", tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\ntouch '{started}'\nexec sleep {PATIENCE}\n", encoding="utf-8")
    slow.chmod(0o755)
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in what a shell runs in the background; it is inherited
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        command("list", "--python", os.fspath(slow)),
        env=variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        until = time.monotonic() + PATIENCE
        while not started.exists() and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        shown, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, shown) == (130, "")
    assert "Traceback" not in said


# Other environments


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return a virtual environment that has plugins, and no plugframe."""
    return make_venv(tmp_path_factory.mktemp("other") / "env", *ALL)


def test_another_environment_is_listed_by_its_python_and_by_its_folder(other: Installation) -> None:
    tellings = []
    python, prefix = os.fspath(other.python), os.fspath(other.prefix)
    for options in (("--python", python), ("--python", prefix), ("--static", "--python", prefix)):
        done = run("list", "--json", *options)
        assert (done.exit_code, done.stderr) == (0, "")
        tellings.append(json.loads(done.stdout))
    assert tellings[0] == tellings[1] == tellings[2]
    assert {plugin["location"] for plugin in tellings[0]["plugins"]} == {os.fspath(other.site)}


def test_another_environment_is_listed_by_a_command_on_the_path(
    other: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.fspath(other.scripts))
    for options in ((), ("--static",)):
        done = run("list", "--host", "shop", "--format", "plain", "--python", "python", *options)
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["speech", "three", "two", "vision"]


def test_another_environment_is_not_this_one(other: Installation) -> None:
    here = run_process("list", "--groups", "--format", "plain", PYTHONPATH=_path())
    there = run_process(
        "list", "--groups", "--format", "plain", "--python", os.fspath(other.prefix), PYTHONPATH=_path()
    )
    assert "console_scripts" in here.stdout
    assert "console_scripts" not in there.stdout


def _path(*folders: Path) -> str:
    return os.pathsep.join([*map(os.fspath, folders), *filter(None, [os.environ.get("PYTHONPATH")])])


def test_every_other_python_at_hand_can_be_asked(tmp_path: Path) -> None:
    found = list(_other_pythons())
    if not found:
        pytest.skip("there is no other Python on the PATH")
    for number, executable in enumerate(found):
        folder = tmp_path / str(number)
        asked = subprocess.run(
            [executable, "-m", "venv", "--without-pip", folder], capture_output=True, text=True, check=False
        )
        if asked.returncode:  # Python 2, or a Python whose packager took venv out of it
            done = run("list", "--groups", "--json", "--python", executable)
            assert done.exit_code == 0, done.stderr
            assert json.loads(done.stdout)["schema"] == 1
            continue
        write_tree(Installation(folder).site, VISION)
        for options in ((), ("--static",)):
            assert "vision" in run("list", "--host", "shop", "--python", os.fspath(folder), *options).stdout, executable


def _other_pythons() -> Iterator[str]:
    """Yield the Pythons on the PATH that are of another version than this one, one a version, and that answer."""
    seen = {f"{sys.version_info[0]}.{sys.version_info[1]}"}
    for name in ("python3", "python", "python2", *(f"python3.{minor}" for minor in range(6, 20))):
        executable = shutil.which(name)
        if executable is None or name.removeprefix("python") in seen:
            continue
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        asked = subprocess.run([executable, "-c", code], capture_output=True, text=True, check=False)
        version = asked.stdout.strip()
        if asked.returncode == 0 and version not in seen:
            seen.add(version)
            yield executable


def test_static_tells_what_only_running_could_show_and_runs_none_of_it(tmp_path: Path) -> None:
    dropped = tmp_path / "dropped"
    line = f"import pathlib; pathlib.Path({os.fspath(dropped)!r}).touch()\n"
    folder = make_environment(tmp_path / "env", SHOP, SPEECH, {"setup.pth": line})
    done = run("list", "--static", "--python", folder)
    assert (done.exit_code, [row["PLUGIN"] for row in rows(done.stdout)]) == (0, ["speech"])
    assert "setup.pth" in done.stderr
    assert not dropped.exists()


@pytest.mark.parametrize("options", [(), ("--static",)])
@pytest.mark.parametrize("what", ["nothing", "folder", "file", "script"])
def test_what_is_no_environment_is_refused_and_the_message_says_why(
    tmp_path: Path, what: str, options: tuple[str, ...]
) -> None:
    target = tmp_path / what
    if what == "folder":
        target.mkdir()
    elif what in ("file", "script"):
        target.write_text("#!/bin/sh\necho 3.12\n" if what == "script" else "text", encoding="utf-8")
        target.chmod(0o755 if what == "script" else 0o644)
    message = refused("--python", os.fspath(target), *options)
    assert message.startswith(f"Error: cannot read the environment of {os.fspath(target)!r}: ")
    assert "Next: " in message
    assert not (options and "add --static" in message)


def test_an_empty_name_of_a_python_is_refused() -> None:
    assert "--python" in refused("--python", "")


# Nothing is run


@pytest.fixture
def traps(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder with a plugin and a host whose modules and packages drop files, and where they drop them."""
    drops = tmp_path / "drops"
    drops.mkdir()
    drop = f"import os\nopen(os.path.join({os.fspath(drops)!r}, __name__), 'w').close()\n"
    plugin: Tree = {"__init__.py": drop, "deep": {"__init__.py": drop, "plugin.py": drop}}
    tree = distribution(
        "trap",
        entry_points={
            "plugframe.hosts": {"traphost": "trap_host.deep:host"},
            "traphost.plugins": {"trap": "trap_plugin.deep.plugin:plugin", "bad": "trap_plugin.deep!"},
            "traphost.hooks": {"trap.render": "trap_plugin.deep.plugin:render"},
            "traphost.classes": {"trap.Class": "trap_plugin.deep.plugin:Class"},
            "traphost.libraries": {"trap": "trap_plugin.deep.libtrap"},
            "pytest12": {"trap": "trap_plugin.deep.plugin"},
        },
        modules={"trap_plugin": plugin, "trap_host": plugin},
    )
    yield write_tree(tmp_path / "traps", tree), drops
    # The trap works: importing the plugin imports its parents, and each leaves a file.
    check(_import_trap(tmp_path / "traps"))
    dropped = {"trap_plugin", "trap_plugin.deep", "trap_plugin.deep.plugin"}
    assert {path.name for path in drops.iterdir()} == dropped


def _import_trap(folder: Path) -> subprocess.CompletedProcess[str]:
    asked = [sys.executable, "-c", "import trap_plugin.deep.plugin"]
    environment = {**os.environ, "PYTHONPATH": _path(folder)}
    return subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)


EVERY_WAY = (
    (),
    ("--host", "traphost"),
    ("--host", "traphost", "--all", "-v"),
    ("--group", "traphost.plugins", "--all"),
    ("--group", "pytest12"),
    ("--group", "plugframe.hosts"),
    ("--groups",),
    ("--json", "--all"),
    ("--format", "jsonl", "--strict"),
    ("--format", "plain", "--sort", "-name", "--fields", "name,module,attribute"),
)


def test_listing_runs_neither_plugins_nor_their_parents_nor_hosts(traps: tuple[Path, Path]) -> None:
    folder, drops = traps
    with on_path(folder):
        for options in EVERY_WAY:
            done = run("list", *options)
            assert "trap" in done.stdout, options
            assert [name for name in sys.modules if name.startswith("trap_")] == []
    assert run_process("list", "--all", PYTHONPATH=_path(folder)).returncode == 0
    assert list(drops.iterdir()) == []


@pytest.mark.parametrize("static", [(), ("--static",)])
def test_listing_another_environment_runs_neither_plugins_nor_hosts(
    traps: tuple[Path, Path], tmp_path: Path, static: tuple[str, ...]
) -> None:
    folder, drops = traps
    there = make_venv(tmp_path / "there")
    shutil.copytree(folder, there.site, dirs_exist_ok=True)
    for options in EVERY_WAY:
        assert "trap" in run("list", "--python", os.fspath(there.prefix), *static, *options).stdout, options
    assert list(drops.iterdir()) == []
