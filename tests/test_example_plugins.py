"""``example_plugins/`` end to end: real wheels, a fresh virtual environment that pip fills, and the real commands."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

import pytest
from _command import command, heading, plain, rows, run_on_terminal, variables
from _installed import CHECKOUT, EXAMPLES, PATIENCE, Installation, build_wheels, check, write_wheel

from plugframe.testing.environments import Tree, distribution

PLANETS = EXAMPLES / "planets.csv"
PLUGINS = ("skimtable-broken", "skimtable-formats", "skimtable-outline", "skimtable-trends", "skimtable-typo")
ELSEWHERE = ("native", "skimtable-numpy", "skimtable-swift")
"""The plugins that have tests of their own."""
STARTER = "skimtable-starter"
"""A distribution of this test's own, which only requires ``skimtable-formats``."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheels of plugframe, of every example, and of one that requires an example."""
    made = tmp_path_factory.mktemp("wheels")
    build_wheels(made, CHECKOUT, EXAMPLES / "skimtable", *(EXAMPLES / name for name in PLUGINS))
    write_wheel(made, STARTER, "0.1", distribution(STARTER, "0.1", requires=("skimtable-formats",), requested=False))
    return made


@pytest.fixture(scope="module")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return a virtual environment with plugframe, which needs the network, and all examples, which do not.

    Most of them are asked for by name. ``outline`` is a file that was named, and ``formats`` came with the starter.
    """
    prefix = tmp_path_factory.mktemp("installed") / "env"
    check(subprocess.run([sys.executable, "-m", "venv", prefix], capture_output=True, text=True, check=False))
    made = Installation(prefix)
    (plugframe,) = wheels.glob("plugframe-*.whl")
    made.pip("install", "--quiet", plugframe)
    install(made, wheels, "skimtable-broken", "skimtable-trends", "skimtable-typo", STARTER)
    made.pip("install", "--quiet", "--no-index", "--no-deps", wheel(wheels, "skimtable-outline"))
    return made


def install(where: Installation, wheels: Path, *names: str) -> None:
    """Have pip install distributions, and what they require, from a folder of wheels and from nowhere else."""
    where.pip("install", "--quiet", "--no-compile", "--no-index", "--find-links", wheels, *names)


def wheel(wheels: Path, name: str) -> Path:
    """Return the wheel of a distribution."""
    (found,) = wheels.glob(f"{name.replace('-', '_')}-*.whl")
    return found


@contextmanager
def uninstalled(where: Installation, wheels: Path, *names: str) -> Iterator[None]:
    """Have pip uninstall distributions, and install them again afterwards."""
    where.pip("uninstall", "--quiet", "--yes", *names)
    try:
        yield
    finally:
        install(where, wheels, *names)


def listed(where: Installation, *options: str) -> str:
    """Return what the environment's own ``plugframe list`` writes; it finds nothing amiss."""
    done = check(where.run("plugframe", "list", *options))
    assert done.stderr == ""
    return done.stdout


def ask(where: Installation, code: str) -> str:
    """Return what Python code prints that runs in the environment."""
    return check(where.run("python", "-c", code)).stdout


# What is listed


def test_list_shows_every_example_and_where_it_comes_from(installed: Installation) -> None:
    table = listed(installed)
    columns = ["PLUGIN", "VERSION", "STATE", "PROVIDES", "DISTRIBUTION", "ORIGIN", "REQUIRED BY"]
    assert heading(table) == columns
    formats = "classes: readers.Jsonl, readers.Tsv; callbacks: progress"
    assert [tuple(row[column] for column in columns) for row in rows(table)] == [
        ("broken", "1.0.0", "available", "-", "skimtable-broken", "index", "-"),
        ("formats", "1.3.1", "available", formats, "skimtable-formats", "index", STARTER),
        ("outline", "1.2.0", "available", "-", "skimtable-outline", "archive", "-"),
        ("trends", "1.1.3", "available", "hooks: describe_column, section", "skimtable-trends", "index", "-"),
        ("typo", "1.0.2", "available", "-", "skimtable-typo", "index", "-"),
    ]


def test_list_tells_scripts_what_it_tells_people(installed: Installation, wheels: Path) -> None:
    plugins = json.loads(listed(installed, "--json"))["plugins"]
    assert [(plugin["name"], plugin["value"], plugin["location"]) for plugin in plugins] == [
        ("broken", "skimtable_broken", os.fspath(installed.site)),
        ("formats", "skimtable_formats", os.fspath(installed.site)),
        ("outline", "skimtable_outline", os.fspath(installed.site)),
        ("trends", "skimtable_trends.plugin", os.fspath(installed.site)),
        ("typo", "skimtable_typo:plugn", os.fspath(installed.site)),
    ]
    assert plugins[2]["url"] == wheel(wheels, "skimtable-outline").as_uri()
    assert [plugin["requested"] for plugin in plugins] == [True, False, True, True, True]


