"""``plugframe profile``: what plugins cost when they are imported, measured in processes of their own."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _command import heading, rows, run
from _overlaid import GROUP, script, stall, visible

from plugframe.discovery.snapshot import current_environment, discover
from plugframe.overlay.speedscope import speedscope
from plugframe.overlay.targets import Target, targets
from plugframe.overlay.timing import Cost, Import, Owners, costs, medians
from plugframe.testing.environments import distribution, write_tree


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with visible(tmp_path / "site", monkeypatch) as made:
        yield made


def one_module(name: str, entry: str, code: str) -> dict[str, Any]:
    """Return a distribution with one plugin of the host ``shop``."""
    return dict(
        distribution(name, entry_points={"shop.plugins": {entry: f"shop_{entry}"}}, modules={f"shop_{entry}.py": code})
    )


@pytest.fixture
def shop(folder: Path) -> Path:
    """Install a host with three plugins, of which one is slow and one cannot be imported."""
    hosts = {"plugframe.hosts": {"shop": "shop:host"}}
    write_tree(folder, distribution("shop", entry_points=hosts, modules={"shop.py": "import colorsys"}))
    write_tree(folder, one_module("shop-quick", "quick", "import colorsys"))
    write_tree(folder, one_module("shop-slow", "slow", "import time, wave; time.sleep(0.05)"))
    write_tree(folder, one_module("shop-broken", "broken", "raise RuntimeError('broken')"))
    return folder


def profiled(*arguments: str, code: int = 0) -> dict[str, dict[str, Any]]:
    """Return the rows of the document of a profile by the plugins' names."""
    done = run("profile", "--json", "--runs", "1", *arguments)
    assert done.exit_code == code, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)["plugins"]}


@pytest.mark.usefixtures("shop")
def test_start_of_a_host_is_profiled_with_its_plugins_one_after_the_other() -> None:
    found = profiled("--host", "shop")
    assert {name: row["state"] for name, row in found.items()} == {
        "slow": "imported",
        "quick": "imported",
        "broken": "failed",
    }
    slow, quick = found["slow"], found["quick"]
    assert slow["cumulative_ms"] >= slow["self_ms"] >= 50
    assert (slow["modules"] >= 2, quick["modules"]) == (True, 1)  # the host has imported colorsys before
    assert next(iter(found)) == "slow"


def test_program_is_profiled_with_what_imported_each_plugin_first(folder: Path) -> None:
    write_tree(folder, stall("a", "import stall_b"))
    write_tree(folder, stall("b", "import wave"))
    write_tree(folder, stall("c"))
    code = f"""
        from importlib.metadata import entry_points
        [entry.load() for entry in entry_points(group={GROUP!r}) if entry.name in "ab"]
    """
    words = script(folder, "app.py", code)
    found = profiled("--", *words)
    assert set(found) == {"a", "b"}
    assert (found["a"]["trigger"], found["b"]["trigger"]) == ("__main__:3", "stall_a:1")
    assert found["a"]["modules"] == found["b"]["modules"] + 1
    assert found["a"]["cumulative_ms"] > found["b"]["cumulative_ms"] > 0
    assert profiled("--group", GROUP, "--", *words)["c"]["state"] == "unused"


@pytest.mark.usefixtures("shop")
def test_plugin_over_the_budget_is_told_of_and_fails() -> None:
    done = run("profile", "--host", "shop", "--runs", "1", "--budget", "40ms")
    assert done.exit_code == 1
    assert done.stderr.count("over the budget of 40 ms") == 1
    assert "slow of shop-slow takes" in done.stderr
    assert run("profile", "--host", "shop", "--runs", "1", "--budget", "9s").exit_code == 0


