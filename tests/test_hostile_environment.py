"""Every command in an environment full of hostile plugins: each works and names the culprit, and the host still starts.

The example plugins are there as real wheels, with one that breaks, hangs, crashes, exits, leaves at once, recurses and
eats memory.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from _hostile import CODE, hostile
from _installed import CHECKOUT, EXAMPLES, Installation, Ran, build_wheels, check, make_venv

pytestmark = pytest.mark.skipif(os.name == "nt", reason="processes are killed by signals and limited by ulimit here")
NEEDED = (
    "click", "importlib-metadata", "markdown-it-py", "mdurl", "packaging", "platformdirs", "pluggy", "pygments", "rich",
    "zipp",
)  # fmt: skip
DEADLY = ("hanging", "leaving", "segfaulting")
BROKEN = ("broken", "eating", "exiting", "recursing")
PLANETS = os.fspath(EXAMPLES / "planets.csv")
SKIM = "import sys; from skimtable.cli import main; sys.exit(main(sys.argv[1:]))"
PATIENCE = 60
LIMIT = 4 * 1024 * 1024  # KiB of address space


@pytest.fixture(scope="module")
def hostile_place(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Return a virtual environment with the example host, two of its plugins, and all that are hostile."""
    wheels = tmp_path_factory.mktemp("wheels")
    build_wheels(
        wheels, CHECKOUT, *(EXAMPLES / name for name in ("skimtable", "skimtable-formats", "skimtable-trends"))
    )
    trees = [hostile(name, group="skimtable.plugins") for name in CODE]
    made = make_venv(tmp_path_factory.mktemp("hostile") / "env", *trees)
    for name in CODE:
        (made.site / f"acme_{name}-6.6.dist-info" / "RECORD").write_text(f"acme_{name}.py,,\n", encoding="utf-8")
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(made.site)
    for name in NEEDED:
        copy(name, made.site)
    for info in made.site.glob("*.dist-info"):
        (info / "INSTALLER").write_text("pip\n", encoding="utf-8")
    return made