def test_the_readme_shows_what_is_listed(installed: Installation) -> None:
    """But for how the plugins came there: the README's reader installs folders, and those of other tests, too."""
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    block = readme.partition("$ plugframe list\n")[2].partition("```")[0]
    titles = ("PLUGIN", "VERSION", "STATE", "PROVIDES", "DISTRIBUTION")
    shown, found = (
        [{title: row[title] for title in titles} for row in rows(text)] for text in (block, listed(installed))
    )
    assert [row for row in shown if row["PLUGIN"] not in ELSEWHERE] == found


@pytest.mark.parametrize("options", [(), ("--static",)])
def test_the_environment_is_listed_alike_from_outside(installed: Installation, options: tuple[str, ...]) -> None:
    asked = command("list", "--json", "--python", os.fspath(installed.prefix), *options)
    done = subprocess.run(asked, env=variables(), capture_output=True, text=True, encoding="utf-8", check=False)
    found = json.loads(check(done).stdout)
    # The setuptools of older virtual environments has a .pth file with code, which --static says it did not run.
    found["diagnostics"] = [one for one in found["diagnostics"] if one["code"] != "PF150"]
    assert found == json.loads(listed(installed, "--json"))


def test_listing_an_installed_wheel_runs_none_of_it(installed: Installation, tmp_path: Path) -> None:
    drops = tmp_path / "drops"
    drops.mkdir()
    drop = f"open({os.fspath(drops)!r} + '/' + __name__, 'w').close()\n"
    package: Tree = {"__init__.py": drop, "deep": {"__init__.py": drop, "plugin.py": f"{drop}plugin = object()\n"}}
    entry_points = {
        "plugframe.hosts": {"traphost": "trap_host.deep.plugin:plugin"},
        "traphost.plugins": {"trap": "trap_plugin.deep.plugin:plugin"},
    }
    tree = distribution("trap", entry_points=entry_points, modules={"trap_plugin": package, "trap_host": package})
    installed.pip("install", "--quiet", "--no-index", "--no-deps", write_wheel(tmp_path, "trap", "1.0", tree))
    try:
        for options in (
            (),
            ("--host", "traphost", "--all"),
            ("--group", "traphost.plugins"),
            ("--groups",),
            ("--json",),
        ):
            assert "trap" in listed(installed, *options)
        assert list(drops.iterdir()) == []
        ask(installed, "import trap_plugin.deep.plugin")
        assert len(list(drops.iterdir())) == 3
    finally:
        installed.pip("uninstall", "--quiet", "--yes", "trap")


def test_a_plugin_that_is_uninstalled_as_the_report_says_is_no_longer_listed_nor_missed(
    installed: Installation, wheels: Path
) -> None:
    report = dict(_report(check(installed.run("skimtable", "--plugins")).stdout))
    advice = report["broken: skimtable.plugins:broken from skimtable-broken 1.0.0"]["next"]
    program, *arguments = advice.partition("(or: ")[2].rstrip(")").split()
    try:
        check(installed.run(program, *arguments, "--yes"))
        assert [row["PLUGIN"] for row in rows(listed(installed))] == ["formats", "outline", "trends", "typo"]
        said = check(installed.run("skimtable", PLANETS)).stderr
        assert "skimtable-broken" not in said
        assert "skimtable-typo" in said
    finally:
        install(installed, wheels, "skimtable-broken")
    assert rows(listed(installed))[0]["PLUGIN"] == "broken"


# What the host does with them


def test_planets_are_described_by_the_good_plugins_though_others_are_broken(installed: Installation) -> None:
    done = check(installed.run("skimtable", PLANETS, "--width", "80"))
    assert re.match(r"planets.csv\n8 rows . 7 columns\n\n", done.stdout)
    blocks = {lines[0]: lines[1:] for lines in (block.splitlines() for block in done.stdout.split("\n\n"))}
    with PLANETS.open(encoding="utf-8", newline="") as file:
        planets = list(csv.DictReader(file))
    assert list(blocks)[1:] == [*planets[0], "Strongest correlations"]
    # What outline says stands first: it asks for that. What trends says follows.
    assert blocks["name"] == ["  text, 8 distinct"]
    assert blocks["rings"] == ["  yes-no, 2 distinct, most often no (4 of 8)"]
    assert blocks["moons"][0] == "  numbers, 7 distinct, most often 0 (2 of 8)"
    for column in list(planets[0])[1:6]:
        values = [float(planet[column]) for planet in planets]
        facts = f"min {min(values):,.6g}, mean {fmean(values):,.6g}, max {max(values):,.6g}"
        assert blocks[column][1].startswith(f"  {facts} ")
        assert blocks[column][1].count("█") >= 1
    assert blocks["Strongest correlations"][0] == "  +0.87  mass (10^24 kg) ~ diameter (km)"