@pytest.mark.usefixtures("shop")
def test_table_and_waterfall_show_the_plugins_and_how_they_changed(tmp_path: Path) -> None:
    base = {"plugins": [{"distribution": "shop-slow", "name": "slow", "cumulative_ms": 10}]}
    (tmp_path / "base.json").write_text(json.dumps(base))
    done = run("profile", "--host", "shop", "--runs", "1", "--compare", os.fspath(tmp_path / "base.json"))
    table, _, waterfall = done.stdout.partition("\n\n")
    assert heading(table) == [
        "PLUGIN",
        "SELF MS",
        "CUMULATIVE MS",
        "MODULES",
        "MEMORY MB",
        "TRIGGER",
        "STATE",
        "CHANGE",
    ]
    changes = {row["PLUGIN"]: row["CHANGE"] for row in rows(table)}
    assert (changes["slow"][0], changes["quick"]) == ("+", "new")
    lines = [line.split() for line in waterfall.splitlines()[1:]]
    assert [line[0] for line in lines] == ["broken", "quick", "slow"]  # in the order in which they are imported
    assert len(lines[2][2]) > 20 > len(lines[1][2])


@pytest.mark.usefixtures("shop")
def test_drawing_is_saved_in_the_format_that_the_name_says(tmp_path: Path) -> None:
    begins = {".svg": "<svg", ".html": "<!DOCTYPE html>", ".txt": "PLUGIN"}
    for suffix, begin in begins.items():
        path = tmp_path / f"drawing{suffix}"
        assert run("profile", "--host", "shop", "--runs", "1", "--output", os.fspath(path)).exit_code == 0
        text = path.read_text(encoding="utf-8")
        assert text.startswith(begin)
        assert "slow" in text
    path = tmp_path / "drawing.json"
    assert run("profile", "--host", "shop", "--runs", "1", "--output", os.fspath(path)).exit_code == 0
    document = json.loads(path.read_text())
    check_speedscope(document)
    assert {"shop_slow", "wave"} <= {frame["name"] for frame in document["shared"]["frames"]}


def check_speedscope(document: dict[str, Any]) -> None:
    """Check what the file format asks for: known frames, events in order, every frame that opens closes inside out."""
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    for profile in document["profiles"]:
        assert (profile["type"], profile["unit"]) == ("evented", "milliseconds")
        opened, before = [], profile["startValue"]
        for event in profile["events"]:
            assert before <= event["at"] <= profile["endValue"]
            before = event["at"]
            if event["type"] == "O":
                assert 0 <= event["frame"] < len(document["shared"]["frames"])
                opened.append(event["frame"])
            else:
                assert (event["type"], event["frame"]) == ("C", opened.pop())
        assert opened == []


def imported(module: str, begin: float, end: float, parent: int = -1, thread: int = 1, failure: str = "") -> Import:
    return Import(module, parent, f"{module}s_importer:1", begin, end, 1000, failure, thread)


IMPORTS = (
    imported("acme", 0, 10),
    imported("acme.deep", 1, 4, parent=0),
    imported("json", 2, 3, parent=1),
    imported("other.plugin", 5, 8, parent=0),
    imported("acme.again", 6, 7, parent=3),
    imported("other.late", 12, 13, thread=2),
    imported("acme.last", 12.5, 14),
)


def test_several_threads_are_profiles_of_their_own() -> None:
    document: Any = speedscope(IMPORTS, "app")
    check_speedscope(document)
    assert [profile["name"] for profile in document["profiles"]] == ["app, thread 1", "app, thread 2"]


def owned(folder: Path, **modules: str) -> tuple[Target, ...]:
    """Return plugins by the modules that they name, each of a distribution of its own."""
    for name, module in modules.items():
        write_tree(folder, distribution(name, entry_points={GROUP: {name: module}}))
    return targets(discover(current_environment([os.fspath(folder)])), groups=[GROUP])


def test_time_is_whose_modules_it_was_and_counts_once_for_whoever_was_the_first_to_need_it(tmp_path: Path) -> None:
    found = {cost.targets[0].name: cost for cost in costs(IMPORTS, Owners(owned(tmp_path, a="acme", b="other.plugin")))}
    a, b = found["a"], found["b"]
    assert (a.whole, a.own, a.modules, a.memory) == (11.5, 4 + 2 + 1 + 1.5, 6, 2000)
    assert a.spans == ((0, 10), (12.5, 14))
    assert (b.whole, b.own, b.modules, b.trigger) == (4, 2 + 1, 3, "other.plugins_importer:1")