def copy(name: str, site: Path) -> None:
    """Copy a distribution that is installed here."""
    found = metadata.distribution(name)
    for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
        source = Path(str(found.locate_file(top)))
        if source.is_dir():
            shutil.copytree(source, site / top, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(source, site / top)


def read(path: Path) -> str:
    """Return a text that another process may delete at any moment."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


class World:
    """The environment, and a quarantine of a test's own."""

    def __init__(self, place: Installation, folder: str) -> None:
        self.place = place
        self.environment = place.variables(
            PLUGFRAME_QUARANTINE=folder, PLUGFRAME_PROJECT="off", PYTHONSAFEPATH="1", PYTHONDONTWRITEBYTECODE=""
        )

    def popen(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the host under a limit of memory."""
        return subprocess.Popen(
            ["sh", "-c", f'ulimit -v {LIMIT}; exec "$0" "$@"', self.place.python, "-c", SKIM, *arguments],
            env=self.environment, cwd=self.place.prefix, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def start(self, *arguments: str) -> Ran:
        """Start the host, and wait for its end."""
        with self.popen(*arguments) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return Ran(process.args, process.returncode, out, err)

    def start_and_kill(self, hanging: str) -> int:
        """Start the host, kill it once it is loading a plugin, and return its exit code."""
        folder = Path(self.environment["PLUGFRAME_QUARANTINE"])
        with self.popen("--plugins") as process:
            end = time.monotonic() + PATIENCE
            while not any(f'"plugin": "{hanging}"' in read(mark) for mark in folder.glob("*.loading")):
                assert time.monotonic() < end, "it is not loaded"
                time.sleep(0.05)
            process.kill()
            process.communicate()
        return process.returncode

    def run(self, *arguments: str, **changed: str) -> Ran:
        """Run a command of plugframe there."""
        return subprocess.run(
            [self.place.python, "-m", "plugframe", *arguments], env={**self.environment, **changed},
            cwd=self.place.prefix, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8",
            timeout=5 * PATIENCE, check=False,  # It only keeps the tests from hanging, on a machine under load, too.
        )  # fmt: skip


@pytest.fixture
def world(hostile_place: Installation, quarantine_folder: str) -> World:
    """Return the environment with an empty quarantine."""
    return World(hostile_place, quarantine_folder)


@pytest.fixture(scope="module")
def survived(hostile_place: Installation, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the environment after as many starts as there are plugins that kill the process."""
    world = World(hostile_place, os.fspath(tmp_path_factory.mktemp("survived") / "quarantine"))
    ends = [world.start_and_kill("hanging"), *(world.start("--plugins").returncode for _ in range(2))]
    assert ends == [-signal.SIGKILL, 4, -signal.SIGSEGV], "each of them costs one start"
    return world


def test_the_host_starts_and_tells_of_each_plugin_what_became_of_it(survived: World) -> None:
    done = check(survived.start("--plugins"))
    states = dict(line.split(": ")[::-1] for line in done.stdout.splitlines() if ": skimtable.plugins:" in line)
    names = {plugin.partition(":")[2].partition(" ")[0]: state for plugin, state in states.items()}
    assert names == {
        **dict.fromkeys(DEADLY, "quarantined"), **dict.fromkeys(BROKEN, "broken"), "formats": "loaded",
        "trends": "loaded",
    }  # fmt: skip


def test_the_host_does_its_work_and_names_what_is_broken(survived: World) -> None:
    done = check(survived.start(PLANETS))
    assert "planets.csv" in done.stdout
    assert [name for name in BROKEN if f"skimtable.plugins:{name}" not in done.stderr] == []


def test_each_reason_names_the_process_and_the_way_back(survived: World) -> None:
    rows = json.loads(check(survived.run("list", "--host", "skimtable", "--all", "--json")).stdout)["plugins"]
    states = {row["name"]: row for row in rows}
    for name in DEADLY:
        assert states[name]["state"] == "quarantined"
        assert f"plugframe quarantine clear {name}" in states[name]["reason"]
    assert {name: states[name]["state"] for name in (*BROKEN, "formats", "trends")} == dict.fromkeys(
        (*BROKEN, "formats", "trends"), "available"
    ), "nobody knows without importing them"


def test_the_quarantine_is_listed(survived: World) -> None:
    rows = json.loads(check(survived.run("quarantine", "list", "--json")).stdout)["quarantine"]
    assert [(row["name"], row["distribution"], row["state"]) for row in rows] == [
        (name, f"acme-{name}", "quarantined") for name in DEADLY
    ]


@pytest.mark.parametrize(("command", "name"), [("info", "segfaulting"), ("why", "acme_Hanging")])
def test_single_plugins_are_told_of(survived: World, command: str, name: str) -> None:
    done = survived.run(command, name)
    assert done.returncode == 0, done.stderr
    assert "quarantined" in done.stdout
    assert "quarantine clear" in done.stdout


def test_the_static_check_finds_what_is_quarantined(survived: World) -> None:
    done = survived.run("check", "--host", "skimtable", "--select", "PF19", "--format", "plain")
    assert done.returncode == 1
    assert [line.split("\t")[:2] for line in done.stdout.splitlines()] == [["PF195", f"acme-{name}"] for name in DEADLY]


def test_importing_each_alone_names_every_culprit(world: World) -> None:
    done = world.run(
        "check", "--host", "skimtable", "--import", "--timeout", "6", "--memory", "2000", "--json", "--select", "PF20"
    )
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert {row["name"]: row["state"] for row in document["imports"]} == {
        "broken": "error", "eating": "memory", "exiting": "exited", "formats": "ok", "hanging": "timeout",
        "leaving": "exited", "recursing": "recursion", "segfaulting": "killed", "trends": "ok",
    }  # fmt: skip
    assert {one["distribution"] for one in document["diagnostics"]} == {f"acme-{name}" for name in CODE}
    assert json.loads(world.run("quarantine", "list", "--json").stdout)["quarantine"] == []


def test_all_are_locked_and_verified_and_none_is_run(world: World, tmp_path: Path) -> None:
    lock = os.fspath(tmp_path / "hostile.lock")
    check(world.run("lock", "--host", "skimtable", "--output", lock))
    check(world.run("verify", "--lock", lock))
    module = world.place.site / "acme_segfaulting.py"
    before = module.read_bytes()
    try:
        module.write_bytes(before + b"# and more\n")
        changed = world.run("verify", "--lock", lock, "--json")
    finally:
        module.write_bytes(before)
    assert changed.returncode == 3, changed.stderr
    found = [row for row in json.loads(changed.stdout)["files"] if row["status"] != "ok"]
    assert [(row["distribution"], row["status"], row["file"]) for row in found] == [
        ("acme-segfaulting 6.6", "modified", os.fspath(module))
    ]
    assert not os.path.exists(world.environment["PLUGFRAME_QUARANTINE"]), "nothing was loaded"


@pytest.mark.parametrize("form", ["tree", "json"])
def test_the_graph_has_every_plugin(survived: World, form: str) -> None:
    done = check(survived.run("graph", "--host", "skimtable", "--format", form))
    assert [name for name in (*CODE, "formats", "trends") if name not in done.stdout] == []
    assert done.stdout.count("quarantined") == len(DEADLY)


def test_a_disabled_culprit_is_not_loaded_and_an_enabled_one_is_tried_again(world: World, tmp_path: Path) -> None:
    world.environment["XDG_CONFIG_HOME"] = os.fspath(tmp_path)
    for name in DEADLY:
        check(world.run("disable", name, "--scope", "user", "--reason", "it kills the host"))
    done = check(world.start("--plugins"))
    assert done.stdout.count("disabled: skimtable.plugins:") == len(DEADLY)
    assert "it kills the host" in done.stdout
    check(world.run("enable", "segfaulting", "--scope", "user"))
    assert world.start("--plugins").returncode == -signal.SIGSEGV


def test_a_cleared_culprit_costs_one_more_start(world: World, survived: World) -> None:
    shutil.copytree(survived.environment["PLUGFRAME_QUARANTINE"], world.environment["PLUGFRAME_QUARANTINE"])
    assert check(world.run("quarantine", "clear", "leaving")).stdout == (
        "cleared leaving from acme-leaving 6.6, of skimtable\n"
    )
    assert world.start("--plugins").returncode == 4
    assert world.start("--plugins").returncode == 0


def test_a_run_without_the_culprits_needs_no_quarantine(world: World) -> None:
    without = [word for name in DEADLY for word in ("--without", name)]
    done = world.run("run", *without, "--", "python", "-c", SKIM, PLANETS, PLUGFRAME_QUARANTINE="off")
    assert done.returncode == 0, done.stderr
    assert "skimtable.plugins:broken" in done.stderr


def test_a_bisection_finds_the_culprit_and_quarantines_nobody(world: World, tmp_path: Path) -> None:
    world.environment["XDG_CONFIG_HOME"] = os.fspath(tmp_path)
    for name in ("hanging", "leaving"):
        check(world.run("disable", name, "--scope", "user"))
    keep = [word for name in (*BROKEN, "formats", "trends") for word in ("--keep", name)]
    done = check(world.run("bisect", "--host", "skimtable", *keep, "--json", "--", "python", "-c", SKIM, PLANETS))
    document = json.loads(done.stdout)
    assert [one["name"] for one in document["culprits"]] == ["segfaulting"]
    assert json.loads(world.run("quarantine", "list", "--json").stdout)["quarantine"] == []


def test_a_profile_tells_of_the_others(survived: World) -> None:
    done = survived.run("profile", "--runs", "1", "--timeout", "60", "--json", "--", "python", "-c", SKIM, PLANETS)
    assert done.returncode == 0, done.stderr
    assert "trends" in done.stdout


def test_a_profile_of_a_start_that_hangs_is_ended_says_so_and_accuses_nobody(world: World) -> None:
    code = "from skimtable import host; host.load('hanging')"
    done = world.run("profile", "--host", "skimtable", "--timeout", "3", "--", "python", "-c", code)
    assert (done.returncode, done.stdout) == (2, "")
    assert "it did not end within 3 s" in done.stderr
    assert "plugframe check --import" in done.stderr
    assert json.loads(world.run("quarantine", "list", "--json").stdout)["quarantine"] == []


def test_python_of_another_environment_is_told_of_alike(survived: World) -> None:
    home = os.path.dirname(os.path.dirname(sys.modules["plugframe"].__file__ or ""))
    outside = subprocess.run(
        [sys.executable, "-P", "-m", "plugframe", "list", "--host", "skimtable", "--all", "--json", "--python",
         survived.place.prefix],
        env={**survived.environment, "PYTHONPATH": home}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    states = {row["name"]: row["state"] for row in json.loads(outside.stdout)["plugins"]}
    assert {name for name, state in states.items() if state == "quarantined"} == set(DEADLY)