def test_broken_plugins_are_named_while_the_host_works(installed: Installation) -> None:
    said = check(installed.run("skimtable", PLANETS)).stderr
    broken, typo = said.splitlines()
    assert "skimtable.plugins:broken from skimtable-broken 1.0.0" in broken
    assert "cannot import name 'Sequence' from 'collections'" in broken
    assert "skimtable.plugins:typo from skimtable-typo 1.0.2" in typo
    assert "'plugn'" in typo
    assert "did you mean 'plugin'?" in typo


def test_the_report_tells_what_failed_whose_it_is_where_the_effect_and_what_next(installed: Installation) -> None:
    done = check(installed.run("skimtable", "--plugins"))
    assert done.stderr == ""
    report = dict(_report(done.stdout))
    assert list(report) == [
        "broken: skimtable.plugins:broken from skimtable-broken 1.0.0",
        "loaded: skimtable.plugins:formats from skimtable-formats 1.3.1",
        "loaded: skimtable.plugins:outline from skimtable-outline 1.2.0",
        "loaded: skimtable.plugins:trends from skimtable-trends 1.1.3",
        "broken: skimtable.plugins:typo from skimtable-typo 1.0.2",
    ]
    broken = report["broken: skimtable.plugins:broken from skimtable-broken 1.0.0"]
    module = installed.site / "skimtable_broken" / "__init__.py"
    line = 1 + next(
        at for at, text in enumerate(module.read_text("utf-8").splitlines()) if text.startswith("from coll")
    )
    assert "cannot import name 'Sequence' from 'collections'" in broken["reason"]
    assert broken["where"] == f"{module}:{line}"
    assert broken["effect"] == "nothing of this plugin is available; the others are not affected"
    assert "pip uninstall skimtable-broken" in broken["next"]
    typo = report["broken: skimtable.plugins:typo from skimtable-typo 1.0.2"]
    assert "did you mean 'plugin'?" in typo["reason"]
    assert typo["where"].startswith(os.fspath(installed.site / "skimtable_typo-1.0.2.dist-info"))
    assert "pip uninstall skimtable-typo" in typo["next"]