def test_plugins_in_one_namespace_package_own_what_is_below_it(tmp_path: Path) -> None:
    owners = Owners(owned(tmp_path, a="acme.deep.plugin", b="acme.wide"))
    modules = ("acme", "acme.deep", "acme.deep.x", "acme.wide.y", "acme.other", "json")
    assert [owners.of(module) for module in modules] == ["", "a", "a", "b", "", ""]


def test_figures_of_several_runs_are_medians(tmp_path: Path) -> None:
    (target,) = owned(tmp_path, a="acme")
    several = [(Cost((target,), "imported", own=own, whole=10 - own, modules=3, memory=5),) for own in (1, 7, 2)]
    (cost,) = medians(several)
    assert (cost.own, cost.whole, cost.modules, cost.memory) == (2, 8, 3, 5)


def test_watching_leaves_tracebacks_and_warnings_as_they_are(folder: Path) -> None:
    write_tree(folder, {"warns.py": "import warnings; warnings.warn('old', DeprecationWarning, stacklevel=2)"})
    write_tree(folder, stall("a", "import warns; import no_such_module"))
    code = """
        import traceback, warnings
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            try:
                import stall_a
            except ImportError as error:
                frames = [frame.filename.rpartition("/")[2] for frame in traceback.extract_tb(error.__traceback__)]
        assert frames == ["app.py", "stall_a.py"], frames
        assert [one.filename.rpartition("/")[2] for one in seen] == ["stall_a.py"], seen
    """
    done = run("profile", "--json", "--runs", "1", "--group", GROUP, "--", *script(folder, "app.py", code))
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["plugins"][0]["state"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no host is installed"),
        (["--budget", "soon", "--", "python"], "'soon' is no time; write 50ms or 0.2s"),
        (["--budget", "nan", "--", "python"], "'nan' is no time"),
        (["--budget", "-5ms", "--", "python"], "'-5ms' is no time"),
        (
            ["--timeout", "0.5", "--", "python", "-c", "import time; time.sleep(99)"],
            "it did not end within 0.5 s, and it wrote nothing down\nnext: give it longer with --timeout",
        ),
        (["--compare", os.devnull, "--", "python"], "it is not what plugframe profile --json writes"),
        (["--compare", "/nowhere/base.json", "--", "python"], "No such file"),
        (["--", "python", "-E", "-c", "pass"], "nothing is known of python"),
        (["--", "python", "-c", "import os; os._exit(3)"], "exit code 3, and it wrote nothing down"),
        (
            ["--output", "drawing.pdf", "--", "python", "-c", "pass"],
            "--output drawing.pdf: what is drawn is saved as .svg, .html, .txt",
        ),
    ],
)
def test_what_cannot_be_profiled_is_a_usage_error(arguments: list[str], says: str) -> None:
    done = run("profile", "--runs", "1", *arguments)
    assert (done.exit_code, says in done.stderr) == (2, True), done.stderr


def test_plugin_that_ends_the_process_is_named(shop: Path) -> None:
    write_tree(shop, one_module("shop-leaving", "leaving", "import os; os._exit(4)"))
    done = run("profile", "--host", "shop", "--runs", "1")
    assert done.exit_code == 2
    assert "exit code 4 while it imported shop_leaving" in done.stderr
    assert "next: plugframe check --import" in done.stderr


def test_program_that_fails_is_profiled_and_said_to_have_failed(folder: Path) -> None:
    write_tree(folder, stall("a"))
    done = run("profile", "--runs", "1", "--", *script(folder, "app.py", "import stall_a; raise SystemExit(3)"))
    assert done.exit_code == 0
    assert "did not succeed: exit code 3" in done.stderr
    assert "a " in done.stdout
