"""The commands as part of a host's own program: click's and argparse's, in processes of their own, plugins broken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from _command import PATIENCE, Ran, variables

import plugframe.cli
from plugframe.testing.environments import distribution, write_tree

CLICK = """
import click, plugframe, plugframe.cli
host = plugframe.Host("myapp")

@host.hookspec
def render(page): ...

@click.group()
@plugframe.cli.safe_mode_option
def cli(): ...

@cli.command()
def build():
    click.echo(f"built with {host.hook.render(page='p')}")

cli.add_command(plugframe.cli.plugins_command("myapp"))
cli(prog_name="myapp")
"""
ARGPARSE = """
import argparse, plugframe, plugframe.cli
host = plugframe.Host("myapp")

@host.hookspec
def render(page): ...

parser = argparse.ArgumentParser("myapp")
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--json", action="store_true")
plugframe.cli.add_safe_mode(parser)
commands = parser.add_subparsers(dest="command", required=True)
commands.add_parser("build")
plugframe.cli.mount(commands, "myapp")
arguments = parser.parse_args()
assert not hasattr(arguments, "safe_mode")
print(f"built with {host.hook.render(page='p')}")
"""
EAGER = """
import sys
import plugframe.cli
sys.argv[0] = "/usr/bin/myapp"
plugframe.cli.serve("myapp")
import acme_good, acme_killer
"""
PROGRAMS = {"click": CLICK, "argparse": ARGPARSE, "before its plugins": EAGER}
GOOD = """
import plugframe

@plugframe.HookimplMarker("myapp")
def render(page):
    return "good"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a program of each kind, a plugin that works, and one that ends whoever imports it."""
    entry_points = {"myapp.plugins": {"good": "acme_good"}, "myapp.hooks": {"good.render": "acme_good:render"}}
    good = distribution("acme-good", entry_points=entry_points, modules={"acme_good.py": GOOD})
    killer = distribution(
        "acme-killer",
        entry_points={"myapp.plugins": {"killer": "acme_killer"}, "other.plugins": {"x": "acme_killer"}},
        modules={"acme_killer.py": "import os\nos._exit(9)\n"},
    )
    for tree in (good, killer, distribution("other", entry_points={"plugframe.hosts": {"other": "other:host"}})):
        write_tree(tmp_path / "site", tree)
    for name, code in PROGRAMS.items():
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    return tmp_path


def program(folder: Path, kind: str, *arguments: str, **changed: str) -> Ran:
    """Run one of the programs in a process of its own."""
    home = os.path.dirname(os.path.dirname(plugframe.__file__ or ""))
    return subprocess.run(
        [sys.executable, "-P", folder / f"{kind}.py", *arguments],
        env=variables(PYTHONPATH=os.pathsep.join((os.fspath(folder / "site"), home)), **changed),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("kind", PROGRAMS)
def test_all_commands_are_there_though_a_plugin_ends_whoever_imports_it(folder: Path, kind: str) -> None:
    listed = program(folder, kind, "plugins", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    assert [row["name"] for row in json.loads(listed.stdout)["plugins"]] == ["good", "killer"]
    disabled = program(folder, kind, "plugins", "disable", "acme-killer", "--reason", "it kills")
    assert (disabled.returncode, disabled.stderr) == (0, "")
    why = program(folder, kind, "plugins", "why", "killer")
    assert "disabled: myapp.plugins:killer from acme-killer 1.0" in why.stdout
    assert "it kills" in why.stdout
    assert "next:        myapp plugins enable killer\n" in why.stdout


@pytest.mark.parametrize("kind", ["click", "argparse"])
def test_program_starts_once_the_plugin_that_killed_it_is_disabled(folder: Path, kind: str) -> None:
    assert program(folder, kind, "build").returncode == 9
    assert program(folder, kind, "plugins", "disable", "killer").returncode == 0
    built = program(folder, kind, "build")
    assert (built.returncode, built.stdout) == (0, "built with ['good']\n"), built.stderr


@pytest.mark.parametrize("kind", ["click", "argparse"])
def test_program_starts_in_safe_mode_without_any_plugin(folder: Path, kind: str) -> None:
    built = program(folder, kind, "--safe-mode", "build")
    assert (built.returncode, built.stdout) == (0, "built with []\n"), built.stderr
    assert "--safe-mode" in program(folder, kind, "--help").stdout


@pytest.mark.parametrize("kind", ["click", "argparse"])
def test_names_that_mean_nothing_and_wrong_options_are_refused_in_the_programs_own_words(
    folder: Path, kind: str
) -> None:
    unknown = program(folder, kind, "plugins", "info", "kiler")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "did you mean killer?" in unknown.stderr
    assert "next: myapp plugins list --all" in unknown.stderr
    other = program(folder, kind, "plugins", "list", "--host", "other")
    assert other.returncode == 2
    assert "about the host myapp alone" in other.stderr


@pytest.mark.parametrize("kind", ["click", "argparse"])
def test_help_tells_the_commands_and_not_the_option_that_has_one_value(folder: Path, kind: str) -> None:
    shown = program(folder, kind, "plugins", "--help").stdout
    assert all(word in shown for word in ("myapp plugins", "enable", "why", "list"))
    shown = program(folder, kind, "plugins", "list", "--help").stdout
    assert "--group" in shown
    assert "--host" not in shown


def test_groups_of_others_can_be_listed_too(folder: Path) -> None:
    listed = program(folder, "click", "plugins", "list", "--group", "other.plugins", "--format", "plain")
    assert listed.stdout.startswith("x\t")


def test_what_is_not_for_the_commands_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    plugframe.cli.serve("myapp", ["build", "plugins"])
    plugframe.cli.serve("myapp", [])
    assert capsys.readouterr() == ("", "")


def test_settings_that_the_application_ships_count_for_its_commands(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(folder / "site")
    with pytest.raises(SystemExit) as ended:
        plugframe.cli.serve("myapp", ["plugins", "list", "--json"], settings={"mode": "allow-list", "allow": ["good"]})
    assert ended.value.code in (0, None)
    rows = json.loads(capsys.readouterr().out)["plugins"]
    assert {row["name"]: row["state"] for row in rows} == {"good": "available", "killer": "blocked"}


def test_only_a_hosts_name_is_taken_and_nothing_else_is_offered() -> None:
    with pytest.raises(ValueError, match="a host's name is of letters"):
        plugframe.cli.plugins_command("my app")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        plugframe.cli.nothing  # noqa: B018 # what is asked for