def _report(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the heading of each plugin in a report with what stands below it, label to text."""
    for block in text.replace("\n  ", "\0").splitlines():
        title, *details = block.split("\0")
        yield title, {label: text.strip() for label, _, text in (detail.partition(":") for detail in details)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pets.tsv", "name\tlegs\nRex\t4\nTweety\t2\nTom\t4\n"),
        ("pets.jsonl", '{"name": "Rex", "legs": 4}\n{"name": "Tweety", "legs": 2}\n{"name": "Tom", "legs": 4}\n'),
        ("pets.psv", "name|legs\nRex|4\nTweety|2\nTom|4\n"),
    ],
)
def test_files_are_read_by_the_classes_that_a_plugin_registers(
    installed: Installation, tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    done = check(installed.run("skimtable", path, "--width", "80"))
    assert re.match(rf"{name}\n3 rows . 2 columns\n\nname\n  text, 3 distinct\n", done.stdout)
    assert "numbers, 2 distinct, most often 4 (2 of 3)" in done.stdout


def test_a_file_that_no_class_reads_is_answered_with_those_that_can_be_read(
    installed: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "pets.xlsx"
    path.write_bytes(b"PK")
    done = installed.run("skimtable", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert all(suffix in done.stderr for suffix in (".csv", ".jsonl", ".psv", ".tsv"))
    assert "Traceback" not in done.stderr


def test_the_class_registry_knows_names_without_importing_and_imports_what_is_used(installed: Installation) -> None:
    shown = ask(
        installed,
        """
import sys
from skimtable import host

print(*host.classes)
print([name for name in sys.modules if name.startswith("skimtable_")])
print(host.classes.readers.Tsv.suffixes)
print([name for name in sys.modules if name.startswith("skimtable_")])
host.load("formats")
print(*host.classes)
print(host.classes.readers.Psv.__module__)
""",
    )
    assert shown.splitlines() == [
        "readers.Jsonl readers.Tsv",
        "[]",
        "('.tsv', '.tab')",
        "['skimtable_formats', 'skimtable_formats.readers']",
        "readers.Jsonl readers.Psv readers.Tsv",
        "skimtable_formats.readers",
    ]


def test_the_callback_that_a_plugin_binds_shows_progress_on_a_terminal(installed: Installation) -> None:
    slot = "from skimtable import host; print(host.callbacks.progress.provider)"
    assert "formats" in ask(installed, slot)
    asked = [os.fspath(installed.scripts / "skimtable"), os.fspath(PLANETS)]
    shown, code = run_on_terminal(asked, columns=80, environment=installed.variables(TERM="xterm"))
    assert code == 0
    assert "\r0 of 7\r1 of 7" in shown
    assert "planets.csv\n8 rows" in plain(shown)


# A process that runs on while pip works


LONG_RUNNING = """
import sys
from skimtable import host

def say(*words):
    print(*words, flush=True)

say("plugins", *host.plugins)
say("facts", *host.hook.describe_column(name="n", values=("1", "2", "2", "5"), width=60))
for line in sys.stdin:
    changes = host.refresh()
    say("added", *changes.added)
    say("removed", *changes.removed)
    say("changed", *changes.changed)
    say("plugins", *host.plugins)
    say("facts", *host.hook.describe_column(name="n", values=("1", "2", "2", "5"), width=60))
"""
REPORT = "from skimtable import host; host.load_all(); print(*host.report(), sep='\\n')"
OUTLINE = "facts numbers, 3 distinct, most often 2 (2 of 4)"
TRENDS = "min 1, mean 2.5, max 5"


def test_refresh_shows_a_running_process_what_pip_changed(
    installed: Installation, wheels: Path, tmp_path: Path
) -> None:
    corrected = correct_typo(tmp_path)
    with uninstalled(installed, wheels, "skimtable-outline", "skimtable-typo"), process(installed) as told:
        assert next(told) == "plugins broken formats trends"
        assert next(told).startswith(f"facts {TRENDS}")

        install(installed, wheels, "skimtable-outline", "skimtable-typo")
        assert told.send("refresh") == "added outline typo"
        assert [next(told), next(told)] == ["removed", "changed"]
        assert next(told) == "plugins broken formats outline trends typo"
        assert next(told).startswith(f"{OUTLINE} {TRENDS}")

        installed.pip("uninstall", "--quiet", "--yes", "skimtable-broken")
        installed.pip("install", "--quiet", "--no-index", "--no-deps", corrected)
        assert told.send("refresh") == "added"
        assert [next(told), next(told)] == ["removed broken", "changed typo"]
        assert next(told) == "plugins formats outline trends typo"
        assert next(told).startswith(OUTLINE)
        assert "loaded: skimtable.plugins:typo from skimtable-typo 1.0.3" in ask(installed, REPORT)

        install(installed, wheels, "skimtable-broken")
        installed.pip("uninstall", "--quiet", "--yes", "skimtable-typo")


def correct_typo(folder: Path) -> Path:
    """Return the wheel of the next version of the example with the misspelt entry point, spelt right."""
    shutil.copytree(EXAMPLES / "skimtable-typo", folder / "project")
    project = folder / "project" / "pyproject.toml"
    text = project.read_text("utf-8").replace('version = "1.0.2"', 'version = "1.0.3"')
    project.write_text(text.replace("skimtable_typo:plugn", "skimtable_typo:plugin"), encoding="utf-8")
    build_wheels(folder / "wheels", folder / "project")
    return wheel(folder / "wheels", "skimtable-typo")


@contextmanager
def process(where: Installation) -> Iterator["Conversation"]:
    """Run the long-running process for a while; it ends by itself when nobody speaks to it any more."""
    with subprocess.Popen(
        [where.python, "-c", LONG_RUNNING],
        cwd=where.prefix,
        env=where.variables(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as running:
        watchdog = threading.Timer(PATIENCE, running.kill)
        watchdog.start()
        told = Conversation(running)
        try:
            yield told
        finally:
            told.close()
            watchdog.cancel()
    assert running.returncode == 0


class Conversation:
    """Lines that a process is told, and lines that it answers."""

    def __init__(self, running: "subprocess.Popen[str]") -> None:
        """Speak with a process whose standard streams are pipes."""
        assert running.stdin is not None
        assert running.stdout is not None
        self._told, self._answers = running.stdin, running.stdout

    def __next__(self) -> str:
        line = self._answers.readline()
        assert line, "the process ended"
        return line.rstrip("\n").rstrip()

    def send(self, line: str) -> str:
        """Tell the process a line, and return the first line of its answer."""
        self._told.write(f"{line}\n")
        self._told.flush()
        return next(self)

    def close(self) -> None:
        """Say no more, and hear the rest."""
        self._told.close()
        self._answers.read()
